"""Cushions, blankets and towels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..meshes import box, join, move, turn
from ..model import Asset, Kind, Mesh, Skill
from .craft import (
    accent,
    along_x,
    band,
    disc,
    finish,
    paint,
    part,
    puff,
    solid,
)

TAKE: frozenset[Skill] = frozenset({"pickup"})
GLAZES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")
SOFT = (*GLAZES, "grey", "beige")
SEATS = {"sofa": 5.0, "bed": 3.0, "armchair": 3.0, "bench": 1.0}
STRONG = ("red", "blue", "green", "purple", "pink", "black", "white", "orange")


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
    if shape == "long":
        marks = [box((0.14, 0.05, 0.022), (0, s * 0.13 * w, 0.121)) for s in (-1, 1)]
    else:
        marks = [turn(box((0.15, 0.15, 0.004), (0, 0, 0.13)), np.pi / 4)]
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


def towel(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A folded stack of soft layers with a border, or a roll."""
    look = paint(colour, material)
    border = accent(colour, "white", "blue")
    if shape == "rolled":
        roll = move(along_x(solid([(0.05, -0.15), (0.056, -0.14), (0.056, 0.14), (0.05, 0.15)], 12)), (0, 0, 0.056))
        rings = [move(along_x(band(0.0575, x, x + 0.02)), (0, 0, 0.056)) for x in (-0.11, 0.09)]
        ends = [move(along_x(disc(0.02, 0.152, 8)), (0, 0, 0.06))]
        return finish(("towel", colour, material, shape), rng, [part(look, roll), part(border, *rings, *ends)])
    layers = [move(puff((0.25 - 0.006 * i, 0.34, 0.034), 0.22, 8, 4), (0, 0, 0.03 * i)) for i in range(3)]
    stripes = [box((0.253, 0.016, 0.094), (0, y, 0.048)) for y in (-0.12, -0.09)]
    return finish(("towel", colour, material, shape), rng, [part(look, *layers), part(border, *stripes)])


KINDS = (
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
    Kind(
        "towel",
        towel,
        (*STRONG, "beige", "grey"),
        ("fabric",),
        ("folded", "rolled"),
        ("bath towel", "hand towel"),
        TAKE,
        on={
            "bathroom sink": 2.0,
            "bathtub": 4.0,
            "washing machine": 3.0,
            "laundry basket": 2.0,
            "dryer": 1.5,
            "bed": 1.0,
            "dresser": 0.5,
        },
        many=2,
    ),
)
