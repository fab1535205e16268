"""What thinks beside the control loop: a policy on a thread, with perception and planning at their own rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from realtime_bench import BODY, Clock, OneJoint

from enactive.agents.realtime import ControlLoop, NotYet, PolicyThread, Stack, Tick
from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import ConfigError
from enactive.perception import Belief
from enactive.planners import MoveJoints


def test_a_policy_on_a_thread_drives_the_simulated_arm() -> None:
    env = DeskArm()
    robot = EnvRobot(env, seed=0)
    source = PolicyThread(Stack(JointSweep(period_s=1.0)), env.embodiment, rate_hz=20.0)
    ticks: list[Tick] = []
    loop = ControlLoop(robot, source, rate_hz=100.0, watchdog_s=1.0, max_age_s=1.0, taps=[ticks.append])
    loop.run(lambda: len(ticks) >= 120)
    source.close()
    followed = [tick for tick in ticks if not tick.held]
    assert len(followed) > 60
    for _ in range(200):  # the arm comes to rest where it was last sent
        obs, *_ = env.step(ticks[-1].sent)
    assert obs["joint_positions_rad"] == pytest.approx(ticks[-1].sent, abs=0.05)
    assert np.ptp([tick.sent for tick in ticks], axis=0).min() > 0.1


def test_perception_and_planning_run_beside_the_controller() -> None:
    class Count:
        needs, provides = frozenset({"joints"}), frozenset({"count"})

        def reset(self, embodiment: Embodiment, goal: Any = None) -> None:
            self.count = 0

        def update(self, observation: Observation) -> Belief:
            self.count += 1
            return Belief(self.count, observation, extra={"count": self.count})

    class Follow:
        goals, needs, emits, trace = (object,), frozenset({"count"}), (MoveJoints,), {}

        def reset(self, goal: Any, embodiment: Embodiment) -> None: ...

        def plan(self, belief: Belief) -> MoveJoints:
            return MoveJoints(np.array([[float(belief.extra["count"])]]))

    class Obey:
        serves, control_modes = (MoveJoints,), frozenset({"joint_pos"})

        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, intent: Any, observation: Observation, belief: Belief) -> Action:
            return Action("joint_pos", intent.positions_rad)

    with pytest.raises(ConfigError, match="no `standing_intent`"):
        Stack(Obey())
    stack = Stack(Obey(), perceiver=Count(), planner=Follow(), goal="g")  # type: ignore[arg-type]
    stack.perceiver.reset(BODY)  # type: ignore[union-attr]
    seen = Observation(joint_positions_rad=np.zeros(1))
    with pytest.raises(NotYet):
        stack.act(seen)
    stack.perceive()
    stack.plan()
    for _ in range(2):  # a newer belief than the planner has looked at, made once of one observation
        stack.perceive()
    assert stack.act(replace(seen, stamp_s=0.9)).values.tolist() == [[1.0]]
    for _ in range(2):
        stack.perceive()
    assert stack.act(seen).values.tolist() == [[1.0]]
    stack.plan()
    assert stack.act(seen).values.tolist() == [[2.0]]
    with pytest.raises(NotYet, match="more than 1 s behind"):
        stack.act(replace(seen, stamp_s=2.0))  # and what was perceived last is of 0.9 s


def test_what_ends_a_policy_ends_the_loop() -> None:
    class Broken:
        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, observation: Observation) -> Action:
            raise ValueError("weights are missing")

    robot = OneJoint(Clock())
    source = PolicyThread(Broken(), BODY)
    source.offer(robot.observe())
    source._thread._thread.join(5.0)
    loop = ControlLoop(robot, source, rate_hz=100.0)
    with pytest.raises(ValueError, match="weights are missing"):
        loop.run(lambda: False)
    assert robot.closed
