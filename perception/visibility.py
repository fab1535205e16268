"""Looking again at what is known: which objects in view does this picture speak against?"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from enactive.envs.observation import CameraFrame

from .tracks import PROBES, TrackTable

MARGIN_PX = 8  # from the edge of the picture
MARGIN_M = 0.3  # from the ends of the depth range
MOST = 0.7  # share of the unhidden probes that has to agree on a verdict
ENOUGH = PROBES // 3  # unhidden probes below which a look says nothing


def look_again(
    table: TrackTable, frame: CameraFrame, depth_range_m: tuple[float, float], seen: Collection[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose object should be there but is not; rows where something is there that was not taken for the object; and of
    these the rows whose object was detected from as far before, so that it was not just too small to be found.

    Only tracks not in `seen` with their middle well inside picture and range are judged, each by `PROBES` of its voxels. A
    probe is passed through where the depth around its pixel lies behind it everywhere, hidden where it lies before it.
    """
    n = len(table)
    none = np.zeros(0, dtype=np.int64)
    if n == 0 or frame.depth is None:
        return none, none, none
    height, width = frame.depth.shape
    u, v, z = _project((table.low_m[:n] + table.high_m[:n]) / 2.0, frame)
    inside = (z > depth_range_m[0] + MARGIN_M) & (z < depth_range_m[1] - MARGIN_M)
    inside &= (u >= MARGIN_PX) & (u < width - MARGIN_PX) & (v >= MARGIN_PX) & (v < height - MARGIN_PX)
    rows = np.array([row for row in np.flatnonzero(inside) if table.tracks[row].id not in seen], dtype=np.int64)
    if not len(rows):
        return none, none, none
    at_u, at_v, at_z = _project(table.probes_m[rows].reshape(-1, 3), frame)
    u, v, z = at_u.reshape(-1, PROBES), at_v.reshape(-1, PROBES), at_z.reshape(-1, PROBES)
    valid = (z > depth_range_m[0]) & (u >= 1) & (u < width - 1) & (v >= 1) & (v < height - 1)
    at = np.where(valid, v * width + u, width + 1)
    depth = frame.depth.ravel()
    nearest = depth[at]
    for step in (-1, 1, -width, width):
        nearest = np.minimum(nearest, depth[at + step])
    valid &= np.isfinite(nearest) & (nearest > 0.0)
    tolerance = 0.08 + 0.03 * z
    through = valid & (nearest > z + tolerance)
    there = valid & (np.abs(depth[at] - z) <= tolerance)
    unhidden = through.sum(axis=1) + there.sum(axis=1)
    enough = unhidden >= ENOUGH
    gone = enough & (through.sum(axis=1) >= MOST * unhidden)
    unnamed = enough & (there.sum(axis=1) >= MOST * unhidden)
    seen_at_m = np.array([table.tracks[row].farthest_m for row in rows])
    return rows[gone], rows[unnamed], rows[unnamed & (np.median(z, axis=1) <= seen_at_m)]


def _project(
    points_m: NDArray[np.float64], frame: CameraFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pixel column, pixel row and depth of points (N, 3); points behind the camera get a pixel far outside."""
    local = (points_m - frame.T_world_camera[:3, 3]) @ frame.T_world_camera[:3, :3]
    z = local[:, 2]
    safe = np.where(z > 1e-3, z, 1.0)
    u = np.where(z > 1e-3, frame.K[0, 0] * local[:, 0] / safe + frame.K[0, 2], -1e6)
    v = np.where(z > 1e-3, frame.K[1, 1] * local[:, 1] / safe + frame.K[1, 2], -1e6)
    return np.rint(np.clip(u, -1e6, 1e6)).astype(np.int64), np.rint(np.clip(v, -1e6, 1e6)).astype(np.int64), z
