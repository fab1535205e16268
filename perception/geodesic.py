"""Shortest ways over the occupancy map for a round body that would rather not brush past things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.graph import MCP_Geometric

from .mapping import Bools, OccupancyMap

SOFT_M = 0.25  # beyond this distance between hull and obstacle a way costs its length and no more
SOFT_COST = 3.0  # what a metre costs extra where the hull touches
TIGHT_COST = 10.0  # what a metre costs where the body fits only if obstacles fill no more than half of their cells
FINE_CELLS = 90_000  # above this every second cell will do, for the sake of time
_NOWHERE = -(1 << 30)  # cell of a point that is not finite: outside any field
SNAP_M = 0.4  # how far a source that no body can stand on is moved to where one can


@dataclass(frozen=True, slots=True, eq=False)
class DistanceField:
    """Cost of the way to the nearest source, in metres (more where it leads close to obstacles), inf where there is none.

    values: (h, w) float64 over a part of the grid: entry [a, b] belongs to cell `first_cell + stride * (a, b)`.
    """

    values: NDArray[np.float64]
    first_cell: NDArray[np.int64]
    stride: int
    origin_m: NDArray[np.float64]
    resolution_m: float
    search: MCP_Geometric

    def at(self, xy_m: ArrayLike) -> NDArray[np.float64]:
        """Cost at points. xy_m: (..., 2); returns (...,) metres, inf outside the field."""
        index = self._index(xy_m)
        inside = np.all((index >= 0) & (index < self.values.shape), axis=-1)
        index = np.where(inside[..., None], index, 0)
        return np.where(inside, self.values[index[..., 0], index[..., 1]], np.inf)

    def way(self, xy_m: ArrayLike) -> NDArray[np.float64]:
        """The cheapest way from a point to the nearest source, (N, 2) world metres; empty where there is none."""
        if not np.isfinite(self.at(xy_m)):
            return np.zeros((0, 2))
        steps = np.array(self.search.traceback(tuple(self._index(xy_m))))[::-1]
        return self._xy(steps)

    def near(self, xy_m: ArrayLike, within_m: float = SNAP_M) -> NDArray[np.float64] | None:
        """The point nearest to xy_m from which there is a way, None where there is none within reach. (2,)"""
        reach = int(np.ceil(within_m / (self.resolution_m * self.stride)))
        span = np.arange(-reach, reach + 1)
        around = self._index(xy_m) + np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
        points = self._xy(around)
        far = np.where(np.isfinite(self.at(points)), np.linalg.norm(points - np.asarray(xy_m), axis=1), np.inf)
        best = int(far.argmin())
        return points[best] if far[best] <= within_m else None

    def _index(self, xy_m: ArrayLike) -> NDArray[np.int64]:
        cell = np.floor((np.asarray(xy_m, dtype=np.float64) - self.origin_m) / self.resolution_m + 1e-9)
        cell = np.where(np.isfinite(cell), cell, _NOWHERE).astype(np.int64)
        return (cell - self.first_cell) // self.stride

    def _xy(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.origin_m + (self.first_cell + index * self.stride + 0.5) * self.resolution_m


def traversable(grid: OccupancyMap, radius_m: float | None = None, through_unknown: bool = False) -> Bools:
    """Cells where a body of a radius (the map's own by default) can stand, (nx, ny) bool."""
    clear = grid.clearance_m() >= (grid.body_radius_m if radius_m is None else radius_m)
    return clear if through_unknown else clear & grid.explored


def passable(grid: OccupancyMap, radius_m: float | None = None, through_unknown: bool = False) -> Bools:
    """Cells where a body may just fit, its obstacles taken to fill half of their cells, (nx, ny) bool."""
    radius = grid.body_radius_m if radius_m is None else radius_m
    return traversable(grid, radius - grid.resolution_m / 2.0, through_unknown)


def distance_field(
    grid: OccupancyMap,
    sources_m: ArrayLike,
    radius_m: float | None = None,
    unknown_cost: float | None = None,
    soft_cost: float = SOFT_COST,
) -> DistanceField:
    """Geodesic distance to the nearest of some points, over `passable` cells (8-connected, Dijkstra).

    sources_m: (N, 2) or (2,) world metres; one that no body can stand on counts as the nearest cell within 0.4 m where
    one can. unknown_cost: factor on the length of ways through unknown cells, None = no way there. soft_cost: extra
    cost of a metre that touches obstacles, falling to nothing at 0.25 m of air. Where the body may only just fit a metre
    costs ten.
    """
    radius = grid.body_radius_m if radius_m is None else radius_m
    sources = np.atleast_2d(np.asarray(sources_m, dtype=np.float64))
    box = _box(grid, sources, margin_m=1.0 if unknown_cost is not None else 0.1)
    stride = 1 if (box[0].stop - box[0].start) * (box[1].stop - box[1].start) <= FINE_CELLS else 2
    part = slice(box[0].start, box[0].stop, stride), slice(box[1].start, box[1].stop, stride)
    air = grid.clearance_m()[part].astype(np.float64) - radius
    cost = 1.0 + soft_cost * np.maximum(0.0, 1.0 - np.maximum(air, 0.0) / SOFT_M) ** 2
    cost[air < 0.0] = TIGHT_COST
    blocked = air < -grid.resolution_m / 2.0
    if unknown_cost is None:
        blocked |= ~grid.explored[part]
    else:
        cost[~grid.explored[part]] *= unknown_cost
    cost[blocked] = -1.0
    first = np.array([box[0].start, box[1].start])
    search = MCP_Geometric(cost, fully_connected=True)
    starts = _starts((grid.cell_of(sources) - first) // stride, blocked, round(SNAP_M / (grid.resolution_m * stride)))
    values = search.find_costs(starts)[0] if starts else np.full(cost.shape, np.inf)
    return DistanceField(values * grid.resolution_m * stride, first, stride, grid.origin_m, grid.resolution_m, search)


def _box(grid: OccupancyMap, points_m: NDArray[np.float64], margin_m: float) -> tuple[slice, slice]:
    known = grid.known_box(margin_m)
    cells = grid.cell_of(points_m)
    cells = cells[grid.inside(cells)]
    spans = []
    for axis in range(2):
        low, high = known[axis].start, known[axis].stop
        if len(cells):
            low, high = min(low, int(cells[:, axis].min())), max(high, int(cells[:, axis].max()) + 1)
        spans.append(slice(low, high))
    return spans[0], spans[1]


def _starts(index: NDArray[np.int64], blocked: Bools, reach: int) -> list[tuple[int, int]]:
    """The sources on open cells; where none is, the open cell nearest to one of them."""
    index = index[np.all((index >= -reach) & (index < np.array(blocked.shape) + reach), axis=1)]
    if not len(index):
        return []
    held = index.clip(0, np.array(blocked.shape) - 1)
    open_ones = held[np.all(held == index, axis=1) & ~blocked[held[:, 0], held[:, 1]]]
    if len(open_ones):
        return [(int(a), int(b)) for a, b in np.unique(open_ones, axis=0)]
    low, high = (index.min(axis=0) - reach).clip(0), index.max(axis=0) + reach + 1
    near = np.argwhere(~blocked[low[0] : high[0], low[1] : high[1]]) + low
    if not len(near):
        return []
    gaps = np.linalg.norm(near[:, None] - index[None], axis=2).min(axis=1)
    best = int(gaps.argmin())
    return [(int(near[best, 0]), int(near[best, 1]))] if gaps[best] <= reach else []
