"""Walls as geometry: the four inner faces of a room with their holes, and the boxes that block a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .model import Apartment, Room

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hole:
    """An opening in a wall face: u along the face and v up, metres; index into the apartment's doorways or windows."""

    kind: Literal["doorway", "window"]
    index: int
    u: Span
    v: Span


@dataclass(frozen=True, slots=True)
class Face:
    """The inner face of one wall, seen from inside its room: u runs to the right from `origin`, v up from the floor."""

    room: int
    name: str
    origin: tuple[float, float]
    right: tuple[float, float]
    inward: tuple[float, float]
    length_m: float
    height_m: float
    holes: tuple[Hole, ...]

    def point(self, u: float, v: float, inward_m: float = 0.0) -> tuple[float, float, float]:
        """The world point at (u, v), moved into the room by `inward_m`."""
        x = self.origin[0] + u * self.right[0] + inward_m * self.inward[0]
        return x, self.origin[1] + u * self.right[1] + inward_m * self.inward[1], v

    def along(self, x: float, y: float) -> float:
        """u of a world point."""
        return (x - self.origin[0]) * self.right[0] + (y - self.origin[1]) * self.right[1]

    def before(self, x: float, y: float) -> float:
        """How far a world point lies in front of the face, metres."""
        return (x - self.origin[0]) * self.inward[0] + (y - self.origin[1]) * self.inward[1]


def faces(apartment: Apartment, room: int) -> tuple[Face, ...]:
    """The four faces of a room: south (y0), east (x1), north (y1), west (x0)."""
    x0, y0, x1, y1 = apartment.rooms[room].rect
    sides = (
        ("south", (x1, y0), (-1.0, 0.0), (0.0, 1.0), x1 - x0),
        ("east", (x1, y1), (0.0, -1.0), (-1.0, 0.0), y1 - y0),
        ("north", (x0, y1), (1.0, 0.0), (0.0, -1.0), x1 - x0),
        ("west", (x0, y0), (0.0, 1.0), (1.0, 0.0), y1 - y0),
    )
    made = []
    for name, origin, right, inward, length in sides:
        bare = Face(room, name, origin, right, inward, length, apartment.ceiling_m, ())
        made.append(Face(room, name, origin, right, inward, length, apartment.ceiling_m, _holes(apartment, bare)))
    return tuple(made)


def _holes(apartment: Apartment, face: Face) -> tuple[Hole, ...]:
    along = "x" if face.inward[0] == 0.0 else "y"
    found = []
    for index, doorway in enumerate(apartment.doorways):
        if face.room in doorway.rooms and doorway.along == along and _in_wall(apartment, face, doorway.centre):
            u = face.along(*doorway.centre)
            span = (u - doorway.width_m / 2, u + doorway.width_m / 2)
            found.append(Hole("doorway", index, span, (0.0, doorway.height_m)))
    for index, window in enumerate(apartment.windows):
        x, y, z = window.centre
        if face.room == window.room and window.along == along and _in_wall(apartment, face, (x, y)):
            u, (width, height) = face.along(x, y), window.size
            found.append(Hole("window", index, (u - width / 2, u + width / 2), (z - height / 2, z + height / 2)))
    return tuple(found)


def _in_wall(apartment: Apartment, face: Face, centre: tuple[float, float]) -> bool:
    return abs(face.before(*centre) + apartment.wall_m / 2) < 1e-3


def solids(apartment: Apartment) -> NDArray[np.float64]:
    """Boxes of the walls that block a body, with gaps at doorways: (N, 6) world metres, x0, y0, x1, y1, z0, z1.

    Boxes reach over the corners; above each doorway lies a lintel. Windows block like walls.
    """
    boxes: list[tuple[float, float, float, float, float, float]] = []
    for room in apartment.rooms:
        for along, across, start, end in _slabs(room, apartment.wall_m):
            gaps = []
            for doorway in apartment.doorways:
                middle, place = doorway.centre if along == "x" else doorway.centre[::-1]
                if doorway.along == along and across[0] < place < across[1] and start < middle < end:
                    gaps.append((middle - doorway.width_m / 2, middle + doorway.width_m / 2, doorway.height_m))
            at = start
            for low, high, top in sorted(gaps):
                boxes.append(_slab_box(along, across, at, low, 0.0, apartment.ceiling_m))
                boxes.append(_slab_box(along, across, low, high, top, apartment.ceiling_m))
                at = high
            boxes.append(_slab_box(along, across, at, end, 0.0, apartment.ceiling_m))
    return np.array(boxes, dtype=np.float64)


def _slabs(room: Room, wall_m: float) -> tuple[tuple[str, Span, float, float], ...]:
    x0, y0, x1, y1 = room.rect
    return (
        ("x", (y0 - wall_m, y0), x0 - wall_m, x1 + wall_m),
        ("x", (y1, y1 + wall_m), x0 - wall_m, x1 + wall_m),
        ("y", (x0 - wall_m, x0), y0 - wall_m, y1 + wall_m),
        ("y", (x1, x1 + wall_m), y0 - wall_m, y1 + wall_m),
    )


def _slab_box(
    along: str, across: Span, start: float, end: float, z0: float, z1: float
) -> tuple[float, float, float, float, float, float]:
    if along == "x":
        return start, across[0], end, across[1], z0, z1
    return across[0], start, across[1], end, z0, z1
