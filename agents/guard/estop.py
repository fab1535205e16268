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
    a body looks at `cause` right before each command, and at how many `events` there are: one that it has not seen yet may be a
    stop that was reset before it looked. Listeners are called by `latch` and `reset` themselves, before they
    return: a link to a robot sends the stop on its way there, past every queue.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._cause = ""
        self._listeners: list[Callable[[StopEvent], None]] = []
        self._looks: list[Callable[[], str]] = []
        self.events: list[StopEvent] = []

    @property
    def cause(self) -> str:
        """Who latched it, in words; empty while it is open."""
        return self._cause

    def listen(self, listener: Callable[[StopEvent], None]) -> None:
        """Have `listener(event)` called at each latch and reset."""
        self._listeners.append(listener)

    def hold_while(self, look: Callable[[], str]) -> None:
        """Have `look()` asked before the latch is opened, which it is not where that names a cause that still stands."""
        self._looks.append(look)

    def latch(self, cause: str) -> None:
        """Stop. The first cause stands until the reset; a second call changes nothing but is written down and passed on."""
        event = StopEvent("latch", cause, self._clock())
        self.events.append(event)  # before the latch, so that a reset which is under way finds it in any case
        self._cause = self._cause or cause
        self._pass_on(event)

    def reset(self, who: str) -> None:
        """Open the latch, unless a cause still stands, which is then said as another stop, or one came meanwhile.

        A stop from another thread that comes in between is said again, so that it is what is heard last.
        """
        if before := self._cause:  # an open one is not worth waiting for a file system that hangs, and must never be cleared
            asked = len(self.events)
            if standing := next((cause for look in self._looks if (cause := look())), ""):
                self._cause = standing
                return self._tell(StopEvent("latch", standing, self._clock()))
            self._cause = ""
            if any(event.kind == "latch" for event in self.events[asked:]):
                self._cause = before
                return
        self._tell(StopEvent("reset", who, self._clock()))
        if cause := self._cause:
            self._tell(StopEvent("latch", cause, self._clock()))

    def _tell(self, event: StopEvent) -> None:
        self.events.append(event)
        self._pass_on(event)

    def _pass_on(self, event: StopEvent) -> None:
        for listener in self._listeners:
            listener(event)
