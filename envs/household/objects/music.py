"""String instruments."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, move
from ..model import Asset, Kind, Skill
from .craft import (
    DARK,
    STEEL,
    WOOD,
    disc,
    finish,
    paint,
    part,
    puff,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})


def _strung(
    name: str, colour: str, material: str, shape: str, rng: np.random.Generator, plan: tuple[float, float, float, float]
) -> Asset:
    """A lying body of two round bouts with a waist, a long neck, a head, a hole and strings."""
    lower, upper, thick, neck = plan
    top = thick + 0.012
    bouts = [cylinder(lower, thick, 13), cylinder(upper, thick, 10, (1.35 * lower, 0, 0))]
    waist = extrude(
        [(0.2 * lower, -0.8 * lower), (1.25 * lower, -0.8 * upper), (1.25 * lower, 0.8 * upper), (0.2 * lower, 0.8 * lower)],
        thick,
    )
    end = 1.35 * lower + upper
    fingers = box(
        (neck + 0.5 * lower, 0.045 if lower > 0.12 else 0.03, 0.016), (end + neck / 2 - 0.25 * lower, 0, thick + 0.004)
    )
    head = box((0.25 * neck, 0.07 if lower > 0.12 else 0.045, 0.022), (end + 1.1 * neck, 0, thick))
    pegs = [box((0.018, 0.10 if lower > 0.12 else 0.075, 0.014), (end + (1.04 + 0.11 * i) * neck, 0, thick)) for i in range(2)]
    hole = (
        disc(0.38 * lower, thick + 0.002, 10)
        if name == "guitar"
        else box((0.5 * lower, 0.02, 0.004), (0.45 * lower, 0.45 * lower, thick))
    )
    bridge = box((0.02, 0.8 * lower, 0.014), (-0.35 * lower, 0, thick + 0.006))
    dark = [fingers, head, *pegs, bridge, move(hole, (0.7 * lower, 0, 0)) if name == "guitar" else hole]
    if name == "violin":
        dark += [
            box((0.5 * lower, 0.02, 0.004), (0.45 * lower, -0.45 * lower, thick)),
            move(puff((0.06, 0.06, 0.02), 1.0, 6, 4), (-0.75 * lower, 0.03, thick)),
        ]
    strings = [box((end + neck, 0.004, 0.004), ((end + neck) / 2 - 0.35 * lower, y, top + 0.004)) for y in (-0.01, 0.01)]
    parts = [
        part(paint(colour, material), *bouts, waist),
        part(DARK if colour != "black" else WOOD, *dark),
        part(STEEL, *strings),
    ]
    return finish((name, colour, material, shape), rng, parts)


def guitar(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A guitar: acoustic and deep, or small as a ukulele."""
    return _strung(
        "guitar", colour, material, shape, rng, {"large": (0.18, 0.13, 0.09, 0.36), "small": (0.125, 0.095, 0.065, 0.27)}[shape]
    )


def violin(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A violin, or the larger viola."""
    return _strung(
        "violin",
        colour,
        material,
        shape,
        rng,
        {"small": (0.095, 0.078, 0.042, 0.2), "large": (0.115, 0.095, 0.05, 0.24)}[shape],
    )


KINDS = (
    Kind(
        "guitar",
        guitar,
        ("brown", "red", "black", "blue", "beige"),
        ("wooden",),
        ("large", "small"),
        ("ukulele", "acoustic guitar"),
        TAKE,
        on={"bed": 2.0, "sofa": 2.0, "floor": 1.5},
    ),
    Kind(
        "violin",
        violin,
        ("brown", "red", "orange", "black"),
        ("wooden",),
        ("small", "large"),
        ("viola", "fiddle"),
        TAKE,
        on={"bed": 2.0, "desk": 1.5, "sofa": 1.0, "dresser": 1.0},
    ),
)
