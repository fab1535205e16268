"""From masks to places: the pixels of each segment as points in the world, cleaned of what does not belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from enactive.envs.observation import CameraFrame

from .base import Detection

MAX_POINTS = 400  # per segment and frame: more only costs time, the voxels of an object fill up over frames
MIN_POINTS = 8
DEEPEST = 2.0  # how many times its width a thing may reach away from the camera
DEPTH_GAP_M = 0.12  # a jump along the sorted depths that a single surface does not have
CELL_M = 0.06  # parts with an empty cell of this size between them are apart; ConceptGraphs' DBSCAN reaches 0.1 m


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One detection in space.

    index: of the detection. points_m: (P, 3) float64 in the world. pixels: (P,) int64 flat pixel indices of the points.
    centre_m: (3,) median. low_m, high_m: (3,) 2 % and 98 % quantiles. distance_m: median depth. area_px: of the mask.
    """

    index: int
    points_m: NDArray[np.float64]
    pixels: NDArray[np.int64]
    centre_m: NDArray[np.float64]
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    distance_m: float
    area_px: int


def lift(
    detections: Sequence[Detection],
    frame: CameraFrame,
    depth_range_m: tuple[float, float] = (0.1, 5.0),
    min_area_px: int = 25,
    exact_masks: bool = False,
) -> list[Segment]:
    """Segments of the detections that have enough pixels with depth in range.

    The mask's rim (1 px) is left out where enough remains, since depth and label disagree there. What lies implausibly far
    behind the nearest points is dropped, and where the depths of a mask fall apart, all but the largest part in space.
    exact_masks: the masks come from a renderer, parts belong together even where something stands in between.
    """
    depth = frame.depth_m.ravel()
    usable = (depth >= depth_range_m[0]) & (depth <= depth_range_m[1])  # NaN is unusable, too
    picked: list[tuple[int, NDArray[np.int64], int]] = []
    for index, detection in enumerate(detections):
        pixels = np.flatnonzero(detection.mask)
        area = len(pixels)
        if area < min_area_px:
            continue
        pixels = pixels[usable[pixels]]
        if len(pixels) > 2 * MAX_POINTS:
            pixels = pixels[:: len(pixels) // (2 * MAX_POINTS) + 1]
        inner = pixels[_inside(detection.mask, pixels)]
        pixels = inner if len(inner) >= max(MIN_POINTS, len(pixels) // 5) else pixels
        if len(pixels) > MAX_POINTS:
            pixels = pixels[:: len(pixels) // MAX_POINTS + 1]
        if len(pixels) >= min(MIN_POINTS, min_area_px):
            picked.append((index, pixels, area))
    if not picked:
        return []
    points = _unproject(np.concatenate([pixels for _, pixels, _ in picked]), frame)
    splits = np.cumsum([len(pixels) for _, pixels, _ in picked])[:-1]
    segments = []
    for (index, pixels, area), own in zip(picked, np.split(points, splits), strict=True):
        z = depth[pixels]
        keep = _plausibly_deep(pixels, z, frame)
        if not exact_masks:
            keep[keep] = _main_part(own[keep], z[keep])
        own, pixels, z = own[keep], pixels[keep], z[keep]
        ordered = np.sort(own, axis=0)
        n = len(ordered)
        low, centre, high = ordered[int(0.02 * n)], ordered[n // 2], ordered[n - 1 - int(0.02 * n)]
        segments.append(Segment(index, own, pixels, centre, low, high, float(np.median(z)), area))
    return segments


def _inside(mask: NDArray[np.bool_], pixels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pixels have all four neighbours in the mask; the edge of the picture counts as rim."""
    height, width = mask.shape
    v, u = np.divmod(pixels, width)
    flat = mask.ravel()
    safe = (u > 0) & (u < width - 1) & (v > 0) & (v < height - 1)
    at = np.where(safe, pixels, width + 1)
    return safe & flat[at - 1] & flat[at + 1] & flat[at - width] & flat[at + width]


def _unproject(pixels: NDArray[np.int64], frame: CameraFrame) -> NDArray[np.float64]:
    v, u = np.divmod(pixels, frame.depth_m.shape[1])
    z = frame.depth_m.ravel()[pixels].astype(np.float64)
    x = (u - frame.K[0, 2]) / frame.K[0, 0] * z
    y = (v - frame.K[1, 2]) / frame.K[1, 1] * z
    return np.column_stack([x, y, z]) @ frame.T_world_camera[:3, :3].T + frame.T_world_camera[:3, 3]


def _plausibly_deep(pixels: NDArray[np.int64], z: NDArray[np.float32], frame: CameraFrame) -> NDArray[np.bool_]:
    """The points no farther behind the nearest ones than a thing of this width can reach.

    Through glass a camera measures what is behind it: a wine glass on a table would else be as long as the room.
    """
    v, u = np.divmod(pixels, frame.rgb.shape[1])
    near = np.partition(z, len(z) // 20)[len(z) // 20]
    width_m = max(int(np.ptp(u)) / frame.K[0, 0], int(np.ptp(v)) / frame.K[1, 1]) * float(near)
    return np.asarray(z <= near + DEEPEST * width_m + DEPTH_GAP_M)


def _main_part(points: NDArray[np.float64], z: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The points that hang together in space, looked for only where the depths have a gap.

    Connected components of occupied cells (26 neighbours), which is DBSCAN on a grid: a tenth of its time for few points.
    """
    ordered = np.sort(z)
    gap = np.diff(ordered) > np.maximum(DEPTH_GAP_M, 0.05 * ordered[:-1])
    if not gap.any():
        return np.ones(len(points), dtype=bool)
    cells = np.floor((points - points.min(axis=0)) / max(CELL_M, 0.04 * float(np.median(z)))).astype(np.int64)
    occupied = np.zeros(cells.max(axis=0) + 1, dtype=bool)
    occupied[tuple(cells.T)] = True
    part = ndimage.label(occupied, structure=np.ones((3, 3, 3)))[0][tuple(cells.T)]
    return np.asarray(part == np.argmax(np.bincount(part)))
