"""How the body moves: a disc among rectangles, swept exactly, so that no step is long enough to tunnel."""

from __future__ import annotations

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
_X, _Y = np.array([1.0, 0.0]), np.array([0.0, 1.0])
_SIGNS = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])


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
    offset = _local(points[:, None, :] - prints.centre, prints.yaw)
    outside = np.maximum(np.abs(offset) - prints.half, 0.0)
    return np.asarray(np.hypot(outside[..., 0], outside[..., 1]).min(axis=1))


def free_m(
    start: NDArray[np.float64], direction: NDArray[np.float64], length_m: float, prints: Footprints, radius_m: float
) -> tuple[float, NDArray[np.float64]]:
    """How far a disc can go along a unit direction before it touches a rectangle, and the normal of what it touches.

    A disc against a rectangle is a point against the rectangle grown by the disc: two slabs and four corner circles. A
    disc that already touches may leave, and may not go deeper. Returns (metres in [0, length_m], (2,) unit normal or 0).
    """
    away = start - prints.centre
    reach = np.hypot(prints.half[:, 0], prints.half[:, 1]) + (length_m + radius_m + GAP_M)
    near = np.flatnonzero((away * away).sum(axis=1) < reach * reach)
    half, yaw = prints.half[near], prints.yaw[near]
    offset, way = _local(away[near], yaw), _local(np.broadcast_to(direction, (len(near), 2)), yaw)
    distance = _ray_rounded(offset, way, half, radius_m + GAP_M)
    if not len(distance) or distance.min() >= length_m:
        return length_m, np.zeros(2)
    k = int(distance.argmin())
    hit = offset[k] + way[k] * max(distance[k], 0.0)
    normal = _outward(hit, half[k])
    c, s = np.cos(yaw[k]), np.sin(yaw[k])
    return max(float(distance[k]), 0.0), np.array([c * normal[0] - s * normal[1], s * normal[0] + c * normal[1]])


def _local(vectors: NDArray[np.float64], yaw: NDArray[np.float64]) -> NDArray[np.float64]:
    c, s = np.cos(yaw), np.sin(yaw)
    return np.stack([c * vectors[..., 0] + s * vectors[..., 1], -s * vectors[..., 0] + c * vectors[..., 1]], axis=-1)


def _outward(point: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normal of a rectangle's boundary nearest to a point in its frame."""
    away = point - np.clip(point, -half, half)
    length = float(np.hypot(*away))
    if length > 1e-9:
        return np.asarray(away / length)
    depth = half - np.abs(point)
    axis = int(depth.argmin())
    normal = np.zeros(2)
    normal[axis] = 1.0 if point[axis] >= 0 else -1.0
    return normal


def _ray_rounded(
    start: NDArray[np.float64], way: NDArray[np.float64], half: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """(N,) distance along unit rays to rectangles with rounded corners, inf where they miss; 0 where going deeper inside."""
    corners = half[:, None, :] * _SIGNS
    with np.errstate(divide="ignore", invalid="ignore"):
        wide, tall = _ray_slab(start, way, half + _X * radius), _ray_slab(start, way, half + _Y * radius)
    round_ = _ray_circle(start[:, None, :] - corners, way[:, None, :], radius).min(axis=1)
    distance = np.minimum(np.minimum(wide, tall), round_)
    away = start - np.clip(start, -half, half)
    gap = np.hypot(away[:, 0], away[:, 1])
    inside = gap < radius + 1e-9  # touching, up to rounding
    for k in np.flatnonzero(inside):
        distance[k] = 0.0 if float(way[k] @ _outward(start[k], half[k])) < -1e-9 else np.inf
    return np.asarray(distance)


def _ray_slab(start: NDArray[np.float64], way: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    first, second = (-half - start) / way, (half - start) / way
    parallel = way == 0.0
    within = np.abs(start) <= half
    enter = np.where(parallel, np.where(within, -np.inf, np.inf), np.minimum(first, second)).max(axis=1)
    leave = np.where(parallel, np.where(within, np.inf, -np.inf), np.maximum(first, second)).min(axis=1)
    return np.where((enter <= leave) & (enter >= 0.0), enter, np.inf)


def _ray_circle(start: NDArray[np.float64], way: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    along = -(start * way).sum(axis=-1)
    inside = radius**2 - ((start**2).sum(axis=-1) - along**2)
    enter = along - np.sqrt(np.maximum(inside, 0.0))
    return np.where((inside >= 0.0) & (enter >= 0.0), enter, np.inf)


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


def counted(state: WorldState) -> WorldState:
    """The state one step later."""
    return replace(state, steps=state.steps + 1)


def _translate(state: WorldState, distance_m: float, prints: Footprints, sliding: bool) -> Moved:
    x, y, yaw = state.base
    shift = distance_m * np.array([np.cos(yaw), np.sin(yaw)])
    place, collided = slide(np.array([x, y]), shift, prints, sliding)
    return Moved(_at(state, place[0], place[1], yaw), collided)


def _at(state: WorldState, x: float, y: float, yaw: float) -> WorldState:
    wrapped = float((yaw + np.pi) % (2.0 * np.pi) - np.pi)
    return replace(state, base=np.array([x, y, wrapped], dtype=np.float64))
