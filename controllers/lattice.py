"""The next discrete move towards a goal: A* over the body's own moves, guided by the distance field of the map."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap

HORIZON_M = 1.0  # far enough to get around a corner, near enough to answer in a millisecond
EXPANSIONS, THOROUGH_EXPANSIONS = 600, 4000
TURN_COST_M = 0.1
MARGIN_M = 0.05  # air that is preferred on top of the radius
TIGHT_COST_M = 0.3
SAMPLE_M = 0.05
SAME_M, THOROUGH_SAME_M = 0.05, 0.02  # places nearer than this count as one
ESCAPE_M = 0.01
CORNER_M = 0.01  # by so much interpolated clearance may be too great beside a corner
Pose = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Moves:
    """The sizes of a body's discrete moves."""

    forward_m: float
    turn_rad: float


def swept_air_m(grid: OccupancyMap, x: float, y: float, yaw_rad: float, length_m: float) -> NDArray[np.float64]:
    """Clearance every 5 cm or less along a straight move, its start first, (N,) metres, never too great; -1 off the grid."""
    clearance = grid.clearance_m()
    steps = np.linspace(0.0, length_m, max(2, math.ceil(length_m / SAMPLE_M) + 1))
    points = np.stack([x + steps * math.cos(yaw_rad), y + steps * math.sin(yaw_rad)])
    index = (points - grid.origin_m[:, None]) / grid.resolution_m - 0.5
    corner = np.floor(index).astype(np.int64)
    inside = ((corner >= 0) & (corner < np.array(grid.shape)[:, None] - 1)).all(axis=0)
    (i, j), (u, v) = np.where(inside, corner, 0), index - corner
    low = (1.0 - v) * clearance[i, j] + v * clearance[i, j + 1]
    high = (1.0 - v) * clearance[i + 1, j] + v * clearance[i + 1, j + 1]
    return np.where(inside, (1.0 - u) * low + u * high - CORNER_M, -1.0)


def may_pass(air_m: NDArray[np.float64], radius_m: float) -> bool:
    """Whether a body may make a move with such clearances: it fits everywhere, or, too close already, it gets away."""
    start, on = air_m[0], air_m[1:]
    if (on >= radius_m).all():
        return True
    rises = bool((np.diff(air_m)[on < radius_m] >= -1e-6).all())
    return rises and bool(on[-1] >= min(radius_m, start + ESCAPE_M))


def next_move(
    grid: OccupancyMap,
    field: DistanceField,
    pose: Pose,
    moves: Moves,
    point_m: tuple[float, float],
    radius_m: float,
    thorough: bool = False,
    forward_now: bool = True,
) -> str | None:
    """`move_forward`, `turn_left` or `turn_right` as the first of the moves that bring the body nearer; None if none does.

    pose: x, y, yaw in the world. The search ends within radius_m of the point, or when the way left has become a metre
    shorter. A forward move is only considered where the body fits along all of it. thorough: search long and finely, and
    use up the last centimetre, as it takes to get in line with a passage hardly wider than the body, and do not be content
    with having come a little nearer.
    """
    most, same_m = (THOROUGH_EXPANSIONS, THOROUGH_SAME_M) if thorough else (EXPANSIONS, SAME_M)
    body_m = grid.body_radius_m - (CORNER_M + grid.resolution_m / 2.0 if thorough else 0.0)
    turns = max(1, round(2 * math.pi / moves.turn_rad))
    start = (pose[0], pose[1], 0)
    origin = field.at(pose[:2])
    at_start = float(origin) if np.isfinite(origin) else math.inf
    queue: list[tuple[float, int, float, tuple[float, float, int], str]] = [(at_start, 0, 0.0, start, "")]
    done: set[tuple[int, int, int]] = set()
    best, best_left, count = "", at_start - SAMPLE_M, 0
    while queue and len(done) < most:
        _, _, spent, (x, y, k), first = heapq.heappop(queue)
        key = (round(x / same_m), round(y / same_m), k)
        if key in done:
            continue
        done.add(key)
        left = float(field.at((x, y)))
        if left < best_left:
            best, best_left = first, left
        if first and (left < at_start - HORIZON_M or math.hypot(x - point_m[0], y - point_m[1]) <= radius_m):
            return first
        yaw = pose[2] + k * moves.turn_rad
        for name, delta in (("turn_left", 1), ("turn_right", -1)):
            count += 1
            onward = (x, y, (k + delta) % turns)
            rest = left if math.isfinite(left) else 0.0
            heapq.heappush(queue, (spent + TURN_COST_M + rest, count, spent + TURN_COST_M, onward, first or name))
        if not first and not forward_now:
            continue
        air = swept_air_m(grid, x, y, yaw, moves.forward_m)
        if not may_pass(air, body_m):
            continue
        x, y = x + moves.forward_m * math.cos(yaw), y + moves.forward_m * math.sin(yaw)
        rest = float(field.at((x, y)))
        if math.isfinite(rest):
            tight = max(0.0, grid.body_radius_m + MARGIN_M - float(air.min())) / MARGIN_M
            cost = spent + moves.forward_m + TIGHT_COST_M * min(tight, 1.0)
            count += 1
            heapq.heappush(queue, (cost + rest, count, cost, (x, y, k), first or "move_forward"))
    return best or None if not thorough else None
