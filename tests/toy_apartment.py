"""A made-up apartment of two rooms and six things, small enough to work out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enactive.envs.household import meshes
from enactive.envs.household.env import Household
from enactive.envs.household.model import (
    COLOURS,
    Apartment,
    Asset,
    Box,
    Doorway,
    Material,
    Mover,
    Part,
    Placed,
    Room,
    Surface,
)
from enactive.envs.household.state import WorldState

TABLE, CABINET, LAMP, MUG, KNIFE, SCREEN = range(6)


def box_asset(category: str, size: tuple[float, float, float], colour: str, **extra: object) -> Asset:
    bounds = Box((0.0, 0.0, size[2] / 2), (size[0] / 2, size[1] / 2, size[2] / 2))
    part = Part(meshes.box(size, bounds.centre), Material(COLOURS[colour]))
    return Asset(category, colour, "wood", "square", (part,), (bounds,), bounds, **extra)  # type: ignore[arg-type]


def toy_apartment() -> Apartment:
    """Two rooms side by side, a doorway between them, and six things."""
    plain = Material(COLOURS["beige"])
    door = Mover("door", "hinge", (0, 0, 1), (0.3, 0.3, 0), 1.5, (Part(meshes.box((0.02, 0.6, 0.7), (0.31, 0, 0.4)), plain),))
    drawer = Mover("drawer", "slide", (1, 0, 0), (0, 0, 0), 0.3, (Part(meshes.box((0.02, 0.5, 0.1), (0.31, 0, 0.8)), plain),))
    inside = Surface("drawer", "in", (0.0, 0.0, 0.76), (0.2, 0.2), 0.1, "drawer")
    shades = tuple(
        Part(meshes.box((0.4, 0.4, 0.4), (0, 0, 1.2)), Material(COLOURS["yellow"], emission=e), when)  # type: ignore[arg-type]
        for when, e in (("on", 1.0), ("off", 0.0))
    )
    lamp = Asset(
        "floor lamp",
        "yellow",
        "metal",
        "round",
        shades,
        (Box((0, 0, 0.7), (0.1, 0.1, 0.7)),),
        Box((0, 0, 0.7), (0.2, 0.2, 0.7)),
    )
    mug = Asset(
        "mug",
        "red",
        "ceramic",
        "round",
        (Part(meshes.cylinder(0.05, 0.1), Material(COLOURS["red"])),),
        (),
        Box((0, 0, 0.05), (0.05, 0.05, 0.05)),
    )
    things = (
        box_asset("table", (1.0, 0.6, 0.7), "brown", surfaces=(Surface("top", "on", (0, 0, 0.7), (0.5, 0.3), 1.0),)),
        box_asset("cabinet", (0.6, 0.6, 0.85), "white", movers=(door, drawer), surfaces=(inside,)),
        lamp,
        mug,
        box_asset("knife", (0.1, 0.02, 0.01), "grey"),
        box_asset("screen", (0.02, 1.2, 1.8), "blue"),
    )
    places = (
        Placed(0, things[0], (2.0, 2.0, 0.0), 0.3, 0),
        Placed(1, things[1], (6.5, 3.0, 0.0), -np.pi / 2, 1),
        Placed(2, things[2], (7.5, 0.5, 0.0), 0.0, 1),
        Placed(3, things[3], (2.1, 2.0, 0.7), 0.0, 0, 0, "top"),
        Placed(4, things[4], (6.5, 3.0, 0.77), 0.0, 1, 1, "drawer"),
        Placed(5, things[5], (5.0, 0.8, 0.0), 0.0, 1),
    )
    rooms = (Room("kitchen", "kitchen", (0, 0, 3.94, 4), plain, plain), Room("office", "office", (4.06, 0, 8, 4), plain, plain))
    doorway = Doorway((0, 1), (4.0, 2.0), "y", 0.9, 2.05, False)
    return Apartment(11, rooms, (doorway,), (), places, 2.6, 0.12)


def at(env: Household, x: float, y: float, yaw: float, pitch: float = 0.0) -> WorldState:
    """The state of an environment with the body at another place."""
    return replace(env.state, base=np.array([x, y, yaw]), pitch_rad=pitch)
