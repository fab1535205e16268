"""What one cooks with: pans, pots, kettle, machines, boards."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, limb, move, sphere, turn
from ..model import Asset, Kind, Material, Part, Skill, Surface
from .craft import (
    DARK,
    PAPER,
    STAIN,
    STEEL,
    WOOD,
    accent,
    along_x,
    band,
    disc,
    finish,
    handle,
    hollow,
    hoop,
    paint,
    part,
    puff,
    solid,
    tint,
)

COUNTER = {"kitchen counter": 5.0, "kitchen island": 2.0, "dining table": 0.5}
COOKING = {"stove": 5.0, "kitchen counter": 2.0, "kitchen island": 1.0, "kitchen sink": 1.0, "wall cabinet": 1.0}
MACHINE: frozenset[Skill] = frozenset({"pickup", "toggle"})


def _lit(centre: tuple[float, float, float], size: float) -> Part:
    """A small green light that shows when a machine is on."""
    return Part(box((size, size, size), centre), Material((0.15, 0.95, 0.25), emission=0.9), "on")


def pan(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat round pan with one long handle."""
    r, h = {"flat": (0.13, 0.045), "small": (0.10, 0.042), "deep": (0.125, 0.075)}[shape]
    body = hollow([(0.84 * r, 0), (r, h)], 0.007, 14)
    grip = limb([(r - 0.01, 0, 0.8 * h), (r + 0.07, 0, h + 0.012), (r + 0.2, 0, h + 0.02)], [0.010, 0.013, 0.016], 6)
    marks = [
        move(disc(s * r, 0.009, 8), (x * r, y * r, 0)) for x, y, s in ((0, 0.1, 0.5), (0.4, -0.35, 0.25), (-0.5, -0.3, 0.22))
    ]
    inside = Surface("inside", "in", (0, 0, 0.01), (0.5 * r, 0.5 * r), 0.3)
    parts = [
        part(paint(colour, material), body),
        part(DARK if colour != "black" else WOOD, grip),
        part(STAIN, *marks, when="dirty"),
    ]
    return finish(("pan", colour, material, shape), rng, parts, [inside])


def pot(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A deep round pot with two ears."""
    r, h = {"tall": (0.105, 0.17), "wide": (0.135, 0.12), "small": (0.09, 0.11)}[shape]
    body = hollow([(r, 0), (r, 0.96 * h), (1.04 * r, h)], 0.008, 12)
    ear = [
        (r - 0.004, -0.045, 0.78 * h),
        (r + 0.035, -0.035, 0.8 * h),
        (r + 0.035, 0.035, 0.8 * h),
        (r - 0.004, 0.045, 0.78 * h),
    ]
    ears = [turn(limb(ear, 0.0095, 5), a) for a in (np.pi / 2, -np.pi / 2)]
    inside = Surface("inside", "in", (0, 0, 0.012), (0.5 * r, 0.5 * r), 0.3)
    spill = part(STAIN, band(1.0 * r + 0.002, 0.72 * h, 0.92 * h, 12), when="dirty")
    return finish(
        ("pot", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(DARK if colour != "black" else STEEL, *ears), spill],
        [inside],
    )


def kettle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A whistling kettle with a bow over its top, or an electric one with a handle at its back."""
    look = paint(colour, material)
    grip = DARK if colour != "black" else STEEL
    if shape == "round":
        body = solid([(0.1, 0), (0.112, 0.04), (0.095, 0.11), (0.045, 0.145)])
        spout = limb([(0.085, 0, 0.07), (0.165, 0, 0.145)], [0.026, 0.013], 7)
        bow = turn(hoop(0.085, 0.13, 0.11, 0.011, 5), np.pi / 2)
        knob = solid([(0.05, 0.143), (0.02, 0.16), (0.02, 0.18)], 8)
        return finish(
            ("kettle", colour, material, shape),
            rng,
            [part(look, body, spout), part(grip, bow, knob), _lit((0.1, 0.05, 0.03), 0.02)],
        )
    body = solid([(0.085, 0.02), (0.062, 0.21), (0.03, 0.225)])
    base = solid([(0.095, 0), (0.095, 0.022)])
    spout = limb([(0.055, 0, 0.175), (0.095, 0, 0.205)], [0.03, 0.015], 6)
    ear = turn(handle(0.06, 0.125, 0.085, 0.16, 0.013, 4), np.pi)
    return finish(
        ("kettle", colour, material, shape),
        rng,
        [part(look, body, spout), part(grip, base, ear), _lit((0.085, 0, 0.035), 0.02)],
    )


def toaster(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A rounded block with slots on top, a lever and a knob in front."""
    d, w, h = {"wide": (0.17, 0.29, 0.185), "tall": (0.17, 0.21, 0.215)}[shape]
    body = puff((d, w, h), 0.3, 12, 5)
    slots = [box((0.03, 0.72 * w, 0.012), (x, 0, h)) for x in (-0.035, 0.035)]
    lever = box((0.045, 0.05, 0.018), (d / 2 + 0.012, 0, 0.62 * h))
    knob = move(along_x(cylinder(0.022, 0.022, 8)), (d / 2 - 0.005, 0, 0.3 * h))
    foot = box((0.8 * d, 0.8 * w, 0.012), (0, 0, 0.006))
    bread = [box((0.022, 0.26 * w, 0.055), (x, y * w, h + 0.01)) for x in (-0.035, 0.035) for y in (-0.17, 0.17)]
    toast = part(tint((0.72, 0.47, 0.20), "organic"), *bread, when="on")
    return finish(
        ("toaster", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(DARK if colour != "black" else STEEL, *slots, lever, knob, foot), toast],
    )


def blender(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A motor base with a knob, a conical glass jug and a lid."""
    h = {"tall": 0.24, "short": 0.18}[shape]
    base = solid([(0.095, 0), (0.085, 0.05), (0.065, 0.135)], 10)
    jug = solid([(0.05, 0.135), (0.08, 0.135 + h)], 10)
    lid = solid([(0.084, 0.13 + h), (0.07, 0.165 + h), (0.025, 0.17 + h), (0.025, 0.19 + h)], 8)
    ear = turn(handle(0.06, 0.15 + h / 2, 0.06, 0.7 * h, 0.011, 3), np.pi / 2)
    knob = move(along_x(cylinder(0.024, 0.02, 8)), (0.078, 0, 0.07))
    glass = tint((0.75, 0.85, 0.9), "glass")
    parts = [
        part(paint(colour, material), base, lid),
        part(glass, jug),
        part(DARK if colour != "black" else STEEL, ear, knob),
        _lit((0.085, 0.05, 0.06), 0.02),
    ]
    return finish(("blender", colour, material, shape), rng, parts)


def coffee_machine(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A C of housing with a jug of coffee, or a cup under a spout, in its mouth."""
    h = {"tall": 0.36, "short": 0.29}[shape]
    look = paint(colour, material)
    back = box((0.11, 0.2, h), (-0.085, 0, h / 2))
    head = box((0.28, 0.2, 0.24 * h), (0, 0, 0.88 * h))
    foot = box((0.28, 0.2, 0.035), (0, 0, 0.0175))
    jug = solid([(0.055, 0.037), (0.07, 0.08), (0.048, 0.037 + 0.42 * h)], 10)
    ear = handle(0.05, 0.05 + 0.22 * h, 0.05, 0.3 * h, 0.01, 3)
    spout = cylinder(0.02, 0.07, 6, (0.05, 0, 0.7 * h))
    dark = DARK if colour != "black" else STEEL
    buttons = [box((0.012, 0.022, 0.022), (0.142, y, 0.88 * h)) for y in (-0.05, 0.0)]
    shift = (0.045, 0.0, 0.0)
    parts = [
        part(look, back, head, foot),
        part(dark, move(jug, shift), move(ear, shift), spout, *buttons),
        _lit((0.142, 0.05, 0.88 * h), 0.022),
    ]
    return finish(("coffee machine", colour, material, shape), rng, parts)


def cutting_board(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat board with a handle and a groove."""
    look = paint(colour, material)
    thick = 0.022
    top = Surface("top", "on", (0, 0, thick), (0.10, 0.13), 0.4)
    if shape == "round":
        body = [cylinder(0.14, thick, 16), box((0.16, 0.05, thick), (0.19, 0, thick / 2))]
        hole = disc(0.015, thick + 0.002, 8)
        groove = [move(hole, (0.245, 0, 0))]
    else:
        body = [box((0.25, 0.36, thick), (0, 0, thick / 2)), box((0.06, 0.1, thick), (0, 0.225, thick / 2))]
        groove = [box((0.2, 0.008, 0.004), (0, y, thick)) for y in (-0.15, 0.15)]
        groove += [box((0.008, 0.3, 0.004), (x, 0, thick)) for x in (-0.1, 0.1)]
    return finish(
        ("cutting board", colour, material, shape),
        rng,
        [part(look, *body), part(DARK if colour != "black" else PAPER, *groove)],
        [top],
    )


def paper_towel(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A thick roll on a stand, or a bare one."""
    h = 0.25
    roll = [solid([(0.065, 0.02), (0.065, h)], 14), box((0.003, 0.05, h - 0.02), (0.066, 0.025, 0.01 + h / 2))]
    if shape == "standing":
        stand = [cylinder(0.085, 0.018, 12), cylinder(0.011, h + 0.06, 7), move(sphere(0.018, 6), (0, 0, h + 0.07))]
        return finish(
            ("paper towel roll", colour, material, shape), rng, [part(paint(colour, material), *roll), part(WOOD, *stand)]
        )
    rings = [band(0.0665, 0.02 + z * h, 0.05 + z * h, 14) for z in (0.15, 0.6)]
    core = disc(0.022, h + 0.002, 8)
    dots = accent(colour, "blue", "white")
    return finish(
        ("paper towel roll", colour, material, shape),
        rng,
        [part(paint(colour, material), *roll), part(dots, *rings), part(tint((0.55, 0.42, 0.28)), core)],
    )


def colander(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bowl full of holes with two ears on three feet."""
    r, h = {"round": (0.12, 0.1), "deep": (0.11, 0.13)}[shape]
    body = move(hollow([(0.45 * r, 0), (0.85 * r, 0.45 * h), (r, h)], 0.006), (0, 0, 0.015))
    foot = band(0.42 * r, 0, 0.02)
    ears = [box((0.05, 0.075, 0.014), (x * (r + 0.018), 0, h + 0.008)) for x in (-1, 1)]
    hole = move(along_x(disc(0.013, 0.003, 5)), (0.94 * r, 0, 0.74 * h + 0.015))
    holes = [turn(hole, a) for a in np.arange(10) * np.pi / 5]
    inside = Surface("inside", "in", (0, 0, 0.024), (0.35 * r, 0.35 * r), 0.3)
    return finish(
        ("colander", colour, material, shape),
        rng,
        [part(paint(colour, material), body, foot, *ears), part(DARK if colour != "black" else PAPER, *holes)],
        [inside],
    )


LOUD = ("red", "blue", "green", "yellow", "orange", "white", "black", "grey")

KINDS = (
    Kind(
        "pan",
        pan,
        ("black", "grey", "red", "blue", "green"),
        ("metal",),
        ("flat", "small", "deep"),
        ("frying pan", "skillet"),
        frozenset({"pickup", "dirty", "heat", "cool"}),
        on=COOKING,
        many=2,
    ),
    Kind(
        "pot",
        pot,
        ("grey", "black", "red", "blue", "green", "orange", "white"),
        ("metal",),
        ("tall", "wide", "small"),
        ("cooking pot", "saucepan"),
        frozenset({"pickup", "dirty", "heat", "cool"}),
        on=COOKING,
        many=2,
    ),
    Kind(
        "kettle",
        kettle,
        LOUD,
        ("metal", "plastic"),
        ("round", "tall"),
        ("tea kettle", "water kettle"),
        frozenset({"pickup", "toggle", "heat", "cool"}),
        on={"stove": 3.0, **COUNTER},
    ),
    Kind("toaster", toaster, LOUD, ("metal", "plastic"), ("wide", "tall"), (), MACHINE, on=COUNTER),
    Kind("blender", blender, LOUD, ("plastic", "metal"), ("tall", "short"), ("mixer", "smoothie maker"), MACHINE, on=COUNTER),
    Kind(
        "coffee machine",
        coffee_machine,
        LOUD,
        ("plastic", "metal"),
        ("tall", "short"),
        ("coffee maker", "espresso machine"),
        MACHINE,
        on={**COUNTER, "desk": 0.2},
    ),
    Kind(
        "cutting board",
        cutting_board,
        ("brown", "beige", "white", "green", "red", "black"),
        ("wooden", "plastic"),
        ("long", "round"),
        ("chopping board", "bread board"),
        frozenset({"pickup"}),
        on=COUNTER,
    ),
    Kind(
        "paper towel roll",
        paper_towel,
        ("white", "beige"),
        ("paper",),
        ("standing", "plain"),
        ("paper towel", "kitchen roll"),
        frozenset({"pickup"}),
        on={"kitchen counter": 4.0, "kitchen sink": 1.0, "kitchen island": 1.0},
    ),
    Kind(
        "colander",
        colander,
        LOUD,
        ("metal", "plastic"),
        ("round", "deep"),
        ("strainer", "sieve"),
        frozenset({"pickup"}),
        on={"kitchen sink": 3.0, "kitchen counter": 3.0, "wall cabinet": 1.0},
    ),
)
