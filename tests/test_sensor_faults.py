"""A camera that fails in the middle of a run, as the whole loop meets it: the run ends, and says of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hashed_text import HashedText

from enactive.agents import Agent
from enactive.agents.episode import Episode
from enactive.controllers.navigation import NavigationController
from enactive.envs import ObjectGoal, Observation
from enactive.envs.household.env import Household
from enactive.errors import EmbodimentFault
from enactive.perception.oracle import OraclePerceiver
from enactive.planners.random_walk import RandomWalk

FAILS_AT = 3


class Failing(gym.Wrapper[Any, Any, Any, Any]):
    """A body whose cameras fail at one step, and from then on. fail(good, now): the cameras of the last good step, and those
    of this one, to those that arrive."""

    def __init__(self, env: gym.Env[Any, Any], fail: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(env)
        self.fail, self.steps, self.good = fail, 0, dict[str, Any]()

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, *rest = super().step(action)
        self.steps += 1
        if self.steps < FAILS_AT:
            self.good = obs["cameras"]
        else:
            obs["cameras"] = self.fail(self.good, obs["cameras"])
        return obs, *rest


@pytest.fixture(scope="module")
def apartment() -> Iterator[Household]:
    env = Household(seed=2, rooms=3, width=64, height=48)
    yield env
    env.close()


def run(env: gym.Env[Any, Any], fail: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Episode:
    agent = Agent(OraclePerceiver(text=HashedText()), RandomWalk(), NavigationController(), max_steps=20)
    return agent.run(Failing(env, fail), ObjectGoal("mug"), seed=1)


def only_stamps(good: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return {"head": {**good["head"], "stamp_s": now["head"]["stamp_s"]}}


def old_depth(good: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return {"head": {**now["head"], "depth": good["head"]["depth"]}}


@pytest.mark.parametrize(
    ("fail", "said", "at_most"),
    [
        (lambda good, now: good, "camera 'head' is frozen: the base moved and its stamp has been 1.000 s", 4),
        (only_stamps, "camera 'head' is frozen: the base moved 2 times and the picture is the same", 4),
        (old_depth, "the depth of camera 'head' is frozen", 10),
        (lambda good, now: {}, "no camera picture arrived", 0),
    ],
)
def test_a_camera_that_fails_ends_the_run_as_an_error_that_names_it(
    apartment: Household, fail: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]], said: str, at_most: int
) -> None:
    episode = run(apartment, fail)
    assert (episode.outcome, episode.error_kind) == ("error", "PerceptionError")
    assert said in episode.error
    assert FAILS_AT <= len(episode.steps) <= FAILS_AT + at_most
    assert episode.metrics["success"] is False


def test_a_frame_without_its_matrix_halts_the_run_and_says_what_it_came_without(apartment: Household) -> None:
    def without_K(good: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
        return {"head": {key: value for key, value in now["head"].items() if key != "K"}}

    with pytest.raises(EmbodimentFault, match=r"camera 'head' came without K$") as caught:
        run(apartment, without_K)
    assert len(caught.value.episode.steps) == FAILS_AT - 1  # type: ignore[attr-defined]
    with pytest.raises(EmbodimentFault, match=r"camera 'eye' came without K, T_world_camera, stamp_s$"):
        Observation.from_gym({"cameras": {"eye": {"rgb": np.zeros((4, 4, 3), np.uint8)}}})
