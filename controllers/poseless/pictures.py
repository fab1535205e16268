"""From any picture to what the network sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .network import SIZE


def seen(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(128, 128, 3) uint8: the middle square of a picture (H, W, 3), averaged to be small or interpolated to be large."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(rgb[top : top + side, left : left + side])
    return shrunk(square, SIZE)


def shrunk(square: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(side, side, 3) uint8 of a square picture."""
    import cv2

    how = cv2.INTER_AREA if len(square) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (side, side), interpolation=how), dtype=np.uint8)
