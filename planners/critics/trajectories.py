"""What the critic learns from: trajectories of the policy in the turns of a talk, with a label per step, in resumable shards.

A user turn is what the agent was told (the goal first, then why the last command was refused, and what is in view) and what it
said to that; the critic's answer to it is "+" or "-". All of it is text that the policy has seen or written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.task import Task
from enactive.errors import ConfigError
from enactive.executors import Work, run_all
from enactive.files import write_whole

from ..d2po.episodes import Episode
from ..d2po.fit import OutOfTimeError
from ..d2po.prompt import Situation
from ..d2po.weights import policy_in
from .rollouts import Node, Walkers, root, step_labels
from .visualprm import Trajectory

SHARD = 24  # tasks whose trees are in the memory of a worker at once: those of two apartments


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


@dataclass(frozen=True, slots=True)
class Collection:
    """What to draw and label. policy: folder of its weights. tasks: of the train split, a shard after the other in `folder`."""

    policy: Path
    tasks: tuple[Task, ...]
    knowledge: Knowledge
    settings: Solutions
    folder: Path

    def path(self, shard: int) -> Path:
        """The file of one shard."""
        return self.folder / f"trajectories-{shard:03d}.jsonl"


def collect(job: Collection, workers: int | None, over: Callable[[], bool]) -> list[Trajectory]:
    """Make the shards that are not on disk, by one process or more, and read all.

    Raises OutOfTimeError where `over` says so before they are made, and ConfigError where a second worker has died of one.
    """
    shards = range(-(-len(job.tasks) // SHARD))
    left = [(job, shard) for shard in shards if not job.path(shard).exists()]
    work: Work[tuple[Collection, int], list[Trajectory]] = Work(
        run=_labelled, keep=lambda one, made: write_trajectories(job.path(one[1]), made), died=_died
    )
    with closing(run_all(left, work, workers, "process")) as runs:
        for made in range(len(left)):
            if over():
                raise OutOfTimeError("the minutes are spent: the same command goes on from here")
            (_, shard), _ = next(runs)
            print(f"{job.path(shard)}: {len(shards) - len(left) + made + 1} of {len(shards)} shards labelled", flush=True)
    return [one for shard in shards for one in read_trajectories(job.path(shard))]


def _died(one: tuple[Collection, int], cause: str) -> NoReturn:
    raise ConfigError(
        f"a worker died of shard {one[1]} of the trajectories, and so did another that made it again ({cause}): make room in "
        "memory or give fewer --workers; the same command goes on"
    )


def read_trajectories(path: Path) -> list[Trajectory]:
    """The trajectories of one shard."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Trajectory(**{**row, "turns": tuple(row["turns"])}) for row in rows]


def write_trajectories(path: Path, trajectories: Sequence[Trajectory]) -> None:
    """Write one shard, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(one)) + "\n" for one in trajectories))


def _labelled(one: tuple[Collection, int]) -> list[Trajectory]:
    job, shard = one
    settings, tasks = job.settings, job.tasks[shard * SHARD : (shard + 1) * SHARD]
    walkers = Walkers(policy_in(job.policy), settings.temperature, shard)
    trees = [root(Episode(task, job.knowledge)) for task in tasks]
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
