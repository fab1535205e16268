"""Living rooms: seats, low tables, the television and what makes a room cosy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look, plain
from ..meshes import move, turn
from ..model import Asset, Kind, Material
from .dining import WOODS, apron, board, pedestal
from .piece import DARK, IRON, STEEL, Piece, carcass, shaded
from .shapes import Span, cushion, ends, inner, legs, length, middle, picture, posts, slab, split, vary, wide


def sofa(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("sofa", colour, material, shape)
    seats = {"two-seat": 2, "three-seat": 3, "corner": 3}[shape]
    y = wide(seats * vary(rng, 0.60, 0.70) + 0.36)
    _seat(piece, look(colour, material, rng), y, seats, rng)
    if shape == "corner":
        _chaise(piece, look(colour, material), (y[0] + 0.18, y[0] + 0.86))
    _throw_pillow(piece, y, rng)
    return piece.asset()


def _seat(piece: Piece, stuff: Material, y: Span, seats: int, rng: np.random.Generator) -> None:
    """Base, back, arms and cushions of a sofa or an armchair."""
    arm, high, round_m = 0.17, vary(rng, 0.74, 0.84), 0.03
    piece.add(shaded(stuff, 0.85), slab((0.02, 0.84), inner(y, 0.02), (0.09, 0.28)))
    piece.add(shaded(stuff, 0.92), cushion((0.0, 0.20), y, (0.09, high), 0.04))
    piece.add(shaded(stuff, 0.92), *(cushion((0.0, 0.87), b, (0.09, 0.60), 0.04) for b in ends(y, arm)))
    for part in split(inner(y, arm), seats):
        part = inner(part, 0.004)
        piece.add(stuff, cushion((0.18, 0.88), part, (0.27, 0.44), round_m * 1.3))
        back = cushion((-0.07, 0.07), part, (0.0, high - 0.38), round_m * 1.5)
        piece.add(stuff, move(turn(back, -0.16, (0, 1, 0)), (0.30, 0.0, 0.42)))
    piece.add(DARK, *posts((0.04, 0.82), inner(y, 0.05), (0.0, 0.09), 0.05))
    piece.place("seat", "on", (0.40, 0.84), inner(y, arm + 0.05), 0.44, 0.5)
    piece.solid((0.0, 0.88), y, (0.0, 0.44))
    piece.solid((0.0, 0.36), y, (0.44, high))
    for b in ends(y, arm):
        piece.solid((0.36, 0.87), b, (0.44, 0.60))


def _chaise(piece: Piece, stuff: Material, y: Span) -> None:
    piece.add(shaded(stuff, 0.85), slab((0.84, 1.46), inner(y, 0.02), (0.09, 0.28)))
    piece.add(stuff, cushion((0.86, 1.48), y, (0.27, 0.44), 0.04))
    piece.add(DARK, *(slab((1.38, 1.43), wide(0.05, b), (0.0, 0.09)) for b in inner(y, 0.06)))
    piece.place("chaise", "on", (0.95, 1.42), inner(y, 0.06), 0.44, 1.0)
    piece.solid((0.84, 1.48), y, (0.0, 0.44))


def _throw_pillow(piece: Piece, y: Span, rng: np.random.Generator) -> None:
    pillow = cushion((-0.06, 0.06), wide(0.36), (0.0, 0.33), 0.058)
    tint = [(0.85, 0.82, 0.74), (0.36, 0.40, 0.46), (0.74, 0.52, 0.24)][int(rng.integers(3))]
    accent = Material(tint, ("knit", "stripes", "diamonds", "dots")[int(rng.integers(4))], 1.0, 0.0)
    piece.add(accent, move(turn(pillow, -0.35, (0, 1, 0)), (0.47, y[1] - 0.17 - 0.21, 0.43)))


def armchair(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("armchair", colour, material, shape)
    stuff = look(colour, material, rng)
    if shape == "square":
        _seat(piece, stuff, wide(vary(rng, 0.86, 0.96)), 1, rng)
        return piece.asset()
    size, high = vary(rng, 0.72, 0.80), vary(rng, 0.95, 1.05) if shape == "wing" else vary(rng, 0.72, 0.80)
    y, arm = wide(size), 0.12
    piece.add(stuff, cushion((0.10, 0.74), inner(y, arm - 0.02), (0.26, 0.44), 0.04))
    piece.add(shaded(stuff, 0.92), cushion((0.0, 0.17), y, (0.20, high), 0.05))
    piece.add(shaded(stuff, 0.92), *(cushion((0.05, 0.74), b, (0.20, 0.62), 0.05) for b in ends(y, arm)))
    if shape == "wing":
        piece.add(shaded(stuff, 0.96), *(cushion((0.10, 0.32), b, (0.58, high), 0.04) for b in ends(y, 0.10)))
    piece.add(look("brown", "wooden"), *legs((0.08, 0.66), inner(y, 0.08), 0.27, 0.026, 0.014, 0.02))
    piece.place("seat", "on", (0.24, 0.70), inner(y, arm + 0.04), 0.44, 0.5)
    piece.solid((0.0, 0.74), y, (0.0, 0.62))
    piece.solid((0.0, 0.30), y, (0.62, high))
    return piece.asset()


def _low_table(piece: Piece, top: Material, material: str, shape: str, x: Span, y: Span, high: float) -> None:
    z = (high - 0.03, high)
    piece.add(top, board(shape, x, y, z))
    frame = shaded(top, 0.75) if material == "wooden" else IRON
    inset = 0.15 if shape in ("round", "oval") else 0.04
    if shape in ("round", "oval"):
        piece.add(frame, *legs(inner(x, length(x) * inset), inner(y, length(y) * inset), z[0], 0.022, 0.014, 0.02))
    else:
        piece.add(frame, *posts(inner(x, inset), inner(y, inset), (0.0, z[0]), 0.045))
        piece.add(frame, *apron(inner(x, inset + 0.02), inner(y, inset + 0.02), (z[0] - 0.05, z[0])))
    room = 0.66 if shape in ("round", "oval") else 0.86
    piece.place("top", "on", wide(length(x) * room), wide(length(y) * room), high, 1.0)
    piece.solid(inner(x, 0.02), inner(y, 0.02), (0.0, high))


def coffee_table(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("coffee table", colour, material, shape)
    top, high = look(colour, material, rng), vary(rng, 0.38, 0.47)
    y = wide(vary(rng, 0.75, 0.9) if shape == "round" else vary(rng, 0.95, 1.2))
    x = wide(length(y) if shape == "round" else vary(rng, 0.5, 0.62))
    _low_table(piece, top, material, shape, x, y, high)
    if shape == "rectangular":
        piece.add(shaded(top, 0.85), slab(inner(x, 0.05), inner(y, 0.05), (0.12, 0.14)))
        piece.place("shelf", "in", inner(x, 0.08), inner(y, 0.10), 0.14, high - 0.24)
    return piece.asset()


def side_table(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("side table", colour, material, shape)
    top, high, size = look(colour, material, rng), vary(rng, 0.48, 0.58), vary(rng, 0.40, 0.50)
    if shape == "round" and rng.random() < 0.5:
        piece.add(top, board("round", wide(size), wide(size), (high - 0.025, high)))
        piece.add(shaded(top, 0.75) if material == "wooden" else STEEL, *pedestal(high - 0.025, 0.15))
        piece.place("top", "on", wide(size * 0.66), wide(size * 0.66), high, 1.0)
        piece.solid(inner(wide(size), 0.02), inner(wide(size), 0.02), (0.0, high))
    else:
        _low_table(piece, top, material, shape, wide(size), wide(size), high)
    return piece.asset()


def tv_stand(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("tv stand", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 0.45, 0.55)
    y, x = wide(vary(rng, 1.15, 1.3) if shape == "short" else vary(rng, 1.5, 1.8)), (0.0, 0.40)
    z = (0.10, high)
    side, open_part = ends(y, length(y) * 0.3), inner(y, length(y) * 0.3)
    carcass(piece, stuff, x, y, z, walls=open_part)
    cut = middle(z)
    piece.add(shaded(stuff, 0.8), slab((0.01, 0.38), open_part, (cut - 0.018, cut)))
    for n, low in enumerate((z[0] + 0.018, cut)):
        piece.place(f"shelf {n + 1}", "in", (0.03, 0.37), inner(open_part, 0.03), low, length(z) / 2 - 0.03)
    piece.door("left door", stuff, x[1], side[0], z, "low y")
    piece.door("right door", stuff, x[1], side[1], z, "high y")
    for name, part in zip(("left", "right"), side, strict=True):
        inside = inner(part, 0.03)
        piece.place(f"{name} cupboard", "in", (0.03, 0.37), inside, z[0] + 0.018, length(z) - 0.04, f"{name} door")
    piece.add(shaded(stuff, 0.6), *legs(inner(x, 0.06), inner(y, 0.08), z[0], 0.022, 0.014, 0.015))
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.04), high, 1.0)
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def television(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("television", colour, material, shape)
    body = look(colour, material, rng)
    high = {"small": vary(rng, 0.44, 0.50), "large": vary(rng, 0.58, 0.68)}[shape]
    y, z = wide(high * 1.7), (0.06, 0.06 + high)
    piece.add(body, slab((0.0, 0.05), y, z))
    piece.add(body, slab((-0.06, 0.14), wide(0.42), (0.0, 0.012)), slab((-0.01, 0.03), wide(0.12), (0.012, 0.06)))
    screen = picture(0.052, inner(y, 0.02), inner(z, 0.02))
    piece.add(plain((0.03, 0.03, 0.04), 0.8), screen, when="off")
    piece.add(Material((1.0, 1.0, 1.0), "broadcast", 1.0, 0.1, 0.2, 0.8), screen, when="on")
    piece.add(plain((0.8, 0.1, 0.1), 0.0, 0.6), picture(0.053, wide(0.012), (z[0] + 0.005, z[0] + 0.013)))
    return piece.asset()


SEATS = ("grey", "blue", "green", "beige", "brown", "red", "white", "black", "yellow")
LIVING = {"living room": 1.0}

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "sofa",
            sofa,
            SEATS,
            ("fabric", "leather"),
            ("two-seat", "three-seat", "corner"),
            ("couch", "settee"),
            rooms={"living room": 1.0, "office": 0.1},
            stand="wall",
        ),
        Kind(
            "armchair",
            armchair,
            (*SEATS, "orange", "purple"),
            ("fabric", "leather"),
            ("square", "tub", "wing"),
            ("easy chair",),
            rooms={"living room": 0.8, "bedroom": 0.25, "office": 0.15},
            stand="corner",
            many=2,
        ),
        Kind(
            "coffee table",
            coffee_table,
            WOODS,
            ("wooden", "marble", "metal"),
            ("rectangular", "round", "oval"),
            ("low table",),
            rooms=LIVING,
            stand="middle",
        ),
        Kind(
            "side table",
            side_table,
            (*WOODS, "red"),
            ("wooden", "marble", "metal"),
            ("round", "square"),
            ("end table",),
            rooms={"living room": 0.7, "bedroom": 0.2, "hallway": 0.3},
            stand="beside",
            many=2,
        ),
        Kind(
            "tv stand",
            tv_stand,
            WOODS,
            ("wooden", "plastic"),
            ("short", "long"),
            ("media console", "television stand"),
            frozenset({"open"}),
            LIVING,
            stand="wall",
        ),
        Kind(
            "television",
            television,
            ("black", "grey", "white"),
            ("plastic", "metal"),
            ("small", "large"),
            ("tv", "telly"),
            frozenset({"toggle"}),
            {"living room": 1.0, "bedroom": 0.2},
            {"tv stand": 1.0, "dresser": 0.2},
        ),
    )
}
