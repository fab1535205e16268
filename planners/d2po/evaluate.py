"""A policy on many tasks at once: all episodes of a shard take their next command in one batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enactive.envs.household.tasks.conditions import progress
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.envs.household.tasks.task import Task
from enactive.errors import ConfigError
from enactive.files import write_whole

from .episodes import Episode, Moment
from .models import load_policy
from .prompt import AnswerError, command_text, parse_command

if TYPE_CHECKING:
    from .policy import Policy

SHARD = 110  # tasks that are run side by side and written together


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one episode ended. turns: (command, error code or ""); output_error: the answer that was no command, may be empty."""

    task: str
    type: str
    success: bool
    pl: float
    progress: float
    said_done: bool
    turns: tuple[tuple[str, str], ...]
    output_error: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What to run. policy: folder of `save_policy`, which also gets the outcomes. tasks: ids of the split, in their order."""

    policy: Path
    split: str
    tasks: tuple[str, ...]
    knowledge: Knowledge

    @property
    def path(self) -> Path:
        """The file of all outcomes, where they are there."""
        return self.policy / f"{self.split}.jsonl"

    def part(self, shard: int) -> Path:
        """The file of one shard, until they are joined."""
        return self.policy / f"{self.split}.shard-{shard:03d}.jsonl"

    def shards(self) -> list[int]:
        """Numbers of the shards that are not on disk yet."""
        return [] if self.path.exists() else [k for k in range(self._count()) if not self.part(k).exists()]

    def join(self) -> None:
        """Make one file of those of all shards."""
        if not self.path.exists():
            parts = [self.part(k) for k in range(self._count())]
            write_outcomes(self.path, [outcome for part in parts for outcome in read_outcomes(part)])
            for part in parts:
                part.unlink()

    def _count(self) -> int:
        return -(-len(self.tasks) // SHARD)


def evaluate_shard(job: Evaluation, shard: int) -> list[Outcome]:
    """Run the tasks of one shard and tell how each ended."""
    known = {task.id: task for task in load_tasks(job.split)}
    tasks = [known[name] for name in job.tasks[shard * SHARD : (shard + 1) * SHARD]]
    return evaluate(load_policy(job.policy), tasks, job.knowledge)


def write_part(job: Evaluation, shard: int, outcomes: list[Outcome]) -> None:
    """Write how the tasks of one shard ended."""
    write_outcomes(job.part(shard), outcomes)


def evaluate(
    policy: Policy, tasks: Sequence[Task], knowledge: Knowledge = "visible", temperature: float = 0.0
) -> list[Outcome]:
    """Run a policy on each task, greedily or by draws, and tell how each ended, in the order of the tasks.

    After 25 commands, `done` among them, an episode is over, as in `HouseholdTask`. An answer that is no command ends it
    before, and it then has failed.
    """
    episodes = [Episode(task, knowledge) for task in tasks]
    moments = [episode.start() for episode in episodes]
    wrong: dict[int, str] = {}
    for turn in range(MAX_COMMANDS):
        left = [i for i, moment in enumerate(moments) if not moment.state.done and i not in wrong]
        prompts = [moments[i].prompt for i in left]
        answers = policy.answers(prompts, temperature=temperature, seed=turn)
        for i, (answer,) in zip(left, answers, strict=True):
            try:
                moments[i] = episodes[i].step(moments[i], parse_command(answer))
            except AnswerError:
                wrong[i] = answer
    return [_outcome(episodes[i], moment, wrong.get(i)) for i, moment in enumerate(moments)]


def _outcome(episode: Episode, moment: Moment, wrong: str | None) -> Outcome:
    task, said_done = episode.task, moment.state.done
    success = wrong is None and episode.succeeded(moment)
    turns = tuple((command_text(c), f.error) for c, f in zip(moment.commands, moment.feedback, strict=True))
    pl = path_length_weighted(success, len(turns) - said_done, task.plan_length)
    share = progress(episode.layout, moment.state.world, task)
    return Outcome(task.id, task.type, success, pl, share, said_done, turns, wrong)


def write_outcomes(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write one JSON object a line, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes))


def read_outcomes(path: Path) -> list[Outcome]:
    """What `write_outcomes` wrote. Raises ConfigError for outcomes of the earlier rule, which asked for a 26th answer."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:  # that there was no error was written as "", which is an answer as well
        over = row["said_done"] or len(row["turns"]) >= MAX_COMMANDS
        if len(row["turns"]) > MAX_COMMANDS or (over and row["output_error"] is not None):
            raise ConfigError(f"{path} has outcomes of an earlier rule: delete it, and the command that made it makes it anew")
    return [Outcome(**{**row, "turns": tuple((said, error) for said, error in row["turns"])}) for row in rows]
