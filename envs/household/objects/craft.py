"""What small objects are made with: looks of materials, hollow bodies, handles, puffs, stains, and the finished asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .. import materials
from ..meshes import box, join, lathe, limb, move, scale, turn
from ..model import COLOURS, RGB, Asset, Box, Condition, Material, Mesh, Mover, Part, Surface

Point = tuple[float, float, float]

# material word -> pattern, alpha, specular, shininess
LOOKS: Mapping[str, tuple[str, float, float, float]] = {
    **materials.LOOKS,
    "porcelain": ("plain", 1.0, 0.8, 0.9),
    "glass": ("plain", 0.5, 0.9, 0.9),
    "rubber": ("plain", 1.0, 0.05, 0.1),
    "wax": ("plain", 1.0, 0.2, 0.3),
    "organic": ("plain", 1.0, 0.15, 0.3),
}

STEEL = Material((0.62, 0.63, 0.65), "plain", 1.0, 0.9, 0.6)
DARK = Material((0.10, 0.10, 0.11), "plain", 1.0, 0.3, 0.4)
CREAM = Material((0.93, 0.90, 0.80))
PAPER = Material((0.95, 0.94, 0.90))
WOOD = Material((0.55, 0.36, 0.19), "wood")
LEAF = Material((0.18, 0.45, 0.14))
STAIN = Material((0.24, 0.13, 0.05))
GLOW = Material((0.75, 0.88, 1.0), emission=0.9)


def paint(colour: str, material: str) -> Material:
    """The look of a colour word and a material word."""
    pattern, alpha, specular, shininess = LOOKS[material]
    return Material(COLOURS[colour], pattern, alpha, specular, shininess)


def tint(rgb: RGB, material: str = "plastic") -> Material:
    """The look of a material in any colour."""
    pattern, alpha, specular, shininess = LOOKS[material]
    return Material(rgb, pattern, alpha, specular, shininess)


def accent(colour: str, *choices: str) -> Material:
    """A plain second colour that stands out from `colour`: the first of the choices that is another word."""
    return Material(COLOURS[next(word for word in choices if word != colour)], specular=0.2)


def hollow(outside: Sequence[tuple[float, float]], wall: float, segments: int = 12, well: bool = False) -> Mesh:
    """A vessel open at the top, from its outer profile of (radius, height) from the bottom up.

    well: narrow vessels need no more inside than a straight well as wide as their neck.
    """
    floor = outside[0][1] + wall
    inside = [(max(r - wall, 0.001), max(z, floor)) for r, z in reversed(outside)]
    if well:
        neck = min(r for r, _ in outside[1:])
        inside = [inside[0], (neck - wall, outside[-2][1]), (neck - wall, floor)]
    return lathe([(0.0, outside[0][1]), *outside, *inside, (0.0, floor)], segments)


def solid(outside: Sequence[tuple[float, float]], segments: int = 12) -> Mesh:
    """A closed body of revolution, from its outer profile of (radius, height) from the bottom up."""
    return lathe([(0.0, outside[0][1]), *outside, (0.0, outside[-1][1])], segments)


def disc(radius: float, z: float, segments: int = 12) -> Mesh:
    """A flat disc that looks up."""
    return lathe([(radius, z), (0.0, z)], segments)


def band(radius: float, low: float, high: float, segments: int = 12, top: float | None = None) -> Mesh:
    """An upright ring that looks outward; `top` is its radius above when it is conical."""
    return lathe([(radius, low), (radius if top is None else top, high)], segments)


def puff(size: Point, power: float = 0.5, segments: int = 12, rows: int = 6) -> Mesh:
    """A rounded block of full size (x, y, z) standing on z = 0: power 1 is an egg, near 0 a box."""
    lat = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)
    lon = np.linspace(-np.pi, np.pi, segments + 1)

    def bulge(value: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
        rounded = np.where(np.abs(value) < 1e-9, 0.0, value)
        return np.sign(rounded) * np.abs(rounded) ** exponent

    def surface(exponent: float) -> NDArray[np.float64]:
        wide = bulge(np.cos(lat), exponent)[:, None]
        x = wide * bulge(np.cos(lon), exponent)
        y = wide * bulge(np.sin(lon), exponent)
        return np.stack([x, y, np.broadcast_to(bulge(np.sin(lat), exponent)[:, None], x.shape)], axis=-1)

    half = np.asarray(size) / 2
    vertices = surface(power) * half
    normals = surface(2.0 - power) / half
    normals[0], normals[-1] = (0, 0, -1), (0, 0, 1)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    uv = np.stack(np.broadcast_arrays(lon[None] * half[:2].mean(), lat[:, None] * half[2]), axis=-1)
    row, i = np.meshgrid(np.arange(rows), np.arange(segments), indexing="ij")
    low = row * (segments + 1) + i
    high = low + segments + 1
    lower = np.stack([low, low + 1, high], axis=-1)[1:].reshape(-1, 3)
    upper = np.stack([low + 1, high + 1, high], axis=-1)[:-1].reshape(-1, 3)
    mesh = Mesh(
        vertices.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        np.concatenate([lower, upper]).astype(np.int32),
    )
    return move(mesh, (0.0, 0.0, float(half[2])))


def handle(x: float, z: float, reach: float, height: float, thick: float, steps: int = 5) -> Mesh:
    """A half-ring like a mug's, in the xz-plane: from (x, z + height / 2) out by `reach` and back."""
    t = np.linspace(0.0, np.pi, steps + 1)
    path = np.column_stack([x + reach * np.sin(t), 0 * t, z + height / 2 * np.cos(t)])
    return limb(path, thick, 5)


def hoop(reach: float, height: float, z: float, thick: float, steps: int = 6) -> Mesh:
    """A half-ring that stands across y like a bucket's handle: feet at y = +-reach, top at z + height."""
    t = np.linspace(0.0, np.pi, steps + 1)
    return limb(np.column_stack([0 * t, reach * np.cos(t), z + height * np.sin(t)]), thick, 5)


def upright(mesh: Mesh) -> Mesh:
    """Turn what lies in the xy-plane (extruded along z) so that its y points up and its z along -y."""
    return turn(mesh, np.pi / 2, (1, 0, 0))


def along_x(mesh: Mesh) -> Mesh:
    """Lay what stands along z down, so that its z points along x."""
    return turn(mesh, np.pi / 2, (0, 1, 0))


def bar(start: Point, end: Point, radius: float, segments: int = 6) -> Mesh:
    """A straight round bar."""
    return limb([start, end], radius, segments)


def panel(size: tuple[float, float], centre: Point) -> Mesh:
    """A thin upright label that looks along +x: (y, z) size, 2 mm proud of `centre`."""
    return box((0.004, size[0], size[1]), centre)


def part(material: Material, *meshes: Mesh, when: Condition = "") -> Part:
    """One part of several meshes."""
    return Part(join(*meshes), material, when)


def slices(length: float, width: float, height: float, skin: Material, flesh: Material) -> tuple[Part, Part]:
    """Three thick slices in a row along x, with skin around and flesh on their faces: shown when sliced."""
    rind: list[Mesh] = []
    faces: list[Mesh] = []
    thick = length / 4.5
    for middle in (-0.36 * length, 0.0, 0.36 * length):
        size = 1.0 if middle == 0.0 else 0.86
        ends = [(0.0, 0.0), (0.5, 0.0)], [(0.5, 0.0), (0.5, thick)], [(0.5, thick), (0.0, thick)]
        for profile, where in zip(ends, (faces, rind, faces), strict=True):
            slice_ = scale(along_x(lathe(profile, 10)), (1.0, width * size, height * size))
            where.append(move(slice_, (middle - thick / 2, 0.0, height * size / 2)))
    return part(skin, *rind, when="sliced"), part(flesh, *faces, when="sliced")


def _growth(extent: NDArray[np.float64], rng: np.random.Generator) -> float:
    """How much one instance is enlarged: instances differ, and what is small grows by up to a third to be seen from afar."""
    usual = float(np.prod(extent)) ** (1 / 3)
    return float(rng.uniform(0.94, 1.14)) * float(np.clip((0.12 / usual) ** 0.3, 1.0, 1.35))


def finish(
    names: tuple[str, str, str, str],
    rng: np.random.Generator,
    parts: Sequence[Part],
    surfaces: Sequence[Surface] = (),
    movers: Sequence[Mover] = (),
) -> Asset:
    """The asset of (category, colour, material, shape): sized, its origin in the middle of its bottom, with its bounds."""
    every = [*parts, *(p for mover in movers for p in mover.parts)]
    corners = np.concatenate([p.mesh.vertices for p in every]).astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    k = _growth(high - low, rng)
    x, y, z = (-k * float(v) for v in ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]))

    def placed(p: Part) -> Part:
        mesh = move(scale(p.mesh, (k, k, k)), (x, y, z))  # the texture keeps its place, so that pictures fill their frames
        return Part(Mesh(mesh.vertices, mesh.normals, p.mesh.uv, mesh.faces), p.material, p.when)

    def point(p: Point) -> Point:
        return (k * p[0] + x, k * p[1] + y, k * p[2] + z)

    parts = tuple(placed(p) for p in parts)
    movers = tuple(replace(m, origin=point(m.origin), parts=tuple(placed(p) for p in m.parts)) for m in movers)
    surfaces = tuple(
        replace(s, centre=point(s.centre), half_size=(k * s.half_size[0], k * s.half_size[1]), clearance_m=k * s.clearance_m)
        for s in surfaces
    )
    bounds = _bounds([*parts, *(p for mover in movers for p in mover.parts)])
    return Asset(*names, parts, (bounds,), bounds, movers, surfaces)


def _bounds(parts: Sequence[Part]) -> Box:
    corners = np.concatenate([p.mesh.vertices for p in parts]).astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    centre, half = (low + high) / 2, (high - low) / 2
    return Box((float(centre[0]), float(centre[1]), float(centre[2])), (float(half[0]), float(half[1]), float(half[2])))
