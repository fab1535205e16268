"""What one eats and stirs with: knife, fork, spoon, spatula, ladle."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, limb, move, scale
from ..model import Asset, Kind, Mesh, Part, Skill
from .craft import DARK, STAIN, STEEL, WOOD, finish, hollow, paint, part, puff

TABLE = {"dining table": 4.0, "kitchen counter": 3.0, "kitchen sink": 2.0, "kitchen island": 2.0}
DIRTY: frozenset[Skill] = frozenset({"pickup", "dirty"})
THICK = 0.012


def _grip(length: float, width: float, start: float) -> Mesh:
    """A flat handle that widens away from `start`, towards -x."""
    outline = [
        (start, -0.4 * width),
        (start, 0.4 * width),
        (start - length, 0.65 * width),
        (start - length - 0.008, 0.0),
        (start - length, -0.65 * width),
    ]
    return extrude(outline, 0.016)


def _soil(x: float, size: tuple[float, float]) -> Part:
    return part(
        STAIN,
        box((size[0], size[1], 0.004), (x, 0, THICK)),
        box((size[0] / 3, size[1] * 0.6, 0.005), (x + size[0] * 0.4, 0, THICK)),
        when="dirty",
    )


def knife(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A blade with a point, and a coloured handle with rivets."""
    length, width = {"long": (0.20, 0.042), "wide": (0.16, 0.06), "small": (0.11, 0.03)}[shape]
    tip = [
        (0, -0.5 * width),
        (0.7 * length, -0.5 * width),
        (length, 0.42 * width),
        (0.95 * length, 0.5 * width),
        (0, 0.5 * width),
    ]
    blade = extrude(tip, 0.010)
    if shape == "wide":
        blade = extrude([(0, -0.5 * width), (length, -0.5 * width), (length, 0.5 * width), (0, 0.5 * width)], 0.010)
    grip = move(box((0.125, 0.034, 0.024), (-0.0625, 0, 0.012)), (0, 0.5 * width - 0.017, 0))
    butt = box((0.022, 0.044, 0.025), (-0.12, 0.5 * width - 0.022, 0.0125))
    parts = [part(paint(colour, material), grip, butt), part(STEEL, blade), _soil(0.45 * length, (0.5 * length, 0.8 * width))]
    return finish(("knife", colour, material, shape), rng, parts)


def fork(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Four tines on a neck."""
    grip = {"slim": _grip(0.12, 0.022, 0.0), "wide": _grip(0.11, 0.034, 0.0)}[shape]
    head = [extrude([(0.0, -0.008), (0.03, -0.026), (0.06, -0.026), (0.06, 0.026), (0.03, 0.026), (0.0, 0.008)], THICK)]
    head += [box((0.055, 0.009, 0.010), (0.085, y, 0.007)) for y in (-0.0215, -0.0072, 0.0072, 0.0215)]
    return finish(
        ("fork", colour, material, shape), rng, [part(paint(colour, material), grip, *head), _soil(0.05, (0.05, 0.045))]
    )


def spoon(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """An oval bowl on a handle: a table spoon or a long cooking spoon."""
    length, w = {"small": (0.12, 0.046), "long": (0.22, 0.062)}[shape]
    head = move(puff((1.5 * w, w, 0.016), 1.0, 10, 4), (0.7 * w, 0, 0))
    dip = move(scale(puff((1.5 * w, w, 0.016), 1.0, 8, 4), (0.7, 0.7, 0.3)), (0.7 * w, 0, 0.0125))
    look = paint(colour, material)
    dim = part(DARK if colour != "black" else STEEL, dip)
    return finish(
        ("spoon", colour, material, shape),
        rng,
        [part(look, _grip(length, 0.024, 0.0), head), dim, _soil(0.7 * w, (0.9 * w, 0.6 * w))],
    )


def spatula(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat slotted blade on a long round handle."""
    w = {"wide": 0.10, "narrow": 0.07}[shape]
    blade = [box((0.12, w / 5, 0.012), (0.06, y * w, 0.006)) for y in (-0.4, 0.0, 0.4)]
    blade += [box((0.03, w, 0.013), (x, 0, 0.0065)) for x in (0.0, 0.12)]
    rod = limb([(-0.01, 0, 0.01), (-0.06, 0, 0.028), (-0.13, 0, 0.034)], 0.009, 6)
    grip = limb([(-0.12, 0, 0.033), (-0.27, 0, 0.04)], 0.014, 7)
    handle = part(DARK if colour != "black" else WOOD, grip)
    return finish(
        ("spatula", colour, material, shape), rng, [part(paint(colour, material), *blade, rod), handle, _soil(0.06, (0.06, w))]
    )


def ladle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A half-ball with a long handle that rises out of it."""
    r = {"round": 0.05, "deep": 0.046}[shape]
    h = 0.05 if shape == "round" else 0.07
    bowl = hollow([(0.45 * r, 0), (0.9 * r, 0.5 * h), (r, h)], 0.006, 10)
    rod = limb([(-r + 0.004, 0, 0.9 * h), (-r - 0.04, 0, h + 0.06), (-r - 0.2, 0, h + 0.12)], [0.009, 0.009, 0.013], 6)
    mark = part(STAIN, move(puff((1.2 * r, 1.2 * r, 0.012), 1.0, 8, 4), (0, 0, 0.5 * h)), when="dirty")
    return finish(("ladle", colour, material, shape), rng, [part(paint(colour, material), bowl, rod), mark])


GRIPS = ("red", "blue", "green", "yellow", "orange", "black", "white", "grey")

KINDS = (
    Kind(
        "knife",
        knife,
        ("black", "brown", "red", "blue", "green", "white"),
        ("wooden", "plastic"),
        ("long", "wide", "small"),
        ("kitchen knife", "chef's knife"),
        frozenset({"pickup", "cuts", "dirty"}),
        on={"kitchen counter": 5.0, "dining table": 2.0, "kitchen island": 2.0, "kitchen sink": 1.0},
        many=2,
    ),
    Kind(
        "fork",
        fork,
        ("grey", "black", "yellow", "red", "blue"),
        ("metal", "plastic"),
        ("slim", "wide"),
        (),
        DIRTY,
        on=TABLE,
        many=3,
    ),
    Kind(
        "spoon",
        spoon,
        ("grey", "brown", "black", "red", "green", "yellow"),
        ("metal", "wooden", "plastic"),
        ("small", "long"),
        ("tablespoon", "wooden spoon"),
        DIRTY,
        on=TABLE,
        many=3,
    ),
    Kind(
        "spatula",
        spatula,
        GRIPS,
        ("plastic", "metal", "wooden"),
        ("wide", "narrow"),
        ("turner",),
        DIRTY,
        on={"kitchen counter": 4.0, "stove": 1.0, "kitchen sink": 1.0, "kitchen island": 1.0},
    ),
    Kind(
        "ladle",
        ladle,
        GRIPS,
        ("metal", "plastic"),
        ("round", "deep"),
        ("soup ladle",),
        DIRTY,
        on={"kitchen counter": 4.0, "stove": 1.0, "kitchen sink": 1.0, "kitchen island": 1.0},
    ),
)
