"""What makes a room pleasant: vases, plants, candles, frames, statues."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, lathe, limb, move, scale, sphere, turn
from ..model import Asset, Kind, Material, Mesh, Skill
from .craft import (
    DARK,
    LEAF,
    accent,
    band,
    bar,
    disc,
    finish,
    hollow,
    paint,
    panel,
    part,
    puff,
    solid,
    tint,
)

SHELVES = {
    "bookshelf": 3.0,
    "shelf": 3.0,
    "coffee table": 2.5,
    "side table": 2.0,
    "dresser": 2.0,
    "tv stand": 2.0,
    "dining table": 1.5,
    "desk": 1.0,
    "nightstand": 1.0,
}
TAKE: frozenset[Skill] = frozenset({"pickup"})
PICTURES = ("landscape", "sea", "flowers", "portrait")
GLAZES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")


def vase(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A belly with a narrow neck and a flared lip, sometimes with three flowers."""
    r, h = {"round": (0.085, 0.19), "tall": (0.06, 0.3), "slim": (0.055, 0.23)}[shape]
    if shape == "round":
        outside = [(0.5 * r, 0), (r, 0.4 * h), (0.4 * r, 0.8 * h), (0.55 * r, h)]
    elif shape == "tall":
        outside = [(0.7 * r, 0), (0.6 * r, 0.25 * h), (r, 0.75 * h), (0.75 * r, h)]
    else:
        outside = [(r, 0), (0.95 * r, 0.35 * h), (0.32 * r, 0.7 * h), (0.5 * r, h)]
    body = hollow(outside, 0.006, 12, well=True)
    if shape != "slim":
        ring = band(1.02 * r, 0.36 * h, 0.44 * h) if shape == "round" else band(1.02 * r, 0.72 * h, 0.77 * h)
        return finish(
            ("vase", colour, material, shape),
            rng,
            [part(paint(colour, material), body), part(accent(colour, "white", "blue"), ring)],
        )
    stems, heads = [], []
    for a, lean, tall in ((0.3, 0.06, 0.16), (2.4, 0.07, 0.12), (4.5, 0.05, 0.2)):
        tip = (lean * np.cos(a), lean * np.sin(a), h + tall)
        stems.append(bar((0.0, 0.0, h - 0.03), tip, 0.005, 3))
        heads.append(move(lathe([(0, -0.02), (0.035, 0.015), (0, 0.008)], 6), tip))
    return finish(
        ("vase", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(LEAF, *stems), part(accent(colour, "pink", "yellow"), *heads)],
    )


def plant(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pot of the named colour with a bush, long leaves, or a cactus."""
    r, h = 0.09, 0.15
    pot = solid([(0.7 * r, 0), (0.95 * r, 0.78 * h), (1.08 * r, 0.78 * h), (1.08 * r, h), (0.9 * r, h)], 10)
    earth = part(tint((0.20, 0.13, 0.08), "organic"), disc(0.88 * r, h + 0.001, 8))
    green = []
    if shape == "spiky":
        stem = limb([(0, 0, h - 0.01), (0, 0, h + 0.03), (0, 0, h + 0.1), (0, 0, h + 0.13)], [0.03, 0.04, 0.038, 0.012], 8)
        arm = limb([(0.02, 0, h + 0.05), (0.065, 0, h + 0.06), (0.068, 0, h + 0.11)], [0.018, 0.02, 0.012], 6)
        green = [stem, arm, turn(move(arm, (0, 0, -0.015)), np.pi)]
    elif shape == "leafy":
        for i, a in enumerate(np.arange(6) * 2.4):
            reach, rise = 0.07 + 0.012 * (i % 4), 0.15 - 0.012 * i
            path = [(0.01, 0, h), (0.55 * reach, 0, h + rise), (1.5 * reach, 0, h + 0.75 * rise)]
            green.append(turn(scale(limb(path, [0.008, 0.024, 0.002], 3), (1, 1.2, 1)), float(a)))
    else:
        centres = ((0, 0, 0.075, 0.07), (0.05, 0.03, 0.04, 0.048), (-0.04, -0.05, 0.045, 0.046))
        green = [move(sphere(s, 6), (x, y, h + z)) for x, y, z, s in centres]
        return finish(
            ("potted plant", colour, material, shape),
            rng,
            [part(paint(colour, material), pot), earth, part(Material(LEAF.rgb, "leaves"), *green)],
        )
    return finish(
        ("potted plant", colour, material, shape), rng, [part(paint(colour, material), pot), earth, part(LEAF, *green)]
    )


def candle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A block of wax, a slim one on a stick, or three on a plate; a flame when it is on."""
    look = paint(colour, material)
    holder = tint((0.72, 0.55, 0.22), "metal")
    if shape == "slim":
        stick = solid([(0.042, 0), (0.012, 0.02), (0.012, 0.07), (0.027, 0.085), (0.025, 0.1)], 10)
        wax, top = cylinder(0.019, 0.18, 8, (0, 0, 0.09)), 0.27
    else:
        r, h = {"thick": (0.042, 0.11), "short": (0.05, 0.06)}[shape]
        stick = solid([(r + 0.012, 0), (r + 0.014, 0.008)], 10)
        wax, top = solid([(r, 0.006), (r, h), (0.8 * r, h), (0.7 * r, h - 0.006)], 10), h
    wick = bar((0, 0, top - 0.008), (0, 0, top + 0.014), 0.004, 4)
    flame = lathe([(0, top + 0.008), (0.011, top + 0.02), (0, top + 0.052)], 6)
    fire = part(Material((1.0, 0.78, 0.25), emission=1.0), flame, when="on")
    return finish(("candle", colour, material, shape), rng, [part(look, wax), part(holder, stick), part(DARK, wick), fire])


def picture_frame(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A leaning frame on a prop, with a white mount and a picture."""
    w, h = {"upright": (0.16, 0.21), "wide": (0.23, 0.17), "square": (0.18, 0.18)}[shape]
    rail = 0.028
    bars = [box((0.022, rail, h), (0, s * (w - rail) / 2, h / 2)) for s in (-1, 1)]
    bars += [box((0.022, w - 2 * rail, rail), (0, 0, z)) for z in (rail / 2, h - rail / 2)]
    back = box((0.010, w - 0.01, h - 0.01), (-0.006, 0, h / 2))
    prop = limb([(-0.01, 0, 0.6 * h), (-0.01 - 0.35 * h, 0, 0.06 * h)], 0.012, 4)
    inner = (w - 2 * rail, h - 2 * rail)
    picture = _pictured(panel(inner, (0.0, 0, h / 2)), inner, h / 2)
    tilted = [turn(m, -0.18, (0, 1, 0)) for m in (*bars, back, prop)]
    shown = Material((1.0, 1.0, 1.0), str(rng.choice(PICTURES)))
    return finish(
        ("picture frame", colour, material, shape),
        rng,
        [part(paint(colour, material), *tilted), part(shown, turn(picture, -0.18, (0, 1, 0)))],
    )


def _pictured(mesh: Mesh, size: tuple[float, float], middle: float) -> Mesh:
    """Spread one picture over an upright panel of (y, z) size."""
    uv = np.column_stack([mesh.vertices[:, 1] / size[0] + 0.5, (mesh.vertices[:, 2] - middle) / size[1] + 0.5])
    return Mesh(mesh.vertices, mesh.normals, uv.astype(np.float32), mesh.faces)


def statue(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bust on a foot, a seated cat, or a bird."""
    look = paint(colour, material)
    if shape == "human":
        body = solid(
            [
                (0.055, 0),
                (0.055, 0.03),
                (0.025, 0.045),
                (0.022, 0.07),
                (0.07, 0.12),
                (0.06, 0.15),
                (0.026, 0.165),
                (0.024, 0.185),
            ],
            10,
        )
        head = move(scale(sphere(0.042, 8, 1.25), (1, 0.85, 1)), (0.006, 0, 0.225))
        nose = box((0.02, 0.014, 0.02), (0.047, 0, 0.22))
        return finish(("statue", colour, material, shape), rng, [part(look, scale(body, (0.75, 1.15, 1)), head, nose)])
    base = box((0.15, 0.11, 0.022), (0, 0, 0.011))
    if shape == "cat":
        body = limb([(-0.03, 0, 0.02), (-0.025, 0, 0.08), (0.02, 0, 0.15)], [0.052, 0.05, 0.03], 8)
        head = move(sphere(0.036, 8), (0.035, 0, 0.19))
        ears = [lathe([(0.014, 0), (0, 0.03)], 4) for _ in range(2)]
        ears = [move(ear, (0.03, s * 0.02, 0.215)) for ear, s in zip(ears, (-1, 1), strict=True)]
        legs = [bar((0.045, s * 0.02, 0.02), (0.025, s * 0.02, 0.12), 0.012, 5) for s in (-1, 1)]
        tail = limb([(-0.06, 0.03, 0.03), (-0.01, 0.065, 0.03), (0.05, 0.055, 0.03)], 0.011, 5)
        return finish(
            ("statue", colour, material, shape),
            rng,
            [part(look, body, head, *ears, *legs, tail), part(accent(colour, "black", "brown"), base)],
        )
    body = limb([(-0.1, 0, 0.13), (-0.03, 0, 0.11), (0.03, 0, 0.13), (0.05, 0, 0.18)], [0.008, 0.042, 0.04, 0.022], 8)
    head = move(sphere(0.028, 8), (0.06, 0, 0.2))
    beak = limb([(0.08, 0, 0.2), (0.115, 0, 0.195)], [0.011, 0.002], 5)
    legs = [bar((0.0, s * 0.015, 0.02), (0.0, s * 0.015, 0.1), 0.008, 4) for s in (-1, 1)]
    wings = [move(puff((0.09, 0.016, 0.045), 1.0, 6, 4), (-0.02, s * 0.042, 0.1)) for s in (-1, 1)]
    return finish(
        ("statue", colour, material, shape),
        rng,
        [part(look, body, head, beak, *legs, *wings), part(accent(colour, "black", "brown"), base)],
    )


KINDS = (
    Kind(
        "vase",
        vase,
        GLAZES,
        ("ceramic", "glass", "metal"),
        ("round", "tall", "slim"),
        ("flower vase",),
        TAKE,
        on=SHELVES,
        many=2,
    ),
    Kind(
        "potted plant",
        plant,
        ("brown", "white", "orange", "blue", "black", "yellow", "red"),
        ("ceramic", "plastic", "stone"),
        ("bushy", "leafy", "spiky"),
        ("flower pot", "pot plant", "cactus"),
        TAKE,
        on={**SHELVES, "kitchen counter": 1.0, "bathroom sink": 0.5, "floor": 0.5},
        many=2,
    ),
    Kind(
        "candle",
        candle,
        GLAZES[:8],
        ("wax",),
        ("thick", "slim", "short"),
        ("candlestick",),
        frozenset({"pickup", "toggle"}),
        on={**SHELVES, "bathtub": 0.5},
        many=2,
    ),
    Kind(
        "picture frame",
        picture_frame,
        ("black", "brown", "white", "yellow", "red", "blue"),
        ("wooden", "metal", "plastic"),
        ("upright", "wide", "square"),
        ("photo frame", "framed photo", "photo"),
        TAKE,
        on={**SHELVES, "dining table": 0.3},
        many=2,
    ),
    Kind(
        "statue",
        statue,
        ("white", "grey", "black", "brown", "green", "yellow"),
        ("stone", "metal", "wooden", "ceramic"),
        ("human", "cat", "bird"),
        ("sculpture", "figurine", "bust"),
        TAKE,
        on={"bookshelf": 3.0, "shelf": 3.0, "tv stand": 2.0, "dresser": 2.0, "side table": 1.5, "coffee table": 1.0},
    ),
)
