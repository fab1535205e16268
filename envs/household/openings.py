"""Doorways and windows: where the walls of a floor plan open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from .floorplan import CEILING_M, WALL_M, FloorPlan, Rect, inner, shared_wall
from .model import Doorway, RoomKind, Window

DOOR_M = (0.9, 2.05)  # width and height of doors
_PUBLIC: tuple[RoomKind, ...] = ("kitchen", "living room", "dining room")
_LEAF_ROOMS: tuple[RoomKind, ...] = ("bedroom", "bathroom", "office", "laundry room")


def doorways(rng: np.random.Generator, plan: FloorPlan) -> tuple[Doorway, ...]:
    """One doorway per joined pair: 0.85 to 1.2 m wide, wider between rooms for everybody, most without a leaf."""
    made = []
    for i, j in plan.joined:
        wall = shared_wall(plan.cells[i], plan.cells[j])
        if wall is None:
            raise ValueError(f"rooms {i} and {j} of the plan are joined and share no wall")
        along, across, start, end = wall
        kinds = (plan.kinds[i], plan.kinds[j])
        room = end - start - 0.2
        public = all(kind in _PUBLIC for kind in kinds)
        if public and room > 1.7 and rng.random() < 0.55:
            width = _centimetres(min(float(rng.uniform(1.4, 2.2)), room))
        else:
            width = _centimetres(min(float(rng.uniform(0.85, 1.2 if public else 1.0)), room))
        leaf = not public and any(kind in _LEAF_ROOMS for kind in kinds) and rng.random() < 0.4
        # Doorways near a corner leave the wall to furniture, and a leaf the way.
        t = float(rng.choice([0.0, 1.0])) if leaf or rng.random() < 0.65 else float(rng.random())
        if leaf:
            width = DOOR_M[0]
        slack = end - start - width - 0.2
        middle = round(start + 0.1 + width / 2 + t * slack, 3)
        centre = (middle, across) if along == "x" else (across, middle)
        made.append(Doorway((i, j), centre, "x" if along == "x" else "y", width, DOOR_M[1], leaf))
    return tuple(made)


def door_stand(doorway: Doorway, rects: Sequence[Rect]) -> tuple[int, int]:
    """Where a leaf swings: the index of the room, and the quarter turns of the door whose front looks into it.

    A door turns on its right post as seen from behind, so it opens into the room in which that post is nearer to a corner.
    """
    ways = (0, 2) if doorway.along == "y" else (1, 3)
    found = []
    for room in doorway.rooms:
        x0, y0, x1, y1 = rects[room]
        ahead = (x0 + x1) / 2 > doorway.centre[0] if doorway.along == "y" else (y0 + y1) / 2 > doorway.centre[1]
        quarter = ways[0] if ahead else ways[1]
        free = {0: doorway.centre[1] - y0, 1: x1 - doorway.centre[0], 2: y1 - doorway.centre[1], 3: doorway.centre[0] - x0}
        found.append((free[quarter], room, quarter))
    return min(found)[1:]


def windows(rng: np.random.Generator, plan: FloorPlan) -> tuple[Window, ...]:
    """Windows in outer walls: wide and low in living rooms, small and high in bathrooms, none in hallways."""
    made: list[Window] = []
    for index, kind in enumerate(plan.kinds):
        most = {"living room": 3, "bedroom": 2, "kitchen": 1, "dining room": 2, "office": 2, "bathroom": 1}.get(kind, 0)
        for along, across, start, end in _outer_walls(plan, index):
            if most == 0 or end - start < (0.9 if kind == "bathroom" else 1.3):
                continue
            width, sill, height = _window_size(rng, kind, end - start - 0.5)
            middle = round((start + end) / 2 + float(rng.uniform(-0.35, 0.35)) * max(end - start - width - 0.5, 0.0), 3)
            centre_z = round(sill + height / 2, 3)
            centre = (middle, across, centre_z) if along == "x" else (across, middle, centre_z)
            made.append(Window(index, centre, along, (width, height)))
            most -= 1
    return tuple(made)


def _window_size(rng: np.random.Generator, kind: RoomKind, room_m: float) -> tuple[float, float, float]:
    """Width, sill and height in metres."""
    if kind == "bathroom":
        return _centimetres(min(float(rng.uniform(0.5, 0.8)), room_m)), 1.45, 0.6
    if kind == "kitchen":
        return _centimetres(min(float(rng.uniform(0.9, 1.4)), room_m)), 1.15, 1.0
    if kind in ("living room", "dining room"):
        sill = float(rng.choice([0.35, 0.6, 0.85]))
        return _centimetres(min(float(rng.uniform(1.2, 2.2)), room_m)), sill, _centimetres(2.2 - sill)
    return _centimetres(min(float(rng.uniform(1.0, 1.6)), room_m)), 0.9, 1.25


def _outer_walls(plan: FloorPlan, index: int) -> list[tuple[Literal["x", "y"], float, float, float]]:
    """Stretches of a room's walls with nothing behind: direction, place across (middle of the wall), start and end along."""
    cell = plan.cells[index]
    x0, y0, x1, y1 = inner(cell)
    sides: list[tuple[Literal["x", "y"], float, float, float]] = [
        ("x", cell[1], x0, x1),
        ("x", cell[3], x0, x1),
        ("y", cell[0], y0, y1),
        ("y", cell[2], y0, y1),
    ]
    found: list[tuple[Literal["x", "y"], float, float, float]] = []
    for along, across, start, end in sides:
        spans = [(start, end)]
        for other, neighbour in enumerate(plan.cells):
            wall = shared_wall(cell, neighbour) if other != index else None
            if wall is None or wall[0] != along or abs(wall[1] - across) > 1e-6:
                continue
            low, high = wall[2] - WALL_M, wall[3] + WALL_M
            spans = [part for a, b in spans for part in ((a, min(b, low)), (max(a, high), b)) if part[1] - part[0] > 0.3]
        found += [(along, across, a, b) for a, b in spans]
    return sorted(found, key=lambda wall: wall[2] - wall[3])


def _centimetres(metres: float) -> float:
    return round(metres, 2)


assert CEILING_M > 2.2, "windows end at 2.2 m"
