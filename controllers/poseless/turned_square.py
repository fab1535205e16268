"""A square of a picture that may be turned and reach beyond it: how a network is shown a hand upright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TurnedSquare:
    """centre: x and y in pixels; (0, 0) is the picture's upper left corner. side: pixels. turn_rad: clockwise."""

    centre: tuple[float, float]
    side: float
    turn_rad: float = 0.0

    def pixels(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (..., 2) in pixels of the picture, of places in shares of the square's side from its upper left corner."""
        return (shares - 0.5) * self.side @ self._turn().T + self.centre

    def shares(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `pixels`."""
        return (pixels - self.centre) @ self._turn() / self.side + 0.5

    def seen(self, rgb: NDArray[np.uint8], size: int, beyond: int) -> NDArray[np.uint8]:
        """(size, size, 3) uint8: what the square shows of a picture (H, W, 3). beyond: OpenCV's way with what lies outside."""
        import cv2

        corners = np.array([[0.5, 0.5], [size + 0.5, 0.5], [0.5, size + 0.5]]) / size  # middles of pixels
        here = self.pixels(corners).astype(np.float32) - 0.5
        there = np.array([[0, 0], [size, 0], [0, size]], np.float32)
        matrix = cv2.getAffineTransform(here, there)
        return np.asarray(cv2.warpAffine(rgb, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=beyond), np.uint8)

    def _turn(self) -> NDArray[np.float64]:
        cos, sin = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return np.array([[cos, -sin], [sin, cos]])
