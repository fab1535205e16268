"""Free floor before the body for what the hand holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .facts import KINDS
from .motion import BODY_RADIUS_M, free_m
from .rectangles import Rectangle, distance_m, heights_of, overlap, rectangle_of, turned
from .spots import GAP_M, LIFT_M, Load
from .state import WorldState
from .world import World

_ASIDE_RAD = np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0, 45.0, -45.0])
_AHEAD_M = np.arange(BODY_RADIUS_M + 0.1, 1.2, 0.08)
_CLEAR_M = 0.08  # left free around the body, so that it can turn away


def floor_spot(world: World, state: WorldState, load: Load) -> NDArray[np.float64] | None:
    """Pose (4,) of the held thing on the floor: straight ahead and near first, on a rug where one lies; None if none is free.

    The way to it must be free too, so that nothing is put through a wall.
    """
    prints = world.obstacles.footprints(state)
    things, rugs = _standing_on_the_floor(world, state)
    base, heading = state.base[:2], float(state.base[2])
    offset = turned((load.low + load.high)[:2] / 2, heading)
    for aside in _ASIDE_RAD:
        direction = np.array([np.cos(heading + aside), np.sin(heading + aside)])
        reach, _ = free_m(base, direction, float(_AHEAD_M[-1]), prints, 0.02)
        for ahead in _AHEAD_M[reach >= _AHEAD_M]:
            middle = base + ahead * direction
            place: Rectangle = (middle, (load.high - load.low)[:2] / 2, heading)
            if distance_m(base, place) < BODY_RADIUS_M + _CLEAR_M or not _on_floor(world, place):
                continue
            if _hits(place, _boxes(things)) or _hits(place, (prints.centre, prints.half, prints.yaw)):
                continue
            under = [top for rug, top in rugs if overlap(place, *_boxes([rug]))[0]]
            return np.array([*(middle - offset), max(under, default=0.0) + LIFT_M - load.low[2], heading])
    return None


def _hits(place: Rectangle, boxes: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]) -> bool:
    return bool(overlap(place, *boxes, GAP_M).any())


def _boxes(rectangles: list[Rectangle]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    centre, half, yaw = ([each[k] for each in rectangles] for k in range(3))
    return np.array(centre).reshape(-1, 2), np.array(half).reshape(-1, 2), np.array(yaw)


def _on_floor(world: World, rectangle: Rectangle) -> bool:
    """Whether every corner of a rectangle lies on the floor of a room or a doorway."""
    centre, half, yaw = rectangle
    corners = centre + turned(half * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]), yaw)
    inside = np.asarray((corners[:, None] >= world.floors[:, :2]) & (corners[:, None] <= world.floors[:, 2:]))
    return bool(np.all(np.any(np.all(inside, axis=2), axis=1)))


def _standing_on_the_floor(world: World, state: WorldState) -> tuple[list[Rectangle], list[tuple[Rectangle, float]]]:
    """Rectangles of what stands on the floor, and of what lies flat on it and can be stood on, with its height."""
    things, rugs = [], []
    for placed in world.apartment.objects:
        i = placed.id
        if state.parent[i] >= 0 or i == state.held:
            continue
        bottom, top = heights_of(placed.asset, state.pose[i])
        rectangle = rectangle_of(placed.asset.bounds, state.pose[i])
        kind = KINDS.get(placed.asset.category)
        if kind is not None and kind.stand == "rug":
            rugs.append((rectangle, top))
        elif bottom < 0.5:
            things.append(rectangle)
    return things, rugs
