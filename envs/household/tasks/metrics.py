"""How an episode of a household task went, with EmbodiedBench's names, and why it failed, in D2PO's four kinds of error.

Everything is worked out from the task, the states at the start and at the end, what was said in between and, of a body that
looks by itself, what it sees at the end: the same for every planner and every way of running it.
docs/systems/household_tasks.md has the rule of `error_kind` in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

from enactive.errors import PlannerError

from ..feedback import Feedback
from ..state import WorldState
from .conditions import around, progress, succeeded
from .layout import Layout
from .path_length import path_length_weighted
from .symbolic import Command
from .task import Task, objects_of, of_category

ErrorKind = Literal["dependency", "affordance", "inefficient", "other"]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
Turn = tuple[Command | None, Feedback]  # None: the answer of the planner was no command

KIND_OF_ERROR: Mapping[str, ErrorKind] = {
    "not_visible": "dependency",  # "other" where the apartment has no such thing
    "too_far": "dependency",
    "hand_full": "dependency",
    "hand_empty": "dependency",
    "closed": "dependency",
    "not_closed": "dependency",
    "needs_knife": "dependency",
    "blocked": "dependency",
    "cannot_be_picked_up": "affordance",
    "not_a_receptacle": "affordance",
    "no_room": "affordance",
    "not_openable": "affordance",
    "not_switchable": "affordance",
    "cannot_be_sliced": "affordance",
    "already_open": "inefficient",
    "already_closed": "inefficient",
    "already_on": "inefficient",
    "already_off": "inefficient",
    "already_sliced": "inefficient",
    "unknown_object": "other",
}


@dataclass(frozen=True, slots=True)
class TaskMetrics:
    """The figures of one episode.

    success: all goal conditions are met at the end, whether or not `done` was said, and no error ended the trial.
    path_length_weighted_success: S L* / max(L*, L), L all turns but `done`. task_progress: share of conditions met at the end.
    num_invalid_actions: commands that were refused. planner_output_error: answers that were no command. error_kind: "" for
    success.
    """

    success: bool
    path_length_weighted_success: float
    task_progress: float
    num_invalid_actions: int
    planner_output_error: int
    error_kind: ErrorKind | Literal[""]


def task_metrics(
    layout: Layout,
    task: Task,
    start: WorldState,
    end: WorldState,
    turns: Sequence[Turn],
    error: Exception | None = None,
    seen: Set[int] | None = None,
) -> TaskMetrics:
    """All figures of an episode from its first and last state, its turns in order, and the error that ended it, if one did.

    seen: in the last state, as of `conditions`.
    """
    turns, met = with_last(turns, error), succeeded(layout, end, task, seen)
    success = met and error is None
    return TaskMetrics(
        success=success,
        path_length_weighted_success=path_length_weighted(success, num_commands(turns), task.plan_length),
        task_progress=progress(layout, end, task, seen),
        num_invalid_actions=num_invalid_actions(turns),
        planner_output_error=planner_output_error(turns),
        error_kind="" if success else _error_kind(layout, task, start, end, turns, met, error, seen),
    )


def with_last(turns: Sequence[Turn], error: Exception | None) -> Sequence[Turn]:
    """The turns with the last one, which reached no environment, where an answer that was no command ended the episode."""
    return [*turns, (None, Feedback(False, str(error)))] if isinstance(error, PlannerError) else turns


def num_commands(turns: Sequence[Turn]) -> int:
    """L of PL: refused commands and answers that were none count as commands, since each takes a turn; `done` does not."""
    return sum(command is None or command.verb != "done" for command, _ in turns)


def num_invalid_actions(turns: Sequence[Turn]) -> int:
    """Commands that were refused."""
    return sum(command is not None and not feedback.ok for command, feedback in turns)


def planner_output_error(turns: Sequence[Turn]) -> int:
    """Answers that were no command."""
    return sum(command is None for command, _ in turns)


def _error_kind(
    layout: Layout,
    task: Task,
    start: WorldState,
    end: WorldState,
    turns: Sequence[Turn],
    met: bool,
    error: Exception | None,
    seen: Set[int] | None,
) -> ErrorKind:
    """Why an episode failed: the first of these that holds. met: whether all goal conditions are met in spite of that.

    1. The last act was done without what must come before it: dependency.
    2. Of the refusals that were not made good, each command once for each kind, the most frequent kind; of equally frequent
       ones the first of `ERROR_KINDS`. A refusal is made good where the same command is accepted later.
    3. `done` was never said, and no error ended the trial: inefficient.
    4. Else: other.
    """
    if not met and _came_too_early(layout, task, start, end, seen):
        return "dependency"
    return most_frequent((kind for kind, _ in _not_made_good(layout, turns)), turns, error)


def most_frequent(kinds: Iterable[ErrorKind], turns: Sequence[Turn], error: Exception | None) -> ErrorKind:
    """Cases 2 to 4 of the rule, from the kinds of the refusals that were not made good."""
    if counts := Counter(kinds):
        return max(ERROR_KINDS, key=lambda kind: counts[kind])
    ran_out = error is None and not any(command is not None and command.verb == "done" for command, _ in turns)
    return "inefficient" if ran_out else "other"


def kind_of_refusal(layout: Layout, command: Command | None, feedback: Feedback) -> ErrorKind:
    """The kind of one refused command, or of an answer that was none."""
    if command is None:
        return "other"
    if feedback.error == "not_visible" and command.target.strip() and not layout.named(command.target):
        return "other"
    return KIND_OF_ERROR[feedback.error]


def _came_too_early(layout: Layout, task: Task, start: WorldState, end: WorldState, seen: Set[int] | None) -> bool:
    """Whether, in an episode that failed, the last act of the task was done without what must come before it.

    What is to be cleaned, heated, cooled or sliced, or the movable to be loaded, is at a place of the asked category where it
    was not at the start; or an unsliced thing is held in the light.
    """
    if task.type == "examine":
        return task.sliced and succeeded(layout, end, replace(task, sliced=False), seen)
    if task.type == "stack":
        carried = of_category(layout, task.movable)
    else:
        carried = objects_of(layout, task) if task.sliced or task.type in ("clean", "heat", "cool") else ()
    places = set(of_category(layout, task.receptacle))
    return any((around(end, thing) - around(start, thing)) & places for thing in carried)


def _not_made_good(layout: Layout, turns: Sequence[Turn]) -> set[tuple[ErrorKind, Command | None]]:
    """(kind, command) of the refusals after which the same command was never accepted."""
    left = set[tuple[ErrorKind, Command | None]]()
    for command, feedback in turns:
        plain = None if command is None else Command(command.verb, command.target.strip().lower())
        if not feedback.ok:
            left.add((kind_of_refusal(layout, command, feedback), plain))
        else:
            left = {(kind, refused) for kind, refused in left if refused != plain}
    return left
