"""How heat and cold look: a warm tint under wisps of steam, and a pale one under flakes of frost.

Steam and frost are added to the drawn scene, not to the model: rays, segmentation and depth pass through them.
"""

from __future__ import annotations

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
class Shapes:
    """Ellipsoids. centres: (M, 3) metres; turns: (M, 3, 3), their axes; half_sizes: (M, 3) metres; rgba: (M, 4)."""

    centres: NDArray[np.float64]
    turns: NDArray[np.float64]
    half_sizes: NDArray[np.float64]
    rgba: NDArray[np.float32]


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
    shapes = steam(asset) if state.temperature[object_id] == HOT else frost(asset, bool(state.sliced[object_id]))
    centres = shapes.centres @ turn.T + (x, y, z)
    axes = (turn @ shapes.turns).reshape(-1, 9)
    for half_size, centre, own, rgba in zip(shapes.half_sizes, centres, axes, shapes.rgba, strict=True):
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_ELLIPSOID, half_size, centre, own, rgba)
        geom.emission, geom.specular, geom.shininess = 0.15, 0.0, 0.0
        # else those of the part drawn here before stand, and what is transparent would be sorted by its size
        geom.category, geom.objtype = mujoco.mjtCatBit.mjCAT_DECOR, mujoco.mjtObj.mjOBJ_UNKNOWN
        geom.objid = geom.segid = -1
        scene.ngeom += 1


def reach_m(asset: Asset) -> float:
    """Radius of a ball around a thing's origin that holds it with its steam or frost."""
    return float(np.linalg.norm(np.abs(asset.bounds.centre) + asset.bounds.half_size)) + RISE_M


@lru_cache(maxsize=256)
def steam(asset: Asset) -> Shapes:
    """Wisps that rise from a thing's top, thinning out, in its frame."""
    (cx, cy, cz), (hx, hy, hz) = asset.bounds.centre, asset.bounds.half_size
    step_m = RISE_M / PUFFS
    wisp, k = (each.ravel().astype(np.float64) for each in np.mgrid[:WISPS, :PUFFS])
    angle = 2.0 * np.pi * wisp / WISPS + 0.4
    foot = np.column_stack([0.5 * min(hx, 0.1) * np.cos(angle), 0.5 * min(hy, 0.1) * np.sin(angle), 0.0 * angle])
    sway = np.column_stack([np.cos(angle + 1.0), np.sin(angle + 1.0), 0.0 * angle]) * (0.012 * np.sin(1.3 * k + wisp))[:, None]
    rise = np.column_stack([0.0 * k, 0.0 * k, (k + 0.5) * step_m])
    thick, share = WISP_M * (0.8 + 0.12 * k), 0.45 * (1.0 - k / (PUFFS + 1.0))
    return Shapes(
        np.array([cx, cy, cz + hz]) + foot + sway + rise,
        np.tile(np.eye(3), (len(k), 1, 1)),
        np.column_stack([thick, thick, np.full(len(k), step_m)]),
        np.column_stack([np.tile(STEAM, (len(k), 1)), share]).astype(np.float32),
    )


@lru_cache(maxsize=256)
def frost(asset: Asset, sliced: bool) -> Shapes:
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
    return Shapes(
        centres,
        np.array([_flat_on(normal) for normal in normals]),
        np.column_stack([sizes, sizes, np.full(FLAKES, 0.002)]),
        np.tile(np.array((*FROST, 0.9), dtype=np.float32), (FLAKES, 1)),
    )


def _flat_on(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) axes whose third is a normal."""
    side = np.cross(normal, (1.0, 0.0, 0.0) if abs(normal[0]) < 0.9 else (0.0, 1.0, 0.0))
    side /= np.linalg.norm(side)
    return np.column_stack([side, np.cross(normal, side), normal])
