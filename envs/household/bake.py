"""Baked light: what windows, ceiling lamps, corners and furniture do to the brightness of floors, ceilings and walls.

Only sums, products, quotients and comparisons are used, so that the bytes of the textures do not depend on the machine.
Light is worked out on a coarse grid and smoothly enlarged over the fine pattern of the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .model import Apartment

Light = NDArray[np.float32]
SUN_RGB = (1.25, 1.08, 0.80)
DAY_RGB = (0.98, 1.00, 1.03)
LAMP_RGB = (1.04, 0.99, 0.91)
AMBIENT = 0.62
LAMP_STRENGTH = 1.1
DARK_ROOM_STRENGTH = 0.6  # what lamps give more where there is little glass
DAY_STRENGTH = 1.0
LIGHT_PER_M = 12  # samples of light per metre


@dataclass(frozen=True, slots=True)
class WindowLight:
    """A window as a source of light: centre (3,), the direction into the room (2,), width and height in metres."""

    centre: tuple[float, float, float]
    inward: tuple[float, float]
    size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class RoomLight:
    """What lights a room: lamps under its ceiling, its windows, and the way that the sun's rays go."""

    lamps: tuple[tuple[float, float, float], ...]
    lamp_strength: float
    windows: tuple[WindowLight, ...]
    sun: tuple[float, float, float]


def room_light(apartment: Apartment, room: int, sun: tuple[float, float, float]) -> RoomLight:
    """The light of one room: a lamp every 3.5 m or so, its own windows, and the sun through them."""
    x0, y0, x1, y1 = apartment.rooms[room].rect
    across, along = max(round((x1 - x0) / 3.5), 1), max(round((y1 - y0) / 3.5), 1)
    lamps = tuple(
        (x0 + (x1 - x0) * (i + 0.5) / across, y0 + (y1 - y0) * (j + 0.5) / along, apartment.ceiling_m - 0.3)
        for i in range(across)
        for j in range(along)
    )
    sources = []
    for window in apartment.windows:
        if window.room == room:
            x, y, _ = window.centre
            if window.along == "x":
                inward = (0.0, 1.0 if y < (y0 + y1) / 2 else -1.0)
            else:
                inward = (1.0 if x < (x0 + x1) / 2 else -1.0, 0.0)
            sources.append(WindowLight(window.centre, inward, window.size))
    glass = sum(source.size[0] * source.size[1] for source in sources)
    strength = LAMP_STRENGTH + DARK_ROOM_STRENGTH * max(0.0, 1.0 - glass / 1.5)
    return RoomLight(lamps, strength / len(lamps) ** 0.5, tuple(sources), sun)


def shine(light: RoomLight, x: Light, y: Light, z: Light, normal: tuple[float, float, float]) -> Light:
    """Light that reaches points of a plane: x, y, z broadcast to (h, w), metres; returns (h, w, 3), about 0.5 to 1.3."""
    total = np.full((*np.broadcast_shapes(x.shape, y.shape, z.shape), 3), AMBIENT, dtype=np.float32)
    for lx, ly, lz in light.lamps:
        dx, dy, dz = lx - x, ly - y, lz - z
        square = dx * dx + dy * dy + dz * dz
        facing = np.maximum(normal[0] * dx + normal[1] * dy + normal[2] * dz, 0.0) / (0.4 + np.sqrt(square))
        glow = light.lamp_strength * (0.12 + facing) / (1.6 + square)
        total += glow[..., None] * np.asarray(LAMP_RGB, dtype=np.float32)
    for window in light.windows:
        dx, dy, dz = window.centre[0] - x, window.centre[1] - y, window.centre[2] - z
        square = dx * dx + dy * dy + dz * dz
        length = 0.25 + np.sqrt(square)
        facing = np.maximum(normal[0] * dx + normal[1] * dy + normal[2] * dz, 0.0) / length + 0.08
        leaving = np.maximum(-(window.inward[0] * dx + window.inward[1] * dy), 0.0) / length
        area = window.size[0] * window.size[1]
        glow = DAY_STRENGTH * area * facing * leaving / (0.8 + square)
        total += glow[..., None] * np.asarray(DAY_RGB, dtype=np.float32)
        total += _sun_patch(light, window, x, y, z, normal)[..., None] * np.asarray(SUN_RGB, dtype=np.float32)
    return total


def _sun_patch(
    light: RoomLight, window: WindowLight, x: Light, y: Light, z: Light, normal: tuple[float, float, float]
) -> Light:
    """How much of the sun's disc a point sees through a window (0 to about 0.8), with soft edges and the bar in the middle."""
    sx, sy, sz = light.sun
    through = sx * window.inward[0] + sy * window.inward[1]
    facing = -(sx * normal[0] + sy * normal[1] + sz * normal[2])
    if through < 0.25 or facing <= 0.0:
        return np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.float32)
    cx, cy, cz = window.centre
    back = ((x - cx) * window.inward[0] + (y - cy) * window.inward[1]) / through  # metres of ray since the window
    across = (x - back * sx - cx) * window.inward[1] - (y - back * sy - cy) * window.inward[0]
    height = z - back * sz - cz
    soft = 0.06
    inside = _ramp((window.size[0] / 2 - np.abs(across)) / soft) * _ramp((window.size[1] / 2 - np.abs(height)) / soft)
    return (inside * _ramp((np.abs(across) - 0.03) / soft) * (0.85 * facing)).astype(np.float32)


def edge_shade(distance: Light, reach_m: float = 0.22, depth: float = 0.28) -> Light:
    """Ambient occlusion by distance (metres) from an edge: 1 - depth at it, 1 far away."""
    near = distance / reach_m
    return (1.0 - depth / (1.0 + near * near)).astype(np.float32)


def contact(mask: Light, per_m: int) -> Light:
    """Shade around footprints: `mask` (h, w) holds how much of the light above each place is blocked, in [0, 1]."""
    tight = _blur(mask, 0.10 * per_m)
    wide = _blur(mask, 0.34 * per_m)
    return (1.0 - 0.40 * tight) * (1.0 - 0.42 * wide)


def paint_boxes(mask: Light, spans: NDArray[np.float64], weights: NDArray[np.float64], per_m: int) -> None:
    """Raise a mask in place to `weights` (N,) inside boxes `spans` (N, 4): u0, v0, u1, v1 in metres from the mask's corner."""
    rows, columns = mask.shape
    cells = np.rint(spans * per_m).astype(np.int64)
    for (u0, v0, u1, v1), weight in zip(cells.tolist(), weights.tolist(), strict=True):
        if u1 <= 0 or v1 <= 0 or u0 >= columns or v0 >= rows:
            continue
        part = mask[max(v0, 0) : max(v1, v0 + 1), max(u0, 0) : max(u1, u0 + 1)]
        np.maximum(part, np.float32(weight), out=part)


def enlarge(coarse: Light, rows: int, columns: int) -> Light:
    """Bilinear enlargement of (h, w, 3) samples at cell middles to (rows, columns, 3)."""
    out = coarse
    for axis, size in ((0, rows), (1, columns)):
        count = out.shape[axis]
        place = np.clip((np.arange(size, dtype=np.float32) + 0.5) * np.float32(count / size) - 0.5, 0, count - 1)
        low = np.minimum(place.astype(np.int64), max(count - 2, 0))
        part = (place - low).astype(np.float32)
        part = part[:, None, None] if axis == 0 else part[None, :, None]
        first, second = np.take(out, low, axis=axis), np.take(out, np.minimum(low + 1, count - 1), axis=axis)
        out = first + (second - first) * part
    return out


def expose(albedo: Light, light: Light) -> NDArray[np.uint8]:
    """The picture of a lit surface: albedo (H, W, 3) times light (h, w, 3), with a soft shoulder; uint8."""
    lit = np.minimum(light / (1.0 + 0.32 * light) * np.float32(1.36), np.float32(1.25)).astype(np.float32)
    picture = enlarge(lit, albedo.shape[0], albedo.shape[1])
    picture *= albedo
    picture *= np.float32(255.0)
    np.minimum(picture, np.float32(255.0), out=picture)
    return picture.astype(np.uint8)


def _blur(mask: Light, width: float) -> Light:
    size = max(int(width) | 1, 3)
    once = ndimage.uniform_filter(mask, size=size, mode="nearest")
    return np.asarray(ndimage.uniform_filter(once, size=size, mode="nearest"), dtype=np.float32)


def _ramp(value: NDArray[np.floating]) -> NDArray[np.floating]:
    clipped = np.clip(value, 0.0, 1.0)
    return clipped * clipped * (3.0 - 2.0 * clipped)
