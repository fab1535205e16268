"""Bedrooms: beds and what clothes are kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..materials import look, plain
from ..model import Asset, Kind, Material
from .dining import WOODS
from .piece import MIRROR, STEEL, Piece, carcass, shaded
from .shapes import Span, cushion, inner, legs, picture, posts, rod, slab, split, vary, wide


def bed(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("bed", colour, material, shape)
    frame, blanket, linen = look(colour, material, rng), _blanket(colour, rng), plain((0.95, 0.95, 0.93))
    y = wide({"single": vary(rng, 0.92, 1.05), "double": vary(rng, 1.45, 1.65), "canopy": vary(rng, 1.5, 1.65)}[shape])
    x, top = (0.0, 2.05), vary(rng, 0.46, 0.54)
    head = vary(rng, 0.95, 1.15)
    if material == "metal":
        piece.add(frame, *(rod((0.03, p[0], 0.0), (0.03, p[0], head), 0.014) for p in split(y, 5)))
        piece.add(frame, rod((0.03, y[1], 0.0), (0.03, y[1], head), 0.014), slab((0.015, 0.045), y, (head - 0.03, head)))
    else:
        piece.add(frame, cushion((0.0, 0.07), y, (0.15, head), 0.02))
    piece.add(shaded(frame, 0.85), slab((0.05, x[1]), y, (0.16, 0.30)))
    piece.add(frame, *posts((0.06, x[1]), y, (0.0, 0.16), 0.07))
    piece.add(linen, cushion((0.08, x[1] - 0.02), inner(y, 0.02), (0.28, top), 0.04))
    piece.add(blanket, cushion((0.68, x[1] + 0.01), (y[0] - 0.015, y[1] + 0.015), (0.24, top + 0.025), 0.03))
    piece.add(shaded(blanket, 0.8), cushion((0.60, 0.78), (y[0] - 0.017, y[1] + 0.017), (0.26, top + 0.035), 0.02))
    for part in split(inner(y, 0.05), 1 if shape == "single" else 2):
        piece.add(linen, cushion((0.12, 0.50), inner(part, 0.04), (top - 0.02, top + 0.10), 0.055))
    if shape == "canopy":
        corners = [(a, b) for a in inner(x, 0.03) for b in inner(y, 0.03)]
        piece.add(frame, *(slab(wide(0.05, a), wide(0.05, b), (0.0, 1.95)) for a, b in corners))
        piece.add(frame, *(slab(x, wide(0.05, b), (1.95, 2.0)) for b in inner(y, 0.03)))
        piece.add(frame, *(slab(wide(0.05, a), y, (1.95, 2.0)) for a in inner(x, 0.03)))
    piece.place("blanket", "on", (0.85, x[1] - 0.08), inner(y, 0.08), top + 0.025, 1.0)
    piece.solid(x, y, (0.0, top))
    piece.solid((0.0, 0.07), y, (top, head))
    return piece.asset()


def _blanket(colour: str, rng: np.random.Generator) -> Material:
    pattern = ("fabric", "fabric", "stripes", "checks", "dots", "diamonds")[int(rng.integers(6))]
    return replace(look(colour, "fabric", rng), pattern=pattern)


def wardrobe(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("wardrobe", colour, material, shape)
    stuff, high, panel = look(colour, material, rng), vary(rng, 1.85, 2.1), bool(rng.random() < 0.5)
    doors = {"single": 1, "double": 2, "mirrored": 2, "wide": 3}[shape]
    y, x, z = wide(doors * vary(rng, 0.45, 0.52)), (0.0, 0.56), (0.07, high)
    columns = split(y, doors)
    carcass(piece, stuff, x, y, z, walls=[part[0] for part in columns[1:]])
    piece.add(shaded(stuff, 0.5), slab((0.02, 0.53), inner(y, 0.02), (0.0, 0.07)))
    piece.add(shaded(stuff, 0.9), slab((0.0, 0.60), (y[0] - 0.015, y[1] + 0.015), (high, high + 0.03)))
    for k, part in enumerate(columns):
        name = f"door {k + 1}"
        glass = [(MIRROR, [picture(x[1] + 0.022, inner(part, 0.07), inner(z, 0.10))])] if shape == "mirrored" else []
        piece.door(name, stuff, x[1], part, z, "high y" if k % 2 else "low y", panel=panel and not glass, extra=glass)
        _inside_wardrobe(piece, k, part, z, shaded(stuff, 0.8), rng)
    piece.place("top", "on", inner(x, 0.05), inner(y, 0.05), high + 0.03, 0.4)
    piece.solid((0.0, 0.58), y, (0.0, high))
    return piece.asset()


def _inside_wardrobe(piece: Piece, k: int, y: Span, z: Span, boards: Material, rng: np.random.Generator) -> None:
    """Left sides hang clothes on a rail, right sides have boards."""
    name, inside = f"door {k + 1}", inner(y, 0.04)
    piece.place(f"floor {k + 1}", "in", (0.05, 0.50), inside, z[0] + 0.018, 0.35, name)
    if k % 2:
        for n, (low, high) in list(enumerate(split(z, 4)))[1:]:
            piece.add(boards, slab((0.01, 0.54), inner(y, 0.012), (low - 0.018, low)))
            piece.place(f"board {k + 1}.{n}", "in", (0.05, 0.50), inside, low, high - low - 0.04, name)
        return
    piece.add(STEEL, slab(wide(0.02, 0.28), inner(y, 0.015), (z[1] - 0.12, z[1] - 0.10)))
    for n, part in enumerate(split(inner(y, 0.06), 3)):
        tint = [(0.26, 0.30, 0.46), (0.70, 0.66, 0.60), (0.46, 0.18, 0.20), (0.22, 0.36, 0.30)][int(rng.integers(4))]
        cloth = Material(tint, ("fabric", "stripes", "knit")[n])
        piece.add(cloth, slab((0.08, 0.48), inner(part, 0.03), (z[1] - 1.0, z[1] - 0.12)))


def _chest(piece: Piece, stuff: Material, x: Span, y: Span, z: Span, rows: int, columns: int) -> None:
    carcass(piece, stuff, x, y, z)
    for r, level in enumerate(split(inner(z, 0.012), rows)):
        for c, part in enumerate(split(inner(y, 0.012), columns)):
            name = f"drawer {(rows - 1 - r) * columns + c + 1}"
            piece.drawer(name, stuff, shaded(stuff, 0.7), (0.03, x[1]), part, level)
    piece.solid((x[0], x[1] + 0.02), y, (0.0, z[1]))


def dresser(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("dresser", colour, material, shape)
    stuff = look(colour, material, rng)
    y = wide({"tall": vary(rng, 0.5, 0.65), "low": vary(rng, 0.8, 0.95), "wide": vary(rng, 1.2, 1.45)}[shape])
    high = {"tall": vary(rng, 1.05, 1.25), "low": vary(rng, 0.7, 0.8), "wide": vary(rng, 0.75, 0.85)}[shape]
    x = (0.0, 0.44)
    rows, columns = {"tall": (5, 1), "low": (3, 1), "wide": (3, 2)}[shape]
    _chest(piece, stuff, x, y, (0.08, high - 0.02), rows, columns)
    piece.add(shaded(stuff, 0.9), slab((0.0, 0.475), (y[0] - 0.012, y[1] + 0.012), (high - 0.02, high)))
    piece.add(shaded(stuff, 0.7), *posts(inner(x, 0.02), inner(y, 0.02), (0.0, 0.08), 0.05))
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.04), high, 1.0)
    return piece.asset()


def nightstand(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("nightstand", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 0.48, 0.60)
    y, x, top = wide(vary(rng, 0.40, 0.52)), (0.0, 0.36), 0.02
    low = high - 0.20 if shape == "open" else 0.14
    rows = {"open": 1, "closed": 2}[shape]
    _chest(piece, stuff, x, y, (low, high - top), rows, 1)
    piece.add(shaded(stuff, 0.9), slab((0.0, 0.39), (y[0] - 0.01, y[1] + 0.01), (high - top, high)))
    if shape == "open":
        piece.add(stuff, *posts(x, y, (0.0, low), 0.035), slab(x, y, (0.14, 0.158)))
        piece.place("shelf", "in", inner(x, 0.05), inner(y, 0.05), 0.158, low - 0.19)
    else:
        piece.add(shaded(stuff, 0.7), *legs(inner(x, 0.05), inner(y, 0.05), low, 0.02, 0.013, 0.015))
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.03), high, 0.8)
    return piece.asset()


CLOSED = (*WOODS, "blue", "green", "pink")
BEDS = ("blue", "white", "grey", "red", "green", "beige", "pink", "yellow", "purple", "brown")

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "bed",
            bed,
            BEDS,
            ("wooden", "metal", "fabric"),
            ("single", "double", "canopy"),
            rooms={"bedroom": 1.0},
            stand="wall",
        ),
        Kind(
            "wardrobe",
            wardrobe,
            WOODS,
            ("wooden", "plastic"),
            ("single", "double", "wide", "mirrored"),
            ("closet", "armoire"),
            frozenset({"open"}),
            {"bedroom": 1.0, "hallway": 0.3},
            stand="wall",
        ),
        Kind(
            "dresser",
            dresser,
            CLOSED,
            ("wooden", "plastic"),
            ("tall", "low", "wide"),
            ("chest of drawers", "drawers"),
            frozenset({"open"}),
            {"bedroom": 0.8, "hallway": 0.3, "living room": 0.15},
            stand="wall",
        ),
        Kind(
            "nightstand",
            nightstand,
            CLOSED,
            ("wooden", "plastic"),
            ("open", "closed"),
            ("bedside table", "night table"),
            frozenset({"open"}),
            {"bedroom": 1.0},
            stand="beside",
            many=2,
        ),
    )
}
