"""What reading a pose must beat: estimators that do not look at the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import MIDDLE_RAD
from enactive.envs.shadow_hand.views import HandViews


class MiddlePose:
    """Says the middle of every joint's range."""

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`."""
        return np.tile(MIDDLE_RAD, (len(pictures), 1))


class MeanPose:
    """Says the mean of the poses that training may see. views: of the split "train" that it knows."""

    def __init__(self, views: int = 1024) -> None:
        with HandViews("train", width=32, height=32) as shown:
            self.mean_rad = np.mean([shown[index].joints_rad for index in range(views)], axis=0)

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`."""
        return np.tile(self.mean_rad, (len(pictures), 1))
