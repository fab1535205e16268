"""Umbrellas, glasses, watches, keys."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, lathe, limb, move, scale, turn
from ..model import Asset, Kind, Material, Mesh, Skill
from .craft import (
    DARK,
    PAPER,
    STEEL,
    WOOD,
    accent,
    along_x,
    band,
    bar,
    disc,
    finish,
    paint,
    part,
    puff,
    solid,
    tint,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})
CLOTH = ("red", "blue", "green", "yellow", "pink", "purple", "brown", "black", "grey", "white", "beige", "orange")
HIDES = ("brown", "black", "red", "blue", "white", "beige", "green", "pink")


def umbrella(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Open, leaning on its rim with the hooked stick in view, or closed and lying."""
    look = paint(colour, material)
    if shape == "open":
        r = 0.42
        cover = lathe(
            [(r, 0.0), (0.8 * r, 0.15), (0.45 * r, 0.25), (0, 0.285), (0.44 * r, 0.24), (0.79 * r, 0.14), (r, 0.0)],
            8,
            smooth=False,
        )
        cover = move(cover, (0, 0, 0.02))
        rod = limb([(0, 0, -0.21), (0, 0, 0.34)], 0.009, 5)
        hook = limb([(0, 0, -0.2), (0, 0, -0.24), (0.035, 0, -0.26), (0.07, 0, -0.24), (0.07, 0, -0.22)], 0.014, 5)
        meshes = [turn(m, 1.1, (0, 1, 0)) for m in (cover, rod, hook)]
        return finish(
            ("umbrella", colour, material, shape),
            rng,
            [part(look, meshes[0]), part(WOOD if colour != "brown" else DARK, *meshes[1:])],
        )
    body = move(
        along_x(lathe([(0, -0.3), (0.012, -0.3), (0.045, 0.1), (0.05, 0.16), (0.018, 0.18), (0, 0.18)], 8, smooth=False)),
        (0, 0, 0.05),
    )
    rod = bar((-0.36, 0, 0.05), (0.32, 0, 0.05), 0.009, 5)
    hook = limb([(0.3, 0, 0.05), (0.4, 0, 0.05), (0.43, 0.04, 0.05), (0.4, 0.08, 0.05), (0.37, 0.075, 0.05)], 0.014, 6)
    strap = move(along_x(band(0.048, 0.05, 0.075, 8)), (0, 0, 0.05))
    return finish(
        ("umbrella", colour, material, shape),
        rng,
        [part(look, body), part(WOOD if colour != "brown" else DARK, rod, hook), part(accent(colour, "black", "white"), strap)],
    )


def glasses(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Two panes in thick rims with a bridge and two temples; sunglasses are dark."""
    rims, panes = [], []
    sides = 4 if shape == "square" else 7
    for s in (-1.0, 1.0):
        t = np.linspace(0, 2 * np.pi, sides + 1) + (np.pi / 4 if sides == 4 else 0)
        r = 0.033 if sides > 4 else 0.038
        path = np.column_stack([0 * t, s * 0.042 + r * np.cos(t), 0.034 + 0.85 * r * np.sin(t)])
        rims.append(limb(path, 0.0065, 4))
        panes.append(
            move(
                scale(along_x(solid([(r, -0.002), (r, 0.002)], sides if sides > 4 else 4)), (1, 1, 0.85)), (0, s * 0.042, 0.034)
            )
        )
        rims.append(limb([(0, s * 0.077, 0.042), (-0.1, s * 0.08, 0.042), (-0.135, s * 0.078, 0.012)], 0.006, 4))
    if sides == 4:
        panes = [move(box((0.004, 0.052, 0.044)), (0, s * 0.042, 0.034)) for s in (-1, 1)]
    rims.append(bar((0, -0.01, 0.04), (0, 0.01, 0.04), 0.007, 4))
    lens = (
        Material((0.10, 0.10, 0.12), alpha=0.85, specular=0.9)
        if shape == "dark"
        else Material((0.80, 0.90, 0.95), alpha=0.35, specular=0.9)
    )
    return finish(("glasses", colour, material, shape), rng, [part(paint(colour, material), *rims), part(lens, *panes)])


def watch(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A strap closed to a ring that stands on its side, with a dial in front."""
    look = paint(colour, material)
    ring = lathe([(0.037, 0.0), (0.043, 0.0), (0.043, 0.034), (0.037, 0.034), (0.037, 0.0)], 12)
    if shape == "square":
        case, face = box((0.018, 0.046, 0.05), (0.046, 0, 0.025)), box((0.003, 0.036, 0.04), (0.0555, 0, 0.025))
    else:
        case = move(along_x(cylinder(0.029, 0.016, 10)), (0.04, 0, 0.029))
        face = move(along_x(disc(0.023, 0.0, 10)), (0.0575, 0, 0.029))
    hands = [box((0.004, 0.005, 0.019), (0.057, 0, 0.035)), box((0.004, 0.016, 0.005), (0.057, 0.007, 0.027))]
    steel = tint((0.80, 0.68, 0.35), "metal") if colour != "yellow" else STEEL
    lift = 0.012 if shape == "round" else 0.008
    return finish(
        ("watch", colour, material, shape),
        rng,
        [part(look, move(ring, (0, 0, lift))), part(steel, case), part(PAPER, face), part(DARK, *hands)],
    )


def key(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A big key with a ring and teeth, and a coloured tag; or two keys."""
    look = tint((0.72, 0.58, 0.25), "metal")
    keys: list[Mesh] = []
    for yaw in {"single": (0.0,), "double": (-0.35, 0.35)}[shape]:
        t = np.linspace(0, 2 * np.pi, 8)
        head = limb(np.column_stack([0.02 + 0.02 * np.cos(t), 0.02 * np.sin(t), 0 * t + 0.007]), 0.0065, 4)
        shaft = [
            box((0.07, 0.012, 0.010), (0.072, 0, 0.006)),
            box((0.010, 0.022, 0.010), (0.085, 0.014, 0.006)),
            box((0.010, 0.026, 0.010), (0.101, 0.016, 0.006)),
        ]
        keys += [turn(m, yaw) for m in (head, *shaft)]
    w = 0.075 if shape == "single" else 0.095
    tag = [move(puff((1.4 * w, w, 0.026), 0.4, 8, 4), (-0.7 * w - 0.012, 0, 0))]
    return finish(("key", colour, material, shape), rng, [part(paint(colour, material), *tag), part(look, *keys)])


KINDS = (
    Kind(
        "umbrella",
        umbrella,
        CLOTH[:8],
        ("fabric",),
        ("closed", "open"),
        ("parasol",),
        TAKE,
        on={"shoe rack": 2.0, "bench": 1.5, "floor": 1.0, "wardrobe": 1.0},
    ),
    Kind(
        "glasses",
        glasses,
        ("black", "red", "blue", "brown", "green", "pink"),
        ("plastic", "metal"),
        ("round", "square", "dark"),
        ("spectacles", "sunglasses", "eyeglasses"),
        TAKE,
        on={"nightstand": 3.0, "desk": 2.0, "coffee table": 2.0, "bathroom sink": 0.7, "dresser": 1.0},
    ),
    Kind(
        "watch",
        watch,
        HIDES,
        ("leather", "rubber"),
        ("round", "square"),
        ("wristwatch",),
        TAKE,
        on={"nightstand": 4.0, "dresser": 3.0, "desk": 2.0, "bathroom sink": 1.0},
    ),
    Kind(
        "key",
        key,
        ("red", "blue", "green", "yellow", "orange", "black"),
        ("plastic", "leather"),
        ("single", "double"),
        ("keys", "keychain", "bunch of keys"),
        TAKE,
        on={"side table": 2.0, "coffee table": 1.5, "desk": 2.0, "shoe rack": 2.0, "nightstand": 1.0, "kitchen counter": 0.7},
    ),
)
