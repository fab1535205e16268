"""Lamps, whose shades glow when they are on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look, plain
from ..meshes import lathe, move, sphere
from ..model import Asset, Kind, Material, Mesh
from .piece import DARK, IRON, STEEL, Piece
from .shapes import (
    disc,
    rod,
    vary,
    wide,
)


def _shade(piece: Piece, stuff: Material, mesh: Mesh) -> None:
    """A lamp shade that glows when on."""
    r, g, b = stuff.rgb
    piece.add(stuff, mesh, when="off")
    warm = (0.14 + 0.86 * r, 0.11 + 0.86 * g, 0.05 + 0.86 * b)
    piece.add(Material(warm, stuff.pattern, 1.0, 0.0, 0.1, 0.7), mesh, when="on")


def _shade_mesh(shape: str, size: float, high: float, z: float) -> Mesh:
    if shape == "globe":
        return sphere(size, 12, 1.0, (0.0, 0.0, z + size))
    low, top = {"cone": (size, size * 0.45), "drum": (size, size)}[shape]
    profile = [(low - 0.008, 0.0), (low, 0.0), (top, high), (top - 0.008, high), (low - 0.008, 0.0)]
    return move(lathe(profile, 14), (0.0, 0.0, z))


def floor_lamp(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("floor lamp", colour, material, shape)
    high = vary(rng, 1.25, 1.45)
    frame = (STEEL, IRON, look("brown", "wooden"))[int(rng.integers(3))]
    piece.add(frame, lathe([(0, 0), (0.14, 0), (0.14, 0.015), (0.012, 0.035), (0.012, high), (0, high)], 12))
    _shade(piece, look(colour, material, rng), _shade_mesh(shape, vary(rng, 0.17, 0.22), 0.26, high - 0.04))
    piece.solid(wide(0.28), wide(0.28), (0.0, high + 0.2))
    return piece.asset()


VASE = [(0.0, 0.0), (0.06, 0.0), (0.064, 0.01), (0.05, 0.03), (0.055, 0.07), (0.062, 0.11), (0.045, 0.15), (0.016, 0.18)]


def table_lamp(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("table lamp", colour, material, shape)
    high = vary(rng, 0.22, 0.30)
    body = look(("white", "brown", "grey", "black")[int(rng.integers(4))], "ceramic")
    piece.add(body, lathe([*VASE, (0.012, high)], 10))
    _shade(piece, look(colour, material, rng), _shade_mesh(shape, vary(rng, 0.12, 0.15), 0.16, high - 0.02))
    return piece.asset()


def ceiling_lamp(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("ceiling lamp", colour, material, shape)
    drop = vary(rng, 0.25, 0.45)
    piece.add(DARK, disc(0.05, 0.02, (0.0, 0.0, drop + 0.23), 8), rod((0.0, 0.0, 0.2), (0.0, 0.0, drop + 0.25), 0.006))
    _shade(piece, look(colour, material, rng), _shade_mesh(shape, vary(rng, 0.14, 0.22), 0.20, 0.0))
    piece.add(plain((1.0, 0.95, 0.8), 0.0, 1.0), sphere(0.045, 8, 1.0, (0.0, 0.0, 0.08)), when="on")
    return piece.asset("ceiling")


SHADES = ("white", "beige", "yellow", "red", "blue", "green", "orange", "pink")


LAMPS = ("cone", "drum", "globe")


ALL = {"kitchen", "living room", "bedroom", "bathroom", "dining room", "office", "hallway", "laundry room"}

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "floor lamp",
            floor_lamp,
            SHADES,
            ("fabric", "paper", "plastic"),
            LAMPS,
            ("standing lamp",),
            frozenset({"toggle", "lights"}),
            {"living room": 0.8, "office": 0.4, "bedroom": 0.3},
            stand="corner",
        ),
        Kind(
            "table lamp",
            table_lamp,
            SHADES,
            ("fabric", "paper", "plastic"),
            LAMPS,
            ("desk lamp", "bedside lamp"),
            frozenset({"toggle", "lights"}),
            {"bedroom": 0.9, "office": 0.6, "living room": 0.5},
            {"nightstand": 1.0, "desk": 0.8, "side table": 0.6, "dresser": 0.2},
            many=2,
        ),
        Kind(
            "ceiling lamp",
            ceiling_lamp,
            SHADES,
            ("fabric", "paper", "plastic", "metal"),
            LAMPS,
            ("pendant lamp", "ceiling light"),
            frozenset({"toggle", "lights"}),
            dict.fromkeys(sorted(ALL), 1.0),
            stand="ceiling",
        ),
    )
}
