"""What is seen through the windows: a bright sky over hills, trees and houses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .patterns import fractal

_SIZE = 128


def outside_view(seed: int, window: int) -> NDArray[np.uint8]:
    """The picture behind a window: (128, 128, 3) uint8, row 0 at the bottom. A few pictures serve all windows."""
    return _picture((seed * 3 + window) % 6)


@lru_cache(maxsize=8)
def _picture(which: int) -> NDArray[np.uint8]:
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([which, 91])))
    up = ((np.arange(_SIZE) + 0.5) / _SIZE)[:, None]
    sky = np.array([0.97, 0.98, 1.0]) + (up[..., None] - 0.35) * np.array([-0.36, -0.18, -0.02])
    clouds = fractal(rng, 2, 2, 4, _SIZE)
    veil = np.clip((clouds - 0.48) * 3.0, 0.0, 0.8)[..., None]
    picture = np.broadcast_to(sky, (_SIZE, _SIZE, 3)) * (1.0 - veil) + veil
    skyline = 0.30 + 0.10 * fractal(rng, 2, 3, 3, _SIZE)[:1]
    picture = np.where((up < skyline)[..., None], np.array([0.70, 0.78, 0.84]), picture)
    if which % 2:
        picture = _houses(rng, picture, up)
    crowns = 0.10 + 0.26 * fractal(rng, 2, 5, 4, _SIZE)[1:2]
    leaves = fractal(rng, 8, 8, 3, _SIZE)[..., None]
    green = np.array([0.36, 0.48, 0.25]) * (0.75 + 0.7 * leaves)
    picture = np.where((up < crowns)[..., None], green, picture)
    picture = 0.78 * picture + 0.22  # haze and glare of daylight seen from inside
    made = np.rint(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
    made.setflags(write=False)
    return made


def _houses(rng: np.random.Generator, picture: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    out = picture.copy()
    at = 0
    while at < _SIZE:
        width, top = int(rng.integers(14, 30)), int(rng.integers(40, 76))
        wall = np.array([0.80, 0.74, 0.68]) * float(rng.uniform(0.85, 1.12))
        out[:top, at : at + width] = wall
        for row in range(8, top - 6, 9):
            for column in range(at + 3, min(at + width, _SIZE) - 5, 7):
                out[row : row + 5, column : column + 4] = (0.46, 0.54, 0.62)
        at += width + int(rng.integers(0, 12))
    return out
