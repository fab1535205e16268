"""A policy on many tasks at once: all episodes take their next command in one batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enactive.envs.household.tasks.conditions import progress
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.envs.household.tasks.task import Task

from .episodes import Episode, Moment
from .prompt import AnswerError, command_text, parse_command

if TYPE_CHECKING:
    from .policy import Policy


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one episode ended. turns: (command, error code or ""); output_error: the answer that was no command, or ""."""

    task: str
    type: str
    success: bool
    pl: float
    progress: float
    said_done: bool
    turns: tuple[tuple[str, str], ...]
    output_error: str = ""


def evaluate(
    policy: Policy, tasks: Sequence[Task], knowledge: Knowledge = "visible", temperature: float = 0.0, seed: int = 0
) -> list[Outcome]:
    """Run a policy on each task, 25 commands at most, and tell how each ended, in the order of the tasks.

    An answer that is no command ends its episode, which then has failed.
    """
    episodes = [Episode(task, knowledge) for task in tasks]
    moments = [episode.start() for episode in episodes]
    wrong: dict[int, str] = {}
    for turn in range(MAX_COMMANDS + 1):  # `done` may follow 25 commands
        left = [i for i, moment in enumerate(moments) if not moment.state.done and i not in wrong]
        answers = policy.answers([moments[i].prompt for i in left], temperature=temperature, seed=seed * 1000 + turn)
        for i, (answer,) in zip(left, answers, strict=True):
            try:
                command = parse_command(answer)
            except AnswerError:
                wrong[i] = answer
                continue
            if turn < MAX_COMMANDS or command.verb == "done":
                moments[i] = episodes[i].step(moments[i], command)
    return [_outcome(episodes[i], moment, wrong.get(i, "")) for i, moment in enumerate(moments)]


def _outcome(episode: Episode, moment: Moment, wrong: str) -> Outcome:
    task, said_done = episode.task, moment.state.done
    success = not wrong and episode.succeeded(moment)
    turns = tuple((command_text(c), f.error) for c, f in zip(moment.commands, moment.feedback, strict=True))
    pl = path_length_weighted(success, len(turns) - said_done, task.plan_length)
    share = progress(episode.layout, moment.state.world, task)
    return Outcome(task.id, task.type, success, pl, share, said_done, turns, wrong)


def write_outcomes(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write one JSON object a line, whole or not at all."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text("".join(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes))
    fresh.replace(path)


def read_outcomes(path: Path) -> list[Outcome]:
    """What `write_outcomes` wrote."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Outcome(**{**row, "turns": tuple((said, error) for said, error in row["turns"])}) for row in rows]
