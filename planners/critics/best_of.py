"""Best of N: which of several sampled plans, or of several sampled next commands, is taken.

Choosing among plans that were carried out needs a world that can be set back to its start: a privilege of simulators, which
VisualPRM does not need, since its responses are text. Choosing the next command needs none: the critic rates what the agent
has seen and each command before one is carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.task import Task

from ..d2po.episodes import Episode
from .rollouts import Node, Walkers, root
from .trajectories import turns_of, user_turn
from .visualprm import Critic

SIZES = (2, 4, 8, 16)
Plan = tuple[str, ...]  # its user turns


@dataclass(frozen=True, slots=True)
class Drawn:
    """Plans that were drawn for a task and carried out, and whether each succeeded."""

    task: str
    type: str
    plans: tuple[Plan, ...]
    success: tuple[bool, ...]


def draw_plans(walkers: Walkers, tasks: Sequence[Task], count: int, knowledge: Knowledge = "visible") -> list[Drawn]:
    """`count` plans of each task."""
    trees = [root(Episode(task, knowledge)) for task in tasks]
    ends = walkers.finish([tree for tree in trees for _ in range(count)])
    each = [ends[i * count : (i + 1) * count] for i in range(len(trees))]
    return [
        Drawn(task.id, task.type, tuple(turns_of(end) for end in own), tuple(end.success for end in own))
        for task, own in zip(tasks, each, strict=True)
    ]


def choose_plans(drawn: Drawn, rated: Mapping[str, Mapping[Plan, float]]) -> dict[str, bool]:
    """Whether the plan that each method takes succeeds, by "METHOD N": the choice is among the first N.

    rated: the score of each plan by each rating model. Methods: "majority", the plan that was drawn most often
    (self-consistency); the name of a model, the one with the best score; "NAME voted", the one whose draws have together the
    largest score, which is both. Of equals the first is taken.
    """
    works = dict(zip(drawn.plans, drawn.success, strict=True))
    out: dict[str, bool] = {}
    for size in (size for size in SIZES if size <= len(drawn.plans)):
        said = Counter(drawn.plans[:size])
        values: dict[str, Mapping[Plan, float]] = {"majority": said}
        for name, scores in rated.items():
            values[name] = {plan: scores[plan] for plan in said}
            values[f"{name} voted"] = {plan: scores[plan] * often for plan, often in said.items()}
        out |= {f"{method} {size}": works[max(value, key=value.__getitem__)] for method, value in values.items()}
    return out


def most_said(answers: Sequence[str]) -> str:
    """The answer that was drawn most often; of equally frequent ones the first."""
    return Counter(answers).most_common(1)[0][0]


def rate_last(name: str, critic: Critic, nodes: Sequence[Node]) -> list[float]:
    """P("+") of the last answer of each prefix, from what the agent was told before it. name: of the critic, in the trees."""
    todo = dict.fromkeys(one for node in nodes for one in node.path() if name not in one.judged)
    while todo:
        rows = []
        ready = [node for node in todo if node.parent not in todo]
        for node in ready:
            before = node.before
            judged = before.judged.get(name)
            rows.append((judged and judged[1], user_turn(before.moment.situation, node.answer)))
        for node, rated in zip(ready, critic.next_scores(rows), strict=True):
            node.judged[name] = rated
            del todo[node]
    return [node.judged[name][0] for node in nodes]


def choose_commands(walkers: Walkers, trees: Sequence[Node], count: int, critic: tuple[str, Critic] | None) -> list[Node]:
    """Where episodes end that take at each step the best rated of `count` draws, or without a critic the most frequent."""
    places = list(trees)
    while moving := [i for i, node in enumerate(places) if not node.over]:
        drawn = walkers.candidates([places[i] for i in moving], count)
        options = [
            [places[i].after(answer) for answer in dict.fromkeys(answers)] for i, answers in zip(moving, drawn, strict=True)
        ]
        if critic is not None:
            rate_last(*critic, [node for nodes in options for node in nodes])
        for i, answers, nodes in zip(moving, drawn, options, strict=True):
            if critic is None:
                places[i] = places[i].after(most_said(answers))
            else:
                places[i] = max(nodes, key=lambda node: node.judged[critic[0]][0])
    return places


def choose_next(
    walkers: Walkers,
    critics: Mapping[str, Critic],
    tasks: Sequence[Task],
    sizes: Sequence[int],
    knowledge: Knowledge = "visible",
) -> list[dict[str, bool]]:
    """Whether each task succeeds where every command is chosen among the next ones, by "METHOD N", with common draws."""
    trees = [root(Episode(task, knowledge)) for task in tasks]
    picked: list[dict[str, bool]] = [{} for _ in tasks]
    choosers: list[tuple[str, Critic] | None] = [None, *critics.items()]
    for size in sizes:
        for chooser in choosers:
            method = "majority" if chooser is None else chooser[0]
            for own, end in zip(picked, choose_commands(walkers, trees, size, chooser), strict=True):
                own[f"{method} {size}"] = end.success
    return picked
