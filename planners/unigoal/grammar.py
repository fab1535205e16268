"""From a description in English to a goal graph, by a grammar: no model, no download, the same answer every time.

A description is a head noun with attributes, followed by clauses that relate it, or the thing named last, to other things:
"the small red mug on the wooden counter next to the kettle in the kitchen". Rooms become constraints of the nodes.
"""

from __future__ import annotations

from .clauses import Clauses
from .goal_graph import GoalGraph
from .plain_text import plain_text
from .refusals import refuse_negations_and_counts, refuse_what_tells_nothing
from .tokens import Tokens


def parse_description(text: str) -> GoalGraph:
    """The goal graph of a description; node 0 is the target.

    Raises PlannerError where it names nothing, more than one thing to find, or says what a thing is not: a graph has no place
    for that, and leaving it out would turn the goal into another one.
    """
    plain = plain_text(text)
    refuse_negations_and_counts(plain, text)
    graph = Clauses(Tokens(plain, text)).read()
    refuse_what_tells_nothing(graph, text)
    return graph
