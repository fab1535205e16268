"""What lies about in bathrooms and laundries: soap, paper, brushes, sprays."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, lathe, limb, move, scale, turn
from ..model import Asset, Kind, Material, Skill
from .craft import (
    DARK,
    PAPER,
    accent,
    along_x,
    band,
    finish,
    paint,
    panel,
    part,
    puff,
    solid,
    tint,
    upright,
)

SINKS = {"bathroom sink": 5.0, "bathtub": 1.5, "washing machine": 0.5}
TAKE: frozenset[Skill] = frozenset({"pickup"})
COOL = Material((0.80, 0.86, 0.93))
PASTEL = ("pink", "blue", "green", "yellow", "white", "purple", "orange")
STRONG = ("red", "blue", "green", "purple", "pink", "black", "white", "orange")


def sponge(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A soft block with a dark scouring face on top."""
    look = paint(colour, material)
    pores = [(x * 0.03, y * 0.02) for x, y in ((1, 1), (-1, 0.4), (0.2, -1), (-0.6, -0.9), (1.1, -0.5), (-0.1, 0.8))]
    scour = accent(colour, "green", "blue")
    if shape == "round":
        body = [solid([(0.05, 0), (0.056, 0.02), (0.05, 0.036)], 12)]
        top = [solid([(0.05, 0.036), (0.05, 0.05)], 12)]
        return finish(("dish sponge", colour, material, shape), rng, [part(look, *body), part(scour, *top)])
    body = [box((0.115, 0.075, 0.036), (0, 0, 0.018))]
    top = [box((0.115, 0.075, 0.014), (0, 0, 0.043))]
    holes = [box((0.008, 0.078, 0.008), (x, 0, 0.018 + y * 0.4)) for x, y in pores[:4]]
    return finish(("dish sponge", colour, material, shape), rng, [part(look, *body), part(scour, *top), part(DARK, *holes)])


def soap_bottle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pump dispenser: a body, a stem, and a beak that points forward."""
    r, h = {"round": (0.04, 0.12), "square": (0.046, 0.115), "tall": (0.034, 0.16)}[shape]
    segments = 4 if shape == "square" else 12
    body = turn(solid([(r, 0), (r, 0.88 * h), (0.5 * r, h)], segments), np.pi / 4 if segments == 4 else 0.0)
    stem = solid([(0.016, h), (0.016, h + 0.02), (0.008, h + 0.022), (0.008, h + 0.05)], 8)
    beak = limb([(-0.02, 0, h + 0.055), (0.025, 0, h + 0.057), (0.06, 0, h + 0.042)], [0.011, 0.010, 0.007], 6)
    label = panel((0.9 * r, 0.35 * h), (r * (0.72 if segments == 4 else 1.0), 0, 0.42 * h))
    pump = accent(colour, "white", "grey")
    return finish(
        ("soap bottle", colour, material, shape), rng, [part(paint(colour, material), body), part(pump, stem, beak, label)]
    )


def shampoo(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat-sided bottle with a flip cap and a big oval label."""
    w, h = {"tall": (0.075, 0.2), "wide": (0.105, 0.165)}[shape]
    other = accent(colour, "white", "black")
    body = scale(solid([(0.46 * w, 0), (0.5 * w, 0.08 * h), (0.5 * w, 0.72 * h), (0.3 * w, 0.86 * h)], 12), (0.62, 1.0, 1.0))
    cap = scale(solid([(0.31 * w, 0.86 * h), (0.27 * w, h)], 10), (0.75, 1.0, 1.0))
    outline = [(0.3 * w * np.cos(a), 0.22 * h * np.sin(a)) for a in np.arange(8) * np.pi / 4]
    label = move(turn(upright(extrude(outline, 0.62 * w + 0.006)), np.pi / 2), (-0.31 * w - 0.003, 0, 0.4 * h))
    return finish(
        ("shampoo bottle", colour, material, shape), rng, [part(paint(colour, material), body), part(other, cap, label)]
    )


def toothpaste(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A lying tube, flat behind and round in front, with a cap and stripes."""
    length = {"long": 0.17, "short": 0.12}[shape]
    outline = [(-length / 2, 0.0), (length / 2, 0.0), (length / 2, 0.036), (-length / 2, 0.011)]
    body = move(upright(extrude(outline, 0.046)), (0, 0.023, 0))
    crimp = box((0.014, 0.056, 0.012), (-length / 2, 0, 0.006))
    cap = move(along_x(cylinder(0.015, 0.032, 8)), (length / 2, 0, 0.018))
    lean = float(np.arctan(0.025 / length))
    stripe = move(turn(box((0.4 * length, 0.024, 0.004)), -lean, (0, 1, 0)), (0.1 * length, 0, 0.027))
    other = accent(colour, "white", "red")
    return finish(
        ("toothpaste", colour, material, shape), rng, [part(paint(colour, material), body, crimp), part(other, cap, stripe)]
    )


def toothbrush(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A long curved handle with a block of white bristles, or an electric one that stands."""
    look = paint(colour, material)
    if shape == "thick":
        body = solid([(0.022, 0), (0.02, 0.10), (0.010, 0.115), (0.007, 0.18)], 10)
        bristles = box((0.024, 0.022, 0.032), (0.012, 0, 0.172))
        button = panel((0.016, 0.02), (0.021, 0, 0.07))
        return finish(
            ("toothbrush", colour, material, shape),
            rng,
            [part(look, body), part(accent(colour, "white", "blue"), bristles, button)],
        )
    path = [(-0.11, 0, 0.009), (-0.03, 0, 0.012), (0.03, 0, 0.008), (0.11, 0, 0.009)]
    body = limb(path, [0.009, 0.010, 0.007, 0.010], 6)
    bristles = box((0.042, 0.018, 0.024), (0.088, 0, 0.026))
    return finish(
        ("toothbrush", colour, material, shape), rng, [part(look, body), part(accent(colour, "white", "blue"), bristles)]
    )


def soap_bar(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A rounded bar on a dish, with a mark in it."""
    size = {"oval": (0.105, 0.07, 0.034), "square": (0.09, 0.075, 0.038)}[shape]
    bar = move(puff(size, 0.7 if shape == "oval" else 0.3, 12, 5), (0, 0, 0.014))
    mark = box((0.5 * size[0], 0.3 * size[1], 0.004), (0, 0, 0.0135 + size[2]))
    dish = box((0.085, 0.06, 0.014), (0, 0, 0.007))
    return finish(
        ("soap bar", colour, material, shape),
        rng,
        [part(paint(colour, material), bar), part(accent(colour, "white", "grey"), dish, mark)],
    )


def hairbrush(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A paddle on a handle, bristles up."""
    size = {"oval": (0.12, 0.075, 0.022), "square": (0.11, 0.085, 0.022)}[shape]
    head = move(puff(size, 0.8 if shape == "oval" else 0.3, 12, 4), (0.06, 0, 0))
    grip = limb([(0.01, 0, 0.012), (-0.05, 0, 0.013), (-0.12, 0, 0.013)], [0.010, 0.014, 0.012], 7)
    rows = [box((0.012, 0.66 * size[1], 0.022), (0.06 + x * size[0], 0, 0.026)) for x in (-0.28, -0.1, 0.08, 0.26)]
    return finish(
        ("hairbrush", colour, material, shape),
        rng,
        [part(paint(colour, material), head, grip), part(accent(colour, "black", "beige"), *rows)],
    )


def tissue_box(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A box with a tissue that sticks out of its slot."""
    d, w, h = {"long": (0.13, 0.24, 0.085), "square": (0.125, 0.125, 0.135)}[shape]
    body = box((d, w, h), (0, 0, h / 2))
    slot = box((0.055, 0.6 * w, 0.004), (0, 0, h))
    tissue = [
        move(
            turn(extrude([(-0.04, 0), (0.04, 0), (0.055, 0.05), (0.01, 0.075), (-0.03, 0.055)], 0.012), 1.35, (1, 0, 0)),
            (0, y, h),
        )
        for y in (-0.014, 0.02)
    ]
    stripe = [box((d + 0.004, w + 0.004, 0.012), (0, 0, z * h)) for z in (0.2,)]
    parts = [
        part(paint(colour, material), body),
        part(PAPER if colour != "white" else COOL, *(turn(t, np.pi / 2) for t in tissue), *stripe),
        part(DARK, slot),
    ]
    return finish(("tissue box", colour, material, shape), rng, parts)


def spray_bottle(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bottle with a gun head: a nozzle to the front and a trigger below it."""
    r, h = {"round": (0.045, 0.17), "slim": (0.036, 0.19)}[shape]
    body = solid([(r, 0), (r, 0.6 * h), (0.35 * r, 0.9 * h), (0.35 * r, h)], 10)
    head = [box((0.085, 0.03, 0.035), (0.012, 0, h + 0.035)), box((0.03, 0.028, 0.03), (-0.006, 0, h + 0.008))]
    nozzle = box((0.016, 0.02, 0.022), (0.06, 0, h + 0.037))
    trigger = limb([(0.032, 0, h + 0.02), (0.045, 0, h - 0.015), (0.036, 0, h - 0.045)], 0.007, 5)
    label = band(r + 0.0015, 0.15 * h, 0.42 * h, 10)
    other = accent(colour, "white", "red")
    return finish(
        ("spray bottle", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(other, *head, label), part(accent(colour, "red", "blue"), nozzle, trigger)],
    )


def toilet_paper(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A roll with a hole, standing or lying with its end hanging out."""
    r, h = 0.06, 0.105
    ring = lathe([(0.022, 0), (r, 0), (r, h), (0.022, h), (0.022, 0)], 14)
    core = lathe([(0.0225, h - 0.001), (0.019, h - 0.001), (0.019, 0.002)], 10)
    brown = tint((0.50, 0.38, 0.25), "cardboard")
    if shape == "standing":
        flap = box((0.004, 0.07, h), (r, 0.035, h / 2))
        return finish(
            ("toilet paper", colour, material, shape), rng, [part(paint(colour, material), ring, flap), part(brown, core)]
        )
    lying = [move(turn(m, np.pi / 2, (1, 0, 0)), (0, h / 2, r)) for m in (ring, core)]
    sheet = box((0.11, h, 0.004), (r + 0.02, 0, 0.002))
    return finish(
        ("toilet paper", colour, material, shape), rng, [part(paint(colour, material), lying[0], sheet), part(brown, lying[1])]
    )


KINDS = (
    Kind(
        "dish sponge",
        sponge,
        ("yellow", "blue", "pink", "green", "orange"),
        ("rubber",),
        ("square", "round"),
        ("sponge", "kitchen sponge"),
        frozenset({"pickup", "cleans"}),
        on={"kitchen sink": 6.0, "kitchen counter": 2.0, "bathroom sink": 0.5},
    ),
    Kind(
        "soap bottle",
        soap_bottle,
        PASTEL,
        ("plastic", "ceramic", "glass"),
        ("round", "square", "tall"),
        ("soap dispenser", "hand soap", "liquid soap"),
        TAKE,
        on={**SINKS, "kitchen sink": 3.0},
    ),
    Kind(
        "shampoo bottle",
        shampoo,
        STRONG,
        ("plastic",),
        ("tall", "wide"),
        ("shampoo", "conditioner", "shower gel"),
        TAKE,
        on={"bathtub": 4.0, "bathroom sink": 3.0},
        many=2,
    ),
    Kind(
        "toothpaste",
        toothpaste,
        ("white", "blue", "red", "green", "pink"),
        ("plastic",),
        ("long", "short"),
        ("tube of toothpaste",),
        TAKE,
        on={"bathroom sink": 5.0},
    ),
    Kind(
        "toothbrush",
        toothbrush,
        STRONG,
        ("plastic", "wooden"),
        ("slim", "thick"),
        ("electric toothbrush",),
        TAKE,
        on={"bathroom sink": 5.0},
        many=2,
    ),
    Kind(
        "soap bar",
        soap_bar,
        PASTEL,
        ("wax",),
        ("oval", "square"),
        ("soap", "bar of soap"),
        TAKE,
        on={"bathroom sink": 4.0, "bathtub": 2.0},
    ),
    Kind(
        "hairbrush",
        hairbrush,
        (*STRONG, "brown"),
        ("plastic", "wooden"),
        ("oval", "square"),
        ("comb",),
        TAKE,
        on={"bathroom sink": 3.0, "dresser": 3.0, "nightstand": 1.0},
    ),
    Kind(
        "tissue box",
        tissue_box,
        PASTEL,
        ("cardboard", "plastic"),
        ("long", "square"),
        ("tissues", "box of tissues", "kleenex"),
        TAKE,
        on={"nightstand": 3.0, "coffee table": 2.0, "desk": 2.0, "bathroom sink": 2.0, "side table": 1.0, "dresser": 1.0},
    ),
    Kind(
        "spray bottle",
        spray_bottle,
        STRONG,
        ("plastic",),
        ("round", "slim"),
        ("spray", "cleaner", "cleaning spray"),
        frozenset({"pickup", "cleans"}),
        on={"bathroom sink": 2.0, "kitchen counter": 2.0, "washing machine": 3.0, "kitchen sink": 1.0},
    ),
    Kind(
        "toilet paper",
        toilet_paper,
        ("white", "pink", "beige"),
        ("paper",),
        ("standing", "lying"),
        ("toilet roll", "toilet paper roll"),
        TAKE,
        on={"bathroom sink": 3.0, "washing machine": 1.0, "bathtub": 0.5},
        many=2,
    ),
)
