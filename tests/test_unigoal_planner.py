"""UniGoal in scripted beliefs: what it does stage by stage, without a simulator."""

import json
import math

import numpy as np
import pytest
from unigoal_scenes import WHEELS, Letters, body, floor, scene, thing
from unigoal_world import ROOM, World, mugs, planner, with_a_door

from enactive.envs import ImageGoal, ObjectGoal, PoseGoal, TextGoal
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief
from enactive.planners.base import GoTo, Look, Planner
from enactive.planners.semantic_frontier import SemanticFrontier


def test_it_is_a_planner() -> None:
    assert isinstance(planner(), Planner)
    assert isinstance(SemanticFrontier(encoder=Letters()), Planner)


def test_a_thing_in_sight_is_walked_up_to_and_verified() -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"))
    stop = world.run()
    assert stop.found
    assert math.dist((world.x, world.y), (2.0, -1.0)) < 1.0
    assert world.traces[-1]["stage"].startswith("3")
    assert world.traces[-1]["S"] == pytest.approx(1.0, abs=0.01)
    json.dumps(world.traces)


def test_the_right_one_of_several_is_taken() -> None:
    world = World(planner(), TextGoal("the blue mug"), floor(ROOM), mugs("red", "green", "blue"))
    assert world.run().found
    assert world.traces[-1]["matches"] == {"0": 2}
    assert math.dist((world.x, world.y), (2.0, 1.0)) < 1.0


def home(*rooms: str):
    """A toilet and a sofa, which stand in the rooms that are named."""
    things = (thing(0, "toilet", (2.0, 1.0, 0.4), room=0), thing(1, "sofa", (2.0, -1.5, 0.4), room=1))
    return scene(*things, rooms=dict(enumerate(rooms)))


@pytest.mark.parametrize(("room", "place"), [("bathroom", (2.0, 1.0)), ("living room", (2.0, -1.5))])
def test_a_room_is_found_where_its_things_stand(room: str, place: tuple[float, float]) -> None:
    world = World(planner(), ObjectGoal(room), floor(ROOM), home("bathroom", "living room"))
    assert world.run().found
    assert math.dist((world.x, world.y), place) < 1.0


def test_a_room_of_which_nothing_stands_here_is_not_found() -> None:
    assert not World(planner(), ObjectGoal("kitchen"), floor(ROOM), home("bathroom", "living room")).run().found


def test_what_is_told_by_its_colour_alone_is_any_thing_of_the_colour() -> None:
    graph = mugs("red", "green", "blue")
    graph.nodes[1].name = "book"
    world = World(planner(), TextGoal("something green"), floor(ROOM), graph)
    assert world.run().found
    assert world.traces[-1]["matches"] == {"0": 1}


def test_of_colours_that_are_not_known_none_is_the_one_that_was_told() -> None:
    world = World(planner(), TextGoal("something green"), floor(ROOM), mugs("red", "blue"))
    assert not world.run().found


def test_what_is_not_there_is_reported_after_all_is_explored() -> None:
    world = World(planner(), TextGoal("the spaceship"), floor(ROOM), mugs("red"))
    stop = world.run()
    assert not stop.found
    assert "not found: no spaceship" in stop.reason
    assert world.steps >= 11  # it looked all around first


def test_only_wrong_colours_are_no_find() -> None:
    stop = World(planner(), TextGoal("the blue mug"), floor(ROOM), mugs("red", "green")).run()
    assert not stop.found


def test_it_looks_around_first() -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene())
    first = [world.step() for _ in range(11)]
    assert all(isinstance(intent, Look) for intent in first)


def test_frontiers_are_explored_when_nothing_is_known() -> None:
    world = World(planner(), ObjectGoal("mug"), with_a_door(), scene())
    intents = [world.step() for _ in range(14)]
    towards = next(intent for intent in intents if isinstance(intent, GoTo))
    assert towards.point_m[0] > 2.0
    assert abs(towards.point_m[1]) < 1.0
    assert "expand" in world.traces[-1]["reason"]


@pytest.mark.parametrize(
    "switch", [{"matching": "simple"}, {"projection": "simple"}, {"sigma_partial": 0.95}, {"frontier_selection": False}]
)
def test_switches_that_mean_nothing_are_refused(switch: dict) -> None:
    """An ablation that is spelled wrong would else be the whole method, or another one."""
    with pytest.raises(ConfigError, match=next(iter(switch))):
        planner(**switch)


def partial_world(**switches) -> World:
    """Table and sofa are known, the lamp that stands by both is not; the room is open to the north."""
    grid = floor(ROOM)
    a, b = grid.cell_of((-1.0, 3.0)), grid.cell_of((1.0, 3.1))
    for part in (grid.obstacle, grid.tall):
        part[a[0] : b[0], a[1] : b[1] + 1] = False
    grid.version += 1
    graph = scene(
        thing(1, "table", (0.8, 2.0, 0.4), (0.3, 0.3, 0.4)), thing(2, "sofa", (-0.8, 2.0, 0.4), (0.3, 0.3, 0.4)),
        relations={(1, 2): "next to"},
    )  # fmt: skip
    goal = TextGoal("the lamp next to the table next to the sofa")
    return World(planner(**switches), goal, grid, graph)


def test_stage_two_projects_the_missing_node_and_explores_there() -> None:
    world = partial_world()
    for _ in range(13):
        world.step()
    trace = world.traces[-1]
    assert trace["stage"].startswith("2")
    assert set(trace["matches"]) == {"1", "2"}
    assert "anchors point" in trace["reason"]
    x, y = trace["projected"]
    assert math.dist((x, y), (0.8, 2.0)) < 4.0


def test_anchors_that_lead_nowhere_are_listed_and_the_stage_falls_back() -> None:
    world = partial_world()
    world.grid = floor(ROOM)  # nothing left to explore
    for _ in range(13):
        world.step()
    assert any("anchors exhausted" in trace["reason"] for trace in world.traces)
    assert world.traces[-1]["blacklist"] > 0
    assert world.traces[-1]["stage"].startswith("1")
    assert not world.run().found


@pytest.mark.parametrize(
    "switches",
    [
        {"matching": "simplified"}, {"blacklist": False}, {"multi_stage": False}, {"decomposition": False},
        {"frontier_selection": "unscored"}, {"frontier_selection": "nearest"}, {"projection": "simplified"},
        {"anchor_alignment": False}, {"correction": False}, {"verification": False},
    ],
    ids=lambda switches: "-".join(str(each) for each in next(iter(switches.items()))),
)  # fmt: skip
def test_every_ablation_runs_to_its_end(switches: dict) -> None:
    assert World(planner(**switches), ObjectGoal("mug"), floor(ROOM), mugs("red")).run().found
    world = partial_world(**switches)
    for _ in range(40):
        world.step()
    stages = {trace["stage"][0] for trace in world.traces}
    assert ("2" in stages) == ("multi_stage" not in switches)
    assert stages <= {"1", "2", "3"}


def test_time_runs_out() -> None:
    assert not World(planner(budget_steps=70), ObjectGoal("spaceship"), partial_world().grid, scene()).run(most=80).found


def test_goals_that_cannot_be_served_are_refused() -> None:
    with pytest.raises(PlannerError, match="goal picture"):
        planner().reset(ImageGoal(np.zeros((8, 64, 3), np.uint8)), WHEELS)
    with pytest.raises(PlannerError, match="PoseGoal"):
        planner().reset(PoseGoal(np.eye(4)), WHEELS)
    with pytest.raises(PlannerError, match="empty"):
        planner().reset(ObjectGoal("  "), WHEELS)
    lost = planner()
    lost.reset(ObjectGoal("mug"), WHEELS)
    with pytest.raises(PlannerError, match="map and a scene graph"):
        lost.plan(Belief(1, body()))


def test_the_same_belief_gives_the_same_decisions() -> None:
    runs = []
    for _ in range(2):
        world = partial_world()
        runs.append([repr(world.step()) for _ in range(20)])
    assert runs[0] == runs[1]
