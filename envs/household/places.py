"""Candidate places for a piece of furniture: along walls, in corners, in the middle, facing, before and beside others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Asset
from .space import QUARTERS, Boxes, Space, height_span, turned_bounds

BACK_M = 0.015  # gap between a wall and what stands against it: the baseboard
_STEP_M = 0.1


@dataclass(frozen=True, slots=True)
class Places:
    """K candidates. xy: (K, 2); quarter: (K,) quarter turns; boxes, fronts: (K, 6); score: (K,), higher is better."""

    xy: NDArray[np.float64]
    quarter: NDArray[np.int64]
    boxes: Boxes
    fronts: Boxes
    score: NDArray[np.float64]


def places_at(
    asset: Asset, spots: Sequence[tuple[float, float, int]], z_m: float, front_m: float, score: Sequence[float] | None = None
) -> Places:
    """Candidates at given (x, y, quarter)."""
    if not spots:
        empty = np.zeros((0, 6))
        return Places(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), empty, empty, np.zeros(0))
    array = np.array([(x, y) for x, y, _ in spots])
    quarter = np.array([q for _, _, q in spots], dtype=np.int64) % 4
    bounds = np.array([turned_bounds(asset, q) for q in range(4)])[quarter]
    low, high = height_span(asset)
    boxes = np.empty((len(spots), 6))
    boxes[:, :4] = array[:, [0, 1, 0, 1]] + bounds
    boxes[:, 4], boxes[:, 5] = z_m + low, z_m + high
    fronts = boxes.copy()
    if front_m > 0.0:
        way = np.array(QUARTERS)[quarter]
        for axis in (0, 1):
            ahead, behind = way[:, axis] > 0.5, way[:, axis] < -0.5
            fronts[ahead, axis] = boxes[ahead, axis + 2]
            fronts[ahead, axis + 2] = boxes[ahead, axis + 2] + front_m
            fronts[behind, axis + 2] = boxes[behind, axis]
            fronts[behind, axis] = boxes[behind, axis] - front_m
        fronts[:, 4], fronts[:, 5] = 0.0, 1.9
    return Places(array, quarter, boxes, fronts, np.zeros(len(spots)) if score is None else np.array(score, dtype=np.float64))


def along_walls(space: Space, asset: Asset, z_m: float, front_m: float, side_gap_m: float = 0.03) -> Places:
    """Back against each wall, every 10 cm, in both corners, and flush beside what stands there; score 1 in a corner."""
    x0, y0, x1, y1 = space.room.rect
    spots: list[tuple[float, float, int]] = []
    score: list[float] = []
    for quarter in range(4):
        bx0, by0, bx1, by1 = turned_bounds(asset, quarter)
        if quarter in (0, 2):
            fixed = x0 + BACK_M - bx0 if quarter == 0 else x1 - BACK_M - bx1
            start, end = y0 + BACK_M - by0, y1 - BACK_M - by1
            wall = space.taken[(space.taken[:, 0] < x0 + 0.1) if quarter == 0 else (space.taken[:, 2] > x1 - 0.1)]
            beside = [*(wall[:, 3] + side_gap_m - by0).tolist(), *(wall[:, 1] - side_gap_m - by1).tolist()]
        else:
            fixed = y0 + BACK_M - by0 if quarter == 1 else y1 - BACK_M - by1
            start, end = x0 + BACK_M - bx0, x1 - BACK_M - bx1
            wall = space.taken[(space.taken[:, 1] < y0 + 0.1) if quarter == 1 else (space.taken[:, 3] > y1 - 0.1)]
            beside = [*(wall[:, 2] + side_gap_m - bx0).tolist(), *(wall[:, 0] - side_gap_m - bx1).tolist()]
        if end < start:
            continue
        between = np.arange(start + _STEP_M, end, _STEP_M).tolist()
        for u in (start, end, *beside, *between):
            spots.append((fixed, u, quarter) if quarter in (0, 2) else (u, fixed, quarter))
            score.append(1.0 if u in (start, end) else 0.0)
    return places_at(asset, spots, z_m, front_m, score)


def in_the_middle(space: Space, asset: Asset, front_m: float) -> Places:
    """Every 20 cm over the room in both directions; score falls with the distance from the middle of the room."""
    x0, y0, x1, y1 = space.room.rect
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    spots, score = [], []
    for x in np.arange(x0 + 0.4, x1 - 0.39, 0.2).tolist():
        for y in np.arange(y0 + 0.4, y1 - 0.39, 0.2).tolist():
            for quarter in (0, 1):
                spots.append((x, y, quarter))
                score.append(-0.5 * (abs(x - cx) + abs(y - cy)))
    return places_at(asset, spots, 0.0, front_m, score)


def facing(space: Space, asset: Asset, other: NDArray[np.float64], other_quarter: int, front_m: float) -> Places:
    """Opposite to a thing with box `other`, 1.7 to 3.9 m before it and looking back; best is near 2.6 m, or a wall behind."""
    quarter = (other_quarter + 2) % 4
    fx, fy = QUARTERS[other_quarter % 4]
    bounds = turned_bounds(asset, quarter)
    depth = (bounds[2] - bounds[0]) if fx else (bounds[3] - bounds[1])
    cx, cy = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    edge = max(abs(fx) * (other[2] - other[0]), abs(fy) * (other[3] - other[1])) / 2
    x0, y0, x1, y1 = space.room.rect
    to_wall = {(1.0, 0.0): x1 - cx, (-1.0, 0.0): cx - x0, (0.0, 1.0): y1 - cy, (0.0, -1.0): cy - y0}[fx, fy] - edge
    spots, score = [], []
    last = round(to_wall - depth - BACK_M, 4)
    for distance in (last, *np.arange(1.7, min(3.9, last), 0.15).tolist()):
        if not 1.4 <= distance <= 4.6:
            continue
        for aside in (0.0, -0.2, 0.2, -0.4, 0.4, -0.6, 0.6):
            ahead = edge + distance + depth / 2
            spots.append((cx + fx * ahead - fy * aside, cy + fy * ahead + fx * aside, quarter))
            score.append(-abs(aside) - 0.4 * abs(distance - 2.6) + (0.5 if distance == last else 0.0))
    return _centred(asset, spots, front_m, score)


def before(asset: Asset, other: NDArray[np.float64], other_quarter: int, gaps_m: Sequence[float], turn: int = 0) -> Places:
    """Before the front of a thing, in its middle, turned against it by quarter turns."""
    quarter = (other_quarter + turn) % 4
    fx, fy = QUARTERS[other_quarter % 4]
    bounds = turned_bounds(asset, quarter)
    cx, cy = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    reach = abs(fx) * (other[2] - other[0] + bounds[2] - bounds[0]) / 2
    reach += abs(fy) * (other[3] - other[1] + bounds[3] - bounds[1]) / 2
    spots, score = [], []
    for gap in gaps_m:
        for aside in (0.0, 0.15, -0.15, 0.3, -0.3):
            spots.append((cx + fx * (reach + gap) - fy * aside, cy + fy * (reach + gap) + fx * aside, quarter))
            score.append(-abs(aside) - 0.2 * gap)
    return _centred(asset, spots, 0.0, score)


def beside(asset: Asset, other: NDArray[np.float64], other_quarter: int, gap_m: float, front_m: float) -> Places:
    """Left and right of a thing, backs in one line, looking the same way."""
    fx, fy = QUARTERS[other_quarter % 4]
    bounds = turned_bounds(asset, other_quarter)
    spots = []
    for side in (-1.0, 1.0):
        if fx:
            x = other[0] - bounds[0] if fx > 0 else other[2] - bounds[2]
            y = other[3] + gap_m - bounds[1] if side > 0 else other[1] - gap_m - bounds[3]
        else:
            y = other[1] - bounds[1] if fy > 0 else other[3] - bounds[3]
            x = other[2] + gap_m - bounds[0] if side > 0 else other[0] - gap_m - bounds[2]
        spots.append((x, y, other_quarter))
    return places_at(asset, spots, 0.0, front_m)


def around(asset: Asset, table: NDArray[np.float64], gap_m: float, seat_m: float = 0.62) -> list[Places]:
    """The seats around a table, each looking at it: one candidate per seat, opposite seats in turn, long sides first."""
    cx, cy = (table[0] + table[2]) / 2, (table[1] + table[3]) / 2
    wide, deep = table[2] - table[0], table[3] - table[1]
    sides = [(0, wide, deep), (1, deep, wide)] if wide >= deep else [(1, deep, wide), (0, wide, deep)]
    seats = []
    for axis, length, across in sides:
        count = max(int(length / seat_m), 1 if length > 0.5 else 0)
        for k in range(count):
            along = (k + 0.5) * length / count - length / 2
            for sign in (1.0, -1.0):
                quarter = (3 if sign > 0 else 1) if axis == 0 else (2 if sign > 0 else 0)
                bounds = turned_bounds(asset, quarter)
                reach = (bounds[3] - bounds[1] if axis == 0 else bounds[2] - bounds[0]) / 2 + across / 2 + gap_m
                x, y = (cx + along, cy + sign * reach) if axis == 0 else (cx + sign * reach, cy + along)
                seats.append(_centred(asset, [(x, y, quarter)], 0.0, [0.0]))
    return seats


def _centred(asset: Asset, spots: Sequence[tuple[float, float, int]], front_m: float, score: Sequence[float]) -> Places:
    """Candidates where the middle of the footprint, not the origin, lies at (x, y)."""
    moved = []
    for x, y, quarter in spots:
        bx0, by0, bx1, by1 = turned_bounds(asset, quarter)
        moved.append((x - (bx0 + bx1) / 2, y - (by0 + by1) / 2, quarter))
    return places_at(asset, moved, 0.0, front_m, score)


def grown(places: Places, by_m: float) -> Places:
    """The same candidates with boxes that leave room for a small turn."""
    grow = np.array([-by_m, -by_m, by_m, by_m, 0.0, 0.0])
    return Places(places.xy, places.quarter, places.boxes + grow, places.fronts + grow, places.score)
