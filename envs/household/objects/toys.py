"""Toys and games: teddy bear, car, balls, dice, blocks, doll, duck, guitar, violin."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, lathe, limb, move, scale, sphere, turn
from ..model import COLOURS, Asset, Kind, Material, Skill
from .craft import (
    DARK,
    PAPER,
    STEEL,
    WOOD,
    accent,
    along_x,
    bar,
    disc,
    finish,
    paint,
    part,
    puff,
    solid,
    upright,
)

PLAY = {"floor": 3.0, "bed": 2.0, "sofa": 1.5, "bookshelf": 2.0, "desk": 1.0, "coffee table": 1.0}
TAKE: frozenset[Skill] = frozenset({"pickup"})


def teddy_bear(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A sitting bear: belly, head with round ears and snout, arms, legs."""
    fur = paint(colour, material)
    fat = {"fat": 1.18, "slim": 0.95}[shape]
    body = move(scale(sphere(0.075, 8, 1.15), (fat, fat, 1)), (0, 0, 0.088))
    head = move(sphere(0.066, 8), (0.008, 0, 0.215))
    ears = [move(sphere(0.026, 6), (0, s * 0.055, 0.268)) for s in (-1, 1)]
    arms = [limb([(0.0, s * 0.06 * fat, 0.14), (0.045, s * 0.1, 0.09)], [0.026, 0.023], 6) for s in (-1, 1)]
    legs = [limb([(0.02, s * 0.05, 0.034), (0.115, s * 0.075, 0.034)], [0.034, 0.032], 6) for s in (-1, 1)]
    snout = move(scale(sphere(0.03, 6, 0.8), (1, 1, 1)), (0.058, 0, 0.2))
    soles = [move(turn(along_x(disc(0.024, 0.001, 6)), s * 0.25), (0.116, s * 0.075, 0.034)) for s in (-1, 1)]
    pale = accent(colour, "beige", "white")
    eyes = [box((0.012, 0.013, 0.015), (0.062, s * 0.027, 0.238)) for s in (-1, 1)] + [
        box((0.014, 0.02, 0.012), (0.088, 0, 0.21))
    ]
    return finish(
        ("teddy bear", colour, material, shape),
        rng,
        [
            part(fur, body, head, *ears, *arms, *legs),
            part(pale, snout, *soles),
            part(DARK if colour != "black" else PAPER, *eyes),
        ],
    )


def toy_car(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A car with four black wheels and windows, or a truck with a bed."""
    look = paint(colour, material)
    tall, cab = {"low": (0.05, (-0.05, 0.035)), "tall": (0.055, (-0.085, 0.06)), "open": (0.05, (0.015, 0.085))}[shape]
    hull = [(-0.095, 0.02), (0.095, 0.02), (0.1, 0.035), (0.092, tall), (-0.095, tall)]
    body = [move(upright(extrude(hull, 0.09)), (0, 0.045, 0))]
    roof = [(cab[0], tall), (cab[1] + 0.015, tall), (cab[1] - 0.012, tall + 0.04), (cab[0] + 0.012, tall + 0.04)]
    body.append(move(upright(extrude(roof, 0.078)), (0, 0.039, 0)))
    if shape == "open":
        body += [box((0.105, 0.008, 0.026), (-0.045, s * 0.041, tall + 0.013)) for s in (-1, 1)] + [
            box((0.008, 0.09, 0.026), (-0.092, 0, tall + 0.013))
        ]
    glass = [
        (cab[0] + 0.012, tall + 0.006),
        (cab[1] + 0.002, tall + 0.006),
        (cab[1] - 0.014, tall + 0.034),
        (cab[0] + 0.016, tall + 0.034),
    ]
    windows = [move(upright(extrude(glass, 0.082)), (0, 0.041, 0))]
    wheel = turn(solid([(0.024, -0.011), (0.024, 0.011)], 8), np.pi / 2, (1, 0, 0))
    wheels = [move(wheel, (x, s * 0.042, 0.024)) for x in (-0.058, 0.06) for s in (-1, 1)]
    lights = [box((0.006, 0.018, 0.012), (0.097, s * 0.03, 0.042)) for s in (-1, 1)]
    pane = Material((0.70, 0.82, 0.92) if colour != "white" else (0.25, 0.35, 0.5), specular=0.7)
    return finish(
        ("toy car", colour, material, shape),
        rng,
        [
            part(look, *body),
            part(DARK if colour != "black" else Material((0.5, 0.5, 0.5)), *wheels),
            part(pane, *windows, *lights),
        ],
    )


def ball(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ball with a belt of another colour, or with segments."""
    r = {"striped": 0.1, "plain": 0.075, "small": 0.045}[shape]
    body = move(sphere(r, 14 if r > 0.06 else 12), (0, 0, r))
    if shape == "small":
        seam = limb(
            np.column_stack(
                [
                    1.0 * r * np.cos(np.linspace(0, 2 * np.pi, 11)),
                    1.0 * r * np.sin(np.linspace(0, 2 * np.pi, 11)),
                    r + 0.35 * r * np.sin(2 * np.linspace(0, 2 * np.pi, 11)),
                ]
            ),
            0.004,
            3,
        )
        return finish(
            ("ball", colour, material, shape),
            rng,
            [part(paint(colour, material), body), part(accent(colour, "white", "black"), seam)],
        )
    if shape == "plain":
        return finish(
            ("ball", colour, material, shape),
            rng,
            [part(paint(colour, material), body), part(accent(colour, "white", "black"), disc(0.16 * r, 2 * r - 0.001, 8))],
        )
    t = np.linspace(-0.28, 0.28, 3)
    belt = lathe([(1.012 * r * float(np.cos(a)), 1.012 * r * float(np.sin(a))) for a in t], 14)
    return finish(
        ("ball", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body),
            part(accent(colour, "white", "yellow"), move(turn(belt, 0.5, (1, 0, 0)), (0, 0, r))),
        ],
    )


def football(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A white ball with dark pentagons, or a brown egg with laces."""
    look = paint(colour, material)
    if shape == "oval":
        t = np.linspace(0, np.pi, 7)
        body = limb(np.column_stack([-0.145 * np.cos(t), 0 * t, 0 * t + 0.08]), 0.08 * np.sin(t) ** 0.9 + 0.002, 10)
        laces = [box((0.1, 0.010, 0.006), (0, 0, 0.161))] + [
            box((0.010, 0.036, 0.008), (x, 0, 0.16)) for x in (-0.036, -0.012, 0.012, 0.036)
        ]
        rings = [
            move(along_x(lathe([(0.052 if x < 0 else 0.068, x), (0.068 if x < 0 else 0.052, x + 0.022)], 10)), (0, 0, 0.08))
            for x in (-0.105, 0.083)
        ]
        return finish(
            ("football", colour, material, shape),
            rng,
            [part(look, body), part(accent(colour, "white", "black"), *laces, *rings)],
        )
    r = 0.11
    body = move(sphere(r, 12), (0, 0, r))
    patch = lathe([(0.4 * r, 0.925 * r), (0.2 * r, 1.0 * r), (0, 1.015 * r)], 5)
    directions = [
        (0.0, 0.0),
        *((1.107, 2 * np.pi * i / 5) for i in range(5)),
        *((np.pi - 1.107, 2 * np.pi * (i + 0.5) / 5) for i in range(5)),
    ]
    spots = [move(turn(turn(patch, lean, (0, 1, 0)), yaw), (0, 0, r)) for lean, yaw in directions]
    return finish(
        ("football", colour, material, shape), rng, [part(look, body), part(accent(colour, "black", "white"), *spots)]
    )


def dice(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A die with pips, or two of them."""
    size = {"single": 0.06, "double": 0.045}[shape]
    cubes, pips = [], []
    places = [(0.0, 0.0, 0.0)] if shape == "single" else [(-0.032, 0.012, 0.3), (0.03, -0.02, 1.0)]
    for x, y, yaw in places:
        cubes.append(move(turn(puff((size, size, size), 0.12, 8, 4), yaw), (x, y, 0)))
        q, h = 0.26 * size, size / 2
        top = [(q, q), (-q, -q), (0, 0)] if shape == "double" else [(q, q), (-q, -q), (q, -q), (-q, q), (0, 0)]
        dots = [box((0.2 * size, 0.2 * size, 0.004), (u, v, size)) for u, v in top]
        dots += [box((0.004, 0.2 * size, 0.2 * size), (s * h, v, h + v)) for s in (-1, 1) for v in (-q, q)]
        dots += [box((0.24 * size, 0.004, 0.24 * size), (0, s * h, h)) for s in (-1, 1)]
        pips += [move(turn(dot, yaw), (x, y, 0)) for dot in dots[: 5 + 6 if shape == "single" else 6]]
    return finish(
        ("dice", colour, material, shape),
        rng,
        [part(paint(colour, material), *cubes), part(accent(colour, "white", "black"), *pips)],
    )


def blocks(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Building blocks: a tower or a heap, most of them of the named colour."""
    s = 0.05
    cube = box((s, s, s), (0, 0, s / 2))
    roof = move(upright(extrude([(-s / 2, 0), (s / 2, 0), (0, 0.8 * s)], s)), (0, s / 2, 0))
    first, second = accent(colour, "red", "yellow"), accent(colour, "blue", "green")
    if shape == "stacked":
        mine = [box((2.2 * s, s, s), (0, 0, 0.5 * s)), move(turn(box((1.6 * s, s, s)), 0.2), (0, 0, 2.5 * s))]
        a, b = [move(turn(cube, 0.3), (0, 0, s))], [move(roof, (0, 0, 3 * s))]
    else:
        mine = [
            move(turn(cube, 0.4), (0.05, 0.05, 0)),
            box((1.8 * s, s, s), (-0.05, -0.03, s / 2)),
            move(turn(cube, 0.2), (-0.05, -0.03, s)),
            move(turn(cube, 1.0), (0.07, -0.06, 0)),
        ]
        a, b = [move(roof, (0.05, 0.05, s))], [move(cylinder(s / 2, s, 8), (-0.06, 0.06, 0))]
    return finish(
        ("building blocks", colour, material, shape),
        rng,
        [part(paint(colour, material), *mine), part(first, *a), part(second, *b)],
    )


def doll(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A doll in a dress of the named colour with a skin-coloured face, hair and limbs."""
    dress = solid([(0.075, 0.05), (0.03, 0.16), (0.042, 0.2), (0.02, 0.215)], 10)
    skin = Material((0.90, 0.70, 0.56))
    head = move(sphere(0.042, 8), (0, 0, 0.25))
    arms = [limb([(0, s * 0.035, 0.2), (0.03, s * 0.085, 0.14)], 0.012, 5) for s in (-1, 1)]
    legs = [bar((0, s * 0.025, 0), (0, s * 0.022, 0.06), 0.015, 5) for s in (-1, 1)]
    hair = [move(scale(sphere(0.047, 8), (1, 1, 1)), (-0.012, 0, 0.258))]
    if shape == "pigtailed":
        hair += [limb([(-0.005, s * 0.042, 0.265), (-0.01, s * 0.075, 0.22)], [0.018, 0.01], 5) for s in (-1, 1)]
    else:
        hair.append(limb([(-0.03, 0, 0.25), (-0.05, 0, 0.17)], [0.036, 0.022], 6))
    wool = Material((0.36, 0.20, 0.10)) if colour not in ("brown",) else Material(COLOURS["yellow"])
    return finish(
        ("doll", colour, material, shape),
        rng,
        [part(paint(colour, material), dress), part(skin, head, *arms, *legs), part(wool, *hair)],
    )


def rubber_duck(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A round body with a tail, a head and a beak."""
    k = {"large": 1.25, "small": 0.95}[shape]
    body = move(puff((0.115, 0.085, 0.07), 0.9, 10, 5), (0, 0, 0))
    tail = limb([(-0.035, 0, 0.05), (-0.068, 0, 0.085)], [0.028, 0.004], 6)
    head = move(sphere(0.033, 10), (0.03, 0, 0.09))
    beak = move(puff((0.034, 0.034, 0.014), 0.8, 6, 3), (0.068, 0, 0.08))
    eyes = [box((0.010, 0.010, 0.012), (0.053, s * 0.019, 0.099)) for s in (-1, 1)]
    bill = accent(colour, "orange", "yellow") if colour != "red" else accent("red", "yellow")
    meshes = [(paint(colour, material), (body, tail, head)), (bill, (beak,)), (DARK, tuple(eyes))]
    return finish(
        ("rubber duck", colour, material, shape), rng, [part(look, *(scale(m, (k, k, k)) for m in ms)) for look, ms in meshes]
    )


def _strung(
    name: str, colour: str, material: str, shape: str, rng: np.random.Generator, plan: tuple[float, float, float, float]
) -> Asset:
    """A lying body of two round bouts with a waist, a long neck, a head, a hole and strings."""
    lower, upper, thick, neck = plan
    top = thick + 0.012
    bouts = [cylinder(lower, thick, 14), cylinder(upper, thick, 12, (1.35 * lower, 0, 0))]
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
    strings = [box((end + neck, 0.004, 0.004), ((end + neck) / 2 - 0.35 * lower, y, top + 0.004)) for y in (-0.012, 0.0, 0.012)]
    parts = [
        part(paint(colour, material), *bouts, waist),
        part(DARK if colour != "black" else WOOD, *dark),
        part(STEEL, *strings),
    ]
    return finish((name, colour, material, shape), rng, parts)


def guitar(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A guitar: acoustic and deep, or small as a ukulele."""
    return _strung(
        "guitar", colour, material, shape, rng, {"large": (0.19, 0.14, 0.09, 0.42), "small": (0.125, 0.095, 0.065, 0.27)}[shape]
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


BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")

KINDS = (
    Kind(
        "teddy bear",
        teddy_bear,
        ("brown", "beige", "white", "pink", "grey", "blue", "black"),
        ("wool",),
        ("fat", "slim"),
        ("teddy", "stuffed animal", "stuffed bear"),
        TAKE,
        on={"bed": 5.0, "sofa": 2.0, "armchair": 2.0, "floor": 1.0, "bookshelf": 1.0},
        many=2,
    ),
    Kind(
        "toy car",
        toy_car,
        (*BRIGHT, "white", "black"),
        ("plastic", "metal", "wooden"),
        ("low", "tall", "open"),
        ("car", "model car", "toy truck"),
        TAKE,
        on=PLAY,
        many=2,
    ),
    Kind(
        "ball",
        ball,
        (*BRIGHT, "white"),
        ("rubber", "plastic"),
        ("striped", "plain", "small"),
        ("toy ball", "tennis ball", "beach ball"),
        TAKE,
        on={"floor": 5.0, "bed": 0.5, "sofa": 0.5, "shoe rack": 0.5},
        many=2,
    ),
    Kind(
        "football",
        football,
        ("white", "brown", "orange", "blue"),
        ("leather", "rubber"),
        ("round", "oval"),
        ("soccer ball", "rugby ball"),
        TAKE,
        on={"floor": 5.0, "shoe rack": 1.0, "bed": 0.3},
    ),
    Kind(
        "dice",
        dice,
        ("white", "red", "black", "blue", "green"),
        ("plastic", "wooden"),
        ("single", "double"),
        ("die",),
        TAKE,
        on={"coffee table": 3.0, "desk": 1.0, "dining table": 1.0, "bookshelf": 1.0},
    ),
    Kind(
        "building blocks",
        blocks,
        (*BRIGHT, "beige"),
        ("wooden", "plastic"),
        ("stacked", "scattered"),
        ("blocks", "toy blocks", "bricks"),
        TAKE,
        on=PLAY,
    ),
    Kind(
        "doll",
        doll,
        (*BRIGHT, "white", "brown"),
        ("fabric", "plastic"),
        ("pigtailed", "ponytailed"),
        ("puppet",),
        TAKE,
        on={"bed": 3.0, "bookshelf": 2.0, "floor": 1.0, "sofa": 1.0, "armchair": 1.0},
    ),
    Kind(
        "rubber duck",
        rubber_duck,
        ("yellow", "blue", "pink", "red", "green"),
        ("rubber",),
        ("large", "small"),
        ("duck", "toy duck"),
        TAKE,
        on={"bathtub": 5.0, "bathroom sink": 2.0, "floor": 0.3},
    ),
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
