"""Frontiers: where the known floor ends and something new can be seen (Yamauchi 1997)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .geodesic import passable, traversable
from .mapping import Bools, OccupancyMap

REACH_M = 0.5  # a frontier counts as reachable where a body can stand this near to it
MIN_SIZE_M = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """One stretch of border between free and unknown.

    centroid_m: (2,). cells: (N, 2) int cells of the map. size_m: its length. target_m: (2,) the reachable point nearest
    to the frontier cell in its middle.
    """

    centroid_m: NDArray[np.float64]
    cells: NDArray[np.int64]
    size_m: float
    target_m: NDArray[np.float64]


def frontier_cells(grid: OccupancyMap) -> Bools:
    """Free cells with an unknown cell among their four neighbours, (nx, ny) bool."""
    box = grid.known_box(margin_m=2.0 * grid.resolution_m)
    unknown = ~grid.explored[box]
    beside = np.zeros_like(unknown)
    beside[1:] |= unknown[:-1]
    beside[:-1] |= unknown[1:]
    beside[:, 1:] |= unknown[:, :-1]
    beside[:, :-1] |= unknown[:, 1:]
    cells = np.zeros(grid.shape, dtype=bool)
    cells[box] = beside & ~unknown & ~grid.obstacle[box]
    return cells


def frontiers(grid: OccupancyMap, radius_m: float | None = None, min_size_m: float = MIN_SIZE_M) -> list[Frontier]:
    """The frontiers that a body of a radius (the map's own by default) can reach from where it is, largest first.

    8-connected components, of at least min_size_m, of the `frontier_cells` that are joined to the body by free cells: what
    shows through a window or behind furniture does not count. Ties are ordered by their first cell.
    """
    box = grid.known_box(margin_m=2.0 * grid.resolution_m)
    low = np.array([box[0].start, box[1].start])
    here = grid.cell_of(grid.position_m) - low
    edge = frontier_cells(grid)[box] & _around(grid.free[box], here, connectivity=4)
    reachable = _around(passable(grid, radius_m)[box], here, connectivity=8) & traversable(grid, radius_m)[box]
    if not edge.any() or not reachable.any():
        return []
    count, labels = cv2.connectedComponents(edge.astype(np.uint8), connectivity=8)
    cells = np.argwhere(edge)
    groups = labels[edge]
    order = np.argsort(groups, kind="stable")
    found = []
    for members in np.split(cells[order], np.cumsum(np.bincount(groups, minlength=count)[1:-1])):
        if len(members) * grid.resolution_m < min_size_m:
            continue
        near = members[_gaps(reachable, members, REACH_M / grid.resolution_m) * grid.resolution_m <= REACH_M]
        if not len(near):
            continue
        middle = near[np.linalg.norm(near - members.mean(axis=0), axis=1).argmin()]
        target = grid.xy_of(_nearest(reachable, middle) + low)
        centroid = grid.xy_of(members + low).mean(axis=0)
        found.append(Frontier(centroid, members + low, len(members) * grid.resolution_m, target))
    return sorted(found, key=lambda frontier: (-frontier.size_m, *frontier.cells[0].tolist()))


def _gaps(reachable: Bools, cells: NDArray[np.int64], reach: float) -> NDArray[np.float32]:
    """How far each of some (N, 2) cells is from a reachable one, (N,) cells: right up to `reach`, else anything above it."""
    margin = int(np.ceil(reach))
    low, high = (cells.min(axis=0) - margin).clip(0), cells.max(axis=0) + margin + 1
    away = (~reachable[low[0] : high[0], low[1] : high[1]]).astype(np.uint8)
    return cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[tuple((cells - low).T)]


def _around(cells: Bools, start: NDArray[np.int64], connectivity: int) -> Bools:
    """The component of cells that the body is in, or nearest to where it stands too close to something."""
    if not cells.any():
        return cells
    _, labels = cv2.connectedComponents(cells.astype(np.uint8), connectivity=connectivity)
    return labels == labels[tuple(_nearest(cells, start))]


def _nearest(cells: Bools, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """The set cell nearest to a cell. At least one is set."""
    reach = 12
    while True:
        low = (start - reach).clip(0)
        found = np.argwhere(cells[low[0] : max(start[0] + reach + 1, 0), low[1] : max(start[1] + reach + 1, 0)]) + low
        gaps = np.linalg.norm(found - start, axis=1)
        if len(found) and (gaps.min() <= reach or reach > max(cells.shape)):
            return found[gaps.argmin()]
        reach *= 2
