"""What makes a room pleasant: vases, plants, candles, frames, statues, boxes, baskets, cushions, blankets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..meshes import box, cylinder, join, lathe, limb, move, scale, sphere, turn
from ..model import Asset, Kind, Material, Mesh, Mover, Skill, Surface
from .craft import (
    DARK,
    LEAF,
    accent,
    band,
    bar,
    disc,
    finish,
    hollow,
    hoop,
    paint,
    panel,
    part,
    puff,
    solid,
    tint,
)

SHELVES = {
    "bookshelf": 3.0,
    "coffee table": 2.5,
    "side table": 2.0,
    "dresser": 2.0,
    "tv stand": 2.0,
    "dining table": 1.5,
    "desk": 1.0,
    "nightstand": 1.0,
}
TAKE: frozenset[Skill] = frozenset({"pickup"})


def vase(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A belly with a narrow neck and a flared lip, sometimes with three flowers."""
    r, h = {"round": (0.085, 0.19), "tall": (0.06, 0.3), "slim": (0.055, 0.23)}[shape]
    if shape == "round":
        outside = [(0.5 * r, 0), (r, 0.4 * h), (0.4 * r, 0.8 * h), (0.55 * r, h)]
    elif shape == "tall":
        outside = [(0.7 * r, 0), (0.6 * r, 0.25 * h), (r, 0.75 * h), (0.75 * r, h)]
    else:
        outside = [(r, 0), (0.95 * r, 0.35 * h), (0.32 * r, 0.7 * h), (0.5 * r, h)]
    body = hollow(outside, 0.006, 12)
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
        heads.append(move(lathe([(0, -0.02), (0.035, 0.015), (0.012, 0.012), (0, 0.02)], 6), tip))
    return finish(
        ("vase", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(LEAF, *stems), part(accent(colour, "pink", "yellow"), *heads)],
    )


def plant(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pot of the named colour with a bush, long leaves, or a cactus."""
    r, h = 0.075, 0.115
    pot = solid([(0.7 * r, 0), (0.95 * r, 0.78 * h), (1.08 * r, 0.78 * h), (1.08 * r, h), (0.9 * r, h)], 10)
    earth = part(tint((0.20, 0.13, 0.08), "organic"), disc(0.88 * r, h + 0.001, 8))
    green = []
    if shape == "spiky":
        stem = limb([(0, 0, h - 0.01), (0, 0, h + 0.03), (0, 0, h + 0.1), (0, 0, h + 0.13)], [0.03, 0.04, 0.038, 0.012], 8)
        arm = limb([(0.02, 0, h + 0.05), (0.065, 0, h + 0.06), (0.068, 0, h + 0.11)], [0.018, 0.02, 0.012], 6)
        green = [stem, arm, turn(move(arm, (0, 0, -0.015)), np.pi)]
    elif shape == "leafy":
        for i, a in enumerate(np.arange(9) * 2.4):
            reach, rise = 0.07 + 0.012 * (i % 4), 0.15 - 0.012 * i
            path = [(0.01, 0, h), (0.55 * reach, 0, h + rise), (1.5 * reach, 0, h + 0.75 * rise)]
            green.append(turn(scale(limb(path, [0.008, 0.026, 0.002], 3), (1, 1.2, 1)), float(a)))
    else:
        centres = ((0, 0, 0.075, 0.07), (0.05, 0.02, 0.04, 0.048), (-0.03, 0.05, 0.045, 0.046), (-0.02, -0.05, 0.04, 0.05))
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
        stick = solid([(0.05, 0), (0.045, 0.012), (0.011, 0.02), (0.011, 0.1), (0.028, 0.115), (0.028, 0.125)], 10)
        wax, top = cylinder(0.015, 0.16, 8, (0, 0, 0.12)), 0.28
    else:
        r, h = {"thick": (0.042, 0.11), "short": (0.05, 0.06)}[shape]
        stick = hollow([(r + 0.02, 0), (r + 0.028, 0.014)], 0.006, 10)
        wax, top = solid([(r, 0.006), (r, h), (0.8 * r, h), (0.7 * r, h - 0.006)], 10), h
    wick = bar((0, 0, top - 0.008), (0, 0, top + 0.014), 0.004, 4)
    flame = lathe([(0, top + 0.008), (0.011, top + 0.02), (0, top + 0.052)], 6)
    fire = part(Material((1.0, 0.78, 0.25), emission=1.0), flame, when="on")
    return finish(("candle", colour, material, shape), rng, [part(look, wax), part(holder, stick), part(DARK, wick), fire])


PICTURES = ("landscape", "sea", "flowers", "portrait")


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


def keep_box(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A box with a hinged lid, a rim and a clasp or a label; hollow inside."""
    d, w, h = {"long": (0.2, 0.3, 0.13), "square": (0.22, 0.22, 0.16), "flat": (0.24, 0.3, 0.085)}[shape]
    t, lid_h = 0.01, 0.03
    low = h - lid_h
    walls = [box((d, w, t), (0, 0, t / 2))]
    walls += [box((t, w, low - t), (s * (d - t) / 2, 0, (low + t) / 2)) for s in (-1, 1)]
    walls += [box((d - 2 * t, t, low - t), (0, s * (w - t) / 2, (low + t) / 2)) for s in (-1, 1)]
    look = paint(colour, material)
    lid = part(look, box((d + 0.012, w + 0.012, lid_h), (0, 0, low + lid_h / 2)))
    trim = accent(colour, "white", "brown") if material == "cardboard" else tint((0.75, 0.6, 0.25), "metal")
    label = part(trim, box((0.008, 0.28 * w, 0.36 * low), (d / 2, 0, 0.42 * low)))
    clasp = part(trim, box((0.012, 0.04, lid_h), (d / 2 + 0.007, 0, low + 0.3 * lid_h)))
    mover = Mover("lid", "hinge", (0.0, -1.0, 0.0), (-d / 2, 0.0, low), 1.9, (lid, clasp))
    inside = Surface("inside", "in", (0, 0, t), (d / 2 - 0.03, w / 2 - 0.03), low - t, "lid")
    return finish(("box", colour, material, shape), rng, [part(look, *walls), label], [inside], [mover])


def basket(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A woven open tub with a thick rim, and a bow or two ears."""
    look = paint(colour, material)
    trim = accent(colour, "white", "brown")
    if shape == "square":
        d, w, h, t = 0.24, 0.34, 0.16, 0.014
        walls = [box((d, w, t), (0, 0, t / 2))]
        walls += [box((t, w, h), (s * (d - t) / 2, 0, h / 2)) for s in (-1, 1)]
        walls += [box((d, t, h), (0, s * (w - t) / 2, h / 2)) for s in (-1, 1)]
        rim = [box((0.022, w + 0.01, 0.022), (s * (d - t) / 2, 0, h)) for s in (-1, 1)] + [
            box((d, 0.022, 0.022), (0, s * (w - t) / 2, h)) for s in (-1, 1)
        ]
        inside = Surface("inside", "in", (0, 0, t), (d / 2 - 0.05, w / 2 - 0.05), 0.3)
        return finish(("basket", colour, material, shape), rng, [part(look, *walls), part(trim, *rim)], [inside])
    r, h = {"round": (0.15, 0.15), "tall": (0.13, 0.24)}[shape]
    body = hollow([(0.8 * r, 0), (r, 0.6 * h), (0.96 * r, h)], 0.012, 12)
    rim = lathe([(0.99 * r, h - 0.014), (1.03 * r, h), (0.99 * r, h + 0.014), (0.9 * r, h + 0.004)], 12)
    if shape == "round":
        grips = [hoop(0.97 * r, 0.17, h, 0.011, 7)]
    else:
        grips = [move(turn(hoop(0.05, 0.045, h, 0.010, 4), np.pi / 2), (0, s * 0.95 * r, 0)) for s in (-1, 1)]
    inside = Surface("inside", "in", (0, 0, 0.013), (0.5 * r, 0.5 * r), 0.15 if shape == "round" else 0.3)
    return finish(("basket", colour, material, shape), rng, [part(look, body), part(trim, rim, *grips)], [inside])


def cushion(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A plump pillow with a seam and a button, stripe or border."""
    look, trim = paint(colour, material), accent(colour, "white", "yellow")
    if shape == "round":
        body = solid([(0.15, 0), (0.19, 0.03), (0.2, 0.06), (0.19, 0.09), (0.14, 0.12), (0.02, 0.105)], 14)
        return finish(
            ("cushion", colour, material, shape),
            rng,
            [
                part(look, body),
                part(trim, solid([(0.02, 0.1), (0.022, 0.112), (0.01, 0.12)], 8), band(0.203, 0.053, 0.067, 14)),
            ],
        )
    w = {"square": 0.4, "long": 0.56}[shape]
    body = _pillow(0.38, w, 0.13)
    marks = (
        [box((0.30, 0.018, 0.003), (0, s * 0.26 * w, 0.108)) for s in (-1, 1)]
        if shape == "long"
        else [box((0.15, 0.15, 0.004), (0, 0, 0.13))]
    )
    marks = (
        [turn(m, np.pi / 4) for m in marks] if shape == "square" else [move(scale(m, (0.75, 2.2, 1)), (0, 0, 0)) for m in marks]
    )
    return finish(("cushion", colour, material, shape), rng, [part(look, body), part(trim, *marks)])


def _pillow(depth: float, width: float, height: float, steps: int = 6) -> Mesh:
    """A pillow with four pointed corners: thick in the middle, thin at its edges."""
    t = np.linspace(-1, 1, steps + 1)
    u, v = np.meshgrid(t, t, indexing="ij")
    swell = (height / 2 - 0.012) * ((1 - u**2) * (1 - v**2)) ** 0.45 + 0.012
    waist_u, waist_v = 1 - 0.10 * (1 - v**2), 1 - 0.10 * (1 - u**2)
    x, y = depth / 2 * u * waist_u, width / 2 * v * waist_v
    sheets = []
    i, j = np.meshgrid(np.arange(steps), np.arange(steps), indexing="ij")
    a = (i * (steps + 1) + j).ravel()
    quads = np.concatenate([np.column_stack([a, a + steps + 1, a + steps + 2]), np.column_stack([a, a + steps + 2, a + 1])])
    slope_u, slope_v = np.gradient(swell, axis=0) / np.gradient(x, axis=0), np.gradient(swell, axis=1) / np.gradient(y, axis=1)
    for sign in (1.0, -1.0):
        vertices = np.stack([x, y, height / 2 + sign * swell], axis=-1).reshape(-1, 3)
        normals = np.stack([-slope_u, -slope_v, np.ones_like(x)], axis=-1)
        normals = (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).reshape(-1, 3) * (1.0, 1.0, sign)
        faces = quads if sign > 0 else quads[:, ::-1]
        sheets.append(
            Mesh(
                vertices.astype(np.float32),
                normals.astype(np.float32),
                vertices[:, :2].astype(np.float32),
                faces.astype(np.int32),
            )
        )
    around = np.concatenate(_border(steps))
    corners = np.stack([x, y], axis=-1).reshape(-1, 2)[around]
    return join(*sheets, _belt(corners, height / 2 - 0.012, height / 2 + 0.012))


def _border(steps: int) -> list[NDArray[np.int64]]:
    """Indices of a (steps + 1)^2 grid along its edge, once around."""
    i = np.arange(steps)
    n = steps + 1
    return [i * n, steps * n + i, (steps - i) * n + steps, steps - i]


def _belt(corners: NDArray[np.float64], low: float, high: float) -> Mesh:
    """An upright strip along a closed counter-clockwise outline (N, 2)."""
    following = np.roll(corners, -1, axis=0)
    along = following - corners
    normal = np.column_stack([along[:, 1], -along[:, 0], np.zeros(len(along))])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    z = np.array([low, low, high, high])
    xy = np.stack([corners, following, following, corners], axis=1)
    vertices = np.concatenate([xy, np.broadcast_to(z[None, :, None], (len(corners), 4, 1))], axis=2).reshape(-1, 3)
    first = 4 * np.arange(len(corners))
    faces = np.concatenate([np.column_stack([first, first + 1, first + 2]), np.column_stack([first, first + 2, first + 3])])
    normals = np.repeat(normal, 4, axis=0)
    return Mesh(
        vertices.astype(np.float32), normals.astype(np.float32), vertices[:, :2].astype(np.float32), faces.astype(np.int32)
    )


def blanket(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A thick folded throw with stripes and fringes, or a roll."""
    look, trim = paint(colour, material), accent(colour, "white", "yellow")
    if shape == "rolled":
        roll = turn(puff((0.17, 0.17, 0.46), 0.55, 12, 6), np.pi / 2, (1, 0, 0))
        roll = move(roll, (0, 0.23, 0.085))
        belts = [move(turn(band(0.0872, y, y + 0.03), np.pi / 2, (1, 0, 0)), (0, 0, 0.085)) for y in (-0.13, 0.1)]
        return finish(("blanket", colour, material, shape), rng, [part(look, roll), part(trim, *belts)])
    layers = [move(puff((0.4, 0.5, 0.05), 0.2, 10, 4), (0, 0, z)) for z in (0.0, 0.045)]
    stripes = [box((0.404, 0.03, 0.097), (0, y, 0.048)) for y in (-0.17, -0.1)]
    fringe = [box((0.035, 0.03, 0.012), (0.21, y, 0.02)) for y in np.linspace(-0.2, 0.2, 5)]
    return finish(("blanket", colour, material, shape), rng, [part(look, *layers), part(trim, *stripes, *fringe)])


GLAZES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")
SOFT = (*GLAZES, "grey", "beige")
SEATS = {"sofa": 5.0, "bed": 3.0, "armchair": 3.0, "bench": 1.0}

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
        ("plant", "houseplant", "flower pot", "cactus"),
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
        on={"bookshelf": 3.0, "tv stand": 2.0, "dresser": 2.0, "side table": 1.5, "coffee table": 1.0},
    ),
    Kind(
        "box",
        keep_box,
        SOFT,
        ("cardboard", "wooden", "plastic", "leather"),
        ("long", "square", "flat"),
        ("storage box", "case", "chest"),
        frozenset({"pickup", "open"}),
        on={"wardrobe": 2.0, "bookshelf": 2.0, "dresser": 1.5, "floor": 2.0, "desk": 1.0, "bed": 0.5, "washing machine": 0.5},
        many=2,
    ),
    Kind(
        "basket",
        basket,
        ("brown", "beige", "white", "grey", "red", "green"),
        ("wicker", "plastic"),
        ("round", "tall", "square"),
        ("wicker basket",),
        TAKE,
        on={
            "floor": 2.0,
            "washing machine": 1.5,
            "bookshelf": 1.0,
            "kitchen counter": 1.0,
            "dining table": 1.0,
            "shoe rack": 0.5,
        },
    ),
    Kind(
        "cushion",
        cushion,
        SOFT,
        ("fabric", "wool", "leather"),
        ("square", "long", "round"),
        ("pillow", "throw pillow"),
        TAKE,
        on=SEATS,
        many=4,
    ),
    Kind(
        "blanket",
        blanket,
        SOFT,
        ("wool", "fabric"),
        ("folded", "rolled"),
        ("throw", "plaid"),
        TAKE,
        on={"bed": 4.0, "sofa": 3.0, "armchair": 1.0, "wardrobe": 2.0, "bench": 1.0},
        many=2,
    ),
)
