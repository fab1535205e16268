"""Where an object can be seen from: the places that count as having found it (Habitat's view points)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .camera import CAMERA_HEIGHT_M
from .compile import CompiledApartment
from .engine import mujoco
from .geodesic import Grid
from .model import Box

REACH_M = 1.0
_OFF_M = 0.01  # rays start this far outside the object's bounds


def view_points(
    compiled: CompiledApartment, data: mujoco.MjData, grid: Grid, object_id: int, reach_m: float = REACH_M
) -> NDArray[np.bool_]:
    """(rows, columns) bool: free cells within reach of the object's bounds from which the camera sees it.

    The distance is horizontal, to the box around the object. It is seen where a ray from the camera's height over the cell
    reaches the middle of a side or of the top of that box. data: the apartment posed in the state that is asked about.
    """
    bounds = compiled.apartment.objects[object_id].asset.bounds
    place, yaw = data.mocap_pos[object_id], 2.0 * np.arctan2(data.mocap_quat[object_id, 3], data.mocap_quat[object_id, 0])
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    out = np.zeros(grid.free.shape, dtype=bool)
    reach = reach_m + float(np.hypot(*bounds.half_size[:2])) + float(np.hypot(*bounds.centre[:2]))
    row, column = grid.cell(place[:2])
    span = int(np.ceil(reach / grid.cell_m)) + 1
    first = np.maximum([row - span, column - span], 0)
    cells = np.argwhere(grid.free[first[0] : max(row + span + 1, 0), first[1] : max(column + span + 1, 0)]) + first
    xy = grid.centres(cells)
    local = (xy - place[:2]) @ turn[:2, :2] - np.asarray(bounds.centre[:2])
    gap = np.maximum(np.abs(local) - np.asarray(bounds.half_size[:2]), 0.0)
    near = np.hypot(gap[:, 0], gap[:, 1]) <= reach_m
    cells, eyes = cells[near], np.column_stack([xy[near], np.full(int(near.sum()), CAMERA_HEIGHT_M)])
    if len(eyes):
        seen = np.zeros(len(eyes), dtype=bool)
        for point in _faces(bounds) @ turn.T + place:
            seen[~seen] = _clear(compiled.model, data, point, eyes[~seen])
        out[tuple(cells[seen].T)] = True
    return out


def _faces(bounds: Box) -> NDArray[np.float64]:
    """(5, 3) points just outside the middles of the top and the four sides of a box."""
    half = np.asarray(bounds.half_size) + _OFF_M
    sides = np.array([[0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=np.float64)
    return np.asarray(bounds.centre) + sides * half


def _clear(
    model: mujoco.MjModel, data: mujoco.MjData, point: NDArray[np.float64], eyes: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(N,) bool: nothing stands between a point and each of the eyes (N, 3)."""
    count = len(eyes)
    if not count:
        return np.zeros(0, dtype=bool)
    way = eyes - point
    length = np.linalg.norm(way, axis=1)
    hit, distance = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.float64)
    unit = (way / length[:, None]).ravel()
    mujoco.mj_multiRay(model, data, point, unit, None, 1, -1, hit, distance, None, count, float(length.max()) + 1.0)
    return np.asarray((hit < 0) | (distance >= length))
