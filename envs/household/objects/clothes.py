"""Hats and shoes."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, move, sphere, turn
from ..model import Asset, Kind, Mesh, Skill
from .craft import (
    accent,
    band,
    disc,
    finish,
    paint,
    part,
    puff,
    solid,
)

ABOUT = {"bed": 2.0, "dresser": 2.0, "wardrobe": 1.5, "chair": 1.0, "sofa": 1.0, "bench": 1.5}
TAKE: frozenset[Skill] = frozenset({"pickup"})
CLOTH = ("red", "blue", "green", "yellow", "pink", "purple", "brown", "black", "grey", "white", "beige", "orange")


def hat(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A crown with a wide brim and a ribbon, a cap with a peak, or a woollen one with a bobble."""
    look, trim = paint(colour, material), accent(colour, "black", "white")
    if shape == "wide":
        body = solid([(0.19, 0.0), (0.195, 0.012), (0.1, 0.018), (0.092, 0.11), (0.06, 0.12)], 14)
        return finish(
            ("hat", colour, material, shape), rng, [part(look, body), part(trim, band(0.101, 0.018, 0.048, 14, 0.098))]
        )
    if shape == "peaked":
        dome = solid([(0.1, 0), (0.098, 0.05), (0.07, 0.1), (0.02, 0.115)], 12)
        peak = move(puff((0.19, 0.16, 0.014), 0.8, 10, 4), (0.085, 0, 0))
        return finish(
            ("hat", colour, material, shape),
            rng,
            [
                part(look, dome, peak),
                part(trim, solid([(0.014, 0.112), (0.012, 0.124)], 6), box((0.01, 0.06, 0.035), (0.098, 0, 0.045))),
            ],
        )
    dome = solid([(0.098, 0.0), (0.1, 0.06), (0.095, 0.1), (0.06, 0.15), (0.02, 0.17)], 12)
    cuff = lathe([(0.1, 0), (0.108, 0.01), (0.108, 0.05), (0.1, 0.058)], 12)
    return finish(
        ("hat", colour, material, shape),
        rng,
        [part(look, dome), part(accent(colour, "white", "red"), cuff, move(sphere(0.034, 8), (0, 0, 0.19)))],
    )


def shoe(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pair: low shoes with laces, high boots, or slippers."""
    look = paint(colour, material)
    bodies: list[Mesh] = []
    soles: list[Mesh] = []
    marks: list[Mesh] = []
    for side in (-1.0, 1.0):
        y = side * 0.06
        foot = _sole(0.27, 0.088)
        if shape == "open":
            soles.append(move(extrude(foot, 0.03), (0, y, 0)))
            bodies.append(move(puff((0.13, 0.098, 0.085), 0.7, 8, 5), (0.065, y, 0.008)))
            bodies.append(move(extrude([(0.92 * a, 0.9 * b) for a, b in foot], 0.008), (0, y, 0.03)))
            continue
        soles.append(move(extrude(foot, 0.024), (0, y, 0)))
        bodies.append(move(puff((0.255, 0.08, 0.088), 0.62, 7, 4), (0.0, y, 0.012)))
        if shape == "high":
            bodies.append(move(solid([(0.05, 0.03), (0.047, 0.2), (0.054, 0.24)], 7), (-0.065, y, 0)))
            marks.append(move(band(0.0555, 0.21, 0.238, 7), (-0.065, y, 0)))
        else:
            bodies.append(move(solid([(0.046, 0.05), (0.042, 0.115)], 6), (-0.06, y, 0)))
            marks += [move(turn(box((0.012, 0.056, 0.008)), 0.35, (0, 1, 0)), (x, y, 0.112 - 0.28 * x)) for x in (0.0, 0.045)]
            marks.append(move(disc(0.03, 0.1165, 6), (-0.06, y, 0)))
    parts = [part(look, *bodies), part(accent(colour, "white", "black"), *soles)]
    if marks:
        parts.append(part(accent(colour, "white", "black"), *marks))
    return finish(("shoe", colour, material, shape), rng, parts)


def _sole(length: float, width: float) -> list[tuple[float, float]]:
    """The outline of a foot."""
    outline = ((-0.5, 0.0), (-0.42, -0.4), (0.2, -0.5), (0.46, -0.28), (0.5, 0.1), (0.2, 0.5), (-0.42, 0.4))
    return [(x * length, y * width) for x, y in outline]


KINDS = (
    Kind(
        "hat",
        hat,
        CLOTH,
        ("fabric", "wool", "leather"),
        ("wide", "peaked", "knitted"),
        ("cap", "beanie"),
        TAKE,
        on={**ABOUT, "shoe rack": 1.5},
    ),
    Kind(
        "shoe",
        shoe,
        ("red", "blue", "green", "white", "black", "brown", "pink", "yellow"),
        ("leather", "fabric", "rubber"),
        ("low", "high", "open"),
        ("shoes", "sneakers", "boots", "slippers", "pair of shoes"),
        TAKE,
        on={"shoe rack": 8.0, "floor": 2.5, "bench": 0.5, "wardrobe": 1.5},
        many=3,
    ),
)
