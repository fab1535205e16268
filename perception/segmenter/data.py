"""Making pictures to learn from: views of apartments with the truth of every pixel, rendered in parallel, resumable."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError
from enactive.files import sync_files

if TYPE_CHECKING:
    from enactive.envs.household.render import Renderer
    from enactive.envs.household.state import WorldState
    from enactive.envs.household.world import World

FIRST_UNSEEN_SEED = 100_000
FRAMES_PER_APARTMENT = 24
FRAMES_PER_STATE = 6
AIMED = 0.7  # share of the frames that look at something; the rest look anywhere
DISTANCE_M = (0.6, 4.0)
PHOTO_HEIGHT_M, PHOTO_PITCH_RAD = (0.45, 1.65), (-1.2, 1.0)  # of a camera in somebody's hand
PITCHES_DEG = (-30.0, 0.0, 30.0)
PITCH_CHANCES = (0.3, 0.65, 0.05)  # of a camera that looks anywhere
DEPTH_RANGE_M = (0.1, 12.0)
MIN_TARGET_PIXELS = 12
TRIES = 12

Shot = tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.int16], NDArray[np.float64]]


def make_views(
    folder: Path,
    seeds: Sequence[int],
    workers: int = 2,
    frames: int = FRAMES_PER_APARTMENT,
    photos: float = 0.0,
    only: frozenset[str] = frozenset(),
) -> None:
    """Render `frames` views of each apartment that the folder lacks.

    photos: share of those aimed at something that are taken as by hand, from any height, as pictures of goals are. only:
    categories that views are aimed at, all of them in apartments that have any; empty aims at all alike. Raises ConfigError
    where seeds of the unseen split are to be mixed with others: what is trained on may not be tested on.
    """
    if len({seed >= FIRST_UNSEEN_SEED for seed in seeds}) > 1:
        raise ConfigError(f"seeds below {FIRST_UNSEEN_SEED} are for training, those from it on for testing: keep them apart")
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("making-*"):
        shutil.rmtree(stale)
    missing = [seed for seed in seeds if not (folder / _name(seed) / "meta.json").exists()]
    if workers <= 1:
        for seed in missing:
            make_apartment_views(folder, seed, frames, photos, only)
        return
    # not concurrent.futures: in Python 3.11 its pool stands still once every worker has reached max_tasks_per_child
    with get_context("spawn").Pool(workers, maxtasksperchild=50) as pool:
        for _ in pool.imap_unordered(partial(make_apartment_views, folder, frames=frames, photos=photos, only=only), missing):
            pass


def _name(seed: int) -> str:
    return f"seed-{seed:06d}"


def make_apartment_views(
    folder: Path, seed: int, frames: int = FRAMES_PER_APARTMENT, photos: float = 0.0, only: frozenset[str] = frozenset()
) -> None:
    """Render the views of one apartment; the folder appears when it is whole."""
    from enactive.envs.household.render import DepthSensor, Renderer
    from enactive.envs.household.world import load_world

    world = load_world(seed, None)
    rng = np.random.default_rng([seed, 7])
    with Renderer(world.compiled, sensor=DepthSensor(range_m=DEPTH_RANGE_M)) as renderer:
        shots = _shoot(world, renderer, rng, frames, photos, only)
    making = folder / f"making-{seed:06d}"
    making.mkdir()
    for name, column in zip(("rgb", "depth_mm", "code"), list(zip(*shots, strict=True))[:3], strict=True):
        np.save(making / f"{name}.npy", np.stack(column))
    meta = {
        "K": renderer.K.tolist(),
        "T_world_camera": [shot[3].tolist() for shot in shots],
        "objects": [[p.asset.category, p.asset.colour, p.asset.material] for p in world.apartment.objects],
    }
    (making / "meta.json").write_text(json.dumps(meta))
    sync_files(making)
    making.rename(folder / _name(seed))


def _shoot(
    world: World, renderer: Renderer, rng: np.random.Generator, frames: int, photos: float, only: frozenset[str]
) -> list[Shot]:
    from enactive.envs.household.camera import camera_pose
    from enactive.envs.household.state import initial_state

    shots: list[Shot] = []
    categories = np.array([placed.asset.category for placed in world.apartment.objects])
    wanted = np.flatnonzero(np.isin(categories, list(only)))
    aimed = 1.0 if len(wanted) else AIMED
    start = initial_state(world.apartment)
    for first in range(0, frames, FRAMES_PER_STATE):
        state = _stir(start, rng)
        grid = world.geodesics(state).grid
        free = grid.centres(np.argwhere(grid.free))
        for _ in range(min(FRAMES_PER_STATE, frames - first)):
            for _ in range(TRIES):
                target = _pick_target(categories, wanted, rng) if rng.random() < aimed else None
                if target is not None and photos > 0.0 and rng.random() < photos:
                    pose = _photograph(free, state.pose[target], rng)
                else:
                    pose = camera_pose(*_stand(free, None if target is None else state.pose[target], rng))
                code = renderer.segmentation(state, pose)
                if _worth_seeing(code, target):
                    break
            rgb, depth = renderer.rgbd(state, pose)
            shots.append((rgb, np.round(depth * 1e3).astype(np.uint16), code.astype(np.int16), pose))
    return shots


def _stir(state: WorldState, rng: np.random.Generator) -> WorldState:
    """Open some doors and drawers, switch and dirty some things."""
    opening = np.where(rng.random(len(state.opening)) < 0.3, rng.random(len(state.opening)), state.opening)
    flip = rng.random(len(state.on)) < 0.3
    return replace(
        state,
        opening=opening,
        on=state.on ^ flip,
        dirty=state.dirty ^ (rng.random(len(state.on)) < 0.15),
        sliced=rng.random(len(state.on)) < 0.15,
    )


def _pick_target(categories: NDArray[np.str_], wanted: NDArray[np.int64], rng: np.random.Generator) -> int:
    """One of the wanted objects, of all where none is: every category with the same chance."""
    among = wanted if len(wanted) else np.arange(len(categories))
    return int(rng.choice(among[categories[among] == rng.choice(np.unique(categories[among]))]))


def _stand(
    free: NDArray[np.float64], target: NDArray[np.float64] | None, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """A place of the body (x, y, yaw rad) and a pitch in rad, near and towards the target where there is one."""
    from enactive.envs.household.camera import CAMERA_HEIGHT_M

    jitter = np.deg2rad(rng.normal(0.0, 3.0))
    if target is None:
        pitch = np.deg2rad(rng.choice(PITCHES_DEG, p=PITCH_CHANCES))
        return np.append(free[rng.integers(len(free))], rng.uniform(-np.pi, np.pi)), pitch + jitter
    place = _place_before(free, target, rng)
    dx, dy = target[:2] - place
    yaw = np.arctan2(dy, dx) + np.deg2rad(rng.normal(0.0, 14.0))
    slope = np.arctan2(target[2] + 0.1 - CAMERA_HEIGHT_M, np.hypot(dx, dy))
    pitch = np.deg2rad(min(PITCHES_DEG, key=lambda degrees: abs(np.deg2rad(degrees) - slope)))
    return np.array([place[0], place[1], yaw]), float(pitch + jitter)


def _place_before(free: NDArray[np.float64], target: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A place at a distance that is drawn first, since near places are few and far ones many."""
    distance = np.hypot(*(free - target[:2]).T)
    place = free[np.abs(distance - np.exp(rng.uniform(*np.log(DISTANCE_M)))).argmin()]
    near = np.flatnonzero(np.abs(distance - np.hypot(*(place - target[:2]))) < 0.1)
    return np.asarray(free[rng.choice(near)])


def _photograph(free: NDArray[np.float64], target: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """T_world_camera of a camera that somebody holds towards a thing."""
    from enactive.envs.household.camera import camera_pose

    place, height = _place_before(free, target, rng), rng.uniform(*PHOTO_HEIGHT_M)
    dx, dy = target[:2] - place
    yaw = np.arctan2(dy, dx) + rng.normal(0.0, 0.15)
    pitch = np.arctan2(target[2] + 0.1 - height, np.hypot(dx, dy)) + rng.normal(0.0, 0.1)
    return camera_pose(np.array([*place, yaw]), float(np.clip(pitch, *PHOTO_PITCH_RAD)), float(height))


def _worth_seeing(code: NDArray[np.int32], target: int | None) -> bool:
    """The target is in view; without one, not everything is bare wall."""
    return bool((code == target).sum() >= MIN_TARGET_PIXELS if target is not None else (code >= 0).mean() > 0.03)
