"""Trim: baseboards, casings and jambs of doorways, and the reveals, sills, bars and panes of windows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .finishes import TRIM
from .model import Apartment, Mesh
from .walls import Face, Hole

_BOARD_M = (0.08, 0.012)  # baseboard: height, thickness
_CASING_M = (0.06, 0.014)  # doors and windows: width, thickness
_BAR_M = (0.045, 0.04)  # window frame: width, depth
Point = tuple[float, float, float]
_Quad = tuple[list[Point], Point, float]  # corners, normal, brightness
# Brightness of the ways that a face of trim may look, since its light is not baked point by point.
_SHADE_UP, _SHADE_FRONT, _SHADE_SIDE, _SHADE_DOWN = 0.98, 0.90, 0.74, 0.55


def texture() -> NDArray[np.uint8]:
    """A ramp of the trim's colour from black (v = 0) to full light (v = 1): (64, 2, 3) uint8."""
    return _ramp()


@lru_cache(maxsize=1)
def _ramp() -> NDArray[np.uint8]:
    level = (np.arange(64) + 0.5) / 64
    picture = np.rint(255.0 * level[:, None, None] * np.asarray(TRIM.rgb)).astype(np.uint8)
    picture = np.repeat(picture, 2, axis=1)
    picture.setflags(write=False)
    return picture


def room_trim(apartment: Apartment, sides: tuple[Face, ...]) -> Mesh:
    """All the trim of a room in one mesh, with uv into `texture`."""
    quads: list[_Quad] = []
    half = apartment.wall_m / 2
    for side in sides:
        quads += _baseboards(side)
        for hole in side.holes:
            quads += _lining(side, hole, half)
            quads += _doorway(side, hole) if hole.kind == "doorway" else _window(side, hole, half)
    uv = np.array([[(0.5, level)] * 4 for _, _, level in quads])
    return _joined([corners for corners, _, _ in quads], [normal for _, normal, _ in quads], uv)


def pane(face: Face, hole: Hole, wall_m: float) -> Mesh:
    """The glass of a window, in the middle of the wall; uv covers the outside view once, row 0 at the bottom."""
    (u0, u1), (v0, v1) = hole.u, hole.v
    corners = [face.point(u, v, -wall_m / 2) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))]
    uv = np.array([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    return _joined([corners], [(face.inward[0], face.inward[1], 0.0)], uv)


def _baseboards(face: Face) -> list[_Quad]:
    gaps = sorted((hole.u[0] - _CASING_M[0], hole.u[1] + _CASING_M[0]) for hole in face.holes if hole.kind == "doorway")
    at, quads = 0.0, []
    for low, high in [*gaps, (face.length_m, face.length_m)]:
        if low - at > 0.01:
            quads += _block(face, (at, low), (0.0, _BOARD_M[0]), (0.0, _BOARD_M[1]))
        at = high
    return quads


def _lining(face: Face, hole: Hole, half: float) -> list[_Quad]:
    """The inside of the hole, as deep as half the wall: sides and head, and the sill of a window."""
    (u0, u1), (v0, v1) = hole.u, hole.v
    rx, ry = face.right
    parts = [
        _lined(face, ((u0, v0), (u0, v1)), half, (rx, ry, 0.0), _SHADE_SIDE),
        _lined(face, ((u1, v1), (u1, v0)), half, (-rx, -ry, 0.0), _SHADE_SIDE),
        _lined(face, ((u0, v1), (u1, v1)), half, (0.0, 0.0, -1.0), _SHADE_DOWN),
    ]
    if hole.kind == "window":
        parts.append(_lined(face, ((u1, v0), (u0, v0)), half, (0.0, 0.0, 1.0), _SHADE_UP))
    return parts


def _doorway(face: Face, hole: Hole) -> list[_Quad]:
    (u0, u1), (_, top) = hole.u, hole.v
    wide, thick = _CASING_M
    return [
        *_block(face, (max(u0 - wide, 0.0), u0), (0.0, top), (0.0, thick)),
        *_block(face, (u1, min(u1 + wide, face.length_m)), (0.0, top), (0.0, thick)),
        *_block(face, (max(u0 - wide, 0.0), min(u1 + wide, face.length_m)), (top, top + wide), (0.0, thick)),
    ]


def _window(face: Face, hole: Hole, half: float) -> list[_Quad]:
    (u0, u1), (v0, v1) = hole.u, hole.v
    wide, thick = _CASING_M
    bar, depth = _BAR_M
    inside = (-half, -half + depth)
    quads = [
        *_block(face, (u0 - wide, u0), (v0, v1), (0.0, thick)),
        *_block(face, (u1, u1 + wide), (v0, v1), (0.0, thick)),
        *_block(face, (u0 - wide, u1 + wide), (v1, v1 + wide), (0.0, thick)),
        *_block(face, (u0 - wide - 0.02, u1 + wide + 0.02), (v0 - 0.03, v0), (0.0, 0.06)),
        *_block(face, (u0, u0 + bar), (v0, v1), inside),
        *_block(face, (u1 - bar, u1), (v0, v1), inside),
        *_block(face, (u0, u1), (v0, v0 + bar), inside),
        *_block(face, (u0, u1), (v1 - bar, v1), inside),
    ]
    if u1 - u0 > 0.85:
        middle = (u0 + u1) / 2
        quads += _block(face, (middle - bar / 2, middle + bar / 2), (v0, v1), inside)
    return quads


def _block(face: Face, u: tuple[float, float], v: tuple[float, float], inward: tuple[float, float]) -> list[_Quad]:
    """The five visible sides of a box on a wall."""
    (u0, u1), (v0, v1), (d0, d1) = u, v, inward
    rx, ry = face.right
    ix, iy = face.inward
    quads = (
        (((u0, v0, d1), (u1, v0, d1), (u1, v1, d1), (u0, v1, d1)), (ix, iy, 0.0), _SHADE_FRONT),
        (((u0, v0, d0), (u0, v0, d1), (u0, v1, d1), (u0, v1, d0)), (-rx, -ry, 0.0), _SHADE_SIDE),
        (((u1, v0, d1), (u1, v0, d0), (u1, v1, d0), (u1, v1, d1)), (rx, ry, 0.0), _SHADE_SIDE),
        (((u0, v1, d1), (u1, v1, d1), (u1, v1, d0), (u0, v1, d0)), (0.0, 0.0, 1.0), _SHADE_UP),
        (((u0, v0, d0), (u1, v0, d0), (u1, v0, d1), (u0, v0, d1)), (0.0, 0.0, -1.0), _SHADE_DOWN),
    )
    return [([face.point(*corner) for corner in corners], normal, level) for corners, normal, level in quads]


def _lined(
    face: Face, edge: tuple[tuple[float, float], tuple[float, float]], half: float, normal: Point, level: float
) -> _Quad:
    """A strip from an edge of a hole into the wall."""
    (u0, v0), (u1, v1) = edge
    return [face.point(u0, v0), face.point(u0, v0, -half), face.point(u1, v1, -half), face.point(u1, v1)], normal, level


def _joined(corners: list[list[Point]], normals: list[Point], uv: NDArray[np.float64]) -> Mesh:
    """Q quads in one mesh, each wound so that it faces along its normal. uv: (Q, 4, 2)."""
    points, normal = np.array(corners), np.array(normals)
    a, b = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    around = np.stack(
        [a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1], a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2], a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]]
    )
    turned = (around.T * normal).sum(axis=1) < 0.0
    order = np.where(turned[:, None], np.array([[0, 2, 1, 0, 3, 2]]), np.array([[0, 1, 2, 0, 2, 3]]))
    faces = (order + 4 * np.arange(len(points))[:, None]).reshape(-1, 3)
    vertices = points.reshape(-1, 3).astype(np.float32)
    return Mesh(
        vertices, np.repeat(normal, 4, axis=0).astype(np.float32), uv.reshape(-1, 2).astype(np.float32), faces.astype(np.int32)
    )
