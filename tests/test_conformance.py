"""The conformance kit: what keeps the contract passes, and each way of breaking it is named."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import minigrid  # noqa: F401  # registers the environments
import numpy as np
import pytest

import enactive.envs  # noqa: F401  # registers Household
from enactive.agents.conformance import check_environment, check_planner
from enactive.controllers.moves import NamedMoves
from enactive.envs import parse_goal
from enactive.envs.minigrid import MiniGridBody
from enactive.errors import CompatibilityError
from enactive.perception import Belief
from enactive.perception.grid import GridPerceiver
from enactive.planners import Intent, Look, Move
from enactive.planners.grid_search import GridSearch


def _grid() -> tuple[gym.Env[Any, Any], Any]:
    env = MiniGridBody(gym.make("BabyAI-GoToObj-v0"))
    return env, parse_goal(env.reset(seed=0)[0]["text"])


def test_our_own_environments_conform() -> None:
    check_environment(_grid()[0])
    env = gym.make("enactive/Household-v0", seed=0, rooms=3)
    check_environment(env)
    env.close()


class Wrong(gym.ObservationWrapper[Any, Any, Any]):
    """Household with one thing broken."""

    def __init__(self, env: gym.Env[Any, Any], broken: str) -> None:
        super().__init__(env)
        self.broken, self.rng = broken, np.random.default_rng(0)

    def observation(self, observation: dict[str, Any]) -> dict[str, Any]:
        head = observation["cameras"]["head"]
        if self.broken == "pose":
            observation["T_world_base"][0, 0] = 2.0
        elif self.broken == "mirror":
            head["T_world_camera"][:3, 0] *= -1
        elif self.broken == "depth":
            head["depth"][0, 0] = np.nan
        elif self.broken == "rgb":
            head["rgb"] = head["rgb"].astype(np.float32)
        elif self.broken == "stamp":
            observation["stamp_s"] = -observation["stamp_s"]
        elif self.broken == "text":
            observation["text"] = f"the door says {self.rng.integers(10**9)}"
        elif self.broken == "space":
            observation["text"] = "für"
        elif self.broken == "keys":
            observation["battery"] = 0.5
        return observation


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("pose", "not rigid"),
        ("mirror", "mirrors"),
        ("depth", "not finite"),
        ("rgb", "must be uint8"),
        ("stamp", "ran back"),
        ("text", "the same seed and actions gave another text at step 0"),
        ("space", "text is outside its own observation_space: 'für'"),
        ("keys", "the observation and its observation_space do not both have battery"),
    ],
)
def test_every_way_of_breaking_an_observation_is_named(broken: str, words: str) -> None:
    env = Wrong(gym.make("enactive/Household-v0", seed=0, rooms=3), broken)
    with pytest.raises(AssertionError, match=words):
        check_environment(env)
    env.close()


def test_a_planner_that_keeps_the_contract_passes() -> None:
    env, goal = _grid()
    check_planner(GridSearch(), env, GridPerceiver(), NamedMoves(), goal)


def test_a_planner_that_emits_what_it_does_not_declare_is_named() -> None:
    class Secret(GridSearch):
        emits = (Look,)

    env, goal = _grid()
    with pytest.raises(CompatibilityError, match="may ask for Look"):
        check_planner(Secret(), env, GridPerceiver(), NamedMoves(), goal)
    Secret.emits = ()  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="emits Move, which `emits` does not name"):
        check_planner(Secret(), env, GridPerceiver(), NamedMoves(), goal)


def test_a_planner_that_does_not_repeat_itself_is_named() -> None:
    class Moody(GridSearch):
        rng = np.random.default_rng(0)

        def plan(self, belief: Belief) -> Intent:
            return Move(str(self.rng.choice(["left", "right"])))

    env, goal = _grid()
    with pytest.raises(AssertionError, match="does not repeat itself"):
        check_planner(Moody(), env, GridPerceiver(), NamedMoves(), goal)
