"""From any picture to what the network sees of it: the middle square at a first look, then a square around the hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE = 96  # pixels of a side of what the network sees
MARGIN = 1.35  # side of the square around the hand, in extents of its keypoints: they lie inside the hand


@dataclass(frozen=True, slots=True)
class Square:
    """A square of a picture, in pixels; (0, 0) is the upper left corner of the picture. It may reach beyond the picture."""

    left: int
    top: int
    side: int

    def shares(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (..., 2) in shares of the side, of places in pixels of the picture."""
        return (pixels - (self.left, self.top)) / self.side

    def pixels(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `shares`."""
        return shares * self.side + (self.left, self.top)


def middle_square(rgb: NDArray[np.uint8]) -> Square:
    """The largest square in the middle of a picture (H, W, 3)."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    return Square((width - side) // 2, (height - side) // 2, side)


def square_around(points: NDArray[np.float64], shift: tuple[float, float] = (0.0, 0.0), scale: float = 1.0) -> Square:
    """The square that shows a hand with keypoints (21, 2) in pixels; shift (in sides) and scale displace it."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(MARGIN * scale * float((high - low).max()), 8.0)
    left, top = (low + high) / 2.0 + side * (np.asarray(shift) - 0.5)
    return Square(round(float(left)), round(float(top)), round(side))


def seen(rgb: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
    """(96, 96, 3) uint8: a square of a picture (H, W, 3), averaged to be small or interpolated to be large.

    Beyond the picture its border goes on.
    """
    import cv2

    (height, width), side = rgb.shape[:2], square.side
    left, top = max(square.left, 0), max(square.top, 0)
    right, bottom = min(square.left + side, width), min(square.top + side, height)
    inside = np.ascontiguousarray(rgb[top:bottom, left:right])
    beyond = (top - square.top, square.top + side - bottom, left - square.left, square.left + side - right)
    if any(beyond):
        inside = np.asarray(cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE), dtype=np.uint8)
    how = cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inside, (SIZE, SIZE), interpolation=how), dtype=np.uint8)
