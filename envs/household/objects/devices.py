"""Other electric things: alarm clock, camera, flashlight, iron, speaker, hair dryer."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, lathe, limb, move, sphere, turn
from ..model import Asset, Kind, Material, Skill
from .craft import (
    DARK,
    PAPER,
    STEEL,
    accent,
    along_x,
    band,
    bar,
    disc,
    finish,
    hoop,
    paint,
    panel,
    part,
    solid,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})
STRONG = ("red", "blue", "green", "purple", "pink", "black", "white", "orange")
SWITCH: frozenset[Skill] = frozenset({"pickup", "toggle"})
LIVELY = ("red", "blue", "green", "yellow", "orange", "black", "white", "pink")


def hair_dryer(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A barrel with a nozzle on a grip; it lies on its side."""
    r, length = {"round": (0.045, 0.16), "slim": (0.034, 0.2)}[shape]
    barrel = move(along_x(solid([(0.7 * r, 0), (r, 0.03), (r, 0.7 * length), (0.75 * r, length)], 10)), (-0.4 * length, 0, r))
    nozzle = move(along_x(solid([(0.8 * r, 0), (0.62 * r, 0.045)], 8)), (0.58 * length, 0, r))
    grip = limb([(-0.1 * length, 0.5 * r, r), (-0.17 * length, 0.19, 0.7 * r)], [0.022, 0.019], 7)
    button = box((0.018, 0.03, 0.012), (-0.12 * length, 0.09, r + 0.02))
    grille = move(along_x(solid([(0.6 * r, -0.006), (0.6 * r, 0.004)], 8)), (-0.4 * length, 0, r))
    return finish(
        ("hair dryer", colour, material, shape),
        rng,
        [part(paint(colour, material), barrel, grip), part(accent(colour, "black", "grey"), nozzle, button, grille)],
    )


def other(colour: str) -> Material:
    """Dark keys on light things, light keys on dark ones."""
    return DARK if colour not in ("black", "brown") else Material((0.72, 0.73, 0.75))


def alarm_clock(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A drum on two feet with a white face, hands and two bells, or a block with glowing figures."""
    look = paint(colour, material)
    if shape == "square":
        body = box((0.075, 0.15, 0.085), (0, 0, 0.0425))
        face = panel((0.13, 0.06), (0.037, 0, 0.0425))
        figures = [box((0.006, 0.009, 0.04), (0.039, y, 0.0425)) for y in (-0.04, -0.02, 0.02, 0.04)]
        figures += [box((0.006, 0.025, 0.008), (0.039, y, z)) for y, z in ((-0.03, 0.06), (0.03, 0.06), (0.03, 0.025))]
        knob = box((0.03, 0.07, 0.012), (0, 0, 0.09))
        return finish(
            ("alarm clock", colour, material, shape),
            rng,
            [
                part(look, body, knob),
                part(Material((0.08, 0.02, 0.02) if colour != "black" else (0.3, 0.3, 0.32)), face),
                part(Material((1.0, 0.25, 0.15), emission=0.9), *figures),
            ],
        )
    r = 0.062
    drum = move(along_x(solid([(r, -0.03), (r, 0.03)], 14)), (0, 0, r + 0.02))
    dial = part(
        PAPER if colour != "white" else Material((0.75, 0.85, 0.95)),
        move(along_x(disc(0.82 * r, 0.0325, 12)), (0, 0, r + 0.02)),
    )
    hands = [
        box((0.006, 0.008, 0.7 * r), (0.033, 0, 1.33 * r + 0.02)),
        box((0.006, 0.5 * r, 0.008), (0.033, 0.22 * r, r + 0.02)),
    ]
    bells = [move(turn(sphere(0.026, 6, 0.7), -0.4 * s, (1, 0, 0)), (0, s * 0.035, 2 * r + 0.03)) for s in (-1.0, 1.0)]
    feet = [bar((0, s * 0.035, 0.03), (0, s * 0.05, 0.0), 0.009, 4) for s in (-1.0, 1.0)]
    top = hoop(0.022, 0.03, 2 * r + 0.025, 0.006, 3)
    return finish(
        ("alarm clock", colour, material, shape), rng, [part(look, drum, *bells), dial, part(DARK, *hands, *feet, top)]
    )


def camera(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A block with a big round lens, a hump with a flash and a button."""
    w, h = {"wide": (0.15, 0.09), "boxy": (0.115, 0.105)}[shape]
    body = box((0.06, w, h), (0, 0, h / 2))
    hump = box((0.045, 0.32 * w, 0.03), (0, 0, h + 0.012))
    lens = move(
        along_x(lathe([(0, 0), (0.039, 0), (0.039, 0.035), (0.034, 0.06), (0.028, 0.06), (0.022, 0.035), (0, 0.035)], 12)),
        (0.03, 0, 0.48 * h),
    )
    front = move(along_x(disc(0.02, 0.045, 8)), (0.03, 0, 0.48 * h))
    flash = box((0.004, 0.2 * w, 0.018), (0.0235, 0, h + 0.013))
    button = cylinder(0.011, 0.012, 6, (0, -0.35 * w, h))
    glint = Material((0.45, 0.65, 0.95), specular=0.9)
    return finish(
        ("camera", colour, material, shape),
        rng,
        [part(paint(colour, material), body, hump), part(other(colour), lens, button), part(glint, front, flash)],
    )


def flashlight(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A bar with a wide head that lights up; it lies."""
    length, r = {"long": (0.2, 0.019), "short": (0.12, 0.023)}[shape]
    head = r * 1.75
    body = move(
        along_x(
            lathe(
                [
                    (0, -length / 2),
                    (r, -length / 2),
                    (r, length / 4),
                    (head, length / 2),
                    (head, length / 2 + 0.03),
                    (0.85 * head, length / 2 + 0.03),
                    (0, length / 2 + 0.015),
                ],
                10,
            )
        ),
        (0, 0, head),
    )
    rings = [move(along_x(band(r + 0.0015, x * length, x * length + 0.012, 10)), (0, 0, head)) for x in (-0.4, -0.2)]
    switch = box((0.03, 0.014, 0.010), (0, 0, head + r))
    bulb = move(along_x(disc(0.8 * head, length / 2 + 0.026, 10)), (0, 0, head))
    glow = Material((1.0, 0.96, 0.7), emission=1.0)
    lens = [part(Material((0.7, 0.72, 0.75), specular=0.8), bulb, when="off"), part(glow, bulb, when="on")]
    return finish(
        ("flashlight", colour, material, shape),
        rng,
        [part(paint(colour, material), body), part(other(colour), *rings, switch), *lens],
    )


def iron(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pointed sole of steel, a body above it and a handle."""
    tall = {"low": 0.0, "tall": 0.025}[shape]
    outline = [(-0.12, -0.06), (0.0, -0.062), (0.09, -0.035), (0.14, 0.0), (0.09, 0.035), (0.0, 0.062), (-0.12, 0.06)]
    sole = extrude(outline, 0.016)
    shell = move(extrude([(0.88 * x, 0.85 * y) for x, y in outline], 0.045 + tall), (-0.008, 0, 0.016))
    top = 0.06 + tall
    grip = limb([(-0.1, 0, top), (-0.1, 0, top + 0.06), (0.03, 0, top + 0.065), (0.06, 0, top - 0.005)], 0.017, 6)
    knob = cylinder(0.016, 0.015, 8, (0.085, 0, top))
    light = part(Material((1.0, 0.3, 0.1), emission=0.9), box((0.022, 0.022, 0.016), (0.05, 0, top + 0.012)), when="on")
    return finish(
        ("iron", colour, material, shape),
        rng,
        [part(paint(colour, material), shell, grip), part(STEEL, sole), part(other(colour), knob), light],
    )


def speaker(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A box with two round membranes, or a drum with a mesh."""
    h, w = {"tall": (0.25, 0.14), "small": (0.15, 0.12)}[shape]
    body = box((0.13, w, h), (0, 0, h / 2))
    cones = []
    for z, r in ((0.3 * h, 0.36 * w), (0.75 * h, 0.24 * w)):
        ring = lathe([(r, 0), (r, 0.008), (0.8 * r, 0.008), (0.3 * r, 0.002), (0.28 * r, 0.01), (0, 0.012)], 10)
        cones.append(move(along_x(ring), (0.065, 0, z)))
    light = part(
        Material((0.3, 0.7, 1.0), emission=0.9), box((0.01, 0.016, 0.016), (0.066, 0.4 * w, 0.05 * h + 0.01)), when="on"
    )
    return finish(
        ("speaker", colour, material, shape), rng, [part(paint(colour, material), body), part(other(colour), *cones), light]
    )


KINDS = (
    Kind(
        "alarm clock",
        alarm_clock,
        LIVELY,
        ("metal", "plastic"),
        ("round", "square"),
        ("clock",),
        TAKE,
        on={"nightstand": 6.0, "bookshelf": 1.0, "shelf": 1.0, "dresser": 1.0, "desk": 1.0},
    ),
    Kind(
        "camera",
        camera,
        ("black", "grey", "red", "brown", "blue"),
        ("plastic", "metal", "leather"),
        ("wide", "boxy"),
        ("photo camera",),
        TAKE,
        on={"bookshelf": 2.0, "shelf": 2.0, "desk": 2.0, "coffee table": 1.0, "dresser": 1.0},
    ),
    Kind(
        "flashlight",
        flashlight,
        LIVELY[:7],
        ("metal", "plastic"),
        ("long", "short"),
        ("torch",),
        SWITCH,
        on={"nightstand": 2.0, "desk": 1.0, "shoe rack": 1.0, "washing machine": 1.0, "bookshelf": 1.0, "shelf": 1.0},
    ),
    Kind(
        "iron",
        iron,
        ("blue", "red", "green", "purple", "white", "pink"),
        ("plastic",),
        ("low", "tall"),
        ("clothes iron", "flat iron"),
        SWITCH,
        on={"washing machine": 4.0, "dresser": 1.0, "bed": 0.5},
    ),
    Kind(
        "speaker",
        speaker,
        ("black", "brown", "white", "grey", "red", "blue"),
        ("wooden", "plastic"),
        ("tall", "small"),
        ("loudspeaker",),
        SWITCH,
        on={"tv stand": 4.0, "bookshelf": 3.0, "shelf": 3.0, "desk": 2.0, "dresser": 0.5},
    ),
    Kind(
        "hair dryer",
        hair_dryer,
        STRONG,
        ("plastic",),
        ("round", "slim"),
        ("hairdryer", "blow dryer"),
        TAKE,
        on={"bathroom sink": 3.0, "dresser": 2.0, "bed": 0.3},
    ),
)
