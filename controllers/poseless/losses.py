"""What the parallel form learns from: angles, where they put the fingers, and where the joints are seen."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD

from .batches import Batch
from .kinematics import Kinematics
from .network import DEPTH_M, Reading
from .quality import middle_mse_rad2

REACH_M = 0.04  # a keypoint is about 1.4 times as far from where the middle of all ranges puts it


def losses(reading: Reading, batch: Batch, kinematics: Kinematics) -> dict[str, torch.Tensor]:
    """Terms of the loss by name; the first four are about 1, 1, 2, 1 for one that says the middle of all.

    angles: squared error in rad^2, as the paper measures, which the wide ranges rule. shares: the same in shares of the range,
    so that the narrow ones count as much. reach: squared distance in m of the keypoints at these angles from the true ones,
    to which errors of a chain of joints add up. depths: squared error of each keypoint's depth relative to the wrist's.
    points: cross entropy of the scores and the true places.
    """
    ranges, lows = torch.from_numpy(HIGH_RAD - LOW_RAD).float(), torch.from_numpy(LOW_RAD).float()
    angles = torch.from_numpy(batch.angles_rad).float()
    off = reading.shares - (angles - lows) / ranges
    apart = kinematics(lows + reading.shares * ranges) - kinematics(angles)
    deep = reading.depths_m - torch.from_numpy(batch.depths_m).float()
    surprise = -(spread(batch.points, reading.scores.shape[-1]) * reading.scores.flatten(2).log_softmax(dim=2)).sum(dim=2)
    return {
        "angles": (off * ranges).square().mean() / middle_mse_rad2(),
        "shares": 12.0 * off.square().mean(),
        "reach": apart.square().sum(dim=2).mean() / REACH_M**2,
        "depths": deep.square().mean() / DEPTH_M**2,
        "points": surprise.mean(),
    }


def spread(points: NDArray[np.float64], side: int) -> torch.Tensor:
    """(B, K, side * side) weights of the four cells around each point (B, K, 2), whose mean place is the point (bilinear).

    Points are in shares of the side; one that is outside counts as on the border.
    """
    cell = (torch.from_numpy(points).float() * side - 0.5).clamp(0.0, side - 1.001)
    first = cell.floor()
    share, corner = cell - first, first.long()
    weights = torch.zeros(*points.shape[:2], side * side)
    for right in (0, 1):
        for down in (0, 1):
            part = (share[..., 0] if right else 1 - share[..., 0]) * (share[..., 1] if down else 1 - share[..., 1])
            weights.scatter_add_(2, ((corner[..., 1] + down) * side + corner[..., 0] + right)[..., None], part[..., None])
    return weights
