"""Silence has a bound: what has not been heard of for too long counts as lost."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

OFTEN = 4  # questions within a bound from which on the last one before it is answered for the next


def patience_s(bound_s: float, period_s: float) -> float:
    """How long silence is borne by one who asks every `period_s`: not until the first question after the bound, but until the
    last one before it. Who asks too seldom for that, so that being heard of at every turn would not do, waits for the bound.
    """
    return bound_s - period_s if OFTEN * period_s <= bound_s else bound_s


class Watchdog:
    """Bites when nothing will have been heard for longer than `bound_s` before it is asked again.

    name: what falls silent, for the record ("command", "policy heartbeat", "robot state"). period_s: between two questions.
    """

    def __init__(self, name: str, bound_s: float, period_s: float = 0.0) -> None:
        if not (math.isfinite(bound_s) and bound_s > 0):
            raise ConfigError(f"the watchdog on the {name} needs a bound in seconds above 0, got {bound_s:g}")
        self.name, self.bound_s, self._patience_s = name, bound_s, patience_s(bound_s, period_s)
        self._last_s = -math.inf

    def feed(self, at_s: float) -> None:
        """Something was heard at a monotonic time; an older time than the last one changes nothing."""
        self._last_s = max(self._last_s, at_s)

    def silent_s(self, now_s: float) -> float:
        """Seconds since something was heard; infinite before the first time."""
        return now_s - self._last_s

    def cause(self, now_s: float) -> str:
        """Why to hold, in words; empty while all is well."""
        silent = self.silent_s(now_s)
        if silent <= self._patience_s:
            return ""
        return f"no {self.name} yet" if math.isinf(silent) else f"no {self.name} for {self.bound_s:g} s"


class FrozenJoints:
    """Bites when joint readings stay the same to the last bit although the commanded places move: a sensor that repeats itself,
    or a body that stalled, which encoders of few places cannot be told from: who has looked says `restart`.

    bound_s: how long the readings may stay the same, from the first command on that moved. travel_rad: how far the commands
    must have moved meanwhile, since readings of a body at rest are allowed to stand still. period_s: as of a `Watchdog`.
    """

    def __init__(self, bound_s: float, travel_rad: float = 0.02, period_s: float = 0.0) -> None:
        self.bound_s, self.travel_rad, self._patience_s = bound_s, travel_rad, patience_s(bound_s, period_s)
        self._reading: NDArray[np.float64] | None = None
        self._since_s = 0.0
        self._low = self._high = np.zeros(0)

    def restart(self) -> None:
        """Forget the reading and the travel."""
        self._reading = None
        self._low = self._high = np.zeros(0)

    def feed(self, at_s: float, reading: NDArray[np.float64], command: NDArray[np.float64]) -> None:
        """A reading (J,) and the places (D,) that the body was sent last: what it was never sent is no travel."""
        if self._reading is None or not np.array_equal(reading, self._reading):
            self._reading, self._since_s = reading.copy(), at_s
            self._low, self._high = command.copy(), command.copy()
        else:
            self._low, self._high = np.minimum(self._low, command), np.maximum(self._high, command)
            if np.array_equal(self._low, self._high):
                self._since_s = at_s

    def cause(self, now_s: float) -> str:
        """Why to hold, in words; empty while all is well."""
        frozen = now_s - self._since_s > self._patience_s and bool((self._high - self._low > self.travel_rad).any())
        if not frozen:
            return ""
        return f"joint readings frozen for {self.bound_s:g} s while the commands moved: dead sensors, or stalled till reset"
