"""The same pipeline from keypoints of MediaPipe's hand landmarker, which knows photographs of human hands and no robot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.model import Side
from enactive.envs.shadow_hand.views import KEYPOINTS

from .estimator import pictured_as_right
from .hand_landmarks import HandLandmarker
from .keypoint_ik import KeypointSolver

PALM = [KEYPOINTS.index(name) for name in ("wrist", "FFbase", "MFbase", "RFbase", "LFbase")]


class MediaPipeEstimator:
    """A `PoseEstimator` by MediaPipe's landmarks and `KeypointSolver`, of hands whose forearm is roughly upright.

    pictured: which hand the pictures show; a left one is looked at in a mirror. A picture in which no hand is found is a
    ControllerError. Raises ConfigError where the landmarker's files cannot be had.
    """

    def __init__(self, pictured: Side = "right") -> None:
        self.pictured = pictured
        self._landmarker, self._solver = HandLandmarker(), KeypointSolver()

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`."""
        shown = pictured_as_right(pictures, self.pictured)
        usual = self._solver.usual()
        return np.stack([self._solver.solve(framed(self._landmarker.keypoints(picture), usual)) for picture in shown])


def framed(points: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keypoints (21, 2), moved and scaled so that the palm is where and as large as in `usual` (21, 2).

    A photograph may show a hand anywhere and in any size, while the solver reckons with a hand that fills the picture.
    """
    palm, wanted = points[PALM], usual[PALM]
    middle, wanted_middle = palm.mean(axis=0), wanted.mean(axis=0)
    scale = np.linalg.norm(wanted - wanted_middle) / np.linalg.norm(palm - middle)
    return (points - middle) * scale + wanted_middle
