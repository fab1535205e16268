"""What is behind the hand: plain, shaded, patterned or cluttered pictures without any meaning, from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PLAIN_RGB = (196, 200, 206)


def backdrop(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) uint8; seed -1 is plain."""
    if seed < 0:
        return np.full((height, width, 3), PLAIN_RGB, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    kind = rng.choice(len(_KINDS), p=_CHANCES)
    return _washed(_KINDS[kind](rng, width, height), rng.random())


def _washed(picture: NDArray[np.uint8], grey: float) -> NDArray[np.uint8]:
    """The picture with less colour: 1 is grey."""
    import cv2

    return np.asarray(cv2.transform(picture, (1.0 - grey) * np.eye(3) + grey / 3.0), dtype=np.uint8)


def _shaded(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """One colour that changes slowly."""
    return _noise(rng, width, height, 2, rng.uniform(0, 60))


def _noise(
    rng: np.random.Generator, width: int, height: int, cells: int | None = None, spread: float | None = None
) -> NDArray[np.uint8]:
    """Noise of one size of grain, between two pixels and half the picture."""
    import cv2

    cells = int(2 ** rng.uniform(1.5, 6.5)) if cells is None else cells
    spread = rng.uniform(20, 110) if spread is None else spread
    coloured = 3 if rng.random() < 0.6 else 1
    grain = rng.uniform(0, 255, 3) + spread * rng.standard_normal((cells, cells, coloured))
    fine = cv2.resize(np.clip(grain, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine, dtype=np.uint8)


def _stripes(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Stripes or checks of two colours, at any angle."""
    colours = rng.integers(0, 256, (2, 3), dtype=np.uint8)
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(6, 70)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    along = np.floor((x * np.cos(angle) + y * np.sin(angle)) / pitch + rng.random()).astype(np.int32)
    if rng.random() < 0.5:
        along = along + np.floor((y * np.cos(angle) - x * np.sin(angle)) / pitch).astype(np.int32)
    return np.asarray(colours[along & 1])


def _collage(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Discs, bars and polygons on noise, as a room out of focus."""
    import cv2

    picture = np.ascontiguousarray(_noise(rng, width, height))
    for _ in range(rng.integers(4, 20)):
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        centre = rng.uniform(0, 1, 2) * (width, height)
        corners = centre + rng.normal(0, rng.uniform(0.05, 0.3) * width, (rng.integers(3, 7), 2))
        if rng.random() < 0.6:
            cv2.fillConvexPoly(picture, cv2.convexHull(corners.astype(np.int32)), colour, cv2.LINE_AA)
        else:
            one, other = corners[:2].astype(np.int32).tolist()
            cv2.line(picture, one, other, colour, int(rng.integers(2, 30)), cv2.LINE_AA)
    blur = rng.uniform(0.0, 5.0)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur) if blur > 0.4 else picture, dtype=np.uint8)


_KINDS = (_shaded, _noise, _stripes, _collage)
_CHANCES = (0.2, 0.25, 0.15, 0.4)
