"""Where one room ends: the explored floor of a map falls apart at doorways and openings.

Walls are what stands higher than the body (`OccupancyMap.tall`), so that tables and sofas do not cut a room in two. Cuts are
proposed where a straight wall along x or y has a gap, and where the distance to the walls has a waist (watershed). A cut
stays only where it is narrower than most of the narrower side (`WAIST`), so that a corridor is not cut where walls meet it from
behind. Unknown space counts as no wall: a glimpse of a room belongs to what it is seen from until its walls are seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bools = NDArray[np.bool_]
Labels = NDArray[np.int32]

HALF_DOORWAY_M = 0.45
WIDEST_OPENING_M = 2.3
SHORTEST_WALL_M = 0.3  # beside an opening, on one side at least
THICKEST_WALL_M = 0.4
WAIST = 0.8
WAIST_AT_OPENING = 0.9  # the wall on both sides speaks for a doorway
SMALLEST_ROOM_M2 = 1.0
FREESTANDING_M = 0.9  # a tall thing smaller than this that touches no wall is a lamp or a plant, not a wall


def segment_rooms(tall: Bools, explored: Bools, resolution_m: float) -> Labels:
    """Label explored cells with their room, 1..R, 0 = none. tall, explored: (nx, ny) bool."""
    import cv2
    from skimage.segmentation import watershed

    walls = _without_freestanding(tall, resolution_m)
    if not walls.any():
        return explored.astype(np.int32) * np.int32(np.count_nonzero(explored) * resolution_m**2 >= SMALLEST_ROOM_M2)
    openings = find_openings(walls, resolution_m) & explored
    distance = cv2.distanceTransform((~walls).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * np.float32(resolution_m)
    space = explored & ~walls & ~openings
    cores = ndimage.label(space & (distance > HALF_DOORWAY_M), structure=np.ones((3, 3)))[0]
    labels = np.asarray(watershed(-np.minimum(distance, 2.0), cores, mask=space), dtype=np.int32)  # type: ignore[no-untyped-call]
    labels = _join_waistless(labels, openings, distance)
    keep = np.bincount(labels.ravel()) * resolution_m**2 >= SMALLEST_ROOM_M2
    keep[0] = False
    return np.asarray(np.where(keep, np.cumsum(keep), 0).astype(np.int32)[labels])


def find_openings(walls: Bools, resolution_m: float) -> Bools:
    """Cells in gaps of straight walls: thin strips along x or y between walls that run on at one end at least."""
    return _gaps_along_rows(walls, resolution_m) | _gaps_along_rows(walls.T, resolution_m).T


def _gaps_along_rows(walls: Bools, resolution_m: float) -> Bools:
    """The openings in walls that run along the second axis."""
    n = walls.shape[1]
    at = np.broadcast_to(np.arange(n), walls.shape)
    last = np.maximum.accumulate(np.where(walls, at, -1), axis=1)
    after = np.minimum.accumulate(np.where(walls, at, n)[:, ::-1], axis=1)[:, ::-1]
    run_back = at - np.maximum.accumulate(np.where(walls, -1, at), axis=1)  # length of the wall that ends here
    run_on = np.minimum.accumulate(np.where(walls, n, at)[:, ::-1], axis=1)[:, ::-1] - at
    rows = np.arange(len(walls))[:, None]
    shortest = SHORTEST_WALL_M / resolution_m
    continued = (run_back[rows, last.clip(0)] >= shortest) | (run_on[rows, after.clip(0, n - 1)] >= shortest)
    narrow = (after - last - 1) * resolution_m <= WIDEST_OPENING_M
    gap = ~walls & (last >= 0) & (after < n) & narrow & continued
    thick = ndimage.binary_opening(gap, structure=np.ones((round(THICKEST_WALL_M / resolution_m) + 1, 1)))
    return np.asarray(gap & ~thick)


def _without_freestanding(tall: Bools, resolution_m: float) -> Bools:
    parts, count = ndimage.label(tall, structure=np.ones((3, 3)))
    if not count:
        return tall
    extent = np.array([[s.stop - s.start for s in box] for box in ndimage.find_objects(parts)]).max(axis=1)
    return np.asarray(np.concatenate([[False], extent * resolution_m >= FREESTANDING_M])[parts])


def _join_waistless(labels: Labels, openings: Bools, distance: NDArray[np.float32]) -> Labels:
    """Join parts whose border, at its widest, is about as wide as the narrower of them."""
    count = int(labels.max(initial=0))
    width = np.zeros(count + 1, dtype=np.float32)
    np.maximum.at(width, labels, distance)
    borders = [_direct_borders(labels, distance), _borders_at_openings(labels, openings, distance)]
    first, second, waist = (np.concatenate(part) for part in zip(*borders, strict=True))
    limit = np.repeat((WAIST, WAIST_AT_OPENING), [len(part[0]) for part in borders])
    root = np.arange(count + 1)
    for k in np.argsort(-waist):
        a, b = _root(root, int(first[k])), _root(root, int(second[k]))
        if a != b and waist[k] >= limit[k] * min(width[a], width[b]):
            root[max(a, b)] = min(a, b)
            width[min(a, b)] = max(width[a], width[b])
    return np.array([_root(root, i) for i in range(count + 1)], dtype=np.int32)[labels]


def _root(root: NDArray[np.int64], i: int) -> int:
    while root[i] != i:
        i = int(root[i])
    return i


Borders = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def _direct_borders(labels: Labels, distance: NDArray[np.float32]) -> Borders:
    """Pairs of labels that touch, with the distance to the walls on their border, one entry per cell."""
    pairs = []
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        touch = (labels[one] != labels[other]) & (labels[one] > 0) & (labels[other] > 0)
        pairs.append((labels[one][touch], labels[other][touch], np.minimum(distance[one], distance[other])[touch]))
    first, second, waist = (np.concatenate(part) for part in zip(*pairs, strict=True))
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    return _widest(low, high, waist)


def _borders_at_openings(labels: Labels, openings: Bools, distance: NDArray[np.float32]) -> Borders:
    """Pairs of labels on the two sides of an opening, with the distance to the walls in its middle."""
    import cv2

    kernel = np.ones((5, 5), dtype=np.uint8)
    parts = ndimage.label(openings, structure=np.ones((3, 3)))[0]
    first, second, waist = [], [], []
    for index, box in enumerate(ndimage.find_objects(parts), start=1):
        grown = tuple(slice(max(s.start - 2, 0), s.stop + 2) for s in box)
        here = parts[grown] == index
        around = np.bincount(labels[grown][cv2.dilate(here.astype(np.uint8), kernel) > 0], minlength=2)
        around[0] = 0
        if np.count_nonzero(around) < 2:
            continue
        a, b = np.sort(np.argsort(around)[-2:])
        first.append(int(a))
        second.append(int(b))
        waist.append(float(distance[grown][here].max()))
    return np.array(first, dtype=np.int64), np.array(second, dtype=np.int64), np.array(waist, dtype=np.float32)


def _widest(low: NDArray[np.int64], high: NDArray[np.int64], waist: NDArray[np.float32]) -> Borders:
    """One entry per pair, its widest."""
    pairs, where = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    widest = np.zeros(pairs.shape[1], dtype=np.float32)
    np.maximum.at(widest, where.ravel(), waist)
    return pairs[0], pairs[1], widest
