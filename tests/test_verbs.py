"""Verbs on things: what they change, why they are refused, and what no sequence of them may break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enactive.agents import Agent
from enactive.controllers.interaction import InteractionController
from enactive.envs import VERBS, Action, Embodiment, Goal, Interaction, Observation, TaskGoal
from enactive.envs.gym_io import to_gym
from enactive.envs.household import world as worlds
from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.envs.household.effects import settle
from enactive.envs.household.env import Household
from enactive.envs.household.facts import KINDS
from enactive.envs.household.feedback import ErrorCode, Feedback
from enactive.envs.household.materials import plain
from enactive.envs.household.model import Apartment, Doorway, Placed, Room
from enactive.envs.household.motion import BODY_RADIUS_M, clearance_m
from enactive.envs.household.putting import take
from enactive.envs.household.rectangles import distance_m, overlap
from enactive.envs.household.state import WorldState, changed, initial_state, movers
from enactive.envs.household.targets import View
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import World
from enactive.errors import ConfigError, ControllerError
from enactive.perception import Belief
from enactive.planners import GoTo, Intent, Interact, Stop

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


@pytest.fixture(scope="module")
def small() -> World:
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


@pytest.fixture
def start(small: World) -> WorldState:
    return settle(small, initial_state(small.apartment, BODY))


# --- each verb


def test_pick_up_and_put_down_on_the_counter(small: World, start: WorldState) -> None:
    held = done(small, start, ("PickUp", "mug"))
    assert (held.held, held.parent[MUG], held.surface[MUG]) == (MUG, -1, -1)
    put = done(small, held, ("PutDown", "stove"))
    hob = [s.name for s in small.apartment.objects[STOVE].asset.surfaces].index("hob")
    assert (put.held, put.parent[MUG], put.surface[MUG]) == (-1, STOVE, hob)
    assert np.array_equal(np.delete(put.pose, MUG, 0), np.delete(start.pose, MUG, 0))
    check_places(small, put)


def test_what_stands_on_a_tray_travels_with_it(small: World, start: WorldState) -> None:
    held = done(small, start, ("PickUp", "tray"))
    assert held.parent[EGG] == TRAY
    assert held.pose[EGG, 2] < -50.0
    before, after = start.pose, done(small, held, ("PutDown", "")).pose
    assert after[TRAY, 2] < 0.1
    turn = after[TRAY, 3] - before[TRAY, 3]
    c, s = np.cos(turn), np.sin(turn)
    offset = before[EGG, :2] - before[TRAY, :2]
    assert after[EGG, :2] - after[TRAY, :2] == pytest.approx(np.array([[c, -s], [s, c]]) @ offset)
    assert after[EGG, 2] - after[TRAY, 2] == pytest.approx(before[EGG, 2] - before[TRAY, 2])


def test_the_nearest_in_view_is_meant_unless_a_pixel_points_at_another(small: World, start: WorldState) -> None:
    near = at(start, 6.0, 2.0, 0.0)
    assert do(small, near, "PickUp", "mug", MUG, FAR_MUG)[0].held == FAR_MUG
    middle = at(start, 2.4, 2.0, 0.0)
    assert do(small, middle, "PickUp", "cups", MUG, FAR_MUG)[1].error == "not_visible"
    assert do(small, middle, "PickUp", "", KNIFE, MUG, pixel=(3, 1))[0].held == MUG
    assert do(small, middle, "PickUp", "knife", KNIFE, MUG, pixel=(3, 1))[1].error == "not_visible"
    colour = small.apartment.objects[MUG].asset.colour
    assert do(small, middle, "PickUp", f"the {colour} mug", MUG)[1].ok
    other = next(word for word in KINDS["mug"].colours if word != colour)
    assert do(small, middle, "PickUp", f"the {other} mug", MUG)[1].error == "not_visible"


def test_find_tells_what_is_in_view_and_nothing_else(small: World, start: WorldState) -> None:
    state, feedback = do(small, start, "Find", "mug", KNIFE, MUG)
    assert state is start
    assert feedback.pixel_uv in ((19, 1), (20, 1))
    assert feedback.as_info()["pixel_uv"] == feedback.pixel_uv
    assert do(small, start, "Find", "mug", KNIFE)[1].error == "not_visible"
    held = done(small, start, ("PickUp", "mug"))
    assert do(small, held, "Find", "mug", FRIDGE)[1] == Feedback(True, "the mug is in the hand")


def test_doors_open_and_close_and_a_drawer_takes_its_things_along(small: World, start: WorldState) -> None:
    opened = done(small, start, ("Open", "fridge"))
    mine = [k for k, (owner, _) in enumerate(movers(small.apartment)) if owner == FRIDGE]
    assert opened.opening[mine].tolist() == [1.0]
    assert done(small, opened, ("Close", "fridge")).to_bytes() == start.to_bytes()
    by_dresser = at(start, 5.5, 2.4, np.pi / 2)
    drawers = [k for k, (owner, _) in enumerate(movers(small.apartment)) if owner == DRESSER]
    first = done(small, by_dresser, ("Open", "dresser"))
    assert first.opening[drawers].sum() == 1.0  # one drawer at a time
    top = int(np.flatnonzero(first.opening == 1.0)[0])
    put = done(small, take(first, EGG), ("PutDown", "dresser"))
    assert small.apartment.objects[DRESSER].asset.surfaces[put.surface[EGG]].mover == movers(small.apartment)[top][1].name
    shut = done(small, put, ("Close", "dresser"))
    travel = movers(small.apartment)[top][1].range
    assert shut.pose[EGG, 1] - put.pose[EGG, 1] == pytest.approx(travel)
    check_places(small, shut)


def test_a_pixel_tells_which_drawer(small: World, start: WorldState) -> None:
    state = at(start, 5.5, 2.3, np.pi / 2, -0.3)
    opened = set()
    for row in range(60, 220, 10):
        codes = np.full((240, 320), DRESSER, dtype=np.int32)
        view = View(codes, intrinsics(320, 240), camera_pose(state.base, state.pitch_rad))
        after, feedback = apply_verb(small, state, view, Interaction("Open", "", (160, row)))
        assert feedback.ok
        opened |= {movers(small.apartment)[k][1].name for k in np.flatnonzero(after.opening)}
        assert after.opening.sum() == 1.0
    assert len(opened) >= 4


def test_appliances_heat_cool_and_clean(small: World, start: WorldState) -> None:
    on_hob = done(small, start, ("PickUp", "mug"), ("PutDown", "stove"))
    assert on_hob.temperature[MUG] == 0
    hot = done(small, on_hob, ("TurnOn", "stove"))
    assert (hot.temperature[MUG], hot.dirty[MUG]) == (1, True)
    clean = done(small, hot, ("PickUp", "mug"), ("PutDown", "sink"), ("TurnOn", "sink"))
    assert (clean.temperature[MUG], clean.dirty[MUG]) == (1, False)
    cold = done(small, clean, ("PickUp", "mug"), ("Open", "fridge"), ("PutDown", "fridge"), ("Close", "fridge"))
    assert (cold.temperature[MUG], cold.temperature[APPLE]) == (-1, -1)
    assert cold.dirty[FAR_MUG]
    assert settle(small, initial_state(small.apartment)).temperature[APPLE] == -1
    assert settle(small, cold) is cold


def test_a_microwave_heats_only_while_it_is_closed(small: World, start: WorldState) -> None:
    running = done(small, start, ("TurnOn", "microwave"), ("Open", "microwave"), ("PickUp", "mug"), ("PutDown", "microwave"))
    assert (running.parent[MUG], running.temperature[MUG]) == (MICROWAVE, 0)
    assert done(small, running, ("Close", "microwave")).temperature[MUG] == 1


def test_the_top_of_an_appliance_neither_heats_nor_cools(small: World, start: WorldState) -> None:
    top = [s.name for s in small.apartment.objects[FRIDGE].asset.surfaces].index("top")
    state = replace(start, parent=changed(start.parent, MUG, FRIDGE), surface=changed(start.surface, MUG, top))
    assert settle(small, state).temperature[MUG] == 0


def test_slicing_takes_a_knife_in_the_hand(small: World, start: WorldState) -> None:
    opened = done(small, start, ("Open", "fridge"))
    assert do(small, opened, "Slice", "apple")[1].error == "needs_knife"
    sliced = done(small, opened, ("PickUp", "knife"), ("Slice", "apple"))
    assert sliced.sliced.tolist() == [i == APPLE for i in range(len(PLACES))]


def test_a_lamp_is_switched(small: World, start: WorldState) -> None:
    near = at(start, 3.0, 3.0, 0.0)
    on = done(small, near, ("TurnOn", "lamp"))
    assert on.on[LAMP]
    assert done(small, on, ("TurnOff", "lamp")).to_bytes() == near.to_bytes()


# --- each reason for failure


def refusals(world: World, start: WorldState) -> Mapping[ErrorCode, tuple[WorldState, str, str]]:
    """For every error code a state, a verb and a target."""
    mug, knife = done(world, start, ("PickUp", "mug")), done(world, start, ("PickUp", "knife"))
    opened = done(world, start, ("Open", "fridge"), ("Open", "microwave"))
    tray = done(world, start, ("PickUp", "tray"))
    return {
        "unknown_object": (start, "PickUp", "flux capacitor"),
        "not_visible": (start, "PickUp", "sofa"),
        "too_far": (start, "Open", "dresser"),
        "hand_full": (mug, "PickUp", "knife"),
        "hand_empty": (start, "PutDown", "counter"),
        "cannot_be_picked_up": (start, "PickUp", "fridge"),
        "not_a_receptacle": (mug, "PutDown", "knife"),
        "no_room": (done(world, opened, ("PickUp", "tray")), "PutDown", "microwave"),
        "closed": (mug, "PutDown", "fridge"),
        "not_openable": (start, "Open", "mug"),
        "already_open": (opened, "Open", "fridge"),
        "already_closed": (start, "Close", "fridge"),
        "blocked": (at(start, 2.0, 2.95, 0.0), "Open", "fridge"),
        "not_closed": (opened, "TurnOn", "microwave"),
        "not_switchable": (start, "TurnOn", "fridge"),
        "already_on": (done(world, start, ("TurnOn", "stove")), "TurnOn", "stove"),
        "already_off": (start, "TurnOff", "stove"),
        "needs_knife": (tray, "Slice", "apple"),
        "cannot_be_sliced": (knife, "Slice", "mug"),
        "already_sliced": (done(world, knife, ("Slice", "bread")), "Slice", "bread"),
    }


@pytest.mark.parametrize("code", get_args(ErrorCode))
def test_every_refusal_has_its_code_and_leaves_the_world_alone(code: ErrorCode, small: World, start: WorldState) -> None:
    state, verb, target = refusals(small, start)[code]
    after, feedback = do(small, state, verb, target)
    assert (feedback.ok, feedback.error) == (False, code), feedback.message
    assert after is state
    assert_a_sentence(feedback)


def assert_a_sentence(feedback: Feedback) -> None:
    assert feedback.ok == (feedback.error == "")
    assert 10 < len(feedback.message) < 250
    assert feedback.message.isascii()
    assert "\n" not in feedback.message


def test_a_thing_seen_through_a_gap_of_a_closed_door_stays_where_it_is(small: World, start: WorldState) -> None:
    assert do(small, start, "PickUp", "apple", APPLE)[1].error == "closed"


def test_pixels_that_mean_nothing_are_refused(small: World, start: WorldState) -> None:
    for pixel in ((400, 3), (3, 240), (200, 100)):
        assert do(small, start, "PickUp", "", MUG, pixel=pixel)[1].error == "not_visible"
    codes = np.full((240, 320), -1, dtype=np.int32)
    codes[0, :14] = MUG  # too little of it
    view = View(codes, intrinsics(320, 240), np.eye(4))
    assert apply_verb(small, start, view, Interaction("PickUp", "mug"))[1].error == "not_visible"
    assert apply_verb(small, start, view, Interaction("PickUp", "mug", (3, 0)))[1].error == "not_visible"
    assert do(small, start, "PickUp", "")[1].error == "unknown_object"
    with pytest.raises(ConfigError, match="no verb 'Throw'"):
        do(small, start, "Throw", "mug")


def test_a_loose_thing_on_the_floor_blocks_a_door(small: World, start: WorldState) -> None:
    x, y = start.pose[FRIDGE, :2] + [0.0, -0.6]
    parcel = replace(start, pose=changed(start.pose, BREAD, [x, y, 0.0, 0.0]))
    after, feedback = do(small, parcel, "Open", "fridge")
    assert (feedback.error, after) == ("blocked", parcel)
    assert "bread" in feedback.message


def test_tall_things_need_height(small: World, start: WorldState) -> None:
    opened = done(small, start, ("Open", "microwave"), ("Open", "fridge"), ("PickUp", "wine bottle"))
    assert do(small, opened, "PutDown", "microwave")[1].error == "no_room"
    shelved = done(small, opened, ("PutDown", "fridge"))
    assert shelved.parent[WINE] == FRIDGE
    low = replace(shelved, parent=changed(shelved.parent, TRAY, MICROWAVE), surface=changed(shelved.surface, TRAY, 0))
    assert do(small, take(low, WINE), "PutDown", "tray")[1].error == "no_room"  # the microwave is as low over the tray
    assert do(small, take(shelved, WINE), "PutDown", "tray")[1].ok


def test_things_are_put_where_the_body_sees_them(small: World, start: WorldState) -> None:
    state = at(take(done(small, start, ("Open", "fridge")), EGG), 2.0, 2.0, np.pi / 2, -0.3)
    surfaces = small.apartment.objects[FRIDGE].asset.surfaces
    for k in (0, 1):
        view = sees(state, FRIDGE)
        x, y = state.pose[FRIDGE, 0] - surfaces[k].centre[1], state.pose[FRIDGE, 1] - surfaces[k].centre[0]  # its front is -y
        local = np.linalg.inv(view.T_world_camera) @ [x, y, surfaces[k].centre[2], 1.0]
        u, v, _ = np.round(view.K @ local[:3] / local[2]).astype(int)
        view.codes[v - 5 : v + 6, u - 5 : u + 6] = FRIDGE
        after, feedback = apply_verb(small, state, view, Interaction("PutDown", "fridge"))
        assert feedback.ok
        assert after.surface[EGG] == k


def test_the_floor_before_a_wall_is_full(small: World, start: WorldState) -> None:
    facing_the_wall = at(done(small, start, ("PickUp", "mug")), 0.2, 3.2, np.pi)
    assert do(small, facing_the_wall, "PutDown")[1].error == "no_room"
    free = done(small, at(facing_the_wall, 0.4, 3.2, 0.0), ("PutDown", "floor"))
    assert free.pose[MUG, 0] > 0.4 + BODY_RADIUS_M + 0.05
    assert clearance_m(free.base[:2], small.obstacles.footprints(free))[0] > BODY_RADIUS_M


# --- what no sequence may break


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


ORDERS = st.lists(
    st.tuples(
        st.sampled_from([verb for verb in VERBS if verb != "Find"] + ["PickUp", "PutDown"] * 4 + ["Open"] * 2),
        st.integers(0, 10**6),
        st.booleans(),
    ),
    min_size=10,
    max_size=30,
)


def play(world: World, state: WorldState, orders: list[tuple[str, int, bool]]) -> tuple[WorldState, int]:
    """Carry orders out one after the other, next to what each is about; check the world after each. Counts successes."""
    moved: set[int] = set()
    successes = 0
    usable = [
        [i for i, placed in enumerate(world.apartment.objects) if test(placed)]
        for test in (
            lambda placed: "pickup" in KINDS[placed.asset.category].skills,
            lambda placed: placed.asset.surfaces,
            lambda placed: placed.asset.movers,
            lambda placed: bool(KINDS[placed.asset.category].skills & {"toggle", "slice"}),
        )
    ]
    pool = {"PickUp": 0, "PutDown": 1, "Open": 2, "Close": 2}
    for verb, number, name_it in orders:
        choices = usable[pool.get(verb, 3)]
        target = choices[number % len(choices)]
        turn = number * 2.4
        place = state.pose[target, :2] + 0.9 * np.array([np.cos(turn), np.sin(turn)])
        before = at(state, place[0], place[1], turn + np.pi)
        kept = before.to_bytes()
        word = world.apartment.objects[target].asset.category if name_it or verb != "PutDown" else ""
        view = sees(before, target) if number % 3 else sees_all(before)
        after, feedback = apply_verb(world, before, view, Interaction(verb, word))
        assert before.to_bytes() == kept
        assert_a_sentence(feedback)
        assert (after is before) == (not feedback.ok)
        if verb == "PutDown" and feedback.ok:
            moved.add(before.held)
            if not word:
                check_floor(world, after, {before.held})
                assert distance_m(after.base[:2], rectangle(world, after, before.held)) > BODY_RADIUS_M
        successes += feedback.ok
        state = after
        check_places(world, state)
    check_floor(world, state, moved & {i for i in moved if state.parent[i] < 0})
    return state, successes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS)
def test_no_sequence_of_verbs_breaks_the_small_kitchen(small: World, orders: list[tuple[str, int, bool]]) -> None:
    start = initial_state(small.apartment, BODY)
    end, _ = play(small, start, orders)
    assert play(small, start, orders)[0].to_bytes() == end.to_bytes()


@settings(max_examples=8, deadline=None)
@given(orders=ORDERS)
def test_no_sequence_of_verbs_breaks_a_generated_apartment(orders: list[tuple[str, int, bool]]) -> None:
    play(real_world(), initial_state(real_world().apartment, BODY), orders)


def test_random_orders_are_mostly_carried_out() -> None:
    """The two tests above see a world that changes."""
    rng = np.random.default_rng(0)
    verbs = ["PickUp", "PutDown", "Open", "PutDown", "Close", "TurnOn", "TurnOff"]
    orders = [(verbs[k % 7], int(rng.integers(10**6)), bool(rng.random() < 0.7)) for k in range(140)]
    _, successes = play(real_world(), initial_state(real_world().apartment, BODY), orders)
    assert successes >= 40


def shut_in(apartment: Apartment, placed: Placed) -> bool:
    """Whether a thing is behind a door or in a drawer."""
    while placed.parent >= 0:
        parent = apartment.objects[placed.parent]
        if any(surface.name == placed.surface and surface.mover for surface in parent.asset.surfaces):
            return True
        placed = parent
    return False


def has_all(apartment: Apartment) -> bool:
    """Whether the test below finds what it needs."""
    in_the_open = {placed.asset.category for placed in apartment.objects if not shut_in(apartment, placed)}
    sliceable = {category for category in in_the_open if "slice" in KINDS[category].skills}
    lamp_off = any(not placed.on and "lights" in KINDS[placed.asset.category].skills for placed in apartment.objects)
    return {"mug", "knife", "fridge", "sofa"} <= in_the_open and bool(sliceable) and lamp_off


def test_every_verb_and_refusal_on_a_generated_apartment() -> None:
    apartment = next(made for seed in range(50) if has_all(made := make_apartment(seed, 5)))
    world, things, start = World(apartment), apartment.objects, initial_state(apartment, BODY)

    def first(test: Any) -> int:
        return next(placed.id for placed in things if test(placed, KINDS[placed.asset.category].skills))

    def beside(state: WorldState, i: int, gap_m: float = 1.0) -> WorldState:
        """Before an object, on its front side."""
        x, y, _, yaw = state.pose[i]
        away = gap_m + things[i].asset.bounds.half_size[0] + things[i].asset.bounds.centre[0]
        return at(state, x + away * np.cos(yaw), y + away * np.sin(yaw), yaw + np.pi)

    def order(state: WorldState, verb: str, i: int) -> tuple[WorldState, str]:
        after, feedback = do(world, beside(state, i), verb, things[i].asset.category, i)
        return after, feedback.error

    mug = first(lambda p, k: p.asset.category == "mug" and not shut_in(apartment, p))
    knife = first(lambda p, k: p.asset.category == "knife" and not shut_in(apartment, p))
    food = first(lambda p, k: "slice" in k and not shut_in(apartment, p))
    hidden = first(lambda p, k: "pickup" in k and shut_in(apartment, p))
    fridge, sofa = first(lambda p, k: "cools" in k), first(lambda p, k: p.asset.category == "sofa")
    lamp = first(lambda p, k: "lights" in k and not p.on)
    holding, cutting, opened = order(start, "PickUp", mug)[0], order(start, "PickUp", knife)[0], order(start, "Open", fridge)[0]
    sliced, lit = order(cutting, "Slice", food)[0], order(start, "TurnOn", lamp)[0]
    assert (holding.held, cutting.held, sliced.sliced[food], lit.on[lamp]) == (mug, knife, True, True)
    assert opened.opening.sum() > start.opening.sum()
    in_fridge, error = order(
        replace(opened, held=-1) if opened.held >= 0 else order(opened, "PickUp", mug)[0], "PutDown", fridge
    )
    assert (error, in_fridge.parent[mug], in_fridge.temperature[mug]) == ("", fridge, -1)
    assert order(lit, "TurnOff", lamp)[0].on.tolist() == start.on.tolist()
    assert [order(*case)[1] for case in (
        (holding, "PickUp", knife), (start, "PickUp", hidden), (start, "PickUp", sofa), (start, "PutDown", sofa),
        (holding, "PutDown", fridge), (start, "Open", sofa), (opened, "Open", fridge), (start, "Close", fridge),
        (start, "TurnOn", sofa), (lit, "TurnOn", lamp), (start, "TurnOff", lamp), (start, "Slice", food),
        (cutting, "Slice", sofa), (sliced, "Slice", food), (holding, "PutDown", lamp),
    )] == [
        "hand_full", "closed", "cannot_be_picked_up", "hand_empty",
        "closed", "not_openable", "already_open", "already_closed",
        "not_switchable", "already_on", "already_off", "needs_knife",
        "cannot_be_sliced", "already_sliced", "not_a_receptacle",
    ]  # fmt: skip
    counter = first(lambda p, k: p.asset.category == "kitchen counter")
    assert do(world, beside(start, counter, 0.25), "Open", "counter", counter)[1].error == "blocked"
    assert do(world, beside(start, fridge, 2.0), "Open", "fridge", fridge)[1].error == "too_far"
    assert do(world, beside(start, fridge), "Open", "fridge", sofa)[1].error == "not_visible"


# --- as an environment


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    monkeypatch.setattr(worlds, "make_apartment", lambda seed, rooms: kitchen())
    worlds.load_world.cache_clear()
    made = Household(verbs=True)
    made.reset(seed=0)
    made.restore_state(at(made.state, *BODY))
    yield made
    made.close()
    worlds.load_world.cache_clear()


def act(
    env: Household, verb: str, target: str = "", pixel: tuple[int, int] = (-1, -1)
) -> tuple[dict[str, Any], dict[str, Any]]:
    obs, reward, ended, _, info = env.step(
        {"motion": 0, "verb": 1 + VERBS.index(verb), "target": target, "pixel_uv": np.array(pixel)}
    )
    assert (reward, ended) == (0.0, False)
    assert obs["text"] == info["feedback"]["message"]
    return obs, info["feedback"]


@pytest.mark.parametrize("mode", ["discrete", "base_twist"])
def test_gymnasium_accepts_it_with_verbs(mode: Any) -> None:
    env = Household(seed=2, rooms=4, verbs=True, control_mode=mode, width=64, height=48)
    check_env(env)
    assert env.embodiment.skills == frozenset(VERBS)
    assert Household(seed=2, rooms=4).embodiment.skills == frozenset()
    env.reset(seed=0)
    for _ in range(20):
        obs, *_ = env.step(env.action_space.sample())
        assert obs in env.observation_space
    env.close()


def test_motions_are_the_same_with_and_without_verbs(env: Household) -> None:
    plain_env = Household()
    plain_env.reset(seed=0)
    plain_env.restore_state(env.save_state())
    move = to_gym(Action.discrete("move_forward"), env.action_space)
    for _ in range(6):
        one, two = env.step(move), plain_env.step(1)
        assert np.array_equal(one[0]["cameras"]["head"]["rgb"], two[0]["cameras"]["head"]["rgb"])
        assert one[4] == two[4]
    assert env.state.to_bytes() == plain_env.state.to_bytes()
    plain_env.close()


def test_an_open_fridge_shows_what_is_in_it(env: Household) -> None:
    env.restore_state(at(env.state, 1.9, 2.0, np.pi / 2, -0.1))
    shut = env.renderer.rgbd(env.state)[0]
    assert APPLE not in env.oracle.segmentation()
    assert act(env, "PickUp", "apple")[1]["error"] == "not_visible"
    obs, feedback = act(env, "Open", "fridge")
    assert feedback["ok"], feedback["message"]
    assert (obs["cameras"]["head"]["rgb"] != shut).any(axis=2).mean() > 0.02
    assert (env.oracle.segmentation() == APPLE).sum() >= 15
    feedback = act(env, "Find", "apple")[1]
    u, v = feedback["pixel_uv"]
    assert env.oracle.segmentation()[v, u] == APPLE
    obs, feedback = act(env, "PickUp", "", (u, v))
    assert feedback["ok"], feedback["message"]
    assert APPLE not in env.oracle.segmentation()
    assert env.state.temperature[APPLE] == -1  # the fridge had cooled it before the episode began
    assert act(env, "PutDown", "fridge")[1]["ok"]
    assert (env.oracle.segmentation() == APPLE).sum() >= 15  # put where the body sees it
    assert act(env, "Close", "fridge")[1]["ok"]
    assert np.abs(env.renderer.rgbd(env.state)[0].astype(int) - shut).max() <= 1


def test_a_pixel_on_the_counter_tells_where_to_put(env: Household) -> None:
    env.restore_state(at(take(env.state, MUG), *BODY, -0.1))
    codes = env.oracle.segmentation()
    rows, columns = np.nonzero(codes == COUNTER)
    row, spots = int(rows.min()) + 4, []
    for u in columns[rows == row][[0, -1]]:
        state = env.save_state()
        assert act(env, "PutDown", "counter", (int(u), row))[1]["ok"]
        spots.append(env.state.pose[MUG, :2].copy())
        env.restore_state(state)
    assert spots[0][1] - spots[1][1] > 0.2  # the left of the picture is +y


def test_what_is_dirty_sliced_or_on_looks_so(env: Household) -> None:
    near = at(env.state, 2.4, 2.0, 0.0)
    dirty = env.renderer.rgbd(near)[0]
    clean = env.renderer.rgbd(replace(near, dirty=changed(near.dirty, MUG, False)))[0]
    assert (dirty != clean).any()
    env.restore_state(at(env.state, 2.2, 2.6, 0.6, -0.6))
    before = env.renderer.rgbd(env.state)[0]
    env.restore_state(take(env.state, KNIFE))
    obs, feedback = act(env, "Slice", "bread")
    assert feedback["ok"], feedback["message"]
    assert (obs["cameras"]["head"]["rgb"] != before).any(axis=2).sum() > 20


def test_what_a_generated_apartment_shows_can_be_taken_and_put_back() -> None:
    env = Household(seed=3, rooms=4, verbs=True)
    env.reset(seed=0)
    taken = 0
    for placed in env.world.apartment.objects:
        cells = (
            np.argwhere(env.world.view_points(env.state, placed.id)) if "pickup" in KINDS[placed.asset.category].skills else []
        )
        if len(cells) == 0 or taken == 12:
            continue
        grid = env.world.geodesics(env.state).grid
        x, y = grid.centres(cells[[len(cells) // 2]])[0]
        dx, dy = env.state.pose[placed.id, :2] - [x, y]
        down = float(np.arctan2(env.state.pose[placed.id, 2] - 0.85, np.hypot(dx, dy)))
        env.restore_state(at(env.state, x, y, np.arctan2(dy, dx), max(down, -np.pi / 3)))
        before, shown = env.save_state(), env.oracle.segmentation() == placed.id
        feedback = act(env, "Find", placed.asset.category)[1]
        if shown.sum() < 15 or not feedback["ok"]:
            continue
        v, u = (int(each[len(each) // 2]) for each in np.nonzero(shown))
        _, feedback = act(env, "PickUp", placed.asset.category, (u, v))
        assert feedback["ok"], feedback["message"]
        assert env.state.held == placed.id
        seen = env.oracle.segmentation()
        assert not np.isin(seen, np.flatnonzero(env.state.pose[:, 2] < -50.0)).any()
        parent = int(before.parent[placed.id])
        if parent >= 0 and (seen == parent).sum() >= 15:
            assert act(env, "PutDown", env.world.apartment.objects[parent].asset.category)[1]["error"] in ("", "no_room")
        check_places(env.world, env.state)
        env.restore_state(before)
        taken += 1
    env.close()
    assert taken == 12


def test_saving_between_verbs_is_exact(env: Household) -> None:
    script = [("PickUp", "mug"), ("PutDown", ""), ("PickUp", "knife"), ("PutDown", "counter"), ("Open", "microwave")]
    env.restore_state(at(env.state, 2.3, 2.0, 0.0, -0.1))
    digests, pictures, saved = [], [], [env.save_state()]
    for order in script:
        obs, _ = act(env, *order)
        saved.append(env.save_state())
        digests.append(saved[-1].digest())
        pictures.append(obs["cameras"]["head"]["rgb"])
    for k in (3, 0, 4, 1, 2):
        env.restore_state(saved[k])
        obs, _ = act(env, *script[k])
        assert env.state.digest() == digests[k]
        assert np.array_equal(obs["cameras"]["head"]["rgb"], pictures[k])


# --- through the agent


class Blind:
    needs, provides = frozenset[str](), frozenset[str]()

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self.count = 0

    def update(self, observation: Observation) -> Belief:
        self.count += 1
        return Belief(self.count, observation)


class Script:
    goals, needs, emits = (TaskGoal,), frozenset[str](), (Interact, Stop)
    verbs = frozenset({"PickUp", "PutDown"})
    trace: Mapping[str, Any] = {}

    def __init__(self, *intents: Intent) -> None:
        self.intents = intents

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        self.left = list(self.intents)

    def plan(self, belief: Belief) -> Intent:
        return self.left.pop(0)


class FromHere(Household):
    """Starts before the counter."""

    def reset(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(**kwargs)
        self.restore_state(at(self.state, 2.3, 2.0, 0.0, -0.1))
        return self._observe(""), {}


def test_a_planner_changes_the_world_through_the_agent(env: Household) -> None:
    body = FromHere(verbs=True)
    planner = Script(Interact("PickUp", "mug"), Interact("PickUp", "knife"), Interact("PutDown", "counter"), Stop("done"))
    episode = Agent(Blind(), planner, InteractionController()).run(body, TaskGoal("move the mug"), seed=0)
    assert episode.outcome == "stopped"
    said = [step.feedback["error"] for step in episode.steps[:3]]
    assert said == ["", "hand_full", ""]
    after = body.state
    assert (after.held, after.parent[MUG]) == (-1, COUNTER)
    assert not np.allclose(after.pose[MUG], env.state.pose[MUG])
    body.close()


def test_the_controller_leaves_motion_to_its_mover_and_knows_the_bodys_verbs() -> None:
    class Mover:
        serves, control_modes = (GoTo,), frozenset({"discrete"})

        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, intent: Intent, observation: Observation, belief: Belief) -> Any:
            return intent

    controller = InteractionController(Mover())  # type: ignore[arg-type]
    assert controller.serves == (GoTo, Interact)
    assert controller.control_modes == frozenset({"discrete"})
    controller.reset(Embodiment("hand", "discrete", ("stop",), skills=frozenset({"Open"})))
    observation = Observation()
    belief, goto = Belief(0, observation), GoTo((1.0, 2.0))
    assert controller.act(goto, observation, belief) is goto
    action = controller.act(Interact("Open", "fridge", (3, 4)), observation, belief)
    assert action.interaction == Interaction("Open", "fridge", (3, 4))
    with pytest.raises(ControllerError, match="no verb Slice"):
        controller.act(Interact("Slice", "apple"), observation, belief)
