"""Each switch of UniGoal takes one thing away: a scene in which the method does one thing with it and another without.

`multi_stage` is in test_unigoal_planner.py, `verification` in test_unigoal_doubts.py.
"""

import math

import numpy as np
import pytest
from unigoal_scenes import floor, scene, thing
from unigoal_world import ROOM, World, mugs, planner

from enactive.envs import Goal, ObjectGoal, TextGoal
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph


def after_a_look_around(world: World) -> dict:
    """The trace of the first step that is no look around."""
    world.run_until(lambda said: said != "look around")
    return world.traces[-1]


def corridor(west_m: float, east_m: float) -> OccupancyMap:
    """A corridor along x through the body's place, open at both ends."""
    grid = floor([(-west_m, -1.0, east_m, 1.0)])
    for x in (-west_m - 0.1, east_m):
        a, b = grid.cell_of((x, -0.8)), grid.cell_of((x + 0.1, 0.8))
        for part in (grid.obstacle, grid.tall):
            part[a[0] : b[0], a[1] : b[1]] = False
    grid.version += 1
    return grid


def test_matching_by_graphs_minds_the_colour_and_the_simplified_one_takes_the_first_of_the_name() -> None:
    found = {}
    for matching in ("graph", "simplified"):
        world = World(planner(matching=matching), TextGoal("the blue mug"), floor(ROOM), mugs("red", "green", "blue"))
        world.step()
        found[matching] = world.traces[-1]
    assert (found["graph"]["matches"], found["simplified"]["matches"]) == ({"0": 2}, {"0": 0})
    assert found["graph"]["S_T"] > 0.0
    assert found["simplified"]["S_T"] == 0.0  # it knows no topology


def lamp_world(grid: OccupancyMap, **switches) -> World:
    """A table and a sofa are known; the lamp that stands on the one and beside the other is not."""
    graph = scene(
        thing(1, "table", (0.8, 2.0, 0.4), (0.3, 0.3, 0.4)), thing(2, "sofa", (-0.8, 2.0, 0.4), (0.3, 0.3, 0.4)),
        relations={(1, 2): "next to"},
    )  # fmt: skip
    return World(planner(**switches), TextGoal("the lamp on the table next to the sofa"), grid, graph)


def open_to_the_north() -> OccupancyMap:
    grid = floor(ROOM)
    a, b = grid.cell_of((-1.0, 3.0)), grid.cell_of((1.0, 3.1))
    for part in (grid.obstacle, grid.tall):
        part[a[0] : b[0], a[1] : b[1] + 1] = False
    grid.version += 1
    return grid


def test_without_the_blacklist_anchors_that_lead_nowhere_are_matched_for_ever() -> None:
    last = {}
    for blacklist in (True, False):
        world = lamp_world(floor(ROOM), blacklist=blacklist)  # nothing is left to explore
        for _ in range(14):
            world.step()
        last[blacklist] = world.traces[-1]
    assert last[True]["blacklist"] > 0
    assert last[True]["matches"] == {}
    assert last[False]["blacklist"] == 0
    assert len(last[False]["matches"]) == 2


def test_without_alignment_the_target_is_looked_for_in_the_middle_of_the_anchors() -> None:
    places = {
        on: after_a_look_around(lamp_world(open_to_the_north(), anchor_alignment=on))["projected"] for on in (True, False)
    }
    assert places[False] == pytest.approx([0.0, 2.0])
    assert math.dist(places[True], (0.8, 2.0)) < 0.5  # on the table, as was said


def test_the_simplified_projection_knows_no_distances() -> None:
    places = {
        kind: after_a_look_around(lamp_world(open_to_the_north(), projection=kind))["projected"]
        for kind in ("full", "simplified")
    }
    (table, sofa) = (0.8, 2.0), (-0.8, 2.0)
    assert math.dist(places["full"], table) < 0.5 * math.dist(places["full"], sofa)
    assert math.dist(places["simplified"], table) == pytest.approx(math.dist(places["simplified"], sofa))  # on one circle


def crossing() -> OccupancyMap:
    """A corridor along x that is open at both ends, the western one far, with a doorway to the north close by."""
    grid = corridor(10.0, 4.0)
    a, b = grid.cell_of((-0.6, 1.0)), grid.cell_of((0.6, 1.1))
    for part in (grid.obstacle, grid.tall):
        part[a[0] : b[0], a[1] : b[1]] = False
    grid.version += 1
    return grid


def exit_taken(goal: Goal, graph: SceneGraph, **switches) -> str:
    x, y = after_a_look_around(World(planner(**switches), goal, crossing(), graph))["frontier"]
    return "north" if y > 0.9 else "east" if x > 0.0 else "west"


def test_the_rows_of_stage_one_explore_by_the_score_by_the_likeliest_place_and_by_the_way() -> None:
    """The pillow is likeliest beside the bed, and nearly as likely beside the sofa, which is less far; nearest is the stove."""
    graph = scene(thing(1, "bed", (-9.5, 0.9, 0.5)), thing(2, "sofa", (3.5, 0.9, 0.5)), thing(3, "stove", (0.8, 0.9, 0.5)))
    kinds = ("scored", "unscored", "nearest")
    ends = {kind: exit_taken(ObjectGoal("pillow"), graph, frontier_selection=kind) for kind in kinds}
    assert ends == {"scored": "east", "unscored": "west", "nearest": "north"}


def test_unscored_frontiers_still_follow_the_sub_graph_of_the_target_and_the_nearest_no_goal_at_all() -> None:
    """The toothbrush goes with the sink, the two other things, which are two thirds of the goal, with the bed."""
    goal = TextGoal("the toothbrush next to the pillow next to the blanket")
    graph = scene(thing(1, "sink", (3.5, 0.9, 0.5)), thing(2, "bed", (-9.5, 0.9, 0.5)))
    ends = {
        kind: [exit_taken(goal, graph, frontier_selection=kind, decomposition=on) for on in (True, False)]
        for kind in ("unscored", "nearest")
    }
    assert ends == {"unscored": ["east", "west"], "nearest": ["north", "north"]}


def test_unscored_frontiers_are_the_nearest_while_nothing_was_seen() -> None:
    assert exit_taken(ObjectGoal("pillow"), scene(), frontier_selection="unscored") == "north"


def test_without_decomposition_many_side_remarks_outweigh_the_target() -> None:
    """The sink speaks for the toothbrush, the bed for both other things; taken apart, the target counts as much as they do."""
    ends = {}
    for decomposition in (True, False):
        graph = scene(thing(1, "sink", (3.5, 0.9, 0.5)), thing(2, "bed", (-4.5, 0.9, 0.5)))
        goal = TextGoal("the toothbrush next to the pillow next to the blanket")
        world = World(planner(decomposition=decomposition), goal, corridor(5.0, 4.0), graph)
        ends[decomposition] = np.sign(after_a_look_around(world)["frontier"][0])
    assert ends == {True: 1.0, False: -1.0}


def test_without_correction_a_thing_keeps_the_name_that_it_was_given_by_mistake() -> None:
    names = {}
    for correction in (True, False):
        graph = scene(
            thing(0, "mug", (2.0, 0.0, 0.8), (0.05, 0.05, 0.05), room=0, score=0.2, sightings=3, red=0.9),
            thing(1, "table", (2.0, 0.0, 0.37), (0.3, 0.3, 0.37), room=0),
            relations={(0, 1): "on"},
            rooms={0: "kitchen"},
        )
        goal = TextGoal("the red mug on the table in the kitchen")
        world = World(planner(correction=correction), goal, floor(ROOM), graph)
        world.taken_for = lambda node: ("apple", 0.9) if node.id == 0 else (node.name, node.score)
        world.run()
        names[correction] = graph.nodes[0].name
        assert any("corrections" in trace for trace in world.traces) == correction
    assert names == {True: "apple", False: "mug"}
