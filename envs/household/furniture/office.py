"""Offices: desks, office chairs, and shelves for books and files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look, plain
from ..meshes import lathe
from ..model import Asset, Kind, Material
from .dining import WOODS
from .piece import DARK, IRON, STEEL, Piece, carcass, shaded
from .shapes import Span, cushion, inner, length, picture, posts, rod, slab, split, vary, wide


def desk(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("desk", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 0.72, 0.76)
    y, x = wide(vary(rng, 1.5, 1.8) if shape == "long" else vary(rng, 1.1, 1.35)), (0.0, vary(rng, 0.58, 0.68))
    z, deep = (high - 0.03, high), x[1]
    piece.add(stuff, slab(x, y, z))
    frame = shaded(stuff, 0.8) if material == "wooden" else IRON
    if shape == "simple":
        piece.add(frame, *posts(inner(x, 0.03), inner(y, 0.03), (0.0, z[0]), 0.05))
        piece.add(shaded(stuff, 0.9), slab((0.05, 0.07), inner(y, 0.08), (high - 0.30, z[0])))
        ends = [(y[0] + 0.03, y[0] + 0.08), (y[1] - 0.08, y[1] - 0.03)]
    else:
        chest = (y[1] - 0.44, y[1] - 0.02)
        carcass(piece, frame, (0.03, deep - 0.05), chest, (0.04, z[0]))
        for n, level in enumerate(reversed(split((0.045, z[0] - 0.005), 3))):
            piece.drawer(f"drawer {n + 1}", stuff, shaded(stuff, 0.7), (0.06, deep - 0.05), chest, level)
        piece.add(frame, slab(inner(x, 0.03), (y[0] + 0.02, y[0] + 0.05), (0.0, z[0])))
        piece.add(frame, slab((0.05, 0.07), (y[0] + 0.05, chest[0]), (0.30, z[0])))
        piece.add(DARK, *posts((0.05, deep - 0.07), inner(chest, 0.02), (0.0, 0.04), 0.05))
        ends = [(y[0] + 0.02, y[0] + 0.05), chest]
    for end in ends:
        piece.solid(inner(x, 0.03), end, (0.0, z[0]))
    piece.solid(x, y, z)
    piece.place("top", "on", inner(x, 0.04), inner(y, 0.05), high, 1.0)
    return piece.asset()


def office_chair(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("office chair", colour, material, shape)
    stuff, seat = look(colour, material, rng), vary(rng, 0.45, 0.50)
    high = seat + (0.68 if shape == "high-backed" else 0.46)
    for k in range(5):
        a = 2 * np.pi * k / 5
        tip = (0.28 * float(np.cos(a)), 0.28 * float(np.sin(a)), 0.075)
        piece.add(DARK, rod((0.0, 0.0, 0.11), tip, 0.022, 0.016, 5), rod((tip[0], tip[1], 0.0), tip, 0.026, 0.026, 6))
    piece.add(STEEL, rod((0.0, 0.0, 0.10), (0.0, 0.0, seat - 0.06), 0.025))
    piece.add(stuff, cushion(wide(0.48), wide(0.48), (seat - 0.07, seat), 0.03))
    piece.add(stuff, cushion((-0.26, -0.18), wide(0.44), (seat + 0.12, high), 0.035))
    piece.add(
        DARK,
        slab((-0.27, -0.24), wide(0.07), (seat - 0.07, seat + 0.22)),
        slab((-0.26, 0.0), wide(0.07), (seat - 0.09, seat - 0.07)),
    )
    if shape != "armless":
        for b in (-0.26, 0.26):
            piece.add(DARK, slab((-0.06, -0.02), wide(0.03, b), (seat - 0.06, seat + 0.20)))
            piece.add(DARK, slab((-0.16, 0.14), wide(0.06, b), (seat + 0.20, seat + 0.23)))
    piece.place("seat", "on", (-0.14, 0.20), wide(0.38), seat, 0.4)
    piece.solid(wide(0.52), wide(0.52), (0.0, seat))
    piece.solid((-0.27, -0.16), wide(0.46), (seat, high))
    return piece.asset()


def shelf(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """An open rack: boards between posts, no back."""
    piece = Piece("shelf", colour, material, shape)
    stuff = look(colour, material, rng)
    high = {"tall": vary(rng, 1.6, 1.9), "low": vary(rng, 0.8, 1.0), "narrow": vary(rng, 1.4, 1.8)}[shape]
    y, x = wide(vary(rng, 0.40, 0.50) if shape == "narrow" else vary(rng, 0.85, 1.1)), (0.0, vary(rng, 0.32, 0.40))
    floors = np.linspace(0.12, high - 0.03, 3 if shape == "low" else 5)
    step = float(floors[1] - floors[0])
    piece.add(shaded(stuff, 0.8), *posts(x, y, (0.0, high), 0.035))
    piece.add(stuff, *(slab(inner(x, 0.005), inner(y, 0.005), (z - 0.02, z)) for z in floors))
    piece.add(shaded(stuff, 0.8), *(slab((0.0, 0.02), inner(y, 0.035), (z + 0.05, z + 0.075)) for z in floors[:-1]))
    for n, floor in enumerate(floors[:-1]):
        piece.place(f"shelf {n + 1}", "in", inner(x, 0.045), inner(y, 0.05), float(floor), step - 0.03)
    piece.place("top", "on", inner(x, 0.045), inner(y, 0.05), float(floors[-1]), 0.4)
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def bookshelf(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("bookshelf", colour, material, shape)
    stuff = look(colour, material, rng)
    high = {"tall": vary(rng, 1.75, 2.0), "low": vary(rng, 0.75, 0.9), "narrow": vary(rng, 1.6, 1.9)}[shape]
    y, x = wide(vary(rng, 0.38, 0.48) if shape == "narrow" else vary(rng, 0.8, 1.05)), (0.0, 0.30)
    floors = [low for low, _ in split((0.06, high - 0.018), 2 if shape == "low" else 5)]
    step = (high - 0.078) / len(floors)
    carcass(piece, stuff, x, y, (0.06 - 0.018, high), boards=floors[1:])
    piece.add(shaded(stuff, 0.5), slab((0.01, 0.28), inner(y, 0.01), (0.0, 0.042)))
    for n, floor in enumerate(floors):
        inside = inner(y, 0.03)
        if floor < 1.5 and rng.random() < 0.55:
            share = length(inside) * float(rng.uniform(0.35, 0.6))
            books = (inside[0], inside[0] + share) if rng.random() < 0.5 else (inside[1] - share, inside[1])
            _books(piece, books, floor, min(0.26, step - 0.06))
            inside = (books[1], inside[1]) if books[0] == inside[0] else (inside[0], books[0])
        piece.place(f"shelf {n + 1}", "in", inner(x, 0.03), inner(inside, 0.01), floor, step - 0.03)
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.03), high, 0.4)
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def _books(piece: Piece, y: Span, z: float, high: float) -> None:
    piece.add(plain((0.80, 0.77, 0.70)), slab((0.06, 0.245), y, (z, z + high * 0.78)))
    piece.add(Material((1.0, 1.0, 1.0), "books"), picture(0.25, y, (z, z + high)))


def filing_cabinet(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("filing cabinet", colour, material, shape)
    stuff, rows = look(colour, material, rng), {"low": 2, "tall": 4}[shape]
    y, x, high = wide(vary(rng, 0.40, 0.48)), (0.0, 0.54), 0.06 + rows * 0.31
    carcass(piece, stuff, x, y, (0.04, high))
    piece.add(DARK, slab(x, y, (0.0, 0.04)))
    for n, level in enumerate(reversed(split((0.05, high - 0.01), rows))):
        piece.drawer(f"drawer {n + 1}", stuff, shaded(stuff, 0.7), (0.03, x[1]), inner(y, 0.01), level)
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.03), high, 1.0)
    piece.solid((0.0, 0.56), y, (0.0, high))
    return piece.asset()


def computer(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("computer monitor", colour, material, shape)
    body, w = look(colour, material, rng), {"wide": vary(rng, 0.58, 0.68), "small": vary(rng, 0.42, 0.48)}[shape]
    y, z = wide(w), (0.11, 0.11 + w * (0.45 if shape == "wide" else 0.62))
    piece.add(body, slab((0.0, 0.035), y, z), slab((-0.02, 0.01), wide(0.06), (0.0, 0.2)))
    piece.add(body, lathe([(0, 0), (0.11, 0), (0.10, 0.012), (0, 0.014)], 12))
    screen = picture(0.037, inner(y, 0.012), inner(z, 0.012))
    piece.add(plain((0.03, 0.03, 0.04), 0.8), screen, when="off")
    piece.add(Material((1.0, 1.0, 1.0), "desktop", 1.0, 0.1, 0.2, 0.8), screen, when="on")
    return piece.asset()


KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "desk",
            desk,
            WOODS,
            ("wooden", "metal", "plastic"),
            ("simple", "compact", "long"),
            ("writing desk", "work table"),
            frozenset({"open"}),
            {"office": 1.0, "bedroom": 0.4},
            stand="wall",
        ),
        Kind(
            "office chair",
            office_chair,
            ("black", "grey", "blue", "red", "white", "green"),
            ("fabric", "leather", "plastic"),
            ("high-backed", "low-backed", "armless"),
            ("desk chair", "swivel chair"),
            rooms={"office": 1.0, "bedroom": 0.3},
            stand="around",
        ),
        Kind(
            "shelf",
            shelf,
            WOODS,
            ("wooden", "metal", "plastic"),
            ("tall", "low", "narrow"),
            ("shelves", "rack", "shelving unit"),
            rooms={"laundry room": 0.8, "kitchen": 0.25, "bathroom": 0.2, "hallway": 0.2, "office": 0.2},
            stand="wall",
        ),
        Kind(
            "bookshelf",
            bookshelf,
            WOODS,
            ("wooden", "plastic"),
            ("tall", "low", "narrow"),
            ("bookcase",),
            rooms={"living room": 0.8, "office": 0.9, "bedroom": 0.4, "hallway": 0.2, "dining room": 0.3},
            stand="wall",
            many=2,
        ),
        Kind(
            "filing cabinet",
            filing_cabinet,
            ("grey", "white", "black", "blue", "green", "red"),
            ("metal", "plastic"),
            ("low", "tall"),
            ("file cabinet",),
            frozenset({"open"}),
            {"office": 0.6},
            stand="wall",
        ),
        Kind(
            "computer monitor",
            computer,
            ("black", "grey", "white"),
            ("plastic", "metal"),
            ("small", "wide"),
            ("monitor", "computer screen"),
            frozenset({"toggle"}),
            {"office": 0.9, "bedroom": 0.2},
            {"desk": 1.0},
        ),
    )
}
