"""Keeping to a frontier until it is seen, and leaving those that cannot be reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.frontiers import Frontier, frontiers
from enactive.perception.geodesic import DistanceField, distance_field, traversable
from enactive.perception.mapping import OccupancyMap

from ..base import GoTo

Scorer = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

SAME_M = 0.8  # a frontier that moved less than this since the last look is the same one
WIDE_M = 0.5  # about a passage; narrower frontiers are pockets behind furniture, left until no wider ones are
NARROW_M = 0.1
MARGIN = 0.3  # how much better another frontier must be to turn away from the chosen one
PATIENCE, PATIENCE_THERE = 13, 8  # moves around one spot, on the way and at the place
ARRIVED_M = 0.25
SQUEEZE = 0.4  # share of the body's radius for which a passage is tried that is too narrow on the map
LEFT_M = 0.5
BANNED_M = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """A frontier to explore. point_m: where it is; target_m: where to stand; score: its own; count: how many there were;
    wide: whether a body could pass there, or it is a pocket behind furniture."""

    point_m: tuple[float, float]
    target_m: tuple[float, float]
    score: float
    count: int
    wide: bool = True

    def go(self) -> GoTo:
        """Walk there and look at it."""
        (x, y), (px, py) = self.target_m, self.point_m
        far = math.dist(self.target_m, self.point_m) > 0.1
        return GoTo(self.target_m, radius_m=ARRIVED_M, yaw_rad=math.atan2(py - y, px - x) if far else None)


class Explorer:
    """Chooses frontiers by a score, with some constancy. pace: commands of the body that do what one move does."""

    def __init__(self, pace: int) -> None:
        self.pace = pace
        self.banned: list[NDArray[np.float64]] = []
        self.current: Choice | None = None
        self._waiting = 0
        self._spot_m = np.full(2, np.inf)
        self._pardoned = False

    def choose(self, grid: OccupancyMap, from_here: DistanceField, score: Scorer) -> Choice | None:
        """The frontier to go to now, None where everything that can be reached is explored.

        Wide ones come first, then narrow ones, then those behind passages that look too narrow for the body, which are looked
        at from as near as it can get. score(points_m (F, 2), distances_m (F,), widths_m (F,)) -> (F,). from_here: distances
        from the body.
        """
        self._watch(grid.position_m)
        chosen = self._search(grid, from_here, score)
        if chosen is None and self.banned and not self._pardoned:
            self.banned, self._pardoned = [], True  # what could not be seen or reached then may be now
            chosen = self._search(grid, from_here, score)
        if chosen is not None and (self.current is None or math.dist(chosen.point_m, self.current.point_m) > SAME_M):
            self._waiting = 0
        self.current = chosen
        return chosen

    def _search(self, grid: OccupancyMap, from_here: DistanceField, score: Scorer) -> Choice | None:
        found = frontiers(grid)
        widths = np.array([open_width_m(grid, f) for f in found])
        spots = [f.target_m for f in found]
        chosen = self._best(found, spots, widths, WIDE_M, from_here, score)
        if chosen is None:
            chosen = self._best(found, spots, widths, NARROW_M, from_here, score)
        if chosen is None:
            found = frontiers(grid, radius_m=SQUEEZE * grid.body_radius_m)
            slim = distance_field(grid, grid.position_m, radius_m=SQUEEZE * grid.body_radius_m)
            spots = [_as_near_as_possible(grid, slim, f, from_here) for f in found]
            widths = np.array([f.size_m for f in found])
            chosen = self._best(found, spots, widths, WIDE_M, from_here, score)
        return chosen

    def _best(
        self,
        found: list[Frontier],
        spots: list[NDArray[np.float64]],
        widths: NDArray[np.float64],
        least_m: float,
        from_here: DistanceField,
        score: Scorer,
    ) -> Choice | None:
        """The best of the frontiers that are wide enough, can be reached at their spots and are not banned."""
        ways = from_here.at(np.array(spots).reshape(-1, 2))
        keep = [
            k
            for k in range(len(found))
            if widths[k] >= least_m
            and np.isfinite(ways[k])
            and not any(np.linalg.norm(spots[k] - b) <= BANNED_M for b in self.banned)
        ]
        if not keep:
            return None
        points = np.array([found[k].centroid_m for k in keep])
        scores = score(points, ways[keep], widths[keep])
        best = int(scores.argmax())
        if self.current is not None:
            gaps = np.linalg.norm(points - np.array(self.current.point_m), axis=1)
            same = int(gaps.argmin())
            if gaps[same] <= SAME_M and scores[same] >= scores[best] - MARGIN:
                best = same
        return Choice(
            _pair(points[best]), _pair(spots[keep[best]]), float(scores[best]), len(keep), bool(widths[keep[best]] >= WIDE_M)
        )

    def _watch(self, here_m: NDArray[np.float64]) -> None:
        """Ban the chosen frontier after too many moves around one spot."""
        if np.linalg.norm(here_m - self._spot_m) > LEFT_M or self.current is None:
            self._spot_m, self._waiting = here_m.copy(), 0
            return
        self._waiting += 1
        there = math.dist(here_m, self.current.target_m) <= 2.0 * ARRIVED_M
        if self._waiting > (PATIENCE_THERE if there else PATIENCE) * self.pace:
            self.banned.append(np.array(self.current.target_m))
            self.current, self._waiting = None, 0

    def rest(self) -> None:
        """The agent does something else; standing still meanwhile is no failure."""
        self.current = None


def _as_near_as_possible(
    grid: OccupancyMap, slim: DistanceField, frontier: Frontier, from_here: DistanceField
) -> NDArray[np.float64]:
    """The last point that the body can reach and stand at on the way that a slimmer one would have to a frontier, (2,)."""
    way = slim.way(frontier.target_m)
    cells = grid.cell_of(way)
    reachable = way[np.isfinite(from_here.at(way)) & traversable(grid)[cells[:, 0], cells[:, 1]]]
    nothing: NDArray[np.float64] = np.full(2, np.inf)
    return reachable[0] if len(reachable) else nothing


def open_width_m(grid: OccupancyMap, frontier: Frontier) -> float:
    """How much of a frontier lies in the open, where a body could pass: what runs along a wall leads nowhere."""
    clear = grid.clearance_m()[frontier.cells[:, 0], frontier.cells[:, 1]] >= grid.body_radius_m
    return float(clear.sum()) * grid.resolution_m


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
