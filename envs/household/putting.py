"""Taking things into the hand and putting them down: what travels along, and which place is meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .effects import works_on
from .feedback import Refusal
from .floor_spots import floor_spot
from .rectangles import turned
from .spots import Load, free_spots, load_of, pointed_at, riding
from .state import WorldState, changed, covered, with_changes
from .targets import View, skills_of
from .world import World

HIDDEN_M = 100.0  # what is in the hand is out of sight that far below the floor
# What is used by its inside: putting something in it never means its top.
CONTAINERS = frozenset({"fridge", "microwave", "dishwasher", "washing machine", "dryer", "wardrobe"})


def take(state: WorldState, object_id: int) -> WorldState:
    """The state with a thing, and what stands on it, in the hand."""
    pose = state.pose.copy()
    pose[riding(state, object_id), 2] -= HIDDEN_M
    parent, surface = changed(state.parent, object_id, -1), changed(state.surface, object_id, -1)
    return with_changes(state, pose=pose, parent=parent, surface=surface, held=object_id)


def put_on(
    world: World, state: WorldState, target: int, view: View, pixel_uv: tuple[int, int] | None
) -> tuple[WorldState, str]:
    """The state with the held thing on or in a target, and where that is in words. Raises Refusal."""
    asset = world.apartment.objects[target].asset
    name = asset.category
    if not asset.surfaces:
        raise Refusal("not_a_receptacle", f"nothing can be put on or in the {name}")
    at, towards = (None, state.base[:2]) if pixel_uv is None else pointed_at(world, state, target, view, pixel_uv)
    order = _order(world, state, target)
    if at is not None:
        order = [at, *(k for k in order if k != at)]
    if not order:
        raise Refusal("closed", f"the {name} is closed; open it first")
    load = load_of(world, state)
    best: tuple[int, NDArray[np.float64], NDArray[np.float64]] | None = None
    for k in order:  # rather where it stays in view
        poses, points = free_spots(world, state, target, k, load)
        shown = np.flatnonzero(view.shows(points, target)) if len(points) else ()
        if len(shown):
            best = (k, poses[shown], points[shown])
            break
        if len(points) and best is None:
            best = (k, poses, points)
    if best is not None:
        k, poses, points = best
        nearest = np.hypot(*(points[:, :2] - towards).T).argmin()
        return _set_down(state, load, poses[nearest], target, k), f"{asset.surfaces[k].kind} the {name}"
    held = world.apartment.objects[state.held].asset.category
    raise Refusal("no_room", f"there is no room for the {held} on or in the {name}")


def put_on_floor(world: World, state: WorldState) -> WorldState:
    """The state with the held thing on the floor before the body. Raises Refusal where there is no room."""
    load = load_of(world, state)
    spot = floor_spot(world, state, load)
    if spot is None:
        held = world.apartment.objects[state.held].asset.category
        raise Refusal("no_room", f"there is no free floor for the {held} before the body; turn, or name a place for it")
    return _set_down(state, load, spot, -1, -1)


def _order(world: World, state: WorldState, target: int) -> list[int]:
    """Surfaces to try: what was opened on purpose, then what is never hidden, insides and basins before tops."""
    asset = world.apartment.objects[target].asset
    everything = [k for k in range(len(asset.surfaces)) if not covered(world.apartment, state, target, k)]
    opened = [k for k in everything if asset.surfaces[k].mover]
    if asset.category in CONTAINERS:
        return opened
    bare = [k for k in everything if not asset.surfaces[k].mover]
    appliance = bool(skills_of(asset) & {"heats", "cools", "cleans"})
    return opened + sorted(bare, key=lambda k: not (appliance and works_on(asset.surfaces[k].name)))


def _set_down(state: WorldState, load: Load, pose: NDArray[np.float64], parent: int, surface: int) -> WorldState:
    """Move what is in the hand, all of it as one piece, and empty the hand."""
    held, old = state.held, state.pose[state.held]
    poses, turn = state.pose.copy(), float(pose[3] - old[3])
    if len(load.ids) > 1:
        poses[load.ids, :2] = pose[:2] + turned(poses[load.ids, :2] - old[:2], turn)
        poses[load.ids, 2] += pose[2] - old[2]
        poses[load.ids, 3] = (poses[load.ids, 3] + turn + np.pi) % (2 * np.pi) - np.pi
    poses[held] = pose
    return with_changes(
        state,
        pose=poses,
        parent=changed(state.parent, held, parent),
        surface=changed(state.surface, held, surface),
        held=-1,
    )
