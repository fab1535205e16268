"""Shapes that furniture is made with: slabs between spans, cushions, rods, trays, panels and legs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..meshes import lathe, move, times, vector_length
from ..model import Mesh

Span = tuple[float, float]
Point = tuple[float, float, float]
Signs = tuple[int, int, int]
Real = NDArray[np.float64]


def vary(rng: np.random.Generator, low: float, high: float) -> float:
    """A size in metres between two limits, whole centimetres."""
    return round(float(rng.uniform(low, high)), 2)


def middle(span: Span) -> float:
    return (span[0] + span[1]) / 2


def length(span: Span) -> float:
    return span[1] - span[0]


def inner(span: Span, margin: float) -> Span:
    return (span[0] + margin, span[1] - margin)


def wide(size: float, at: float = 0.0) -> Span:
    """The span of a size around a middle."""
    return (at - size / 2, at + size / 2)


def split(span: Span, count: int) -> list[Span]:
    """Equal spans side by side."""
    step = length(span) / count
    return [(span[0] + k * step, span[0] + (k + 1) * step) for k in range(count)]


def ends(span: Span, size: float) -> tuple[Span, Span]:
    """The spans of a size at both ends."""
    return (span[0], span[0] + size), (span[1] - size, span[1])


def slab(x: Span, y: Span, z: Span) -> Mesh:
    """A box between spans: 12 triangles."""
    return _hull(x, y, z, 0.0)


def cushion(x: Span, y: Span, z: Span, round_m: float) -> Mesh:
    """A box with chamfered edges that is shaded as if round: 44 triangles."""
    return _hull(x, y, z, min(round_m, 0.49 * length(x), 0.49 * length(y), 0.49 * length(z)))


def _hull(x: Span, y: Span, z: Span, bevel: float) -> Mesh:
    signs, normals, sides, flat, bevelled = _cube()
    low, high = np.array([x[0], y[0], z[0]]), np.array([x[1], y[1], z[1]])
    points = np.where(signs > 0, high, low) - bevel * (signs - normals)
    uv = np.take_along_axis(points, sides, axis=1)
    faces = flat if bevel == 0.0 else bevelled
    return Mesh(points.astype(np.float32), normals.astype(np.float32), uv.astype(np.float32), faces)


@cache
def _cube() -> tuple[Real, Real, NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Of the 24 corners of the sides of a cube: signs and normals (24, 3), axes of their uv (24, 2); faces without and with
    the strips along the 12 edges and the triangles at the 8 corners."""
    index: dict[tuple[int, Signs], int] = {}
    signs, normals, sides, faces = np.zeros((24, 3)), np.zeros((24, 3)), np.zeros((24, 2), dtype=np.int64), []
    for axis in range(3):
        u, v = [(1, 2), (2, 0), (0, 1)][axis]
        for sign in (-1, 1):
            ring = list(range(len(index), len(index) + 4))
            for row, (a, b) in zip(ring, ((-1, -1), (1, -1), (1, 1), (-1, 1)), strict=True):
                signs[row, [axis, u, v]] = sign, a, b
                normals[row, axis] = sign
                sides[row] = sorted((u, v))
                index[axis, (int(signs[row, 0]), int(signs[row, 1]), int(signs[row, 2]))] = row
            order = ring if sign > 0 else ring[::-1]
            faces += [[order[0], order[1], order[2]], [order[0], order[2], order[3]]]
    bevelled = faces + _bevels(index, signs - 0.1 * (signs - normals))
    return signs, normals, sides, np.array(faces, np.int32), np.array(bevelled, np.int32)


def _bevels(index: dict[tuple[int, Signs], int], points: Real) -> list[list[int]]:
    corners = [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    faces = [[index[0, s], index[1, s], index[2, s]] for s in corners]
    for along in range(3):
        one, two = [k for k in range(3) if k != along]
        for s in corners:
            if s[along] < 0:
                t = (s[0] if along != 0 else 1, s[1] if along != 1 else 1, s[2] if along != 2 else 1)
                a, b, c, d = index[one, s], index[one, t], index[two, t], index[two, s]
                faces += [[a, b, c], [a, c, d]]
    triangle = points[np.array(faces)]
    outward = np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
    good = np.einsum("ij,ij->i", outward, triangle.mean(axis=1)) > 0
    return [face if keep else face[::-1] for face, keep in zip(faces, good, strict=True)]


def rod(start: Point, end: Point, radius: float, tip: float | None = None, segments: int = 6) -> Mesh:
    """A closed straight bar between two points; `tip` is its radius at the end."""
    unit, tip = _unit_bar(segments), radius if tip is None else tip
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    size = vector_length(b - a)
    axis = (b - a) / size
    side = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    side /= vector_length(side)
    frame = np.stack([side, np.cross(axis, side), axis])
    across = radius + (tip - radius) * unit.vertices[:, 2:]
    vertices = np.concatenate([unit.vertices[:, :2] * across, unit.vertices[:, 2:] * size], axis=1)
    normals = unit.normals + np.array([0.0, 0.0, (radius - tip) / size]) * (np.abs(unit.normals[:, 2:]) < 0.5)
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    uv = unit.uv * np.array([max(radius, tip), size])
    f32 = np.float32
    return Mesh((times(vertices, frame) + a).astype(f32), times(normals, frame).astype(f32), uv.astype(f32), unit.faces)


@cache
def _unit_bar(segments: int) -> Mesh:
    return lathe([(0, 0), (1, 0), (1, 1), (0, 1)], segments)


def disc(radius: float, height: float, centre: Point, segments: int = 12) -> Mesh:
    """A flat cylinder without a bottom, standing on `centre`."""
    return move(lathe([(radius, 0), (radius, height), (0, height)], segments), centre)


def picture(x: float, y: Span, z: Span) -> Mesh:
    """A picture that faces +x, upright for whoever stands before it, uv in [0, 1]."""
    corners = np.array([[x, y[0], z[0]], [x, y[1], z[0]], [x, y[1], z[1]], [x, y[0], z[1]]], np.float32)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    normals = np.tile(np.array([1, 0, 0], np.float32), (4, 1))
    return Mesh(corners, normals, uv, np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def tray(x: Span, y: Span, z: Span, wall: float = 0.012) -> Mesh:
    """An open box: drawers, basins, tubs. 28 triangles."""
    low, high = np.array([x[0], y[0]]), np.array([x[1], y[1]])
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    outer, hole = low + unit * (high - low), low + wall + unit * (high - low - 2 * wall)
    floor = z[0] + wall
    faces = []
    for i in range(4):
        j = (i + 1) % 4
        faces.append([(*outer[i], z[0]), (*outer[j], z[0]), (*outer[j], z[1]), (*outer[i], z[1])])
        faces.append([(*hole[j], floor), (*hole[i], floor), (*hole[i], z[1]), (*hole[j], z[1])])
        faces.append([(*outer[i], z[1]), (*outer[j], z[1]), (*hole[j], z[1]), (*hole[i], z[1])])
    faces.append([(*p, floor) for p in hole])
    faces.append([(*p, z[0]) for p in outer[::-1]])
    return quads(faces)


def raised(x: float, y: Span, z: Span, height: float = 0.008, slope: float = 0.02) -> Mesh:
    """A bevelled panel on a front that faces +x: 10 triangles."""
    base = [(x, y[0], z[0]), (x, y[1], z[0]), (x, y[1], z[1]), (x, y[0], z[1])]
    y, z = inner(y, slope), inner(z, slope)
    top = [(x + height, y[0], z[0]), (x + height, y[1], z[0]), (x + height, y[1], z[1]), (x + height, y[0], z[1])]
    return quads([top, *([base[i], base[(i + 1) % 4], top[(i + 1) % 4], top[i]] for i in range(4))])


def quads(corners: Sequence[Sequence[Sequence[float]]]) -> Mesh:
    """Flat quads (N, 4, 3), counter-clockwise seen from outside."""
    return _flat(np.asarray(corners, dtype=np.float64), np.array([[0, 1, 2], [0, 2, 3]]))


def triangles(corners: Sequence[Sequence[Sequence[float]]]) -> Mesh:
    """Flat triangles (N, 3, 3), counter-clockwise seen from outside."""
    return _flat(np.asarray(corners, dtype=np.float64), np.array([[0, 1, 2]]))


def _flat(points: Real, fan: NDArray[np.int64]) -> Mesh:
    count = points.shape[1]
    normal = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    keep = np.array([[1, 2], [0, 2], [0, 1]])[np.argmax(np.abs(normal), axis=1)]
    uv = np.take_along_axis(points, keep[:, None, :].repeat(count, axis=1), axis=2)
    faces = (count * np.arange(len(points))[:, None, None] + fan).reshape(-1, 3)
    f32 = np.float32
    return Mesh(
        points.reshape(-1, 3).astype(f32),
        normal.repeat(count, axis=0).astype(f32),
        uv.reshape(-1, 2).astype(f32),
        faces.astype(np.int32),
    )


def legs(x: Span, y: Span, height: float, radius: float, tip: float | None = None, splay: float = 0.0) -> list[Mesh]:
    """Four round legs at the corners of a rectangle, thinner and further out at the floor."""
    return [
        rod((cx + sx * splay, cy + sy * splay, 0.0), (cx, cy, height), radius if tip is None else tip, radius)
        for cx, sx in ((x[0], -1), (x[1], 1))
        for cy, sy in ((y[0], -1), (y[1], 1))
    ]


def posts(x: Span, y: Span, z: Span, size: float) -> list[Mesh]:
    """Four square legs inside the corners of a rectangle."""
    return [
        slab(a, b, z) for a in ((x[0], x[0] + size), (x[1] - size, x[1])) for b in ((y[0], y[0] + size), (y[1] - size, y[1]))
    ]
