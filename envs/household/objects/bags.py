"""Handbags, backpacks and wallets."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, limb, move, turn
from ..model import Asset, Kind, Skill
from .craft import (
    accent,
    finish,
    hoop,
    paint,
    part,
    puff,
    tint,
    upright,
)

ABOUT = {"bed": 2.0, "dresser": 2.0, "wardrobe": 1.5, "chair": 1.0, "sofa": 1.0, "bench": 1.5}
TAKE: frozenset[Skill] = frozenset({"pickup"})
CLOTH = ("red", "blue", "green", "yellow", "pink", "purple", "brown", "black", "grey", "white", "beige", "orange")
HIDES = ("brown", "black", "red", "blue", "white", "beige", "green", "pink")


def handbag(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A trapezium with a flap, a clasp and a bow to carry it by."""
    look, gold = paint(colour, material), tint((0.82, 0.65, 0.25), "metal")
    w, h = {"wide": (0.32, 0.2), "tall": (0.26, 0.27)}[shape]
    outline = [(-0.5 * w, 0), (0.5 * w, 0), (0.38 * w, h), (-0.38 * w, h)]
    body = move(turn(upright(extrude(outline, 0.13)), np.pi / 2), (-0.065, 0, 0))
    flap = move(
        turn(
            upright(
                extrude(
                    [
                        (-0.40 * w, 0.62 * h),
                        (-0.2 * w, 0.42 * h),
                        (0.2 * w, 0.42 * h),
                        (0.40 * w, 0.62 * h),
                        (0.38 * w, h),
                        (-0.38 * w, h),
                    ],
                    0.012,
                )
            ),
            np.pi / 2,
        ),
        (0.062, 0, 0),
    )
    bows = [move(hoop(0.2 * w, 0.55 * h, h - 0.01, 0.010, 6), (x, 0, 0)) for x in (-0.035, 0.035)]
    clasp = box((0.016, 0.04, 0.03), (0.076, 0, 0.44 * h))
    feet = [box((0.13, 0.03, 0.014), (0, s * 0.38 * w, 0.005)) for s in (-1, 1)]
    return finish(
        ("handbag", colour, material, shape),
        rng,
        [part(look, body), part(accent(colour, "brown", "black"), flap, *bows), part(gold, clasp, *feet)],
    )


def backpack(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """An upright sack with a front pocket, a flap, straps behind and a loop on top."""
    w, h = {"tall": (0.3, 0.44), "small": (0.26, 0.33)}[shape]
    body = puff((0.18, w, h), 0.4, 10, 5)
    pocket = move(puff((0.1, 0.76 * w, 0.42 * h), 0.35, 8, 4), (0.09, 0, 0.04 * h))
    lid = move(puff((0.21, 0.92 * w, 0.2 * h), 0.4, 8, 3), (0.01, 0, 0.83 * h))
    straps = [
        limb([(-0.08, s * 0.25 * w, 0.88 * h), (-0.14, s * 0.3 * w, 0.5 * h), (-0.08, s * 0.36 * w, 0.1 * h)], 0.018, 4)
        for s in (-1, 1)
    ]
    loop = hoop(0.05, 0.05, 1.0 * h, 0.009, 2)
    zips = [box((0.006, 0.5 * w, 0.012), (0.14, 0, 0.34 * h)), box((0.02, 0.025, 0.09 * h), (0.105, 0, 0.78 * h))]
    trim = accent(colour, "black", "grey")
    return finish(
        ("backpack", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body, pocket),
            part(trim, *straps, loop, lid),
            part(accent(colour, "white", "yellow"), *zips),
        ],
    )


def wallet(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A folded purse with a strap and cards that look out, or a long one with a zip."""
    w = {"folded": 0.125, "long": 0.2}[shape]
    body = puff((0.105, w, 0.032), 0.2, 10, 4)
    strap = box((0.05, 0.03, 0.035), (0.035, 0, 0.0165))
    seam = box((0.106, 0.9 * w, 0.005), (0.002, 0, 0.016))
    button = cylinder(0.009, 0.005, 6, (0.025, 0, 0.033))
    return finish(
        ("wallet", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body),
            part(accent(colour, "black", "brown"), strap, seam),
            part(tint((0.82, 0.65, 0.25), "metal"), button),
        ],
    )


KINDS = (
    Kind(
        "handbag",
        handbag,
        HIDES,
        ("leather", "fabric"),
        ("wide", "tall"),
        ("purse", "bag"),
        TAKE,
        on={**ABOUT, "floor": 0.5, "shoe rack": 1.0},
    ),
    Kind(
        "backpack",
        backpack,
        CLOTH[:9],
        ("fabric", "leather"),
        ("tall", "small"),
        ("rucksack", "school bag"),
        TAKE,
        on={"floor": 3.0, "bed": 2.0, "chair": 1.0, "bench": 1.5, "wardrobe": 1.0},
    ),
    Kind(
        "wallet",
        wallet,
        HIDES,
        ("leather", "fabric"),
        ("folded", "long"),
        ("billfold", "coin purse"),
        TAKE,
        on={"nightstand": 2.0, "desk": 2.0, "dresser": 2.0, "coffee table": 1.0, "shoe rack": 0.5},
    ),
)
