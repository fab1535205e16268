"""UniGoal in scripted beliefs: how long it tries to get to a place that the body does not get to."""

import pytest
from unigoal_scenes import floor, scene, thing
from unigoal_world import BODIES, ROOM, World, mugs, planner

from enactive.envs import Embodiment, ObjectGoal
from enactive.planners.approach import standing_place
from enactive.planners.base import GoTo, Stop
from enactive.planners.unigoal import pursuit


@BODIES
def test_a_place_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    counter, table = thing(1, "kitchen counter", (2.5, 0.0, 0.9)), thing(2, "dining table", (-2.5, 0.0, 0.7))
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene(counter, table), embodiment)
    world.shows = lambda node: False
    world.stuck = True
    walks: list[tuple[float, float]] = []
    for _ in range(60 * pace):
        intent = world.step()
        if isinstance(intent, Stop):
            break
        if isinstance(intent, GoTo):
            walks.append(intent.point_m)
    assert isinstance(intent, Stop)
    assert not intent.found
    assert {x > 0.0 for x, _ in walks} == {True, False}
    assert {walks.count(place) for place in walks} == {14 * pace}


@BODIES
def test_a_frontier_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    grid = floor(ROOM)
    for y in (3.0, -3.1):  # the room is open to both sides
        a, b = grid.cell_of((-1.0, y)), grid.cell_of((1.0, y + 0.1))
        for part in (grid.obstacle, grid.tall):
            part[a[0] : b[0], a[1] : b[1] + 1] = False
    world = World(planner(), ObjectGoal("mug"), grid, scene(), embodiment)
    world.stuck = True
    world.run_until(lambda reason: "expand" in reason)
    first = world.traces[-1]["frontier"]
    while world.traces[-1]["frontier"] == first:
        world.step()
    assert sum(trace.get("frontier") == first for trace in world.traces) == 13 * pace + 1


@BODIES
def test_the_place_before_a_thing_is_chosen_anew_every_six_moves(
    embodiment: Embodiment, pace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"), embodiment)
    world.stuck = True
    monkeypatch.setattr(pursuit, "standing_place", lambda *_: chosen.append(world.steps) or standing_place(*_))
    world.run_until(lambda reason: "walk up to mug" in reason)
    first = world.steps
    for _ in range(13 * pace):
        world.step()
    assert chosen == [first, first - 1 + 6 * pace, first - 1 + 12 * pace]


@BODIES
def test_a_thing_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"), embodiment)
    world.stuck = True
    world.run_until(lambda reason: "cannot be reached" in reason, most=300)
    # from two places on the side that it was seen from, and from two on any side
    assert sum("walk up to mug" in trace["reason"] for trace in world.traces) == 4 * (14 * pace + 1)
