"""Playing action chunks against the clock: late ones skip what is past, new ones are blended in, stale ones are dropped."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Commands and what they answer.

    action: (T, D) values at `rate_hz`; row k is meant for `answers_s` + k / rate_hz. answers_s: `stamp_s` of the observation
    that it was made from. seconds: what making it took. picture_s: when the picture was taken that it was made from, where
    that is not in the observation (a stream that is mirrored); NaN where there is none.
    """

    action: Action
    answers_s: float
    seconds: float = 0.0
    picture_s: float = math.nan


class ChunkPlayer:
    """Says which command is due.

    max_age_s: a chunk that answers an observation older than this on arrival is dropped, and so is one whose time is not a
    number or lies as far ahead. max_picture_age_s: the same of the picture that it mirrors, where it does. blend_s: over this
    time a new chunk takes over from what was due before it, which was sent one period ago: a loop with longer periods blends
    nothing. rate_hz: of the loop, and of chunks that state none.

    Between rows the command is interpolated. The last row is due for one row's time, then the player starves; a chunk of one
    row is a target without an end, which the watchdog of the loop bounds.
    """

    def __init__(self, max_age_s: float, max_picture_age_s: float, blend_s: float, rate_hz: float) -> None:
        self.max_age_s, self.max_picture_age_s = max_age_s, max_picture_age_s
        self.blend_s, self.rate_hz = blend_s, rate_hz
        self.dropped: Counter[str] = Counter()
        self.clear(-math.inf)

    def clear(self, at_s: float) -> None:
        """Forget the chunk, and take none that answers an observation from before `at_s`: what was decided before a stop
        must not run after it."""
        self._chunk: Chunk | None = None
        self._not_before_s = at_s

    def take(self, chunk: Chunk, now_s: float, last: NDArray[np.float64], held: bool = False) -> bool:
        """Let a chunk take over; False where it is dropped. last: (D,) the command sent last, to blend from where nothing
        else was due, or was due and not sent, since the body was `held`."""
        reason = self._refuse(chunk, now_s)
        if reason:
            self.dropped[reason] += 1
            return False
        before = None if held else self.target(now_s)
        self._chunk, self._gap = chunk, np.zeros(0)
        self._taken_s = now_s - 1.0 / self.rate_hz  # else chunks that arrive at every tick would never take over
        after = self._due(chunk, now_s)
        start = last if before is None else before
        if after is not None and self.blend_s > 0 and start.shape == after.shape:  # another shape is the guard's to refuse
            self._gap = start - after
        return True

    def target(self, now_s: float) -> NDArray[np.float64] | None:
        """The command (D,) due now; None where there is none."""
        if self._chunk is None or (due := self._due(self._chunk, now_s)) is None:
            return None
        left = 1.0 - (now_s - self._taken_s) / self.blend_s if self.blend_s > 0 and self._gap.size else 0.0
        return due + left * self._gap if left > 0 else due

    def _refuse(self, chunk: Chunk, now_s: float) -> str:
        if not abs(now_s - chunk.answers_s) <= self.max_age_s:  # so that NaN, which compares with nothing, is refused
            return "stale"
        if abs(now_s - chunk.picture_s) > self.max_picture_age_s:  # which NaN is not: it mirrors no picture, or one at rest
            return "of a picture that is too old"
        if chunk.answers_s < self._not_before_s:
            return "from before a stop"
        if self._chunk is not None and chunk.answers_s < self._chunk.answers_s:
            return "overtaken"
        return ""

    def _due(self, chunk: Chunk, now_s: float) -> NDArray[np.float64] | None:
        rows = chunk.action.values
        if len(rows) == 1:
            return rows[0]
        place = max(0.0, (now_s - chunk.answers_s) * (chunk.action.rate_hz or self.rate_hz))
        if place >= len(rows):
            return None
        row = int(place)
        if row + 1 >= len(rows):
            return rows[-1]
        share = place - row
        return (1.0 - share) * rows[row] + share * rows[row + 1]
