"""How the body moves: a disc among rectangles, swept exactly, so that no step is long enough to tunnel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .obstacles import Footprints
from .state import WorldState

BODY_RADIUS_M = 0.18
FORWARD_M = 0.25
TURN_RAD = float(np.deg2rad(30.0))
LOOK_RAD = float(np.deg2rad(30.0))
PITCH_LIMIT_RAD = float(np.deg2rad(60.0))
GAP_M = 1e-4  # left between the body and what it touches, so that rounding never puts it inside


@dataclass(frozen=True, slots=True)
class Moved:
    """The outcome of a motion: the new state, and whether something stood in the way."""

    state: WorldState
    collided: bool


def clearance_m(xy: NDArray[np.float64], prints: Footprints) -> NDArray[np.float64]:
    """(N,) distance of points (N, 2) to the nearest rectangle, metres; 0 inside, inf where there are none."""
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    if not len(prints.yaw):
        return np.full(len(points), np.inf)
    away = points[:, None, :] - prints.centre
    c, s = np.cos(prints.yaw), np.sin(prints.yaw)
    x = np.maximum(np.abs(c * away[..., 0] + s * away[..., 1]) - prints.half[:, 0], 0.0)
    y = np.maximum(np.abs(c * away[..., 1] - s * away[..., 0]) - prints.half[:, 1], 0.0)
    return np.asarray(np.hypot(x, y).min(axis=1))


def free_m(
    start: NDArray[np.float64], direction: NDArray[np.float64], length_m: float, prints: Footprints, radius_m: float
) -> tuple[float, NDArray[np.float64]]:
    """How far a disc can go along a unit direction before it touches a rectangle, and the normal of what it touches.

    A disc against a rectangle is a point against the rectangle grown by the disc: two slabs and four corner circles. A
    disc that already touches may leave, and may not go deeper. Returns (metres in [0, length_m], (2,) unit normal or 0).
    """
    away = start - prints.centre
    reach = np.hypot(prints.half[:, 0], prints.half[:, 1]) + (length_m + radius_m + GAP_M)
    free, normal, (dx, dy) = length_m, (0.0, 0.0), (float(direction[0]), float(direction[1]))
    for k in np.flatnonzero((away * away).sum(axis=1) < reach * reach):  # a handful: plain numbers are fastest
        c, s = math.cos(prints.yaw[k]), math.sin(prints.yaw[k])
        x, y = away[k].tolist()
        place, way = (c * x + s * y, c * y - s * x), (c * dx + s * dy, c * dy - s * dx)
        half = prints.half[k].tolist()
        distance = _touch(place, way, half, radius_m + GAP_M)
        if distance < free:
            nx, ny = _outward((place[0] + way[0] * distance, place[1] + way[1] * distance), half)
            free, normal = distance, (c * nx - s * ny, s * nx + c * ny)
    return free, np.array(normal)


_Pair = Sequence[float]


def _touch(place: _Pair, way: _Pair, half: _Pair, radius: float) -> float:
    """Distance along a unit ray to a rectangle with rounded corners, inf where it misses; 0 where it would go deeper in."""
    gap = math.hypot(max(abs(place[0]) - half[0], 0.0), max(abs(place[1]) - half[1], 0.0))
    if gap < radius + 1e-9:  # touching, up to rounding
        normal = _outward(place, half)
        return 0.0 if way[0] * normal[0] + way[1] * normal[1] < -1e-9 else math.inf
    distance = min(
        _slab(place, way, (half[0] + radius, half[1])),
        _slab(place, way, (half[0], half[1] + radius)),
    )
    for sx in (-1.0, 1.0):
        for sy in (-1.0, 1.0):
            x, y = place[0] - sx * half[0], place[1] - sy * half[1]
            along = -(x * way[0] + y * way[1])
            inside = radius * radius - (x * x + y * y - along * along)
            if inside >= 0.0 and along >= 0.0:
                distance = min(distance, along - math.sqrt(inside))
    return distance


def _slab(place: _Pair, way: _Pair, half: _Pair) -> float:
    """Distance along a ray from outside to an upright box around the origin, inf where it misses."""
    enter, leave = 0.0, math.inf
    for p, d, h in zip(place, way, half, strict=True):
        if d == 0.0:
            if abs(p) > h:
                return math.inf
            continue
        first, second = (-h - p) / d, (h - p) / d
        enter, leave = max(enter, min(first, second)), min(leave, max(first, second))
    return enter if enter <= leave else math.inf


def _outward(place: _Pair, half: _Pair) -> tuple[float, float]:
    """Unit normal of a rectangle's boundary nearest to a place in its frame."""
    x = place[0] - min(max(place[0], -half[0]), half[0])
    y = place[1] - min(max(place[1], -half[1]), half[1])
    length = math.hypot(x, y)
    if length > 1e-9:
        return x / length, y / length
    if half[0] - abs(place[0]) < half[1] - abs(place[1]):
        return math.copysign(1.0, place[0]), 0.0
    return 0.0, math.copysign(1.0, place[1])


def slide(
    start: NDArray[np.float64], shift: NDArray[np.float64], prints: Footprints, sliding: bool, radius_m: float = BODY_RADIUS_M
) -> tuple[NDArray[np.float64], bool]:
    """Move a disc from `start` by `shift` (2,) metres: up to contact, and with `sliding` on along what it touches."""
    place, left, collided = np.asarray(start, dtype=np.float64), np.asarray(shift, dtype=np.float64), False
    for _ in range(4 if sliding else 1):
        length = float(np.hypot(*left))
        if length < 1e-9:
            break
        direction = left / length
        travel, normal = free_m(place, direction, length, prints, radius_m)
        place = place + direction * travel
        if not normal.any():
            break
        collided = True
        left = left - direction * travel
        left = left - normal * min(float(left @ normal), 0.0)
    return place, collided


def discrete(state: WorldState, name: str, prints: Footprints, sliding: bool = False) -> Moved:
    """One of the six discrete moves by name; `stop` stands still."""
    x, y, yaw = state.base
    if name == "move_forward":
        return _translate(state, FORWARD_M, prints, sliding)
    if name in ("turn_left", "turn_right"):
        return Moved(_at(state, x, y, yaw + (TURN_RAD if name == "turn_left" else -TURN_RAD)), False)
    if name in ("look_up", "look_down"):
        pitch = state.pitch_rad + (LOOK_RAD if name == "look_up" else -LOOK_RAD)
        return Moved(replace(state, pitch_rad=float(np.clip(pitch, -PITCH_LIMIT_RAD, PITCH_LIMIT_RAD))), False)
    return Moved(state, False)


def twist(
    state: WorldState, velocity_m_s: float, turn_rad_s: float, duration_s: float, prints: Footprints, sliding: bool = False
) -> Moved:
    """Drive with a constant twist for a while: the arc as chords of at most 5 degrees, each swept."""
    pieces = max(1, int(np.ceil(abs(turn_rad_s) * duration_s / np.deg2rad(5.0))))
    step_m, step_rad = velocity_m_s * duration_s / pieces, turn_rad_s * duration_s / pieces
    # The chord of an arc is shorter than the arc by sin(a/2)/(a/2).
    chord = step_m * float(np.sinc(step_rad / 2.0 / np.pi))
    collided = False
    for _ in range(pieces):
        x, y, yaw = state.base
        moved = _translate(_at(state, x, y, yaw + step_rad / 2.0), chord, prints, sliding)
        x, y, yaw = moved.state.base
        state, collided = _at(moved.state, x, y, yaw + step_rad / 2.0), collided or moved.collided
    return Moved(state, collided)


def counted(state: WorldState, collided: bool = False) -> WorldState:
    """The state one step later."""
    return replace(state, steps=state.steps + 1, collisions=state.collisions + collided)


def _translate(state: WorldState, distance_m: float, prints: Footprints, sliding: bool) -> Moved:
    x, y, yaw = state.base
    shift = distance_m * np.array([np.cos(yaw), np.sin(yaw)])
    place, collided = slide(np.array([x, y]), shift, prints, sliding)
    return Moved(_at(state, place[0], place[1], yaw), collided)


def _at(state: WorldState, x: float, y: float, yaw: float) -> WorldState:
    wrapped = float((yaw + np.pi) % (2.0 * np.pi) - np.pi)
    return replace(state, base=np.array([x, y, wrapped], dtype=np.float64))
