"""Bathrooms and laundry rooms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..materials import look
from ..meshes import cylinder, lathe, move, scale, turn
from ..model import COLOURS, Asset, Kind, Material, Mesh
from .kitchen import FRONTS, tap
from .piece import DARK, PORCELAIN, STEEL, WATER, Piece, carcass, shaded
from .shapes import Span, cushion, disc, ends, inner, length, middle, picture, raised, rod, slab, split, tray, vary, wide


def _oval(profile: list[tuple[float, float]], x: Span, y: Span, segments: int = 16) -> Mesh:
    """A turned shape of radius 1 stretched into a rectangle."""
    stretched = scale(lathe(profile, segments), (length(x) / 2, length(y) / 2, 1.0))
    return move(stretched, (middle(x), middle(y), 0.0))


def toilet(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("toilet", colour, material, shape)
    body, y = look(colour, material, rng), wide(0.37)
    bowl, rim = (0.20, 0.68), vary(rng, 0.39, 0.42)
    if shape == "square":
        piece.add(body, cushion((0.10, 0.66), inner(y, 0.04), (0.0, rim - 0.06), 0.03))
        piece.add(body, tray(bowl, y, (rim - 0.08, rim), 0.05))
        lid = cushion((0.20, 0.68), y, (rim + 0.003, rim + 0.035), 0.012)
    else:
        outside = [(0, 0), (0.72, 0), (0.62, 0.16), (0.95, rim - 0.06), (1, rim), (0.72, rim)]
        piece.add(body, _oval([*outside, (0.55, rim - 0.14), (0, rim - 0.20)], bowl, y))
        piece.add(body, slab((0.12, 0.36), wide(0.20), (0.0, rim - 0.04)))
        lid = _oval([(0, rim + 0.003), (1, rim + 0.003), (0.98, rim + 0.03), (0, rim + 0.034)], bowl, y)
    piece.add(WATER, disc(0.10, 0.002, (0.46, 0.0, rim - 0.13), 10))
    piece.add(body, cushion((0.0, 0.18), wide(0.40), (rim - 0.04, 0.80), 0.025))
    piece.add(STEEL, disc(0.022, 0.010, (0.09, 0.15, 0.80), 8))
    piece.moving("lid", "hinge", (0.0, -1.0, 0.0), (0.205, 0.0, rim + 0.035), 1.45, (shaded(body, 0.97), [lid]))
    piece.place("tank", "on", (0.04, 0.14), wide(0.22, -0.06), 0.80, 0.4)
    piece.solid((0.0, 0.68), y, (0.0, rim))
    piece.solid((0.0, 0.18), wide(0.40), (rim, 0.80))
    return piece.asset()


def basin(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("bathroom sink", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 0.82, 0.87)
    y = wide(vary(rng, 0.5, 0.58) if shape == "pedestal" else vary(rng, 0.65, 0.95))
    x = (0.0, 0.46)
    if shape == "pedestal":
        piece.add(stuff, lathe_at((0.20, 0.0), [(0, 0), (0.12, 0), (0.075, 0.10), (0.07, 0.55), (0.14, high - 0.14)]))
        under = [(0, high - 0.18), (0.5, high - 0.16), (1, high - 0.02), (1, high)]
        bowl = [*under, (0.84, high), (0.6, high - 0.10), (0.46, high - 0.12), (0, high - 0.12)]
        piece.add(stuff, _oval(bowl, x, y), slab((0.0, 0.12), inner(y, 0.04), (high - 0.10, high)))
        low, water = high - 0.12, high - 0.12
    else:
        top = (high - 0.03, high)
        carcass(piece, shaded(stuff, 0.9), (0.0, 0.42), inner(y, 0.01), (0.12, top[0]), lid=False)
        piece.add(shaded(stuff, 0.5), slab((0.02, 0.36), inner(y, 0.03), (0.0, 0.12)))
        for k, part in enumerate(split(inner(y, 0.01), 2)):
            name = f"door {k + 1}"
            piece.door(name, stuff, 0.42, part, (0.12, top[0]), "high y" if k else "low y")
            piece.place(f"cupboard {k + 1}", "in", (0.04, 0.38), inner(part, 0.04), 0.14, high - 0.36, name)
        hole, hx = wide(0.44), (0.10, 0.41)
        _counter_round_hole(piece, x, y, hx, hole, top)
        piece.add(PORCELAIN, tray(hx, hole, (high - 0.13, high + 0.004), 0.02))
        low = water = high - 0.11
        piece.place("top", "on", (0.04, 0.40), (hole[1] + 0.01, y[1] - 0.01), high, 0.5)
    piece.place("basin", "in", (0.17, 0.29), wide(0.20), low, 0.4)
    piece.add(STEEL, *tap(0.055, 0.0, high, 0.13, 0.17))
    piece.add(DARK, disc(0.018, 0.003, (0.24, 0.0, low), 8))
    piece.add(WATER, rod((0.185, 0.0, water), (0.185, 0.0, high + 0.13), 0.009), when="on")
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def _counter_round_hole(piece: Piece, x: Span, y: Span, hx: Span, hy: Span, z: Span) -> None:
    piece.add(PORCELAIN, slab((x[0], hx[0]), y, z), slab((hx[1], x[1]), y, z))
    piece.add(PORCELAIN, slab(hx, (y[0], hy[0]), z), slab(hx, (hy[1], y[1]), z))


def lathe_at(at: tuple[float, float], profile: list[tuple[float, float]]) -> Mesh:
    return move(lathe(profile, 12), (*at, 0.0))


def bathtub(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("bathtub", colour, material, shape)
    body, high = look(colour, material, rng), vary(rng, 0.54, 0.60)
    y, x = wide(vary(rng, 1.55, 1.75)), wide(vary(rng, 0.72, 0.80))
    if shape == "rectangular":
        piece.add(body, tray(x, y, (0.0, high), 0.07), raised(x[1], inner(y, 0.08), (0.06, high - 0.08)))
        floor, water = 0.07, tray_water(inner(x, 0.07), inner(y, 0.07), high - 0.16)
    else:
        outside = [(0, 0.10), (0.72, 0.10), (0.92, 0.30), (0.97, high), (1, high + 0.015), (0.90, high + 0.01)]
        piece.add(body, _oval([*outside, (0.80, 0.26), (0.62, 0.15), (0, 0.14)], x, y, 18))
        feet = [(a, b) for a in wide(0.4) for b in wide(0.9)]
        piece.add(STEEL, *(rod((a * 1.1, b * 1.06, 0.0), (a, b, 0.14), 0.022, 0.035) for a, b in feet))
        floor, water = 0.15, _oval([(0.86, high - 0.18), (0, high - 0.178)], x, y)
    piece.add(WATER, water, when="on")
    for mesh in tap(0.0, 0.0, 0.0, 0.14, 0.16):
        piece.add(STEEL, move(turn(mesh, np.pi / 2), (0.0, y[0] + 0.035, high)))
    piece.place("inside", "in", wide(0.30), wide(0.8), floor, 0.8)
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def tray_water(x: Span, y: Span, z: float) -> Mesh:
    """A sheet of water."""
    return slab(x, y, (z - 0.002, z))


def shower(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("shower", colour, material, shape)
    frame = look(colour, material, rng)
    size = vary(rng, 0.80, 0.95)
    x, y = (0.0, size), wide(size if shape == "square" else size + 0.3)
    piece.add(PORCELAIN, tray(x, y, (0.0, 0.10), 0.04))
    piece.add(DARK, disc(0.04, 0.003, (middle(x), 0.0, 0.04), 8))
    piece.add(frame, *(slab(a, b, (0.10, 1.95)) for a in ends(x, 0.03) for b in ends(y, 0.03)))
    piece.add(frame, *(slab(x, b, (1.95, 1.98)) for b in ends(y, 0.03)), slab((size - 0.03, size), y, (1.95, 1.98)))
    pane = Material((0.80, 0.90, 0.92), "plain", 0.28, 0.8, 0.9)
    piece.add(pane, *(slab(inner(x, 0.03), wide(0.008, b), (0.10, 1.95)) for b in inner(y, 0.015)))
    piece.moving(
        "door",
        "hinge",
        (0.0, 0.0, -1.0),
        (size, y[0] + 0.03, 1.0),
        np.pi / 2,
        (pane, [slab((size - 0.02, size - 0.012), inner(y, 0.034), (0.11, 1.94))]),
        (frame, [slab((size - 0.012, size + 0.025), wide(0.02, y[1] - 0.10), (0.95, 1.15))]),
    )
    piece.add(STEEL, rod((0.05, 0.0, 0.9), (0.05, 0.0, 1.85), 0.012), rod((0.05, 0.0, 1.85), (0.26, 0.0, 1.88), 0.010))
    piece.add(STEEL, cylinder(0.09, 0.02, 12, (0.27, 0.0, 1.85)), slab((0.03, 0.08), wide(0.20), (1.0, 1.05)))
    drops = [(0.27 + 0.05 * float(np.cos(k)), 0.05 * float(np.sin(k))) for k in range(0, 6)]
    piece.add(WATER, *(rod((a, b, 0.05), (a, b, 1.85), 0.004, segments=3) for a, b in drops), when="on")
    piece.place("floor", "in", inner(x, 0.12), inner(y, 0.12), 0.04, 1.5)
    piece.solid(x, y, (0.0, 1.98))
    return piece.asset()


def towel_rail(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("towel rail", colour, material, shape)
    towel, y = look(colour, material, rng), wide(vary(rng, 0.5, 0.7))
    bars = {"single": (0.55,), "ladder": (0.15, 0.35, 0.55, 0.75)}[shape]
    piece.add(STEEL, *(slab((0.06, 0.08), y, wide(0.02, z)) for z in bars))
    piece.add(STEEL, *(slab((0.0, 0.07), wide(0.02, b), wide(0.02, z)) for b in inner(y, 0.01) for z in (bars[0], bars[-1])))
    if len(bars) > 1:
        piece.add(STEEL, *(slab((0.06, 0.08), wide(0.02, b), (0.10, 0.80)) for b in inner(y, 0.01)))
    z = bars[-1]
    cloth = wide(length(y) * vary(rng, 0.5, 0.75))
    piece.add(towel, cushion((0.046, 0.094), cloth, (z - 0.012, z + 0.022), 0.012))
    piece.add(towel, slab((0.08, 0.094), cloth, (z - 0.48, z)), slab((0.046, 0.06), cloth, (z - 0.34, z)))
    piece.add(shaded(towel, 0.8), picture(0.0955, cloth, (z - 0.42, z - 0.36)))
    return piece.asset("wall")


def laundry_basket(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("laundry basket", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 0.42, 0.60)
    trim = shaded(stuff, 0.72)
    if shape == "square":
        x, y = wide(0.36), wide(0.44)
        piece.add(stuff, tray(x, y, (0.0, high), 0.012))
        for z in ((0.0, 0.03), (high - 0.05, high - 0.01)):
            piece.add(trim, *(slab(inner(x, -0.006), b, z) for b in ends(inner(y, -0.006), 0.006)))
            piece.add(trim, *(slab(a, y, z) for a in ends(inner(x, -0.006), 0.006)))
        piece.add(trim, *(slab(wide(0.14), b, (high * 0.7, high * 0.7 + 0.03)) for b in ends(inner(y, -0.02), 0.02)))
    else:
        r = vary(rng, 0.19, 0.23)
        piece.add(stuff, lathe([(0, 0), (r * 0.85, 0), (r, high), (r - 0.012, high), (r * 0.85 - 0.012, 0.02), (0, 0.02)], 14))
        band = [(r - 0.004, high - 0.05), (r + 0.008, high - 0.045), (r + 0.008, high - 0.005), (r - 0.004, high)]
        piece.add(trim, lathe(band, 14))
        piece.add(trim, *(slab(wide(0.12), wide(0.03, b), (high - 0.13, high - 0.10)) for b in (-r, r)))
    cloth = Material(COLOURS["white"] if colour != "white" else COLOURS["blue"], "fabric")
    piece.add(cloth, cushion((-0.13, 0.13), (-0.14, 0.14), (high - 0.14, high - 0.02), 0.055))
    piece.place("inside", "in", wide(0.12), wide(0.14), high - 0.02, 0.3)
    piece.solid(wide(0.36), wide(0.38), (0.0, high))
    return piece.asset()


BATH = {"bathroom": 1.0}
CERAMICS = ("white", "beige", "pink", "blue", "green", "black")

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "toilet",
            toilet,
            CERAMICS,
            ("ceramic", "plastic"),
            ("round", "square"),
            ("lavatory",),
            frozenset({"open"}),
            BATH,
            stand="wall",
        ),
        Kind(
            "bathroom sink",
            basin,
            (*FRONTS, "pink"),
            ("ceramic", "marble"),
            ("pedestal", "vanity"),
            ("washbasin", "vanity"),
            frozenset({"open", "toggle", "cleans"}),
            BATH,
            stand="wall",
        ),
        Kind(
            "bathtub",
            bathtub,
            CERAMICS,
            ("ceramic", "stone"),
            ("rectangular", "freestanding"),
            ("tub", "bath"),
            frozenset({"toggle", "cleans"}),
            {"bathroom": 0.7},
            stand="wall",
        ),
        Kind(
            "shower",
            shower,
            ("grey", "white", "black", "brown"),
            ("metal", "plastic"),
            ("square", "wide"),
            ("shower cabin",),
            frozenset({"open", "toggle", "cleans"}),
            {"bathroom": 0.6},
            stand="corner",
        ),
        Kind(
            "towel rail",
            towel_rail,
            ("white", "blue", "green", "red", "yellow", "pink", "beige", "purple"),
            ("fabric", "wool"),
            ("single", "ladder"),
            ("towel rack",),
            rooms={"bathroom": 0.9, "kitchen": 0.15},
            stand="hang",
        ),
        Kind(
            "laundry basket",
            laundry_basket,
            ("beige", "brown", "white", "grey", "blue", "green", "pink"),
            ("wicker", "plastic", "fabric"),
            ("round", "square"),
            ("hamper", "laundry hamper"),
            rooms={"laundry room": 1.0, "bathroom": 0.4, "bedroom": 0.25},
            stand="corner",
        ),
    )
}
