"""What the critic learns from: trajectories of the policy in the turns of a talk, with a label per step, in resumable shards.

A user turn is what the agent was told (the goal first, then why the last command was refused, and what is in view) and what it
said to that; the critic's answer to it is "+" or "-". All of it is text that the policy has seen or written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.task import Task
from enactive.files import write_whole

from ..d2po.episodes import Episode
from ..d2po.fit import OutOfTimeError
from ..d2po.policy import Policy
from ..d2po.prompt import Situation
from .rollouts import Node, Walkers, root, step_labels
from .visualprm import Trajectory

SHARD = 24  # tasks whose trees are in memory at once: those of two apartments


def user_turn(situation: Situation, answer: str) -> str:
    """A user turn: what is new to the agent in a situation, and its answer."""
    if not situation.turns:
        new = f"goal: {situation.goal}."
    else:
        refusal = situation.turns[-1][1]
        new = f"failed because {refusal}." if refusal else ""
    return f"{new} {situation.scene} next: {answer}".strip().lower()


def turns_of(end: Node) -> tuple[str, ...]:
    """The user turns from the start of an episode to a node of its tree."""
    return tuple(user_turn(node.before.moment.situation, node.answer) for node in end.path())


@dataclass(frozen=True)
class Solutions:
    """How trajectories are drawn.

    temperature: of the draws. drawn: per task. searched: how many failed ones of a task have all of their steps labelled; the
    labels of those that succeed cost nothing. No roll-outs are made where all draws fail: they would mostly fail as well.
    """

    temperature: float = 0.7
    drawn: int = 8
    searched: int = 2


def collect(
    policy: Policy,
    tasks: Sequence[Task],
    knowledge: Knowledge,
    settings: Solutions,
    folder: Path,
    over: Callable[[], bool],
) -> list[Trajectory]:
    """Draw and label trajectories, shard by shard; a shard on disk is not made again. Raises OutOfTimeError between shards."""
    out = list[Trajectory]()
    for number, begin in enumerate(range(0, len(tasks), SHARD)):
        path = folder / f"trajectories-{number:03d}.jsonl"
        if not path.exists():
            if over():
                raise OutOfTimeError("the minutes are spent: the same command goes on from here")
            walkers = Walkers(policy, settings.temperature, number)
            write_trajectories(path, _labelled(walkers, tasks[begin : begin + SHARD], knowledge, settings))
            print(f"{path}: {min(begin + SHARD, len(tasks))} of {len(tasks)} tasks labelled", flush=True)
        out += read_trajectories(path)
    return out


def read_trajectories(path: Path) -> list[Trajectory]:
    """The trajectories of one shard."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Trajectory(**{**row, "turns": tuple(row["turns"])}) for row in rows]


def write_trajectories(path: Path, trajectories: Sequence[Trajectory]) -> None:
    """Write one shard, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(one)) + "\n" for one in trajectories))


def _labelled(walkers: Walkers, tasks: Sequence[Task], knowledge: Knowledge, settings: Solutions) -> list[Trajectory]:
    trees = [root(Episode(task, knowledge)) for task in tasks]
    drawn = walkers.finish([tree for tree in trees for _ in range(settings.drawn)])
    each = [list(dict.fromkeys(drawn[i * settings.drawn :][: settings.drawn])) for i in range(len(trees))]
    ends = [end for own in each for end in own]
    searched = [end for own in each for end in to_search(own, settings.searched)]
    return [
        Trajectory(end.episode.task.id, end.episode.task.apartment_seed, turns_of(end), marks, end.success)
        for end, marks in zip(ends, step_labels(walkers, ends, searched), strict=True)
    ]


def to_search(ends: Sequence[Node], count: int) -> list[Node]:
    """Up to `count` failed ones of a task in which others succeed."""
    failed = [end for end in ends if not end.success]
    return failed[:count] if len(failed) < len(ends) else []
