"""Balls."""

from __future__ import annotations

import numpy as np

from ..meshes import box, lathe, limb, move, sphere, turn
from ..model import Asset, Kind, Skill
from .craft import (
    accent,
    disc,
    finish,
    paint,
    part,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})
BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def ball(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A ball with a belt of another colour, or with segments."""
    r = {"striped": 0.1, "plain": 0.075, "small": 0.045}[shape]
    body = move(sphere(r, 14 if r > 0.06 else 12), (0, 0, r))
    if shape == "small":
        seam = limb(
            np.column_stack(
                [
                    1.0 * r * np.cos(np.linspace(0, 2 * np.pi, 11)),
                    1.0 * r * np.sin(np.linspace(0, 2 * np.pi, 11)),
                    r + 0.35 * r * np.sin(2 * np.linspace(0, 2 * np.pi, 11)),
                ]
            ),
            0.004,
            3,
        )
        return finish(
            ("ball", colour, material, shape),
            rng,
            [part(paint(colour, material), body), part(accent(colour, "white", "black"), seam)],
        )
    if shape == "plain":
        return finish(
            ("ball", colour, material, shape),
            rng,
            [part(paint(colour, material), body), part(accent(colour, "white", "black"), disc(0.16 * r, 2 * r - 0.001, 8))],
        )
    t = np.linspace(-0.28, 0.28, 3)
    belt = lathe([(1.012 * r * float(np.cos(a)), 1.012 * r * float(np.sin(a))) for a in t], 14)
    return finish(
        ("ball", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body),
            part(accent(colour, "white", "yellow"), move(turn(belt, 0.5, (1, 0, 0)), (0, 0, r))),
        ],
    )


def football(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A white ball with dark pentagons, or a brown egg with laces."""
    look = paint(colour, material)
    if shape == "oval":
        t = np.linspace(0, np.pi, 7)
        body = limb(np.column_stack([-0.145 * np.cos(t), 0 * t, 0 * t + 0.08]), 0.08 * np.sin(t) ** 0.9 + 0.002, 10)
        laces = [box((0.1, 0.010, 0.006), (0, 0, 0.161))] + [
            box((0.010, 0.036, 0.008), (x, 0, 0.16)) for x in (-0.036, -0.012, 0.012, 0.036)
        ]
        return finish(
            ("football", colour, material, shape),
            rng,
            [part(look, body), part(accent(colour, "white", "black"), *laces)],
        )
    r = 0.11
    body = move(sphere(r, 12), (0, 0, r))
    patch = lathe([(0.42 * r, 0.93 * r), (0, 1.03 * r)], 5)
    directions = [
        (0.0, 0.0),
        *((1.107, 2 * np.pi * i / 5) for i in range(5)),
        *((np.pi - 1.107, 2 * np.pi * (i + 0.5) / 5) for i in range(5)),
    ]
    spots = [move(turn(turn(patch, lean, (0, 1, 0)), yaw), (0, 0, r)) for lean, yaw in directions]
    return finish(
        ("football", colour, material, shape), rng, [part(look, body), part(accent(colour, "black", "white"), *spots)]
    )


KINDS = (
    Kind(
        "ball",
        ball,
        (*BRIGHT, "white"),
        ("rubber", "plastic"),
        ("striped", "plain", "small"),
        ("toy ball", "tennis ball", "beach ball"),
        TAKE,
        on={"floor": 5.0, "bed": 0.5, "sofa": 0.5, "shoe rack": 0.5},
        many=2,
    ),
    Kind(
        "football",
        football,
        ("white", "brown", "orange", "blue"),
        ("leather", "rubber"),
        ("round", "oval"),
        ("soccer ball", "rugby ball"),
        TAKE,
        on={"floor": 5.0, "shoe rack": 1.0, "bed": 0.3},
    ),
)
