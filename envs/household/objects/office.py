"""What lies on desks: pens, scissors, tape, a globe, cards, a stapler."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, limb, move, sphere, turn
from ..model import COLOURS, Asset, Kind, Material, Skill
from .craft import (
    DARK,
    STEEL,
    WOOD,
    accent,
    along_x,
    band,
    bar,
    finish,
    hollow,
    paint,
    part,
    solid,
    tint,
    upright,
)

DESK = {"desk": 5.0, "coffee table": 1.5, "side table": 1.0, "nightstand": 1.0, "dining table": 0.5}
TAKE: frozenset[Skill] = frozenset({"pickup"})
COVERS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "black", "brown", "white", "grey")


def pen(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A thick pen with a steel tip and a clip, or a pencil with a wooden point and a rubber."""
    look = paint(colour, material)
    if shape == "pointed":
        body = along_x(turn(solid([(0.0085, -0.066), (0.0085, 0.045)], 6), 0.5))
        point = along_x(solid([(0.0085, 0.045), (0.002, 0.068)], 6))
        rubber = along_x(solid([(0.009, -0.08), (0.009, -0.066)], 6))
        return finish(
            ("pen", colour, material, shape),
            rng,
            [part(look, body), part(tint((0.85, 0.68, 0.45)), point), part(accent(colour, "pink", "red"), rubber)],
        )
    body = along_x(solid([(0.0095, -0.065), (0.010, 0.022), (0.0085, 0.052)], 8))
    tip = [along_x(solid([(0.008, 0.052), (0.002, 0.072)], 8)), box((0.052, 0.005, 0.005), (-0.038, 0, 0.012))]
    ring = along_x(band(0.0108, -0.01, 0.0, 8))
    return finish(
        ("pen", colour, material, shape), rng, [part(look, body), part(STEEL if colour != "grey" else DARK, *tip, ring)]
    )


def pencil_cup(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A beaker full of pencils of different colours."""
    r, h = {"round": (0.045, 0.105), "square": (0.056, 0.1)}[shape]
    body = hollow([(r, 0), (r, h)], 0.006, 4 if shape == "square" else 12)
    slots = ((0.5, 0.0, 0.08), (-0.25, 0.4, 0.06), (-0.3, -0.4, 0.09), (0.1, 0.1, 0.05))
    sticks = [bar((0.3 * x * r, 0.3 * y * r, 0.02), (1.15 * x * r, 1.15 * y * r, h + up), 0.0075, 5) for x, y, up in slots]
    first, second = accent(colour, "yellow", "red"), accent(colour, "blue", "green")
    return finish(
        ("pencil cup", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(first, *sticks[:2]), part(second, *sticks[2:])],
    )


def globe(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ball of sea and lands on a tilted axis in a bow."""
    r = {"large": 0.125, "small": 0.085}[shape]
    middle = 1.7 * r
    ball = move(turn(sphere(r, 10), 0.4, (1, 0, 0)), (0, 0, middle))
    lands = []
    for yaw, pitch, size in (
        (0.0, 0.3, 0.75),
        (0.75, -0.35, 0.5),
        (2.3, 0.35, 0.9),
        (3.4, -0.1, 0.55),
        (4.6, 0.4, 0.6),
        (5.2, -0.5, 0.5),
    ):
        patch = lathe([(0.55 * size * r, r * 0.97 - 0.14 * size * r), (0.3 * size * r, r * 1.02), (0, r * 1.03)], 5)
        lands.append(move(turn(turn(patch, np.pi / 2 - pitch, (0, 1, 0)), yaw), (0, 0, middle)))
    angle = np.linspace(-np.pi / 2, np.pi / 2, 5)
    bow = np.column_stack([0 * angle, 1.12 * r * np.cos(angle), middle + 1.12 * r * np.sin(angle)])
    stand = [
        turn(limb(bow, 0.009, 4), 0.0),
        bar((0, 0, 0.02), (0, 0, middle - 1.05 * r), 0.011, 4),
        solid([(0.75 * r, 0), (0.62 * r, 0.025)], 8),
    ]
    land = Material(COLOURS["green"] if colour != "green" else COLOURS["beige"])
    return finish(
        ("globe", colour, material, shape), rng, [part(paint(colour, material), ball), part(land, *lands), part(WOOD, *stand)]
    )


def scissors(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Two crossed blades with rings for the fingers."""
    length = {"long": 0.13, "short": 0.085}[shape]
    blades, rings = [], []
    for sign in (-1.0, 1.0):
        low = [(-0.02, -0.011), (length, -0.004), (length, 0.002), (-0.02, 0.011)]
        blades.append(move(turn(extrude(low, 0.010), 0.16 * sign), (0, 0, 0.0 if sign < 0 else 0.004)))
        t = np.linspace(0, 2 * np.pi, 9)
        ring = np.column_stack([-0.062 + 0.036 * np.cos(t), sign * 0.032 + 0.024 * np.sin(t), 0 * t + 0.01])
        rings += [limb(ring, 0.0085, 4), bar((-0.03, sign * 0.024, 0.01), (0.0, -sign * 0.002, 0.01), 0.009, 4)]
    return finish(("scissors", colour, material, shape), rng, [part(paint(colour, material), *rings), part(STEEL, *blades)])


def tape(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ring of tape with a loose end, standing or flat."""
    r, h = {"thick": (0.058, 0.05), "thin": (0.055, 0.026)}[shape]
    ring = lathe([(0.6 * r, 0), (r, 0), (r, h), (0.6 * r, h), (0.6 * r, 0)], 14)
    core = lathe([(0.6 * r + 0.001, h + 0.001), (0.5 * r, h + 0.001), (0.5 * r, 0.001), (0.6 * r, 0.001)], 12)
    end = box((0.05, 0.006, h), (0.025, r - 0.003, h / 2))
    return finish(
        ("tape", colour, material, shape),
        rng,
        [part(paint(colour, material), ring, end), part(tint((0.72, 0.58, 0.38), "cardboard"), core)],
    )


def credit_card(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A card with a golden chip and a line of figures, or a key card with a stripe."""
    card = box((0.1, 0.064, 0.010), (0, 0, 0.005))
    chip = part(Material((0.85, 0.66, 0.20), specular=0.8), box((0.02, 0.016, 0.003), (-0.025, 0.005, 0.0105)))
    other = accent(colour, "white", "black")
    marks = [box((0.05, 0.007, 0.003), (0.0, -0.016, 0.0105)), box((0.018, 0.014, 0.003), (0.033, 0.018, 0.0105))]
    if shape == "striped":
        marks = [box((0.101, 0.014, 0.003), (0, 0.02, 0.0105)), box((0.05, 0.008, 0.003), (-0.015, -0.018, 0.0105))]
    return finish(
        ("credit card", colour, material, shape), rng, [part(paint(colour, material), card), chip, part(other, *marks)]
    )


def stapler(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Two jaws that open to the front, joined behind."""
    length = {"long": 0.16, "short": 0.11}[shape]
    foot = box((length, 0.042, 0.014), (0, 0, 0.007))
    jaw = [
        (-0.5 * length, 0.012),
        (-0.4 * length, 0.012),
        (0.48 * length, 0.038),
        (0.5 * length, 0.058),
        (-0.2 * length, 0.062),
        (-0.5 * length, 0.04),
    ]
    top = move(upright(extrude(jaw, 0.036)), (0, 0.018, 0))
    rail = move(turn(box((0.85 * length, 0.026, 0.012)), -0.2, (0, 1, 0)), (0.05 * length, 0, 0.022))
    return finish(("stapler", colour, material, shape), rng, [part(paint(colour, material), top, foot), part(STEEL, rail)])


KINDS = (
    Kind("pen", pen, COVERS, ("plastic", "wooden"), ("round", "pointed"), ("pencil", "ballpoint pen"), TAKE, on=DESK, many=3),
    Kind(
        "pencil cup",
        pencil_cup,
        COVERS,
        ("plastic", "metal", "wooden", "ceramic"),
        ("round", "square"),
        ("pen holder", "pencil holder"),
        TAKE,
        on={"desk": 5.0, "bookshelf": 1.0, "shelf": 1.0},
    ),
    Kind(
        "globe",
        globe,
        ("blue", "beige", "green"),
        ("plastic", "paper"),
        ("large", "small"),
        ("world globe",),
        TAKE,
        on={"desk": 3.0, "bookshelf": 3.0, "shelf": 3.0, "dresser": 1.0, "tv stand": 0.5},
    ),
    Kind(
        "scissors",
        scissors,
        ("red", "blue", "green", "orange", "black", "purple"),
        ("plastic",),
        ("long", "short"),
        ("pair of scissors", "shears"),
        frozenset({"pickup", "cuts"}),
        on={**DESK, "kitchen counter": 1.5},
    ),
    Kind(
        "tape",
        tape,
        ("yellow", "brown", "blue", "red", "grey", "green"),
        ("plastic", "paper"),
        ("thick", "thin"),
        ("adhesive tape", "duct tape", "tape roll"),
        TAKE,
        on={**DESK, "washing machine": 0.5},
    ),
    Kind(
        "credit card",
        credit_card,
        ("blue", "red", "black", "grey", "green", "purple"),
        ("plastic",),
        ("plain", "striped"),
        ("bank card", "card"),
        TAKE,
        on=DESK,
    ),
    Kind(
        "stapler",
        stapler,
        ("red", "blue", "black", "grey", "green"),
        ("plastic", "metal"),
        ("long", "short"),
        (),
        TAKE,
        on={"desk": 5.0, "bookshelf": 1.0, "shelf": 1.0},
    ),
)
