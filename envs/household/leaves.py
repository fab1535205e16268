"""Opening and closing: which door, lid or drawer is meant, and what stands in its way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .feedback import Refusal
from .model import Mover
from .motion import BODY_RADIUS_M
from .obstacles import BODY_HEIGHT_M, leaf_box
from .rectangles import Rectangle, distance_m, heights_of, meets_m, overlap, rectangle_of, turned
from .state import WorldState, leaves, set_opening
from .targets import View, skills_of
from .world import World

_SWEEP = 24  # places of a leaf that are looked at on its way: at most 7 cm apart at the edge of a door


def leaves_of(world: World, object_id: int) -> tuple[tuple[int, Mover], ...]:
    """(index into `WorldState.opening`, mover) of the doors, lids and drawers of an object."""
    return leaves(world.apartment)[object_id]


def swing(
    world: World, state: WorldState, object_id: int, to: float, view: View, pixel_uv: tuple[int, int] | None
) -> tuple[WorldState, str]:
    """Open (to = 1) or close (to = 0) an object, and say what moved.

    The leaf at the pixel; where none is pointed at, opening takes all doors and lids or, once they are open, the topmost
    closed drawer, since drawers that stand open hide each other; closing takes everything. Raises Refusal.
    """
    name, own = world.apartment.objects[object_id].asset.category, leaves_of(world, object_id)
    if not own:
        raise Refusal("not_openable", f"the {name} has nothing to open or close")
    pointed = None if pixel_uv is None else _leaf_at(state, object_id, own, view, pixel_uv)
    meant = [(k, mover) for k, mover in (own if pointed is None else (pointed,)) if round(float(state.opening[k])) != round(to)]
    if not meant:
        done = f"the {name} is already {'open' if to else 'closed'}"
        raise Refusal("already_open", done) if to else Refusal("already_closed", done)
    if to and pointed is None:
        hinged = [(k, mover) for k, mover in meant if mover.kind == "hinge"]
        meant = hinged or [max(meant, key=lambda leaf: leaf_box(leaf[1], 0.0)[0][2])]
    moved, obstacle = [], None
    for k, mover in meant:
        if (obstacle := _in_the_way(world, state, object_id, k, mover, to)) is None:
            state = set_opening(world.apartment, state, k, to)
            moved.append(mover.name)
    if not moved:
        what = "the body is in its way, step back first" if obstacle == "body" else f"a {obstacle} on the floor is in its way"
        raise Refusal("blocked", f"the {meant[-1][1].name} of the {name} cannot move: {what}")
    return state, " and ".join(moved)


def _in_the_way(world: World, state: WorldState, object_id: int, k: int, mover: Mover, to: float) -> str | None:
    """ "body", or the category of a loose thing on the floor, that a leaf would run into; None where it swings freely."""
    pose = state.pose[object_id]
    loose = _loose_on_the_floor(world, state, object_id)
    for opening in np.linspace(state.opening[k], to, _SWEEP + 1)[1:]:
        centre, half, yaw = leaf_box(mover, float(opening))
        low, high = pose[2] + centre[2] - half[2], pose[2] + centre[2] + half[2]
        leaf: Rectangle = (pose[:2] + turned(centre[:2], float(pose[3])), half[:2], float(pose[3]) + yaw)
        if low < BODY_HEIGHT_M and high > 0.0 and distance_m(state.base[:2], leaf) < BODY_RADIUS_M - 1e-6:
            return "body"
        for category, rectangle, bottom, top in loose:
            if low < top and high > bottom and overlap(leaf, *_batch(rectangle))[0]:
                return category
    return None


def _loose_on_the_floor(world: World, state: WorldState, object_id: int) -> list[tuple[str, Rectangle, float, float]]:
    found = []
    for placed in world.apartment.objects:
        loose = state.parent[placed.id] < 0 and placed.id not in (state.held, object_id)
        if loose and "pickup" in skills_of(placed.asset):
            pose = state.pose[placed.id]
            found.append((placed.asset.category, rectangle_of(placed.asset.bounds, pose), *heights_of(placed.asset, pose)))
    return found


def _batch(rectangle: Rectangle) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    centre, half, yaw = rectangle
    return centre[None], half[None], np.array([yaw])


def _leaf_at(
    state: WorldState, object_id: int, own: tuple[tuple[int, Mover], ...], view: View, pixel_uv: tuple[int, int]
) -> tuple[int, Mover] | None:
    """The leaf that the ray of a pixel meets first, None where it meets none."""
    origin, direction = view.ray(pixel_uv)
    pose = state.pose[object_id]
    best: tuple[float, tuple[int, Mover] | None] = (np.inf, None)
    for k, mover in own:
        centre, half, yaw = leaf_box(mover, float(state.opening[k]))
        along = meets_m(origin, direction, pose, centre, half + 0.005, yaw)
        if along < best[0]:
            best = (along, (k, mover))
    return best[1]
