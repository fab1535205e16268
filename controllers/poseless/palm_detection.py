"""MediaPipe's palm detector: where in a picture a hand is, and which way it points.

Anchors, decoding and thresholds are those of MediaPipe's published graph `palm_detection_cpu.pbtxt` (Apache-2.0): 2016 anchors
see the picture within a square of 192 pixels, and each says a score, a box and seven points of a palm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .turned_square import TurnedSquare

SIDE = 192  # pixels of a side of what the network sees
CELLS = ((24, 2), (12, 6))  # cells of a side, and anchors in each, of what strides of 8 and three times of 16 see
LEAST_SCORE, SAME_PALM = 0.5, 0.3
WRIST, MIDDLE_KNUCKLE = 0, 2  # of the seven points
GROWTH, FORWARD = 2.6, 0.5  # from the palm's box to the hand's, `palm_detection_detection_to_roi.pbtxt`


@dataclass(frozen=True, slots=True, eq=False)
class Palm:
    """centre, size: (2,) of its box. points: (7, 2). All in one unit, x and y from the upper left. score: 0.5 to 1."""

    centre: NDArray[np.float64]
    size: NDArray[np.float64]
    points: NDArray[np.float64]
    score: float

    def hand(self) -> TurnedSquare:
        """The square that shows the whole hand, the middle finger's knuckle above the wrist."""
        x, y = self.points[MIDDLE_KNUCKLE] - self.points[WRIST]
        turn = float(np.arctan2(x, -y))
        middle = self.centre + FORWARD * self.size[1] * np.array([np.sin(turn), -np.cos(turn)])
        return TurnedSquare((float(middle[0]), float(middle[1])), GROWTH * float(self.size.max()), turn)


def anchors() -> NDArray[np.float64]:
    """(2016, 2) x and y of the anchors in shares of the side: the middles of cells, row by row, the fine ones first."""
    grids = []
    for cells, each in CELLS:
        middles = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(middles, middles)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(grids)


def best_palm(told: NDArray[np.float64], logits: NDArray[np.float64]) -> Palm | None:
    """The palm that is the surest, in shares of the side; None where none has `LEAST_SCORE`.

    told: (2016, 18) pixels away from each anchor: the box's middle, then its size, then seven points. logits: (2016,). The
    anchors that tell of the same palm are averaged by their scores.
    """
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -100.0, 100.0)))
    sure = scores >= LEAST_SCORE
    if not sure.any():
        return None
    values, scores = (told / SIDE).reshape(-1, 9, 2)[sure], scores[sure]
    values[:, [0, *range(2, 9)]] += anchors()[sure, np.newaxis]
    best = int(scores.argmax())
    same = _overlap(values[:, 0], values[:, 1], best) > SAME_PALM
    mean = np.average(values[same], axis=0, weights=scores[same])
    return Palm(mean[0], mean[1], mean[2:], float(scores[best]))


def _overlap(centres: NDArray[np.float64], sizes: NDArray[np.float64], one: int) -> NDArray[np.float64]:
    """(N,) intersection over union of boxes with one of them."""
    low, high = centres - sizes / 2, centres + sizes / 2
    shared = np.clip(np.minimum(high, high[one]) - np.maximum(low, low[one]), 0.0, None).prod(axis=1)
    return np.asarray(shared / (sizes.prod(axis=1) + sizes[one].prod() - shared))
