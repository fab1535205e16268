"""The navigation controller in a tiny world of cells, with exact collision of a disc."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from enactive.controllers.base import Controller
from enactive.controllers.lattice import may_pass, swept_air_m
from enactive.controllers.navigation import NavigationController
from enactive.envs import Action, CameraFrame, Embodiment, Observation
from enactive.envs.embodiment import DISCRETE_ACTIONS
from enactive.envs.observation import HELD
from enactive.errors import CompatibilityError, ControllerError
from enactive.perception.base import Belief
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.planners.approach import reached, turn_between, yaw_of
from enactive.planners.base import GoTo, Intent, Interact, Look, LookAt, Stop

BODY = Embodiment("tiny", "discrete", DISCRETE_ACTIONS, radius_m=0.18, height_m=0.95)
ROLLER = Embodiment("roller", "base_twist", ("v", "w"), ("m/s", "rad/s"), (-0.5, -1.5), (0.5, 1.5), rate_hz=10.0, radius_m=0.18)


class Tiny:
    """A disc among square cells. `real` blocks it; `grid` is what it knows."""

    def __init__(self, grid: OccupancyMap, real: NDArray[np.bool_], pose: tuple[float, float, float]) -> None:
        self.grid, self.pose, self.pitch = grid, np.array(pose), 0.0
        self.low = grid.origin_m + np.argwhere(real) * grid.resolution_m
        self.collisions, self.walked_m = 0, 0.0
        self.trail = [self.pose[:2].copy()]

    def gap_m(self, xy: NDArray[np.float64]) -> float:
        if not len(self.low):
            return math.inf
        return float(np.linalg.norm(xy - np.clip(xy, self.low, self.low + self.grid.resolution_m), axis=1).min())

    def observe(self) -> Observation:
        x, y, yaw = self.pose
        T = np.eye(4)
        c, s = math.cos(yaw), math.sin(yaw)
        T[:2, :2], T[:2, 3] = [[c, -s], [s, c]], (x, y)
        cp, sp = math.cos(self.pitch), math.sin(self.pitch)
        T_camera = np.eye(4)
        T_camera[:3, :3] = T[:3, :3] @ np.array([[0.0, sp, cp], [-1.0, 0.0, 0.0], [0.0, -cp, sp]])
        T_camera[:3, 3] = x, y, 0.88
        frame = CameraFrame(np.zeros((2, 2, 3), np.uint8), None, np.eye(3), T_camera, 0.0)
        return Observation({"front": frame}, T)

    def step(self, action: Action) -> None:
        if action.control_mode == "base_twist":
            self.pose[2] += action.values[0, -1] / ROLLER.rate_hz
            self.forward(action.values[0, 0] / ROLLER.rate_hz)
            return
        for (value,) in action.values:
            name = DISCRETE_ACTIONS[int(value)]
            if name == "move_forward":
                self.forward(0.25)
            self.pose[2] += {"turn_left": 1, "turn_right": -1}.get(name, 0) * math.radians(30)
            pitch = self.pitch + {"look_up": 1, "look_down": -1}.get(name, 0) * math.radians(30)
            self.pitch = pitch if abs(pitch) < math.radians(61) else self.pitch

    def forward(self, length_m: float) -> None:
        heading = np.array([math.cos(self.pose[2]), math.sin(self.pose[2])])
        steps = math.ceil(length_m / 0.01)
        for _ in range(steps):
            onward = self.pose[:2] + heading * length_m / steps
            if self.gap_m(onward) < min(0.18, self.gap_m(self.pose[:2])):
                self.collisions += 1
                break
            self.pose[:2] = onward
            self.walked_m += length_m / steps
        self.trail.append(self.pose[:2].copy())
        self.grid._stand(self.pose[:2])


def run(world: Tiny, intent: Intent, steps: int = 400, body: Embodiment = BODY) -> int:
    """Carry an intent out; returns the steps it took, or -1."""
    controller = NavigationController()
    controller.reset(body)
    for step in range(steps):
        observation = world.observe()
        if reached(intent, observation):
            return step
        world.step(controller.act(intent, observation, Belief(step, observation, world.grid)))
    return -1


@pytest.mark.parametrize("point", [(13.0, 0.0), (-3.0, 17.0)])
def test_a_place_outside_the_grid_is_gone_to(point: tuple[float, float]) -> None:
    grid = OccupancyMap()
    assert not grid.inside(grid.cell_of(point))
    world = Tiny(grid, np.zeros(grid.shape, bool), (0.0, 0.0, 0.3))
    assert run(world, GoTo(point, 0.25)) > 0
    assert math.dist(world.pose[:2], point) <= 0.3
    assert world.walked_m < 1.2 * math.hypot(*point)


def test_a_place_beyond_all_maps_is_refused_with_the_reason() -> None:
    with pytest.raises(ControllerError, match="200 m"):
        run(Tiny(OccupancyMap(), np.zeros((480, 480), bool), (0.0, 0.0, 0.0)), GoTo((250.0, 0.0), 0.25))


def cluttered(seed: int, size_m: float = 6.0, boxes: int = 14) -> tuple[OccupancyMap, tuple[float, float, float]]:
    """A known room with random boxes, and a start pose with room around it."""
    rng = np.random.default_rng(seed)
    grid = OccupancyMap(size_m=size_m)
    grid.explored[:] = True
    n = grid.shape[0]
    grid.obstacle[[0, 1, -1, -2]] = True
    grid.obstacle[:, [0, 1, -1, -2]] = True
    for _ in range(boxes):
        x, y = rng.integers(0, n - 10, 2)
        grid.obstacle[x : x + rng.integers(3, 16), y : y + rng.integers(3, 16)] = True
    grid._evidence[grid.obstacle] = 10
    grid.version += 1
    grid._known = np.array([[0, 0], grid.shape])
    wide = grid.xy_of(np.argwhere(grid.clearance_m() > 0.22))
    x, y = wide[rng.integers(len(wide))]
    return grid, (float(x), float(y), float(rng.uniform(-np.pi, np.pi)))


def goal_for(grid: OccupancyMap, pose: tuple[float, float, float], seed: int) -> tuple[tuple[float, float], float]:
    """A reachable point with a little room around it, and the length of the way to it."""
    field = distance_field(grid, pose[:2], radius_m=0.22, soft_cost=0.0)
    places = grid.xy_of(np.argwhere(grid.clearance_m() > 0.22))
    places = places[np.isfinite(field.at(places))]
    x, y = places[np.random.default_rng(seed).integers(len(places))]
    return (float(x), float(y)), float(field.at((x, y)))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_it_gets_there_through_known_clutter_without_touching(seed: int) -> None:
    grid, pose = cluttered(seed)
    point, shortest = goal_for(grid, pose, seed)
    world = Tiny(grid, grid.obstacle.copy(), pose)
    steps = run(world, GoTo(point, 0.25))
    assert steps >= 0
    assert world.collisions == 0
    assert world.walked_m <= 1.5 * shortest + 0.5


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_it_drives_there_with_a_twist(seed: int) -> None:
    grid, pose = cluttered(seed, boxes=8)
    point, _ = goal_for(grid, pose, seed)
    world = Tiny(grid, grid.obstacle.copy(), pose)
    assert run(world, GoTo(point, 0.15), steps=1500, body=ROLLER) >= 0
    assert world.collisions == 0


def corridor() -> OccupancyMap:
    """An open room of 6 m."""
    grid, _ = cluttered(0, boxes=0)
    return grid


@pytest.mark.parametrize("body", [BODY, ROLLER])
def test_an_invisible_wall_is_felt_out_and_gone_around(body: Embodiment) -> None:
    grid = corridor()
    real = grid.obstacle.copy()
    real[70:72, 40:80] = True  # glass from y = -1 to 1 at x = 0.5, which the map does not show
    world = Tiny(grid, real, (-1.5, 0.0, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25), steps=2500 if body is ROLLER else 250, body=body) >= 0
    assert world.collisions > 0
    felt = grid.xy_of(np.argwhere(grid._bumped))
    assert len(felt)
    assert ((np.abs(felt[:, 0] - 0.5) < 0.3) & (np.abs(felt[:, 1]) < 1.3)).all()


@pytest.mark.parametrize(
    ("extra", "learns"),
    [({}, True), ({"held": True}, True), ({"held": np.ones(2)}, True), ({HELD: np.ones(2)}, True), ({HELD: True}, False)],
    ids=["nothing", "a gripper that holds something", "two grippers", "no word of a control loop", "a control loop's hold"],
)
def test_only_a_control_loops_hold_keeps_a_body_that_did_not_move_from_learning_of_a_wall(
    extra: dict[str, object], learns: bool
) -> None:
    grid = corridor()
    real = grid.obstacle.copy()
    real[62:64, 40:80] = True  # glass right ahead, which the map does not show
    world = Tiny(grid, real, (-0.1, 0.0, 0.0))
    controller = NavigationController()
    controller.reset(BODY)
    for step in range(3):
        seen = Observation.from_gym({"T_world_base": world.observe().T_world_base, **extra})
        world.step(controller.act(GoTo((2.0, 0.0), 0.25), seen, Belief(step, seen, grid)))
    assert world.collisions > 0
    assert grid._bumped.any() == learns


def test_bumps_that_shut_the_only_way_are_forgiven() -> None:
    grid = corridor()
    grid.obstacle[60:62, :52] = True
    grid.obstacle[60:62, 68:] = True  # a doorway 0.8 m wide
    grid._evidence[grid.obstacle] = 10
    grid.bump((0.05, 0.0))
    world = Tiny(grid, grid.obstacle & ~grid._bumped, (-1.5, 0.0, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25)) >= 0


def test_a_walled_in_goal_is_refused() -> None:
    grid = corridor()
    grid.obstacle[90:92, 60:] = True
    grid.obstacle[90:, 60:62] = True
    grid.version += 1
    world = Tiny(grid, grid.obstacle.copy(), (-1.5, -0.5, 0.0))
    with pytest.raises(ControllerError, match="no way to"):
        run(world, GoTo((2.2, 1.0), 0.25))
    blocked = GoTo((1.7, -0.5), 0.25)
    assert run(world, blocked) >= 0  # only the pocket is shut off


def test_the_nearest_free_place_within_the_radius_will_do() -> None:
    grid = corridor()
    grid.obstacle[70:100, 50:70] = True
    grid.version += 1
    inside_the_table = (1.0, 0.0)
    world = Tiny(grid, grid.obstacle.copy(), (-1.5, 0.0, 0.0))
    assert run(world, GoTo(inside_the_table, 0.8)) >= 0
    with pytest.raises(ControllerError, match="no way to"):
        run(world, GoTo(inside_the_table, 0.2))


def test_it_leaves_a_place_where_it_is_too_close_to_something() -> None:
    grid = corridor()
    grid.obstacle[40:44, 50:70] = True  # its face is 0.1 m ahead of the body
    grid.version += 1
    edge = float(grid.xy_of((40, 60))[0]) - 0.025
    world = Tiny(grid, grid.obstacle.copy(), (edge - 0.1, 0.0, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25)) >= 0
    assert world.collisions == 0


def test_unknown_floor_may_be_crossed_but_known_floor_is_preferred() -> None:
    grid = corridor()
    grid.explored[50:70, 30:90] = False
    grid.version += 1
    world = Tiny(grid, grid.obstacle.copy(), (-1.5, 0.0, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25)) >= 0
    grid.explored[50:70, :] = False
    world = Tiny(grid, grid.obstacle.copy(), (-1.5, 0.0, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25)) >= 0
    assert np.abs(np.array(world.trail)[:, 1]).max() < 0.3


def names(intent: Intent, world: Tiny, steps: int) -> list[str]:
    controller = NavigationController()
    controller.reset(BODY)
    done = []
    for step in range(steps):
        observation = world.observe()
        action = controller.act(intent, observation, Belief(step, observation, world.grid))
        assert action.values.shape == (1, 1)
        done.append(DISCRETE_ACTIONS[int(action.values[0, 0])])
        world.step(action)
    return done


@pytest.mark.parametrize("body", [BODY, ROLLER])
def test_commands_are_found_by_label_whatever_the_order(body: Embodiment) -> None:
    grid = corridor()
    turned = replace(body, **{name: getattr(body, name)[::-1] for name in ("labels", "units", "low", "high")})
    world = Tiny(grid, grid.obstacle.copy(), (-1.5, 0.0, 0.0))
    one, other = NavigationController(), NavigationController()
    one.reset(body)
    other.reset(turned)
    sent = set()
    for step, intent in enumerate([Look(0.5), Look(-0.5)] + [GoTo((2.0, 0.0), 0.25)] * 10):
        observation = world.observe()
        action, same = (each.act(intent, observation, Belief(step, observation, grid)) for each in (one, other))
        if body is BODY:
            sent.add(name := body.labels[int(action.values[0, 0])])
            assert turned.labels[int(same.values[0, 0])] == name
        else:
            sent.add(tuple(np.sign(action.values[0])))
            assert np.array_equal(same.values[:, ::-1], action.values)
        world.step(action)
    assert len(sent) >= 3  # it did turn both ways and go


def test_looking() -> None:
    grid = corridor()
    assert names(Look(yaw_rad=-0.5), Tiny(grid, grid.obstacle, (0.0, 0.0, 0.0)), 1) == ["turn_right"]
    down = Tiny(grid, grid.obstacle, (0.0, 0.0, 0.0))
    assert names(Look(0.5, -math.radians(60)), down, 3) == ["look_down", "look_down", "turn_left"]
    assert names(Look(0.5, -math.radians(90)), down, 3) == ["look_down", "turn_left", "turn_left"]  # the camera's limit
    assert names(Look(0.5, 0.0), down, 3) == ["look_up", "look_up", "turn_left"]
    assert names(Stop("done"), down, 1) == ["stop"]


def test_facing_a_point() -> None:
    grid = corridor()
    world = Tiny(grid, grid.obstacle, (0.0, 0.0, 0.0))
    below = LookAt((-0.5, -0.5, 0.3))
    done = names(below, world, 6)
    assert done[:4] == ["turn_right"] * 4
    assert "look_down" in done
    assert reached(below, world.observe())


def test_it_levels_the_camera_before_it_walks() -> None:
    grid = corridor()
    world = Tiny(grid, grid.obstacle, (0.0, 0.0, 0.0))
    world.pitch = -math.radians(60)
    assert names(GoTo((2.0, 0.0)), world, 3) == ["look_up", "look_up", "move_forward"]


def test_a_heading_at_the_end() -> None:
    grid = corridor()
    world = Tiny(grid, grid.obstacle.copy(), (-1.0, 0.0, 0.0))
    assert run(world, GoTo((1.0, 1.0), 0.25, yaw_rad=math.pi / 2)) >= 0
    assert abs(turn_between(yaw_of(world.observe().T_world_base), math.pi / 2)) < math.radians(16)


def test_what_it_cannot_do_it_says() -> None:
    grid = corridor()
    observation = Tiny(grid, grid.obstacle, (0.0, 0.0, 0.0)).observe()
    controller = NavigationController()
    assert isinstance(controller, Controller)
    controller.reset(BODY)
    with pytest.raises(ControllerError, match="map"):
        controller.act(GoTo((1.0, 0.0)), observation, Belief(0, observation))
    with pytest.raises(ControllerError, match="pose"):
        controller.act(GoTo((1.0, 0.0)), Observation(), Belief(0, observation, grid))
    with pytest.raises(ControllerError, match="Interact"):
        controller.act(Interact("Open", "fridge"), observation, Belief(0, observation, grid))
    with pytest.raises(CompatibilityError, match="joint_pos"):
        controller.reset(Embodiment("arm", "joint_pos", ("a",)))
    with pytest.raises(CompatibilityError, match="bounded"):
        controller.reset(Embodiment("odd", "base_twist", ("v", "w")))


def test_a_body_boxed_in_gives_up_in_words() -> None:
    grid = OccupancyMap(size_m=4.0)
    grid.explored[:] = True
    ring = np.linalg.norm(grid.xy_of(np.argwhere(grid.explored)), axis=1).reshape(grid.shape)
    grid.obstacle[(ring > 0.3) & (ring < 0.4)] = True
    grid.version += 1
    with pytest.raises(ControllerError, match="no way to"):
        run(Tiny(grid, grid.obstacle.copy(), (0.0, 0.0, 0.0)), GoTo((1.0, 0.0)), steps=40)


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_turns_are_the_shorter_ones(a: float, b: float) -> None:
    turn = turn_between(a, b)
    assert -math.pi <= turn <= math.pi + 1e-9
    assert math.cos(a + turn) == pytest.approx(math.cos(b), abs=1e-9)
    assert math.sin(a + turn) == pytest.approx(math.sin(b), abs=1e-9)


def test_air_along_a_move_is_the_true_distance_to_a_wall() -> None:
    grid = corridor()
    grid.obstacle[80:84] = True
    grid.version += 1
    face = float(grid.xy_of((80, 0))[0]) - 0.025
    air = swept_air_m(grid, face - 0.61, 0.013, 0.0, 0.25)
    assert air == pytest.approx(0.60 - np.linspace(0, 0.25, 6), abs=0.006)
    assert may_pass(air, 0.3)
    assert not may_pass(swept_air_m(grid, face - 0.4, 0.0, 0.0, 0.25), 0.18)
    assert may_pass(swept_air_m(grid, face - 0.1, 0.0, math.pi, 0.25), 0.18)


@pytest.mark.parametrize(("cells", "offset_m"), [(9, 0.0), (9, 0.03), (9, -0.07), (9, 0.11), (8, 0.0), (8, -0.07)])
def test_it_gets_in_line_with_a_passage_hardly_wider_than_itself(cells: int, offset_m: float) -> None:
    grid = corridor()
    grid.obstacle[60:76, :56] = True
    grid.obstacle[60:76, 56 + cells :] = True  # 0.8 m long, for a body 0.36 m wide
    grid.version += 1
    world = Tiny(grid, grid.obstacle.copy(), (-1.2, offset_m, 0.0))
    assert run(world, GoTo((2.0, 0.0), 0.25), steps=120) >= 0
    assert world.collisions <= 2


def test_a_move_that_failed_is_not_tried_again_from_there() -> None:
    grid = corridor()
    real = grid.obstacle.copy()
    real[58:60] = True  # glass across the room, which the map never shows
    world = Tiny(grid, real, (-1.0, 0.0, 0.0))
    controller = NavigationController()
    controller.reset(BODY)
    failed: list[tuple[float, ...]] = []
    for step in range(150):
        observation = world.observe()
        try:
            action = controller.act(GoTo((2.0, 0.0)), observation, Belief(step, observation, grid))
        except ControllerError:
            break
        before, hits = tuple(world.pose), world.collisions
        world.step(action)
        if world.collisions > hits and math.dist(before[:2], world.pose[:2]) < 0.05:
            heading = round(before[2] / math.radians(30)) % 12
            assert all(math.dist(before[:2], old[:2]) > 0.05 or heading != old[2] for old in failed)
            failed.append((*world.pose[:2], heading))
    assert len(failed) > 2
