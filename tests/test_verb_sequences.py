"""What no sequence of verbs may break: nothing is lost, nothing overlaps, and every state can be gone back to."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_kitchen import (
    BODY,
    assert_a_sentence,
    at,
    check_floor,
    check_places,
    real_world,
    rectangle,
    sees,
    sees_all,
    small_world,
)

from enactive.envs import VERBS, Interaction
from enactive.envs.household.facts import KINDS
from enactive.envs.household.motion import BODY_RADIUS_M
from enactive.envs.household.rectangles import distance_m, overlap
from enactive.envs.household.state import WorldState, initial_state
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import World

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


@settings(max_examples=40, deadline=None)
@given(orders=ORDERS)
def test_no_sequence_of_verbs_breaks_the_small_kitchen(orders: list[tuple[str, int, bool]]) -> None:
    small = small_world()
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


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3), st.lists(st.floats(0.05, 0.8), min_size=4, max_size=4))
def test_rectangles_overlap_where_they_share_a_point(where: list[float], halves: list[float]) -> None:
    one = (np.array([0.1, -0.2]), np.array(halves[:2]), 0.4)
    other = (np.array(where[:2]), np.array(halves[2:]), 3.0 * where[2])
    grid = np.stack(np.meshgrid(*(np.linspace(-h, h, 40) for h in other[1]), indexing="ij"), axis=-1).reshape(-1, 2)
    points = other[0] + grid @ np.array([[np.cos(other[2]), np.sin(other[2])], [-np.sin(other[2]), np.cos(other[2])]])
    away = np.array([distance_m(point, one) for point in points])
    batch = other[0][None], other[1][None], np.array([other[2]])
    if (away == 0.0).any():
        assert overlap(one, *batch)[0]
    if overlap(one, *batch, gap_m=-0.1)[0]:
        assert away.min() < 0.02
    if not overlap(one, *batch)[0]:
        assert away.min() > 0.0
