"""What a robot makes of a command, and says of itself, as the control loop takes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from realtime_bench import BODY, Bench, Clock, Inbox, OneJoint

from enactive.agents.guard import Chain
from enactive.agents.realtime import ControlLoop
from enactive.envs import Action, Observation
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot, Reply
from enactive.errors import CompatibilityError, EmbodimentFault


def test_a_body_found_out_of_bounds_holds_there_and_comes_in_by_steps() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))
    bench.robot.sent.append(14.0)  # where it stands when the loop begins, 4 rad beyond its bound
    bench.ticks(3)
    bench.source.put(*[20.0] * 5)
    bench.ticks(7)
    assert bench.robot.sent == [14.0] * 4 + [13.0, 12.0, 11.0, 10.0, 10.0, 10.0, 10.0]  # steps of 5 % of a range of 20


def test_a_robot_that_sends_less_than_asked_is_held_to_what_it_sent() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))

    class Weak(OneJoint):
        def send(self, action: Action) -> Action:
            return super().send(replace(action, values=np.minimum(action.values, 0.3)))

    bench.loop.robot = bench.robot = Weak(bench.clock)
    bench.source.put(*[5.0] * 30)
    ticks = bench.ticks(3)
    assert [tick.sent[0] for tick in ticks] == [0.3, 0.3, 0.3]
    assert [(each.link, each.requested[0], each.sent[0]) for each in ticks[-1].changed] == [
        ("step", 5.0, pytest.approx(0.3 + 0.05 * 20)),  # a step from 0.3, not from 1.0
        ("robot", pytest.approx(0.3 + 0.05 * 20), 0.3),
    ]
    assert bench.loop.report()["guard"]["changed"] == {"step": 3, "robot": 3}


@pytest.mark.parametrize("said", [np.array([np.nan]), np.zeros(2)])
def test_a_robot_that_says_it_was_sent_what_is_no_command_ends_the_run_and_is_not_told_to_repeat_it(said: np.ndarray) -> None:
    bench = Bench()

    class Broken(OneJoint):
        def send(self, action: Action) -> Action:
            return replace(super().send(action), values=said[np.newaxis])

    bench.loop.robot = bench.robot = Broken(bench.clock)
    with pytest.raises(EmbodimentFault, match="that is no command"):
        bench.loop.run(lambda: False)
    assert bench.robot.sent == [0.0]
    assert bench.robot.closed
    bench = Bench()
    bench.robot.says = Reply("its own reasons", start=said)
    with pytest.raises(EmbodimentFault, match="that is no command"):
        bench.loop.run(lambda: False)
    assert bench.robot.sent == []


def test_the_acceleration_that_is_granted_starts_from_the_velocity_that_was_really_sent() -> None:
    bench = Bench(guard=Chain(off=("step", "velocity")))  # 20 ranges of 20 rad per s2: 0.04 rad more each tick, at 100 Hz

    class Weak(OneJoint):
        def send(self, action: Action) -> Action:
            before = self.sent[-1] if self.sent else 0.0
            return super().send(replace(action, values=np.clip(action.values, before - 0.03, before + 0.03)))

    bench.loop.robot = bench.robot = Weak(bench.clock)
    bench.source.put(*[5.0] * 30)
    ticks = bench.ticks(4)
    assert [tick.sent[0] for tick in ticks] == pytest.approx([0.03, 0.06, 0.09, 0.12])
    assert [tick.changed[-1].requested[0] for tick in ticks] == pytest.approx([0.04, 0.1, 0.13, 0.16])  # 0.03 + 0.04 on top


def test_while_the_robot_holds_the_loop_holds_with_it_and_starts_again_from_where_it_is() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))
    bench.source.put(*[5.0] * 50)
    bench.ticks(2)
    assert bench.robot.sent == [1.0, 2.0]
    bench.robot.says = Reply("its own reasons", start=np.array([0.25]))
    ticks = bench.ticks(2)
    assert [tick.held for tick in ticks] == ["the robot holds: its own reasons"] * 2
    bench.robot.says = Reply()
    bench.ticks(1)
    assert bench.robot.sent[2:] == [0.25, 0.25, 1.25]


@pytest.mark.parametrize(("ahead_s", "stamp_s"), [(-0.25, 4.75), (3.0, 5.0)])
def test_a_picture_is_never_stamped_after_the_moment_it_was_asked_for(ahead_s: float, stamp_s: float) -> None:
    class Ahead(DeskArm):
        def _observe(self) -> dict[str, Any]:
            obs = super()._observe()
            obs["cameras"]["side"]["stamp_s"] = obs["stamp_s"] + ahead_s
            return obs

    robot = EnvRobot(Ahead(width=8, height=6), seed=0, clock=lambda: 5.0)
    assert robot.observe().cameras["side"].stamp_s == pytest.approx(stamp_s)


def test_the_stamps_of_a_camera_that_lags_more_and_more_do_not_run_back() -> None:
    clock = Clock()

    class Lagging(DeskArm):
        """A world thirty times as fast as the clock, whose camera is later by two of its seconds with every step."""

        def _observe(self) -> dict[str, Any]:
            obs, passed_s = super()._observe(), clock.now - 100.0
            obs["stamp_s"] = 30.0 * passed_s
            obs["cameras"]["side"]["stamp_s"] = 10.0 * passed_s
            return obs

    robot = EnvRobot(Lagging(width=8, height=6), seed=0, clock=clock)
    stamps = []
    for _ in range(5):
        clock.now += 0.1
        joints = robot.observe().joint_positions_rad
        robot.send(Action("joint_pos", joints[np.newaxis]))
        stamps.append(robot.observe().cameras["side"].stamp_s)
    assert stamps == sorted(stamps)
    assert max(stamps) <= clock.now


def test_a_body_that_takes_single_precision_changes_no_command_by_that() -> None:
    class Single(DeskArm):
        def __init__(self, limit_rad: float) -> None:
            super().__init__()
            self.limit_rad = limit_rad
            low, high = (np.float32(bounds) for bounds in (self.action_space.low, self.action_space.high))
            self.action_space = gym.spaces.Box(low, high, dtype=np.float32)

        def step(self, action: Any) -> Any:
            assert action.dtype == np.float32
            sent = np.minimum(action, np.float32(self.limit_rad))
            return *super().step(sent)[:-1], {"sent": sent}

    asked = Action("joint_pos", np.array([[0.1, 0.2, 0.3, 0.7]]))
    assert EnvRobot(Single(1.0), seed=0).send(asked) is asked
    assert EnvRobot(Single(0.5), seed=0).send(asked).values[0] == pytest.approx([0.1, 0.2, 0.3, 0.5])


def test_bodies_that_the_loop_cannot_drive_are_refused() -> None:
    robot = OneJoint(Clock())
    robot.embodiment = replace(BODY, control_mode="eef_delta_pose")
    with pytest.raises(CompatibilityError, match="takes eef_delta_pose commands: the control loop drives joint_pos"):
        ControlLoop(robot, Inbox(robot.clock), rate_hz=100.0)
    blind = Bench()
    blind.robot.observe = lambda: Observation(stamp_s=blind.clock())  # type: ignore[method-assign]
    with pytest.raises(EmbodimentFault, match="must measure its 1 joints"):
        blind.ticks(1)
