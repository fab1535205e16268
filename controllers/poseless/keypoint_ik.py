"""The pipeline that PoseLess argues against: 2-D keypoints from a network, lifted and solved by inverse kinematics.

The keypoints come from the same network as the angles of `ParallelEstimator`, and so from the same pictures. The most likely
pose and camera that explain them are found by least squares, with what is known of both beforehand: angles spread over their
ranges, cameras as `look` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD, MIDDLE_RAD
from enactive.envs.shadow_hand.look import PLAIN_DISTANCE_M, PLAIN_HFOV_RAD, TARGET_M, Look
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import keypoint_ids, keypoints_m

from .estimator import ParallelEstimator

KEYPOINT_SPREAD = 0.02  # standard deviation of a keypoint's place that is reckoned with, in shares of the picture's side
EVALUATIONS = 60
_JOINT_SPREAD = (HIGH_RAD - LOW_RAD) / np.sqrt(12.0)
_WIDE_LOG_FOCAL = 0.25


@dataclass(frozen=True, slots=True)
class _Prior:
    """Mean, spread and bounds of what is solved for: angles, then azimuth, elevation, roll, log distance, target x and z, log
    of the focal length (in units of the plain one; the camera stands back as much)."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def _prior() -> _Prior:
    mean = np.array([0.0, 0.22, 0.0, 0.08, 0.0, 0.0, 0.0])
    spread = np.array([0.52, 0.33, 0.23, 0.11, 0.02, 0.02, _WIDE_LOG_FOCAL])
    return _Prior(
        np.concatenate([MIDDLE_RAD, mean]),
        np.concatenate([_JOINT_SPREAD, spread]),
        np.concatenate([LOW_RAD, mean - 4 * spread]),
        np.concatenate([HIGH_RAD, mean + 4 * spread]),
    )


class KeypointEstimator:
    """A `PoseEstimator` by keypoints and inverse kinematics, of right hands. weights: as of `ParallelEstimator`."""

    def __init__(self, weights: Path | None = None) -> None:
        self._pointer, self._solver = ParallelEstimator(weights), KeypointSolver()

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`."""
        return np.stack([self._solver.solve(points) for points in self._pointer.keypoints(pictures)])


class KeypointSolver:
    """Finds the pose of a right hand and the camera that explain 2-D keypoints."""

    def __init__(self) -> None:
        self._maker = PoseMaker()
        self._ids = keypoint_ids(self._maker.model)
        self._prior = _prior()

    def usual(self) -> NDArray[np.float64]:
        """(21, 2) keypoints of the pose and the camera that are reckoned with before anything is seen, as of `project`."""
        return self.project(self._prior.mean)

    def solve(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(24,) rad, the pose that keypoints (21, 2) show best, in shares of the side of a square picture."""
        from scipy.optimize import least_squares

        prior = self._prior

        def residuals(x: NDArray[np.float64]) -> NDArray[np.float64]:
            off = (self.project(x) - points).ravel() / KEYPOINT_SPREAD
            return np.concatenate([off, (x - prior.mean) / prior.spread])

        start = np.clip(prior.mean, prior.low + 1e-6, prior.high - 1e-6)
        found = least_squares(
            residuals, start, bounds=(prior.low, prior.high), x_scale=prior.spread, max_nfev=EVALUATIONS, ftol=1e-4, xtol=1e-4
        )
        return np.asarray(found.x[: len(JOINTS)])

    def project(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """(21, 2) keypoints in shares of the side, of a pose and a camera as `_Prior` orders them."""
        data, (azimuth, elevation, roll, log_distance, dx, dz, log_focal) = self._maker.data, x[len(JOINTS) :]
        data.qpos[:] = x[: len(JOINTS)]
        mujoco.mj_kinematics(self._maker.model, data)
        look = Look(
            azimuth_rad=azimuth,
            elevation_rad=elevation,
            roll_rad=roll,
            distance_m=PLAIN_DISTANCE_M * np.exp(log_distance + log_focal),
            target_m=TARGET_M + np.array([dx, 0.0, dz]),
        )
        T = look.T_world_camera()
        seen = (keypoints_m(data, *self._ids) - T[:3, 3]) @ T[:3, :3]
        focal = 0.5 / np.tan(PLAIN_HFOV_RAD / 2.0) * np.exp(log_focal)
        return np.asarray(0.5 + focal * seen[:, :2] / seen[:, 2:])
