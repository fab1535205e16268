"""The parallel form of PoseLess: a small vision encoder whose head gives all joint angles at once.

The paper's decoder writes 24 numbers, some 300 tokens, one after another; a robot that follows a camera cannot wait for them.
Here a projection of encoder features leads to 24 numbers in one pass. It reads the features at 21 places, one for each joint
and tip, which attention finds (the mean place of a softmax over the picture, Sun et al. 2018, "Integral human pose
regression"). In training the attention is shown where they are, without which it needs many times the pictures. The places
also serve the pipeline that PoseLess argues against, keypoints and inverse kinematics, which so learns from the same pictures.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD
from enactive.perception.convnets.blocks import Residual, channels_last, conv, fastest_dtype, folded

SIZE = 96  # pixels of a side of what the network sees
KEYPOINTS = 21
WIDTHS = (24, 48, 96, 192)  # at strides 2, 4, 8, 16
BLOCKS = (0, 1, 2, 2)
NARROW, HIDDEN = 96, 384


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


class JointNetwork(nn.Module):
    """(B, 3, S, S) normalised pictures, S a multiple of 16, to shares (B, 24) and scores (B, 21, S/8, S/8).

    A share is where a joint stands between its limits, 0 to 1, not clipped. Scores say how much a cell looks like the place of
    each keypoint; `places` reads places from them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.look = nn.Conv2d(NARROW, KEYPOINTS, 1)
        told = KEYPOINTS * (NARROW + 2) + NARROW
        # without the normalisation the first updates of the encoder drive these units to where none of them answers any more
        self.project = nn.Sequential(
            nn.LayerNorm(told), nn.Linear(told, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, HIDDEN), nn.GELU()
        )
        self.joints = nn.Linear(HIDDEN, len(JOINTS))
        nn.init.constant_(self.joints.bias, 0.5)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.encoder(x).to(self.joints.weight.dtype)
        scores = self.look(features)
        attention = scores.flatten(2).softmax(dim=2)
        cells = features.flatten(2).transpose(1, 2).to(attention.dtype)
        where = 4.0 * (places(scores.detach()) - 0.5)
        told = torch.cat([(attention.detach() @ cells).flatten(1), where.flatten(1), cells.mean(dim=1)], dim=1)
        return self.joints(self.project(told)), scores


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
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    mean, deviation = x.mean(dim=(1, 2, 3), keepdim=True), x.std(dim=(1, 2, 3), keepdim=True)
    return ((x - mean) / (deviation + 8.0)).contiguous(memory_format=torch.channels_last)


def angles_rad(shares: torch.Tensor) -> NDArray[np.float64]:
    """(B, 24) rad within the limits, of shares (B, 24)."""
    clipped = shares.detach().double().clamp(0.0, 1.0).numpy()
    return np.asarray(LOW_RAD + clipped * (HIGH_RAD - LOW_RAD))


def fused(net: JointNetwork) -> JointNetwork:
    """A copy for inference: normalisation folded into the convolutions, in bfloat16 where the processor multiplies it."""
    net = folded(net)
    net.encoder.to(dtype=fastest_dtype())
    channels_last(net.encoder)
    return net
