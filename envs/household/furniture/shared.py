"""What stands in any room: lamps, rugs, curtains, pictures, mirrors, racks, radiators and doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..materials import look, plain
from ..meshes import lathe, move, scale, turn
from ..model import Asset, Kind, Material, Mesh
from .dining import WOODS
from .piece import IRON, MIRROR, STEEL, Piece, shaded
from .shapes import Point, Span, cushion, disc, inner, length, middle, picture, quads, raised, rod, slab, split, vary, wide


def rug(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("rug", colour, material, shape)
    pattern = ("rug_border", "rug_geometric")[int(rng.integers(2))]
    look_rug = Material(look(colour, material, rng).rgb, "rug_rings" if shape == "round" else pattern, 1.0, 0.0, 0.1)
    y = wide(vary(rng, 1.3, 1.8) if shape != "runner" else vary(rng, 1.6, 2.0))
    x = wide({"round": length(y), "runner": 0.65}.get(shape, vary(rng, 1.0, 1.3)))
    sides = shaded(look(colour, material), 0.6)
    if shape == "round":
        top = scale(disc(0.5, 0.012, (0.0, 0.0, 0.0), 28), (length(x), length(y), 1.0))
        piece.add(look_rug, _laid_over(top, x, y))
    else:
        corners = [(x[0], y[0], 0.012), (x[1], y[0], 0.012), (x[1], y[1], 0.012), (x[0], y[1], 0.012)]
        piece.add(look_rug, _laid_over(quads([corners]), x, y))
        piece.add(sides, slab(x, y, (0.0, 0.011)))
    return piece.asset()


def _laid_over(mesh: Mesh, x: Span, y: Span) -> Mesh:
    """The same mesh with a whole picture laid over it from above."""
    low, size = np.array([y[0], x[0]]), np.array([length(y), length(x)])
    uv = ((mesh.vertices[:, [1, 0]] - low) / size).astype(np.float32)
    return Mesh(mesh.vertices, mesh.normals, uv, mesh.faces)


def curtain(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("curtain", colour, material, shape)
    cloth = look(colour, material, rng)
    stuff = replace(cloth, pattern={"plain": cloth.pattern, "striped": "stripes", "dotted": "dots"}[shape])
    y, high = wide(vary(rng, 1.7, 2.0)), 2.05
    piece.add(IRON, rod((0.10, y[0] - 0.08, high), (0.10, y[1] + 0.08, high), 0.013))
    piece.add(IRON, *(slab((0.0, 0.10), wide(0.02, b), wide(0.02, high)) for b in inner(y, -0.03)))
    width = length(y) * vary(rng, 0.18, 0.28)
    for start in (y[0], y[1] - width):
        lit, dark = _folds((start, start + width), (0.0, high + 0.01), 7)
        piece.add(stuff, lit)
        piece.add(shaded(stuff, 0.72), dark)
    return piece.asset("wall")


def _folds(y: Span, z: Span, count: int) -> tuple[Mesh, Mesh]:
    """Hanging cloth, both sides: the flanks of its folds that face the light, and the others."""
    at = np.linspace(y[0], y[1], 2 * count + 1)
    deep = np.where(np.arange(2 * count + 1) % 2 == 0, 0.070, 0.135)
    flanks: tuple[list[list[Point]], list[list[Point]]] = ([], [])
    for k in range(2 * count):
        (a, b), (c, d) = (float(deep[k]), float(at[k])), (float(deep[k + 1]), float(at[k + 1]))
        front = [(a, b, z[0]), (c, d, z[0]), (c, d, z[1]), (a, b, z[1])]
        flanks[k % 2].extend([front, front[::-1]])
    return quads(flanks[0]), quads(flanks[1])


PAINTINGS = ("landscape", "sea", "abstract", "flowers", "city", "forest", "circles", "chart", "portrait")


def painting(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """shape names the format, the frame has the colour and the material."""
    piece = Piece("painting", colour, material, shape)
    wide_m, high = {
        "wide": (vary(rng, 0.8, 1.1), vary(rng, 0.5, 0.65)),
        "tall": (vary(rng, 0.42, 0.55), vary(rng, 0.6, 0.8)),
        "square": (0.5, 0.5),
    }[shape]
    y, z, edge = wide(wide_m), (0.0, high), 0.035
    names = PAINTINGS[:-1] if shape == "wide" else PAINTINGS
    _frame(piece, look(colour, material, rng), y, z, edge, 0.03)
    piece.add(Material((1.0, 1.0, 1.0), names[int(rng.integers(len(names)))]), picture(0.018, inner(y, edge), inner(z, edge)))
    return piece.asset("wall")


def _frame(piece: Piece, stuff: Material, y: Span, z: Span, edge: float, deep: float) -> None:
    x = (0.0, deep)
    piece.add(stuff, slab(x, y, (z[0], z[0] + edge)), slab(x, y, (z[1] - edge, z[1])))
    piece.add(stuff, *(slab(x, b, inner(z, edge)) for b in ((y[0], y[0] + edge), (y[1] - edge, y[1]))))


def mirror(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("mirror", colour, material, shape)
    stuff = look(colour, material, rng)
    if shape == "rectangular":
        y, z = wide(vary(rng, 0.45, 0.60)), (0.0, vary(rng, 0.65, 0.95))
        _frame(piece, stuff, y, z, 0.03, 0.03)
        piece.add(MIRROR, picture(0.014, inner(y, 0.03), inner(z, 0.03)))
        return piece.asset("wall")
    r = vary(rng, 0.26, 0.36)
    tall = 1.0 if shape == "round" else 1.4
    ring = lathe([(r, 0.0), (r, 0.025), (r - 0.03, 0.025), (r - 0.03, 0.008)], 24)
    glass = _laid_over(lathe([(r - 0.028, 0.010), (0.0, 0.010)], 24), wide(2 * r), wide(2 * r))
    for material_, mesh in ((stuff, ring), (MIRROR, glass)):
        piece.add(material_, move(turn(scale(mesh, (tall, 1.0, 1.0)), np.pi / 2, (0, 1, 0)), (0.0, 0.0, r * tall)))
    return piece.asset("wall")


def radiator(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("radiator", colour, material, shape)
    stuff, y, z = look(colour, material, rng), wide(vary(rng, 0.7, 1.1)), (0.12, vary(rng, 0.60, 0.70))
    if shape == "ribbed":
        piece.add(stuff, *(slab((0.03, 0.12), inner(part, 0.012), z) for part in split(y, 12)))
        piece.add(shaded(stuff, 0.85), *(slab((0.05, 0.10), y, wide(0.04, h)) for h in inner(z, 0.06)))
    else:
        piece.add(stuff, slab((0.03, 0.10), y, z))
        piece.add(shaded(stuff, 0.9), *(slab((0.10, 0.108), inner(part, 0.012), inner(z, 0.04)) for part in split(y, 10)))
    piece.add(shaded(stuff, 0.8), *(slab((0.0, 0.08), wide(0.03, b), (0.0, z[1] - 0.1)) for b in inner(y, 0.10)))
    piece.add(STEEL, rod((0.07, y[1], z[0] + 0.05), (0.07, y[1] + 0.06, z[0] + 0.05), 0.018, 0.022))
    piece.solid((0.0, 0.12), y, (0.0, z[1]))
    return piece.asset()


def coat_rack(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("coat rack", colour, material, shape)
    stuff, high = look(colour, material, rng), vary(rng, 1.65, 1.8)
    piece.add(stuff, rod((0.0, 0.0, 0.05), (0.0, 0.0, high), 0.022, 0.018, 8))
    feet = 4 if shape == "branched" else 3
    for k in range(feet):
        a = 2 * np.pi * k / feet
        c, s = float(np.cos(a)), float(np.sin(a))
        piece.add(stuff, rod((0.0, 0.0, 0.12), (0.26 * c, 0.26 * s, 0.0), 0.018, 0.014))
        piece.add(stuff, rod((0.0, 0.0, high - 0.10), (0.15 * c, 0.15 * s, high - 0.02), 0.013, 0.016))
        if shape == "branched":
            piece.add(stuff, rod((0.0, 0.0, high - 0.42), (0.12 * s, 0.12 * c, high - 0.36), 0.012, 0.015))
    tint = [(0.24, 0.28, 0.40), (0.52, 0.36, 0.22), (0.32, 0.34, 0.30)][int(rng.integers(3))]
    coat = lathe([(0, 0.40), (0.19, 0.40), (0.15, 0.90), (0.19, 1.26), (0.08, 1.40), (0.05, 1.46)], 8)
    if rng.random() < 0.6:
        piece.add(Material(tint, "fabric"), move(scale(coat, (0.45, 1.1, 1.0)), (0.13, 0.0, high - 1.53)))
    piece.solid((-0.24 if feet == 4 else -0.14, 0.24), wide(0.42), (0.0, high))
    return piece.asset()


def shoe_rack(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    piece = Piece("shoe rack", colour, material, shape)
    stuff, y, x = look(colour, material, rng), wide(vary(rng, 0.65, 0.85)), (0.0, 0.30)
    floors = {"low": (0.10, 0.30), "tall": (0.10, 0.32, 0.54, 0.76)}[shape]
    high = floors[-1] + 0.04
    piece.add(stuff, *(slab(x, b, (0.0, high)) for b in ((y[0], y[0] + 0.02), (y[1] - 0.02, y[1]))))
    for n, floor in enumerate(floors):
        piece.add(stuff, *(slab(inner(part, 0.012), inner(y, 0.02), (floor - 0.015, floor)) for part in split(x, 5)))
        last = n == len(floors) - 1
        piece.place(f"shelf {n + 1}", "on" if last else "in", inner(x, 0.03), inner(y, 0.05), floor, 0.5 if last else 0.18)
    for k in range(int(rng.integers(1, 4))):
        at = y[0] + 0.12 + 0.19 * k
        piece.add(plain([(0.15, 0.15, 0.17), (0.48, 0.28, 0.16), (0.85, 0.85, 0.86)][k]), *_shoes(at, 0.0))
    piece.solid(x, y, (0.0, high))
    return piece.asset()


def _shoes(y: float, z: float) -> list[Mesh]:
    return [cushion((0.04, 0.28), wide(0.07, y + d), (z, z + 0.08), 0.025) for d in (-0.042, 0.042)]


def door(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A room door: it fills a doorway of 0.9 by 2.05 m and opens towards its front. Its solids are the jambs alone."""
    piece = Piece("door", colour, material, shape)
    stuff = look(colour, material, rng)
    y, x, high = wide(0.9), (-0.07, 0.07), 2.05
    jamb = 0.03
    for b in ((y[0], y[0] + jamb), (y[1] - jamb, y[1])):
        piece.add(shaded(stuff, 0.92), slab(x, b, (0.0, high)))
        piece.solid(x, b, (0.0, high))
    piece.add(shaded(stuff, 0.92), slab(x, inner(y, jamb), (high - jamb, high)))
    leaf, z = inner(y, jamb + 0.004), (0.008, high - jamb - 0.004)
    front = (0.03, 0.066)
    groups = [(stuff, [slab(front, leaf, z), *_door_panels(shape, front, leaf, z)])]
    knob = lathe([(0.010, 0.0), (0.010, 0.03), (0.024, 0.04), (0.024, 0.055), (0.0, 0.062)], 8)
    groups.append(
        (
            STEEL,
            [move(turn(knob, s * np.pi / 2, (0, 1, 0)), (f, leaf[1] - 0.06, 1.0)) for s, f in ((1, front[1]), (-1, front[0]))],
        )
    )
    if shape == "glazed":
        pane = (inner(leaf, 0.16), (0.95, 1.85))
        glass = picture(front[1] + 0.003, *pane)
        back = turn(picture(-front[0] + 0.003, *pane), np.pi)
        groups.append((plain((0.70, 0.80, 0.84), 0.8), [glass, back]))
    piece.moving("leaf", "hinge", (0.0, 0.0, -1.0), (front[1], leaf[0], middle(z)), np.pi / 2, *groups)
    return piece.asset()


def _door_panels(shape: str, x: Span, y: Span, z: Span) -> list[Mesh]:
    if shape == "plain":
        return []
    rows = [(0.15, 0.85)] if shape == "glazed" else [(0.15, 0.85), (1.10, z[1] - 0.15)]
    front = [raised(x[1], inner(part, 0.06), row) for part in split(inner(y, 0.05), 2) for row in rows]
    return front + [turn(raised(-x[0], inner(part, 0.06), row), np.pi) for part in split(inner(y, 0.05), 2) for row in rows]


FRAMES = ("black", "white", "brown", "beige", "grey")
CLOTH = ("red", "blue", "green", "beige", "grey", "purple", "white", "orange", "brown", "yellow", "pink")
ANY = {"living room": 0.8, "bedroom": 0.6, "office": 0.5, "dining room": 0.6, "hallway": 0.5}

KINDS: Mapping[str, Kind] = {
    kind.category: kind
    for kind in (
        Kind(
            "rug",
            rug,
            CLOTH,
            ("wool", "carpet"),
            ("rectangular", "round", "runner"),
            ("carpet", "mat"),
            rooms={"living room": 0.9, "bedroom": 0.7, "dining room": 0.4, "hallway": 0.6, "office": 0.4, "bathroom": 0.3},
            stand="rug",
        ),
        Kind(
            "curtain",
            curtain,
            CLOTH,
            ("fabric", "wool"),
            ("plain", "striped", "dotted"),
            ("curtains", "drapes"),
            rooms={"living room": 0.8, "bedroom": 0.9, "dining room": 0.5, "office": 0.4},
            stand="hang",
            many=2,
        ),
        Kind(
            "painting",
            painting,
            FRAMES,
            ("wooden", "metal"),
            ("wide", "tall", "square"),
            ("picture", "framed picture"),
            rooms={**ANY, "kitchen": 0.3, "bathroom": 0.1},
            stand="hang",
            many=3,
        ),
        Kind(
            "mirror",
            mirror,
            FRAMES,
            ("wooden", "metal"),
            ("rectangular", "round", "oval"),
            ("wall mirror", "looking glass"),
            rooms={"bathroom": 1.0, "hallway": 0.6, "bedroom": 0.4},
            stand="hang",
        ),
        Kind(
            "radiator",
            radiator,
            ("white", "grey", "black"),
            ("metal", "plastic"),
            ("ribbed", "flat"),
            ("heater",),
            rooms={**ANY, "bathroom": 0.4},
            stand="wall",
        ),
        Kind(
            "coat rack",
            coat_rack,
            (*WOODS, "red"),
            ("wooden", "metal"),
            ("straight", "branched"),
            ("coat stand",),
            rooms={"hallway": 0.9, "office": 0.2, "bedroom": 0.15},
            stand="corner",
        ),
        Kind(
            "shoe rack",
            shoe_rack,
            WOODS,
            ("wooden", "metal", "plastic"),
            ("low", "tall"),
            ("shoe shelf",),
            rooms={"hallway": 0.9, "laundry room": 0.1},
            stand="wall",
        ),
        Kind(
            "door",
            door,
            (*WOODS, "green", "blue"),
            ("wooden", "plastic"),
            ("plain", "panelled", "glazed"),
            skills=frozenset({"open"}),
        ),
    )
}
