"""Rectangles on the floor plan: where they are, and which of them overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .model import Asset, Box

Rectangle = tuple[NDArray[np.float64], NDArray[np.float64], float]  # centre (2,), half size (2,) metres, yaw rad


def turned(xy: NDArray[np.float64], yaw_rad: float) -> NDArray[np.float64]:
    """Vectors (..., 2) turned around z."""
    return np.asarray(xy @ turn_of(yaw_rad))


def turn_of(yaw_rad: float) -> NDArray[np.float64]:
    """(2, 2): row vectors times it are turned around z."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([[c, s], [-s, c]])


def rectangle_of(box: Box, pose: NDArray[np.float64]) -> Rectangle:
    """A box of an object at a pose (x, y, z, yaw), seen from above."""
    centre = pose[:2] + turned(np.array(box.centre[:2]), float(pose[3]))
    return centre, np.array(box.half_size[:2]), float(pose[3])


def heights_of(asset: Asset, pose: NDArray[np.float64]) -> tuple[float, float]:
    """Lowest and highest z of an object's bounds at a pose, metres."""
    middle, half = float(pose[2]) + asset.bounds.centre[2], asset.bounds.half_size[2]
    return middle - half, middle + half


def distance_m(xy: NDArray[np.float64], rectangle: Rectangle) -> float:
    """From a point to a rectangle, 0 inside."""
    centre, half, yaw = rectangle
    outside = np.maximum(np.abs(turned(xy - centre, -yaw)) - half, 0.0)
    return float(np.hypot(*outside))


def meets_m(
    origin: NDArray[np.float64],
    direction: NDArray[np.float64],
    pose: NDArray[np.float64],
    centre: NDArray[np.float64],
    half: NDArray[np.float64],
    yaw_rad: float = 0.0,
) -> float:
    """How many times its direction a ray goes until it enters a box; inf where it misses it or starts in it.

    centre, half: (3,) metres in the frame of an object at `pose` (x, y, z, yaw), in which the box is turned by yaw_rad.
    """
    angle, offset = float(pose[3]), origin - pose[:3]
    start = np.append(turned(turned(offset[:2], -angle) - centre[:2], -yaw_rad), offset[2] - centre[2])
    way = np.append(turned(direction[:2], -angle - yaw_rad), direction[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(-half - start) / way, (half - start) / way])
    enter, leave = float(np.nanmax(ends.min(axis=0))), float(np.nanmin(ends.max(axis=0)))
    return enter if 0.0 <= enter <= leave else np.inf


def overlap(
    one: Rectangle,
    centre: NDArray[np.float64],
    half: NDArray[np.float64],
    yaw: NDArray[np.float64],
    gap_m: float = 0.0,
) -> NDArray[np.bool_]:
    """(N,) bool: which rectangles (centre (N, 2), half (N, 2), yaw (N,)) come nearer than a gap along every separating axis."""
    axes_one = _axes(np.array([one[2]]))[0]
    axes = _axes(yaw)
    offset = centre - one[0]
    apart = np.zeros(len(centre), dtype=bool)
    for axis in (
        np.broadcast_to(axes_one[0], offset.shape),
        np.broadcast_to(axes_one[1], offset.shape),
        *np.moveaxis(axes, 1, 0),
    ):
        reach_one = np.abs(axis @ axes_one.T) @ one[1]
        reach = (np.abs(np.einsum("nk,njk->nj", axis, axes)) * half).sum(axis=1)
        apart |= np.abs((offset * axis).sum(axis=1)) >= reach_one + reach + gap_m
    return ~apart


def _axes(yaw: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2, 2): the two unit axes of each rectangle."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.stack([np.stack([c, s], axis=-1), np.stack([-s, c], axis=-1)], axis=1)
