"""The parallel form of PoseLess: a small vision encoder whose head gives all joint angles at once.

The paper's decoder writes 24 numbers, some 300 tokens, one after another; a robot that follows a camera cannot wait for them.
Here the same projection from encoder features leads to 24 numbers in one pass. A second head points at 21 keypoints in the
picture. It helps the encoder to learn where things are, and serves the pipeline that PoseLess argues against, which is then
trained on the very same pictures; the controller does not use it.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD

SIZE = 128  # pixels of a side of what the network sees
KEYPOINTS = 21
WIDTHS = (24, 48, 96, 192)  # at strides 2, 4, 8, 16
BLOCKS = (0, 1, 2, 2)
NARROW, HIDDEN = 64, 384


def _conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """Two convolutions beside the identity (He et al. 2016, figure 2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


class Encoder(nn.Module):
    """(B, 3, 128, 128) normalised pictures to (B, 64, 8, 8) features."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        inputs = 3
        for width, blocks in zip(WIDTHS, BLOCKS, strict=True):
            stages += [_conv(inputs, width, 3 if stages else 5, 2), nn.ReLU(), *(Residual(width) for _ in range(blocks))]
            inputs = width
        self.stages = nn.Sequential(*stages, _conv(inputs, NARROW, 1), nn.ReLU())
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # what CPUs convolve fastest

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.stages(x)
        return features


class JointNetwork(nn.Module):
    """(B, 3, 128, 128) normalised pictures to shares (B, 24) and keypoints (B, 21, 2).

    A share is where a joint stands between its limits, 0 to 1, not clipped; a keypoint is in shares of the picture's side.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        flat = NARROW * (SIZE // 16) ** 2
        self.project = nn.Sequential(nn.Flatten(), nn.Linear(flat, HIDDEN), nn.ReLU())
        self.joints = nn.Linear(HIDDEN, len(JOINTS))
        self.keypoints = nn.Linear(HIDDEN, 2 * KEYPOINTS)
        nn.init.constant_(self.joints.bias, 0.5)
        nn.init.constant_(self.keypoints.bias, 0.5)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.project(self.encoder(x))
        return self.joints(hidden), self.keypoints(hidden).unflatten(1, (KEYPOINTS, 2))


def normalised(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(B, 3, 128, 128) float32 of pictures (B, 128, 128, 3) uint8, in the memory layout that convolutions like.

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
    net = deepcopy(net).eval()
    for module in net.modules():
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
            convolution = module[0]
            assert isinstance(convolution, nn.Conv2d)
            module[0] = fuse_conv_bn_eval(convolution, module[1])
            module[1] = nn.Identity()
    native: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = native.get("avx512_bf16", False) or native.get("amx_bf16", False)
    net.encoder.to(dtype=torch.bfloat16 if fast else torch.float32)
    net.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.requires_grad_(False)
