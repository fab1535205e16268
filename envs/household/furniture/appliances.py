"""Machines of kitchens and laundry rooms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look, plain
from ..meshes import lathe, move, turn
from ..model import Asset, Kind, Material, Mesh
from .kitchen import DEPTH, KITCHEN
from .piece import DARK, GLASS_DARK, GLOW, IRON, STEEL, Piece, carcass, shaded
from .shapes import (
    Span,
    disc,
    ends,
    inner,
    length,
    middle,
    picture,
    quads,
    rod,
    slab,
    split,
    tray,
    vary,
    wide,
)


def _knobs(x: float, y: Span, z: float, count: int) -> list[Mesh]:
    return [rod((x, middle(part), z), (x + 0.025, middle(part), z), 0.018, 0.015) for part in split(y, count)]


def stove(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("stove", colour, material, shape)
    body, y = look(colour, material, rng), wide(vary(rng, 0.58, 0.64))
    oven: Span = (0.16, 0.74)
    piece.add(shaded(body, 0.4), slab((0.0, 0.56), y, (0.0, 0.05)))
    piece.add(body, slab((0.0, 0.60), y, (0.05, oven[0])), slab((0.0, 0.60), y, (oven[1], 0.88)))
    carcass(piece, IRON, DEPTH, y, oven, inside=DARK)
    piece.add(IRON, slab((0.05, 0.54), inner(y, 0.02), (0.42, 0.428)))
    piece.add(DARK if shape == "electric" else shaded(body, 0.85), slab((0.0, 0.60), y, (0.88, 0.90)))
    for cx in (0.17, 0.43):
        for cy in (y[0] * 0.5, y[1] * 0.5):
            _burner(piece, cx, cy, 0.095 if cx > 0.3 else 0.075, shape == "gas")
    piece.add(DARK, *_knobs(0.60, inner(y, 0.05), 0.81, 5))
    glass = slab((0.598, 0.606), inner(y, 0.09), (oven[0] + 0.10, oven[1] - 0.14))
    piece.door("oven door", body, DEPTH[1], y, oven, "bottom", extra=[(GLASS_DARK, [glass])])
    piece.add(plain((0.9, 0.12, 0.05), 0.0, 0.8), slab((0.601, 0.605), (y[1] - 0.04, y[1] - 0.025), (0.84, 0.855)), when="on")
    piece.place("oven", "in", (0.05, 0.52), inner(y, 0.04), 0.43, 0.28, "oven door")
    piece.place("hob", "on", (0.06, 0.55), inner(y, 0.05), 0.912 if shape == "gas" else 0.903, 0.5)
    piece.solid((0.0, 0.60), y, (0.0, 0.90))
    return piece.asset()


def _burner(piece: Piece, x: float, y: float, radius: float, gas: bool) -> None:
    if gas:
        piece.add(IRON, disc(radius * 0.5, 0.008, (x, y, 0.90), 8))
        piece.add(IRON, slab(wide(radius * 2.2, x), wide(0.010, y), (0.903, 0.912)))
        piece.add(IRON, slab(wide(0.010, x), wide(radius * 2.2, y), (0.903, 0.912)))
        piece.add(plain((0.25, 0.50, 1.0), 0.0, 0.9), disc(radius * 0.7, 0.006, (x, y, 0.901), 8), when="on")
    else:
        piece.add(plain((0.30, 0.30, 0.32), 0.6), disc(radius, 0.003, (x, y, 0.90)))
        piece.add(plain((0.95, 0.20, 0.06), 0.0, 0.9), disc(radius, 0.005, (x, y, 0.90)), when="on")


def fridge(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("fridge", colour, material, shape)
    body, white = look(colour, material, rng), plain((0.90, 0.92, 0.93), 0.2)
    high = {"small": vary(rng, 0.84, 0.90), "tall": vary(rng, 1.7, 1.9), "double": vary(rng, 1.75, 1.85)}[shape]
    y, x = wide(vary(rng, 0.85, 0.95) if shape == "double" else vary(rng, 0.58, 0.68)), (0.0, 0.60)
    z = (0.04, high)
    piece.add(DARK, slab((0.03, 0.58), inner(y, 0.02), (0.0, 0.04)))
    piece.add(body, slab(x, (y[0], y[0] + 0.03), z), slab(x, (y[1] - 0.03, y[1]), z))
    piece.add(body, slab(x, inner(y, 0.03), (high - 0.03, high)), slab(x, inner(y, 0.03), (z[0], z[0] + 0.03)))
    piece.add(white, slab((0.0, 0.03), inner(y, 0.03), inner(z, 0.03)))
    if shape == "double":
        doors = [("freezer", (y[0], 0.0), z, "low y"), ("fridge", (0.0, y[1]), z, "high y")]
        piece.add(white, slab((0.03, 0.59), wide(0.03), inner(z, 0.03)))
    elif shape == "tall":
        cut = high - 0.5
        doors = [("fridge", y, (z[0], cut), "low y"), ("freezer", y, (cut, high), "low y")]
        piece.add(white, slab((0.03, 0.59), inner(y, 0.03), wide(0.03, cut)))
    else:
        doors = [("fridge", y, z, "low y")]
    for name, part, level, hinge in doors:
        _cold_room(piece, name, part, level, white)
        piece.door(f"{name} door", body, 0.60, part, level, "high y" if hinge == "high y" else "low y", thick=0.05)
    piece.place("top", "on", inner(x, 0.05), inner(y, 0.05), high, 0.4)
    piece.solid((0.0, 0.62), y, (0.0, high))
    return piece.asset()


def _cold_room(piece: Piece, name: str, y: Span, z: Span, white: Material) -> None:
    count = max(2, round(length(z) / 0.36))
    floors = [low for low, _ in split(inner(z, 0.03), count)]
    for n, floor in enumerate(floors):
        if n:
            piece.add(white, slab((0.03, 0.56), inner(y, 0.03), (floor - 0.01, floor)))
        clearance = (length(z) - 0.06) / count - 0.02
        piece.place(f"{name} shelf {n + 1}", "in", (0.06, 0.52), inner(y, 0.06), floor, clearance, f"{name} door")
    piece.add(GLOW, slab((0.03, 0.05), wide(0.12, middle(y)), (z[1] - 0.08, z[1] - 0.05)))


def dishwasher(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("dishwasher", colour, material, shape)
    body = look(colour, material, rng)
    y = wide({"slim": 0.45, "wide": 0.60}[shape])
    piece.add(shaded(body, 0.4), slab((0.0, 0.54), y, (0.0, 0.08)))
    carcass(piece, STEEL, DEPTH, y, (0.08, 0.86))
    piece.add(body, slab((0.0, 0.60), y, (0.86, 0.90)), slab((0.58, 0.60), y, (0.76, 0.86)))
    piece.add(DARK, picture(0.602, wide(0.16), (0.79, 0.83)))
    piece.add(plain((0.2, 0.9, 0.3), 0.0, 0.9), picture(0.604, wide(0.05), (0.80, 0.82)), when="on")
    piece.add(STEEL, tray((0.04, 0.54), inner(y, 0.03), (0.16, 0.24)), tray((0.04, 0.54), inner(y, 0.03), (0.48, 0.56)))
    piece.door("door", body, DEPTH[1], y, (0.08, 0.76), "bottom", handle=shaded(body, 0.7))
    piece.place("lower rack", "in", (0.07, 0.51), inner(y, 0.06), 0.172, 0.28, "door")
    piece.place("upper rack", "in", (0.07, 0.51), inner(y, 0.06), 0.492, 0.24, "door")
    piece.place("top", "on", (0.03, 0.57), inner(y, 0.03), 0.90, 0.45)
    piece.solid((0.0, 0.60), y, (0.0, 0.90))
    return piece.asset()


def microwave(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("microwave", colour, material, shape)
    body = look(colour, material, rng)
    y = wide({"compact": vary(rng, 0.44, 0.47), "wide": vary(rng, 0.50, 0.54)}[shape])
    x, z = (0.0, 0.34), (0.015, 0.29)
    panel = y[1] - 0.11
    carcass(piece, body, x, y, z)
    piece.add(DARK, *(slab(a, b, (0.0, 0.015)) for a in ((0.03, 0.06), (0.28, 0.31)) for b in (inner(y, 0.03),)))
    piece.add(body, slab((0.01, 0.36), (panel, y[1]), z))
    piece.add(DARK, picture(0.362, (panel + 0.012, y[1] - 0.012), (z[0] + 0.02, z[1] - 0.02)))
    piece.add(STEEL, *_knobs(0.362, (panel, y[1]), 0.08, 1))
    piece.add(plain((0.3, 0.9, 0.6), 0.0, 0.9), picture(0.364, inner((panel, y[1]), 0.025), (0.22, 0.25)), when="on")
    part = (y[0], panel)
    window = slab((0.357, 0.362), inner(part, 0.05), inner(z, 0.05))
    piece.door("door", body, x[1], part, z, "low y", extra=[(GLASS_DARK, [window])])
    piece.place("inside", "in", (0.04, 0.30), inner(part, 0.04), z[0] + 0.018, length(z) - 0.05, "door")
    piece.place("top", "on", inner(x, 0.03), inner(y, 0.03), z[1], 0.3)
    return piece.asset()


APPLIANCES = ("white", "grey", "black", "red", "beige")


def _drum(piece: Piece, colour: str, material: str, shape: str, rng: np.random.Generator, dryer: bool) -> Asset:
    body, y = look(colour, material, rng), wide(0.60 if shape == "wide" else 0.55)
    x, high = (0.0, 0.55), 0.85
    ring, centre, hole = 0.18, 0.44 if not dryer else 0.46, 0.15
    piece.add(body, slab((0.0, 0.20), y, (0.02, high)), slab((0.20, 0.55), y, (high - 0.02, high)))
    piece.add(body, *(slab((0.20, 0.55), b, (0.02, high - 0.02)) for b in ends(y, 0.02)))
    piece.add(body, slab((0.20, 0.55), inner(y, 0.02), (0.02, 0.04)))
    _front_with_hole(piece, body, 0.55, y, (0.04, high - 0.02), (centre, hole))
    piece.add(shaded(STEEL, 0.6), turned([(hole, 0.0), (hole, -0.33), (0.0, -0.33)], 0.55, centre))
    piece.add(DARK, slab(inner(x, 0.04), inner(y, 0.04), (0.0, 0.02)))
    piece.add(shaded(body, 0.85), slab((0.551, 0.556), inner(y, 0.01), (0.72, 0.83)))
    piece.add(DARK, picture(0.558, (-0.02, y[1] - 0.04), (0.75, 0.80)))
    piece.add(STEEL, rod((0.556, y[0] + 0.12, 0.775), (0.585, y[0] + 0.12, 0.775), 0.032, 0.028, 10))
    piece.add(plain((0.3, 0.9, 0.5), 0.0, 0.9), picture(0.559, (0.06, 0.16), (0.762, 0.788)), when="on")
    door = turned([(ring, 0.0), (ring, 0.02), (hole * 0.85, 0.045)], 0.556, centre)
    glass = turned([(hole * 0.85, 0.04), (0.0, 0.055)], 0.556, centre)
    rim = STEEL if not dryer else shaded(body, 0.8)
    hinge = (0.60, -ring, centre)
    piece.moving("door", "hinge", (0.0, 0.0, -1.0), hinge, np.pi / 2, (rim, [door]), (GLASS_DARK, [glass]))
    piece.place("drum", "in", (0.26, 0.52), wide(0.16), centre - hole + 0.02, 0.2, "door")
    piece.place("top", "on", inner(x, 0.04), inner(y, 0.04), high, 0.6)
    piece.solid((0.0, 0.56), y, (0.0, high))
    return piece.asset()


def turned(profile: list[tuple[float, float]], x: float, z: float) -> Mesh:
    """A turned shape around the x axis: profile of (radius, x - start)."""
    mesh = lathe(profile, 16)
    return move(turn(mesh, np.pi / 2, (0, 1, 0)), (x, 0.0, z))


def _front_with_hole(piece: Piece, body: Material, x: float, y: Span, z: Span, hole: tuple[float, float]) -> None:
    """A front plate around a round opening: a ring of quads between a circle and the rectangle."""
    centre, radius = hole
    angle = np.linspace(0, 2 * np.pi, 17)
    ring = np.column_stack([radius * np.cos(angle), centre + radius * np.sin(angle)])
    reach = np.minimum(y[1] / np.maximum(np.abs(np.cos(angle)), 1e-9), 9.0)
    up = np.where(np.sin(angle) > 0, z[1] - centre, centre - z[0]) / np.maximum(np.abs(np.sin(angle)), 1e-9)
    reach = np.minimum(reach, up)
    edge = np.column_stack([reach * np.cos(angle), centre + reach * np.sin(angle)])
    for corner in ((a, b) for a in y for b in z):
        edge[np.argmin(np.linalg.norm(edge[:-1] - corner, axis=1))] = corner

    def at(p: np.ndarray) -> tuple[float, float, float]:
        return (x, float(p[0]), float(p[1]))

    piece.add(body, quads([[at(ring[k]), at(edge[k]), at(edge[k + 1]), at(ring[k + 1])] for k in range(16)]))


def washing_machine(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    return _drum(Piece("washing machine", colour, material, shape), colour, material, shape, rng, dryer=False)


def dryer(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    return _drum(Piece("dryer", colour, material, shape), colour, material, shape, rng, dryer=True)


KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "stove",
            stove,
            APPLIANCES[:4],
            ("metal", "plastic"),
            ("gas", "electric"),
            ("cooker", "oven", "range"),
            frozenset({"open", "toggle", "heats"}),
            KITCHEN,
            stand="wall",
        ),
        Kind(
            "fridge",
            fridge,
            (*APPLIANCES, "blue"),
            ("metal", "plastic"),
            ("small", "tall", "double"),
            ("refrigerator", "freezer"),
            frozenset({"open", "cools"}),
            KITCHEN,
            stand="wall",
        ),
        Kind(
            "dishwasher",
            dishwasher,
            APPLIANCES[:3],
            ("metal", "plastic"),
            ("slim", "wide"),
            skills=frozenset({"open", "toggle", "cleans"}),
            rooms={"kitchen": 0.7},
            stand="wall",
        ),
        Kind(
            "microwave",
            microwave,
            APPLIANCES[:4],
            ("metal", "plastic"),
            ("compact", "wide"),
            ("microwave oven",),
            frozenset({"open", "toggle", "heats"}),
            {"kitchen": 0.9},
            {"kitchen counter": 1.0, "kitchen island": 0.2},
        ),
        Kind(
            "washing machine",
            washing_machine,
            ("white", "grey", "black"),
            ("metal", "plastic"),
            ("slim", "wide"),
            ("washer",),
            frozenset({"open", "toggle", "cleans"}),
            {"laundry room": 1.0, "bathroom": 0.25, "kitchen": 0.1},
            stand="wall",
        ),
        Kind(
            "dryer",
            dryer,
            ("white", "grey", "black"),
            ("metal", "plastic"),
            ("slim", "wide"),
            ("tumble dryer", "clothes dryer"),
            frozenset({"open", "toggle"}),
            {"laundry room": 0.8},
            stand="wall",
        ),
    )
}
