"""What things are kept and carried in: boxes, baskets, suitcases, toolboxes, buckets."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, move, turn
from ..model import Asset, Kind, Material, Mover, Skill, Surface
from .craft import (
    DARK,
    STEEL,
    accent,
    bar,
    finish,
    hollow,
    hoop,
    paint,
    part,
    puff,
    tint,
    upright,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})
GLAZES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")
SOFT = (*GLAZES, "grey", "beige")
STRONG = ("red", "blue", "green", "yellow", "orange", "black")


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
    tub = hollow([(0.8 * r, 0), (r, 0.6 * h), (0.96 * r, h)], 0.012, 12)
    edge = lathe([(0.97 * r, h - 0.014), (1.05 * r, h), (0.9 * r, h + 0.012)], 12)
    if shape == "round":
        grips = [hoop(0.97 * r, 0.17, h, 0.011, 5)]
    else:
        grips = [move(turn(hoop(0.05, 0.045, h, 0.010, 2), np.pi / 2), (0, s * 0.95 * r, 0)) for s in (-1, 1)]
    inside = Surface("inside", "in", (0, 0, 0.013), (0.5 * r, 0.5 * r), 0.15 if shape == "round" else 0.3)
    return finish(("basket", colour, material, shape), rng, [part(look, tub), part(trim, edge, *grips)], [inside])


def suitcase(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A hard shell with grooves, wheels and a pulled-out bow, or a flat one with a grip."""
    look, dark = paint(colour, material), DARK if colour != "black" else Material((0.5, 0.5, 0.52))
    if shape == "upright":
        body = move(puff((0.22, 0.36, 0.5), 0.2, 12, 5), (0, 0, 0.04))
        ribs = [box((0.006, 0.014, 0.44), (x, y, 0.29)) for x in (-0.11, 0.11) for y in (-0.11, 0.0, 0.11)]
        wheels = [box((0.05, 0.3, 0.05), (x, 0, 0.025)) for x in (-0.07, 0.07)]
        bow = [bar((-0.06, s * 0.09, 0.5), (-0.06, s * 0.09, 0.7), 0.008, 4) for s in (-1, 1)] + [
            box((0.03, 0.22, 0.03), (-0.06, 0, 0.705))
        ]
        return finish(("suitcase", colour, material, shape), rng, [part(look, body), part(dark, *ribs, *wheels, *bow)])
    body = box((0.14, 0.46, 0.32), (0, 0, 0.16))
    edges = [box((0.146, 0.022, 0.326), (0, y, 0.16)) for y in (-0.15, 0.15)] + [box((0.148, 0.466, 0.010), (0, 0, 0.16))]
    grip = hoop(0.06, 0.05, 0.315, 0.011, 4)
    return finish(
        ("suitcase", colour, material, shape), rng, [part(look, body), part(accent(colour, "brown", "black"), *edges, grip)]
    )


def bucket(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A conical pail with a rim and a wire bow with a grip."""
    r, h = {"tall": (0.15, 0.27), "low": (0.17, 0.2)}[shape]
    body = hollow([(0.72 * r, 0), (r, h)], 0.008, 12)
    rim = lathe([(r, h - 0.03), (1.05 * r, h - 0.01), (0.97 * r, h + 0.004)], 12)
    bow = hoop(r, 0.8 * r, h - 0.015, 0.006, 6)
    grip = bar((0, -0.05, h - 0.015 + 0.8 * r), (0, 0.05, h - 0.015 + 0.8 * r), 0.014, 6)
    inside = Surface("inside", "in", (0, 0, 0.01), (0.4 * r, 0.4 * r), 0.2)
    return finish(
        ("bucket", colour, material, shape),
        rng,
        [part(paint(colour, material), body, rim), part(STEEL if colour != "grey" else DARK, bow, grip)],
        [inside],
    )


def toolbox(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A box with a sloped lid, a long grip and two clasps."""
    w, h = {"long": (0.42, 0.15), "short": (0.3, 0.16)}[shape]
    body = box((0.2, w, h), (0, 0, h / 2))
    lid = move(
        turn(upright(extrude([(-w / 2, h), (w / 2, h), (0.42 * w, h + 0.05), (-0.42 * w, h + 0.05)], 0.2)), np.pi / 2),
        (-0.1, 0, 0),
    )
    grip = [bar((0, -0.25 * w, h + 0.095), (0, 0.25 * w, h + 0.095), 0.014, 6)] + [
        box((0.022, 0.022, 0.06), (0, s * 0.25 * w, h + 0.07)) for s in (-1, 1)
    ]
    clasps = [box((0.014, 0.04, 0.06), (0.104, s * 0.28 * w, h - 0.005)) for s in (-1, 1)]
    line = box((0.206, w + 0.006, 0.012), (0, 0, h))
    return finish(
        ("toolbox", colour, material, shape),
        rng,
        [part(paint(colour, material), body, lid), part(accent(colour, "black", "yellow"), *grip, line), part(STEEL, *clasps)],
    )


KINDS = (
    Kind(
        "box",
        keep_box,
        SOFT,
        ("cardboard", "wooden", "plastic", "leather"),
        ("long", "square", "flat"),
        ("storage box", "case", "chest"),
        frozenset({"pickup", "open"}),
        on={
            "wardrobe": 2.0,
            "bookshelf": 2.0,
            "shelf": 2.0,
            "dresser": 1.5,
            "floor": 2.0,
            "desk": 1.0,
            "bed": 0.5,
            "washing machine": 0.5,
        },
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
            "shelf": 1.0,
            "kitchen counter": 1.0,
            "dining table": 1.0,
            "shoe rack": 0.5,
        },
    ),
    Kind(
        "suitcase",
        suitcase,
        ("red", "blue", "black", "grey", "yellow", "green", "brown"),
        ("plastic", "leather"),
        ("upright", "flat"),
        ("luggage", "trolley"),
        TAKE,
        on={"floor": 3.0, "wardrobe": 2.0, "bed": 0.7},
    ),
    Kind(
        "toolbox",
        toolbox,
        STRONG,
        ("metal", "plastic"),
        ("long", "short"),
        ("tool box", "tool case"),
        TAKE,
        on={"floor": 3.0, "washing machine": 2.0, "shoe rack": 0.5, "desk": 0.5, "bench": 1.0},
    ),
    Kind(
        "bucket",
        bucket,
        (*STRONG, "white", "grey"),
        ("plastic", "metal"),
        ("tall", "low"),
        ("pail",),
        TAKE,
        on={"floor": 4.0, "bathtub": 1.0, "washing machine": 1.0, "shoe rack": 0.3},
    ),
)
