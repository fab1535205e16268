"""The apartment as an environment: how the body moves, and how an episode starts and ends."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from toy_apartment import at

import enactive.envs
from enactive.envs import DISCRETE_ACTIONS, ObjectGoal, Observation
from enactive.envs.household import motion
from enactive.envs.household.env import Household
from enactive.envs.household.render import Renderer
from enactive.errors import ConfigError


@pytest.mark.parametrize("mode", ["discrete", "base_twist"])
def test_gymnasium_accepts_it(mode: str) -> None:
    env = gymnasium.make(
        "enactive/Household-v0", seed=2, rooms=4, control_mode=mode, width=64, height=48, render_mode="rgb_array"
    )
    check_env(env.unwrapped)
    obs, info = env.reset(seed=3)
    seen = Observation.from_gym(obs, info)
    assert seen.cameras["head"].rgb.shape == (48, 64, 3)
    assert not seen.extra
    again, _ = env.reset(seed=3)
    other, _ = env.reset(seed=4)
    assert np.array_equal(again["T_world_base"], obs["T_world_base"])
    assert not np.array_equal(other["T_world_base"], obs["T_world_base"])
    assert np.array_equal(env.render(), other["cameras"]["head"]["rgb"])
    env.close()


def test_a_restored_state_is_what_is_shown() -> None:
    env = Household(seed=2, rooms=4, width=64, height=48, render_mode="rgb_array")
    assert env.render() is None
    env.reset(seed=3)
    before, state = env.render(), env.save_state()
    for _ in range(3):
        obs, *_ = env.step(DISCRETE_ACTIONS.index("turn_left"))
    after = obs["cameras"]["head"]["rgb"].copy()
    assert np.array_equal(env.render(), after)
    assert not np.array_equal(after, before)
    env.restore_state(state)
    assert np.array_equal(env.render(), before)
    assert np.array_equal(obs["cameras"]["head"]["rgb"], after)  # what was handed out is left alone
    env.close()


def test_discrete_moves_are_as_large_as_they_say(toy: Household) -> None:
    toy.restore_state(at(toy, 1.0, 0.5, 0.0))
    obs, *_ = toy.step(DISCRETE_ACTIONS.index("move_forward"))
    assert obs["T_world_base"][:2, 3] == pytest.approx([1.25, 0.5])
    toy.step(DISCRETE_ACTIONS.index("turn_left"))
    obs, *_ = toy.step(DISCRETE_ACTIONS.index("look_up"))
    forward = obs["cameras"]["head"]["T_world_camera"][:3, 2]
    assert np.arctan2(forward[1], forward[0]) == pytest.approx(np.pi / 6)
    assert np.arcsin(forward[2]) == pytest.approx(np.pi / 6)
    for _ in range(3):
        toy.step(DISCRETE_ACTIONS.index("look_down"))
        toy.step(DISCRETE_ACTIONS.index("look_down"))
    assert toy.state.pitch_rad == pytest.approx(-np.pi / 3)
    assert obs["stamp_s"][0] == pytest.approx(1.5)


def test_running_into_the_table_is_reported_and_counted(toy: Household) -> None:
    toy.restore_state(at(toy, 1.0, 2.0, 0.0))
    before = toy.save_state()
    results = [toy.step(1) for _ in range(4)]
    assert [info["collided"] for *_, info in results] == [False, True, True, True]
    assert results[-1][4]["feedback"]["error"] == "collision"
    assert results[-1][0]["text"] == "something is in the way"
    assert toy.oracle.collisions == 3
    toy.restore_state(before)
    assert toy.oracle.collisions == 0
    toy.step(1), toy.step(1)
    assert motion.clearance_m(toy.state.base[:2], toy.world.obstacles.footprints(toy.state))[0] >= motion.BODY_RADIUS_M


@pytest.mark.parametrize("mode", ["discrete", "base_twist"])
def test_a_body_that_may_slide_goes_on_along_the_wall(toy: Household, mode: str) -> None:
    ends = {}
    for sliding in (False, True):
        env = Household(control_mode=mode, sliding=sliding)  # type: ignore[arg-type]
        env.reset(seed=0)
        env.restore_state(at(env, 1.0, 3.7, np.pi / 3))
        moves = [1] * 2 if mode == "discrete" else [np.array([0.5, 0.0])] * 10
        collided = [env.step(move)[4]["collided"] for move in moves]
        assert any(collided)
        ends[sliding] = env.state.base[:2]
        env.close()
    assert ends[True][1] == pytest.approx(4.0 - motion.BODY_RADIUS_M, abs=0.01)
    assert ends[False][1] == pytest.approx(ends[True][1], abs=0.01)
    assert ends[True][0] - ends[False][0] > 0.1


def test_depth_is_exact_unless_its_noise_is_asked_for(toy: Household) -> None:
    seen = {}
    for noise in (False, True):
        env = Household(depth_noise=noise)
        env.reset(seed=0)
        env.restore_state(at(env, 0.3, 2.0, 0.0))
        obs, *_ = env.step(DISCRETE_ACTIONS.index("stop"))
        seen[noise] = Observation.from_gym(obs).cameras["head"].depth
        env.close()
    with Renderer(toy.world.compiled) as exact:
        assert np.array_equal(seen[False], exact.rgbd(at(toy, 0.3, 2.0, 0.0))[1])
    both = (seen[False] > 0) & (seen[True] > 0) & (seen[False] < 3.0)
    assert 0.008 < float((seen[True][both] / seen[False][both]).std()) < 0.013


def test_the_camera_sees_79_degrees_from_side_to_side(toy: Household) -> None:
    frame = Observation.from_gym(toy.step(DISCRETE_ACTIONS.index("stop"))[0]).cameras["head"]
    edges = np.array([[-0.5, 120.0, 1.0], [319.5, 120.0, 1.0]])  # of the picture: the first pixel's middle is at 0
    left, right = edges @ np.linalg.inv(frame.K).T
    assert np.degrees(np.arctan2(right[0], right[2]) - np.arctan2(left[0], left[2])) == pytest.approx(79.0)
    assert frame.K[0, 0] == frame.K[1, 1]


def test_stop_ends_and_too_many_steps_cut_the_episode(toy: Household) -> None:
    assert toy.step(0)[2:4] == (True, False)
    short = Household(max_steps=2)
    short.reset(seed=0)
    assert [short.step(2)[3] for _ in range(2)] == [False, True]
    short.close()


def test_wrong_options_are_refused_in_a_sentence(toy: Household) -> None:
    with pytest.raises(ConfigError, match="'gaol'"):
        toy.reset(options={"gaol": ObjectGoal("mug")})
    with pytest.raises(ConfigError, match="NavigationEpisode"):
        toy.reset(options={"episode": {"goal": "mug"}})
    with pytest.raises(ConfigError, match="control_mode"):
        Household(control_mode="joint_pos")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="reset"):
        Household().step(1)
    other = replace(toy.state, pose=np.zeros((1, 4)))
    with pytest.raises(ConfigError, match="another apartment"):
        toy.restore_state(other)


def test_the_environment_is_registered() -> None:
    assert "enactive/Household-v0" in gymnasium.registry
    assert enactive.envs.ObjectGoal is ObjectGoal
