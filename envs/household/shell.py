"""The shell of an apartment: floors, ceilings, walls with holes, trim and windows, each with its baked texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import bake, trim
from .finishes import CEILING, lay, splash_tiles, wall_px_per_m
from .model import Apartment, Mesh, Placed
from .outside import outside_view
from .walls import Face, faces, solids

__all__ = ["ShellPiece", "shell", "solids"]

FLOOR_PX_PER_M = 56
KITCHEN_WALL_PX_PER_M = 52
CEILING_PX_PER_M = 16
_SPLASH_M = (0.88, 1.43)  # lower and upper edge of the tiles behind worktops
_SPLASHED = ("kitchen counter", "kitchen sink", "stove", "dishwasher")
_REACH_M = 0.5  # furniture farther than this from a wall casts no shade on it


@dataclass(frozen=True, slots=True, eq=False)
class ShellPiece:
    """One lit surface. name: "floor", "ceiling", "wall north", "trim" or "window 2". emission in [0, 1].

    mesh: world coordinates; uv in [0, 1] over `texture` (H, W, 3) uint8, row 0 at v = 0, column 0 at u = 0. The light is in
    the texture already: show it unlit.
    """

    room: int
    name: str
    mesh: Mesh
    texture: NDArray[np.uint8]
    emission: float


def shell(apartment: Apartment) -> tuple[ShellPiece, ...]:
    """Every surface of the apartment that is not a thing, with light baked into its texture."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([apartment.seed, 90])))
    sun = _sun(rng)
    boxes = furniture_boxes(apartment)
    blocked = solids(apartment)
    pieces: list[ShellPiece] = []
    for index in range(len(apartment.rooms)):
        light = bake.room_light(apartment, index, sun)
        pieces.append(_floor(apartment, index, light, boxes, blocked, rng))
        pieces.append(_ceiling(apartment, index, light))
        sides = faces(apartment, index)
        for side in sides:
            pieces.append(_wall(apartment, side, light, boxes, rng))
        pieces.append(ShellPiece(index, "trim", trim.room_trim(apartment, sides), trim.texture(), 0.0))
        for side in sides:
            for hole in side.holes:
                if hole.kind == "window":
                    pane = trim.pane(side, hole, apartment.wall_m)
                    pieces.append(
                        ShellPiece(index, f"window {hole.index}", pane, outside_view(apartment.seed, hole.index), 1.0)
                    )
    return tuple(pieces)


def furniture_boxes(apartment: Apartment) -> NDArray[np.float64]:
    """The solid boxes of everything that stands on a floor or hangs, (N, 6) world metres: x0, y0, x1, y1, z0, z1."""
    boxes = [box for placed in apartment.objects if placed.parent < 0 for box in world_boxes(placed)]
    return np.array(boxes, dtype=np.float64).reshape(-1, 6)


def world_boxes(placed: Placed) -> list[tuple[float, float, float, float, float, float]]:
    """Bounds in the world of each solid box of a placed thing (of its whole bounds where it has none)."""
    cos, sin = abs(float(np.cos(placed.yaw_rad))), abs(float(np.sin(placed.yaw_rad)))
    signed_cos, signed_sin = float(np.cos(placed.yaw_rad)), float(np.sin(placed.yaw_rad))
    made = []
    for box in placed.asset.solids or (placed.asset.bounds,):
        (x, y, z), (hx, hy, hz) = box.centre, box.half_size
        mx = placed.xyz[0] + signed_cos * x - signed_sin * y
        my = placed.xyz[1] + signed_sin * x + signed_cos * y
        wx, wy, mz = cos * hx + sin * hy, sin * hx + cos * hy, placed.xyz[2] + z
        values = (mx - wx, my - wy, mx + wx, my + wy, mz - hz, mz + hz)
        made.append(tuple(round(value, 5) for value in values))
    return made  # type: ignore[return-value]


def _sun(rng: np.random.Generator) -> tuple[float, float, float]:
    """A direction of the sun's rays at 25 to 40 degrees, from one of 16 sides."""
    side, slope = int(rng.integers(16)), float(rng.uniform(0.5, 0.85))
    octant = ((1.0, 0.2), (0.85, 0.53), (0.53, 0.85), (0.2, 1.0))[side % 4]
    x, y = ((1, 1), (-1, 1), (1, -1), (-1, -1))[side // 4]
    length = float(np.sqrt(octant[0] ** 2 + octant[1] ** 2 + slope**2))
    return x * octant[0] / length, y * octant[1] / length, -slope / length


def _grid(start: float, end: float, per_m: int) -> NDArray[np.float32]:
    count = max(round((end - start) * per_m), 2)
    return (start + (np.arange(count) + 0.5) * ((end - start) / count)).astype(np.float32)


def _floor(
    apartment: Apartment,
    index: int,
    light: bake.RoomLight,
    boxes: NDArray[np.float64],
    blocked: NDArray[np.float64],
    rng: np.random.Generator,
) -> ShellPiece:
    """The floor, out to the middle of the walls so that it meets its neighbour in the doorways."""
    room, half = apartment.rooms[index], apartment.wall_m / 2
    x0, y0, x1, y1 = room.rect[0] - half, room.rect[1] - half, room.rect[2] + half, room.rect[3] + half
    per_m = 16
    x, y = _grid(x0, x1, per_m)[None, :], _grid(y0, y1, per_m)[:, None]
    lit = bake.shine(light, x, y, np.zeros((1, 1), dtype=np.float32), (0.0, 0.0, 1.0))
    mask = np.zeros(lit.shape[:2], dtype=np.float32)
    corner = np.array([x0, y0, x0, y0])
    walls = blocked[blocked[:, 4] < 0.01]
    bake.paint_boxes(mask, walls[:, :4] - corner, np.full(len(walls), 0.55), per_m)
    height = boxes[:, 4] / 0.45
    bake.paint_boxes(mask, boxes[:, :4] - corner, np.where(boxes[:, 4] < 1.2, 1.0 / (1.0 + height * height), 0.0), per_m)
    lit *= bake.contact(mask, per_m)[..., None]
    shift = (int(rng.integers(512)), int(rng.integers(512)))
    albedo = lay(room.floor, x1 - x0, y1 - y0, FLOOR_PX_PER_M, shift)
    corners = np.array([[x0, y0, 0.0], [x1, y0, 0.0], [x1, y1, 0.0], [x0, y1, 0.0]])
    return ShellPiece(index, "floor", _quad(corners, (0.0, 0.0, 1.0)), bake.expose(albedo, lit), 0.0)


def _ceiling(apartment: Apartment, index: int, light: bake.RoomLight) -> ShellPiece:
    x0, y0, x1, y1 = apartment.rooms[index].rect
    z = apartment.ceiling_m
    x, y = _grid(x0, x1, 6)[None, :], _grid(y0, y1, 6)[:, None]
    lit = bake.shine(light, x, y, np.full((1, 1), z, dtype=np.float32), (0.0, 0.0, -1.0)) + np.float32(0.22)
    for distance in (x - x0, x1 - x, y - y0, y1 - y):
        lit *= bake.edge_shade(distance, 0.3, 0.18)[..., None]
    albedo = lay(CEILING, x1 - x0, y1 - y0, CEILING_PX_PER_M, (0, 0))
    corners = np.array([[x0, y1, z], [x1, y1, z], [x1, y0, z], [x0, y0, z]])
    mesh = _quad(corners, (0.0, 0.0, -1.0))
    mesh.uv[:, 1] = 1.0 - mesh.uv[:, 1]
    return ShellPiece(index, "ceiling", mesh, bake.expose(albedo, lit), 0.0)


def _wall(
    apartment: Apartment, face: Face, light: bake.RoomLight, boxes: NDArray[np.float64], rng: np.random.Generator
) -> ShellPiece:
    u, v = _grid(0.0, face.length_m, bake.LIGHT_PER_M)[None, :], _grid(0.0, face.height_m, bake.LIGHT_PER_M)[:, None]
    x = (face.origin[0] + u * np.float32(face.right[0])).astype(np.float32)
    y = (face.origin[1] + u * np.float32(face.right[1])).astype(np.float32)
    lit = bake.shine(light, x, y, v, (face.inward[0], face.inward[1], 0.0))
    for distance in (u, np.float32(face.length_m) - u, v, np.float32(face.height_m) - v):
        lit *= bake.edge_shade(distance)[..., None]
    mask = np.zeros(lit.shape[:2], dtype=np.float32)
    spans, weights = _shades(face, boxes)
    bake.paint_boxes(mask, spans, weights, bake.LIGHT_PER_M)
    lit *= bake.contact(mask, bake.LIGHT_PER_M)[..., None]
    material = apartment.rooms[face.room].wall
    shift = (0, int(rng.integers(512)))
    worktops = _worktops(apartment, face)
    px_per_m = KITCHEN_WALL_PX_PER_M if worktops else wall_px_per_m(material)
    albedo = lay(material, face.length_m, face.height_m, px_per_m, shift)
    if worktops:
        tiles = lay(splash_tiles(apartment.seed), face.length_m, _SPLASH_M[1] - _SPLASH_M[0], px_per_m, (0, 0))
        low = round(_SPLASH_M[0] * px_per_m)
        for start, end in worktops:
            first, last = (max(round(u * px_per_m), 0) for u in (start, end))
            albedo[low : low + len(tiles), first:last] = tiles[:, first:last]
    return ShellPiece(face.room, f"wall {face.name}", _wall_mesh(face), bake.expose(albedo, lit), 0.0)


def _worktops(apartment: Apartment, face: Face) -> list[tuple[float, float]]:
    """Spans (u0, u1) of a kitchen's wall that have worktops before them."""
    spans = []
    for placed in apartment.objects:
        if placed.room == face.room and placed.asset.category in _SPLASHED:
            x0, y0, x1, y1, _, _ = world_boxes(placed)[0]
            if min(face.before(x0, y0), face.before(x1, y1)) < 0.1:
                spans.append((min(face.along(x0, y0), face.along(x1, y1)), max(face.along(x0, y0), face.along(x1, y1))))
    return spans if apartment.rooms[face.room].kind == "kitchen" else []


def _shades(face: Face, boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where furniture near a wall darkens it: spans (N, 4) u0, v0, u1, v1 and weights (N,)."""
    ends_u, ends_d = [], []
    for i, j in ((0, 1), (2, 3)):
        dx, dy = boxes[:, i] - face.origin[0], boxes[:, j] - face.origin[1]
        ends_u.append(dx * face.right[0] + dy * face.right[1])
        ends_d.append(dx * face.inward[0] + dy * face.inward[1])
    near = np.minimum(ends_d[0], ends_d[1])
    u0, u1 = np.minimum(ends_u[0], ends_u[1]), np.maximum(ends_u[0], ends_u[1])
    hit = (near > -0.05) & (near < _REACH_M) & (u1 > 0.0) & (u0 < face.length_m)
    spans = np.column_stack([u0, boxes[:, 4], u1, boxes[:, 5]])[hit]
    return spans, 0.8 * (1.0 - np.maximum(near[hit], 0.0) / _REACH_M)


def _wall_mesh(face: Face) -> Mesh:
    """A wall as a grid of quads without those in its holes."""
    us = sorted({0.0, face.length_m, *(edge for hole in face.holes for edge in hole.u)})
    vs = sorted({0.0, face.height_m, *(edge for hole in face.holes for edge in hole.v)})
    vertices = [face.point(u, v) for v in vs for u in us]
    uv = [(u / face.length_m, v / face.height_m) for v in vs for u in us]
    quads, n = [], len(us)
    for j in range(len(vs) - 1):
        for i in range(n - 1):
            middle = ((us[i] + us[i + 1]) / 2, (vs[j] + vs[j + 1]) / 2)
            if any(hole.u[0] < middle[0] < hole.u[1] and hole.v[0] < middle[1] < hole.v[1] for hole in face.holes):
                continue
            a, b = j * n + i, (j + 1) * n + i
            quads += [(a, a + 1, b + 1), (a, b + 1, b)]
    normals = np.tile([face.inward[0], face.inward[1], 0.0], (len(vertices), 1))
    return _mesh(np.array(vertices), normals, np.array(uv), np.array(quads))


def _quad(corners: NDArray[np.float64], normal: tuple[float, float, float]) -> Mesh:
    uv = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    return _mesh(corners, np.tile(normal, (4, 1)), uv, np.array([[0, 1, 2], [0, 2, 3]]))


def _mesh(vertices: NDArray, normals: NDArray, uv: NDArray, faces_: NDArray) -> Mesh:
    return Mesh(vertices.astype(np.float32), normals.astype(np.float32), uv.astype(np.float32), faces_.astype(np.int32))
