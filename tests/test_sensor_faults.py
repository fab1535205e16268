"""A sensor that fails in the middle of a run, as the whole loop meets it: the run ends, and says of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hashed_text import HashedText

from enactive.agents import Agent
from enactive.agents.episode import Episode
from enactive.agents.odometry import VIEWS, OdometryWatch
from enactive.controllers.navigation import NavigationController
from enactive.envs import Action, CameraFrame, ObjectGoal, Observation
from enactive.envs.household.env import Household
from enactive.errors import EmbodimentFault, PerceptionError
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


class FrozenOdometry(gym.Wrapper[Any, Any, Any, Any]):
    """A body whose poses, of base and camera, stay what they were at the third step."""

    steps, last = 0, dict[str, Any]()

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, *rest = super().step(action)
        self.steps += 1
        if self.steps <= FAILS_AT:
            self.last = obs
        obs["T_world_base"] = self.last["T_world_base"]
        obs["cameras"]["head"]["T_world_camera"] = self.last["cameras"]["head"]["T_world_camera"]
        return obs, *rest


def test_a_pose_that_stays_while_the_body_drives_ends_the_run(apartment: Household) -> None:
    agent = Agent(OraclePerceiver(text=HashedText()), RandomWalk(), NavigationController(), max_steps=60)
    episode = agent.run(FrozenOdometry(apartment), ObjectGoal("mug"), seed=1)
    assert (episode.outcome, episode.error_kind) == ("error", "PerceptionError")
    assert "the odometry is frozen" in episode.error
    assert FAILS_AT + VIEWS <= len(episode.steps) <= FAILS_AT + 4 * VIEWS


BODY = Household(seed=2, rooms=3, width=64, height=48).embodiment
TURN, LOOK = Action.discrete(BODY, "turn_left"), Action.discrete(BODY, "look_up")
DRIVE, REST = (Action("base_twist", np.array([[v, 0.0]])) for v in (0.2, 0.0))


def seen(colour: int, x: float = 0.0, changed: float = 1.0, stamp_s: float = 0.0) -> Observation:
    """A picture with a share of it in one colour, from one place."""
    rgb, pose = np.zeros((48, 64, 3), np.uint8), np.eye(4)
    rgb[:, : round(64 * changed)] = colour
    pose[0, 3] = x
    return Observation({"head": CameraFrame(rgb, None, np.eye(3), np.eye(4), 0.0)}, pose, stamp_s=stamp_s)


@pytest.mark.parametrize(
    ("actions", "observations", "frozen"),
    [
        ([TURN], [seen(0), seen(90)], True),
        ([DRIVE], [seen(0), seen(90)], True),
        ([DRIVE], [seen(10 * i) for i in range(20)], True),  # a slow body: what passed by adds up
        ([REST], [seen(0), seen(90)], False),  # it stands, and people pass by
        ([DRIVE], [seen(0)], False),  # it is stuck
        ([DRIVE], [seen(0), seen(90, changed=0.25)], False),  # it is stuck, and someone passes by
        ([LOOK], [seen(0), seen(90)], False),
        ([LOOK, DRIVE], [seen(0), seen(0), seen(90), seen(90)], False),  # it is stuck, and looks up and down
        ([DRIVE], [seen(0), seen(90), seen(0), seen(90), seen(0, x=1e-9)], False),  # it is known to have moved
        ([TURN], [seen(90 * (i % 2), stamp_s=0.1 * i) for i in range(20)], False),  # the pose comes every 2 s
        ([TURN], [seen(90 * (i % 2), stamp_s=0.2 * i) for i in range(20)], True),
    ],
)
def test_a_pose_is_frozen_where_views_pass_by_while_the_body_drives(
    actions: list[Action], observations: list[Observation], frozen: bool
) -> None:
    watch, said = OdometryWatch(BODY), ""
    try:
        for action, observation in islice(zip(cycle(actions), cycle(observations), strict=False), 20):
            watch.see(action, observation)
    except PerceptionError as error:
        said = str(error)
    assert ("the odometry is frozen" in said) == frozen


def test_a_body_that_is_stuck_while_now_and_then_a_lamp_is_switched_is_no_frozen_pose() -> None:
    watch = OdometryWatch(BODY)
    for turn in range(20):
        for _ in range(12):
            watch.see(DRIVE, seen(90 * (turn % 2)))


def test_where_nobody_asks_for_the_pose_it_may_stand(apartment: Household) -> None:
    class OracleBlind(OraclePerceiver):
        needs = frozenset({"rgb"})

    agent = Agent(OracleBlind(text=HashedText()), RandomWalk(), NavigationController(), max_steps=20)
    episode = agent.run(FrozenOdometry(apartment), ObjectGoal("mug"), seed=1)
    assert "odometry" not in episode.error
