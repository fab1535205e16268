"""A LeRobot robot with a model of itself and felt efforts: what the guard does not let it do."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.guard import guard_of
from enactive.envs import Action, Embodiment, Goal, ObjectGoal, Observation
from enactive.envs.desk_arm import JOINTS, DeskArm
from enactive.envs.lerobot_robot import EnvAsLeRobot, Joint, LeRobotEnv
from enactive.errors import ConfigError
from enactive.perception import Belief
from enactive.perception.proprioception import Proprioception
from enactive.planners import MoveJoints


class FeltArm(EnvAsLeRobot):
    """The desk arm as a LeRobot robot in degrees, which says how hard its elbow pushes, in thousandths, the other way round."""

    push = 0.0

    @property
    def observation_features(self) -> dict[str, Any]:
        return {**super().observation_features, "elbow.load": float}

    def get_observation(self) -> dict[str, Any]:
        return {**super().get_observation(), "elbow.load": self.push}


def felt_arm(folder: Path, **more: Any) -> LeRobotEnv:
    from enactive.envs.desk_arm import BOUNDS_RAD, XML

    model = XML.format(fovy_deg=45, **{n: f"{low} {high}" for n, (low, high) in zip(JOINTS, BOUNDS_RAD, strict=True)})
    (folder / "arm.xml").write_text(model.replace('name="elbow"', 'name="joint_3"').replace('joint="elbow"', 'joint="joint_3"'))
    joints = {f"{name}.pos": Joint(low, high) for name, (low, high) in zip(JOINTS, BOUNDS_RAD, strict=True)}
    felt = {"effort_key": "elbow.load", "effort_nm": 0.001, "effort_limit_nm": 5.0}
    joints["elbow.pos"] = replace(joints["elbow.pos"], sign=-1, model_joint="joint_3", **felt)
    return LeRobotEnv(FeltArm(DeskArm()), joints, rate_hz=100.0, mjcf=folder / "arm.xml", **more)


def test_a_robot_with_an_mjcf_is_kept_from_touching_itself_and_in_its_workspace(tmp_path: Path) -> None:
    env = felt_arm(tmp_path, workspace={"tip": ((-1.0, -1.0, 0.3), (1.0, 1.0, 1.0))})
    motion = ("step", "velocity", "acceleration")
    chain = guard_of(env, motion)
    chain.reset(env.embodiment)
    seen = Observation.from_gym(env.reset()[0])
    chain.observe(replace(seen, joint_positions_rad=np.array([0.0, 0.0, 0.0, 0.0])))
    bent = chain.review(Action("joint_pos", np.array([[0.0, 1.7, 0.0, 0.0]]))).values[0, 1]
    assert 0.3 <= 0.16 + (0.24 + 0.22) * math.cos(bent) < 0.31  # as high as the tip may get with a straight arm
    assert chain.counts == {"collision": 1}
    off = guard_of(env, (*motion, "collision")).summary()
    assert off["on"] == ["form", "limits", "effort"]
    assert off["off"] == sorted((*motion, "collision"))


def test_an_effort_without_a_limit_and_a_limit_without_an_effort_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'elbow\.load' how hard it pushes, and nothing limits it"):
        Joint(-1.0, 1.0, effort_key="elbow.load")
    for limit_nm in (5.0, np.nan):
        with pytest.raises(ConfigError, match="does not say how hard it pushes: give it an effort_key"):
            Joint(-1.0, 1.0, effort_limit_nm=limit_nm)


def test_the_loop_that_goes_step_by_step_keeps_such_a_robot_in_its_workspace_too(tmp_path: Path) -> None:
    class Bow:
        goals, needs, emits, trace = (ObjectGoal,), frozenset(), (MoveJoints,), {}

        def reset(self, goal: Goal, embodiment: Embodiment) -> None: ...

        def plan(self, belief: Belief) -> MoveJoints:
            return MoveJoints(np.array([[0.0, 1.7, 0.0, 0.0]]))

    class Obey:
        serves, control_modes = (MoveJoints,), frozenset({"joint_pos"})

        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, intent: Any, observation: Observation, belief: Belief) -> Action:
            return Action("joint_pos", intent.positions_rad)

    env = felt_arm(tmp_path, workspace={"tip": ((-1.0, -1.0, 0.3), (1.0, 1.0, 1.0))})
    agent = Agent(Proprioception(), Bow(), Obey(), max_steps=100, clock=lambda: 0.0, sleep=lambda seconds: None)
    episode = agent.run(env, ObjectGoal("floor"))
    bent = episode.steps[-1].action.values[0, 1]
    assert 0.3 <= 0.16 + (0.24 + 0.22) * math.cos(bent) < 0.32  # as high as the tip may get with a nearly straight arm
    assert episode.guard["changed"]["collision"] > 10


def test_a_joint_of_a_robot_that_pushes_too_hard_goes_no_further(tmp_path: Path) -> None:
    env = felt_arm(tmp_path)
    assert env.embodiment.effort_limits == (math.inf, math.inf, 5.0, math.inf)
    chain = guard_of(env, ("step", "velocity", "acceleration", "collision"))
    chain.reset(env.embodiment)
    obs, _ = env.reset()
    env._robot.push = -6000.0  # type: ignore[attr-defined]  # 6 N*m towards larger angles, since it counts the other way
    obs, *_ = env.step(obs["joint_positions_rad"])
    assert env.observation_space.contains(obs)
    assert obs["joint_efforts"].tolist() == [0.0, 0.0, 6.0, 0.0]
    chain.observe(Observation.from_gym(obs))
    here = obs["joint_positions_rad"][np.newaxis]
    further = chain.review(Action("joint_pos", here + 0.1)).values
    assert further - here == pytest.approx(np.array([[0.1, 0.1, 0.0, 0.1]]))
    assert chain.review(Action("joint_pos", further - 0.1)).values == pytest.approx(further - 0.1)
