"""Keeping time: when the next tick is due, and how well that went, section by section."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SECTIONS = ("observe", "infer", "guard", "send", "wait")
LATE = 0.1  # a tick that begins later than this share of the period counts as late
KEPT = 1_000_000  # ticks; nearly three hours at 100 Hz


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, 99th percentile and worst of a quantity in seconds."""

    mean_s: float
    p99_s: float
    worst_s: float

    @classmethod
    def of(cls, values: Any) -> Spread:
        """Of a sequence; of nothing, nothing is known and every field is NaN."""
        array = np.asarray(values, dtype=np.float64)
        if not len(array):
            return cls(np.nan, np.nan, np.nan)
        return cls(float(array.mean()), float(np.percentile(array, 99)), float(array.max()))


def take_priority(level: int = 10) -> bool:
    """Ask the system to run this thread before every ordinary one (SCHED_FIFO); False where it does not grant that.

    For threads that sleep most of the time, as a paced loop does.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(level))
    except (OSError, AttributeError):  # not permitted, or not Linux
        return False
    return True


def settle() -> None:
    """Make Python's own pauses short: what was made so far is never again searched for garbage, which takes tens of
    milliseconds, and threads hand the interpreter over after 0.5 ms in place of 5."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.0005)


class Cadence:
    """Paces a loop and measures it.

    The grid of deadlines does not drift: a deadline is the last one plus the period. A tick that begins late moves the grid,
    so that no command ever follows the one before by less than nine tenths of a period; a slot that work ran past is missed,
    not made up for.
    """

    def __init__(
        self,
        rate_hz: float,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.period_s = 1.0 / rate_hz
        self._clock, self._sleep = clock, sleep
        self._deadline_s: float | None = None
        self._mark_s = clock()
        self.ticks = self.late = self.missed = 0
        self.jitter_s = 0.0  # mean over the last hundred ticks or so, for whoever looks on from another thread
        self.jitter: deque[float] = deque(maxlen=KEPT)
        self.sections: dict[str, deque[float]] = {name: deque(maxlen=KEPT) for name in SECTIONS}

    def wait(self) -> float:
        """Sleep until the next tick is due; returns the time at which it begins."""
        now = self._clock()
        if self._deadline_s is None:
            self._deadline_s = self._first_s = now
        if now < self._deadline_s:
            self._sleep(self._deadline_s - now)
        began = self._clock()
        behind = began - self._deadline_s
        late = behind > self.period_s * LATE
        self._deadline_s = (began if late else self._deadline_s) + self.period_s
        self.ticks += 1
        self.late += late
        self.missed += int(behind / self.period_s) if late else 0
        self.jitter.append(abs(behind))
        self.jitter_s += 0.01 * (abs(behind) - self.jitter_s)
        self.sections["wait"].append(began - now)
        self._mark_s = self._last_s = began
        return began

    def mark(self, section: str) -> float:
        """Book the time since the last mark to a section; returns the time."""
        now = self._clock()
        self.sections[section].append(now - self._mark_s)
        self._mark_s = now
        return now

    @property
    def rate_hz(self) -> float:
        """Mean rate so far."""
        return (self.ticks - 1) / (self._last_s - self._first_s) if self.ticks > 1 else np.nan

    def report(self) -> dict[str, Any]:
        """Plain data, once the loop has ended: rate, ticks, late and missed ones, sections, and jitter, which is how far from
        its deadline a tick begins."""
        spreads = {name: Spread.of(values) for name, values in self.sections.items()}
        return {
            "rate_hz": self.rate_hz,
            "asked_hz": 1.0 / self.period_s,
            "ticks": self.ticks,
            "late": self.late,
            "missed": self.missed,
            "jitter": _plain(Spread.of(self.jitter)),
            "sections": {name: _plain(spread) for name, spread in spreads.items()},
        }


def _plain(spread: Spread) -> dict[str, float]:
    return {"mean_s": spread.mean_s, "p99_s": spread.p99_s, "worst_s": spread.worst_s}
