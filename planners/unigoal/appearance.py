"""Whether a view looks like a goal picture: the colours of both, whatever is recognised in them.

Keypoints agree in one view of ten of the pictured thing, since walls and furniture without a pattern have few. But rooms differ
in the colours of walls, floor and furniture, and things of one category in their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.perception.colours import Exposure, linear_to_lab, rgb_to_linear

BINS = (5, 8, 8)  # of L*, a* and b*
LOW, HIGH = (0.0, -60.0, -60.0), (100.0, 60.0, 60.0)
SLOPE, OFFSET = 8.0, -5.9  # logistic regression on the train split, `benchmarks/goal_views.py`


def colours(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(320,) unit vector of the colours of a picture (H, W, 3): fourth roots of a histogram of CIELAB.

    So the product of two is the Bhattacharyya coefficient of histograms in which areas count by the square root of their size:
    a wall does not hide what stands before it.
    """
    light = Exposure()
    light.update(image)
    lab = linear_to_lab(rgb_to_linear(image[::2, ::2].reshape(-1, 3)) * light.scale)
    inside = np.clip(lab, LOW, np.nextafter(HIGH, 0.0))
    counts, _ = np.histogramdd(inside, bins=BINS, range=tuple(zip(LOW, HIGH, strict=True)))
    root = np.sqrt(np.sqrt(counts.ravel()))
    return np.asarray(root / np.linalg.norm(root))


def log_odds(view: NDArray[np.float64], goal: NDArray[np.float64]) -> float:
    """Of a view from near being of the pictured thing, against it being of another of its category: from `colours` of both."""
    return SLOPE * float(view @ goal) + OFFSET
