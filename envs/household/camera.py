"""The head camera: where it is, and how it maps space to pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CAMERA_HEIGHT_M = 0.88
HFOV_RAD = float(np.deg2rad(79.0))


def intrinsics(width: int, height: int, hfov_rad: float = HFOV_RAD) -> NDArray[np.float64]:
    """K, (3, 3), of an ideal pinhole camera with square pixels; (0, 0) is the middle of the top left pixel."""
    focal = width / 2.0 / np.tan(hfov_rad / 2.0)
    return np.array([[focal, 0.0, (width - 1) / 2.0], [0.0, focal, (height - 1) / 2.0], [0.0, 0.0, 1.0]])


def base_pose(base: NDArray[np.float64]) -> NDArray[np.float64]:
    """T_world_base, (4, 4), of a base (x, y, yaw_rad) on the floor."""
    x, y, yaw = base
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0, x], [s, c, 0.0, y], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])


def camera_pose(base: NDArray[np.float64], pitch_rad: float, height_m: float = CAMERA_HEIGHT_M) -> NDArray[np.float64]:
    """T_world_camera, (4, 4), optical frame, over the middle of the base. pitch_rad > 0 looks up."""
    x, y, yaw = base
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch_rad), np.sin(pitch_rad)
    right, down, forward = (s, -c, 0.0), (sp * c, sp * s, -cp), (cp * c, cp * s, sp)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, down, forward, (x, y, height_m)
    return pose
