"""Which rooms a camera can see into, through which doorways (portal culling, Luebke and Georges 1995).

Everything here errs on the side of seeing too much: what is culled changes no pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .model import Apartment, Doorway

FULL = 2.0 * np.pi
_MARGIN_RAD = 0.02


def heading_cone(T_world_camera: NDArray[np.float64], K: NDArray[np.float64]) -> tuple[float, float]:
    """The horizontal directions in view as (middle, half width) radians; half width pi where the view holds a vertical."""
    cx, cy = K[0, 2] + 0.5, K[1, 2] + 0.5
    corners = np.array([[sx * cx / K[0, 0], sy * cy / K[1, 1], 1.0] for sx in (-1, 1) for sy in (-1, 1)])
    world = corners @ T_world_camera[:3, :3].T
    forward = T_world_camera[:2, 2]
    length = float(np.hypot(*forward))
    ahead = world[:, :2] @ forward / max(length, 1e-9)
    if length < 1e-6 or (ahead <= 1e-6).any():
        return 0.0, np.pi
    side = world[:, :2] @ np.array([-forward[1], forward[0]]) / length
    return float(np.arctan2(forward[1], forward[0])), float(np.abs(np.arctan2(side, ahead)).max()) + _MARGIN_RAD


class RoomVisibility:
    """The doorways of an apartment, ready to be looked through."""

    def __init__(self, apartment: Apartment) -> None:
        self._rects = np.array([room.rect for room in apartment.rooms], dtype=np.float64)
        self._wall = apartment.wall_m
        self._of_room: list[list[tuple[int, NDArray[np.float64]]]] = [[] for _ in apartment.rooms]
        for doorway in apartment.doorways:
            first, second = doorway.rooms
            corners = _corners(doorway, apartment.wall_m)
            self._of_room[first].append((second, corners))
            self._of_room[second].append((first, corners))

    def visible(self, T_world_camera: NDArray[np.float64], K: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(rooms,) bool, True for each room that may hold a visible point."""
        eye = T_world_camera[:2, 3]
        middle, half = heading_cone(T_world_camera, K)
        seen = np.zeros(len(self._rects), dtype=bool)
        margin = self._wall + 0.05  # an eye in a doorway is in both rooms
        inside = ((eye >= self._rects[:, :2] - margin) & (eye <= self._rects[:, 2:] + margin)).all(axis=1)
        if not inside.any():
            return np.ones(len(self._rects), dtype=bool)
        for room in np.flatnonzero(inside):
            self._look(int(room), eye, middle, half, seen, (int(room),))
        return seen

    def _look(
        self, room: int, eye: NDArray[np.float64], middle: float, half: float, seen: NDArray[np.bool_], path: tuple[int, ...]
    ) -> None:
        seen[room] = True
        for other, corners in self._of_room[room]:
            if other in path:
                continue
            cone = _intersect(middle, half, *_span(corners, eye))
            if cone is not None:
                self._look(other, eye, *cone, seen, (*path, other))


def _corners(doorway: Doorway, wall_m: float) -> NDArray[np.float64]:
    along = np.array([1.0, 0.0]) if doorway.along == "x" else np.array([0.0, 1.0])
    across = along[::-1]
    centre = np.asarray(doorway.centre, dtype=np.float64)
    width, depth = along * (doorway.width_m / 2 + 0.02), across * (wall_m / 2 + 0.02)
    return np.array([centre + width + depth, centre + width - depth, centre - width + depth, centre - width - depth])


def _span(corners: NDArray[np.float64], eye: NDArray[np.float64]) -> tuple[float, float]:
    """The directions from the eye to a box, as (middle, half width); everything where the eye is in or at the box."""
    low, high = corners.min(axis=0) - 0.05, corners.max(axis=0) + 0.05
    if ((eye >= low) & (eye <= high)).all():
        return 0.0, np.pi
    offset = corners - eye
    towards = corners.mean(axis=0) - eye
    middle = float(np.arctan2(towards[1], towards[0]))
    angle = np.arctan2(offset[:, 1], offset[:, 0]) - middle
    angle = (angle + np.pi) % FULL - np.pi
    low_rad, high_rad = float(angle.min()) - _MARGIN_RAD, float(angle.max()) + _MARGIN_RAD
    return middle + (low_rad + high_rad) / 2, (high_rad - low_rad) / 2


def _intersect(middle: float, half: float, other: float, other_half: float) -> tuple[float, float] | None:
    """A cone that holds the common directions of two cones, None where there are none."""
    if half >= np.pi:
        return other, other_half
    if other_half >= np.pi:
        return middle, half
    shift = (other - middle + np.pi) % FULL - np.pi
    low, high = max(-half, shift - other_half), min(half, shift + other_half)
    if low > high:
        return None
    return middle + (low + high) / 2, (high - low) / 2
