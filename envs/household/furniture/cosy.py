"""What makes a room cosy: fireplaces, aquariums, pianos and plants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..materials import look, plain
from ..meshes import cone, cylinder, lathe, move, sphere, turn
from ..model import Asset, Kind, Material, Mesh
from .piece import DARK, STEEL, Piece, shaded
from .shapes import (
    ends,
    inner,
    picture,
    rod,
    slab,
    split,
    triangles,
    vary,
    wide,
)


def fireplace(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("fireplace", colour, material, shape)
    stuff, w, high = look(colour, material, rng), vary(rng, 1.2, 1.5), vary(rng, 1.05, 1.2)
    y, x, hole = wide(w), (0.0, 0.38), wide(w * 0.5)
    piece.add(stuff, slab(x, (y[0], hole[0]), (0.05, high)), slab(x, (hole[1], y[1]), (0.05, high)))
    piece.add(stuff, slab(x, hole, (0.75, high)), slab((0.0, 0.55), y, (0.0, 0.05)))
    piece.add(shaded(stuff, 0.8), slab((0.0, 0.44), wide(w + 0.1), (high, high + 0.06)))
    piece.add(DARK, slab((0.0, 0.03), hole, (0.05, 0.75)))
    log = look("brown", "wooden")
    piece.add(
        log, rod((0.20, -0.22, 0.10), (0.20, 0.22, 0.10), 0.05, 0.05, 7), rod((0.14, -0.18, 0.16), (0.28, 0.16, 0.18), 0.045)
    )
    for tint, size, flame in (((1.0, 0.45, 0.08), 0.11, 0.36), ((1.0, 0.82, 0.25), 0.06, 0.24)):
        for b in (-0.11, 0.02, 0.13):
            piece.add(plain(tint, 0.0, 1.0), cone(size * 0.8, 0.0, flame, 6, (0.21 + size * 0.3, b, 0.12)), when="on")
    if shape == "columned":
        piece.add(shaded(stuff, 0.95), *(cylinder(0.06, high - 0.05, 10, (0.42, b, 0.05)) for b in inner(y, 0.14)))
    piece.place("mantel", "on", (0.06, 0.40), inner(y, 0.05), high + 0.06, 0.5)
    piece.solid((0.0, 0.48), y, (0.0, high + 0.06))
    return piece.asset()


def aquarium(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("aquarium", colour, material, shape)
    stand, w = look(colour, material, rng), vary(rng, 0.7, 0.85) if shape == "small" else vary(rng, 1.0, 1.25)
    y, x = wide(w), wide(0.40)
    piece.add(stand, slab(x, y, (0.04, 0.62)), slab(x, y, (1.07, 1.13)))
    piece.add(shaded(stand, 0.5), slab(inner(x, 0.02), inner(y, 0.02), (0.0, 0.04)))
    piece.add(STEEL, *(slab((0.20, 0.215), wide(0.015, b), (0.28, 0.42)) for b in (-0.03, 0.03)))
    tank = inner(y, 0.01)
    for when, glow in (("off", 0.1), ("on", 0.7)):
        water = Material((1.0, 1.0, 1.0), "water", 1.0, 0.8, 0.9, glow)
        sides = [picture(0.195, tank, (0.62, 1.07))]
        sides += [turn(picture(tank[1], (-0.195, 0.195), (0.62, 1.07)), s * np.pi / 2) for s in (-1, 1)]
        sides.append(turn(picture(0.195, tank, (0.62, 1.07)), np.pi))
        piece.add(water, *sides, when="on" if when == "on" else "off")
    piece.place("lid", "on", inner(x, 0.04), inner(y, 0.04), 1.13, 0.5)
    piece.solid(x, y, (0.0, 1.13))
    return piece.asset()


def piano(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("piano", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 1.1, 1.25)
    y = wide(1.45)
    piece.add(stuff, slab((0.0, 0.30), y, (0.05, high)), slab((0.0, 0.33), wide(1.49), (high, high + 0.03)))
    piece.add(stuff, slab((0.30, 0.58), y, (0.60, 0.68)), *(slab((0.30, 0.58), b, (0.68, 0.78)) for b in ends(y, 0.06)))
    piece.add(stuff, *(slab((0.50, 0.57), b, (0.0, 0.60)) for b in ends(y, 0.07)), slab((0.30, 0.34), y, (0.68, 0.84)))
    keys = inner(y, 0.07)
    piece.add(plain((0.95, 0.94, 0.90), 0.4), slab((0.36, 0.56), keys, (0.68, 0.70)))
    piece.add(
        DARK,
        *(slab((0.36, 0.48), wide(0.014, p[1]), (0.70, 0.712)) for k, p in enumerate(split(keys, 24)) if k % 4 not in (2, 3)),
    )
    piece.add(look("beige", "paper"), slab((0.30, 0.31), wide(0.36), (0.90, 1.04)))
    piece.place("top", "on", (0.04, 0.29), inner(y, 0.05), high + 0.03, 0.6)
    piece.solid((0.0, 0.58), y, (0.0, high))
    return piece.asset()


def house_plant(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("house plant", colour, material, shape)
    pot, r, high = look(colour, material, rng), vary(rng, 0.15, 0.20), vary(rng, 0.28, 0.36)
    piece.add(pot, lathe([(0, 0), (r * 0.75, 0), (r, high), (r - 0.02, high), (r - 0.03, high - 0.03)], 12))
    piece.add(plain((0.20, 0.13, 0.08)), cylinder(r - 0.025, 0.02, 10, (0.0, 0.0, high - 0.04)))
    green = plain([(0.13, 0.40, 0.13), (0.22, 0.48, 0.16), (0.16, 0.36, 0.22)][int(rng.integers(3))], 0.15)
    if shape == "bushy":
        green = replace(green, pattern="leaves", rgb=(green.rgb[0] * 1.3, green.rgb[1] * 1.3, green.rgb[2] * 1.3))
    tall = vary(rng, 0.7, 1.1)
    piece.add(green, *_foliage(shape, high, tall, rng))
    if shape != "spiky":
        piece.add(look("brown", "wooden"), rod((0.0, 0.0, high - 0.03), (0.0, 0.0, high + tall * 0.7), 0.018, 0.010))
    piece.solid(wide(2 * r), wide(2 * r), (0.0, high + tall * 0.8))
    return piece.asset()


def _foliage(shape: str, base: float, tall: float, rng: np.random.Generator) -> list[Mesh]:
    """Leaves around a stem; the golden angle between them spreads them evenly."""
    leaves = []
    count = {"spiky": 14, "leafy": 22, "bushy": 5}[shape]
    for k in range(count):
        around, up = 2.39996 * k, k / (count - 1)
        if shape == "bushy":
            at = (0.12 * float(np.cos(around)), 0.12 * float(np.sin(around)), base + tall * (0.5 + 0.45 * up))
            leaves.append(sphere(0.20 - 0.04 * up, 10, 0.9, at))
        elif shape == "spiky":
            leaf = turn(_leaf(0.08, tall * (1.0 - 0.35 * up), 0.12), 0.10 + 0.55 * up, (0, 1, 0))
            leaves.append(turn(move(leaf, (0.0, 0.0, base - 0.03)), around))
        else:
            lean = 1.25 - 0.75 * up + 0.2 * float(rng.random())
            leaf = turn(_leaf(0.20, 0.40 - 0.10 * up, 0.35), lean, (0, 1, 0))
            leaves.append(turn(move(leaf, (0.01, 0.0, base + tall * (0.15 + 0.55 * up))), around))
    return leaves


def _leaf(width: float, size: float, droop: float) -> Mesh:
    """A folded blade from the origin along z, bent towards x: 8 triangles, both sides."""
    half, bend = width / 2, droop * size
    stem, tip, rib = (0.0, 0.0, 0.0), (bend, 0.0, size), (0.0, 0.0, 0.5 * size)
    left, right = (-0.15 * width, -half, 0.5 * size), (-0.15 * width, half, 0.5 * size)
    sides = [[stem, rib, left], [rib, tip, left], [stem, right, rib], [right, tip, rib]]
    return triangles(sides + [side[::-1] for side in sides])


KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "fireplace",
            fireplace,
            ("white", "grey", "beige", "red", "brown"),
            ("stone", "brick"),
            ("plain", "columned"),
            skills=frozenset({"toggle"}),
            rooms={"living room": 0.35},
            stand="wall",
        ),
        Kind(
            "aquarium",
            aquarium,
            ("black", "white", "brown", "grey"),
            ("wooden", "metal"),
            ("small", "large"),
            ("fish tank",),
            frozenset({"toggle"}),
            {"living room": 0.2, "office": 0.1, "hallway": 0.05},
            stand="wall",
        ),
        Kind(
            "piano",
            piano,
            ("black", "brown", "white"),
            ("wooden", "plastic"),
            ("upright",),
            rooms={"living room": 0.2},
            stand="wall",
        ),
        Kind(
            "house plant",
            house_plant,
            ("white", "grey", "brown", "blue", "orange", "black", "beige"),
            ("ceramic", "wicker", "plastic"),
            ("leafy", "spiky", "bushy"),
            ("indoor plant", "big plant"),
            rooms={"living room": 0.9, "office": 0.6, "bedroom": 0.4, "hallway": 0.4, "dining room": 0.5, "bathroom": 0.15},
            stand="corner",
            many=2,
        ),
    )
}
