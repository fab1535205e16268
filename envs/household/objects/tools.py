"""What one works with in the house: hammer, screwdriver, wrench, watering can, brush."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, limb, move, turn
from ..model import Asset, Kind, Skill
from .craft import (
    STEEL,
    accent,
    along_x,
    band,
    bar,
    finish,
    paint,
    part,
    solid,
)

WORK = {
    "desk": 1.0,
    "washing machine": 3.0,
    "shoe rack": 1.0,
    "floor": 0.7,
    "bookshelf": 0.5,
    "shelf": 0.5,
    "kitchen counter": 0.5,
    "bench": 0.7,
}
TAKE: frozenset[Skill] = frozenset({"pickup"})
STRONG = ("red", "blue", "green", "yellow", "orange", "black")


def hammer(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A steel head across a long coloured handle, with a claw or a second face."""
    grip = limb([(-0.2, 0, 0.022), (-0.06, 0, 0.02), (0.085, 0, 0.022)], [0.021, 0.017, 0.015], 7)
    face = limb(
        [(0.09, 0.0, 0.024), (0.09, 0.045, 0.024), (0.09, 0.05, 0.024), (0.09, 0.068, 0.024)], [0.02, 0.016, 0.023, 0.023], 8
    )
    if shape == "clawed":
        claw = [
            limb(
                [(0.09 + s * 0.005, -0.005, 0.024), (0.09 + s * 0.012, -0.05, 0.028), (0.085 + s * 0.016, -0.085, 0.018)],
                [0.014, 0.010, 0.006],
                5,
            )
            for s in (-1, 1)
        ]
    else:
        claw = [move(turn(face, np.pi), (0.18, 0, 0))]
    return finish(("hammer", colour, material, shape), rng, [part(paint(colour, material), grip), part(STEEL, face, *claw)])


def screwdriver(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A fat ribbed handle and a steel blade."""
    length = {"long": 0.15, "stubby": 0.06}[shape]
    r = 0.021
    grip = move(
        along_x(
            lathe(
                [(0, -0.12), (0.75 * r, -0.12), (r, -0.1), (r, -0.03), (0.6 * r, -0.012), (0.75 * r, 0), (0, 0)],
                6,
                smooth=False,
            )
        ),
        (0, 0, r),
    )
    rod = [bar((-0.002, 0, r), (length, 0, r), 0.0075, 6), box((0.024, 0.022, 0.008), (length + 0.008, 0, r))]
    ring = move(along_x(band(0.98 * r, -0.09, -0.075, 6)), (0, 0, r))
    return finish(
        ("screwdriver", colour, material, shape),
        rng,
        [part(paint(colour, material), grip), part(STEEL, *rod), part(accent(colour, "black", "yellow"), ring)],
    )


def wrench(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat bar with open jaws at one end and a ring or more jaws at the other."""
    look = paint(colour, material)
    jaw = [extrude([(0.0, -0.03), (0.03, -0.032), (0.055, -0.025), (0.055, -0.013), (0.025, -0.013), (0.0, 0.0)], 0.016)]
    jaw += [extrude([(0.0, 0.03), (0.0, 0.0), (0.025, 0.013), (0.055, 0.013), (0.055, 0.025), (0.03, 0.032)], 0.016)]
    jaw += [extrude([(-0.03, -0.012), (0.0, -0.03), (0.022, -0.013), (0.022, 0.013), (0.0, 0.03), (-0.03, 0.012)], 0.016)]
    far = [move(m, (0.09, 0, 0)) for m in jaw]
    grip = box((0.2, 0.026, 0.016), (-0.03, 0, 0.008))
    if shape == "double":
        near = [move(turn(m, np.pi), (-0.14, 0, 0)) for m in jaw]
    else:
        t = np.linspace(0, 2 * np.pi, 9)
        near = [limb(np.column_stack([-0.145 + 0.024 * np.cos(t), 0.024 * np.sin(t), 0 * t + 0.01]), 0.010, 4)]
    inlay = box((0.11, 0.014, 0.003), (-0.03, 0, 0.017))
    return finish(
        ("wrench", colour, material, shape), rng, [part(look, grip, *far, *near), part(accent(colour, "black", "grey"), inlay)]
    )


def watering_can(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A tank with a long spout that ends in a rose, and a bow from top to back."""
    r, h = {"round": (0.085, 0.15), "tall": (0.065, 0.2)}[shape]
    tank = solid([(r, 0), (r, 0.7 * h), (0.6 * r, h)], 10)
    spout = limb([(0.8 * r, 0, 0.25 * h), (2.0 * r, 0, 0.75 * h), (2.7 * r, 0, 1.15 * h)], [0.024, 0.015, 0.012], 6)
    rose = move(turn(lathe([(0.012, -0.01), (0.034, 0.022), (0, 0.03)], 8), 1.0, (0, 1, 0)), (2.75 * r, 0, 1.17 * h))
    ear = limb(
        [
            (0.3 * r, 0, h - 0.01),
            (-0.2 * r, 0, 1.35 * h),
            (-1.3 * r, 0, 1.15 * h),
            (-1.5 * r, 0, 0.7 * h),
            (-0.9 * r, 0, 0.3 * h),
        ],
        0.012,
        5,
    )
    return finish(
        ("watering can", colour, material, shape),
        rng,
        [part(paint(colour, material), tank, spout, ear), part(accent(colour, "yellow", "grey"), rose)],
    )


def brush(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A paint brush with a steel band, or a wide dust brush."""
    if shape == "wide":
        back = box((0.055, 0.24, 0.03), (0, 0, 0.07))
        grip = limb([(0, 0.1, 0.075), (0, 0.2, 0.085), (0, 0.3, 0.08)], [0.016, 0.017, 0.015], 6)
        hair = extrude([(-0.025, -0.125), (0.025, -0.125), (0.025, 0.12), (-0.025, 0.12)], 0.06)
        return finish(
            ("brush", colour, material, shape),
            rng,
            [part(paint(colour, material), back, grip), part(accent(colour, "beige", "black"), hair)],
        )
    grip = limb([(-0.16, 0, 0.014), (-0.06, 0, 0.014), (0, 0, 0.014)], [0.014, 0.021, 0.024], 7)
    ferrule = box((0.045, 0.062, 0.024), (0.018, 0, 0.014))
    hair = extrude([(0.04, -0.03), (0.105, -0.034), (0.115, 0.0), (0.105, 0.034), (0.04, 0.03)], 0.022)
    return finish(
        ("brush", colour, material, shape),
        rng,
        [part(paint(colour, material), grip), part(STEEL, ferrule), part(accent(colour, "beige", "black"), hair)],
    )


KINDS = (
    Kind(
        "hammer", hammer, (*STRONG, "brown"), ("wooden", "rubber", "plastic"), ("clawed", "blunt"), ("mallet",), TAKE, on=WORK
    ),
    Kind("screwdriver", screwdriver, STRONG, ("plastic", "wooden"), ("long", "stubby"), (), TAKE, on=WORK),
    Kind("wrench", wrench, (*STRONG, "grey"), ("metal",), ("double", "ringed"), ("spanner",), TAKE, on=WORK),
    Kind(
        "watering can",
        watering_can,
        (*STRONG, "pink", "white", "grey"),
        ("metal", "plastic"),
        ("round", "tall"),
        ("watering pot",),
        TAKE,
        on={"floor": 2.0, "washing machine": 1.0, "bookshelf": 0.5, "shelf": 0.5, "kitchen counter": 0.5, "bench": 0.5},
    ),
    Kind("brush", brush, STRONG, ("wooden", "plastic"), ("flat", "wide"), ("paintbrush", "dust brush"), TAKE, on=WORK),
)
