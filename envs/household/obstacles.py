"""What the body can run into: upright boxes, seen from above, that follow the state of the apartment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Apartment, Mover
from .state import WorldState, movers

BODY_HEIGHT_M = 0.95
SMALLEST_M = 0.15  # what is smaller is rolled over


@dataclass(frozen=True, slots=True, eq=False)
class Footprints:
    """Rectangles on the floor plan. centre, half: (N, 2) metres; yaw: (N,) rad; owner: (N,) int32 object id, -1 = a wall."""

    centre: NDArray[np.float64]
    half: NDArray[np.float64]
    yaw: NDArray[np.float64]
    owner: NDArray[np.int32]


class Obstacles:
    """The solids of an apartment that reach below 0.95 m: walls, furniture, leaves of doors and drawers, big small things.

    walls: (W, 6) boxes x0, y0, x1, y1, z0, z1, metres, as `shell.solids` gives them.
    """

    def __init__(self, apartment: Apartment, walls: NDArray[np.float64]) -> None:
        low = np.asarray(walls, dtype=np.float64)[walls[:, 4] < BODY_HEIGHT_M]
        self._wall_centre, self._wall_half = (low[:, :2] + low[:, 2:4]) / 2, (low[:, 2:4] - low[:, :2]) / 2
        self._movers = movers(apartment)
        big = [p for p in apartment.objects if 2.0 * max(p.asset.bounds.half_size) >= SMALLEST_M]
        boxes = [(box.centre, box.half_size, p.id) for p in big for box in p.asset.solids]
        self._centre = np.array([box[0] for box in boxes], dtype=np.float64).reshape(-1, 3)
        self._half = np.array([box[1] for box in boxes], dtype=np.float64).reshape(-1, 3)
        self._owner = np.array([box[2] for box in boxes] + [owner for owner, _ in self._movers], dtype=np.int32)
        self._cached: tuple[WorldState, Footprints] | None = None

    def footprints(self, state: WorldState) -> Footprints:
        """What blocks the body in a state; the same object as long as nothing that blocks has moved."""
        if self._cached is not None:
            old, prints = self._cached
            if old.pose is state.pose and old.opening is state.opening and old.held == state.held:
                return prints
        now = self._compute(state)
        if self._cached is not None and _equal(self._cached[1], now):
            now = self._cached[1]
        self._cached = (state, now)
        return now

    def _compute(self, state: WorldState) -> Footprints:
        leaves = [leaf_box(mover, float(o)) for (_, mover), o in zip(self._movers, state.opening, strict=True)]
        centre = np.concatenate([self._centre, np.array([leaf[0] for leaf in leaves]).reshape(-1, 3)])
        half = np.concatenate([self._half, np.array([leaf[1] for leaf in leaves]).reshape(-1, 3)])
        turned = np.concatenate([np.zeros(len(self._centre)), np.array([leaf[2] for leaf in leaves])])
        pose = state.pose[self._owner]
        c, s = np.cos(pose[:, 3]), np.sin(pose[:, 3])
        xy = pose[:, :2] + np.column_stack([c * centre[:, 0] - s * centre[:, 1], s * centre[:, 0] + c * centre[:, 1]])
        z = pose[:, 2] + centre[:, 2]
        blocks = (z - half[:, 2] < BODY_HEIGHT_M) & (z + half[:, 2] > 0.02) & (self._owner != state.held)
        walls = len(self._wall_centre)
        return Footprints(
            np.concatenate([self._wall_centre, xy[blocks]]),
            np.concatenate([self._wall_half, half[blocks, :2]]),
            np.concatenate([np.zeros(walls), (pose[:, 3] + turned)[blocks]]),
            np.concatenate([np.full(walls, -1, dtype=np.int32), self._owner[blocks]]),
        )


def _equal(one: Footprints, other: Footprints) -> bool:
    names = ("centre", "half", "yaw", "owner")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def leaf_box(mover: Mover, opening: float) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The box around a door, lid or drawer in its object's frame: centre (3,), half size (3,) metres, yaw rad."""
    vertices = np.concatenate([part.mesh.vertices for part in mover.parts]).astype(np.float64)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    axis = np.asarray(mover.axis, dtype=np.float64) / np.linalg.norm(mover.axis)
    travel = opening * mover.range
    if mover.kind == "slide":
        return (low + high) / 2 + travel * axis, (high - low) / 2, 0.0
    origin = np.asarray(mover.origin, dtype=np.float64)
    if abs(axis[2]) > 0.99:
        yaw = float(np.sign(axis[2]) * travel)
        return origin + _turn(((low + high) / 2 - origin)[None], np.array([0.0, 0.0, 1.0]), yaw)[0], (high - low) / 2, yaw
    turned = origin + _turn(vertices - origin, axis, travel)
    low, high = turned.min(axis=0), turned.max(axis=0)
    return (low + high) / 2, (high - low) / 2, 0.0


def _turn(points: NDArray[np.float64], axis: NDArray[np.float64], angle_rad: float) -> NDArray[np.float64]:
    """Rotate points (N, 3) around an axis through the origin (Rodrigues)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return points * c + np.cross(axis, points) * s + np.outer(points @ axis, axis) * (1.0 - c)
