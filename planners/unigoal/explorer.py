"""Keeping to a frontier until it is seen, and leaving those that cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.frontiers import frontiers
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap

from ..base import GoTo

Scorer = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

SAME_M = 0.8  # a frontier that moved less than this since the last look is the same one
MARGIN = 0.3  # how much better another frontier must be to turn away from the chosen one
PATIENCE = 14  # steps without getting anywhere
MOVED_M = 0.15
BANNED_M = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """A frontier to explore. point_m: where it is; target_m: where to stand; score: its own; count: how many there were."""

    point_m: tuple[float, float]
    target_m: tuple[float, float]
    score: float
    count: int

    def go(self) -> GoTo:
        return GoTo(self.target_m, radius_m=0.25)


class Explorer:
    """Chooses frontiers by a score, with some constancy."""

    def __init__(self) -> None:
        self.banned: list[NDArray[np.float64]] = []
        self.current: Choice | None = None
        self._waiting = 0
        self._from = np.zeros(2)

    def choose(self, grid: OccupancyMap, from_here: DistanceField, score: Scorer) -> Choice | None:
        """The frontier to go to now, None where everything that can be reached is explored.

        score(points_m (F, 2), distances_m (F,), sizes_m (F,)) -> (F,). from_here: distances from the body.
        """
        self._watch(grid.position_m)
        found = [f for f in frontiers(grid) if not any(np.linalg.norm(f.target_m - spot) <= BANNED_M for spot in self.banned)]
        distances = from_here.at(np.array([f.target_m for f in found]).reshape(-1, 2))
        keep = np.flatnonzero(np.isfinite(distances))
        if not len(keep):
            self.current = None
            return None
        points = np.array([found[k].centroid_m for k in keep])
        scores = score(points, distances[keep], np.array([found[k].size_m for k in keep]))
        best = int(scores.argmax())
        if self.current is not None:
            gaps = np.linalg.norm(points - np.array(self.current.point_m), axis=1)
            same = int(gaps.argmin())
            if gaps[same] <= SAME_M and scores[same] >= scores[best] - MARGIN:
                best = same
        chosen = found[keep[best]]
        self.current = Choice(_pair(chosen.centroid_m), _pair(chosen.target_m), float(scores[best]), len(keep))
        return self.current

    def _watch(self, here: NDArray[np.float64]) -> None:
        """Ban the chosen frontier after standing still before it for too long."""
        if np.linalg.norm(here - self._from) > MOVED_M:
            self._from, self._waiting = here.copy(), 0
            return
        self._waiting += 1
        if self._waiting > PATIENCE and self.current is not None:
            self.banned.append(np.array(self.current.target_m))
            self.current, self._waiting = None, 0

    def rest(self) -> None:
        """The agent does something else; standing still meanwhile is no failure."""
        self.current, self._waiting = None, 0


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
