"""Room to put things: boxes that are taken, boxes that must stay clear, and whether a body still gets everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .model import Apartment, Asset, Doorway, Room, Window

Boxes = NDArray[np.float64]  # (N, 6): x0, y0, x1, y1, z0, z1, metres

CELL_M = 0.05
BODY_M = 0.28  # radius of the body, 0.18 m, and room to turn for one that moves in steps: 10 cm
BODY_HEIGHT_M = 1.2
_POCKET_M2 = 0.12  # free floor that may be cut off, behind a chair say
NO_BOXES: Boxes = np.zeros((0, 6))
# Direction of the front (x) of a thing by quarter turns.
QUARTERS: tuple[tuple[float, float], ...] = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
QUARTER_RAD = float(np.pi / 2)


def turned_bounds(asset: Asset, quarter: int) -> tuple[float, float, float, float]:
    """The footprint (x0, y0, x1, y1) of an asset around its origin after quarter turns."""
    (x, y, _), (hx, hy, _) = asset.bounds.centre, asset.bounds.half_size
    c, s = QUARTERS[quarter % 4]
    mx, my = c * x - s * y, s * x + c * y
    wx, wy = (hx, hy) if quarter % 2 == 0 else (hy, hx)
    return mx - wx, my - wy, mx + wx, my + wy


def height_span(asset: Asset) -> tuple[float, float]:
    """Lowest and highest z of an asset around its origin."""
    z, half = asset.bounds.centre[2], asset.bounds.half_size[2]
    return z - half, z + half


def overlaps(boxes: Boxes, others: Boxes, gap_m: float = 0.0) -> NDArray[np.bool_]:
    """Which of `boxes` (K, 6) come nearer than `gap_m` to any of `others` (N, 6): (K,) bool. Touching is no overlap."""
    if len(boxes) == 0 or len(others) == 0:
        return np.zeros(len(boxes), dtype=np.bool_)
    a, b, slack = boxes[:, None, :], others[None, :, :], gap_m - 1e-4
    hit = (a[..., 0] < b[..., 2] + slack) & (a[..., 2] > b[..., 0] - slack)
    hit &= (a[..., 1] < b[..., 3] + slack) & (a[..., 3] > b[..., 1] - slack)
    hit &= (a[..., 4] < b[..., 5] - 1e-4) & (a[..., 5] > b[..., 4] + 1e-4)
    return np.asarray(hit.any(axis=1))


@dataclass(slots=True)
class Space:
    """One room while it is furnished.

    taken: boxes of things; kept: boxes that no thing may enter, before doorways; lit: the same before windows; fronts:
    boxes before things, where a person stands or a door swings, that other things keep out of but that may overlap each
    other.
    """

    room: Room
    gates: tuple[tuple[float, float], ...]  # a point in the room before each doorway
    taken: Boxes = field(default_factory=lambda: NO_BOXES)
    kept: Boxes = field(default_factory=lambda: NO_BOXES)
    lit: Boxes = field(default_factory=lambda: NO_BOXES)
    fronts: Boxes = field(default_factory=lambda: NO_BOXES)

    def fit(self, boxes: Boxes, fronts: Boxes, shared_fronts: Boxes = NO_BOXES) -> NDArray[np.bool_]:
        """Which candidates (K, 6) with their fronts (K, 6) lie inside the room and hit nothing: (K,) bool.

        shared_fronts: fronts that the thing may enter, such as a desk's by its chair.
        """
        x0, y0, x1, y1 = self.room.rect
        inside = (boxes[:, 0] > x0 - 1e-4) & (boxes[:, 1] > y0 - 1e-4)
        inside &= (boxes[:, 2] < x1 + 1e-4) & (boxes[:, 3] < y1 + 1e-4)
        inside &= (fronts[:, 0] > x0 - 0.05) & (fronts[:, 1] > y0 - 0.05)
        inside &= (fronts[:, 2] < x1 + 0.05) & (fronts[:, 3] < y1 + 0.05)
        others = self.fronts
        if len(shared_fronts):
            same = (others[:, None, :] == shared_fronts[None, :, :]).all(axis=2).any(axis=1)
            others = others[~same]
        blocked = overlaps(boxes, self.taken) | overlaps(boxes, self.kept) | overlaps(boxes, self.lit) | overlaps(boxes, others)
        return inside & ~blocked & ~overlaps(fronts, self.taken)

    def passable(self, box: NDArray[np.float64] | None = None) -> bool:
        """Whether a body reaches all gates and nearly all of the free floor, with one more box in the room."""
        free = self.free(box)
        labels, count = ndimage.label(free)
        if count == 0:
            return False
        sizes = np.bincount(labels.ravel())[1:]
        main = int(np.argmax(sizes)) + 1
        if (int(sizes.sum()) - int(sizes[main - 1])) * CELL_M * CELL_M > _POCKET_M2:
            return False
        return all(labels[self.cell(*gate)] == main for gate in self.gates)

    def free(self, box: NDArray[np.float64] | None = None) -> NDArray[np.bool_]:
        """Cells (rows along y, columns along x) where the middle of a body may be, walls and corners counted squarely."""
        x0, y0, x1, y1 = self.room.rect
        shape = (round((y1 - y0) / CELL_M), round((x1 - x0) / CELL_M))
        free = np.zeros(shape, dtype=np.bool_)
        edge = int(BODY_M / CELL_M)
        free[edge : shape[0] - edge, edge : shape[1] - edge] = True
        boxes = self.taken if box is None else np.concatenate([self.taken, box[None]])
        low = boxes[(boxes[:, 4] < BODY_HEIGHT_M) & (boxes[:, 5] > 0.03)]
        spans = np.empty((len(low), 4), dtype=np.int64)
        spans[:, :2] = np.floor((low[:, :2] - (x0, y0) - BODY_M) / CELL_M + 0.5)
        spans[:, 2:] = np.ceil((low[:, 2:4] - (x0, y0) + BODY_M) / CELL_M - 0.5)
        for u0, v0, u1, v1 in spans.tolist():
            free[max(v0, 0) : max(v1, 0), max(u0, 0) : max(u1, 0)] = False
        return free

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point of the room, pulled in as far as a body's middle must stay from the walls."""
        x0, y0, x1, y1 = self.room.rect
        rows, columns = round((y1 - y0) / CELL_M), round((x1 - x0) / CELL_M)
        edge = int(BODY_M / CELL_M)
        row = min(max(int((y - y0) / CELL_M), edge), rows - edge - 1)
        return row, min(max(int((x - x0) / CELL_M), edge), columns - edge - 1)

    def take(self, box: NDArray[np.float64], front: NDArray[np.float64] | None) -> None:
        """Put a thing there, with the box before it that is to stay free."""
        self.taken = np.concatenate([self.taken, box[None]])
        if front is not None:
            self.fronts = np.concatenate([self.fronts, front[None]])


def open_space(apartment: Apartment, index: int) -> Space:
    """The empty room: doorways and the light of windows are kept clear."""
    room = apartment.rooms[index]
    kept, gates = [], []
    for doorway in apartment.doorways:
        if index in doorway.rooms:
            kept.append(_before_doorway(room, doorway))
            gates.append(_gate(room, doorway))
    lit = [_before_window(room, window) for window in apartment.windows if window.room == index]
    return Space(room, tuple(gates), kept=np.array(kept).reshape(-1, 6), lit=np.array(lit).reshape(-1, 6))


def _before_doorway(room: Room, doorway: Doorway) -> tuple[float, float, float, float, float, float]:
    """What stays clear before a doorway: 0.75 m deep, as wide as the opening and a hand more, or as a leaf swings."""
    depth = max(0.75, doorway.width_m + 0.05) if doorway.door else 0.75
    reach = doorway.width_m / 2 + 0.08
    return _against(room, doorway.centre, doorway.along, reach, depth, (0.0, doorway.height_m + 0.1))


def _before_window(room: Room, window: Window) -> tuple[float, float, float, float, float, float]:
    x, y, z = window.centre
    half = window.size[1] / 2
    return _against(room, (x, y), window.along, window.size[0] / 2 + 0.05, 0.3, (max(z - half - 0.02, 0.0), z + half + 0.1))


def _against(
    room: Room, centre: tuple[float, float], along: str, reach: float, depth: float, z: tuple[float, float]
) -> tuple[float, float, float, float, float, float]:
    x0, y0, x1, y1 = room.rect
    if along == "x":
        low, high = (y0, y0 + depth) if centre[1] < (y0 + y1) / 2 else (y1 - depth, y1)
        return max(centre[0] - reach, x0), low, min(centre[0] + reach, x1), high, *z
    low, high = (x0, x0 + depth) if centre[0] < (x0 + x1) / 2 else (x1 - depth, x1)
    return low, max(centre[1] - reach, y0), high, min(centre[1] + reach, y1), *z


def _gate(room: Room, doorway: Doorway) -> tuple[float, float]:
    x0, y0, x1, y1 = room.rect
    return min(max(doorway.centre[0], x0), x1), min(max(doorway.centre[1], y0), y1)
