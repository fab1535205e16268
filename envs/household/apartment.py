"""An apartment from a seed: floor plan, openings, finishes, furniture, small things; each stage has its own random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .arrange import Furnisher
from .finishes import choose_finishes
from .floorplan import CEILING_M, WALL_M, FloorPlan, inner, plan_floor
from .furniture import FURNITURE
from .model import Apartment, Kind, Placed, Room
from .objects import OBJECTS
from .openings import doorways, windows
from .scatter import Scatterer

_PLAN, _OPENINGS, _FINISHES, _FURNITURE, _THINGS = range(5)


def stage_rng(seed: int, stage: int) -> np.random.Generator:
    """The random numbers of one stage, so that a change in one does not shift those of the next."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stage])))


def make_apartment(seed: int, rooms: int | None = None) -> Apartment:
    """Make the apartment of a seed (>= 0): 40-140 m2, `rooms` of 3 to 8 rooms (None draws a number), furnished.

    The same seed gives the same bytes. The middle lies near the world's origin, the floor at z = 0. Raises ConfigError
    where `rooms` is out of range.
    """
    plan = plan_floor(stage_rng(seed, _PLAN), rooms)
    opened = stage_rng(seed, _OPENINGS)
    joined = doorways(opened, plan)
    empty = Apartment(
        seed=seed,
        rooms=_finished_rooms(stage_rng(seed, _FINISHES), plan),
        doorways=joined,
        windows=windows(opened, plan),
        objects=(),
        ceiling_m=CEILING_M,
        wall_m=WALL_M,
    )
    return replace(empty, objects=_furnished(empty, FURNITURE, OBJECTS))


def _furnished(
    apartment: Apartment, furniture_kinds: Mapping[str, Kind], object_kinds: Mapping[str, Kind]
) -> tuple[Placed, ...]:
    """Furniture room by room, then the things on it; ids count from 0."""
    furniture: list[Placed] = []
    for index in range(len(apartment.rooms)):
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([apartment.seed, _FURNITURE, index])))
        for placed in Furnisher(apartment, index, furniture_kinds, object_kinds, rng).furnish():
            furniture.append(replace(placed, id=len(furniture)))
    area = sum((r.rect[2] - r.rect[0]) * (r.rect[3] - r.rect[1]) for r in apartment.rooms)
    kinds = [room.kind for room in apartment.rooms]
    scatterer = Scatterer(furniture, kinds, furniture_kinds, object_kinds, stage_rng(apartment.seed, _THINGS), area)
    return (*furniture, *scatterer.scatter())


def _finished_rooms(rng: np.random.Generator, plan: FloorPlan) -> tuple[Room, ...]:
    made = []
    for index, (kind, cell) in enumerate(zip(plan.kinds, plan.cells, strict=True)):
        same = [other for other, kind_ in enumerate(plan.kinds) if kind_ == kind]
        name = kind if len(same) == 1 else f"{kind} {same.index(index) + 1}"
        floor, wall = choose_finishes(rng, kind)
        x0, y0, x1, y1 = inner(cell)
        made.append(Room(name, kind, (round(x0, 4), round(y0, 4), round(x1, 4), round(y1, 4)), floor, wall))
    return tuple(made)
