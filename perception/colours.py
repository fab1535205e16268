"""Colour words for measured colours: the nearest of a written-down table, in CIELAB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# sRGB examples of what people call by each word, lit and in the shade
EXAMPLES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((200, 30, 30), (150, 25, 25), (230, 60, 60)),
    "orange": ((240, 130, 30), (205, 100, 25)),
    "yellow": ((240, 210, 40), (200, 170, 40)),
    "green": ((40, 140, 50), (30, 90, 40), (110, 180, 90)),
    "blue": ((30, 75, 190), (30, 50, 110), (80, 140, 220)),
    "purple": ((115, 45, 150), (80, 40, 100)),
    "pink": ((240, 140, 170), (220, 100, 150)),
    "brown": ((110, 70, 40), (75, 45, 25), (140, 95, 60)),
    "beige": ((215, 190, 145), (180, 155, 115)),
    "white": ((245, 245, 240), (210, 210, 207)),
    "grey": ((128, 128, 130), (90, 90, 92), (165, 165, 165)),
    "black": ((20, 20, 22), (45, 45, 48)),
}
LIGHTNESS_WEIGHT = 0.5  # light and shade change L* more than the hue
SOFTNESS = 6.0  # CIELAB units over which neighbouring words share
FAINT = 0.1  # words below are left out
BRIGHT = 1.7  # luminance that the lighter surfaces of a room are brought to; most things are darker than its walls


def rgb_to_linear(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Linear RGB in [0, 1] of sRGB in [0, 255]."""
    c = np.asarray(rgb, dtype=np.float64) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def linear_to_lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of linear RGB; (..., 3) to (..., 3)."""
    xyz = linear @ _TO_XYZ.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


class Exposure:
    """How bright the scene is: the mean over pictures of the luminance that a tenth of the pixels exceed.

    A room's white things are grey in a dark room's pictures. `scale` brings linear colours to those under a bright light.
    """

    def __init__(self) -> None:
        self._total = 0.0
        self._pictures = 0

    def update(self, rgb: NDArray[np.uint8]) -> None:
        """Take a picture (H, W, 3) in."""
        luminance = rgb_to_linear(rgb[::8, ::8].reshape(-1, 3)) @ _TO_XYZ[1]
        at = int(0.9 * len(luminance))
        self._total += float(np.partition(luminance, at)[at])
        self._pictures += 1

    @property
    def scale(self) -> float:
        """Factor for linear colours, 1 to 6."""
        return float(np.clip(BRIGHT * self._pictures / max(self._total, 1e-6), 1.0, 6.0)) if self._pictures else 1.0


def middle(values: NDArray[Any]) -> NDArray[Any]:
    """The upper median along the first axis, at a fifth of the cost of `np.median` on few values."""
    return np.partition(values, len(values) // 2, axis=0)[len(values) // 2]


def name_colour(lab: NDArray[np.float64]) -> dict[str, float]:
    """Colour words for (3,) L*a*b* with scores that sum to at most 1, best first."""
    distance = np.sqrt((((_LAB - lab) * (LIGHTNESS_WEIGHT, 1.0, 1.0)) ** 2).sum(axis=1))
    nearest = np.minimum.reduceat(distance, _STARTS)
    weight = np.exp(-(nearest - nearest.min()) / SOFTNESS)
    weight /= weight.sum()
    return {_WORDS[i]: float(weight[i]) for i in np.argsort(-weight) if weight[i] >= FAINT}


_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
_TO_XYZ /= np.array([[0.95047], [1.0], [1.08883]])
_WORDS = tuple(EXAMPLES)
_LAB = linear_to_lab(rgb_to_linear(np.array([rgb for examples in EXAMPLES.values() for rgb in examples])))
_STARTS = np.cumsum([0] + [len(examples) for examples in EXAMPLES.values()])[:-1]
