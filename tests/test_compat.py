"""Do a controller's commands mean to the body what they mean to the controller? Asked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import minigrid  # noqa: F401  # registers the environments
import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.compat import GOALS, PROVIDES, SERVES, check_compatibility
from enactive.agents.plugins import load
from enactive.controllers import Controller
from enactive.controllers.interaction import InteractionController
from enactive.controllers.moves import NamedMoves
from enactive.controllers.navigation import NavigationController
from enactive.envs import CameraInfo, Embodiment, Goal, ObjectGoal, Observation
from enactive.envs.minigrid import MiniGridBody
from enactive.errors import CompatibilityError, ConfigError
from enactive.perception import Belief
from enactive.planners import GoTo, Intent, Interact, Look, Stop
from enactive.planners.grid_search import GridSearch

NAMED = Embodiment("cart", "discrete", ("move_forward", "turn_left", "turn_right", "stop"))
TWISTED = Embodiment("cart", "base_twist", ("v", "w"), ("m/s", "rad/s"), (-0.5, -1.0), (0.5, 1.0), rate_hz=10.0, simulated=True)


class Cart(gym.Env[dict[str, Any], Any]):
    """A body on a plane that does what its embodiment says."""

    observation_space = gym.spaces.Dict({"T_world_base": gym.spaces.Box(-10, 10, (4, 4), np.float64)})

    def __init__(self, embodiment: Embodiment) -> None:
        self.embodiment = embodiment
        discrete = embodiment.control_mode == "discrete"
        low, high = np.array(embodiment.low), np.array(embodiment.high)
        self.action_space = (
            gym.spaces.Discrete(len(embodiment.labels)) if discrete else gym.spaces.Box(low, high, dtype=np.float64)
        )
        self.yaws_rad = [0.0]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        body = self.embodiment
        if body.control_mode == "discrete":
            turn = {"turn_left": 1, "turn_right": -1}.get(body.labels[action], 0) * body.turn_rad
        else:
            turn = action[body.units.index("rad/s")] / body.rate_hz
        self.yaws_rad.append(self.yaws_rad[-1] + turn)
        return self._observe(), 0.0, False, False, {}

    def _observe(self) -> dict[str, Any]:
        c, s = np.cos(self.yaws_rad[-1]), np.sin(self.yaws_rad[-1])
        T = np.eye(4)
        T[:2, :2] = [[c, -s], [s, c]]
        return {"T_world_base": T}


class Bare:
    """A perceiver that passes on what it gets."""

    needs, provides = frozenset({"pose"}), frozenset({"nothing"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None: ...

    def update(self, observation: Observation) -> Belief:
        return Belief(0, observation)


class Glance:
    """Looks to one side for three steps."""

    goals, needs, emits = (ObjectGoal,), frozenset({"nothing"}), (Look, Stop)
    trace: Mapping[str, Any] = {}

    def __init__(self, yaw_rad: float = 0.5) -> None:
        self.yaw_rad = yaw_rad

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        self.asked = 0

    def plan(self, belief: Belief) -> Intent:
        self.asked += 1
        return Look(self.yaw_rad) if self.asked <= 3 else Stop("looked", found=False)


class Walk(Glance):
    emits = (GoTo, Look, Stop)  # type: ignore[assignment]


def mismatches(env: gym.Env[Any, Any], planner: Any, controller: Controller | None = None) -> tuple[str, ...]:
    return check_compatibility(env, Bare(), planner, controller or NavigationController()).mismatches


@pytest.mark.parametrize(
    "body",
    [
        NAMED,
        replace(NAMED, labels=("stop", "turn_right", "turn_left", "move_forward")),
        TWISTED,
        replace(TWISTED, labels=("w", "v"), units=("rad/s", "m/s"), low=(-1.0, -0.5), high=(1.0, 0.5)),
    ],
)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_looking_left_turns_left_on_every_body_that_fits(body: Embodiment, side: float) -> None:
    env = Cart(body)
    assert mismatches(env, Walk()) == ()
    Agent(Bare(), Glance(0.5 * side), NavigationController()).run(env, ObjectGoal("mug"))
    assert len(env.yaws_rad) >= 4
    assert (side * np.diff(env.yaws_rad[:4]) > 0.0).all()


def test_a_body_that_lacks_a_move_is_refused_before_anything_moves() -> None:
    env = Cart(replace(NAMED, labels=("move_forward", "turn_left", "spin", "stop")))
    for controller in (NavigationController(), InteractionController()):
        found = mismatches(env, Walk(), controller)
        assert len(found) == 1
        assert f"{type(controller).__name__} needs the move 'turn_right' for GoTo, which cart does not have" in found[0]
        assert "in `labels`" in found[0]
    with pytest.raises(CompatibilityError, match="'turn_right' for Look"):
        Agent(Bare(), Glance(), NavigationController()).run(env, ObjectGoal("mug"))
    assert env.yaws_rad == [0.0]
    assert mismatches(Cart(replace(NAMED, labels=("turn_left", "turn_right"))), Glance()) == ()  # it never goes ahead


def test_the_moves_of_a_grid_world_are_not_those_of_navigation() -> None:
    env = MiniGridBody(gym.make("BabyAI-GoToObj-v0"))
    text = "\n".join(mismatches(env, Walk()))
    for move in ("move_forward", "turn_left", "turn_right"):
        assert f"needs the move {move!r}" in text
    assert not [words for words in mismatches(env, GridSearch(), NamedMoves()) if "needs the move" in words]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"frame": "world"}, ["in the frame 'base', but cart takes them in 'world': rotate them in its adapter"]),
        ({"labels": ("w", "v")}, ["'v' in m/s, but cart takes it in rad/s", "'w' in rad/s, but cart takes it in m/s"]),
        ({"units": ("rad/s", "m/s")}, ["'v' in m/s, but cart takes it in rad/s", "'w' in rad/s, but cart takes it in m/s"]),
        ({"labels": ("vx", "w")}, ["commands 'v' in m/s, and cart has no such entry (it has vx, w)"]),
    ],
)
@pytest.mark.parametrize("controller", [NavigationController(), InteractionController()])
def test_a_twist_that_is_taken_for_another_is_refused(changed: Any, words: list[str], controller: Controller) -> None:
    env = Cart(replace(TWISTED, **changed))
    found = mismatches(env, Glance(), controller)
    assert len(found) == len(words)
    for sentence, said in zip(found, words, strict=True):
        assert said in sentence
    with pytest.raises(CompatibilityError):
        Agent(Bare(), Glance(), controller).run(env, ObjectGoal("mug"))
    assert env.yaws_rad == [0.0]


class Asking(Glance):
    """A planner that opens things."""

    verbs = frozenset({"Open", "Pick"})


def test_a_planner_that_uses_its_hands_is_refused_on_a_body_without_them() -> None:
    (found,) = mismatches(Cart(replace(NAMED, skills=frozenset({"Pick"}))), Asking())
    assert found == "Asking uses the verbs Open, which cart does not have: make the environment with verbs=True"
    assert mismatches(Cart(replace(NAMED, skills=Asking.verbs)), Asking()) == ()


class Finding(Glance):
    """A planner that lets its Find walk, and asks for nothing that the controller walks by."""

    verbs, emits = frozenset({"Find"}), (Interact, Stop)  # type: ignore[assignment]


def test_what_the_controller_cannot_carry_out_is_refused_with_one_that_can() -> None:
    unserved, nowhere = mismatches(Cart(replace(NAMED, skills=Finding.verbs)), Finding())
    assert unserved == (
        "Finding may ask for Interact, which NavigationController cannot carry out: choose a controller that can, such as "
        "InteractionController, or another planner"
    )
    assert nowhere.startswith(
        "Finding never walks, and cart goes nowhere by Find: take a planner that does, such as OracleWalks"
    )


def test_what_a_fix_names_is_what_it_is_named_for() -> None:
    for name, parts in PROVIDES.items():
        assert load("perceivers", name).provides == parts
    for name, intents in SERVES.items():
        assert set(load("controllers", name)().serves) == intents
    for name, goals in GOALS.items():
        assert set(load("planners", name).goals) == goals


class Sighted(Bare):
    needs = frozenset({"pose", "rgb"})


def test_a_perceiver_that_sees_is_refused_on_a_body_without_a_camera() -> None:
    (found,) = check_compatibility(Cart(NAMED), Sighted(), Glance(), NavigationController()).mismatches
    assert found == "Sighted needs rgb, which cart does not give: use another perceiver, or add a camera to the observation"
    seeing = Cart(replace(NAMED, cameras=(CameraInfo("head", 64, 48, 1.0),)))
    assert check_compatibility(seeing, Sighted(), Glance(), NavigationController()).mismatches == ()


class Peeking(Glance):
    """Asks for the simulator's truth and does not say so in its name."""

    def bind(self, oracle: Any) -> None:
        self.oracle = oracle


class OraclePeeking(Peeking): ...


def test_the_simulators_truth_is_for_those_who_say_oracle_in_their_name() -> None:
    env = Cart(NAMED)
    env.oracle = SimpleNamespace(targets=())
    planner = Peeking()
    with pytest.raises(ConfigError, match=r"^Peeking wants the simulator's truth: call it OraclePeeking$"):
        Agent(Bare(), planner, NavigationController()).run(env, ObjectGoal("mug"))
    assert not hasattr(planner, "oracle")
    assert env.yaws_rad == [0.0]
    open_about_it = OraclePeeking()
    Agent(Bare(), open_about_it, NavigationController()).run(env, ObjectGoal("mug"))
    assert open_about_it.oracle is env.oracle


def test_who_needs_the_truth_is_refused_where_there_is_none() -> None:
    with pytest.raises(ConfigError, match=r"^OraclePeeking needs the simulator's oracle, and <Cart instance> has none$"):
        Agent(Bare(), OraclePeeking(), NavigationController()).run(Cart(NAMED), ObjectGoal("mug"))
