"""How good predicted poses are: the paper's mean squared error, degrees by joint, and where the fingertips end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD
from enactive.envs.shadow_hand.poses import PoseMaker


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """What N predictions are off by. mse_rad2: (N,) mean over the joints; joints_rad: (N, 24) absolute; tips_mm: (N, 5) by
    forward kinematics; malformed: (N,) bool."""

    mse_rad2: NDArray[np.float64]
    joints_rad: NDArray[np.float64]
    tips_mm: NDArray[np.float64]
    malformed: NDArray[np.bool_]


def errors(maker: PoseMaker, predicted_rad: NDArray[np.float64], true_rad: NDArray[np.float64]) -> Errors:
    """Compare predictions (N, 24), with NaN rows where the output was malformed, with the truth (N, 24).

    The published evaluation skips malformed outputs. Here each one counts, as the pose that is farthest from the truth within
    the limits.
    """
    malformed = np.asarray(np.isnan(predicted_rad).any(axis=1))
    farthest = np.where(true_rad - LOW_RAD > HIGH_RAD - true_rad, LOW_RAD, HIGH_RAD)
    used = np.where(malformed[:, None], farthest, predicted_rad)
    off = np.abs(used - true_rad)
    tips = np.linalg.norm(maker.fingertips(used) - maker.fingertips(true_rad), axis=2)
    return Errors((off**2).mean(axis=1), off, 1e3 * tips, malformed)


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of training. ratio: mean squared error over that of predicting the mean, on `views` views of the val split;
    tip_mm: median error of a fingertip; pictures: rendered to learn from."""

    mse_rad2: float
    ratio: float
    tip_mm: float
    views: int
    pictures: int

    def card(self) -> dict[str, float]:
        """For the card of the weights."""
        numbers = {"mse_rad2": self.mse_rad2, "ratio_to_mean": self.ratio, "median_fingertip_mm": self.tip_mm}
        return {key: round(value, 4) for key, value in numbers.items()} | {"val_views": self.views}


def judged(maker: PoseMaker, predicted_rad: NDArray[np.float64], true_rad: NDArray[np.float64], pictures: int) -> Trained:
    """What training has come to, by predictions (N, 24) of views that it does not see."""
    off = errors(maker, predicted_rad, true_rad)
    mse, mean = float(off.mse_rad2.mean()), float(((true_rad - true_rad.mean(axis=0)) ** 2).mean())
    return Trained(mse, mse / mean, float(np.median(off.tips_mm)), len(true_rad), pictures)


def middle_mse_rad2() -> float:
    """Expected error of predicting the middle of every range for uniform poses: the mean of (high - low)^2 / 12."""
    return float(((HIGH_RAD - LOW_RAD) ** 2 / 12.0).mean())
