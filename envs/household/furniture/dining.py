"""Where people sit and eat: tables, chairs, stools and benches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look
from ..meshes import extrude, lathe, move, turn
from ..model import Asset, Kind, Material, Mesh
from .piece import IRON, STEEL, Piece, shaded
from .shapes import Span, cushion, inner, legs, length, middle, posts, rod, slab, split, vary, wide


def board(shape: str, x: Span, y: Span, z: Span) -> Mesh:
    """A table top: round and oval ones fill the rectangle."""
    if shape in ("round", "oval"):
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rim = np.column_stack([middle(x) + length(x) / 2 * np.cos(angle), middle(y) + length(y) / 2 * np.sin(angle)])
        return extrude(rim, length(z), (0.0, 0.0, z[0]))
    return slab(x, y, z)


def pedestal(height: float, spread: float) -> list[Mesh]:
    """A turned column on a round foot."""
    profile = [(0, 0), (spread, 0), (spread, 0.02), (0.06, 0.06), (0.045, 0.2), (0.06, height * 0.7), (0.10, height)]
    return [lathe(profile, 14)]


def blocks(piece: Piece, x: Span, y: Span, height: float, top_m: float, foot: float) -> None:
    """Solids of a table: its top and the four corners where its legs stand."""
    piece.solid(x, y, (height - top_m, height))
    for a in ((x[0], x[0] + foot), (x[1] - foot, x[1])):
        for b in ((y[0], y[0] + foot), (y[1] - foot, y[1])):
            piece.solid(a, b, (0.0, height - top_m))


def dining_table(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("dining table", colour, material, shape)
    top, high = look(colour, material, rng), vary(rng, 0.73, 0.77)
    y = wide({"round": vary(rng, 1.0, 1.3), "square": vary(rng, 0.85, 1.0)}.get(shape, vary(rng, 1.4, 1.9)))
    x = wide(length(y) if shape in ("round", "square") else vary(rng, 0.8, 0.95))
    z = (high - 0.035, high)
    piece.add(top, board(shape, x, y, z))
    frame = shaded(top, 0.75) if material == "wooden" else (STEEL, IRON)[int(rng.integers(2))]
    if shape == "round":
        piece.add(frame, *pedestal(z[0], 0.28))
        piece.solid(wide(0.5), wide(0.5), (0.0, z[0]))
        piece.solid(inner(x, length(x) * 0.08), inner(y, length(y) * 0.08), z)
    else:
        inset = 0.16 if shape == "oval" else 0.05
        if shape != "oval" and rng.random() < 0.5:
            piece.add(frame, *posts(inner(x, inset), inner(y, inset), (0.0, z[0]), 0.07))
        else:
            piece.add(frame, *legs(inner(x, inset + 0.05), inner(y, inset + 0.05), z[0], 0.035, 0.02, 0.02))
        if material == "wooden":
            piece.add(frame, *apron(inner(x, inset + 0.03), inner(y, inset + 0.03), (z[0] - 0.08, z[0])))
        blocks(piece, inner(x, 0.02), inner(y, 0.02), high, 0.035, inset + 0.07)
    room = 0.85 if shape in ("rectangular", "square") else 0.66
    piece.place("top", "on", wide(length(x) * room), wide(length(y) * room), high, 1.0)
    return piece.asset()


def apron(x: Span, y: Span, z: Span) -> list[Mesh]:
    """The four rails under a table top."""
    rails = [slab((a - 0.01, a + 0.01), y, z) for a in x]
    return rails + [slab(inner(x, 0.01), (b - 0.01, b + 0.01), z) for b in y]


def chair(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("chair", colour, material, shape)
    body, size = look(colour, material, rng), vary(rng, 0.40, 0.46)
    seat, high = vary(rng, 0.44, 0.47), vary(rng, 0.84, 0.98)
    x, y = (0.0, size), wide(size)
    frame = IRON if material == "plastic" else shaded(body, 0.85)
    if shape == "padded":
        piece.add(body, slab(x, y, (seat - 0.06, seat - 0.03)))
        piece.add(look(colour, "fabric"), cushion((0.03, size), inner(y, 0.01), (seat - 0.03, seat + 0.03), 0.025))
        piece.add(look(colour, "fabric"), cushion((-0.02, 0.04), inner(y, 0.03), (seat + 0.14, high), 0.025))
    else:
        piece.add(body, cushion((0.0, size), y, (seat - 0.03, seat), 0.012))
    piece.add(frame, *(rod((0.02, b, seat - 0.02), (-0.05, b, high), 0.018, 0.015) for b in inner(y, 0.03)))
    piece.add(frame, *legs(inner(x, 0.04), inner(y, 0.04), seat - 0.03, 0.020, 0.015, 0.03))
    if shape == "solid":
        panel = cushion((-0.012, 0.012), inner(y, 0.01), (0.0, high - seat - 0.10), 0.01)
        piece.add(body, move(turn(panel, -0.15, (0, 1, 0)), (0.0, 0.0, seat + 0.10)))
    elif shape == "slatted":
        for part in split((seat + 0.14, high), 3):
            z = inner(part, 0.025)
            back = 0.02 - 0.07 * (sum(z) / 2 - seat) / (high - seat)
            piece.add(body, slab((back - 0.01, back + 0.012), inner(y, 0.03), z))
    piece.place("seat", "on", (0.08, size - 0.04), inner(y, 0.05), seat + (0.03 if shape == "padded" else 0.0), 0.35)
    piece.solid((-0.03, size), y, (0.0, seat))
    piece.solid((-0.05, 0.04), y, (seat, high))
    return piece.asset()


def stool(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("stool", colour, material, shape)
    body, size = look(colour, material, rng), vary(rng, 0.32, 0.38)
    high = vary(rng, 0.64, 0.75) if shape == "tall" else vary(rng, 0.44, 0.50)
    span = wide(size)
    if shape == "square":
        piece.add(body, cushion(span, span, (high - 0.05, high), 0.015))
    else:
        piece.add(body, board("round", span, span, (high - 0.04, high)))
    foot = 0.09 if shape != "square" else 0.05
    frame = shaded(body, 0.85) if material == "wooden" else STEEL
    piece.add(frame, *legs(inner(span, foot), inner(span, foot), high - 0.03, 0.018, 0.014, 0.05))
    ring = inner(span, foot - 0.03)
    for a in ring:
        piece.add(frame, rod((a, ring[0], 0.2), (a, ring[1], 0.2), 0.009), rod((ring[0], a, 0.2), (ring[1], a, 0.2), 0.009))
    piece.place("seat", "on", wide(size * 0.6), wide(size * 0.6), high, 0.6)
    piece.solid(span, span, (0.0, high))
    return piece.asset()


def bench(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("bench", colour, material, shape)
    body, high = look(colour, material, rng), vary(rng, 0.43, 0.48)
    y, x = wide(vary(rng, 0.95, 1.3)), wide(vary(rng, 0.34, 0.42))
    frame = _bench_frame(body, material)
    if shape == "slatted":
        piece.add(body, *(slab(inner(part, 0.008), y, (high - 0.03, high)) for part in split(x, 5)))
    else:
        piece.add(frame, slab(x, y, (high - 0.09, high - 0.05)))
        piece.add(body, cushion(x, y, (high - 0.06, high), 0.02))
    piece.add(frame, *posts(inner(x, 0.02), inner(y, 0.04), (0.0, high - 0.03), 0.05))
    piece.add(frame, *(slab(inner(x, 0.03), (b - 0.02, b + 0.02), (0.10, 0.14)) for b in inner(y, 0.065)))
    piece.place("seat", "on", inner(x, 0.03), inner(y, 0.05), high, 0.8)
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def _bench_frame(body: Material, material: str) -> Material:
    return shaded(body, 0.8) if material == "wooden" else look("brown", "wooden")


WOODS = ("brown", "beige", "white", "black", "grey")
BRIGHT = (*WOODS, "red", "blue", "green", "yellow")

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "dining table",
            dining_table,
            WOODS,
            ("wooden", "marble", "plastic"),
            ("rectangular", "round", "square", "oval"),
            ("table", "kitchen table"),
            rooms={"dining room": 1.0, "kitchen": 0.4, "living room": 0.15},
            stand="middle",
        ),
        Kind(
            "chair",
            chair,
            BRIGHT,
            ("wooden", "metal", "plastic"),
            ("slatted", "solid", "padded"),
            ("dining chair",),
            rooms={"dining room": 1.0, "kitchen": 0.6, "bedroom": 0.15, "office": 0.2},
            stand="around",
            many=6,
        ),
        Kind(
            "stool",
            stool,
            BRIGHT,
            ("wooden", "metal", "plastic"),
            ("round", "square", "tall"),
            ("bar stool",),
            rooms={"kitchen": 0.4, "living room": 0.2, "bathroom": 0.2, "bedroom": 0.1},
            stand="around",
            many=2,
        ),
        Kind(
            "bench",
            bench,
            (*WOODS, "blue", "green"),
            ("wooden", "leather", "fabric"),
            ("slatted", "padded"),
            rooms={"hallway": 0.5, "dining room": 0.25, "bedroom": 0.2},
            stand="wall",
        ),
    )
}
