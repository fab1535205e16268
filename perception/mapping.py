"""The occupancy map: what of the floor has been seen, and where a body cannot stand, from depth and pose."""

from __future__ import annotations

from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enactive.envs import CameraFrame, Embodiment
from enactive.errors import PerceptionError

Box = tuple[slice, slice]
Bools = NDArray[np.bool_]

FLOOR_BAND_M = 0.12  # what is nearer to the floor than this can be driven over: rugs, sills, depth noise
TALL_BAND_M = 2.0  # what is seen between the body's height and this is taken for a wall or a tall cabinet
STRIDE = 2  # every second pixel: at 5 m that is one ray per cell
BINS = 96  # directions in which the free wedge of a frame is kept
OBSTACLE, CLEARED, SURE = 2, -1, 10  # evidence: threshold, and the bounds that let either side win within a few frames
BORDER_M = 4.0
LIMIT_M = 200.0  # a pose further out than this is a fault, not a big house


class OccupancyMap:
    """2-D grids over the floor, indexed [ix, iy] with x and y of the world, growing where the body comes near the border.

    Who plans a way to a place has to `reserve` it first: outside the grid there is nothing, the unknown included.

    explored: seen as floor or passed by a ray. obstacle: something stands between 0.12 m and the body's height, or a
    bump was reported. tall: something stands above the body's height (walls). visited: the body's centre was there.
    All (nx, ny) bool; unknown = not explored. Cell (i, j) covers `origin_m + resolution_m * [i, i + 1) x [j, j + 1)`.
    position_m: (2,) where the body last was. version grows with every change.
    """

    def __init__(
        self,
        centre_m: tuple[float, float] = (0.0, 0.0),
        size_m: float = 24.0,
        resolution_m: float = 0.05,
        body_radius_m: float = 0.18,
        body_height_m: float = 0.95,
        max_range_m: float = 5.0,
    ) -> None:
        self.resolution_m = resolution_m
        self.body_radius_m = body_radius_m
        self.body_height_m = body_height_m
        self.max_range_m = max_range_m
        self.position_m = np.asarray(centre_m, dtype=np.float64)
        self.origin_m = np.floor((self.position_m - size_m / 2.0) / resolution_m) * resolution_m
        cells = round(size_m / resolution_m)
        self.explored: Bools = np.zeros((cells, cells), dtype=bool)
        self.obstacle: Bools = np.zeros((cells, cells), dtype=bool)
        self.tall: Bools = np.zeros((cells, cells), dtype=bool)
        self.visited: Bools = np.zeros((cells, cells), dtype=bool)
        self.version = 0
        self.lock = RLock()  # of who changes the grids and who reads several: who plans may do so beside who looks
        self._bumped: Bools = np.zeros((cells, cells), dtype=bool)
        self._evidence = np.zeros((cells, cells), dtype=np.int8)
        self._known = np.array([[cells, cells], [0, 0]])  # first and one-past-last cell that anything is known of
        self._clearance: tuple[int, NDArray[np.float32]] | None = None
        self._stand(self.position_m)

    def __getstate__(self) -> dict[str, Any]:
        """All but the lock, so that a map can be copied."""
        return {name: value for name, value in vars(self).items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.lock = RLock()

    @classmethod
    def around(cls, T_world_base: NDArray[np.float64], embodiment: Embodiment) -> OccupancyMap:
        """An empty map around a start pose for a body. T_world_base: (4, 4)."""
        return cls(
            centre_m=(float(T_world_base[0, 3]), float(T_world_base[1, 3])),
            body_radius_m=embodiment.radius_m or 0.18,
            body_height_m=embodiment.height_m or 0.95,
        )

    @property
    def shape(self) -> tuple[int, int]:
        return self.explored.shape[0], self.explored.shape[1]

    @property
    def free(self) -> Bools:
        """Explored and without obstacle."""
        return self.explored & ~self.obstacle

    def cell_of(self, xy_m: ArrayLike) -> NDArray[np.int64]:
        """Cells of points. xy_m: (..., 2) world metres; returns (..., 2) int, possibly outside the grid."""
        return np.floor((np.asarray(xy_m, dtype=np.float64) - self.origin_m) / self.resolution_m + 1e-9).astype(np.int64)

    def xy_of(self, cells: ArrayLike) -> NDArray[np.float64]:
        """Centres of cells. cells: (..., 2) int; returns (..., 2) world metres."""
        return self.origin_m + (np.asarray(cells, dtype=np.float64) + 0.5) * self.resolution_m

    def inside(self, cells: ArrayLike) -> Bools:
        """Which cells lie in the grid. cells: (..., 2); returns (...,) bool."""
        cells = np.asarray(cells)
        return np.all((cells >= 0) & (cells < self.shape), axis=-1)

    def known_box(self, margin_m: float = 0.0) -> Box:
        """The part of the grid that anything is known of, with a margin."""
        margin = round(margin_m / self.resolution_m)
        low = np.maximum(self._known[0] - margin, 0)
        high = np.minimum(self._known[1] + margin, self.shape)
        return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))

    def clearance_m(self) -> NDArray[np.float32]:
        """Distance from the middle of each cell to the nearest obstacle, (nx, ny) metres; computed once a version.

        Measured to the near side of the obstacle's cell, so that a body may stand where it exceeds its radius.
        """
        import cv2

        with self.lock:
            if self._clearance is None or self._clearance[0] != self.version:
                distance = np.full(self.shape, np.float32(np.hypot(*self.shape)), dtype=np.float32)
                box = self.known_box(margin_m=1.0)
                clear = (~self.obstacle[box]).astype(np.uint8)
                if not clear.all():
                    distance[box] = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
                self._clearance = self.version, (distance - 0.5) * np.float32(self.resolution_m)
            return self._clearance[1]

    def reserve(self, xy_m: ArrayLike, reach_m: float) -> bool:
        """Make room for a place that is planned to; False where it, or its reach, lies beyond the limit of all maps.

        Costs nothing where the place lies in the grid already.
        """
        xy_m = np.asarray(xy_m, dtype=np.float64)
        if not (np.abs(xy_m) + reach_m < LIMIT_M).all():
            return False
        with self.lock:
            self._reserve(xy_m, reach_m)
        return True

    def bump(self, xy_m: ArrayLike) -> None:
        """Mark a small obstacle at a point of the floor: a collision that depth does not explain (glass, a low edge)."""
        with self.lock:
            self._reserve(np.asarray(xy_m, dtype=np.float64), 0.5)
            cells = self._disc(np.asarray(xy_m, dtype=np.float64), 1.1 * self.resolution_m)
            self._bumped[cells] = True
            self.obstacle[cells] = True
            self.explored[cells] = True
            self._note(np.array([cells[0].min(), cells[1].min()]), np.array([cells[0].max(), cells[1].max()]) + 1)

    def forget_bumps(self) -> bool:
        """Take back all bumps that depth does not confirm; says whether there were any."""
        with self.lock:
            box = self.known_box()
            any_left = bool(self._bumped[box].any())
            self._bumped[box] = False
            self.obstacle[box] = self._evidence[box] >= OBSTACLE
            self.version += any_left
        return any_left

    def update(self, frame: CameraFrame, T_world_base: NDArray[np.float64]) -> None:
        """Take one depth frame in. Touches only the cells in view.

        T_world_base: (4, 4) pose of the body on the floor. Raises PerceptionError without depth or with an impossible pose.
        """
        if not (np.isfinite(T_world_base).all() and np.isfinite(frame.T_world_camera).all()):
            raise PerceptionError("mapping got a pose with NaN or infinite entries: check the odometry")
        with self.lock:
            self._reserve(T_world_base[:2, 3], self.body_radius_m)
            self._reserve(frame.T_world_camera[:2, 3], self.max_range_m)
            self._stand(T_world_base[:2, 3])
            self._see(frame, float(T_world_base[2, 3]))

    def _see(self, frame: CameraFrame, floor_z_m: float) -> None:
        depth = frame.depth_m[::STRIDE, ::STRIDE].ravel()
        rays = _rays(frame.depth_m.shape[0], frame.depth_m.shape[1], frame.K.tobytes())
        right = frame.T_world_camera[:2, 0] / np.linalg.norm(frame.T_world_camera[:2, 0])
        ahead = np.array([-right[1], right[0]])
        level = np.array([[*ahead, 0.0], [*-right, 0.0], [0.0, 0.0, 1.0]]) @ frame.T_world_camera[:3, :3]
        with np.errstate(invalid="ignore"):
            points = depth * (level.astype(np.float32) @ rays)  # (3, N): ahead, left and up of the camera, levelled
            valid = (depth > 0.0) & (points[0] ** 2 + points[1] ** 2 <= self.max_range_m**2)
        points = points[:, valid]
        points[2] += np.float32(frame.T_world_camera[2, 3] - floor_z_m)
        camera = frame.T_world_camera[:2, 3]
        origin = (camera - self.origin_m) / self.resolution_m
        ix, iy = (
            np.floor((points[0] * a - points[1] * r) / self.resolution_m + o).astype(np.int64)
            for a, r, o in zip(ahead, right, origin, strict=True)
        )
        if not ix.size:
            return
        corners = np.array([[ix.min(), iy.min()], [ix.max(), iy.max()], np.floor(origin)], dtype=np.int64)
        low, high = corners.min(axis=0), corners.max(axis=0) + 1
        box = slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))
        shape = high - low
        flat = (ix - low[0]) * shape[1] + iy - low[1]
        above = points[2] >= FLOOR_BAND_M
        floor = ~above & (points[2] > -FLOOR_BAND_M)
        hit = above & (points[2] < self.body_height_m)
        tall = (points[2] >= self.body_height_m) & (points[2] < TALL_BAND_M)
        size = int(shape[0] * shape[1])
        floors, hits, talls = (np.bincount(flat[kind], minlength=size).reshape(shape) for kind in (floor, hit, tall))
        evidence = self._evidence[box] + np.minimum(hits, 3) - ((floors > 0) & (hits == 0))
        self._evidence[box] = np.clip(evidence, CLEARED, SURE)
        self.obstacle[box] = (self._evidence[box] >= OBSTACLE) | self._bumped[box]
        self.tall[box] = (self.tall[box] | (talls > 0)) & ~(floors > hits + talls)
        offset = np.indices(tuple(shape)).transpose(1, 2, 0) + (low + 0.5 - origin)
        wedge = self._wedge(offset * self.resolution_m, ahead, points, floor, hit)
        self.explored[box] |= _closed(floors > 0) | (hits > 0) | wedge
        self._note(low, high)

    def _wedge(
        self, offset: NDArray[np.float64], ahead: NDArray[np.float64], points: NDArray[np.float32], floor: Bools, hit: Bools
    ) -> Bools:
        """Cells between the camera and the first obstacle in each direction, or the last floor where there is none.

        This covers the floor below the picture's lower edge, over which rays pass unhindered.
        """
        front = points[0] > 0.05
        if not front.any():
            return np.zeros(offset.shape[:2], dtype=bool)
        slope = points[1] / np.maximum(points[0], np.float32(0.05))
        lowest, highest = float(slope[front].min()), float(slope[front].max())
        scale = BINS / max(highest - lowest, 1e-6)
        bins = ((slope - lowest) * scale).astype(np.int64).clip(0, BINS - 1)
        reach, first = np.zeros(BINS), np.full(BINS, np.inf)
        floor, hit = floor & front, hit & front
        np.maximum.at(reach, bins[floor], points[0][floor])
        np.minimum.at(first, bins[hit], points[0][hit])
        reach = np.where(np.isfinite(first), first, reach)
        along = offset @ ahead
        aside = offset @ np.array([-ahead[1], ahead[0]])
        index = np.floor((aside / np.maximum(along, 1e-6) - lowest) * scale)
        within = (along > 0.0) & (index >= 0) & (index < BINS)
        return within & (along < reach[np.where(within, index, 0).astype(np.int64)])

    def _stand(self, xy_m: NDArray[np.float64]) -> None:
        """Where the body stands there is floor, and nothing that it cannot pass."""
        cells = self._disc(xy_m, self.body_radius_m)
        inner = self._disc(xy_m, self.body_radius_m - self.resolution_m)
        self.explored[cells] = True
        self._bumped[inner] = False
        self._evidence[inner] = np.minimum(self._evidence[inner], CLEARED)
        self.obstacle[inner] = False
        self.visited[tuple(self.cell_of(xy_m))] = True
        self.position_m = np.array(xy_m, dtype=np.float64)
        self._note(np.array([cells[0].min(), cells[1].min()]), np.array([cells[0].max(), cells[1].max()]) + 1)

    def _disc(self, xy_m: NDArray[np.float64], radius_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        reach = int(np.ceil(radius_m / self.resolution_m)) + 1
        span = np.arange(-reach, reach + 1)
        cells = self.cell_of(xy_m) + np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
        near = np.linalg.norm(self.xy_of(cells) - xy_m, axis=1) <= max(radius_m, 0.75 * self.resolution_m)
        return cells[near, 0], cells[near, 1]

    def _note(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> None:
        self._known = np.stack([np.minimum(self._known[0], low), np.maximum(self._known[1], high)])
        self.version += 1

    def _reserve(self, xy_m: NDArray[np.float64], reach_m: float) -> None:
        """Grow the grids until everything within reach of a point fits."""
        if not (np.abs(xy_m) < LIMIT_M).all():
            raise PerceptionError(f"mapping got a position {xy_m.round(1).tolist()} beyond {LIMIT_M:.0f} m: check the odometry")
        low = np.minimum(self.cell_of(xy_m - reach_m), 0)
        high = np.maximum(self.cell_of(xy_m + reach_m) + 1 - self.shape, 0)
        if not (low.any() or high.any()):
            return
        border = round(BORDER_M / self.resolution_m)
        before, after = np.where(low < 0, border - low, 0), np.where(high > 0, border + high, 0)
        pad = tuple((int(a), int(b)) for a, b in zip(before, after, strict=True))
        for name in ("explored", "obstacle", "tall", "visited", "_bumped", "_evidence"):
            setattr(self, name, np.pad(getattr(self, name), pad))
        self.origin_m = self.origin_m - before * self.resolution_m
        self._known = self._known + before
        self.version += 1


@lru_cache(maxsize=8)
def _rays(height: int, width: int, intrinsics: bytes) -> NDArray[np.float32]:
    """Directions of the subsampled pixels in the optical frame at unit depth, (3, N)."""
    K = np.frombuffer(intrinsics, dtype=np.float64).reshape(3, 3)
    v, u = np.mgrid[0:height:STRIDE, 0:width:STRIDE]
    pixels = np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
    return (np.linalg.inv(K) @ pixels).astype(np.float32)


def _closed(floor: Bools) -> Bools:
    """Fill the gaps between the rows of far floor pixels, which lie up to 0.3 m apart."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    padded = np.pad(floor.astype(np.uint8), 3)  # else what grows to the edge of the window is not shrunk back
    return cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[3:-3, 3:-3].astype(bool)
