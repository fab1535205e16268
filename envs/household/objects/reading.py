"""What is read: books, notebooks, newspapers."""

from __future__ import annotations

import numpy as np

from ..meshes import box, lathe, move, turn
from ..model import Asset, Kind, Material, Skill
from .craft import (
    CREAM,
    DARK,
    PAPER,
    STEEL,
    accent,
    along_x,
    band,
    finish,
    paint,
    part,
    solid,
)

DESK = {"desk": 5.0, "coffee table": 1.5, "side table": 1.0, "nightstand": 1.0, "dining table": 0.5}
READING = {
    "bookshelf": 5.0,
    "shelf": 5.0,
    "desk": 3.0,
    "nightstand": 3.0,
    "coffee table": 2.0,
    "bed": 1.0,
    "sofa": 1.0,
    "side table": 1.5,
    "armchair": 0.5,
}
TAKE: frozenset[Skill] = frozenset({"pickup"})
COVERS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "black", "brown", "white", "grey")


def book(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bound block of pages: lying or standing."""
    cover = paint(colour, material)
    title = accent(colour, "white", "yellow") if colour != "yellow" else accent("yellow", "black")
    t, w, h = {"thick": (0.055, 0.155, 0.225), "thin": (0.025, 0.165, 0.24), "standing": (0.045, 0.15, 0.23)}[shape]
    edge = 0.006
    boards = [box((h, w, edge), (0, 0, z)) for z in (edge / 2, t - edge / 2)] + [box((h, edge, t), (0, -w / 2, t / 2))]
    pages = box((h - 0.014, w - 0.01, t - 2 * edge), (0, 0, t / 2))
    marks = [
        box((0.3 * h, 0.5 * w, 0.003), (0.15 * h, 0, t)),
        box((0.05 * h, 0.5 * w, 0.003), (-0.2 * h, 0, t)),
        box((0.4 * h, 0.003, 0.5 * t), (0.1 * h, -w / 2 - 0.003, t / 2)),
    ]
    meshes = [(cover, boards), (CREAM, [pages]), (title, marks)]
    if shape == "standing":
        meshes = [(look, [turn(turn(m, np.pi / 2, (0, 1, 0)), np.pi / 2) for m in ms]) for look, ms in meshes]
    return finish(("book", colour, material, shape), rng, [part(look, *ms) for look, ms in meshes])


def notebook(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A thin pad with a steel spiral on its long side, and a label or an elastic band."""
    h, w = {"large": (0.27, 0.2), "small": (0.18, 0.13)}[shape]
    cover = box((h, w, 0.018), (0, 0, 0.009))
    rings = [
        move(turn(lathe([(0.007, -0.004), (0.011, 0), (0.007, 0.004)], 6), np.pi / 2, (0, 1, 0)), (x * h, -w / 2, 0.011))
        for x in np.linspace(-0.42, 0.42, 7)
    ]
    label = box((0.22 * h, 0.5 * w, 0.003), (0.12 * h, 0, 0.018))
    edges = box((0.004, 0.96 * w, 0.008), (h / 2, 0, 0.009)), box((0.96 * h, 0.004, 0.008), (0, w / 2, 0.009))
    return finish(
        ("notebook", colour, material, shape),
        rng,
        [
            part(paint(colour, material), cover),
            part(STEEL, *rings),
            part(PAPER if colour != "white" else accent("white", "blue"), label, *edges),
        ],
    )


def newspaper(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A folded sheet with a headline, a picture and columns, or a roll of it."""
    if shape == "rolled":
        roll = move(along_x(solid([(0.034, -0.16), (0.034, 0.16)], 10)), (0, 0, 0.034))
        ring = [move(along_x(band(0.0355, x, x + 0.012, 10)), (0, 0, 0.034)) for x in (-0.1, -0.07, 0.06, 0.09)]
        tie = [move(along_x(band(0.036, -0.018, 0.018, 10)), (0, 0, 0.034))]
        return finish(
            ("newspaper", colour, material, shape),
            rng,
            [part(paint(colour, material), roll), part(DARK, *ring), part(accent("white", "red"), *tie)],
        )
    sheet = [box((0.31, 0.23, 0.008), (0, 0, 0.004)), box((0.305, 0.222, 0.008), (0.002, 0.003, 0.012))]
    z = 0.0165
    ink = [box((0.035, 0.18, 0.003), (0.125, 0, z)), box((0.1, 0.1, 0.003), (0.03, -0.05, z))]
    ink += [box((0.006, 0.08, 0.003), (x, 0.06, z)) for x in (0.07, 0.045, 0.02, -0.005)]
    ink += [box((0.006, 0.19, 0.003), (x, 0, z)) for x in (-0.05, -0.075, -0.1, -0.125)]
    return finish(
        ("newspaper", colour, material, shape),
        rng,
        [part(paint(colour, material), *sheet), part(Material((0.22, 0.22, 0.23)), *ink)],
    )


KINDS = (
    Kind("book", book, COVERS, ("paper", "leather"), ("thick", "thin", "standing"), ("novel",), TAKE, on=READING, many=4),
    Kind(
        "notebook",
        notebook,
        COVERS,
        ("paper", "leather"),
        ("large", "small"),
        ("notepad", "exercise book", "diary"),
        TAKE,
        on={**DESK, "bookshelf": 2.0, "shelf": 2.0},
        many=2,
    ),
    Kind(
        "newspaper",
        newspaper,
        ("white", "beige"),
        ("paper",),
        ("folded", "rolled"),
        ("paper", "magazine"),
        TAKE,
        on={"coffee table": 4.0, "sofa": 2.0, "dining table": 2.0, "armchair": 1.0, "desk": 1.0, "side table": 1.0},
    ),
)
