"""What the parallel form learns from: angles, as the paper measures them and by their range, and where the joints are seen."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD

from .quality import middle_mse_rad2

POINT_WEIGHT = 1.0


def losses(
    shares: torch.Tensor, scores: torch.Tensor, angles_rad: NDArray[np.float64], points: NDArray[np.float64]
) -> dict[str, torch.Tensor]:
    """Terms of the loss by name; the first two are about 1 for a network that says the middle of every range.

    angles: squared error in rad^2, as the paper measures, which the wide ranges rule. shares: the same in shares of the range,
    so that the narrow ones count as much. points: cross entropy of the scores and the true places.
    """
    ranges = torch.from_numpy(HIGH_RAD - LOW_RAD).float()
    true = torch.from_numpy((angles_rad - LOW_RAD) / (HIGH_RAD - LOW_RAD)).float()
    off = shares - true
    surprise = -(spread(points, scores.shape[-1]) * scores.flatten(2).log_softmax(dim=2)).sum(dim=2).mean()
    return {
        "angles": (off * ranges).square().mean() / middle_mse_rad2(),
        "shares": 12.0 * off.square().mean(),
        "points": POINT_WEIGHT * surprise,
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
