"""From any picture to what the network sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .network import SIZE


def seen(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(96, 96, 3) uint8: the middle square of a picture (H, W, 3), averaged to be small or interpolated to be large."""
    import cv2

    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(rgb[top : top + side, left : left + side])
    how = cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIZE, SIZE), interpolation=how), dtype=np.uint8)
