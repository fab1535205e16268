"""What makes another goal, or none, of a description: negations, counts, a second thing, orders, and verbs that are not known.

All raise PlannerError with the sentence that says why. What is left out of a goal without a word turns it into another one.
"""

from __future__ import annotations

import re

from enactive.errors import PlannerError

from .goal_graph import GoalGraph
from .nouns import Draft, known, noun, room_named
from .phrases import DETERMINERS, NUMBER
from .tokens import Tokens
from .vocabulary import ANY_OBJECT, SHADES, attribute

LONGEST_NAME = 3  # words; what is longer and not known is a sentence
_NEGATIONS = re.compile(
    r"\b(?:not|no|without|except|excluding|neither|nor|never|(?:other|rather) than|instead of|unlike)\b|\w+n't\b"
)
_MANY = re.compile(rf"^(?:all|both|every|each|several|many|(?:(?:the|my|our|your|these|those) )?{NUMBER})(?![-'\w])")
_NO_HEADS = {"to", "of", "from", "with", "where", "who", "what", "how", "why", "i", "we", "you", "he", "she", "they"}
_ORDERS = {
    "find", "go", "get", "bring", "take", "put", "look", "search", "fetch", "locate", "wash", "rinse", "heat", "chill", "slice",
    "turn", "switch", "pick", "move", "carry", "place", "come", "return",
}  # fmt: skip
_ORDERS_BEFORE_A_THING = {"set", "clean", "warm", "cool", "cut", "open", "close"}  # else they describe: "it is open"
_PRONOUNS = {"it", "them", "me", "you"}


def refuse_negations_and_counts(plain: str, text: str) -> None:
    """plain: as `plain_text` gives it; text: as it was typed."""
    if negated := _NEGATIONS.search(plain):
        raise PlannerError(f"the goal {text!r} says {negated[0]!r}; negations are not read: say what the thing is")
    if _MANY.search(plain):
        raise PlannerError(f"the goal {text!r} asks for several things: ask for one at a time")


def refuse_what_is_no_thing(tokens: Tokens) -> None:
    """Where a description begins: a place alone, or a word that no noun begins with."""
    if tokens.relation():
        raise PlannerError(f"the goal {tokens.text!r} names no object; say what to find, not only where")
    if tokens.here() in _NO_HEADS:
        raise PlannerError(_not_understood(tokens.text))


def refuse_an_unknown_verb(tokens: Tokens, head: Draft) -> None:
    """After a head without a determiner: an unknown word with an object is a verb, and nothing to find: "drop the mug"."""
    named = known(head.name.split()) or head.room == head.name or head.name == ANY_OBJECT
    objects = (DETERMINERS | _PRONOUNS | {"to", "where"}) - {"that"}
    if not named and tokens.here() in objects and not tokens.relation():
        raise PlannerError(_not_understood(tokens.text))


def refuse_an_order(tokens: Tokens) -> None:
    """At a clause after the head, but for the "find it" that a description may end with."""
    here, before, following = tokens.here(), tokens.all[tokens.at - 1], tokens.all[tokens.at + 1 : tokens.at + 2]
    if before in {"to", "can", "i", "we", "you", "they"}:  # "a knife to cut the bread"
        return
    if here in _ORDERS:
        order = not re.match(r"(?:find|look for|locate) (?:it|them)(?: [.,]|$)", " ".join(tokens.all[tokens.at :]))
    else:
        order = here in _ORDERS_BEFORE_A_THING and bool({*following} & (DETERMINERS | _PRONOUNS))
    if order:
        raise PlannerError(f"the goal {tokens.text!r} asks for more than one thing in turn: ask for one at a time")


def refuse_a_second_goal(tokens: Tokens, joint: str, head: Draft, related: bool) -> None:
    """After "and", "or", "then" or a comma: another thing named beside the head, "the mug and the plate", "mug, plate".

    An attribute that is a name, too, is none after another one or a comma: "white and orange", "the mug, orange". Nor is
    what "it" relates to the head: "the mug, and the plate next to it". related: whether any relation has been told.
    """
    start = tokens.past_determiners()
    end = tokens.noun_end(start)
    words, determined = tokens.all[start:end], start > tokens.at
    names = any(known(words[first:]) for first in range(len(words)))
    alone = not related and head.room in {"", head.name}
    if all(attribute(word) or word in SHADES for word in words) and not determined:
        another = names and not (joint == "," or attribute(tokens.all[tokens.at - 2]))
    elif alone and joint != ",":
        another = names or determined
    else:
        in_room = bool(room_named(tokens.all[max(0, tokens.at - 3) : tokens.at - 1]))  # "in the kitchen and the plate"
        placed = determined and (in_room or tokens.relates(end))  # "on the desk and the plate in the sink"
        another = names and bool(alone or placed) and not {"it", "them"} & {*tokens.all[end:]}
    if words and another and noun(words).name != head.name:
        raise PlannerError(f"the goal {tokens.text!r} names more than one thing to find: ask for one at a time")


def refuse_what_tells_nothing(graph: GoalGraph, text: str) -> None:
    """A graph without a target, or with one that anything, or nothing, is."""
    if not graph.nodes:
        raise PlannerError(f"the goal {text!r} names no object; say what to find, for example 'the red mug in the kitchen'")
    target = graph.nodes[graph.target]
    if target.name == ANY_OBJECT and not (target.attributes or target.room or graph.edges):
        raise PlannerError(f"the goal {text!r} says nothing of what to find; name it, or tell its colour, place or neighbours")
    if len(target.name.split()) > LONGEST_NAME:
        raise PlannerError(_not_understood(text))


def _not_understood(text: str) -> str:
    return f"the goal {text!r} was not understood; say what to find, for example 'the red mug in the kitchen'"
