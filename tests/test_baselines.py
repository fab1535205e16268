"""Random walk, nearest frontier, a place to go to and the oracle's path in a flat made-up apartment of three rooms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from unigoal_scenes import Letters

from enactive.controllers.navigation import NavigationController
from enactive.envs import CameraFrame, Embodiment, ImageGoal, ObjectGoal, Observation, PoseGoal, TaskGoal, TextGoal
from enactive.envs.embodiment import DISCRETE_ACTIONS
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief, Detection
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph, SceneNode
from enactive.planners.approach import Approach, standing_place, turn_between, yaw_of
from enactive.planners.base import GoTo, Look, Planner, Stop
from enactive.planners.nearest_frontier import NearestFrontier
from enactive.planners.oracle_path import OracleShortestPath
from enactive.planners.point_nav import PointNav
from enactive.planners.random_walk import RandomWalk
from enactive.planners.seek import answers_to, goal_name

BODY = Embodiment("flat", "discrete", DISCRETE_ACTIONS, radius_m=0.18, height_m=0.95)
HALF_VIEW_RAD, RANGE_M = math.radians(39.5), 5.0
TABLE = SceneNode(0, "table", 0.9, 1, np.array([2.5, 1.5, 0.4]), np.array([0.4, 0.3, 0.4]), np.ones(1, np.float32))
MUG = SceneNode(1, "mug", 0.9, 1, np.array([2.5, 1.4, 0.85]), np.array([0.04, 0.04, 0.05]), np.ones(1, np.float32))


class Flat:
    """Three rooms in a row of 4 m, doorways between them; x from -6 to 6, y from -2 to 2. The body starts in the first.

    What lies in an open line of sight within 5 m is written into the map; nodes whose middle is seen go into the graph.
    """

    def __init__(self, nodes: tuple[SceneNode, ...] = (TABLE, MUG), boxes: tuple[tuple[float, ...], ...] = ()) -> None:
        self.known, self.truth = OccupancyMap((-4.0, 0.0), size_m=28.0), OccupancyMap((-4.0, 0.0), size_m=28.0)
        walls = [(-6.1, -2.1, 6.1, -2), (-6.1, 2, 6.1, 2.1), (-6.1, -2.1, -6, 2.1), (6, -2.1, 6.1, 2.1)]
        walls += [(x - 0.05, y0, x + 0.05, y1) for x, y0, y1 in ((-2, -2, 0.5), (-2, 1.4, 2), (2, -2, -1.2), (2, -0.3, 2))]
        solid = [
            (*(n.centre_m - n.half_size_m)[:2], *(n.centre_m + n.half_size_m)[:2]) for n in nodes if n.half_size_m[0] > 0.2
        ]
        for x0, y0, x1, y1 in [*walls, *solid, *boxes]:
            low, high = self.truth.cell_of((x0, y0)), self.truth.cell_of((x1, y1))
            self.truth.obstacle[low[0] : high[0] + 1, low[1] : high[1] + 1] = True
            if (x0, y0, x1, y1) in walls:
                self.truth.tall[low[0] : high[0] + 1, low[1] : high[1] + 1] = True
        self.truth._note(np.zeros(2, int), np.array(self.truth.shape))
        self.nodes, self.graph, self.pose, self.pitch, self.steps = nodes, SceneGraph(), np.array([-4.0, 0.0, 0.0]), 0.0, 0
        self.names: list[str] = []
        self.walked_m, self.collisions = 0.0, 0

    def observation(self) -> Observation:
        x, y, yaw = self.pose
        T, C = np.eye(4), np.eye(4)
        T[:2, :2], T[:2, 3] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]], (x, y)
        c, s = math.cos(self.pitch), math.sin(self.pitch)
        C[:3, :3] = T[:3, :3] @ np.array([[0.0, s, c], [-1.0, 0.0, 0.0], [0.0, -c, s]])
        C[:3, 3] = x, y, 0.88
        return Observation({"head": CameraFrame(np.zeros((2, 2, 3), np.uint8), None, np.eye(3), C, 0.0)}, T)

    def believe(self) -> Belief:
        self._look()
        observation = self.observation()
        seen = []
        for node in self.nodes:
            offset = node.centre_m[:2] - self.pose[:2]
            bearing = abs(turn_between(self.pose[2], math.atan2(offset[1], offset[0])))
            if bearing < HALF_VIEW_RAD and np.linalg.norm(offset) < RANGE_M and self._sees(node.centre_m[:2]):
                if node.id not in self.graph.nodes:
                    self.graph.nodes[node.id] = SceneNode(**{k: getattr(node, k) for k in SceneNode.__slots__})
                self.graph.nodes[node.id].sightings += 1
                seen.append(Detection(node.name, 0.9, np.ones((2, 2), bool), node.embedding, node.id))
        return Belief(self.steps, observation, self.known, self.graph, tuple(seen))

    def step(self, name: str) -> None:
        self.steps += 1
        self.names.append(name)
        self.pose[2] += {"turn_left": 1, "turn_right": -1}.get(name, 0) * BODY.turn_rad
        self.pitch += {"look_up": 1, "look_down": -1}.get(name, 0) * BODY.look_rad
        if name == "move_forward":
            onward = self.pose[:2] + 0.25 * np.array([math.cos(self.pose[2]), math.sin(self.pose[2])])
            if self.truth.clearance_m()[tuple(self.truth.cell_of(onward))] < 0.12:
                self.collisions += 1
            else:
                self.pose[:2], self.walked_m = onward, self.walked_m + 0.25

    def _look(self) -> None:
        self.known._stand(self.pose[:2])
        angles = self.pose[2] + np.linspace(-HALF_VIEW_RAD, HALF_VIEW_RAD, 160)
        points = (
            self.pose[:2]
            + np.arange(0, RANGE_M, 0.025)[None, :, None] * np.stack([np.cos(angles), np.sin(angles)], -1)[:, None]
        )
        cells = self.truth.cell_of(points)
        blocked = self.truth.tall[cells[..., 0], cells[..., 1]]
        open_way = np.cumsum(blocked, axis=1) == 0
        reached = cells[open_way | (np.cumsum(blocked, axis=1) == 1)]
        index = reached[:, 0], reached[:, 1]
        self.known.explored[index] = True
        self.known.obstacle[index] = self.truth.obstacle[index]
        self.known.tall[index] = self.truth.tall[index]
        self.known._evidence[index] = np.where(self.truth.obstacle[index], 10, -1)
        self.known._note(reached.min(axis=0), reached.max(axis=0) + 1)

    def _sees(self, point: NDArray[np.float64]) -> bool:
        cells = self.truth.cell_of(self.pose[:2] + np.linspace(0, 1, 200)[:, None] * (point - self.pose[:2]))
        return not self.truth.tall[cells[:, 0], cells[:, 1]].any()


def run(world: Flat, planner: Planner, goal: object, steps: int = 300) -> Stop | None:
    """Run the loop until the planner stops; None where it does not."""
    controller = NavigationController()
    controller.reset(BODY)
    planner.reset(goal, BODY)
    for _ in range(steps):
        belief = world.believe()
        intent = planner.plan(belief)
        assert isinstance(intent, planner.emits)
        if isinstance(intent, Stop):
            return intent
        action = controller.act(intent, belief.observation, belief)
        world.step(DISCRETE_ACTIONS[int(action.values[0, 0])])
    return None


def in_reach(world: Flat, node: SceneNode) -> bool:
    offset = node.centre_m[:2] - world.pose[:2]
    gap = np.linalg.norm(np.maximum(np.abs(offset) - node.half_size_m[:2], 0))
    return gap <= 1.0 and abs(turn_between(world.pose[2], math.atan2(offset[1], offset[0]))) < math.radians(17)


def test_nearest_frontier_finds_what_is_two_rooms_away() -> None:
    world, planner = Flat(), NearestFrontier()
    assert isinstance(planner, Planner)
    stop = run(world, planner, ObjectGoal("mug"))
    assert stop.found
    assert in_reach(world, MUG)
    assert world.collisions == 0
    assert world.walked_m < 16.0
    assert planner.trace["stage"] == "approach"
    assert planner.trace["node"] == MUG.id


def test_it_looks_all_around_first() -> None:
    world = Flat()
    run(world, NearestFrontier(), ObjectGoal("mug"), steps=14)
    assert world.names[:11] == ["turn_left"] * 11
    angles = np.linspace(-np.pi, np.pi, 24)
    around = world.known.cell_of(world.pose[:2] + 0.5 * np.stack([np.cos(angles), np.sin(angles)], -1))
    assert world.known.explored[around[:, 0], around[:, 1]].all()


def test_it_says_so_when_nothing_is_left_to_explore() -> None:
    world = Flat()
    stop = run(world, NearestFrontier(), ObjectGoal("spaceship"))
    assert not stop.found
    assert "spaceship" in stop.reason
    inner = world.known.explored[world.truth.clearance_m() > 0.3]
    box = np.abs(world.known.xy_of(np.argwhere(world.truth.clearance_m() > 0.3))) < np.array([5.8, 1.8])
    assert inner[box.all(axis=1)].mean() > 0.98


def test_a_doubtful_node_is_not_walked_up_to() -> None:
    shadow = SceneNode(1, "mug", 0.3, 1, MUG.centre_m, MUG.half_size_m, MUG.embedding)
    stop = run(Flat((TABLE, shadow)), NearestFrontier(), ObjectGoal("mug"))
    assert not stop.found
    bolder = run(Flat((TABLE, shadow)), NearestFrontier(min_score=0.2), ObjectGoal("mug"))
    assert bolder.found


def test_a_node_is_believed_in_at_even_odds() -> None:
    """A score that was raised because the thing is looked for: 0.5 at odds raised fourfold are 0.2."""
    hoped_for = SceneNode(1, "mug", 0.5, 9, MUG.centre_m, MUG.half_size_m, MUG.embedding, even_score=0.2)
    assert not run(Flat((TABLE, hoped_for)), NearestFrontier(), ObjectGoal("mug")).found
    sure = SceneNode(1, "mug", 0.8, 9, MUG.centre_m, MUG.half_size_m, MUG.embedding, even_score=0.5)
    assert run(Flat((TABLE, sure)), NearestFrontier(), ObjectGoal("mug")).found


def test_the_nearest_of_two_is_taken() -> None:
    near = SceneNode(2, "coffee mug", 0.9, 1, np.array([-2.6, -1.7, 0.1]), MUG.half_size_m, MUG.embedding)
    world = Flat((TABLE, MUG, near))
    assert run(world, NearestFrontier(), TextGoal("the blue mug on the table")).found
    assert in_reach(world, near)


def test_an_object_behind_a_barrier_is_given_up() -> None:
    world = Flat(boxes=((2.0, -1.3, 2.1, -0.2),))  # a low fence in the doorway: seen over, not passed
    stop = run(world, NearestFrontier(), ObjectGoal("mug"))
    assert not stop.found


def test_random_walk_repeats_itself_and_only_itself() -> None:
    trails = {}
    for key, seed in (("a", 1), ("again", 1), ("b", 2)):
        world = Flat()
        run(world, RandomWalk(seed), ObjectGoal("spaceship"), steps=60)
        trails[key] = world.names
        assert world.walked_m > 2.0
    assert trails["a"] == trails["again"] != trails["b"]


def test_random_walk_stops_at_what_it_comes_across() -> None:
    near = SceneNode(2, "plant", 0.9, 1, np.array([-2.6, -1.7, 0.1]), MUG.half_size_m, MUG.embedding)
    world = Flat((near,))
    stop = run(world, RandomWalk(0), ObjectGoal("plant"))
    assert stop.found
    assert in_reach(world, near)


class Truth:
    """The oracle of a `Flat`: places that see the mug within a metre."""

    def __init__(self, world: Flat) -> None:
        self.world, self.targets = world, (MUG.id,)
        world.truth.explored[:] = True
        places = world.truth.xy_of(np.argwhere(world.truth.clearance_m() > 0.2))
        near = places[
            (np.linalg.norm(places - MUG.centre_m[:2], axis=1) < 1.0) & (np.abs(places[:, 1]) < 2) & (places[:, 0] > 2)
        ]
        self.field = distance_field(world.truth, near, soft_cost=0.0)

    def geodesic_m(self, xy: NDArray[np.float64], target_ids: tuple[int, ...]) -> float:
        assert target_ids == self.targets
        return float(self.field.at(xy))

    def pose(self, object_id: int) -> NDArray[np.float64]:
        T = np.eye(4)
        T[:3, 3] = MUG.centre_m
        return T

    def path_m(self, xy: NDArray[np.float64], target_ids: tuple[int, ...]) -> NDArray[np.float64]:
        return self.field.way(xy)


def test_the_oracle_walks_the_shortest_path() -> None:
    world, planner = Flat(), OracleShortestPath()
    with pytest.raises(ConfigError, match="bind"):
        planner.reset(ObjectGoal("mug"), BODY)
    oracle = Truth(world)
    planner.bind(oracle)
    shortest = oracle.geodesic_m(world.pose[:2], (MUG.id,))
    stop = run(world, planner, ObjectGoal("mug"))
    assert stop.found
    assert oracle.geodesic_m(world.pose[:2], (MUG.id,)) < 0.1
    assert world.walked_m <= 1.15 * shortest + 0.3


def place(x: float, y: float) -> PoseGoal:
    T_world_goal = np.eye(4)
    T_world_goal[:2, 3] = x, y
    return PoseGoal(T_world_goal)


def test_a_place_is_gone_to_through_rooms_that_were_never_seen() -> None:
    world = Flat()
    shortest = float(distance_field(world.truth, (5.0, 1.0), soft_cost=0.0).at(world.pose[:2]))
    stop = run(world, PointNav(), place(5.0, 1.0))
    assert stop.found
    assert math.dist(world.pose[:2], (5.0, 1.0)) <= 0.25
    assert world.walked_m <= 1.3 * shortest + 0.5
    assert world.collisions == 0


def test_a_place_further_out_than_the_first_grid_is_planned_to() -> None:
    grid, planner = OccupancyMap(), PointNav()
    planner.reset(place(13.0, 0.0), BODY)
    assert isinstance(planner.plan(Belief(1, Observation(T_world_base=np.eye(4)), grid)), GoTo)
    assert grid.inside(grid.cell_of((13.0, 0.0)))


def test_a_place_beyond_all_maps_is_not_said_to_be_walled_off() -> None:
    planner = PointNav()
    planner.reset(place(0.0, -260.0), BODY)
    stop = planner.plan(Belief(1, Observation(T_world_base=np.eye(4)), OccupancyMap()))
    assert isinstance(stop, Stop)
    assert not stop.found
    assert "200 m" in stop.reason


@pytest.mark.parametrize("point", [(8.0, 0.0), (2.5, 1.5)], ids=["outside the walls", "in the middle of a table"])
def test_a_place_that_no_way_leads_to_is_given_up_and_not_called_reached(point: tuple[float, float]) -> None:
    stop = run(Flat(), PointNav(), place(*point), steps=600)
    assert not stop.found
    assert "no way" in stop.reason


def test_what_is_no_place_is_refused() -> None:
    with pytest.raises(PlannerError, match=r"go to 1\.5, -2"):
        PointNav().reset(ObjectGoal("mug"), BODY)


def test_a_place_before_an_object_is_on_its_side_of_the_wall() -> None:
    world = Flat()
    world.known = world.truth
    world.truth.explored[:] = True
    shelf = SceneNode(5, "vase", 0.9, 1, np.array([2.2, 1.0, 0.8]), np.array([0.1, 0.1, 0.1]), MUG.embedding)
    place = standing_place(world.truth, shelf, distance_field(world.truth, (-4.0, 0.0)))
    assert place.point_m[0] > 2.0  # not through the wall at x = 2, though the way around is longer
    assert world.truth.clearance_m()[tuple(world.truth.cell_of(place.point_m))] >= 0.18
    assert abs(turn_between(place.yaw_rad, math.atan2(1.0 - place.point_m[1], 2.2 - place.point_m[0]))) < 1e-6
    assert standing_place(world.truth, TABLE, distance_field(world.truth, (-4.0, 0.0)), reach_m=0.05) is None


def test_approach_tries_another_place_when_the_object_does_not_show() -> None:
    world = Flat()
    world.pose[:] = 3.2, -1.0, 2.0
    approach = Approach(BODY)
    places: list[tuple[float, float]] = []
    controller = NavigationController()
    controller.reset(BODY)
    for _ in range(120):
        belief = world.believe()
        hidden = Belief(
            belief.step,
            belief.observation,
            belief.map,
            belief.scene_graph,
            (Detection("table", 0.9, np.ones((2, 2), bool), TABLE.embedding, TABLE.id),),
        )
        intent = approach.next(hidden, MUG)
        if intent is None:
            break
        if isinstance(intent, GoTo) and (not places or math.dist(places[-1], intent.point_m) > 0.3):
            places.append(intent.point_m)
        world.step(DISCRETE_ACTIONS[int(controller.act(intent, belief.observation, belief).values[0, 0])])
    assert intent is None
    assert len(places) >= 2
    assert not approach.failed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the red mug on the kitchen counter", "mug"),
        ("a couch next to the lamp", "sofa"),
        ("find the wooden chair in the bedroom", "chair"),
    ],
)
def test_a_description_is_read_as_its_head_noun(text: str, name: str) -> None:
    assert goal_name(TextGoal(text)) == name


class SeesNothing:
    """A detector to which every picture is empty."""

    text = Letters()

    def reset(self, words: Sequence[str]) -> None: ...

    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        return ()

    def attributes(self, detection: Detection, words: Sequence[str]) -> dict[str, float]:
        return {}


def test_goals_that_name_nothing_are_refused() -> None:
    with pytest.raises(PlannerError, match="category is empty"):
        goal_name(ObjectGoal("  "))
    with pytest.raises(PlannerError, match="by their names"):
        goal_name(TextGoal("something red"))
    with pytest.raises(PlannerError, match="nothing is recognised"):
        goal_name(ImageGoal(np.zeros((32, 32, 3), np.uint8)), SeesNothing())
    with pytest.raises(PlannerError, match="TaskGoal"):
        goal_name(TaskGoal("clean up"))
    planner = NearestFrontier()
    planner.reset(ObjectGoal("mug"), BODY)
    with pytest.raises(PlannerError, match="map"):
        planner.plan(Belief(0, Observation()))


def test_names_answer_to_names() -> None:
    assert answers_to("coffee mug", "mug")
    assert answers_to("couch", "sofa")
    assert not answers_to("mug", "coffee mug")
    assert not answers_to("smug", "mug")
    assert answers_to("mug", goal_name(ObjectGoal("mugs")))
    assert answers_to("toilet", "bathroom")
    assert not answers_to("sink", "bathroom")  # kitchens have one too


def test_a_heading_is_read_off_a_pose() -> None:
    world = Flat()
    world.pose[2] = 2.0
    assert yaw_of(world.observation().T_world_base) == pytest.approx(2.0)
    assert isinstance(Look(0.1), NearestFrontier.emits)
