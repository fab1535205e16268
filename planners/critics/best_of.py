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


@dataclass(frozen=True, slots=True)
class Choices:
    """What was reached in one task. plans: success of each sampled plan. picked: success of what "METHOD N" took.

    Methods of plans: majority, process, outcome; of next commands: the same with "step " before.
    """

    task: str
    type: str
    plans: tuple[bool, ...]
    picked: Mapping[str, bool]


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


def choose(
    walkers: Walkers,
    process: Critic,
    outcome: Critic,
    tasks: Sequence[Task],
    knowledge: Knowledge = "visible",
    plans: int = 16,
    commands: Sequence[int] = SIZES,
) -> list[Choices]:
    """All methods on each task, with common draws. plans: sampled per task; commands: sizes of choices among next ones."""
    trees = [root(Episode(task, knowledge)) for task in tasks]
    ends = walkers.finish([tree for tree in trees for _ in range(plans)])
    each = [ends[i * plans : (i + 1) * plans] for i in range(len(trees))]
    picked: list[dict[str, bool]] = [{} for _ in tasks]
    by_step = [process.step_scores([turns_of(end) for end in own]) for own in each]
    at_end = [outcome.step_scores([turns_of(end) for end in own]) for own in each]
    for i, own in enumerate(each):
        mean = [sum(scores) / len(scores) for scores in by_step[i]]
        for size in (size for size in SIZES if size <= plans):
            some, said = range(size), Counter(own[:size])
            picked[i][f"majority {size}"] = said.most_common(1)[0][0].success
            picked[i][f"process {size}"] = own[max(some, key=mean.__getitem__)].success
            picked[i][f"outcome {size}"] = own[max(some, key=lambda k: at_end[i][k][-1])].success
    for size in commands:
        for method, critic in (("majority", None), ("process", process), ("outcome", outcome)):
            reached = choose_commands(walkers, trees, size, None if critic is None else (method, critic))
            for i, end in enumerate(reached):
                picked[i][f"step {method} {size}"] = end.success
    return [
        Choices(task.id, task.type, tuple(end.success for end in own), chosen)
        for task, own, chosen in zip(tasks, each, picked, strict=True)
    ]
