"""Toys: teddy bear, car, dice, building blocks, doll, rubber duck."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, limb, move, scale, sphere, turn
from ..model import COLOURS, Asset, Kind, Material, Skill
from .craft import (
    DARK,
    PAPER,
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

PLAY = {"floor": 3.0, "bed": 2.0, "sofa": 1.5, "bookshelf": 2.0, "shelf": 2.0, "desk": 1.0, "coffee table": 1.0}
TAKE: frozenset[Skill] = frozenset({"pickup"})
BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def teddy_bear(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A sitting bear: belly, head with round ears and snout, arms, legs."""
    fur = paint(colour, material)
    fat = {"fat": 1.18, "slim": 0.95}[shape]
    body = move(scale(sphere(0.075, 8, 1.15), (fat, fat, 1)), (0, 0, 0.088))
    head = move(sphere(0.066, 8), (0.008, 0, 0.215))
    ears = [move(puff((0.03, 0.052, 0.052), 0.9, 5, 3), (0, s * 0.055, 0.242)) for s in (-1, 1)]
    arms = [limb([(0.0, s * 0.06 * fat, 0.14), (0.045, s * 0.1, 0.09)], [0.026, 0.023], 5) for s in (-1, 1)]
    legs = [limb([(0.02, s * 0.05, 0.034), (0.115, s * 0.075, 0.034)], [0.034, 0.032], 5) for s in (-1, 1)]
    snout = move(scale(sphere(0.03, 6, 0.8), (1, 1, 1)), (0.058, 0, 0.2))
    soles = [move(turn(along_x(disc(0.024, 0.001, 6)), s * 0.25), (0.116, s * 0.075, 0.034)) for s in (-1, 1)]
    pale = accent(colour, "beige", "white")
    eyes = [move(turn(along_x(disc(0.010, 0.0, 4)), s * 0.4), (0.07, s * 0.027, 0.236)) for s in (-1, 1)] + [
        move(along_x(disc(0.012, 0.001, 4)), (0.088, 0, 0.206))
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
    dress = solid([(0.092, 0.04), (0.034, 0.16), (0.044, 0.2), (0.02, 0.215)], 8)
    skin = Material((0.90, 0.70, 0.56))
    head = move(sphere(0.042, 8), (0, 0, 0.25))
    arms = [limb([(0, s * 0.035, 0.2), (0.03, s * 0.085, 0.14)], 0.013, 4) for s in (-1, 1)]
    legs = [bar((0, s * 0.025, 0), (0, s * 0.022, 0.06), 0.016, 4) for s in (-1, 1)]
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


KINDS = (
    Kind(
        "teddy bear",
        teddy_bear,
        ("brown", "beige", "white", "pink", "grey", "blue", "black"),
        ("wool",),
        ("fat", "slim"),
        ("teddy", "stuffed animal", "stuffed bear"),
        TAKE,
        on={"bed": 5.0, "sofa": 2.0, "armchair": 2.0, "floor": 1.0, "bookshelf": 1.0, "shelf": 1.0},
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
        "dice",
        dice,
        ("white", "red", "black", "blue", "green"),
        ("plastic", "wooden"),
        ("single", "double"),
        ("die",),
        TAKE,
        on={"coffee table": 3.0, "desk": 1.0, "dining table": 1.0, "bookshelf": 1.0, "shelf": 1.0},
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
        on={"bed": 3.0, "bookshelf": 2.0, "shelf": 2.0, "floor": 1.0, "sofa": 1.0, "armchair": 1.0},
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
)
