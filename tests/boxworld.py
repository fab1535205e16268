"""A world of coloured boxes on a floor, rendered by ray casting in NumPy: exact depth and labels for perception's tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.envs.observation import CameraFrame
from enactive.perception import Detection

WIDTH, HEIGHT = 160, 120
FOCAL = WIDTH / 2.0 / np.tan(np.deg2rad(79.0) / 2.0)
K = np.array([[FOCAL, 0.0, (WIDTH - 1) / 2.0], [0.0, FOCAL, (HEIGHT - 1) / 2.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Thing:
    name: str
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    rgb: tuple[int, int, int] = (200, 30, 30)

    @property
    def low(self) -> NDArray[np.float64]:
        return np.array(self.centre) - np.array(self.size) / 2

    @property
    def high(self) -> NDArray[np.float64]:
        return np.array(self.centre) + np.array(self.size) / 2


def look_at(eye: tuple[float, float, float], target: tuple[float, float, float]) -> NDArray[np.float64]:
    """T_world_camera of a level camera (no roll) at `eye`."""
    forward = np.subtract(target, eye) / np.linalg.norm(np.subtract(target, eye))
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(forward, right), forward, eye
    return pose


def render(
    things: list[Thing], T_world_camera: NDArray[np.float64], stamp_s: float = 0.0, max_depth_m: float = 5.0
) -> tuple[CameraFrame, NDArray[np.int64]]:
    """A frame and the index of the thing at each pixel (-1: floor or nothing)."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    local = np.stack([(u - K[0, 2]) / FOCAL, (v - K[1, 2]) / FOCAL, np.ones_like(u, dtype=float)], axis=-1)
    rays = local @ T_world_camera[:3, :3].T  # unit depth along the axis
    rays = np.where(np.abs(rays) < 1e-12, 1e-12, rays)
    eye = T_world_camera[:3, 3]
    with np.errstate(divide="ignore"):
        floor = np.where(rays[..., 2] < 0, -eye[2] / rays[..., 2], np.inf)
    depth, label = floor, np.full(floor.shape, -1)
    for index, thing in enumerate(things):
        t1, t2 = (thing.low - eye) / rays, (thing.high - eye) / rays
        enter, leave = np.minimum(t1, t2).max(axis=-1), np.maximum(t1, t2).min(axis=-1)
        hit = (enter <= leave) & (enter > 0) & (enter < depth)
        depth, label = np.where(hit, enter, depth), np.where(hit, index, label)
    palette = np.array([thing.rgb for thing in things] + [(150, 140, 120)], dtype=np.uint8)
    measured = np.where((depth >= 0.1) & (depth <= max_depth_m), depth, 0.0).astype(np.float32)
    return CameraFrame(palette[label], measured, K, T_world_camera, stamp_s), label


def word_vector(name: str) -> NDArray[np.float32]:
    """A unit vector per name; different names are all but orthogonal."""
    vector = np.random.default_rng(abs(sum(ord(c) * 257**i for i, c in enumerate(name))) % 2**32).standard_normal(64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def detections_of(
    things: list[Thing], label: NDArray[np.int64], score: float = 0.9, min_area_px: int = 12
) -> tuple[list[Detection], list[int]]:
    """A detection per visible thing, and which thing each is."""
    seen = [i for i in range(len(things)) if np.count_nonzero(label == i) >= min_area_px]
    return [Detection(things[i].name, score, label == i, word_vector(things[i].name)) for i in seen], seen


def orbit(centre: tuple[float, float], radius_m: float, views: int, height_m: float = 1.0, target_z: float = 0.5):
    """Camera poses on a circle, looking at its middle."""
    for angle in np.linspace(0.0, 2 * np.pi, views, endpoint=False):
        eye = (centre[0] + radius_m * np.cos(angle), centre[1] + radius_m * np.sin(angle), height_m)
        yield look_at(eye, (centre[0], centre[1], target_z))
