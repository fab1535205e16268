"""The body among rectangles: swept motion against brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enactive.envs.household import motion
from enactive.envs.household.motion import BODY_RADIUS_M, GAP_M, clearance_m, slide
from enactive.envs.household.obstacles import Footprints
from enactive.envs.household.state import WorldState


def scene(seed: int, count: int = 12) -> Footprints:
    rng = np.random.default_rng(seed)
    return Footprints(
        rng.uniform(-2, 2, (count, 2)),
        rng.uniform(0.003, 0.6, (count, 2)),
        rng.uniform(-np.pi, np.pi, count),
        np.arange(count, dtype=np.int32),
    )


def body(x: float, y: float, yaw: float) -> WorldState:
    none, flag = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=bool)
    base = np.array([x, y, yaw])
    return WorldState(
        np.zeros((0, 4)), none, none.copy(), flag, flag.copy(), flag.copy(), np.zeros(0, np.int8), np.zeros(0), base
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.floats(-2, 2), st.floats(-2, 2), st.floats(-np.pi, np.pi), st.floats(0.05, 4.0))
def test_a_move_ends_where_small_steps_first_touch(seed: int, x: float, y: float, yaw: float, length: float) -> None:
    prints, start, way = scene(seed), np.array([x, y]), np.array([np.cos(yaw), np.sin(yaw)])
    assume(clearance_m(start, prints)[0] > BODY_RADIUS_M + 2 * GAP_M)
    place, collided = slide(start, way * length, prints, sliding=False)
    along = np.linspace(0.0, length, 2000)
    touching = clearance_m(start + along[:, None] * way, prints) < BODY_RADIUS_M + GAP_M
    expected = along[touching.argmax()] if touching.any() else length
    assert float((place - start) @ way) == pytest.approx(expected, abs=length / 1000 + 1e-3) or not touching.any()
    assert clearance_m(place, prints)[0] >= BODY_RADIUS_M
    if touching.any():
        assert collided
    if collided:
        assert clearance_m(place, prints)[0] < BODY_RADIUS_M + 3 * GAP_M


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.floats(-2, 2), st.floats(-2, 2), st.floats(-np.pi, np.pi), st.booleans())
def test_a_walk_never_enters_anything(seed: int, x: float, y: float, yaw: float, sliding: bool) -> None:
    prints, state = scene(seed), body(x, y, yaw)
    assume(clearance_m(np.array([x, y]), prints)[0] > BODY_RADIUS_M + 2 * GAP_M)
    rng = np.random.default_rng(seed)
    for _ in range(25):
        if rng.random() < 0.5:
            state = motion.discrete(state, str(rng.choice(["move_forward", "turn_left", "turn_right"])), prints, sliding).state
        else:
            state = motion.twist(state, float(rng.uniform(-3, 3)), float(rng.uniform(-6, 6)), 0.5, prints, sliding).state
        assert clearance_m(state.base[:2], prints)[0] >= BODY_RADIUS_M


def test_no_step_is_long_enough_to_tunnel() -> None:
    sheet = Footprints(np.array([[5.0, 0.0]]), np.array([[1e-4, 3.0]]), np.zeros(1), np.array([-1], dtype=np.int32))
    place, collided = slide(np.zeros(2), np.array([1000.0, 0.0]), sheet, sliding=False)
    assert collided
    assert place == pytest.approx([5.0 - 1e-4 - BODY_RADIUS_M - GAP_M, 0.0])


def test_sliding_keeps_what_goes_along_the_wall() -> None:
    wall = Footprints(np.array([[1.0, 0.0]]), np.array([[0.1, 9.0]]), np.zeros(1), np.array([-1], dtype=np.int32))
    shift = np.array([1.0, 1.0])
    stopped, _ = slide(np.zeros(2), shift, wall, sliding=False)
    slid, collided = slide(np.zeros(2), shift, wall, sliding=True)
    contact = 0.9 - BODY_RADIUS_M - GAP_M
    assert stopped == pytest.approx([contact, contact])
    assert slid == pytest.approx([contact, 1.0])
    assert collided


def test_sliding_stops_in_a_corner() -> None:
    walls = Footprints(
        np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.1, 9.0], [9.0, 0.1]]), np.zeros(2), np.zeros(2, np.int32)
    )
    place, collided = slide(np.zeros(2), np.array([3.0, 2.0]), walls, sliding=True)
    contact = 0.9 - BODY_RADIUS_M - GAP_M
    assert place == pytest.approx([contact, contact])
    assert collided


def test_a_body_that_something_was_moved_into_may_leave_but_not_go_deeper() -> None:
    box = Footprints(np.array([[0.25, 0.0]]), np.array([[0.2, 0.2]]), np.zeros(1), np.array([-1], dtype=np.int32))
    out, collided = slide(np.zeros(2), np.array([-0.5, 0.0]), box, sliding=False)
    assert not collided
    assert out == pytest.approx([-0.5, 0.0])
    still, collided = slide(np.zeros(2), np.array([0.5, 0.0]), box, sliding=False)
    assert collided
    assert still == pytest.approx([0.0, 0.0])


def test_a_twist_drives_an_arc() -> None:
    nothing = Footprints(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int32))
    moved = motion.twist(body(1.0, 2.0, 0.0), 0.5, 1.0, 1.3, nothing)
    assert moved.state.base == pytest.approx([1.0 + 0.5 * np.sin(1.3), 2.0 + 0.5 * (1.0 - np.cos(1.3)), 1.3])
    straight = motion.twist(replace(moved.state, base=np.zeros(3)), -0.5, 0.0, 2.0, nothing)
    assert straight.state.base == pytest.approx([-1.0, 0.0, 0.0])
    assert not moved.collided
