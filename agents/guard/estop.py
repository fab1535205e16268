"""The emergency stop: a latch that anybody may throw and only an explicit reset opens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopEvent:
    """A latch or a reset. cause: who asked. at_s: monotonic seconds."""

    kind: str
    cause: str
    at_s: float


class EStop:
    """Latched emergency stop.

    `latch` takes no lock and waits for nothing, so it may be called from any thread and from a signal handler; whoever drives
    a body looks at `cause` right before each command. Listeners are called by `latch` itself, before it returns: a link to a
    robot sends the stop on its way there, past every queue.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._cause = ""
        self._listeners: list[Callable[[str], None]] = []
        self.events: list[StopEvent] = []

    @property
    def cause(self) -> str:
        """Who latched it, in words; empty while it is open."""
        return self._cause

    def on_latch(self, listener: Callable[[str], None]) -> None:
        """Have `listener(cause)` called at each latch."""
        self._listeners.append(listener)

    def latch(self, cause: str) -> None:
        """Stop. The first cause stands until the reset; a second call changes nothing but is written down."""
        self._cause = self._cause or cause
        self.events.append(StopEvent("latch", cause, self._clock()))
        for listener in self._listeners:
            listener(cause)

    def reset(self, who: str) -> None:
        """Open the latch."""
        self._cause = ""
        self.events.append(StopEvent("reset", who, self._clock()))
