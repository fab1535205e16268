"""Rooms of the scene graph: which part of the map is one room, under an id that stays, and what kind of room it is."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .mapping import OccupancyMap
from .room_segmentation import segment_rooms
from .room_table import votes_of
from .scene_graph import RoomNode, SceneGraph

ASSIGN_M = 0.6  # an object this near to a room's floor is in it (cabinets hang where no floor is seen)
FEWEST_VOTES = 0.5
FEWEST_NEW_CELLS = 40  # below, segmenting again would only shuffle cells


class RoomKeeper:
    """Keeps the rooms of a scene graph: ids that stay with their place, kinds by votes, and which object is where.

    every: updates between two segmentations of the map. labels: (nx, ny) int32 room id per cell of the known part of the map,
    -1 = none; corner_m: (2,) its low corner in the world.
    """

    def __init__(self, every: int = 8) -> None:
        self.every = every
        self.labels: NDArray[np.int32] = np.full((0, 0), -1, dtype=np.int32)
        self.corner_m = np.zeros(2)
        self._nearest: NDArray[np.int32] = self.labels
        self._resolution_m = 0.05
        self._next_id = 0
        self._count = 0
        self._known = -FEWEST_NEW_CELLS

    def update(self, grid: OccupancyMap, graph: SceneGraph, moved: Collection[int]) -> list[int]:
        """Bring rooms and membership up to date; returns the ids of the objects whose room changed.

        moved: objects whose box changed since the last call; the others are looked at when the map is segmented.
        """
        due = self._count % self.every == 0
        fresh = due and self._has_changed(grid)
        self._count += 1
        if fresh:
            self._segment(grid, graph)
        changed = self._assign(graph, list(graph.nodes) if fresh else [i for i in moved if i in graph.nodes])
        named = due and self._name(graph)
        graph.version += bool(changed) or named
        return changed

    def _has_changed(self, grid: OccupancyMap) -> bool:
        known = int(np.count_nonzero(grid.explored)) + int(np.count_nonzero(grid.tall))
        changed = abs(known - self._known) >= FEWEST_NEW_CELLS
        self._known = known if changed else self._known
        return changed

    def room_at(self, xy_m: NDArray[np.float64]) -> NDArray[np.int32]:
        """Room ids at points (..., 2), -1 = none near."""
        cells = np.floor((np.asarray(xy_m) - self.corner_m) / self._resolution_m).astype(np.int64)
        inside = np.asarray(((cells >= 0) & (cells < self._nearest.shape)).all(axis=-1))
        if not self._nearest.size:
            return np.full(cells.shape[:-1], -1, dtype=np.int32)
        cells = np.where(np.expand_dims(inside, -1), cells, 0)
        return np.where(inside, self._nearest[cells[..., 0], cells[..., 1]], -1).astype(np.int32)

    def _segment(self, grid: OccupancyMap, graph: SceneGraph) -> None:
        box = grid.known_box(margin_m=ASSIGN_M)
        self._resolution_m = grid.resolution_m
        corner = grid.origin_m + np.array([box[0].start, box[1].start]) * grid.resolution_m
        fresh = segment_rooms(grid.tall[box], grid.explored[box], grid.resolution_m)
        count = int(fresh.max(initial=0))
        ids = self._match(fresh, corner, count)
        self.corner_m = corner
        self.labels = np.concatenate([[-1], ids]).astype(np.int32)[fresh]
        self._nearest = _spread(self.labels, ASSIGN_M / grid.resolution_m)
        for gone in set(graph.rooms) - set(ids.tolist()):
            del graph.rooms[gone]
        x, y = np.nonzero(fresh)
        cells = np.bincount(fresh[x, y], minlength=count + 1)[1:]
        middles = (
            np.column_stack([np.bincount(fresh[x, y], along, minlength=count + 1)[1:] for along in (x, y)]) / cells[:, None]
        )
        for room_id, middle in zip(ids.tolist(), middles, strict=True):
            centre_m = corner + (middle + 0.5) * grid.resolution_m
            if room_id in graph.rooms:
                graph.rooms[room_id].centre_m = centre_m
            else:
                graph.rooms[room_id] = RoomNode(room_id, "", 0.0, centre_m)
        graph.version += 1

    def _match(self, fresh: NDArray[np.int32], corner_m: NDArray[np.float64], count: int) -> NDArray[np.int64]:
        """Ids for the new labels 1..count: the old id that shares most cells, else a new one."""
        ids = np.full(count, -1, dtype=np.int64)
        if count and self.labels.size:
            shift = np.rint((corner_m - self.corner_m) / self._resolution_m).astype(np.int64)
            x, y = np.nonzero(fresh)
            old_x, old_y = x + shift[0], y + shift[1]
            inside = (old_x >= 0) & (old_y >= 0) & (old_x < self.labels.shape[0]) & (old_y < self.labels.shape[1])
            old, new = self.labels[old_x[inside], old_y[inside]] + 1, fresh[x[inside], y[inside]]
            width = int(old.max(initial=0)) + 1
            shared = np.bincount(new.astype(np.int64) * width + old, minlength=(count + 1) * width).reshape(-1, width)[1:, 1:]
            for row, column in zip(*linear_sum_assignment(-shared), strict=True):
                if shared[row, column] > 0:
                    ids[row] = column
        for row in np.flatnonzero(ids < 0):
            ids[row] = self._next_id
            self._next_id += 1
        return ids

    def _assign(self, graph: SceneGraph, ids: list[int]) -> list[int]:
        if not ids:
            return []
        rooms = self.room_at(np.array([graph.nodes[i].centre_m[:2] for i in ids]))
        changed = [i for i, room in zip(ids, rooms.tolist(), strict=True) if graph.nodes[i].room != room]
        for i, room in zip(ids, rooms.tolist(), strict=True):
            graph.nodes[i].room = room
        return changed

    @staticmethod
    def _name(graph: SceneGraph) -> bool:
        """Votes of the objects, each by its confidence; the score is the winner's share, shrunk while votes are few.

        Returns whether the name or the score of a room changed.
        """
        before = [(room.name, room.score) for room in graph.rooms.values()]
        votes: dict[int, dict[str, float]] = {room_id: {} for room_id in graph.rooms}
        for node in graph:
            if node.room in votes:
                for kind, weight in votes_of(node.name).items():
                    votes[node.room][kind] = votes[node.room].get(kind, 0.0) + weight * node.score
        for room_id, room in graph.rooms.items():
            total = sum(votes[room_id].values())
            best = max(votes[room_id], key=votes[room_id].__getitem__, default="")
            if best and votes[room_id][best] >= FEWEST_VOTES:
                room.name, room.score = best, votes[room_id][best] / (total + FEWEST_VOTES)
            else:
                room.name, room.score = "", 0.0
        return before != [(room.name, room.score) for room in graph.rooms.values()]


def _spread(labels: NDArray[np.int32], reach_cells: float) -> NDArray[np.int32]:
    """Each cell's label, or that of the nearest labelled cell within reach; -1 beyond."""
    import cv2

    free = labels < 0
    if free.all():
        return labels
    gap, owner = cv2.distanceTransformWithLabels(
        free.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_owner = np.full(int(owner.max()) + 1, -1, dtype=np.int32)
    of_owner[owner[~free]] = labels[~free]
    return np.where(gap <= reach_cells, of_owner[owner], -1).astype(np.int32)
