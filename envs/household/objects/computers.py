"""Laptop, keyboard, mouse, phone, remote control, headphones, game controller."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, limb, move, turn
from ..model import COLOURS, Asset, Kind, Material, Mesh, Skill
from .craft import (
    DARK,
    GLOW,
    accent,
    finish,
    paint,
    part,
    puff,
    solid,
    upright,
)

DESK = {"desk": 5.0, "coffee table": 2.0, "side table": 1.0, "nightstand": 1.0, "bed": 0.7, "sofa": 0.7, "dining table": 0.7}
SWITCH: frozenset[Skill] = frozenset({"pickup", "toggle"})
TAKE: frozenset[Skill] = frozenset({"pickup"})
TECH = ("black", "grey", "white", "red", "blue", "pink")
LIVELY = ("red", "blue", "green", "yellow", "orange", "black", "white", "pink")


def other(colour: str) -> Material:
    """Dark keys on light things, light keys on dark ones."""
    return DARK if colour not in ("black", "brown") else Material((0.72, 0.73, 0.75))


def laptop(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A base with keys and a leaning lid with a screen that lights up."""
    w, d = {"large": (0.37, 0.26), "small": (0.29, 0.21)}[shape]
    base = box((d, w, 0.022), (0, 0, 0.011))
    lean = -0.3

    def lid(mesh: Mesh) -> Mesh:
        return move(turn(mesh, lean, (0, 1, 0)), (-d / 2 + 0.006, 0, 0.02))

    back = lid(box((0.013, w, 0.95 * d), (0, 0, 0.475 * d)))
    keys = [box((0.028 * d / 0.26, 0.86 * w, 0.004), (x * d, 0, 0.0225)) for x in (-0.33, -0.2, -0.07)]
    pad = box((0.24 * d, 0.3 * w, 0.003), (0.27 * d, 0, 0.022))
    glass = lid(box((0.004, 0.92 * w, 0.82 * d), (0.0075, 0, 0.49 * d)))
    window = [
        lid(box((0.003, a * w, b * d), (0.0095, y * w, z * d)))
        for a, b, y, z in ((0.4, 0.4, -0.15, 0.55), (0.3, 0.06, 0.25, 0.7), (0.3, 0.06, 0.25, 0.55))
    ]
    mark = lid(box((0.003, 0.05, 0.05), (-0.0075, 0, 0.5 * d)))
    screen = [part(Material((0.05, 0.06, 0.08), specular=0.8), glass, when="off"), part(GLOW, glass, when="on")]
    parts = [part(paint(colour, material), base, back), part(other(colour), *keys, pad, mark), *screen]
    parts.append(part(Material((0.16, 0.35, 0.75), emission=0.8), *window, when="on"))
    return finish(("laptop", colour, material, shape), rng, parts)


def keyboard(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A wedge with rows of keys; long, or compact."""
    w = {"long": 0.45, "compact": 0.32}[shape]
    outline = [(-0.075, 0), (0.075, 0), (0.075, 0.014), (-0.075, 0.026)]
    body = move(upright(extrude(outline, w)), (0, w / 2, 0))
    rows = []
    columns = 2 if shape == "long" else 1
    for x in (-0.052, -0.018, 0.016, 0.05):
        z = 0.0205 - 0.08 * x
        widths = ((0.0 if columns == 1 else -0.1 * w, 0.92 * w if columns == 1 else 0.7 * w), (0.385 * w, 0.17 * w))[:columns]
        n = 3 if x == 0.05 else 1
        for y, length in widths:
            rows += [box((0.023, length / n - 0.006, 0.010), (x, y + (i - (n - 1) / 2) * length / n, z)) for i in range(n)]
    return finish(("keyboard", colour, material, shape), rng, [part(paint(colour, material), body), part(other(colour), *rows)])


def computer_mouse(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A smooth hump with a wheel and a split, with or without its cable."""
    body = puff((0.115, 0.068, 0.044), 0.75, 12, 5)
    wheel = box((0.024, 0.010, 0.012), (0.028, 0, 0.041))
    split = box((0.05, 0.004, 0.004), (0.03, 0, 0.0385))
    dark = [wheel, split]
    if shape == "wired":
        dark.append(limb([(0.055, 0, 0.012), (0.1, 0.01, 0.006), (0.14, -0.02, 0.006), (0.18, 0.0, 0.006)], 0.005, 4))
    return finish(
        ("computer mouse", colour, material, shape), rng, [part(paint(colour, material), body), part(other(colour), *dark)]
    )


def phone(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A slab whose screen lights up, or a desk telephone with a receiver."""
    look = paint(colour, material)
    if shape == "corded":
        base = move(upright(extrude([(-0.1, 0), (0.1, 0), (0.1, 0.025), (-0.1, 0.07)], 0.19)), (0, 0.095, 0))
        receiver = [box((0.05, 0.24, 0.03), (-0.06, 0, 0.1)), *(puff((0.06, 0.06, 0.05), 0.5, 8, 4) for _ in range(2))]
        receiver[1:] = [move(m, (-0.06, y, 0.065)) for m, y in zip(receiver[1:], (-0.095, 0.095), strict=True)]
        keys = [box((0.018, 0.028, 0.012), (x, y, 0.05 - 0.2 * x)) for x in (0.0, 0.03, 0.06) for y in (-0.04, 0.0, 0.04)]
        lit = part(Material((0.2, 0.95, 0.3), emission=0.9), box((0.02, 0.02, 0.02), (0.07, 0.07, 0.034)), when="on")
        return finish(
            ("phone", colour, material, shape),
            rng,
            [part(look, base, *receiver), part(accent(colour, "white", "black"), *keys), lit],
        )
    w, h = {"large": (0.09, 0.18), "small": (0.075, 0.145)}[shape]
    body = [box((h, w, 0.016), (0, 0, 0.008)), box((0.03, 0.03, 0.004), (0.4 * h, -0.25 * w, 0.0))]
    glass = box((0.78 * h, 0.8 * w, 0.004), (0, 0, 0.0155))
    parts = [
        part(look, *body),
        part(Material((0.04, 0.05, 0.07) if colour != "black" else (0.25, 0.28, 0.32), specular=0.8), glass, when="off"),
        part(GLOW, glass, when="on"),
    ]
    return finish(("phone", colour, material, shape), rng, parts)


def remote_control(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A long bar with a red button, a ring and rows of keys."""
    length, w = {"long": (0.22, 0.052), "short": (0.15, 0.055)}[shape]
    body = puff((length, w, 0.026), 0.25, 12, 4)
    keys = [box((0.016, 0.011, 0.008), (x * length, y * w, 0.0265)) for x in (-0.35, -0.2, -0.05) for y in (-0.27, 0.0, 0.27)]
    wheel = solid([(0.016, 0.024), (0.016, 0.03)], 8)
    power = box((0.016, 0.018, 0.01), (0.4 * length, 0.2 * w, 0.0265))
    red = Material(COLOURS["red" if colour != "red" else "white"])
    parts = [
        part(paint(colour, material), body),
        part(accent(colour, "grey", "white"), *keys, move(wheel, (0.17 * length, 0, 0))),
        part(red, power),
    ]
    return finish(("remote control", colour, material, shape), rng, parts)


def headphones(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Two cups on a bow: standing on them."""
    width = {"large": 0.085, "small": 0.07}[shape]
    t = np.linspace(0.0, np.pi, 7)
    bow = limb(np.column_stack([0 * t, width * np.cos(t), 0.075 + 1.25 * width * np.sin(t)]), 0.012, 5)
    cups, pads = [], []
    for sign in (-1.0, 1.0):
        cup_ = turn(solid([(0.04, 0), (0.046, 0.02), (0.03, 0.032)], 10), -sign * np.pi / 2, (1, 0, 0))
        cups.append(move(cup_, (0, sign * width, 0.046)))
        pad = turn(solid([(0.042, 0), (0.038, 0.02)], 8), sign * np.pi / 2, (1, 0, 0))
        pads.append(move(pad, (0, sign * width, 0.046)))
    return finish(
        ("headphones", colour, material, shape), rng, [part(paint(colour, material), bow, *cups), part(other(colour), *pads)]
    )


def gamepad(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A body with two horns, two sticks, a cross and coloured buttons."""
    span = {"wide": 0.085, "compact": 0.07}[shape]
    middle = move(puff((0.085, 2 * span, 0.036), 0.5, 10, 4), (0.01, 0, 0.006))
    horns = [limb([(0.0, s * span * 0.8, 0.025), (-0.075, s * (span + 0.01), 0.019)], [0.027, 0.017], 7) for s in (-1.0, 1.0)]
    sticks = [cylinder(0.014, 0.016, 7, (-0.015, s * 0.032, 0.04)) for s in (-1.0, 1.0)]
    cross = [box((0.034, 0.011, 0.01), (0.025, 0.6 * span, 0.043)), box((0.011, 0.034, 0.01), (0.025, 0.6 * span, 0.043))]
    buttons = [
        box((0.012, 0.012, 0.012), (0.025 + x, -0.6 * span + y, 0.042))
        for x, y in ((0.014, 0), (-0.014, 0), (0, 0.014), (0, -0.014))
    ]
    return finish(
        ("game controller", colour, material, shape),
        rng,
        [
            part(paint(colour, material), middle, *horns),
            part(other(colour), *sticks, *cross),
            part(accent(colour, "red", "yellow"), *buttons),
        ],
    )


KINDS = (
    Kind("laptop", laptop, TECH, ("metal", "plastic"), ("large", "small"), ("computer", "notebook computer"), SWITCH, on=DESK),
    Kind("keyboard", keyboard, TECH, ("plastic", "metal"), ("long", "compact"), ("computer keyboard",), TAKE, on={"desk": 6.0}),
    Kind(
        "computer mouse",
        computer_mouse,
        TECH,
        ("plastic",),
        ("wired", "wireless"),
        ("mouse",),
        TAKE,
        on={"desk": 6.0, "coffee table": 0.3},
    ),
    Kind(
        "phone",
        phone,
        TECH,
        ("plastic",),
        ("large", "small", "corded"),
        ("cell phone", "smartphone", "mobile phone", "telephone"),
        SWITCH,
        on={**DESK, "nightstand": 3.0, "kitchen counter": 1.0},
    ),
    Kind(
        "remote control",
        remote_control,
        ("black", "grey", "white", "red", "blue"),
        ("plastic",),
        ("long", "short"),
        ("remote", "tv remote"),
        TAKE,
        on={"coffee table": 4.0, "sofa": 3.0, "tv stand": 3.0, "armchair": 1.0, "side table": 1.0, "bed": 0.5},
    ),
    Kind(
        "headphones",
        headphones,
        LIVELY,
        ("plastic", "leather"),
        ("large", "small"),
        ("headset", "earphones"),
        TAKE,
        on={**DESK, "bookshelf": 0.7, "shelf": 0.7},
    ),
    Kind(
        "game controller",
        gamepad,
        TECH,
        ("plastic",),
        ("wide", "compact"),
        ("gamepad", "joystick", "controller"),
        TAKE,
        on={"tv stand": 3.0, "coffee table": 3.0, "sofa": 2.0, "desk": 1.0, "bed": 0.5},
    ),
)
