"""Batches for training: new renders, and remembered ones again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.views import HandViews, View

from .network import KEYPOINTS, SIZE
from .pictures import seen


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """pictures: (N, S, S, 3) uint8 as the network sees them; angles_rad: (N, 24); points: (N, 21, 2) in shares of the side."""

    pictures: NDArray[np.uint8]
    angles_rad: NDArray[np.float64]
    points: NDArray[np.float64]


def labelled(views: list[View]) -> Batch:
    """Views as a batch."""
    sides = np.array([view.rgb.shape[1::-1] for view in views], dtype=np.float64)
    points = (np.stack([view.keypoints_uv for view in views]) + 0.5) / sides[:, None]
    return Batch(np.stack([seen(view.rgb) for view in views]), np.stack([view.joints_rad for view in views]), points)


class Memory:
    """Draws new pictures one after another, and remembers the last `size`.

    first: number of the next view, counted on; new: how many of a batch are new, a divisor of `size`.
    """

    def __init__(self, views: HandViews, first: int, size: int, new: int) -> None:
        self.views, self.next, self.size, self.new = views, first, size, new
        self._kept = Batch(
            np.zeros((size, SIZE, SIZE, 3), dtype=np.uint8), np.zeros((size, len(JOINTS))), np.zeros((size, KEYPOINTS, 2))
        )
        self._met = 0

    def draw(self, count: int, rng: np.random.Generator) -> Batch:
        """A batch; the colours of the pictures that were seen before change places, as if light and skin had."""
        fresh = labelled([self.views[self.next + index] for index in range(self.new)])
        self.next += self.new
        place = slice(self._met % self.size, self._met % self.size + self.new)
        kept = self._kept
        kept.pictures[place], kept.angles_rad[place], kept.points[place] = fresh.pictures, fresh.angles_rad, fresh.points
        self._met += self.new
        again = rng.integers(min(self._met, self.size), size=count - self.new)
        return Batch(
            np.concatenate([fresh.pictures, kept.pictures[again][..., rng.permutation(3)]]),
            np.concatenate([fresh.angles_rad, kept.angles_rad[again]]),
            np.concatenate([fresh.points, kept.points[again]]),
        )
