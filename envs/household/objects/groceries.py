"""What is bought in packs: bottles, jars, cartons, cans, boxes, shakers."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, move, turn
from ..model import COLOURS, Asset, Kind, Mesh, Skill
from .craft import CREAM, DARK, STEEL, accent, band, disc, finish, paint, panel, part, puff, solid, tint, upright

KITCHEN = {"kitchen counter": 4.0, "dining table": 2.0, "fridge": 2.0, "kitchen island": 2.0, "wall cabinet": 2.0}
TAKE: frozenset[Skill] = frozenset({"pickup"})
COLD: frozenset[Skill] = frozenset({"pickup", "cool"})


def bottle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A drinking bottle: shoulders, a neck, a white cap and a label."""
    r, h = {"slim": (0.037, 0.24), "wide": (0.05, 0.22), "short": (0.042, 0.17)}[shape]
    body = solid([(r, 0), (r, 0.62 * h), (0.42 * r, 0.84 * h), (0.38 * r, 0.9 * h)])
    cap = solid([(0.5 * r, 0.88 * h), (0.5 * r, h)], 10)
    label = band(r + 0.0015, 0.2 * h, 0.42 * h)
    other = accent(colour, "white", "blue")
    return finish(("bottle", colour, material, shape), rng, [part(paint(colour, material), body), part(other, cap, label)])


def wine_bottle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A tall dark bottle with a long neck, a cream label and a foil."""
    r, h = {"straight": (0.04, 0.32), "sloped": (0.044, 0.31)}[shape]
    shoulder = [(r, 0.58 * h), (0.36 * r, 0.7 * h)] if shape == "straight" else [(r, 0.45 * h), (0.36 * r, 0.76 * h)]
    body = solid([(0.9 * r, 0), (r, 0.02 * h), *shoulder, (0.34 * r, 0.97 * h)])
    label = band(r + 0.0015, 0.14 * h, 0.4 * h)
    foil = solid([(0.40 * r, 0.82 * h), (0.42 * r, h)], 10)
    look = tint(
        {"green": (0.10, 0.34, 0.14), "red": (0.64, 0.06, 0.10), "brown": (0.34, 0.20, 0.10), "white": COLOURS["white"]}[
            colour
        ],
        "ceramic",
    )
    foil_look = tint((0.70, 0.55, 0.15) if colour == "red" else (0.55, 0.05, 0.10), "metal")
    return finish(("wine bottle", colour, material, shape), rng, [part(look, body), part(CREAM, label), part(foil_look, foil)])


def jar(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A stout glass of something with a wide metal lid."""
    r, h = {"round": (0.05, 0.105), "tall": (0.043, 0.15), "square": (0.05, 0.12)}[shape]
    segments = 4 if shape == "square" else 12
    r *= 1.25 if shape == "square" else 1.0
    body = solid([(0.92 * r, 0), (r, 0.1 * h), (r, 0.74 * h), (0.82 * r, 0.84 * h)], segments)
    lid = solid([(0.87 * r, 0.83 * h), (0.87 * r, h)], segments)
    label = band(r + 0.0015, 0.26 * h, 0.58 * h, segments)
    parts = [
        part(paint(colour, material), body),
        part(STEEL, lid),
        part(CREAM if colour != "white" else accent("white", "red"), label),
    ]
    return finish(("jar", colour, material, shape), rng, parts)


def milk_carton(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A square pack with a gable roof, a coloured body and a white picture."""
    w, h = {"tall": (0.085, 0.23), "small": (0.075, 0.15)}[shape]
    low = 0.78 * h
    roof = [(-w / 2, low), (w / 2, low), (0.006, h), (-0.006, h)]
    gable = move(upright(extrude(roof, w)), (0, w / 2, 0))
    body = box((w, w, low), (0, 0, low / 2))
    ridge = box((0.014, w, 0.024), (0, 0, h + 0.01))
    white = accent(colour, "white", "blue")
    pictures = [box((w + 0.003, 0.55 * w, 0.3 * h), (0, 0, 0.42 * h)), box((0.55 * w, w + 0.003, 0.3 * h), (0, 0, 0.42 * h))]
    cap = solid([(0.016, 0.9 * low), (0.016, low + 0.052)], 8)
    parts = [part(paint(colour, material), body, gable), part(white, ridge, *pictures, move(cap, (0.26 * w, 0, 0)))]
    return finish(("milk carton", colour, material, shape), rng, parts)


def can(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A tin with steel ends and a wave around it."""
    r, h = {"tall": (0.034, 0.15), "short": (0.046, 0.09), "wide": (0.055, 0.12)}[shape]
    ends = lathe([(0, 0), (0.85 * r, 0), (r, 0.07 * h)], 12), lathe([(r, 0.93 * h), (0.85 * r, h), (0, h)], 12)
    body = band(r + 0.0015, 0.07 * h, 0.93 * h)
    stripe = band(r + 0.003, 0.42 * h, 0.6 * h)
    return finish(
        ("can", colour, material, shape),
        rng,
        [part(STEEL, *ends), part(paint(colour, material), body), part(accent(colour, "white", "red"), stripe)],
    )


def cereal_box(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A thin upright box with a bowl of flakes on its front and back."""
    d, w, h = {"tall": (0.065, 0.20, 0.29), "small": (0.055, 0.15, 0.21)}[shape]
    body = box((d, w, h), (0, 0, h / 2))
    name = [box((d + 0.004, 0.8 * w, 0.13 * h), (0, 0, 0.82 * h)), box((d + 0.004, 0.55 * w, 0.05 * h), (0, 0, 0.68 * h))]
    dish = extrude(
        [(0.28 * w * np.cos(a), 0.13 * h * np.sin(a) + 0.33 * h) for a in np.linspace(np.pi, 2 * np.pi, 7)], d + 0.004
    )
    flakes = extrude([(0.26 * w * np.cos(a), 0.13 * h * np.sin(a) + 0.34 * h) for a in np.linspace(0, np.pi, 6)], d + 0.004)

    def stand(mesh: Mesh) -> Mesh:
        return move(turn(upright(mesh), np.pi / 2), (-(d + 0.004) / 2, 0, 0))

    gold = accent(colour, "yellow", "brown")
    parts = [
        part(paint(colour, material), body),
        part(accent(colour, "white", "red"), *name, stand(dish)),
        part(gold, stand(flakes)),
    ]
    return finish(("cereal box", colour, material, shape), rng, parts)


def salt_shaker(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A little waisted tower with a steel dome and holes."""
    r, h = {"round": (0.03, 0.1), "tall": (0.027, 0.15)}[shape]
    body = solid([(r, 0), (0.72 * r, 0.4 * h), (0.9 * r, 0.7 * h)], 10)
    dome = solid([(0.95 * r, 0.7 * h), (0.9 * r, 0.88 * h), (0.45 * r, h)], 10)
    holes = [move(disc(0.13 * r, h + 0.001, 5), (x * r, y * r, 0)) for x, y in ((0.2, 0.0), (-0.15, 0.2), (-0.15, -0.2))]
    letter = [panel((0.5 * r, 0.035 * h + 0.003), (0.82 * r, 0, z * h)) for z in (0.28, 0.36, 0.44)]
    return finish(
        ("salt shaker", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(STEEL, dome), part(DARK, *holes, *letter)],
    )


def pack(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bag of crisps: a cushion with toothed ends and a picture."""
    w, h = {"tall": (0.16, 0.23), "small": (0.125, 0.17)}[shape]
    bag = move(puff((0.075, w, 0.86 * h), 0.6, 10, 5), (0, 0, 0.07 * h))
    ends = [box((0.01, w, 0.09 * h), (0, 0, z * h)) for z in (0.045, 0.955)]
    picture = move(puff((0.084, 0.55 * w, 0.3 * h), 0.9, 8, 4), (0, 0, 0.26 * h))
    words = box((0.078, 0.5 * w, 0.09 * h), (0, 0, 0.66 * h))
    parts = [
        part(paint(colour, material), bag, *ends),
        part(accent(colour, "yellow", "white"), picture),
        part(accent(colour, "white", "red"), words),
    ]
    return finish(("bag of chips", colour, material, shape), rng, parts)


BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
SNACKS = {**KITCHEN, "coffee table": 2.0, "desk": 1.5, "side table": 1.0}

KINDS = (
    Kind(
        "bottle",
        bottle,
        (*BRIGHT, "grey"),
        ("plastic", "glass", "metal"),
        ("slim", "wide", "short"),
        ("water bottle", "drinking bottle", "flask"),
        COLD,
        on={**SNACKS, "nightstand": 1.0, "bench": 0.5},
        many=3,
    ),
    Kind(
        "wine bottle",
        wine_bottle,
        ("green", "red", "brown"),
        ("glass",),
        ("straight", "sloped"),
        ("bottle of wine",),
        COLD,
        on={**KITCHEN, "coffee table": 0.5},
        many=2,
    ),
    Kind(
        "jar",
        jar,
        ("red", "orange", "yellow", "green", "brown", "white", "purple"),
        ("glass", "ceramic"),
        ("round", "tall", "square"),
        ("jam jar", "glass jar"),
        COLD,
        on=KITCHEN,
        many=3,
    ),
    Kind(
        "milk carton",
        milk_carton,
        ("blue", "red", "green", "white", "orange"),
        ("cardboard",),
        ("tall", "small"),
        ("milk", "carton", "juice carton"),
        COLD,
        on=KITCHEN,
        many=2,
    ),
    Kind("can", can, BRIGHT, ("metal",), ("tall", "short", "wide"), ("soda can", "tin", "tin can"), COLD, on=SNACKS, many=3),
    Kind(
        "cereal box",
        cereal_box,
        BRIGHT[:6],
        ("cardboard",),
        ("tall", "small"),
        ("box of cereal", "cereal"),
        TAKE,
        on={"kitchen counter": 3.0, "fridge": 1.0, "dining table": 2.0, "wall cabinet": 2.0, "kitchen island": 1.0},
        many=2,
    ),
    Kind(
        "salt shaker",
        salt_shaker,
        ("white", "black", "grey", "red", "brown"),
        ("glass", "ceramic", "wooden"),
        ("round", "tall"),
        ("salt", "pepper shaker", "pepper mill"),
        TAKE,
        on={"dining table": 4.0, "kitchen counter": 3.0, "kitchen island": 1.0},
        many=2,
    ),
    Kind(
        "bag of chips",
        pack,
        ("red", "orange", "yellow", "green", "blue", "purple"),
        ("plastic", "paper"),
        ("tall", "small"),
        ("chips", "crisps", "snack bag"),
        TAKE,
        on=SNACKS,
    ),
)
