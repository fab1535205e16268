"""The parallel form of PoseLess: a small vision encoder whose head gives all joint angles at once.

The paper's decoder writes 24 numbers, some 300 tokens, one after another; a robot that follows a camera cannot wait for them.
Here a projection of encoder features leads to 24 numbers in one pass. It reads the features at 21 places, one for each joint
and tip, which attention finds (the mean place of a softmax over the picture, Sun et al. 2018, "Integral human pose
regression"). In training the attention is shown where they are, without which it needs many times the pictures. The places
also serve the pipeline that PoseLess argues against, keypoints and inverse kinematics, which so learns from the same pictures.
The features at a place tell how deep it lies, too, so that the head knows the hand in space before it says angles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD
from enactive.perception.convnets.blocks import Residual, channels_last, conv, folded
from enactive.precision import fastest_dtype

KEYPOINTS = 21
WIDTHS = (24, 48, 96, 192)  # at strides 2, 4, 8, 16
BLOCKS = (0, 1, 2, 2)
NARROW, HIDDEN = 96, 384
DEPTH_M = 0.04  # spread of the depths of keypoints about the wrist's


class Encoder(nn.Module):
    """(B, 3, S, S) normalised pictures to (B, 96, S/8, S/8) features that know their surroundings."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Sequential] = []
        inputs = 3
        for width, blocks in zip(WIDTHS, BLOCKS, strict=True):
            enter = conv(inputs, width, 3 if stages else 5, 2)
            stages.append(nn.Sequential(enter, nn.ReLU(), *(Residual(width) for _ in range(blocks))))
            inputs = width
        self.fine, self.coarse = nn.Sequential(*stages[:-1]), stages[-1]
        self.beside, self.above, self.mix = conv(WIDTHS[-2], NARROW, 1), conv(WIDTHS[-1], NARROW, 1), conv(NARROW, NARROW)
        channels_last(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.fine(x)
        above = F.interpolate(self.above(self.coarse(fine)), scale_factor=2.0, mode="nearest")
        return F.relu(self.mix(F.relu(self.beside(fine) + above)))


class Reading(NamedTuple):
    """What the network says of B pictures.

    shares: (B, 24) where joints stand between their limits, 0 to 1, not clipped. depths_m: (B, 21) how far keypoints are beyond
    the wrist along the optical axis. scores: (B, 21, S/8, S/8) how much a cell looks like the place of each keypoint; `places`
    reads places from them.
    """

    shares: torch.Tensor
    depths_m: torch.Tensor
    scores: torch.Tensor


class Described(NamedTuple):
    """What the network knows of B pictures before it says angles.

    looked_at: (B, 21, 96) features where each keypoint is. places: (B, 21, 2) of them, 0 in the middle. depths: (B, 21) in
    units of `DEPTH_M`. overall: (B, 96) mean features. scores: as of a `Reading`.
    """

    looked_at: torch.Tensor
    places: torch.Tensor
    depths: torch.Tensor
    overall: torch.Tensor
    scores: torch.Tensor


class JointNetwork(nn.Module):
    """(B, 3, S, S) normalised pictures, S a multiple of 16, to a `Reading`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.look = nn.Conv2d(NARROW, KEYPOINTS, 1)
        self.deep = nn.Parameter(torch.zeros(KEYPOINTS, NARROW))
        told = KEYPOINTS * (NARROW + 3) + NARROW
        # without the normalisation the first updates of the encoder drive these units to where none of them answers any more
        self.project = nn.Sequential(
            nn.LayerNorm(told), nn.Linear(told, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, HIDDEN), nn.GELU()
        )
        self.joints = nn.Linear(HIDDEN, len(JOINTS))
        nn.init.constant_(self.joints.bias, 0.5)

    def forward(self, x: torch.Tensor) -> Reading:
        found = self.describe(x)
        told = torch.cat([part.flatten(1) for part in found[:4]], dim=1)
        return Reading(self.joints(self.project(told)), DEPTH_M * found.depths, found.scores)

    def describe(self, x: torch.Tensor) -> Described:
        """What is known of each keypoint and of the whole before any angle is said."""
        features = self.encoder(x).to(self.joints.weight.dtype)
        scores = self.look(features)
        attention = scores.flatten(2).softmax(dim=2)
        cells = features.flatten(2).transpose(1, 2).to(attention.dtype)
        looked_at = attention.detach() @ cells
        where = 4.0 * (places(scores.detach()) - 0.5)
        return Described(looked_at, where, (looked_at * self.deep).sum(dim=2), cells.mean(dim=1), scores)


def places(scores: torch.Tensor) -> torch.Tensor:
    """(B, 21, 2) mean places (u, v) of the softmax of scores (B, 21, G, G), in shares of the picture's side."""
    side = scores.shape[-1]
    attention = scores.float().flatten(2).softmax(dim=2).reshape(*scores.shape)
    centres = (torch.arange(side) + 0.5) / side
    return torch.stack([attention.sum(dim=2) @ centres, attention.sum(dim=3) @ centres], dim=-1)


def normalised(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(B, 3, S, S) float32 of pictures (B, S, S, 3) uint8, in the memory layout that convolutions like.

    Each picture gets mean 0 and deviation 1, so that how long it was exposed does not matter.
    """
    flat = torch.from_numpy(pictures).flatten(1).float()
    variance, mean = torch.var_mean(flat, dim=1, keepdim=True)
    return ((flat - mean) / (variance.sqrt() + 8.0)).reshape(pictures.shape).permute(0, 3, 1, 2)


def angles_rad(shares: torch.Tensor) -> NDArray[np.float64]:
    """(B, 24) rad within the limits, of shares (B, 24)."""
    clipped = shares.detach().double().clamp(0.0, 1.0).numpy()
    return np.clip(LOW_RAD + clipped * (HIGH_RAD - LOW_RAD), LOW_RAD, HIGH_RAD)  # rounding may step over a limit


def fused(net: JointNetwork) -> JointNetwork:
    """A copy for inference: normalisation folded into the convolutions, in bfloat16 where the processor multiplies it."""
    net = folded(net)
    net.encoder.to(dtype=fastest_dtype())
    channels_last(net.encoder)
    return net
