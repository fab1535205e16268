"""Light-toned tileable pictures of stuff: wood, cloth, stone, tiles. A material's colour tints them.

Only additions, products and comparisons of seeded numbers are used, so that the bytes are the same on every machine.
Rows run along v, columns along u; grain runs along v, which is upwards on a front and sideways on a table top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float64]
Picture = NDArray[np.uint8]


def noise(rng: np.random.Generator, rows: int, columns: int, size: int = 128) -> Grey:
    """Periodic value noise in [0, 1]: a (rows, columns) lattice of random numbers, smoothly filled to (size, size)."""
    lattice = rng.random((rows, columns))

    def places(cells: int) -> tuple[NDArray[np.int64], Grey]:
        at = np.arange(size) * cells / size
        low = at.astype(np.int64)
        part = at - low
        return low, part * part * (3.0 - 2.0 * part)

    i, s = places(rows)
    j, t = places(columns)
    s, t = s[:, None], t[None, :]
    down, right = (i + 1) % rows, (j + 1) % columns
    near = lattice[np.ix_(i, j)] * (1 - t) + lattice[np.ix_(i, right)] * t
    far = lattice[np.ix_(down, j)] * (1 - t) + lattice[np.ix_(down, right)] * t
    return near * (1 - s) + far * s


def fractal(rng: np.random.Generator, rows: int, columns: int, octaves: int, size: int = 128) -> Grey:
    """Octaves of `noise`, each twice as fine and half as strong, in [0, 1]."""
    weight = 2.0 ** -np.arange(octaves)
    layers = [noise(rng, rows << k, columns << k, size) * weight[k] for k in range(octaves)]
    return np.sum(layers, axis=0) / weight.sum()


def grid(size: int = 128) -> tuple[Grey, Grey]:
    """(v, u) in [0, 1) of every pixel, as (size, 1) and (1, size)."""
    line = (np.arange(size) + 0.5) / size
    return line[:, None], line[None, :]


def wave(phase: Grey) -> Grey:
    """A triangle wave of period 1 in [0, 1], 0 at whole numbers."""
    return 1.0 - np.abs(2.0 * (phase - np.floor(phase)) - 1.0)


def tone(grey: Grey, warm: float = 0.0) -> Picture:
    """Grey in [0, 1] as RGB; darker places lean to brown by `warm`."""
    grey = np.clip(grey, 0.0, 1.0)
    shade = np.array([0.0, 0.5, 1.0]) * warm
    return np.rint(255.0 * np.clip(grey[..., None] - (1.0 - grey[..., None]) * shade, 0.0, 1.0)).astype(np.uint8)


def cells(rng: np.random.Generator, count: int, size: int = 128) -> tuple[Grey, NDArray[np.int64]]:
    """Periodic Voronoi cells: how far each pixel is from a border, 0 at it, and the number of its cell."""
    v, u = grid(size)
    at = rng.random((count, 2))
    dv, du = np.abs(v[..., None] - at[:, 0]), np.abs(u[..., None] - at[:, 1])
    dv, du = np.minimum(dv, 1 - dv), np.minimum(du, 1 - du)
    distance = np.sqrt(dv * dv + du * du)
    nearest = np.argmin(distance, axis=-1)
    two = np.partition(distance, 1, axis=-1)
    return (two[..., 1] - two[..., 0]), nearest


def grain(rng: np.random.Generator, size: int = 128, rings: int = 5) -> Grey:
    """Wood grain along v in [0, 1]: bent year rings with fine fibres."""
    _, u = grid(size)
    bend = noise(rng, 2, 3, size) * 0.7
    fibre = noise(rng, 4, 48, size) * 0.6 + noise(rng, 8, 64, size) * 0.4
    return 0.55 * wave(u * rings + bend) + 0.45 * fibre


def wood() -> Picture:
    return tone(0.74 + 0.24 * grain(np.random.default_rng(1)), 0.25)


def wood_planks() -> Picture:
    return _planks(np.random.default_rng(2), boards=8, size=256)


def _planks(rng: np.random.Generator, boards: int, size: int) -> Picture:
    v, u = grid(size)
    board = np.minimum((u * boards).astype(np.int64), boards - 1)
    joint = rng.random(boards)[board]
    piece = ((v + joint) * 2 % 2).astype(np.int64)
    shade = rng.random((boards, 2))[board, piece]
    across = u * boards - board
    along = (v + joint) * 2 % 1
    gap = (across < 0.05) | (along < 0.012)
    grey = 0.70 + 0.14 * shade + 0.14 * grain(rng, size, boards * 2)
    return tone(np.where(gap, 0.52, grey), 0.25)


def parquet() -> Picture:
    rng, size = np.random.default_rng(3), 256
    v, u = grid(size)
    fibres = grain(rng, size, 16)
    upright = ((u * 4).astype(int) + (v * 4).astype(int)) % 2 == 0
    position = np.where(upright, u * 16 + 0 * v, v * 16 + 0 * u)
    block = ((v * 4).astype(int) * 4 + (u * 4).astype(int)) * 4 + position.astype(int) % 4
    shade = rng.random(64)[block]
    gap = (position % 1 < 0.07) | (u * 4 % 1 < 0.018) | (v * 4 % 1 < 0.018)
    grey = 0.72 + 0.14 * shade + 0.12 * np.where(upright, fibres, fibres.T)
    return tone(np.where(gap, 0.55, grey), 0.25)


def fabric() -> Picture:
    v, u = grid()
    over = wave(u * 32) * (np.floor(v * 32) % 2 == 0) + wave(v * 32) * (np.floor(v * 32) % 2 == 1)
    return tone(0.78 + 0.12 * over + 0.10 * fractal(np.random.default_rng(4), 8, 8, 4))


def leather() -> Picture:
    rng = np.random.default_rng(5)
    border, _ = cells(rng, 260)
    return tone(0.80 + 0.08 * np.minimum(border * 40, 1.0) + 0.11 * fractal(rng, 3, 3, 3))


def marble() -> Picture:
    rng = np.random.default_rng(6)
    fine = np.abs(2 * fractal(rng, 3, 4, 4) - 1)
    bold = np.abs(2 * fractal(rng, 2, 2, 5) - 1)
    return tone(0.97 - 0.22 * np.maximum(1 - fine * 9, 0) - 0.30 * np.maximum(1 - bold * 14, 0) - 0.06 * noise(rng, 3, 3))


def stone() -> Picture:
    rng = np.random.default_rng(7)
    return tone(0.66 + 0.22 * fractal(rng, 12, 12, 3) + 0.14 * (rng.random((128, 128)) - 0.3))


def brushed() -> Picture:
    rng = np.random.default_rng(8)
    return tone(0.89 + 0.05 * noise(rng, 128, 2) + 0.04 * noise(rng, 64, 4) + 0.02 * noise(rng, 2, 2))


def ceramic() -> Picture:
    return tone(0.93 + 0.06 * fractal(np.random.default_rng(9), 3, 3, 2))


def tile() -> Picture:
    return _tiles(np.random.default_rng(10), 2, 2, gap=0.025, spread=0.06)


def mosaic() -> Picture:
    return _tiles(np.random.default_rng(11), 6, 6, gap=0.08, spread=0.15)


def brick() -> Picture:
    return _tiles(np.random.default_rng(12), 6, 3, gap=0.06, spread=0.20, shift=True)


def subway() -> Picture:
    return _tiles(np.random.default_rng(13), 4, 2, gap=0.04, spread=0.04, shift=True)


def _tiles(rng: np.random.Generator, rows: int, columns: int, gap: float, spread: float, shift: bool = False) -> Picture:
    v, u = grid()
    row = (v * rows).astype(np.int64)
    across = u * columns + 0.5 * (row % 2) * shift
    column = across.astype(np.int64) % columns
    edge_u, edge_v = across % 1, v * rows % 1
    joint = (edge_u < gap * columns / max(rows, columns)) | (edge_v < gap * rows / max(rows, columns))
    grey = 0.98 - spread * rng.random((rows, columns))[row, column] - 0.08 * fractal(rng, 4, 4, 3)
    return tone(np.where(joint, 0.66, grey))


def checker_tile() -> Picture:
    rng = np.random.default_rng(14)
    v, u = grid()
    dark = ((u * 2).astype(int) + (v * 2).astype(int)) % 2 == 1
    joint = (u * 2 % 1 < 0.02) | (v * 2 % 1 < 0.02)
    return tone(np.where(joint, 0.7, np.where(dark, 0.58, 0.97)) - 0.06 * fractal(rng, 4, 4, 3))


def carpet() -> Picture:
    rng = np.random.default_rng(15)
    return tone(0.72 + 0.20 * rng.random((128, 128)) + 0.10 * fractal(rng, 4, 4, 3))


def wicker() -> Picture:
    v, u = grid()
    over = ((u * 8).astype(int) + (v * 8).astype(int)) % 2 == 0
    bulge = np.where(over, wave(v * 8) * np.minimum(wave(u * 8) * 4, 1), wave(u * 8) * np.minimum(wave(v * 8) * 4, 1))
    strand = np.where(over, wave(v * 24), wave(u * 24))
    return tone(0.60 + 0.28 * bulge + 0.12 * strand, 0.2)


def stripes() -> Picture:
    _, u = grid()
    weave = 0.05 * fractal(np.random.default_rng(16), 16, 16, 3)
    return tone(np.where(u * 4 % 1 < 0.5, 0.98, 0.66) - weave)


def pinstripes() -> Picture:
    _, u = grid()
    return tone(np.where(u * 8 % 1 < 0.14, 0.74, 0.97) - 0.04 * fractal(np.random.default_rng(17), 8, 8, 3))


def checks() -> Picture:
    v, u = grid()
    bands = 0.17 * (u * 4 % 1 < 0.5) + 0.17 * (v * 4 % 1 < 0.5)
    return tone(0.98 - bands - 0.04 * fractal(np.random.default_rng(18), 16, 16, 2))


def dots() -> Picture:
    v, u = grid()
    row = (v * 4).astype(int)
    dx, dy = (u * 4 + 0.5 * (row % 2)) % 1 - 0.5, v * 4 % 1 - 0.5
    return tone(np.where(dx * dx + dy * dy < 0.075, 1.0, 0.72))


def diamonds() -> Picture:
    v, u = grid()
    inside = np.abs(u * 4 % 1 - 0.5) + np.abs(v * 4 % 1 - 0.5)
    return tone(np.where(inside < 0.22, 0.62, np.where(inside < 0.46, 0.97, 0.80)))


def damask() -> Picture:
    """An ogee lattice with buds, for wallpaper."""
    v, u = grid()
    sway = wave(v * 2)
    sway = 0.5 * sway * sway * (3.0 - 2.0 * sway)
    lines = np.minimum(np.abs((u * 4 + sway) % 1 - 0.5), np.abs((u * 4 - sway) % 1 - 0.5))
    bud = np.zeros(lines.shape, dtype=bool)
    for shift in (0.0, 0.5):
        x, y = (u * 4 + shift) % 1 - 0.5, (v * 2 + shift) % 1 - 0.5
        bud |= x * x / 0.012 + y * y / 0.03 < 1
    return tone(0.96 - 0.10 * (lines < 0.05) - 0.08 * bud - 0.03 * fractal(np.random.default_rng(19), 8, 8, 3))


def plaster() -> Picture:
    return tone(0.93 + 0.06 * fractal(np.random.default_rng(20), 6, 6, 4))


def concrete() -> Picture:
    rng = np.random.default_rng(21)
    return tone(0.76 + 0.20 * fractal(rng, 3, 3, 5) - 0.10 * (rng.random((128, 128)) < 0.01))


def paper() -> Picture:
    return tone(0.94 + 0.05 * fractal(np.random.default_rng(22), 24, 24, 2))


def cardboard() -> Picture:
    _, u = grid()
    return tone(0.86 + 0.03 * wave(u * 24) + 0.08 * fractal(np.random.default_rng(23), 12, 12, 3), 0.2)


def leaves() -> Picture:
    rng = np.random.default_rng(24)
    border, number = cells(rng, 70)
    return tone(0.62 + 0.24 * rng.random(70)[number] + 0.14 * np.minimum(border * 16, 1.0))


def knit() -> Picture:
    v, u = grid()
    slant = np.abs(u * 12 % 1 - 0.5)
    return tone(0.68 + 0.28 * wave(v * 16 + slant * 1.2))


def rug_border() -> Picture:
    """A whole carpet with frames and a medallion, seen as one picture: 0..1 covers it."""
    v, u = grid()
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    middle = np.abs(u - 0.5) / 0.30 + np.abs(v - 0.5) / 0.36
    figure = wave(u * 12) * wave(v * 12) > 0.45
    grey = np.where(figure, 0.86, 0.74)
    grey = np.where(middle < 1.0, np.where(wave(middle * 4) > 0.5, 0.98, 0.66), grey)
    grey = np.where(edge < 0.13, np.where(wave((u + v) * 16) > 0.5, 0.97, 0.62), grey)
    grey = np.where((edge < 0.03) | ((edge > 0.11) & (edge < 0.13)), 0.55, grey)
    return tone(grey - 0.08 * np.random.default_rng(25).random((128, 128)))


def rug_geometric() -> Picture:
    """A whole carpet with zigzag bands: 0..1 covers it."""
    v, u = grid()
    band = np.floor(v * 10 + wave(u * 6) * 1.0).astype(int)
    grey = np.array([0.98, 0.70, 0.86, 0.60, 0.92])[band % 5]
    edge = np.minimum(v, 1 - v) + 0 * u
    return tone(np.where(edge < 0.03, 0.58, grey) - 0.08 * np.random.default_rng(26).random((128, 128)))


def rug_rings() -> Picture:
    """A whole round carpet with rings: 0..1 covers it."""
    v, u = grid()
    radius = np.sqrt((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5))
    grey = np.array([0.98, 0.70, 0.90, 0.62, 0.95, 0.74])[np.minimum((radius * 12).astype(int), 5)]
    return tone(grey - 0.08 * np.random.default_rng(27).random((128, 128)))
