"""What stands behind a node of the scene graph: its voxels, the votes for its name, and evidence for and against it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

VOXEL_M = 0.025
MAX_VOXELS = 6000
PROBES = 24
SECTORS = 12  # of 30 degrees, from which an object was looked at
_OFFSET, _BITS = 1 << 20, 21  # packs three signed cell numbers into one int64: +-26 km at 2.5 cm
_COARSER = 2  # bits: coarse cells are four voxels wide
_COARSE_FIELDS = sum(((1 << _BITS - _COARSER) - 1) << _BITS * axis for axis in range(3))


def voxel_keys(points_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Sorted, unique keys (V,) of the voxels that points (P, 3) fall into."""
    cells = np.floor(points_m / VOXEL_M).astype(np.int64) + _OFFSET
    return np.unique((cells[:, 0] << 2 * _BITS) | (cells[:, 1] << _BITS) | cells[:, 2])


def coarse_keys(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted, unique keys of the 10 cm cells that voxels lie in."""
    return np.unique((keys >> _COARSER) & _COARSE_FIELDS)


def voxel_centres(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Centres (V, 3), metres, of voxels by key."""
    low = (1 << _BITS) - 1
    cells = np.column_stack([keys >> 2 * _BITS, (keys >> _BITS) & low, keys & low]) - _OFFSET
    return (cells + 0.5) * VOXEL_M


def sector_of(camera_m: NDArray[np.float64], centre_m: NDArray[np.float64]) -> int:
    """From which of the `SECTORS` directions a camera looks at a place."""
    dx, dy = camera_m[:2] - centre_m[:2]
    return int(np.floor((np.arctan2(dy, dx) / (2 * np.pi) % 1.0) * SECTORS)) % SECTORS


@dataclass(slots=True, eq=False)
class Track:
    """The evidence behind one node.

    keys: (V,) sorted voxel keys; coarse: those of the 10 cm cells. names: weight of the votes by name; scores, even_scores:
    the same times the detections' scores, as they are and at even odds. words: attribute -> (weighted sum, weight). colours:
    linear RGB of the sightings, latest last. views: bit mask of the sectors it was seen from; nearest_m, farthest_m: depth of
    the nearest and farthest look. hits: weight of the sightings; misses: weight of the looks that should have shown it; gone:
    looks in a row that went through the place where it should be. pull: sum of weighted embeddings. instance: id given by
    whoever knows it, -1 = unknown. last_seen: number of the update.
    """

    id: int
    keys: NDArray[np.int64]
    pull: NDArray[np.float64]
    coarse: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    names: dict[str, float] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    even_scores: dict[str, float] = field(default_factory=dict)
    words: dict[str, tuple[float, float]] = field(default_factory=dict)
    colours: list[NDArray[np.float64]] = field(default_factory=list)
    sightings: int = 0
    hits: float = 0.0
    misses: float = 0.0
    gone: int = 0
    views: int = 0
    nearest_m: float = float("inf")
    farthest_m: float = 0.0
    instance: int = -1
    last_seen: int = -1

    def __post_init__(self) -> None:
        self.coarse = coarse_keys(self.keys)

    @property
    def name(self) -> str:
        """The name with most votes."""
        return max(self.names, key=self.names.__getitem__)

    @property
    def score(self) -> float:
        """Share of the best name's votes x its mean detection score x hits / (hits + misses)."""
        return self._share_of(self.scores)

    @property
    def even_score(self) -> float:
        """The same with the detections' scores at even odds."""
        return self._share_of(self.even_scores)

    def _share_of(self, scores: dict[str, float]) -> float:
        return scores[self.name] / sum(self.names.values()) * self.hits / (self.hits + self.misses)

    def add_voxels(self, keys: NDArray[np.int64]) -> bool:
        """Take in sorted keys; False where all were known."""
        at = np.searchsorted(self.keys, keys)
        known = self.keys[np.minimum(at, len(self.keys) - 1)] == keys if len(self.keys) else np.zeros(len(keys), dtype=bool)
        if known.all():
            return False
        self.keys = np.insert(self.keys, at[~known], keys[~known])
        if len(self.keys) > MAX_VOXELS:
            self.keys = self.keys[::2]
        self.coarse = np.union1d(self.coarse, coarse_keys(keys[~known]))
        return True

    def box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high corner (3,) of the box around the middle 96 % of the voxels along each axis."""
        centres = voxel_centres(self.keys)
        cut = len(centres) // 50
        top = len(centres) - 1 - cut
        ordered = np.partition(centres, (cut, top), axis=0)
        return ordered[cut] - VOXEL_M / 2, ordered[top] + VOXEL_M / 2

    def probes(self) -> NDArray[np.float64]:
        """(PROBES, 3) voxel centres spread over the object, to test against later pictures."""
        return voxel_centres(self.keys[np.linspace(0, len(self.keys) - 1, PROBES).astype(np.int64)])

    def absorb(self, other: Track) -> None:
        """Add another track's evidence: the two are one object."""
        self.add_voxels(other.keys)
        self.pull = self.pull + other.pull
        for name, weight in other.names.items():
            self.names[name] = self.names.get(name, 0.0) + weight
            self.scores[name] = self.scores.get(name, 0.0) + other.scores[name]
            self.even_scores[name] = self.even_scores.get(name, 0.0) + other.even_scores[name]
        for word, (total, weight) in other.words.items():
            mine = self.words.get(word, (0.0, 0.0))
            self.words[word] = (mine[0] + total, mine[1] + weight)
        self.colours = (other.colours + self.colours)[-15:]
        self.sightings += other.sightings
        self.hits += other.hits
        self.misses = min(self.misses, other.misses)
        self.gone = min(self.gone, other.gone)
        self.views |= other.views
        self.nearest_m = min(self.nearest_m, other.nearest_m)
        self.farthest_m = max(self.farthest_m, other.farthest_m)
        self.last_seen = max(self.last_seen, other.last_seen)


class TrackTable:
    """Tracks in rows, with what is searched at every update side by side in arrays that grow by doubling.

    low_m, high_m: (capacity, 3) boxes. probes_m: (capacity, PROBES, 3). embeddings: (capacity, E) unit. Only the first
    `len(table)` rows count; removing a row moves the last one into its place.
    """

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.row_of: dict[int, int] = {}
        self.low_m = np.zeros((64, 3), order="F")  # columns are searched
        self.high_m = np.zeros((64, 3), order="F")
        self.probes_m = np.zeros((64, PROBES, 3))
        self.embeddings = np.zeros((64, 0), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.tracks)

    def within(self, low_m: NDArray[np.float64], high_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows, ascending, whose box meets the box between two corners (3,). Axis by axis: few are left after the first."""
        n = len(self.tracks)
        rows = np.flatnonzero((self.low_m[:n, 0] <= high_m[0]) & (self.high_m[:n, 0] >= low_m[0]))
        rows = rows[(self.low_m[rows, 1] <= high_m[1]) & (self.high_m[rows, 1] >= low_m[1])]
        return rows[(self.low_m[rows, 2] <= high_m[2]) & (self.high_m[rows, 2] >= low_m[2])]

    def append(self, track: Track) -> None:
        """Take a track in, with its row filled."""
        row = len(self.tracks)
        if row == 0 and self.embeddings.shape[1] != len(track.pull):
            self.embeddings = np.zeros((len(self.low_m), len(track.pull)), dtype=np.float32)
        if row == len(self.low_m):
            for name in ("low_m", "high_m", "probes_m", "embeddings"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))  # keeps the order
        self.tracks.append(track)
        self.row_of[track.id] = row
        self.refresh(track, grown=True)

    def refresh(self, track: Track, grown: bool) -> None:
        """Bring the row of a track up to date; grown: its voxels changed."""
        row = self.row_of[track.id]
        if grown:
            self.low_m[row], self.high_m[row] = track.box()
            self.probes_m[row] = track.probes()
        norm = float(np.linalg.norm(track.pull))
        self.embeddings[row] = track.pull / norm if norm > 0 else 0.0

    def remove(self, track_id: int) -> Track:
        """Take a track out."""
        row, last = self.row_of.pop(track_id), len(self.tracks) - 1
        track = self.tracks[row]
        if row != last:
            for array in (self.low_m, self.high_m, self.probes_m, self.embeddings):
                array[row] = array[last]
            self.tracks[row] = self.tracks[last]
            self.row_of[self.tracks[row].id] = row
        self.tracks.pop()
        return track
