"""Which segment belongs to which known object, and which objects are the same one: by shared space and by meaning."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base import Detection
from .lifting import Segment
from .tracks import Track, TrackTable, coarse_keys

REACH_M = 0.05  # boxes nearer than this may be one object
SAME_MEANING = 0.8  # cosine of embeddings, for names that differ
SAME_OBJECT = 0.9  # the same between whole tracks, whose embeddings are averages
MIN_SHARE = 0.15  # of voxels or of the smaller box, for the same meaning
LARGE_M = 0.6  # things larger than this are compared by 10 cm cells: a picture samples them too thinly for voxels


class Common(NamedTuple):
    """What a track has in common with a set of voxels and its box.

    voxels: share of the voxels that the track has; back: share of the track's voxels in the set. smaller: shared volume over
    that of the smaller box; union: over that of both.
    """

    row: int
    voxels: float
    back: float
    smaller: float
    union: float

    @property
    def same_place(self) -> bool:
        """So much that a different name must be a mistake. A blanket on a bed shares cells with it, but not the box."""
        return (self.voxels >= 0.5 and self.union >= 0.2) or self.union >= 0.5 or self.voxels >= 0.8


def common_with(
    table: TrackTable, keys: NDArray[np.int64], low_m: NDArray[np.float64], high_m: NDArray[np.float64]
) -> list[Common]:
    """What each track within reach of a box has in common with its voxels (sorted keys) and corners (3,)."""
    low, high = table.low_m, table.high_m
    near = table.within(low_m - REACH_M, high_m + REACH_M)
    if not len(near):
        return []
    grow = REACH_M / 2
    shared = np.minimum(high[near], high_m) - np.maximum(low[near], low_m) + grow
    theirs, mine = high[near] - low[near] + grow, high_m - low_m + grow
    both, volumes, volume = np.prod(np.clip(shared, 0.0, None), axis=1), np.prod(theirs, axis=1), float(np.prod(mine))
    large = (theirs.max(axis=1) >= LARGE_M) & (mine.max() >= LARGE_M)
    coarse = coarse_keys(keys) if large.any() else keys
    out = []
    for i, row in enumerate(near.tolist()):
        track = table.tracks[row]
        sets = (coarse, track.coarse) if large[i] else (keys, track.keys)
        known = _count_common(*sets)
        smaller, union = float(both[i] / min(volumes[i], volume)), float(both[i] / (volumes[i] + volume - both[i]))
        out.append(Common(row, known / len(sets[0]), known / len(sets[1]), smaller, union))
    return out


def _count_common(keys: NDArray[np.int64], known: NDArray[np.int64]) -> int:
    """How many of the keys are known; both sorted, unique and not empty."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return int(np.count_nonzero(known[at] == keys))


def associate(table: TrackTable, detection: Detection, segment: Segment, keys: NDArray[np.int64]) -> Track | None:
    """The track that a segment belongs to, None for a new one.

    It needs little shared space where the meaning is the same (by votes or embedding), and much where it is not.
    """
    best, best_value = None, 0.0
    for common in common_with(table, keys, segment.low_m, segment.high_m):
        track = table.tracks[common.row]
        cosine = float(table.embeddings[common.row] @ detection.embedding)
        voted = track.names.get(detection.name, 0.0) / sum(track.names.values())
        same = voted >= 0.2 or cosine >= SAME_MEANING
        if (same and max(common.voxels, common.smaller) >= MIN_SHARE) or common.same_place:
            value = max(common.voxels, common.smaller) + common.union + 0.5 * max(voted, cosine)
            if value > best_value:
                best, best_value = track, value
    return best


def twin_of(table: TrackTable, track: Track) -> Track | None:
    """Another track that turned out to be the same object, None where there is none."""
    row = table.row_of[track.id]
    for common in common_with(table, track.keys, table.low_m[row], table.high_m[row]):
        other = table.tracks[common.row]
        if other is track:
            continue
        cosine = float(table.embeddings[row] @ table.embeddings[common.row])
        same = track.name == other.name or cosine >= SAME_OBJECT
        shared = max(common.voxels, common.back)
        fragment = shared >= 0.5 and 4 * min(track.sightings, other.sightings) <= max(track.sightings, other.sightings)
        if (same and (shared >= 0.3 or common.smaller >= 0.6)) or (shared >= 0.6 and common.union >= 0.4) or fragment:
            return other
    return None
