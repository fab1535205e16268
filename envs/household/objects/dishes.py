"""What one eats and drinks from: mug, cup, wine glass, plate, bowl, teapot, pitcher, tray."""

from __future__ import annotations

import numpy as np

from ..meshes import box, lathe, limb, move, turn
from ..model import Asset, Kind, Mesh, Part, Skill, Surface
from .craft import STAIN, accent, band, disc, finish, handle, hollow, paint, part, solid

TABLEWARE = {
    "microwave": 0.5,
    "dishwasher": 0.7,
    "dining table": 4.0,
    "kitchen counter": 3.0,
    "kitchen island": 2.0,
    "kitchen sink": 1.5,
    "wall cabinet": 2.0,
}
DRINKS = {**TABLEWARE, "coffee table": 2.0, "desk": 2.0, "side table": 1.0, "nightstand": 1.0}
DISH: frozenset[Skill] = frozenset({"pickup", "dirty"})
FILLED: frozenset[Skill] = frozenset({"pickup", "dirty", "heat", "cool"})


def _spots(radius: float, z: float) -> Part:
    """Brown leftovers on a flat face."""
    where = ((0.0, 0.1, 0.5), (0.45, -0.4, 0.33), (-0.5, -0.35, 0.28), (-0.3, 0.6, 0.2))
    return part(STAIN, *(move(disc(s * radius, z, 8), (x * radius, y * radius, 0.0)) for x, y, s in where), when="dirty")


def _drips(radius: float, low: float, high: float, top: float | None = None, segments: int = 12) -> Part:
    """A brown ring, and a drop that ran down from it."""
    width = 0.35 * radius
    drop = box((0.004, width, high - low), (radius, 0.0, (low + high) / 2))
    return part(STAIN, band(radius + 0.002, high - 0.35 * (high - low), high, segments, top), drop, when="dirty")


def mug(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A straight cup with a big ear."""
    r, h = {"straight": (0.048, 0.115), "tall": (0.044, 0.150), "round": (0.056, 0.105)}[shape]
    low = 0.6 * r if shape == "round" else r
    body = hollow([(low, 0.0), (r, 0.45 * h), (r, h)], 0.006)
    ear = handle(r - 0.004, 0.52 * h, 0.045, 0.62 * h, 0.0085, 4)
    coffee = part(STAIN, disc(r - 0.008, 0.8 * h))
    parts = [part(paint(colour, material), body, ear), coffee, _drips(r, 0.4 * h, h)]
    return finish(("mug", colour, material, shape), rng, parts)


def cup(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A small flared tea cup on a saucer, or a tumbler without an ear."""
    look = paint(colour, material)
    if shape == "tall":
        body = hollow([(0.032, 0.0), (0.045, 0.125)], 0.005)
        stripe = part(accent(colour, "white", "blue"), band(0.0405, 0.075, 0.1, 12, 0.0428))
        return finish(("cup", colour, material, shape), rng, [part(look, body), stripe, _drips(0.046, 0.085, 0.12, 0.0465)])
    saucer = solid([(0.04, 0.0), (0.088, 0.016), (0.03, 0.009)], 9)
    bowl = move(hollow([(0.022, 0.0), (0.044, 0.027), (0.052, 0.06)], 0.004, 9), (0.0, 0.0, 0.008))
    ear = handle(0.044, 0.042, 0.028, 0.034, 0.006, 3)
    rim = part(accent(colour, "white", "blue"), band(0.0535, 0.06, 0.068, 9))
    return finish(
        ("cup", colour, material, shape), rng, [part(look, saucer, bowl, ear), rim, _drips(0.05, 0.035, 0.06, 0.054, 9)]
    )


def wine_glass(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bowl on a thin stem on a round foot."""
    r, h = {"round": (0.052, 0.20), "slim": (0.032, 0.24), "short": (0.048, 0.17)}[shape]
    bottom = 0.42 * h
    inside = [(0.86 * r, h), (0.9 * r, 0.78 * h), (0.001, bottom + 0.012)]
    stem = [(0.045, 0.0), (0.043, 0.008), (0.007, 0.02), (0.007, bottom)]
    body = solid([*stem, (r, bottom + 0.3 * (h - bottom)), (0.92 * r, h), *inside], 10)
    mark = _drips(r, 0.62 * h, 0.8 * h, 0.98 * r, 10)
    return finish(("wine glass", colour, material, shape), rng, [part(paint(colour, material), body), mark])


def plate(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat dish with a raised rim and a coloured ring."""
    r, rise = {"large": (0.14, 0.022), "small": (0.10, 0.018), "deep": (0.125, 0.042)}[shape]
    segments = 16
    body = hollow([(0.62 * r, 0.0), (r, rise)], 0.008, segments)
    ring = part(accent(colour, "blue", "white"), _ring(0.86 * r, 0.94 * r, rise - 0.004, rise + 0.001, segments))
    top = Surface("top", "on", (0.0, 0.0, 0.009), (0.45 * r, 0.45 * r), 0.4)
    return finish(
        ("plate", colour, material, shape), rng, [part(paint(colour, material), body), ring, _spots(0.6 * r, 0.0095)], [top]
    )


def _ring(inner: float, outer: float, low: float, high: float, segments: int) -> Mesh:
    """A flat ring that looks up and inwards."""
    return lathe([(outer, high), (inner, low)], segments)


def bowl(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A wide open half-ball on a foot, with a stripe."""
    r, h = {"round": (0.095, 0.085), "wide": (0.14, 0.075), "deep": (0.105, 0.13)}[shape]
    body = hollow([(0.42 * r, 0.0), (0.42 * r, 0.1 * h), (0.82 * r, 0.5 * h), (r, h)], 0.007)
    stripe = part(accent(colour, "white", "blue"), band(0.925 * r, 0.74 * h, 0.87 * h, 12, 0.968 * r))
    inside = Surface("inside", "in", (0.0, 0.0, 0.1 * h + 0.01), (0.35 * r, 0.35 * r), 0.3)
    parts = [part(paint(colour, material), body), stripe, _spots(0.75 * r, 0.55 * h)]
    return finish(("bowl", colour, material, shape), rng, parts, [inside])


def teapot(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A round belly with a spout, an ear and a lid with a knob."""
    r, h = {"round": (0.085, 0.13), "tall": (0.068, 0.18), "flat": (0.10, 0.10)}[shape]
    belly = solid([(0.6 * r, 0.0), (r, 0.42 * h), (0.85 * r, 0.75 * h), (0.45 * r, h)], 10)
    spout = limb([(0.8 * r, 0, 0.3 * h), (1.35 * r, 0, 0.5 * h), (1.75 * r, 0, 0.98 * h)], [0.024, 0.017, 0.011], 6)
    ear = handle(0.0, 0.5 * h, 0.55 * r, 0.62 * h, 0.009, 4)
    ear = move(turn(ear, np.pi), (-0.82 * r, 0.0, 0.0))
    lid = solid([(0.5 * r, 0.97 * h), (0.3 * r, 1.06 * h), (0.012, 1.08 * h), (0.018, 1.2 * h)], 7)
    parts = [part(paint(colour, material), belly, spout, ear), part(accent(colour, "white", "black"), lid)]
    return finish(("teapot", colour, material, shape), rng, [*parts, _drips(r, 0.2 * h, 0.42 * h, segments=10)])


def pitcher(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A tall jug with a lip and a long ear."""
    r, h = {"straight": (0.062, 0.22), "round": (0.082, 0.21)}[shape]
    low = r if shape == "round" else 1.1 * r
    neck = 0.62 * r if shape == "round" else 0.85 * r
    body = hollow([(0.75 * low, 0.0), (low, 0.3 * h), (neck, 0.8 * h), (1.15 * neck, h)], 0.006, 10, well=True)
    lip = limb([(neck, 0, 0.9 * h), (1.55 * neck, 0, 1.02 * h)], [0.4 * neck, 0.22 * neck], 6)
    ear = move(turn(handle(0.0, 0.55 * h, 0.06, 0.62 * h, 0.010, 3), np.pi), (-neck, 0.0, 0.0))
    stripe = part(accent(colour, "white", "blue"), band(0.77 * low + 0.002, 0.03 * h, 0.1 * h, 10, 0.84 * low + 0.002))
    return finish(
        ("pitcher", colour, material, shape),
        rng,
        [part(paint(colour, material), body, lip, ear), stripe, _drips(low, 0.15 * h, 0.35 * h, segments=10)],
    )


def tray(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat board with a raised edge and two grips."""
    look = paint(colour, material)
    top = Surface("top", "on", (0.0, 0.0, 0.014), (0.11, 0.17), 0.4)
    if shape == "round":
        grips = [box((0.03, 0.09, 0.016), (sign * 0.185, 0.0, 0.03)) for sign in (-1.0, 1.0)]
        body = [hollow([(0.165, 0.0), (0.18, 0.036)], 0.012, 16)]
        top = Surface("top", "on", (0.0, 0.0, 0.014), (0.1, 0.1), 0.4)
    else:
        edges = [box((0.014, 0.42, 0.04), (sign * 0.14, 0.0, 0.02)) for sign in (-1.0, 1.0)]
        edges += [box((0.266, 0.014, 0.04), (0.0, sign * 0.203, 0.02)) for sign in (-1.0, 1.0)]
        body = [box((0.27, 0.40, 0.013), (0.0, 0.0, 0.0065)), *edges]
        grips = [box((0.11, 0.02, 0.022), (0.0, sign * 0.21, 0.05)) for sign in (-1.0, 1.0)]
    return finish(
        ("tray", colour, material, shape), rng, [part(look, *body), part(accent(colour, "black", "brown"), *grips)], [top]
    )


COLOURFUL = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "grey")

KINDS = (
    Kind(
        "mug",
        mug,
        COLOURFUL,
        ("ceramic", "metal", "plastic"),
        ("straight", "tall", "round"),
        ("coffee mug", "coffee cup"),
        FILLED,
        on=DRINKS,
        many=4,
    ),
    Kind(
        "cup",
        cup,
        (*COLOURFUL[:7], "white"),
        ("ceramic", "plastic", "porcelain"),
        ("round", "tall"),
        ("teacup", "tumbler", "drinking cup"),
        FILLED,
        on=DRINKS,
        many=3,
    ),
    Kind(
        "wine glass",
        wine_glass,
        ("white", "blue", "green", "red"),
        ("glass",),
        ("round", "slim", "short"),
        ("goblet", "champagne glass", "glass"),
        DISH,
        on={**TABLEWARE, "coffee table": 1.0},
        many=4,
    ),
    Kind(
        "plate",
        plate,
        COLOURFUL,
        ("ceramic", "plastic", "porcelain"),
        ("large", "small", "deep"),
        ("dish", "dinner plate"),
        DISH,
        on={**TABLEWARE, "coffee table": 0.5},
        many=4,
    ),
    Kind(
        "bowl",
        bowl,
        (*COLOURFUL, "brown"),
        ("ceramic", "wooden", "metal", "plastic"),
        ("round", "wide", "deep"),
        ("salad bowl", "fruit bowl"),
        FILLED,
        on={**TABLEWARE, "coffee table": 1.0},
        many=4,
    ),
    Kind(
        "teapot",
        teapot,
        COLOURFUL,
        ("ceramic", "metal"),
        ("round", "tall", "flat"),
        ("tea pot",),
        FILLED,
        on={"dining table": 3.0, "kitchen counter": 3.0, "coffee table": 1.0, "kitchen island": 2.0},
    ),
    Kind(
        "pitcher",
        pitcher,
        COLOURFUL,
        ("ceramic", "glass", "plastic"),
        ("straight", "round"),
        ("jug", "water jug"),
        FILLED,
        on=TABLEWARE,
    ),
    Kind(
        "tray",
        tray,
        ("brown", "beige", "black", "red", "white", "blue"),
        ("wooden", "plastic", "metal"),
        ("long", "round"),
        ("serving tray",),
        frozenset({"pickup"}),
        on={"coffee table": 3.0, "kitchen counter": 2.0, "dining table": 2.0, "bed": 0.5},
    ),
)
