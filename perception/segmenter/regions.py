"""Cutting a picture into regions of one colour and surface, before anything is named.

Pixels are named by region: an edge in colour or depth is where one thing ends, and the network's answers within a region are
many opinions on one thing. Graph-based segmentation (Felzenszwalb and Huttenlocher 2004), on colour and inverse depth.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb

SCALE = 60.0  # larger: fewer, larger regions
LEAST_CELLS = 6  # of 2x2 pixels; smaller regions join a neighbour
DEPTH_WEIGHT = 1.5  # of a difference of 1/m in inverse depth, against one from black to white


def regions(rgb: NDArray[np.uint8], depth_m: NDArray[np.float32]) -> NDArray[np.int64]:
    """(H/2, W/2) numbers of regions, from 0 on, without gaps.

    rgb: (H, W, 3); depth_m: (H, W), 0 = no return; H and W even.
    """
    height, width = depth_m.shape
    colour = rgb.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3), dtype=np.float32) / np.float32(255)
    depth = depth_m[::2, ::2]
    inverse = np.where(depth > 0, 1.0 / np.maximum(depth, 1e-3), 0.0).astype(np.float32)
    picture = np.dstack([colour, np.float32(DEPTH_WEIGHT) * inverse])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that four channels are no colour picture
        found = felzenszwalb(picture, scale=SCALE, sigma=0.0, min_size=LEAST_CELLS, channel_axis=-1)
    return np.asarray(found, dtype=np.int64)


def mean_by_region(values: torch.Tensor, region: NDArray[np.int64]) -> torch.Tensor:
    """(K, E) means over each of K regions, 0 for a number that no cell has. values: (h * w, E); region: (h, w), from 0 on.

    They have the format of the values, but sums are in single precision.
    """
    flat = region.ravel()
    cells = np.bincount(flat)
    order = np.argsort(flat, kind="stable")
    first = np.cumsum(cells) - cells
    return F.embedding_bag(torch.from_numpy(order), values, torch.from_numpy(first), mode="mean")
