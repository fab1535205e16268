"""The network: a residual U-Net from a picture to unit embeddings, and the linear map that brings words into their space.

As in LSeg (Li et al. 2022, "Language-driven semantic segmentation", section 3) a pixel's class scores are the cosines of its
embedding and the embeddings of the words, over a temperature. Unlike there the text side is a sentence encoder that never
saw a picture and finds all furniture alike, so that a linear map on top of it first sets the names apart (`spread_words`).
The map is fitted to the words alone and then kept: learned together with the pixels it draws names that share a room
together again, and the network no longer tells a sofa from an armchair (cosines of 0.97 after a thousand updates).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from enactive.precision import fastest_dtype

from ..convnets.blocks import Residual, channels_last, conv, folded
from .features import CHANNELS

TEXT_WIDTH = 384
EMBEDDING_WIDTH = 192
HEAD_WIDTH = 160
WIDTHS = (32, 64, 128, 224, 288)  # at strides 2, 4, 8, 16, 32
BLOCKS = (0, 2, 2, 2, 1)


class Stage(nn.Module):
    """Halve the resolution, then think at it."""

    def __init__(self, inputs: int, outputs: int, blocks: int, stride: int) -> None:
        super().__init__()
        self.enter = conv(inputs, outputs, stride=stride)
        self.blocks = nn.Sequential(*(Residual(outputs) for _ in range(blocks)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.blocks(F.relu(self.enter(x), inplace=True))


class Join(nn.Module):
    """Bring coarse features up to a finer stage and mix the two."""

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.narrow = conv(coarse, fine, size=1)
        self.mix = conv(fine, outputs)

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        up = F.interpolate(self.narrow(coarse), size=fine.shape[-2:], mode="bilinear", align_corners=False)
        return F.relu(self.mix(F.relu(fine + up)), inplace=True)


class PixelEmbedder(nn.Module):
    """(B, 20, H/2, W/2) features to (B, 192, H/2, W/2) unit embeddings, and (N, 384) texts to (N, 192) unit embeddings."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (CHANNELS, *WIDTHS[:-1])
        strides = (1, 2, 2, 2, 2)
        self.down = nn.ModuleList(Stage(*sizes) for sizes in zip(inputs, WIDTHS, BLOCKS, strides, strict=True))
        self.up = nn.ModuleList(
            Join(WIDTHS[level + 1], WIDTHS[level], WIDTHS[level] if level else 2 * WIDTHS[0]) for level in (3, 2, 1, 0)
        )
        self.head = nn.Sequential(nn.Conv2d(2 * WIDTHS[0], HEAD_WIDTH, 1), nn.ReLU(), nn.Conv2d(HEAD_WIDTH, EMBEDDING_WIDTH, 1))
        self.text = nn.Linear(TEXT_WIDTH, EMBEDDING_WIDTH, bias=False).requires_grad_(False)
        self.log_scale = nn.Parameter(torch.tensor(3.2))
        channels_last(self)

    def pixels(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 64, H/2, W/2), which the head makes embeddings of, pixel by pixel: training applies it to drawn pixels alone."""
        stages = []
        for stage in self.down:
            x = stage(x)
            stages.append(x)
        for join, fine in zip(self.up, reversed(stages[:-1]), strict=True):
            x = join(x, fine)
        return x

    def hidden(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 160, H/2, W/2), one linear layer before the embeddings: it may as well be applied to means over pixels."""
        return F.relu(self.head[0](self.pixels(x)), inplace=True)

    def project(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, 192) embeddings, not yet of unit length, of (N, 64) drawn pixels: the head as matrix products.

        As convolutions over pictures of one pixel they took a quarter of an update.
        """
        (first, first_bias), (last, last_bias) = self.head[0].parameters(), self.head[2].parameters()
        return F.linear(F.relu(F.linear(pixels, first[:, :, 0, 0], first_bias)), last[:, :, 0, 0], last_bias)

    def embed(self, hidden: torch.Tensor) -> torch.Tensor:
        """(N, 160) hidden values, of pixels or mean ones, to (N, 192) float32 unit embeddings."""
        weight, bias = self.head[2].parameters()
        return F.normalize(F.linear(hidden.float(), weight[:, :, 0, 0].float(), bias.float()), dim=-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.head(self.pixels(x)), dim=1)

    def embed_text(self, texts: torch.Tensor) -> torch.Tensor:
        """(N, 384) sentence embeddings to (N, 192) unit embeddings in the pixels' space."""
        return F.normalize(self.text(texts), dim=-1)

    @property
    def scale(self) -> torch.Tensor:
        """Inverse temperature of the softmax over words."""
        return self.log_scale.exp().clamp(max=100.0)


@torch.no_grad()
def spread_words(net: PixelEmbedder, texts: torch.Tensor) -> None:
    """Fit the map of words so that the given ones lie far apart: a whitening of their embeddings, which all look alike.

    texts: (N, 384); a text that occurs several times counts as often.
    """
    _, lengths, directions = torch.linalg.svd(texts, full_matrices=False)
    rank = min(EMBEDDING_WIDTH, len(lengths))
    net.text.weight[:rank] = directions[:rank] / (lengths[:rank, None] + 0.2)


def fused(net: PixelEmbedder) -> PixelEmbedder:
    """A copy for inference: normalisation folded into the convolutions, in bfloat16 where the processor multiplies it."""
    net = folded(net).to(dtype=fastest_dtype())
    channels_last(net)
    return net
