"""Keeping to a frontier until it is seen, and leaving those that cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.frontiers import Frontier, frontiers
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap

from ..base import GoTo

Scorer = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

SAME_M = 0.8  # a frontier that moved less than this since the last look is the same one
WIDE_M = 0.5  # about a passage; narrower frontiers are pockets behind furniture, left until no wider ones are
NARROW_M = 0.1
MARGIN = 0.3  # how much better another frontier must be to turn away from the chosen one
PATIENCE = 16  # steps without coming nearer
NEARER_M = 0.2
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
        self._nearest_m = np.inf

    def choose(self, grid: OccupancyMap, from_here: DistanceField, score: Scorer) -> Choice | None:
        """The frontier to go to now, None where everything that can be reached is explored.

        score(points_m (F, 2), distances_m (F,), widths_m (F,)) -> (F,). from_here: distances from the body.
        """
        self._watch(from_here)
        found = [f for f in frontiers(grid) if not any(np.linalg.norm(f.target_m - spot) <= BANNED_M for spot in self.banned)]
        distances = from_here.at(np.array([f.target_m for f in found]).reshape(-1, 2))
        widths = np.array([open_width_m(grid, f) for f in found])
        keep = np.flatnonzero(np.isfinite(distances) & (widths >= (WIDE_M if (widths >= WIDE_M).any() else NARROW_M)))
        if not len(keep):
            self.current = None
            return None
        points = np.array([found[k].centroid_m for k in keep])
        scores = score(points, distances[keep], widths[keep])
        best = int(scores.argmax())
        if self.current is not None:
            gaps = np.linalg.norm(points - np.array(self.current.point_m), axis=1)
            same = int(gaps.argmin())
            if gaps[same] <= SAME_M and scores[same] >= scores[best] - MARGIN:
                best = same
        chosen = found[keep[best]]
        if self.current is None or np.linalg.norm(chosen.centroid_m - np.array(self.current.point_m)) > SAME_M:
            self._waiting, self._nearest_m = 0, np.inf
        self.current = Choice(_pair(chosen.centroid_m), _pair(chosen.target_m), float(scores[best]), len(keep))
        return self.current

    def _watch(self, from_here: DistanceField) -> None:
        """Ban the chosen frontier after too many steps that brought the body no nearer to it."""
        if self.current is None:
            return
        way = float(from_here.at(np.array(self.current.target_m)))
        if way < self._nearest_m - NEARER_M:
            self._nearest_m, self._waiting = way, 0
            return
        self._waiting += 1
        if self._waiting > PATIENCE:
            self.banned.append(np.array(self.current.target_m))
            self.current = None

    def rest(self) -> None:
        """The agent does something else; standing still meanwhile is no failure."""
        self.current = None


def open_width_m(grid: OccupancyMap, frontier: Frontier) -> float:
    """How much of a frontier lies in the open, where a body could pass: what runs along a wall leads nowhere."""
    clear = grid.clearance_m()[frontier.cells[:, 0], frontier.cells[:, 1]] >= grid.body_radius_m
    return float(clear.sum()) * grid.resolution_m


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
