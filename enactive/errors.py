"""What can go wrong, by who has to act on it.

Before anything moves: `ConfigError`, `CompatibilityError`.
During a trial, which then counts as failed and is recorded: `PerceptionError`, `PlannerError`, `ControllerError`, `ModelError`.
Everything halts: `EmbodimentFault`, `SafetyAbort`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class EnactiveError(Exception):
    """Base of every error that Enactive raises on purpose. The message is one sentence with the fix in it."""


class ConfigError(EnactiveError):
    """The user asked for something that does not exist or does not make sense."""


class CompatibilityError(ConfigError):
    """Environment, perceiver, planner and controller do not fit together."""


class TrialError(EnactiveError):
    """The method failed: the trial is recorded as failed, the next one may run."""


class PerceptionError(TrialError):
    """Perception could not turn an observation into a belief (frozen, missing or corrupt sensor data, say)."""


class PlannerError(TrialError):
    """The planner could not produce an intent."""


class ControllerError(TrialError):
    """The controller could not turn an intent into an action."""


class ModelError(TrialError):
    """A language model gave no usable answer (none in time, rate-limited, broken, cut off, or not what the schema asks for)."""


class HaltError(EnactiveError):
    """The body or its safety is at stake: nothing further runs."""


class EmbodimentFault(HaltError):
    """The environment or the robot broke (crashed, disconnected, sent impossible data)."""


class SafetyAbort(HaltError):
    """A guardrail refused an action that cannot be made safe (a NaN, say)."""


@contextmanager
def at_the_end(end: Callable[[], None]) -> Iterator[None]:
    """Do `end` when the block ends, however that comes. Where that fails, too, it is a note on what the block raised, which is
    the one to report, unless that was a trial that failed: a body that does not stop is more."""
    try:
        yield
    except TrialError:
        end()
        raise
    except BaseException as error:  # reason: a body has to stop after Ctrl-C as well, and what was raised goes on
        try:
            end()
        except Exception as late:  # noqa: BLE001  # reason: whatever it is, it is told with the first error and hides it no more
            error.add_note(f"and then, at the end: {type(late).__name__}: {late}")
        raise
    end()


def words_of(error: BaseException) -> str:
    """An error's message and its notes, a line each."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def place_of(error: BaseException) -> str:
    """Where a caught error was raised, after the calls that led there from the one that was tried, the last three at most:
    "perception/mapping.py:301 > linalg/_linalg.py:609"."""
    tried, *calls = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{'/'.join(Path(call.filename).parts[-2:])}:{call.lineno}" for call in (calls or [tried])[-3:])
