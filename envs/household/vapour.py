"""How heat and cold look: a warm tint under wisps of steam, and a pale one under flakes of frost.

Steam and frost are added to the drawn scene, not to the model: rays, segmentation and depth pass through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .effects import COLD, HOT
from .engine import mujoco
from .model import Asset
from .state import WorldState

TINTS = {HOT: ((1.0, 0.50, 0.22), 0.12), COLD: ((0.75, 0.90, 1.0), 0.14)}  # colour, and its share in the thing's own
STEAM, FROST = (0.94, 0.95, 0.97), (0.74, 0.89, 1.0)
WISPS, PUFFS, FLAKES = 3, 7, 36
RISE_M, WISP_M, FLAKE_M = 0.13, 0.007, 0.006  # height of the steam, radius of a wisp, half the width of a flake
MOST = max(WISPS * PUFFS, FLAKES)  # shapes on one thing


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An ellipsoid. centre: (3,) metres; turn: (3, 3), its axes; half_size: (3,) metres; rgba."""

    centre: NDArray[np.float64]
    turn: NDArray[np.float64]
    half_size: tuple[float, float, float]
    rgba: tuple[float, float, float, float]


def tinted(rgb: NDArray[np.float32], temperature: NDArray[np.int8]) -> NDArray[np.float32]:
    """Colours (G, 3) of parts as their temperatures (G,) make them look; those at room temperature come back as they are."""
    out = rgb.copy()
    for value, (colour, share) in TINTS.items():
        these = temperature == value
        out[these] += np.float32(share) * (np.array(colour, dtype=np.float32) - out[these])
    return out


def add_to(scene: mujoco.MjvScene, state: WorldState, object_id: int, asset: Asset) -> None:
    """Draw the steam or the frost of a hot or cold thing."""
    x, y, z, yaw = state.pose[object_id]
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    hot = state.temperature[object_id] == HOT
    for shape in steam(asset) if hot else frost(asset, bool(state.sliced[object_id])):
        geom = scene.geoms[scene.ngeom]
        centre, axes = turn @ shape.centre + (x, y, z), (turn @ shape.turn).ravel()
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_ELLIPSOID, shape.half_size, centre, axes, shape.rgba)
        geom.emission, geom.specular, geom.shininess = 0.15, 0.0, 0.0
        # else those of the part drawn here before stand, and what is transparent would be sorted by its size
        geom.category, geom.objtype = mujoco.mjtCatBit.mjCAT_DECOR, mujoco.mjtObj.mjOBJ_UNKNOWN
        geom.objid = geom.segid = -1
        scene.ngeom += 1


def reach_m(asset: Asset) -> float:
    """Radius of a ball around a thing's origin that holds it with its steam or frost."""
    return float(np.linalg.norm(np.abs(asset.bounds.centre) + asset.bounds.half_size)) + RISE_M


@lru_cache(maxsize=256)
def steam(asset: Asset) -> tuple[Shape, ...]:
    """Wisps that rise from a thing's top, thinning out, in its frame."""
    (cx, cy, cz), (hx, hy, hz) = asset.bounds.centre, asset.bounds.half_size
    return tuple(_wisp_parts((cx, cy, cz + hz), min(hx, 0.1), min(hy, 0.1)))


def _wisp_parts(top: tuple[float, float, float], hx: float, hy: float) -> Iterator[Shape]:
    step_m = RISE_M / PUFFS
    for wisp in range(WISPS):
        angle = 2.0 * np.pi * wisp / WISPS + 0.4
        foot = np.array([0.5 * hx * np.cos(angle), 0.5 * hy * np.sin(angle), 0.0]) + top
        sway = np.array([np.cos(angle + 1.0), np.sin(angle + 1.0), 0.0])
        for k in range(PUFFS):
            centre = foot + sway * 0.012 * np.sin(1.3 * k + wisp) + (0.0, 0.0, (k + 0.5) * step_m)
            thick = WISP_M * (0.8 + 0.12 * k)
            yield Shape(centre, np.eye(3), (thick, thick, 1.0 * step_m), (*STEAM, 0.45 * (1.0 - k / (PUFFS + 1.0))))


@lru_cache(maxsize=256)
def frost(asset: Asset, sliced: bool) -> tuple[Shape, ...]:
    """Flakes that lie flat on what shows of a thing, spread by area, in its frame."""
    meshes = [part.mesh for part in asset.parts if part.when in ("", "sliced" if sliced else "whole")]
    corners = np.concatenate([mesh.vertices[mesh.faces] for mesh in meshes]).astype(np.float64)  # (F, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    rng = np.random.default_rng(0)
    chosen = corners[(faces := rng.choice(len(corners), FLAKES, p=area / area.sum()))]
    weights = rng.dirichlet(np.ones(3), FLAKES)
    normals = across[faces] / area[faces, None]
    centres = np.einsum("fk,fkd->fd", weights, chosen) + 0.0015 * normals
    sizes = FLAKE_M * rng.uniform(0.6, 1.3, FLAKES)
    return tuple(
        Shape(centre, _flat_on(normal), (float(size), float(size), 0.002), (*FROST, 0.9))
        for centre, normal, size in zip(centres, normals, sizes, strict=True)
    )


def _flat_on(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) axes whose third is a normal."""
    side = np.cross(normal, (1.0, 0.0, 0.0) if abs(normal[0]) < 0.9 else (0.0, 1.0, 0.0))
    side /= np.linalg.norm(side)
    return np.column_stack([side, np.cross(normal, side), normal])
