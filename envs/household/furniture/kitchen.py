"""Kitchens: counters, sinks, stoves, fridges and what stands beside them. Units share one depth and height, to line up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..materials import look
from ..meshes import cylinder, lathe, tube
from ..model import Asset, Kind, Material, Mesh
from .piece import DARK, STEEL, WATER, Piece, carcass, shaded
from .shapes import Span, disc, inner, length, middle, rod, slab, split, tray, vary, wide

DEPTH: Span = (0.0, 0.58)
HEIGHT_M = 0.90
TOP_M = 0.04
PLINTH_M = 0.10
KITCHEN = {"kitchen": 1.0}


def _worktop(rng: np.random.Generator) -> Material:
    colour, material = [("grey", "stone"), ("black", "stone"), ("white", "marble"), ("beige", "wooden"), ("brown", "wooden")][
        int(rng.integers(5))
    ]
    return look(colour, material, rng)


def _unit(piece: Piece, front: Material, y: Span, top: Material | None, walls: Sequence[float] = ()) -> None:
    """Plinth, carcass and worktop of a floor unit."""
    piece.add(shaded(front, 0.45), slab((0.0, 0.52), y, (0.0, PLINTH_M)))
    carcass(piece, shaded(front, 0.9), DEPTH, y, (PLINTH_M, HEIGHT_M - TOP_M), walls=walls, lid=top is not None)
    if top is not None:
        piece.add(top, slab((0.0, 0.62), y, (HEIGHT_M - TOP_M, HEIGHT_M)))
        piece.place("top", "on", (0.03, 0.59), inner(y, 0.03), HEIGHT_M, 0.45)
    piece.solid((0.0, 0.60), y, (0.0, HEIGHT_M))


def _cupboard(piece: Piece, name: str, front: Material, y: Span, z: Span, high: bool, panel: bool) -> None:
    piece.door(f"{name} door", front, DEPTH[1], y, z, "high y" if high else "low y", panel=panel)
    piece.place(name, "in", (0.04, 0.52), inner(y, 0.04), z[0] + 0.018, length(z) - 0.03, f"{name} door")


def counter(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("kitchen counter", colour, material, shape)
    front, panel = look(colour, material, rng), bool(rng.random() < 0.5)
    columns = {"narrow": 1, "wide": 2, "long": 3}[shape]
    y = wide(columns * vary(rng, 0.52, 0.64))
    parts = split(y, columns)
    _unit(piece, front, y, _worktop(rng), [part[0] for part in parts[1:]])
    z = (PLINTH_M, HEIGHT_M - TOP_M)
    stack = int(rng.integers(columns))
    for k, part in enumerate(parts):
        if k == stack and columns > 1:
            for n, level in enumerate(split(z, 3)):
                piece.drawer(f"drawer {n + 1}", front, shaded(front, 0.7), (0.06, DEPTH[1]), part, level)
        else:
            piece.drawer(f"top drawer {k + 1}", front, shaded(front, 0.7), (0.06, DEPTH[1]), part, (z[1] - 0.17, z[1]))
            _cupboard(piece, f"cupboard {k + 1}", front, part, (z[0], z[1] - 0.17), k % 2 == 1, panel)
    return piece.asset()


def island(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("kitchen island", colour, material, shape)
    front, top = look(colour, material, rng), _worktop(rng)
    size = {"square": vary(rng, 0.9, 1.05), "long": vary(rng, 1.4, 1.8)}[shape]
    y, x = wide(size), (-0.38, 0.38)
    carcass(piece, front, x, inner(y, 0.06), (0.08, HEIGHT_M - TOP_M), boards=(0.36, 0.62), walls=(0.0,))
    piece.add(shaded(front, 0.45), slab(inner(x, 0.04), inner(y, 0.10), (0.0, 0.08)))
    piece.add(top, slab((-0.46, 0.46), y, (HEIGHT_M - TOP_M, HEIGHT_M)))
    piece.place("top", "on", (-0.43, 0.43), inner(y, 0.03), HEIGHT_M, 1.0)
    for n, part in enumerate(split(inner(y, 0.08), 2)):
        for low, high in ((0.098, 0.342), (0.36, 0.602), (0.62, 0.842)):
            piece.place(f"shelf {n + 1} at {low:.2f} m", "in", (-0.34, 0.34), inner(part, 0.04), low, high - low)
    piece.solid((-0.46, 0.46), y, (0.0, HEIGHT_M))
    return piece.asset()


def tap(x: float, y: float, z: float, reach: float = 0.18, high: float = 0.26) -> list[Mesh]:
    bend = [(0.0, 0.0), (0.0, high * 0.75), (reach * 0.2, high), (reach * 0.75, high), (reach, high * 0.8)]
    spout = tube([(x + a, y, z + b) for a, b in bend], 0.013, 6)
    return [spout, cylinder(0.024, 0.03, 8, (x, y, z)), rod((x, y + 0.02, z + 0.05), (x, y + 0.09, z + 0.09), 0.008)]


def sink(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("kitchen sink", colour, material, shape)
    front, top = look(colour, material, rng), _worktop(rng)
    basins = {"single": 1, "double": 2}[shape]
    size = 0.50 if basins == 1 else 0.78
    y = wide(vary(rng, 0.8, 1.0) if basins == 1 else vary(rng, 1.1, 1.25))
    hole, x = wide(size, -length(y) / 2 + size / 2 + 0.06), (0.12, 0.54)
    _unit(piece, front, y, None)
    z = (HEIGHT_M - TOP_M, HEIGHT_M)
    piece.add(top, slab((0.0, x[0]), y, z), slab((x[1], 0.62), y, z))
    piece.add(top, slab(x, (y[0], hole[0]), z), slab(x, (hole[1], y[1]), z))
    for n, part in enumerate(split(hole, basins)):
        piece.add(STEEL, tray(x, part, (HEIGHT_M - 0.20, HEIGHT_M + 0.003), 0.015))
        piece.add(DARK, disc(0.025, 0.002, (middle(x), middle(part), HEIGHT_M - 0.185), 8))
        name = "basin" if basins == 1 else f"basin {n + 1}"
        piece.place(name, "in", inner(x, 0.04), inner(part, 0.04), HEIGHT_M - 0.185, 0.5)
    piece.add(STEEL, *tap(0.07, middle(hole), HEIGHT_M))
    piece.add(WATER, rod((0.25, middle(hole), HEIGHT_M - 0.183), (0.25, middle(hole), HEIGHT_M + 0.20), 0.010), when="on")
    piece.place("top", "on", (0.05, 0.59), (hole[1] + 0.03, y[1] - 0.02), HEIGHT_M, 0.45)
    for k, part in enumerate(split(y, 2)):
        _cupboard(piece, f"cupboard {k + 1}", front, part, (PLINTH_M, HEIGHT_M - TOP_M - 0.18), k == 1, False)
    piece.add(front, slab((0.58, 0.598), y, (HEIGHT_M - TOP_M - 0.18, HEIGHT_M - TOP_M)))
    return piece.asset()


def wall_cabinet(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("wall cabinet", colour, material, shape)
    front, high, panel = look(colour, material, rng), vary(rng, 0.58, 0.72), bool(rng.random() < 0.5)
    doors = {"narrow": 1, "wide": 2, "long": 3}[shape]
    y, x = wide(doors * vary(rng, 0.40, 0.50)), (0.0, 0.32)
    columns = split(y, doors)
    carcass(piece, front, x, y, (0.0, high), boards=(high / 2,), walls=[part[0] for part in columns[1:]])
    for k, part in enumerate(columns):
        name = f"door {k + 1}"
        piece.door(name, front, x[1], part, (0.0, high), "high y" if k % 2 else "low y", panel=panel)
        for n, low in enumerate((0.018, high / 2)):
            piece.place(f"shelf {k + 1}.{n + 1}", "in", (0.03, 0.29), inner(part, 0.04), low, high / 2 - 0.04, name)
    piece.solid((0.0, 0.34), y, (0.0, high))
    return piece.asset("wall")


def trash_can(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("trash can", colour, material, shape)
    body, high = look(colour, material, rng), vary(rng, 0.36, 0.62)
    if shape == "square":
        x = wide(0.30)
        piece.add(body, tray(x, x, (0.0, high), 0.012))
        lid = slab((-0.155, 0.155), (-0.155, 0.155), (high, high + 0.025))
    else:
        x = wide(0.28)
        piece.add(body, *_bin(0.14, 0.12 if shape == "tapered" else 0.14, high))
        lid = cylinder(0.145, 0.025, 14, (0.0, 0.0, high))
    piece.moving("lid", "hinge", (0.0, -1.0, 0.0), (-0.15, 0.0, high + 0.025), 1.5, (shaded(body, 0.8), [lid]))
    piece.add(DARK, slab((0.13, 0.17), wide(0.06), (0.01, 0.03)))
    piece.place("inside", "in", wide(0.16), wide(0.16), 0.012, high - 0.03, "lid")
    piece.solid(wide(0.30), wide(0.30), (0.0, high))
    return piece.asset()


def _bin(top: float, low: float, high: float) -> list[Mesh]:
    return [lathe([(0, 0), (low, 0), (top, high), (top - 0.01, high), (low - 0.01, 0.012), (0, 0.012)], 14)]


FRONTS = ("white", "beige", "brown", "grey", "black", "blue", "green")
STUFF = ("wooden", "plastic")

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "kitchen counter",
            counter,
            FRONTS,
            (*STUFF, "metal"),
            ("narrow", "wide", "long"),
            ("counter", "countertop"),
            frozenset({"open"}),
            KITCHEN,
            stand="wall",
            many=3,
        ),
        Kind(
            "kitchen island",
            island,
            FRONTS,
            STUFF,
            ("square", "long"),
            ("island",),
            rooms={"kitchen": 0.4},
            stand="middle",
        ),
        Kind(
            "kitchen sink",
            sink,
            FRONTS,
            STUFF,
            ("single", "double"),
            ("sink",),
            frozenset({"open", "toggle", "cleans"}),
            KITCHEN,
            stand="wall",
        ),
        Kind(
            "wall cabinet",
            wall_cabinet,
            FRONTS,
            STUFF,
            ("narrow", "wide", "long"),
            ("cupboard", "cabinet", "kitchen cabinet"),
            frozenset({"open"}),
            {"kitchen": 1.0, "laundry room": 0.4, "bathroom": 0.15},
            stand="hang",
            many=3,
        ),
        Kind(
            "trash can",
            trash_can,
            ("grey", "black", "white", "red", "green"),
            ("metal", "plastic"),
            ("round", "square", "tapered"),
            ("garbage can", "bin", "waste bin"),
            frozenset({"open"}),
            {"kitchen": 0.9, "bathroom": 0.6, "office": 0.5, "laundry room": 0.2},
            stand="corner",
        ),
    )
}
