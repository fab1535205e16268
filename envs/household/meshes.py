"""Building blocks for shapes: boxes, solids of revolution, extrusions, and how they are moved and joined.

Every function returns a `Mesh` with normals and with texture coordinates in metres, so that a pattern has the same grain
on a shelf and on a wardrobe. Hard edges have their own vertices, round surfaces share theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .model import Mesh


def vector_length(vector: ArrayLike) -> float:
    """Length of one vector, by a plain sum: the dot product of BLAS rounds differently from processor to processor."""
    square = np.square(np.asarray(vector, dtype=np.float64))
    return float(np.sqrt(square.sum()))


def box(size: tuple[float, float, float], centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    """A box of full size (x, y, z) metres: 12 triangles, hard edges."""
    corners, normals, faces = _unit_box()
    vertices = corners * np.asarray(size, dtype=np.float64)
    uv = np.concatenate([vertices[:8, [1, 2]], vertices[8:16, [0, 2]], vertices[16:, [0, 1]]])
    return _mesh(vertices + np.asarray(centre), normals.copy(), uv, faces.copy())


@cache
def _unit_box() -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int32]]:
    """Corners, normals and triangles of the cube of side 1, face by face: four vertices each, -x, +x, -y, +y, -z, +z."""
    corners, normals = np.zeros((24, 3)), np.zeros((24, 3), np.float32)
    faces: list[list[int]] = []
    for axis in range(3):
        u, v = [(1, 2), (0, 2), (0, 1)][axis]
        for sign in (-1.0, 1.0):
            base = 2 * len(faces)
            face = corners[base : base + 4]
            face[:, axis] = sign / 2
            face[:, u] = np.array([-1, 1, 1, -1]) / 2
            face[:, v] = np.array([-1, -1, 1, 1]) / 2
            normals[base : base + 4, axis] = sign
            outward = np.cross(face[1] - face[0], face[2] - face[0])[axis] * sign > 0
            order = (0, 1, 2, 0, 2, 3) if outward else (0, 2, 1, 0, 3, 2)
            faces += [[base + k for k in order[:3]], [base + k for k in order[3:]]]
    return corners, normals, np.array(faces, np.int32)


def lathe(profile: Sequence[tuple[float, float]], segments: int = 16, smooth: bool = True) -> Mesh:
    """Turn a profile of (radius, height) points, listed from the bottom up along the outside, around z.

    A profile that comes back down on the inside makes a hollow cup. Corners sharper than 40 degrees stay hard.
    smooth=False gives a faceted solid.
    """
    points = np.asarray(profile, dtype=np.float64)
    delta = np.diff(points, axis=0)
    length = np.hypot(delta[:, 0], delta[:, 1])
    keep = length > 1e-9
    starts, ends, delta, length = points[:-1][keep], points[1:][keep], delta[keep], length[keep]
    slope = np.column_stack([delta[:, 1], -delta[:, 0]]) / length[:, None]  # outward normal in (r, z)
    along = np.concatenate([[0.0], np.cumsum(length)])
    angle = np.linspace(0.0, 2.0 * np.pi, segments + 1)
    if not smooth:
        return _faceted(starts, ends, along, segments)
    # bands of two rings each; neighbouring bands share a normal where they meet at less than 40 degrees
    smooth_joint = np.einsum("ij,ij->i", slope[:-1], slope[1:]) > np.cos(np.deg2rad(40))
    before, after = slope.copy(), slope.copy()
    before[1:][smooth_joint] = slope[:-1][smooth_joint]
    after[:-1][smooth_joint] = slope[1:][smooth_joint]
    normal = slope[:, None] + np.stack([before, after], axis=1)  # (bands, 2 rings, (r, z))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    rings = np.stack([starts, ends], axis=1)
    circle = np.stack([np.cos(angle), np.sin(angle), np.ones_like(angle)], axis=1)
    vertices = rings[:, :, None, [0, 0, 1]] * circle
    normals = normal[:, :, None, [0, 0, 1]] * circle
    uv = np.empty((*rings.shape[:2], segments + 1, 2))
    uv[..., 0] = angle * max(float(points[:, 0].max()), 1e-3)
    uv[..., 1] = np.stack([along[:-1], along[1:]], axis=1)[..., None]
    i = np.arange(segments)
    faces = []
    for k, ((low_r, _), (high_r, _)) in enumerate(rings):
        low = 2 * k * (segments + 1) + i
        high = low + segments + 1
        if low_r > 1e-9:
            faces.append(np.stack([low, low + 1, high], axis=1))
        if high_r > 1e-9:
            faces.append(np.stack([low + 1, high + 1, high], axis=1))
    return _mesh(vertices.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), np.concatenate(faces))


def _faceted(starts: NDArray, ends: NDArray, along: NDArray, segments: int) -> Mesh:
    angle = np.linspace(0.0, 2.0 * np.pi, segments + 1)
    parts = []
    for k in range(len(starts)):
        for a, b in pairwise(angle):
            quad = [(starts[k][0], a, starts[k][1]), (starts[k][0], b, starts[k][1])]
            quad += [(ends[k][0], b, ends[k][1]), (ends[k][0], a, ends[k][1])]
            corners = np.array([(r * np.cos(t), r * np.sin(t), z) for r, t, z in quad])
            normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
            if vector_length(normal) < 1e-12:
                normal = np.cross(corners[2] - corners[0], corners[3] - corners[0])
            normal /= vector_length(normal)
            uv = np.array([(0, along[k]), (b - a, along[k]), (b - a, along[k + 1]), (0, along[k + 1])])
            parts.append(_mesh(corners, np.tile(normal, (4, 1)), uv, [[0, 1, 2], [0, 2, 3]]))
    return join(*parts)


def cylinder(radius: float, height: float, segments: int = 16, centre: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """A closed upright cylinder standing on `centre`."""
    return move(lathe([(0, 0), (radius, 0), (radius, height), (0, height)], segments), centre)


def cone(low: float, high: float, height: float, segments: int = 16, centre: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """A closed frustum standing on `centre`, radii `low` below and `high` above."""
    return move(lathe([(0, 0), (low, 0), (high, height), (0, height)], segments), centre)


def sphere(radius: float, segments: int = 14, squash: float = 1.0, centre: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """A ball whose middle is `centre`, squashed along z."""
    t = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    profile = [(max(radius * float(np.cos(a)), 0.0), radius * squash * float(np.sin(a))) for a in t]
    profile[0], profile[-1] = (0.0, profile[0][1]), (0.0, profile[-1][1])
    return move(lathe(profile, segments), centre)


def extrude(outline: ArrayLike, height: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """Raise a convex, counter-clockwise outline (N, 2) from z = 0 to `height`: hard edges."""
    points = np.asarray(outline, dtype=np.float64)
    n = len(points)
    fan = np.array([[0, i, i + 1] for i in range(1, n - 1)])
    top = np.column_stack([points, np.full(n, height)])
    bottom = np.column_stack([points, np.zeros(n)])
    parts = [_mesh(top, np.tile([0.0, 0.0, 1.0], (n, 1)), points, fan)]
    parts.append(_mesh(bottom, np.tile([0.0, 0.0, -1.0], (n, 1)), points, fan[:, ::-1]))
    for i in range(n):
        a, b = points[i], points[(i + 1) % n]
        length = vector_length(b - a)
        normal = np.array([b[1] - a[1], a[0] - b[0], 0.0]) / max(length, 1e-12)
        quad = np.array([[*a, 0.0], [*b, 0.0], [*b, height], [*a, height]])
        uv = np.array([[0, 0], [length, 0], [length, height], [0, height]])
        parts.append(_mesh(quad, np.tile(normal, (4, 1)), uv, [[0, 1, 2], [0, 2, 3]]))
    return move(join(*parts), centre)


def tube(path: ArrayLike, radius: float, segments: int = 8) -> Mesh:
    """A round bar along a path (N, 3): handles, legs, taps, cables."""
    points = np.asarray(path, dtype=np.float64)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    helper = np.array([0.0, 0.0, 1.0]) if abs(tangent[0, 2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    side = np.cross(tangent[0], helper)
    angle = np.linspace(0.0, 2.0 * np.pi, segments + 1)
    vertices, normals, uv, along = [], [], [], 0.0
    for i, (point, t) in enumerate(zip(points, tangent, strict=True)):
        side = side - t * (side * t).sum()
        side /= vector_length(side)
        ring = np.outer(np.cos(angle), side) + np.outer(np.sin(angle), np.cross(t, side))
        along += vector_length(point - points[i - 1]) if i else 0.0
        vertices.append(point + radius * ring)
        normals.append(ring)
        uv.append(np.column_stack([angle * radius, np.full(segments + 1, along)]))
    faces = []
    for i in range(len(points) - 1):
        low, high = i * (segments + 1) + np.arange(segments), (i + 1) * (segments + 1) + np.arange(segments)
        faces += [np.column_stack([low, low + 1, high]), np.column_stack([low + 1, high + 1, high])]
    return _mesh(np.concatenate(vertices), np.concatenate(normals), np.concatenate(uv), np.concatenate(faces))


def limb(path: ArrayLike, radii: ArrayLike, segments: int = 6) -> Mesh:
    """A round bar along a path (N, 3) whose radius follows `radii` (N,) or one number, closed at both ends."""
    points = np.asarray(path, dtype=np.float64)
    radius = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(points),))
    skin = tube(points, 1.0, segments)
    ring = np.asarray(skin.normals, dtype=np.float64).reshape(len(points), segments + 1, 3)
    vertices = points[:, None] + radius[:, None, None] * ring
    tangent = np.gradient(points, axis=0)
    length = np.maximum(np.linalg.norm(tangent, axis=1), 1e-9)
    normals = ring - (np.gradient(radius) / length**2)[:, None, None] * tangent[:, None]
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    corners = vertices.reshape(-1, 3)[skin.faces]
    solid = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) > 1e-12
    parts = [_mesh(vertices.reshape(-1, 3), normals.reshape(-1, 3), skin.uv * float(radius.max()), skin.faces[solid])]
    for end, sign in ((0, -1.0), (len(points) - 1, 1.0)):
        if radius[end] > 1e-9:
            fan = np.array([[0, i, i + 1] for i in range(1, segments - 1)])
            normal = np.tile(sign * tangent[end] / length[end], (segments, 1))
            parts.append(_mesh(vertices[end, :-1], normal, vertices[end, :-1, :2], fan if sign > 0 else fan[:, ::-1]))
    return join(*parts)


def move(mesh: Mesh, by: tuple[float, float, float]) -> Mesh:
    """Shift by metres."""
    return Mesh((mesh.vertices + np.asarray(by, dtype=np.float32)).astype(np.float32), mesh.normals, mesh.uv, mesh.faces)


def turn(mesh: Mesh, angle_rad: float, axis: tuple[float, float, float] = (0, 0, 1)) -> Mesh:
    """Turn around an axis through the origin, right-handed."""
    k = np.asarray(axis, dtype=np.float64) / vector_length(axis)
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    rotation = np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * times(cross, cross)
    return _mesh(times(mesh.vertices, rotation.T), times(mesh.normals, rotation.T), mesh.uv, mesh.faces)


def times(points: NDArray, matrix: NDArray) -> NDArray[np.float64]:
    """(N, 3) by (3, 3), summed in a fixed order: the kernels behind `@` round as the processor they were made for."""
    return np.asarray(points[:, :1] * matrix[0] + points[:, 1:2] * matrix[1] + points[:, 2:] * matrix[2])


def scale(mesh: Mesh, by: tuple[float, float, float]) -> Mesh:
    """Stretch along the axes by positive factors; normals follow."""
    factor = np.asarray(by, dtype=np.float64)
    normals = mesh.normals / factor
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return _mesh(mesh.vertices * factor, normals, mesh.uv * float(factor.mean()), mesh.faces)


def join(*meshes: Mesh) -> Mesh:
    """One mesh of several."""
    offsets = np.concatenate([[0], np.cumsum([len(m.vertices) for m in meshes])[:-1]])
    return _mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.faces + offset for m, offset in zip(meshes, offsets, strict=True)]),
    )


def _mesh(vertices: ArrayLike, normals: ArrayLike, uv: ArrayLike, faces: ArrayLike) -> Mesh:
    return Mesh(
        np.asarray(vertices, dtype=np.float32),
        np.asarray(normals, dtype=np.float32),
        np.asarray(uv, dtype=np.float32),
        np.asarray(faces, dtype=np.int32),
    )
