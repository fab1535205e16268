"""Which rooms a camera can see into, through which doorways (portal culling, Luebke and Georges 1995).

Everything here errs on the side of seeing too much: what is culled changes no pixel.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .model import Apartment, Doorway

FULL = 2.0 * math.pi
_MARGIN_RAD = 0.02
_Corners = tuple[tuple[float, float], ...]


def heading_cone(T_world_camera: NDArray[np.float64], K: NDArray[np.float64]) -> tuple[float, float]:
    """The horizontal directions in view as (middle, half width) radians; half width pi where the view holds a vertical."""
    across, upward = (K[0, 2] + 0.5) / K[0, 0], (K[1, 2] + 0.5) / K[1, 1]
    (fx, fy), (ux, uy) = T_world_camera[:2, 2].tolist(), T_world_camera[:2, 1].tolist()
    rx, ry = T_world_camera[:2, 0].tolist()
    length, widest = math.hypot(fx, fy), 0.0
    if length < 1e-6:
        return 0.0, math.pi
    for a, b in ((across, upward), (across, -upward), (-across, upward), (-across, -upward)):
        x, y = fx + a * rx + b * ux, fy + a * ry + b * uy
        ahead, side = x * fx + y * fy, y * fx - x * fy
        if ahead <= 1e-6:
            return 0.0, math.pi
        widest = max(widest, abs(math.atan2(side, ahead)))
    return math.atan2(fy, fx), widest + _MARGIN_RAD


class RoomVisibility:
    """The doorways of an apartment, ready to be looked through."""

    def __init__(self, apartment: Apartment) -> None:
        self._rects = np.array([room.rect for room in apartment.rooms], dtype=np.float64)
        self._wall = apartment.wall_m
        self._of_room: list[list[tuple[int, _Corners]]] = [[] for _ in apartment.rooms]
        for doorway in apartment.doorways:
            first, second = doorway.rooms
            corners = _corners(doorway, apartment.wall_m)
            self._of_room[first].append((second, corners))
            self._of_room[second].append((first, corners))

    def visible(self, T_world_camera: NDArray[np.float64], K: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(rooms,) bool, True for each room that may hold a visible point."""
        x, y = T_world_camera[:2, 3].tolist()
        eye = np.array([x, y])
        middle, half = heading_cone(T_world_camera, K)
        seen = np.zeros(len(self._rects), dtype=bool)
        margin = self._wall + 0.05  # an eye in a doorway is in both rooms
        inside = ((eye >= self._rects[:, :2] - margin) & (eye <= self._rects[:, 2:] + margin)).all(axis=1)
        if not inside.any():
            return np.ones(len(self._rects), dtype=bool)
        for room in np.flatnonzero(inside):
            self._look(int(room), (x, y), middle, half, seen, (int(room),))
        return seen

    def _look(
        self, room: int, eye: tuple[float, float], middle: float, half: float, seen: NDArray[np.bool_], path: tuple[int, ...]
    ) -> None:
        seen[room] = True
        for other, corners in self._of_room[room]:
            if other in path:
                continue
            cone = _intersect(middle, half, *_span(corners, eye))
            if cone is not None:
                self._look(other, eye, *cone, seen, (*path, other))


def _corners(doorway: Doorway, wall_m: float) -> _Corners:
    along, across = doorway.width_m / 2 + 0.02, wall_m / 2 + 0.02
    dx, dy = (along, across) if doorway.along == "x" else (across, along)
    x, y = doorway.centre
    return ((x + dx, y + dy), (x + dx, y - dy), (x - dx, y + dy), (x - dx, y - dy))


def _span(corners: _Corners, eye: tuple[float, float]) -> tuple[float, float]:
    """The directions from the eye to a box, as (middle, half width); everything where the eye is in or at the box."""
    (x1, y1), *_, (x0, y0) = corners
    x, y = eye
    if x0 - 0.05 <= x <= x1 + 0.05 and y0 - 0.05 <= y <= y1 + 0.05:
        return 0.0, math.pi
    middle = math.atan2((y0 + y1) / 2 - y, (x0 + x1) / 2 - x)
    turns = [(math.atan2(b - y, a - x) - middle + math.pi) % FULL - math.pi for a, b in corners]
    low, high = min(turns) - _MARGIN_RAD, max(turns) + _MARGIN_RAD
    return middle + (low + high) / 2, (high - low) / 2


def _intersect(middle: float, half: float, other: float, other_half: float) -> tuple[float, float] | None:
    """A cone that holds the common directions of two cones, None where there are none."""
    if half >= math.pi:
        return other, other_half
    if other_half >= math.pi:
        return middle, half
    shift = (other - middle + math.pi) % FULL - math.pi
    low, high = max(-half, shift - other_half), min(half, shift + other_half)
    if low > high:
        return None
    return middle + (low + high) / 2, (high - low) / 2
