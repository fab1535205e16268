"""A small kitchen made by hand, made-up views of it, and a check of where its things are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from enactive.envs import Interaction
from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.envs.household.facts import KINDS
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.materials import plain
from enactive.envs.household.model import Apartment, Doorway, Placed, Room
from enactive.envs.household.rectangles import overlap
from enactive.envs.household.state import WorldState, movers
from enactive.envs.household.targets import View
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import World

PLACES: tuple[tuple[str, str, str, tuple[float, ...]], ...] = (
    # category, shape, what it stands on (and where: x, y and yaw in the room, or an offset from the middle of the surface)
    ("kitchen counter", "long", "", (3.4, 2.0, np.pi)),
    ("fridge", "small", "", (2.0, 3.35, -np.pi / 2)),
    ("stove", "gas", "", (2.0, 0.45, np.pi / 2)),
    ("kitchen sink", "single", "", (0.6, 2.0, 0.0)),
    ("floor lamp", "cone", "", (3.5, 3.5, 0.0)),
    ("microwave", "compact", "kitchen counter:top", (0.0, 0.5)),
    ("mug", "straight", "kitchen counter:top", (0.0, 0.0)),
    ("knife", "long", "kitchen counter:top", (0.05, -0.2)),
    ("tray", "long", "kitchen counter:top", (0.0, -0.5)),
    ("egg", KINDS["egg"].shapes[0], "tray:top", (0.0, 0.0)),
    ("apple", "round", "fridge:fridge shelf 2", (0.0, 0.0)),
    ("mug", "straight", "", (6.5, 2.0, 0.0)),
    ("bread", "square", "", (2.7, 3.0, 0.0)),
    ("dresser", "tall", "", (5.5, 3.6, -np.pi / 2)),
    ("wine bottle", KINDS["wine bottle"].shapes[0], "kitchen counter:top", (0.15, 0.1)),
)
COUNTER, FRIDGE, STOVE, SINK, LAMP, MICROWAVE, MUG, KNIFE, TRAY, EGG, APPLE, FAR_MUG, BREAD, DRESSER, WINE = range(len(PLACES))
BODY = (2.0, 2.0, 0.0)


def kitchen() -> Apartment:
    """Everything around a body in the middle of a kitchen, and a second mug in the room next door."""
    rng, things, by_name = np.random.default_rng(0), list[Placed](), dict[str, Placed]()
    for index, (category, shape, on, where) in enumerate(PLACES):
        kind = KINDS[category]
        asset = kind.build(kind.colours[0], kind.materials[0], shape, rng)
        dirty = category == "mug"
        if on:
            parent = by_name[on.split(":")[0]]
            surface = next(s for s in parent.asset.surfaces if s.name == on.split(":")[1])
            c, s, (x, y, z) = np.cos(parent.yaw_rad), np.sin(parent.yaw_rad), surface.centre
            x, y = x + where[0], y + where[1]
            xyz = (parent.xyz[0] + c * x - s * y, parent.xyz[1] + s * x + c * y, parent.xyz[2] + z + 0.001)
            placed = Placed(index, asset, xyz, parent.yaw_rad, 0, parent.id, surface.name, dirty=dirty)
        else:
            placed = Placed(index, asset, (where[0], where[1], 0.0), where[2], int(where[0] > 4), dirty=dirty)
        things.append(placed)
        by_name[category] = placed
    look = plain((0.8, 0.8, 0.8))
    rooms = (Room("kitchen", "kitchen", (0, 0, 3.94, 4), look, look), Room("office", "office", (4.06, 0, 8, 4), look, look))
    return Apartment(5, rooms, (Doorway((0, 1), (4.0, 0.7), "y", 0.9, 2.05, False),), (), tuple(things), 2.6, 0.12)


@cache
def small_world() -> World:
    return World(kitchen())


@cache
def real_world() -> World:
    return World(make_apartment(3, 4))


def at(state: WorldState, x: float, y: float, yaw: float, pitch: float = 0.0) -> WorldState:
    return replace(state, base=np.array([x, y, yaw]), pitch_rad=pitch)


def sees(state: WorldState, *ids: int) -> View:
    """A made-up view that shows some objects, 40 pixels of each in a row of their own."""
    codes = np.full((240, 320), -3, dtype=np.int32)
    for row, i in enumerate(ids):
        codes[row, :40] = i
    return View(codes, intrinsics(320, 240), camera_pose(state.base, state.pitch_rad))


def sees_all(state: WorldState) -> View:
    shown = [i for i in range(len(state.pose)) if i != state.held and state.pose[i, 2] > -50.0]
    codes = np.repeat(np.array(shown, dtype=np.int32), 15 * 16)[: 240 * 320 * 9]
    codes = np.pad(codes, (0, -len(codes) % 320), constant_values=-3).reshape(-1, 320)
    return View(codes, intrinsics(320, 240), camera_pose(state.base, state.pitch_rad))


def do(
    world: World, state: WorldState, verb: str, target: str = "", *ids: int, pixel: tuple[int, int] | None = None
) -> tuple[WorldState, Feedback]:
    view = sees(state, *ids) if ids else sees_all(state)
    return apply_verb(world, state, view, Interaction(verb, target, pixel))


def done(world: World, state: WorldState, *orders: tuple[str, str]) -> WorldState:
    for verb, target in orders:
        state, feedback = do(world, state, verb, target)
        assert feedback.ok, feedback.message
    return state


def assert_a_sentence(feedback: Feedback) -> None:
    assert feedback.ok == (feedback.error == "")
    assert 10 < len(feedback.message) < 250
    assert feedback.message.isascii()
    assert "\n" not in feedback.message


def rectangle(world: World, state: WorldState, i: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The bounds of a thing from above, worked out corner by corner."""
    box, (x, y, _, yaw) = world.apartment.objects[i].asset.bounds, state.pose[i]
    c, s = np.cos(yaw), np.sin(yaw)
    cx, cy = box.centre[:2]
    return np.array([x + c * cx - s * cy, y + s * cx + c * cy]), np.array(box.half_size[:2]), float(yaw)


def corners_in(world: World, state: WorldState, i: int, frame: int) -> np.ndarray:
    """(4, 2) corners of the bounds of a thing in the frame of another."""
    centre, (hx, hy), yaw = rectangle(world, state, i)
    u, v = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    corners = np.array([centre + a * hx * u + b * hy * v for a in (-1, 1) for b in (-1, 1)])
    x, y, _, turn = state.pose[frame]
    c, s = np.cos(turn), np.sin(turn)
    return (corners - [x, y]) @ np.array([[c, -s], [s, c]])


def check_places(world: World, state: WorldState) -> None:
    """Nothing is lost, every parent holds, and no two things on one surface or loose on the floor share a place."""
    things = world.apartment.objects
    assert state.pose.shape == (len(things), 4)
    assert np.isfinite(state.pose).all()
    shelves: dict[tuple[int, int], list[int]] = {}
    for i in range(len(things)):
        seen, top = [i], i
        while state.parent[top] >= 0:
            top = int(state.parent[top])
            assert top not in seen
            seen.append(top)
        assert (top == state.held) == (state.pose[i, 2] < -50.0)
        parent, k = int(state.parent[i]), int(state.surface[i])
        assert (parent < 0) == (k < 0)
        if parent < 0:
            continue
        shelves.setdefault((parent, k), []).append(i)
        surface = things[parent].asset.surfaces[k]
        shift = sum(
            (state.opening[n] * m.range * np.array(m.axis) for n, (owner, m) in enumerate(movers(world.apartment))
             if owner == parent and m.name == surface.mover and m.kind == "slide"), np.zeros(3))  # fmt: skip
        middle = np.array(surface.centre) + shift
        box = things[i].asset.bounds
        bottom = state.pose[i, 2] + box.centre[2] - box.half_size[2]
        assert bottom == pytest.approx(state.pose[parent, 2] + middle[2], abs=0.01)
        outside = np.abs(corners_in(world, state, i, parent) - middle[:2]) - surface.half_size
        assert outside.max() < 0.005
        assert 2 * box.half_size[2] <= surface.clearance_m + 0.005
    for (parent, _), ids in shelves.items():
        boxes = [corners_in(world, state, i, parent) for i in ids]
        for a in range(len(ids)):
            for b in range(a):
                apart = (boxes[a].min(0) >= boxes[b].max(0) - 1e-3) | (boxes[b].min(0) >= boxes[a].max(0) - 1e-3)
                assert apart.any(), (things[ids[a]].asset.category, things[ids[b]].asset.category)


def check_floor(world: World, state: WorldState, moved: set[int]) -> None:
    """What was put on the floor overlaps nothing that stands there, and not the body."""
    standing = [
        i for i, placed in enumerate(world.apartment.objects)
        if state.parent[i] < 0 and -50.0 < state.pose[i, 2] < 0.3 and KINDS[placed.asset.category].stand != "rug"
    ]  # fmt: skip
    for i in moved & set(standing):
        one = rectangle(world, state, i)
        others = [rectangle(world, state, j) for j in standing if j != i]
        hit = overlap(one, *(np.array([other[k] for other in others]) for k in range(3)))
        assert not hit.any()
