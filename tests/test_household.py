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
