"""Whole pictures: what hangs on walls, what screens and mirrors show, spines of books. Row 0 is the bottom of the picture.

Like `patterns`, they are made of exact arithmetic on seeded numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .patterns import Grey, Picture, fractal, grid, noise, tone

Colour = tuple[float, float, float]


def _fill(colour: Colour) -> Grey:
    return np.broadcast_to(np.array(colour), (128, 128, 3)).copy()


def _put(picture: Grey, where: NDArray[np.bool_], colour: Colour | Sequence[float]) -> None:
    picture[np.broadcast_to(where, picture.shape[:2])] = np.asarray(colour)


def _bytes(picture: Grey) -> Picture:
    return np.rint(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)


def _disc(v: Grey, u: Grey, at: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    return (v - at[0]) * (v - at[0]) + (u - at[1]) * (u - at[1]) < radius * radius


def _sky(low: Colour, high: Colour) -> Grey:
    v, _ = grid()
    return np.broadcast_to((1 - v[..., None]) * np.array(low) + v[..., None] * np.array(high), (128, 128, 3)).copy()


def landscape() -> Picture:
    rng = np.random.default_rng(41)
    v, u = grid()
    picture = _sky((0.98, 0.86, 0.66), (0.36, 0.60, 0.88))
    _put(picture, _disc(v, u, (0.76, 0.70), 0.08), (1.0, 0.93, 0.60))
    for height, rough, colour in (
        (0.56, 0.30, (0.50, 0.55, 0.70)),
        (0.42, 0.22, (0.30, 0.50, 0.42)),
        (0.24, 0.16, (0.20, 0.42, 0.16)),
    ):
        ridge = height + rough * (noise(rng, 1, 4)[:1] - 0.5) + 0.05 * (noise(rng, 1, 16)[:1] - 0.5)
        _put(picture, v < ridge, colour)
    _put(picture, (v < 0.16 - 0.3 * np.abs(u - 0.45)) & (np.abs(u - 0.45) < 0.3), (0.72, 0.60, 0.38))
    return _bytes(picture + 0.08 * (fractal(rng, 8, 8, 3)[..., None] - 0.5))


def sea() -> Picture:
    rng = np.random.default_rng(42)
    v, u = grid()
    picture = _sky((0.99, 0.72, 0.52), (0.34, 0.38, 0.66))
    _put(picture, _disc(v, u, (0.47, 0.35), 0.11), (1.0, 0.85, 0.45))
    ripple = noise(rng, 32, 5)
    _put(picture, v < 0.45, (0.10, 0.34, 0.52))
    _put(picture, (v < 0.45) & (ripple > 0.62), (0.28, 0.52, 0.66))
    _put(picture, (v < 0.45) & (np.abs(u - 0.35) < 0.10) & (ripple > 0.45), (0.98, 0.76, 0.46))
    _put(picture, (v > 0.40) & (v < 0.70) & (u - 0.66 > 0) & (u - 0.66 < (0.70 - v) * 0.5), (0.97, 0.97, 0.94))
    _put(picture, (v > 0.36) & (v < 0.40) & (np.abs(u - 0.71) < 0.11), (0.40, 0.20, 0.12))
    return _bytes(picture)


def abstract() -> Picture:
    rng = np.random.default_rng(43)
    v, u = grid()
    picture = _fill((0.95, 0.93, 0.86))
    colours = [(0.80, 0.16, 0.14), (0.12, 0.30, 0.66), (0.95, 0.76, 0.16), (0.10, 0.10, 0.12), (0.20, 0.54, 0.46)]
    for k in range(11):
        low, high = np.sort(rng.random(2)), np.sort(rng.random(2))
        where = (v > low[0]) & (v < low[0] + 0.45 * (low[1] - low[0])) & (u > high[0]) & (u < high[1])
        _put(picture, where, colours[k % 5])
    for k in range(5):
        at = (float(rng.random()), float(rng.random()))
        _put(picture, _disc(v, u, at, 0.05 + 0.09 * float(rng.random())), colours[(k * 2 + 1) % 5])
    return _bytes(picture)


def flowers() -> Picture:
    rng = np.random.default_rng(44)
    v, u = grid()
    picture = _fill((0.30, 0.34, 0.30)) + 0.14 * fractal(rng, 4, 4, 3)[..., None]
    _put(picture, v < 0.22 + 0 * u, (0.48, 0.32, 0.20))
    _put(picture, (v > 0.12) & (v < 0.46) & (np.abs(u - 0.5) < 0.10 + 0.12 * (0.46 - v)), (0.80, 0.84, 0.90))
    for _ in range(60):
        at = (0.50 + 0.36 * float(rng.random()), 0.22 + 0.56 * float(rng.random()))
        _put(picture, _disc(v, u, at, 0.045), (0.16, 0.40, 0.14))
    petals = [(0.92, 0.34, 0.42), (0.98, 0.82, 0.30), (0.95, 0.95, 0.96), (0.66, 0.30, 0.66)]
    for k in range(15):
        at = (0.52 + 0.34 * float(rng.random()), 0.24 + 0.52 * float(rng.random()))
        _put(picture, _disc(v, u, at, 0.065), petals[k % 4])
        _put(picture, _disc(v, u, at, 0.022), (0.55, 0.30, 0.08))
    return _bytes(picture)


def city() -> Picture:
    rng = np.random.default_rng(45)
    v, u = grid()
    picture = _sky((0.90, 0.56, 0.52), (0.10, 0.12, 0.30))
    for layer, shade in ((0.30, 0.34), (0.12, 0.14)):
        heights = layer + 0.45 * rng.random(12)
        tower = heights[(u * 12).astype(int)]
        _put(picture, v < tower, (shade, shade * 0.95, shade * 1.25))
        lit = rng.random((128, 128)).repeat(3, 0).repeat(3, 1)[:128, :128] > 0.72
        window = (v * 32 % 1 > 0.4) & (u * 48 % 1 > 0.4) & (u * 12 % 1 > 0.15)
        _put(picture, (v < tower - 0.03) & lit & window, (0.98, 0.86, 0.50))
    return _bytes(picture)


def portrait() -> Picture:
    rng = np.random.default_rng(46)
    v, u = grid()
    picture = _fill((0.34, 0.24, 0.16)) + 0.16 * fractal(rng, 3, 3, 4)[..., None]
    body = (v < 0.40) & ((u - 0.5) * (u - 0.5) / 0.12 + v * v / 0.16 < 1)
    _put(picture, body, (0.16, 0.20, 0.40))
    _put(picture, ((v - 0.64) * (v - 0.64) / 0.040 + (u - 0.5) * (u - 0.5) / 0.026) < 1, (0.24, 0.13, 0.06))
    _put(picture, (np.abs(u - 0.5) < 0.06) & (v > 0.34) & (v < 0.5), (0.80, 0.60, 0.46))
    _put(picture, ((v - 0.59) * (v - 0.59) / 0.026 + (u - 0.5) * (u - 0.5) / 0.014) < 1, (0.88, 0.69, 0.55))
    for x in (0.455, 0.545):
        _put(picture, _disc(v, u, (0.62, x), 0.013), (0.10, 0.08, 0.06))
    _put(picture, (np.abs(u - 0.5) < 0.035) & (np.abs(v - 0.52) < 0.008), (0.66, 0.28, 0.26))
    return _bytes(picture)


def forest() -> Picture:
    rng = np.random.default_rng(51)
    v, u = grid()
    picture = _sky((0.80, 0.90, 0.78), (0.56, 0.78, 0.80))
    for shade in (0.62, 0.42, 0.24):
        for x in rng.random(7):
            _put(picture, np.abs(u - x) < 0.012 + 0.02 * (0.7 - shade), (shade * 0.9, shade * 0.75, shade * 0.6))
        top = 0.55 + (0.7 - shade) * 0.4 + 0.3 * noise(rng, 6, 6)
        _put(picture, v > top, (shade * 0.55, shade, shade * 0.45))
    _put(picture, v < 0.16 + 0.05 * noise(rng, 1, 5)[:1], (0.30, 0.44, 0.16))
    return _bytes(picture + 0.08 * (noise(rng, 40, 40)[..., None] - 0.5))


def circles() -> Picture:
    """Nine squares with rings."""
    rng = np.random.default_rng(52)
    v, u = grid()
    square = (v * 3).astype(int) * 3 + (u * 3).astype(int)
    distance = np.sqrt((v * 3 % 1 - 0.5) * (v * 3 % 1 - 0.5) + (u * 3 % 1 - 0.5) * (u * 3 % 1 - 0.5))
    ring = np.minimum((distance * 9).astype(int), 4)
    colours = 0.12 + 0.84 * rng.random((9, 5, 3))
    return _bytes(colours[square, ring])


def chart() -> Picture:
    """A map of islands."""
    rng = np.random.default_rng(53)
    v, u = grid()
    land = fractal(rng, 3, 3, 5)
    picture = _fill((0.62, 0.78, 0.84))
    for level, colour in ((0.50, (0.94, 0.88, 0.70)), (0.53, (0.72, 0.80, 0.50)), (0.60, (0.78, 0.62, 0.42))):
        _put(picture, land > level, colour)
    _put(picture, (v * 8 % 1 < 0.04) | (u * 8 % 1 < 0.04), (0.50, 0.58, 0.62))
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    _put(picture, edge < 0.04, (0.95, 0.93, 0.88))
    return _bytes(picture)


def broadcast() -> Picture:
    """What a television shows: a presenter before a map."""
    rng = np.random.default_rng(47)
    v, u = grid()
    picture = _sky((0.10, 0.22, 0.52), (0.25, 0.55, 0.90))
    _put(picture, (fractal(rng, 3, 3, 3) > 0.52) & (u > 0.42) & (u < 0.95) & (v > 0.35) & (v < 0.9), (0.35, 0.72, 0.42))
    _put(picture, (v < 0.46) & (((u - 0.25) * (u - 0.25)) / 0.03 + v * v / 0.2 < 1), (0.14, 0.14, 0.18))
    _put(picture, (np.abs(u - 0.25) < 0.03) & (v > 0.2) & (v < 0.44), (0.95, 0.95, 0.95))
    _put(picture, _disc(v, u, (0.57, 0.25), 0.105), (0.86, 0.66, 0.52))
    _put(picture, _disc(v, u, (0.62, 0.25), 0.11) & (v > 0.62), (0.30, 0.18, 0.08))
    _put(picture, (v < 0.17) & (v > 0.05) & (u > -1), (0.80, 0.10, 0.12))
    _put(picture, (v < 0.14) & (v > 0.08) & (rng.random(128)[None] > 0.35) & (u > 0.08) & (u < 0.9), (0.98, 0.98, 0.98))
    return _bytes(picture)


def desktop() -> Picture:
    """What a computer shows: windows with lines of text."""
    rng = np.random.default_rng(48)
    v, u = grid()
    picture = _sky((0.16, 0.30, 0.56), (0.30, 0.62, 0.80))
    for u0, u1, v0, v1 in ((0.06, 0.55, 0.22, 0.92), (0.48, 0.95, 0.14, 0.70)):
        inside = (u > u0) & (u < u1) & (v > v0) & (v < v1)
        _put(picture, inside, (0.96, 0.96, 0.97))
        _put(picture, inside & (v > v1 - 0.06), (0.30, 0.32, 0.38))
        ends = u0 + 0.05 + (u1 - u0 - 0.1) * rng.random(20)
        line = (v * 20 % 1 > 0.5) & (u > u0 + 0.03) & (u < ends[(v * 20).astype(int)])
        _put(picture, inside & line & (v < v1 - 0.08), (0.35, 0.40, 0.50))
    _put(picture, v < 0.06 + 0 * u, (0.10, 0.12, 0.18))
    return _bytes(picture)


def books() -> Picture:
    """A row of book spines, one row of books high, tileable sideways."""
    rng = np.random.default_rng(49)
    v, u = grid()
    edges = np.sort(np.concatenate([[0.0], (np.arange(1, 22) + 0.5 * (rng.random(21) - 0.5)) / 22]))
    book = np.searchsorted(edges, u[0], side="right") - 1
    colours = np.array(
        [
            *[(0.55, 0.12, 0.12), (0.13, 0.22, 0.42), (0.14, 0.34, 0.22), (0.80, 0.70, 0.50), (0.20, 0.17, 0.16)],
            *[(0.85, 0.50, 0.18), (0.44, 0.26, 0.46), (0.90, 0.88, 0.82), (0.30, 0.45, 0.55)],
        ]
    )
    picture = np.broadcast_to(colours[rng.integers(0, 9, 22)][book][None], (128, 128, 3)).copy()
    for height in (0.18, 0.74, 0.80):
        _put(picture, (np.abs(v - height) < 0.012) & (book % 2 == 0)[None], (0.92, 0.82, 0.52))
    title = (np.abs(v - 0.46) < 0.14) & (rng.random((128, 1)) > 0.35) & (book % 3 != 0)[None]
    inner = (u - edges[book][None] > 0.014) & (np.append(edges, 1.0)[book + 1][None] - u > 0.014)
    _put(picture, title & inner, (0.94, 0.92, 0.84))
    gap = u - edges[book][None] < 0.006
    _put(picture, gap & (v > -1), (0.05, 0.05, 0.05))
    tall = (0.80 + 0.20 * rng.random(22))[book][None]
    _put(picture, v > tall, (0.06, 0.05, 0.05))
    return _bytes(picture)


def water() -> Picture:
    """An aquarium: plants, gravel and fish."""
    rng = np.random.default_rng(50)
    v, u = grid()
    picture = _sky((0.06, 0.30, 0.48), (0.30, 0.68, 0.84))
    for _ in range(16):
        x, top = float(rng.random()), 0.25 + 0.5 * float(rng.random())
        sway = x + 0.02 * (noise(rng, 8, 1)[:, :1] - 0.5) * 2
        _put(picture, (np.abs(u - sway) < 0.012) & (v < top), (0.14, 0.46, 0.20))
    _put(picture, v < 0.12 + 0.05 * noise(rng, 1, 6)[:1], (0.66, 0.56, 0.42))
    fish = [(0.96, 0.50, 0.10), (0.95, 0.84, 0.20), (0.86, 0.20, 0.24)]
    for k in range(9):
        y, x = 0.25 + 0.6 * float(rng.random()), 0.1 + 0.8 * float(rng.random())
        _put(picture, (v - y) * (v - y) / 0.0006 + (u - x) * (u - x) / 0.0018 < 1, fish[k % 3])
        _put(picture, (u > x + 0.03) & (u < x + 0.065) & (np.abs(v - y) < (u - x - 0.025) * 0.7), fish[k % 3])
    return _bytes(picture)


def glint() -> Picture:
    """Reflected light in a mirror, slanting: 0..1 covers it."""
    v, u = grid()
    slant = u * 0.8 + v
    streak = 0.12 * (np.abs(slant - 0.75) < 0.10) + 0.12 * (np.abs(slant - 0.98) < 0.04) + 0.08 * (np.abs(slant - 1.3) < 0.02)
    return tone(0.74 + 0.14 * v + streak)
