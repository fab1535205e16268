"""Shortest paths of the body over the floor: a 5 cm grid of places where the disc fits, and Dijkstra from a set of targets.

Steps go to 16 neighbours (8 around, 8 knight's moves), so that a length is at most 2.8 % over the true one in the open.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from .motion import BODY_RADIUS_M
from .obstacles import Footprints

CELL_M = 0.05
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (2, -1), (1, -2))  # the other eight are their opposites
_FIELDS_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells of the floor.

    free: (rows, columns) bool, rows along y and columns along x; origin: (2,) metres, the outer corner of cell 0, 0.
    """

    free: NDArray[np.bool_]
    origin: NDArray[np.float64]
    cell_m: float = CELL_M

    def cell(self, xy: NDArray[np.float64]) -> tuple[int, int]:
        """(row, column) of a point in metres; it may lie outside the grid."""
        column, row = np.floor((np.asarray(xy, dtype=np.float64)[:2] - self.origin) / self.cell_m).astype(int)
        return int(row), int(column)

    def centres(self, cells: NDArray[np.integer]) -> NDArray[np.float64]:
        """(N, 2) metres of the middles of cells (N, 2) row, column."""
        return self.origin + (np.asarray(cells)[:, ::-1] + 0.5) * self.cell_m

    def nearest_free(self, xy: NDArray[np.float64], within_m: float = 0.3) -> tuple[int, int] | None:
        """The free cell nearest to a point, None where there is none within reach.

        The body may stand between the middles of cells, in a nook up to 0.22 m from the nearest free one (measured). Cells on
        the two sides of a wall are 0.48 m apart, so that 0.3 m never reaches through.
        """
        row, column = self.cell(xy)
        reach = int(np.ceil(within_m / self.cell_m))
        rows, columns = slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)
        cells = np.argwhere(self.free[rows, columns]) if row + reach >= 0 and column + reach >= 0 else np.empty((0, 2), int)
        if not len(cells):
            return None
        cells = cells + np.array([rows.start, columns.start])
        distance = np.hypot(*(self.centres(cells) - np.asarray(xy, dtype=np.float64)[:2]).T)
        best = int(distance.argmin())
        return (int(cells[best, 0]), int(cells[best, 1])) if distance[best] <= within_m else None


def navigable(rects: NDArray[np.float64], prints: Footprints, radius_m: float = BODY_RADIUS_M, cell_m: float = CELL_M) -> Grid:
    """The cells on whose middle the disc touches nothing.

    rects: (R, 4) x0, y0, x1, y1 of the floors, rooms and doorways. A cell counts only where its middle is on one of them.
    """
    origin = np.floor(rects[:, :2].min(axis=0) / cell_m) * cell_m
    columns, rows = np.ceil((rects[:, 2:].max(axis=0) - origin) / cell_m).astype(int)
    x = origin[0] + (np.arange(columns) + 0.5) * cell_m
    y = origin[1] + (np.arange(rows) + 0.5) * cell_m
    free = np.zeros((rows, columns), dtype=bool)
    for x0, y0, x1, y1 in rects:
        free |= ((y >= y0) & (y <= y1))[:, None] & ((x >= x0) & (x <= x1))
    for centre, half, yaw in zip(prints.centre, prints.half, prints.yaw, strict=True):
        _block(free, (x, y), centre, half, float(yaw), radius_m)
    return Grid(free, origin, cell_m)


def _block(
    free: NDArray[np.bool_],
    middles: tuple[NDArray[np.float64], NDArray[np.float64]],
    centre: NDArray[np.float64],
    half: NDArray[np.float64],
    yaw: float,
    radius: float,
) -> None:
    """Mark the cells whose middles (x of columns, y of rows) are within `radius` of one rectangle, in place."""
    x, y = middles
    c, s = np.cos(yaw), np.sin(yaw)
    reach = np.array([abs(c) * half[0] + abs(s) * half[1], abs(s) * half[0] + abs(c) * half[1]]) + radius
    i0, i1 = np.searchsorted(x, [centre[0] - reach[0], centre[0] + reach[0]])
    j0, j1 = np.searchsorted(y, [centre[1] - reach[1], centre[1] + reach[1]])
    dx, dy = x[i0:i1] - centre[0], (y[j0:j1] - centre[1])[:, None]
    u = np.maximum(np.abs(c * dx + s * dy) - half[0], 0.0)
    v = np.maximum(np.abs(-s * dx + c * dy) - half[1], 0.0)
    free[j0:j1, i0:i1] &= u * u + v * v > radius * radius


class Geodesics:
    """Distances and paths on a grid; one field per set of targets, the last 64 are kept."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._index = np.cumsum(grid.free.ravel()).reshape(grid.free.shape) - 1
        self._cells = np.argwhere(grid.free)
        self._graph = _graph(grid, self._index)
        self._fields: OrderedDict[bytes, tuple[NDArray[np.float64], NDArray[np.int32]]] = OrderedDict()

    def field(self, targets: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(rows, columns) float64 metres to the nearest target cell, inf where there is no way. targets: (rows, columns)."""
        out = np.full(self.grid.free.shape, np.inf)
        out[self.grid.free] = self._solve(targets)[0]
        return out

    def distance_m(self, xy: NDArray[np.float64], targets: NDArray[np.bool_]) -> float:
        """Metres from a point to the nearest target cell, inf where there is no way or the point is off the grid."""
        cell = self.grid.nearest_free(xy)
        if cell is None:
            return float("inf")
        return float(self._solve(targets)[0][self._index[cell]])

    def path_m(self, xy: NDArray[np.float64], targets: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(L, 2) metres, the middles of cells of a shortest path from a point to a target; (0, 2) where there is none."""
        cell = self.grid.nearest_free(xy)
        distance, following = self._solve(targets)
        if cell is None or not np.isfinite(distance[self._index[cell]]):
            return np.empty((0, 2))
        node, nodes = int(self._index[cell]), []
        while node >= 0:
            nodes.append(node)
            node = int(following[node])
        return self.grid.centres(self._cells[nodes])

    def _solve(self, targets: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Per free cell: metres to the targets, and the next cell on the way (-9999 at a target or without a way)."""
        key = np.packbits(targets).tobytes()
        if key not in self._fields:
            sources = self._index[targets & self.grid.free]
            if len(sources):
                distance, following, _ = dijkstra(self._graph, indices=sources, min_only=True, return_predecessors=True)
            else:
                distance, following = np.full(len(self._cells), np.inf), np.full(len(self._cells), -9999, dtype=np.int32)
            self._fields[key] = (distance, following)
            while len(self._fields) > _FIELDS_KEPT:
                self._fields.popitem(last=False)
        self._fields.move_to_end(key)
        return self._fields[key]


def _graph(grid: Grid, index: NDArray[np.int64]) -> csr_array:
    """The symmetric graph of steps between free cells. A step exists only where the cells that it brushes are free too."""
    free, starts, ends, lengths = grid.free, [], [], []
    for dr, dc in _STEPS:
        open_ = free & _shifted(free, dr, dc)
        for r, c in _brushed(dr, dc):
            open_ &= _shifted(free, r, c)
        rows, columns = np.nonzero(open_)
        starts.append(index[rows, columns])
        ends.append(index[rows + dr, columns + dc])
        lengths.append(np.full(len(rows), np.hypot(dr, dc) * grid.cell_m))
    start, end, length = np.concatenate(starts), np.concatenate(ends), np.concatenate(lengths)
    size = int(free.sum())
    both = (np.concatenate([length, length]), (np.concatenate([start, end]), np.concatenate([end, start])))
    return csr_array(both, shape=(size, size))


def _brushed(dr: int, dc: int) -> tuple[tuple[int, int], ...]:
    """The cells between which a step passes."""
    if abs(dr) + abs(dc) == 1:
        return ()
    if abs(dr) == abs(dc):
        return ((dr, 0), (0, dc))
    if abs(dr) == 2:
        return ((dr // 2, 0), (dr // 2, dc))
    return ((0, dc // 2), (dr, dc // 2))


def _shifted(free: NDArray[np.bool_], dr: int, dc: int) -> NDArray[np.bool_]:
    """free[r + dr, c + dc] at (r, c), False beyond the edge."""
    out = np.zeros_like(free)
    rows, columns = free.shape
    r0, r1, c0, c1 = max(-dr, 0), rows - max(dr, 0), max(-dc, 0), columns - max(dc, 0)
    if r1 > r0 and c1 > c0:
        out[r0:r1, c0:c1] = free[r0 + dr : r1 + dr, c0 + dc : c1 + dc]
    return out
