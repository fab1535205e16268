"""Fruit, vegetables, and what is baked: things that can be sliced, heated and cooled."""

from __future__ import annotations

import numpy as np

from ..meshes import box, extrude, lathe, limb, move, sphere, turn
from ..model import Asset, Kind, Material, Mesh, Part, Skill
from .craft import CREAM, LEAF, STAIN, band, bar, disc, finish, part, puff, slices, solid, tint

GROCERIES = {"kitchen counter": 4.0, "dining table": 3.0, "fridge": 2.0, "kitchen island": 3.0, "kitchen sink": 0.5}
SNACK = {**GROCERIES, "coffee table": 1.5, "desk": 0.7, "side table": 0.5}
SLICED: frozenset[Skill] = frozenset({"pickup", "slice", "heat", "cool"})
WARMED: frozenset[Skill] = frozenset({"pickup", "heat", "cool"})
STALK = tint((0.30, 0.19, 0.08), "organic")


def _whole(look: Material, *meshes: Mesh) -> Part:
    return part(look, *meshes, when="whole")


def apple(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ball with a dent, a stalk and a leaf."""
    skin = tint({"red": (0.74, 0.09, 0.10), "green": (0.42, 0.66, 0.16), "yellow": (0.92, 0.78, 0.22)}[colour], "organic")
    r, h = {"round": (0.045, 0.082), "tall": (0.042, 0.094)}[shape]
    body = lathe(
        [(0, 0.006), (0.45 * r, 0), (0.85 * r, 0.25 * h), (r, 0.62 * h), (0.7 * r, 0.95 * h), (0.35 * r, h), (0, 0.86 * h)], 12
    )
    stalk = bar((0, 0, 0.84 * h), (0.008, 0, h + 0.025), 0.005, 5)
    leaf = turn(move(puff((0.045, 0.022, 0.01), 1.0, 6, 4), (0.026, 0.0, h + 0.008)), 0.6)
    rind, flesh = slices(0.1, 2 * r, h, skin, CREAM)
    return finish(("apple", colour, material, shape), rng, [_whole(skin, body), _whole(LEAF, stalk, leaf), rind, flesh])


def orange(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ball with pores and a green navel."""
    skin = tint((0.93, 0.48, 0.06), "organic")
    r = {"round": 0.046, "large": 0.056}[shape]
    body = move(sphere(r, 12), (0, 0, r))
    navel = solid([(0.012, 2 * r - 0.003), (0.007, 2 * r + 0.004)], 6)
    rind, flesh = slices(2 * r, 2 * r, 2 * r, skin, tint((0.98, 0.66, 0.22), "organic"))
    return finish(("orange", colour, material, shape), rng, [_whole(skin, body), _whole(LEAF, navel), rind, flesh])


def lemon(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """An egg that lies, with a nipple at each end."""
    skin = tint({"yellow": (0.95, 0.82, 0.12), "green": (0.35, 0.58, 0.12)}[colour], "organic")
    length, r = {"round": (0.10, 0.036), "long": (0.118, 0.035)}[shape]
    x = np.array([0.0, 0.1, 0.22, 0.5, 0.78, 0.9, 1.0])
    radii = np.array([0.007, 0.011, 0.029, r, 0.029, 0.011, 0.007])
    body = limb(np.column_stack([length * (x - 0.5), 0 * x, 0 * x + r]), radii, 10)
    rind, flesh = slices(length, 2 * r, 2 * r, skin, tint((0.97, 0.92, 0.55), "organic"))
    return finish(("lemon", colour, material, shape), rng, [_whole(skin, body), rind, flesh])


def banana(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bent fruit with dark ends: one, or a hand of three."""
    skin = tint({"yellow": (0.94, 0.80, 0.16), "green": (0.50, 0.65, 0.18)}[colour], "organic")
    fruits, ends = [], []
    for yaw in {"single": (0.0,), "bunched": (-0.4, 0.0, 0.4)}[shape]:
        t = np.linspace(-0.9, 0.9, 5)
        path = np.column_stack([0.12 * np.sin(t), 0.12 * (np.cos(t) - np.cos(0.9)), 0 * t + 0.022])
        fruits.append(turn(move(limb(path, [0.013, 0.021, 0.023, 0.021, 0.011], 5), (0.09, 0, 0)), yaw))
        tips = ((path[0] + (-0.022, -0.014, 0.006), path[0]), (path[4], path[4] + (0.01, -0.008, 0.0)))
        ends += [turn(move(limb(tip, 0.010, 5), (0.09, 0, 0)), yaw) for tip in tips]
    return finish(("banana", colour, material, shape), rng, [part(skin, *fruits), part(STALK, *ends)])


def tomato(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A squashed glossy ball under a green star."""
    skin = Material(
        {"red": (0.80, 0.10, 0.06), "yellow": (0.93, 0.74, 0.12), "green": (0.38, 0.56, 0.16)}[colour],
        specular=0.6,
        shininess=0.7,
    )
    r, squash = {"round": (0.045, 0.82), "long": (0.036, 1.3)}[shape]
    body = move(sphere(r, 10, squash), (0, 0, r * squash))
    top = 2 * r * squash
    star = [
        turn(move(puff((0.036, 0.012, 0.008), 1.0, 5, 2), (0.018, 0, top - 0.003)), a) for a in np.arange(5) * 2 * np.pi / 5
    ]
    rind, flesh = slices(0.09, 2 * r, 2 * r * squash, skin, tint((0.90, 0.38, 0.26), "organic"))
    return finish(("tomato", colour, material, shape), rng, [_whole(skin, body), _whole(LEAF, *star), rind, flesh])


def potato(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A lumpy long ball with eyes."""
    skin = tint({"brown": (0.50, 0.34, 0.18), "beige": (0.78, 0.64, 0.42)}[colour], "organic")
    size = {"long": (0.125, 0.07, 0.06), "round": (0.09, 0.08, 0.068)}[shape]
    body = puff(size, 0.85, 10, 5)
    lump = move(
        puff((0.6 * size[0], 0.8 * size[1], 0.85 * size[2]), 0.9, 7, 4), (0.22 * size[0], 0.18 * size[1], 0.1 * size[2])
    )
    rind, flesh = slices(size[0], size[1], size[2], skin, tint((0.93, 0.87, 0.62), "organic"))
    return finish(("potato", colour, material, shape), rng, [_whole(skin, body, lump), rind, flesh])


def lettuce(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A head of wavy leaves."""
    green = tint({"green": (0.36, 0.62, 0.20), "purple": (0.46, 0.16, 0.42)}[colour], "organic")
    tall = {"round": 1.0, "long": 1.7}[shape]
    core = move(sphere(0.052, 10, tall), (0, 0, 0.052 * tall + 0.008))
    leaves = []
    for i, a in enumerate(np.arange(6) * np.pi / 3):
        leaf = turn(puff((0.018, 0.095, 0.11 * tall), 0.8, 5, 3), 0.3, (0, 1, 0))
        leaves.append(turn(move(leaf, (0.048, 0, 0.004 * (i % 2))), a))
    pale = tint((0.80, 0.86, 0.55), "organic")
    rind, flesh = slices(0.15, 0.13, 0.12, green, pale)
    return finish(("lettuce", colour, material, shape), rng, [_whole(green, core, *leaves), rind, flesh])


def carrot(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A long cone with green tops."""
    skin = tint((0.93, 0.45, 0.08), "organic")
    length, r = {"long": (0.17, 0.021), "stubby": (0.11, 0.027)}[shape]
    body = limb(
        [(-0.5 * length, 0, r), (-0.46 * length, 0, r), (0.2 * length, 0, 0.8 * r), (0.5 * length, 0, 0.7 * r)],
        [0.6 * r, r, 0.7 * r, 0.005],
        9,
    )
    tops = [
        limb([(-0.5 * length, 0, r), (-0.5 * length - 0.07, y, r + z)], [0.006, 0.011], 5)
        for y, z in ((0, 0.015), (0.028, 0), (-0.028, 0))
    ]
    rind, flesh = slices(length, 2 * r, 2 * r, skin, tint((0.97, 0.62, 0.25), "organic"))
    return finish(("carrot", colour, material, shape), rng, [_whole(skin, body), _whole(LEAF, *tops), rind, flesh])


def egg(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """One egg upright in a cup-like nest, or a carton of six."""
    look = tint({"white": (0.95, 0.93, 0.89), "brown": (0.62, 0.40, 0.26), "beige": (0.84, 0.70, 0.54)}[colour], "ceramic")
    profile = [(0, 0), (0.018, 0.004), (0.028, 0.025), (0.022, 0.055), (0.011, 0.068), (0, 0.071)]
    if shape == "single":
        return finish(("egg", colour, material, shape), rng, [part(look, lathe(profile, 12))])
    grey = tint((0.55, 0.55, 0.54), "cardboard")
    small = lathe([(0.0, 0.0), (0.031, 0.024), (0.024, 0.058), (0, 0.072)], 6)
    eggs = [move(small, (x, y, 0.008)) for x in (-0.03, 0.03) for y in (-0.062, 0.0, 0.062)]
    return finish(
        ("egg", colour, material, shape), rng, [part(look, *eggs), part(grey, box((0.12, 0.18, 0.024), (0, 0, 0.012)))]
    )


def bread(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A loaf, a baguette or a round bread, with cuts in the crust."""
    crust = tint({"brown": (0.50, 0.29, 0.12), "beige": (0.80, 0.62, 0.38)}[colour], "organic")
    size = {"square": (0.22, 0.11, 0.10), "long": (0.42, 0.075, 0.06), "round": (0.18, 0.17, 0.09)}[shape]
    power = 0.45 if shape == "square" else 0.8
    body = puff(size, power, 10, 5)
    cuts = [
        move(turn(puff((0.012, 0.75 * size[1], 0.012), 0.8, 5, 3), 0.35), (x * size[0], 0, size[2] - 0.008))
        for x in (-0.22, 0.0, 0.22)
    ]
    rind, flesh = slices(size[0], size[1], size[2], crust, tint((0.95, 0.86, 0.66), "organic"))
    return finish(("bread", colour, material, shape), rng, [_whole(crust, body), _whole(CREAM, *cuts), rind, flesh])


def cake(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A round cake in two layers with cream and cherries; one piece is out when it is sliced."""
    icing = tint(
        {"brown": (0.36, 0.20, 0.11), "pink": (0.93, 0.56, 0.68), "white": (0.95, 0.93, 0.88), "yellow": (0.95, 0.83, 0.35)}[
            colour
        ],
        "organic",
    )
    r, h = {"flat": (0.13, 0.075), "tall": (0.10, 0.12)}[shape]
    body = solid([(r, 0), (r, 0.9 * h), (0.94 * r, h)], 16)
    cherry = tint((0.80, 0.06, 0.10) if colour != "pink" else (0.95, 0.95, 0.92), "organic")
    top = [move(sphere(0.016, 6), (0.7 * r * np.cos(a), 0.7 * r * np.sin(a), h + 0.010)) for a in np.arange(4) * np.pi / 2]
    layer = band(r + 0.002, 0.42 * h, 0.56 * h, 16)
    angle = np.linspace(0.35, 2 * np.pi - 0.35, 11)
    outline = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
    rest, cut = [], []
    for low, high in ((0, 5), (5, 10)):
        rest.append(extrude(np.vstack([[(0, 0)], outline[low : high + 1]]), h))
    for end in (outline[0], outline[-1]):
        a = float(np.arctan2(end[1], end[0]))
        cut.append(turn(box((0.98 * r, 0.004, 0.8 * h), (0.5 * r, 0, 0.45 * h)), a))
    wedge = [(0.06, 0.0), (r + 0.03, -0.3 * r), (r + 0.03, 0.3 * r)]
    rest.append(extrude(wedge, h))
    sponge = tint((0.93, 0.80, 0.50), "organic")
    return finish(
        ("cake", colour, material, shape),
        rng,
        [
            _whole(icing, body),
            _whole(cherry, layer, *top),
            part(icing, *rest, when="sliced"),
            part(sponge, *cut, when="sliced"),
        ],
    )


def pizza(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A flat round of dough with cheese and discs of sausage."""
    crust = tint((0.74, 0.52, 0.28), "organic")
    cheese = tint({"yellow": (0.95, 0.76, 0.28), "red": (0.80, 0.22, 0.10)}[colour], "organic")
    r = {"large": 0.165, "small": 0.12}[shape]
    topping = tint((0.66, 0.13, 0.09) if colour == "yellow" else (0.96, 0.88, 0.62), "organic")
    where = [(0.62 * np.cos(a), 0.62 * np.sin(a)) for a in np.arange(6) * np.pi / 3] + [(0.0, 0.0)]
    pieces = [move(disc(0.17 * r, 0.0215, 7), (r * x, r * y, 0)) for x, y in where]
    base = [lathe([(0, 0), (0.93 * r, 0), (r, 0.012), (0.97 * r, 0.024), (0.9 * r, 0.019)], 16)]
    top = disc(0.91 * r, 0.02, 16)
    cuts = [turn(box((1.8 * r, 0.007, 0.003), (0, 0, 0.0225)), a) for a in (0.25, 0.25 + np.pi / 3, 0.25 + 2 * np.pi / 3)]
    return finish(
        ("pizza", colour, material, shape),
        rng,
        [part(crust, *base), part(cheese, top), part(topping, *pieces), part(STAIN, *cuts, when="sliced")],
    )


def donut(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ring of dough with icing on its upper half."""
    ice = tint({"pink": (0.94, 0.50, 0.65), "brown": (0.35, 0.18, 0.09), "white": (0.95, 0.94, 0.90)}[colour], "organic")
    thick = {"thick": 0.026, "thin": 0.02}[shape]
    ring = np.linspace(-np.pi / 2, np.pi / 2, 5)
    upper = [
        (0.045 + thick * np.sin(np.pi / 2 - t), thick + thick * np.cos(np.pi / 2 - t))
        for t in np.linspace(-0.4, np.pi + 0.4, 6)
    ]
    upper = [(0.045 + thick * np.cos(t), thick + 1.05 * thick * np.sin(t)) for t in np.linspace(-0.6, np.pi + 0.5, 7)]
    lower = [(0.045 + 0.93 * thick * np.cos(t), thick + 0.97 * thick * np.sin(t)) for t in ring - np.pi / 2]
    return finish(
        ("donut", colour, material, shape),
        rng,
        [part(ice, lathe(upper, 12)), part(tint((0.76, 0.52, 0.26), "organic"), lathe(lower, 12))],
    )


FOOD = ("organic",)

KINDS = (
    Kind("apple", apple, ("red", "green", "yellow"), FOOD, ("round", "tall"), (), SLICED, on=SNACK, many=4),
    Kind("orange", orange, ("orange",), FOOD, ("round", "large"), ("tangerine", "mandarin"), SLICED, on=SNACK, many=3),
    Kind("lemon", lemon, ("yellow", "green"), FOOD, ("round", "long"), ("lime",), SLICED, on=GROCERIES, many=3),
    Kind("banana", banana, ("yellow", "green"), FOOD, ("single", "bunched"), ("bananas",), WARMED, on=SNACK, many=2),
    Kind("tomato", tomato, ("red", "yellow", "green"), FOOD, ("round", "long"), (), SLICED, on=GROCERIES, many=3),
    Kind("potato", potato, ("brown", "beige"), FOOD, ("long", "round"), (), SLICED, on=GROCERIES, many=3),
    Kind("lettuce", lettuce, ("green", "purple"), FOOD, ("round", "long"), ("salad", "cabbage"), SLICED, on=GROCERIES),
    Kind("carrot", carrot, ("orange",), FOOD, ("long", "stubby"), (), SLICED, on=GROCERIES, many=2),
    Kind("egg", egg, ("white", "brown", "beige"), FOOD, ("single", "boxed"), ("eggs",), WARMED, on=GROCERIES, many=2),
    Kind(
        "bread",
        bread,
        ("brown", "beige"),
        FOOD,
        ("square", "long", "round"),
        ("loaf", "loaf of bread", "baguette"),
        SLICED,
        on=GROCERIES,
        many=2,
    ),
    Kind(
        "cake",
        cake,
        ("brown", "pink", "white", "yellow"),
        FOOD,
        ("flat", "tall"),
        ("birthday cake", "pie"),
        SLICED,
        on={**GROCERIES, "coffee table": 1.0},
    ),
    Kind(
        "pizza",
        pizza,
        ("yellow", "red"),
        FOOD,
        ("large", "small"),
        (),
        SLICED,
        on={**GROCERIES, "coffee table": 1.5, "desk": 0.5},
    ),
    Kind("donut", donut, ("pink", "brown", "white"), FOOD, ("thick", "thin"), ("doughnut",), WARMED, on=SNACK, many=2),
)
