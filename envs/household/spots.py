"""Free places on and in furniture for what the hand holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .leaves import leaves_of
from .rectangles import heights_of, meets_m, rectangle_of, turn_of, turned
from .state import WorldState, covered
from .targets import View
from .world import World

GAP_M = 0.012  # between things on a surface
LIFT_M = 0.001  # above what they stand on, so that the two faces do not fight for the pixel
_GRID_M = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What the hand holds with all that stands on it: the box (low, high) around it, (3,) metres in the held thing's frame."""

    ids: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def riding(state: WorldState, object_id: int) -> NDArray[np.int64]:
    """Ids of a thing and of everything that stands on or in it, directly or not."""
    if not (state.parent == object_id).any():
        return np.array([object_id])
    rides = np.zeros(len(state.parent), dtype=bool)
    rides[object_id] = True
    while True:
        more = rides | ((state.parent >= 0) & rides[state.parent])
        if np.array_equal(more, rides):
            return np.flatnonzero(rides)
        rides = more


def load_of(world: World, state: WorldState) -> Load:
    """What the hand holds."""
    ids, held = riding(state, state.held), state.pose[state.held]
    lows, highs, back = [], [], turn_of(-float(held[3]))
    for i in ids:
        asset, pose = world.apartment.objects[i].asset, state.pose[i]
        centre, half, yaw = rectangle_of(asset.bounds, pose)
        bottom, top = heights_of(asset, pose)
        middle, turn = (centre - held[:2]) @ back, float(yaw - held[3])
        c, s = abs(np.cos(turn)), abs(np.sin(turn))
        reach = np.array([[c, s], [s, c]]) @ half
        lows.append([*(middle - reach), bottom - held[2]])
        highs.append([*(middle + reach), top - held[2]])
    if len(ids) == 1:
        return Load(ids, np.array(lows[0]), np.array(highs[0]))
    return Load(ids, np.min(lows, axis=0), np.max(highs, axis=0))


def free_spots(
    world: World, state: WorldState, target: int, k: int, load: Load
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a load fits on surface k of a target: poses (N, 4) of the held thing, and points (N, 3) below its middle.

    Places 4 cm apart; as the target stands, and turned by a quarter. Nothing overlaps what stands there already.
    """
    surface = world.apartment.objects[target].asset.surfaces[k]
    centre, pose = _surface_centre(world, state, target, k), state.pose[target]
    if load.high[2] - load.low[2] > _headroom_m(world, state, target, k, centre) - 0.005:
        return _NO_POSES, _NO_POINTS
    taken = np.array(_boxes_on(world, state, target, k)).reshape(-1, 4)
    middle, half = (load.low + load.high)[:2] / 2, (load.high - load.low)[:2] / 2
    poses, points, turn, z = [], [], turn_of(float(pose[3])), pose[2] + centre[2]
    for quarter in (0, 1):
        size = half[::-1] if quarter else half
        spots = _clear(centre, surface.half_size, size, taken)
        if len(spots):
            there = np.empty((len(spots), 4))
            there[:, :2] = pose[:2] + (spots - middle @ _QUARTERS[quarter]) @ turn
            there[:, 2], there[:, 3] = z + LIFT_M - load.low[2], (pose[3] + quarter * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
            below = np.empty((len(spots), 3))
            below[:, :2], below[:, 2] = pose[:2] + spots @ turn, z
            poses.append(there)
            points.append(below)
    return (np.concatenate(poses), np.concatenate(points)) if poses else (_NO_POSES, _NO_POINTS)


_NO_POSES, _NO_POINTS = np.zeros((0, 4)), np.zeros((0, 3))
_QUARTERS = (turn_of(0.0), turn_of(np.pi / 2))


def _clear(
    centre: NDArray[np.float64],
    surface_half: tuple[float, float],
    half: NDArray[np.float64],
    taken: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(N, 2) middles of places for a box on a surface that overlap no box of `taken` (M, 4), row by row.

    A place and a box overlap where they do along x and along y: two small tables, joined by a product of truth values.
    """
    xs, ys = (_places(centre[axis], surface_half[axis] - half[axis]) for axis in (0, 1))
    if not (len(xs) and len(ys)):
        return _NO_POINTS[:, :2]
    if len(taken):
        over_x, over_y = (
            (at - half[axis] - GAP_M < taken[:, 2 + axis]) & (at + half[axis] + GAP_M > taken[:, axis])
            for axis, at in ((0, xs[:, None]), (1, ys[:, None]))
        )
        i, j = np.nonzero(~(over_x @ over_y.T))
    else:
        i, j = np.divmod(np.arange(len(xs) * len(ys)), len(ys))
    spots = np.empty((len(i), 2))
    spots[:, 0], spots[:, 1] = xs[i], ys[j]
    return spots


def _places(middle: float, reach_m: float) -> NDArray[np.float64]:
    """From a reach before a middle to as far behind it, at most 4 cm apart; none where the reach is negative."""
    if reach_m < 0.0:
        return _NO_POINTS[:, 0]
    steps = 2 * math.ceil(reach_m / _GRID_M)
    places = np.arange(steps + 1) * (2.0 * reach_m / max(steps, 1)) - reach_m
    places[-1] = reach_m  # what `np.linspace` gives, several times faster
    return np.asarray(middle + places)


def _surface_centre(world: World, state: WorldState, target: int, k: int) -> NDArray[np.float64]:
    """(3,) metres in the target's frame, where it is now: a drawer takes its surface along."""
    surface = world.apartment.objects[target].asset.surfaces[k]
    centre = np.array(surface.centre, dtype=np.float64)
    for index, mover in leaves_of(world, target):
        if mover.name == surface.mover and mover.kind == "slide":
            axis = np.asarray(mover.axis, dtype=np.float64)
            centre = centre + state.opening[index] * mover.range * axis / np.linalg.norm(axis)
    return centre


def _headroom_m(world: World, state: WorldState, target: int, k: int, centre: NDArray[np.float64]) -> float:
    """Free height above surface k, the middle of which is `centre`, also under what the target itself stands in."""
    things = world.apartment.objects
    bottom = state.pose[target, 2] + centre[2]
    ceiling = bottom + things[target].asset.surfaces[k].clearance_m
    while state.parent[target] >= 0:
        target, k = int(state.parent[target]), int(state.surface[target])
        if k >= 0:
            above = state.pose[target, 2] + things[target].asset.surfaces[k].centre[2]
            ceiling = min(ceiling, above + things[target].asset.surfaces[k].clearance_m)
    return float(ceiling - bottom)


def _boxes_on(world: World, state: WorldState, target: int, k: int) -> list[tuple[float, float, float, float]]:
    """x0, y0, x1, y1 in the target's frame of what stands on a surface."""
    pose, boxes, back = state.pose[target], [], turn_of(-float(state.pose[target, 3]))
    for i in np.flatnonzero((state.parent == target) & (state.surface == k)):
        centre, half, yaw = rectangle_of(world.apartment.objects[i].asset.bounds, state.pose[i])
        (x, y), turn = (centre - pose[:2]) @ back, float(yaw - pose[3])
        c, s = abs(np.cos(turn)), abs(np.sin(turn))
        dx, dy = c * half[0] + s * half[1], s * half[0] + c * half[1]
        boxes.append((x - dx, y - dy, x + dx, y + dy))
    return boxes


def pointed_at(
    world: World, state: WorldState, target: int, view: View, pixel_uv: tuple[int, int]
) -> tuple[int | None, NDArray[np.float64]]:
    """The uncovered surface of a target that the ray of a pixel meets first from above, and the point (2,) of the floor plan.

    Where it meets none (a worktop above the eyes, say), None and the point where it enters the target's bounds.
    """
    origin, direction = view.ray(pixel_uv)
    pose, asset = state.pose[target], world.apartment.objects[target].asset
    entry = meets_m(origin, direction, pose, np.array(asset.bounds.centre), np.array(asset.bounds.half_size))
    nearest, found = np.inf, None
    for k, surface in enumerate(asset.surfaces):
        centre = _surface_centre(world, state, target, k)
        if direction[2] >= -1e-6 or covered(world.apartment, state, target, k):
            continue
        along = float((pose[2] + centre[2] - origin[2]) / direction[2])
        offset = turned(origin[:2] + along * direction[:2] - pose[:2], -float(pose[3])) - centre[:2]
        if 0.0 < along < nearest and (np.abs(offset) <= np.array(surface.half_size) + 0.03).all():
            nearest, found = along, k
    along = min(nearest, entry) if found is None else nearest
    return found, (origin + along * direction)[:2] if np.isfinite(along) else state.base[:2]
