"""Verbs on things: what they change and why they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from small_kitchen import (
    APPLE,
    BODY,
    BREAD,
    DRESSER,
    EGG,
    FAR_MUG,
    FRIDGE,
    KNIFE,
    LAMP,
    MICROWAVE,
    MUG,
    PLACES,
    STOVE,
    TRAY,
    WINE,
    assert_a_sentence,
    at,
    check_places,
    do,
    done,
    sees,
    small_world,
)

from enactive.envs import Interaction
from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.envs.household.effects import settle
from enactive.envs.household.facts import KINDS
from enactive.envs.household.feedback import ErrorCode, Feedback
from enactive.envs.household.model import Apartment, Placed
from enactive.envs.household.motion import BODY_RADIUS_M, clearance_m
from enactive.envs.household.putting import take
from enactive.envs.household.state import WorldState, changed, initial_state, movers
from enactive.envs.household.targets import View
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import World
from enactive.errors import ConfigError


@pytest.fixture
def small() -> World:
    return small_world()


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
