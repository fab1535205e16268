"""Finishes: which floor and wall a kind of room gets, and the picture of a finish laid over a surface."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .materials import PATTERNS
from .model import RGB, Material, RoomKind

_OAK: RGB = (0.72, 0.52, 0.34)
_WALNUT: RGB = (0.47, 0.31, 0.20)
_ASH: RGB = (0.83, 0.70, 0.53)
_GREY_WOOD: RGB = (0.62, 0.57, 0.52)
_WOODS = (("wood_planks", _OAK), ("wood_planks", _WALNUT), ("wood_planks", _ASH), ("wood_planks", _GREY_WOOD))
_PARQUETS = (("parquet", _OAK), ("parquet", _WALNUT), ("parquet", _ASH))
_TILES = (
    ("tile", (0.80, 0.78, 0.74)),
    ("tile", (0.62, 0.62, 0.62)),
    ("tile", (0.72, 0.60, 0.48)),
    ("checker_tile", (0.88, 0.88, 0.86)),
    ("tile", (0.86, 0.84, 0.80)),
)
_CARPETS = (("carpet", (0.70, 0.64, 0.55)), ("carpet", (0.50, 0.53, 0.60)), ("carpet", (0.62, 0.55, 0.52)))
_FLOORS: Mapping[RoomKind, tuple[tuple[str, RGB], ...]] = {
    "kitchen": (*_TILES, *_WOODS[:3]),
    "living room": (*_WOODS, *_PARQUETS),
    "bedroom": (*_WOODS, *_CARPETS),
    "bathroom": (*_TILES, ("mosaic", (0.70, 0.76, 0.78))),
    "dining room": (*_WOODS, *_PARQUETS),
    "office": (*_WOODS, *_CARPETS),
    "hallway": (*_WOODS, *_TILES[:3]),
    "laundry room": (*_TILES, ("concrete", (0.66, 0.66, 0.65))),
}
_PAINTS: tuple[RGB, ...] = (
    (0.93, 0.92, 0.89),
    (0.91, 0.87, 0.79),
    (0.84, 0.88, 0.86),
    (0.80, 0.86, 0.91),
    (0.90, 0.83, 0.78),
    (0.82, 0.84, 0.76),
    (0.86, 0.84, 0.88),
    (0.94, 0.90, 0.76),
)
_GLAZES: tuple[RGB, ...] = ((0.97, 0.97, 0.96), (0.94, 0.91, 0.85), (0.86, 0.93, 0.95), (0.90, 0.95, 0.89), (0.96, 0.90, 0.88))
_STRONG_PAINTS: tuple[RGB, ...] = ((0.48, 0.60, 0.62), (0.66, 0.73, 0.62), (0.80, 0.62, 0.52), (0.55, 0.62, 0.74))
_PAPERS = ("pinstripes", "damask", "diamonds")
_WALL_TILES = ("subway", "tile", "mosaic")
_DRY_ROOMS: tuple[RoomKind, ...] = ("living room", "bedroom", "dining room", "office")
# Resolution of walls by pattern, pixels per metre: fine where there are joints to see.
_WALL_PX_PER_M: Mapping[str, int] = {"plaster": 28, "subway": 60, "tile": 60, "mosaic": 60}
_WALL_PX_ELSE = 44
CEILING = Material((0.95, 0.95, 0.94), "plaster")
TRIM = Material((0.94, 0.94, 0.92))


def choose_finishes(rng: np.random.Generator, kind: RoomKind) -> tuple[Material, Material]:
    """A floor and a wall as fits the kind of room."""
    pattern, rgb = _FLOORS[kind][int(rng.integers(len(_FLOORS[kind])))]
    shift = float(rng.uniform(0.92, 1.06))
    floor = Material((_shade(rgb[0] * shift), _shade(rgb[1] * shift), _shade(rgb[2] * shift)), pattern)
    draw, pick = float(rng.random()), int(rng.integers(1 << 20))
    if kind == "bathroom":
        wall = Material(_GLAZES[pick % len(_GLAZES)], _WALL_TILES[(pick >> 4) % len(_WALL_TILES)])
    elif kind in _DRY_ROOMS and draw < 0.2:
        wall = Material(_PAINTS[pick % len(_PAINTS)], _PAPERS[(pick >> 4) % len(_PAPERS)])
    elif kind in _DRY_ROOMS and draw < 0.45:
        wall = Material(_STRONG_PAINTS[pick % len(_STRONG_PAINTS)], "plaster")
    elif kind == "living room" and draw < 0.52:
        wall = Material((0.80, 0.62, 0.54), "brick")
    else:
        wall = Material(_PAINTS[pick % len(_PAINTS)], "plaster")
    return floor, wall


def wall_px_per_m(material: Material) -> int:
    """Pixels per metre that a wall of this finish needs."""
    return _WALL_PX_PER_M.get(material.pattern, _WALL_PX_ELSE)


def splash_tiles(seed: int) -> Material:
    """The tiles behind the worktops of an apartment's kitchen."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 92])))
    rgb = ((0.93, 0.93, 0.91), (0.80, 0.86, 0.88), (0.86, 0.80, 0.70), (0.70, 0.78, 0.72))[int(rng.integers(4))]
    return Material(rgb, ("subway", "mosaic", "tile")[int(rng.integers(3))])


def lay(material: Material, width_m: float, height_m: float, px_per_m: int, shift_px: tuple[int, int]) -> NDArray[np.float32]:
    """The albedo of a finish over a surface: (H, W, 3) float32 in [0, 1], row 0 at v = 0, the tiles shifted by pixels."""
    rows, columns = max(round(height_m * px_per_m), 2), max(round(width_m * px_per_m), 2)
    tile = _tile(material.pattern, px_per_m)
    i = (np.arange(rows) + shift_px[0]) % tile.shape[0]
    j = (np.arange(columns) + shift_px[1]) % tile.shape[1]
    return tile[i][:, j] * np.asarray(material.rgb, dtype=np.float32)


@lru_cache(maxsize=128)
def _tile(pattern: str, px_per_m: int) -> NDArray[np.float32]:
    """One tile of a pattern, averaged down to the resolution of the surface: (h, w, 3) float32 in [0, 1]."""
    if pattern not in PATTERNS:
        return np.ones((1, 1, 3), dtype=np.float32)
    maker, metres = PATTERNS[pattern]
    picture = maker().astype(np.float32) / np.float32(255.0)
    size = max(round(metres * px_per_m), 1)
    for axis in (0, 1):
        edges = (np.arange(size) * picture.shape[axis]) // size
        counts = np.diff(np.append(edges, picture.shape[axis]))
        if size < picture.shape[axis]:
            shape = [1, 1, 1]
            shape[axis] = size
            picture = np.add.reduceat(picture, edges, axis=axis) / counts.astype(np.float32).reshape(shape)
        else:
            picture = np.take(picture, edges, axis=axis)
    return np.ascontiguousarray(picture, dtype=np.float32)


def _shade(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 4)
