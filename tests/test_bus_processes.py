"""The bus over a real line: who may speak on it, and a robot and a policy in processes of their own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enactive.agents.component import Component
from enactive.agents.realtime import ControlLoop
from enactive.agents.realtime.process import PolicyProcess, RobotProcess
from enactive.envs import Action
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.codec import (
    pack,
)
from enactive.envs.bus.robot import BusRobot
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.errors import ConfigError, EmbodimentFault


def test_the_line_needs_the_key_and_stays_on_this_machine() -> None:
    with pytest.raises(ConfigError, match="stays on this machine"):
        ZenohBus(Line("tcp/0.0.0.0:7447", "k"), listen=True)
    line = Line.fresh()
    here = ZenohBus(line, listen=True)
    box = Mailbox()
    here.subscribe("state", box.put)
    there = ZenohBus(line, listen=False)
    for _ in range(100):
        there.publish("state", b"hello")
        if (heard := box.wait(0.05)) is not None:
            break
    assert heard == b"hello"
    there.close()
    with pytest.raises(EmbodimentFault, match="is the other end up, and the key the same"):
        ZenohBus(Line(line.endpoint, "wrong"), listen=False, connect_s=0.5)
    here.close()


def test_a_robots_process_that_ends_is_not_waited_for_and_its_line_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(MemoryBus):
        closed = False

        def close(self) -> None:
            self.closed = True

    lines: list[Silent] = []

    def line_to_it(line: Line, listen: bool, connect_s: float) -> Silent:
        lines.append(Silent())
        return lines[-1]

    monkeypatch.setattr("enactive.agents.realtime.process.ZenohBus", line_to_it)
    process = RobotProcess(Component("envs", "no.such.World"), Line.fresh(), rate_hz=100.0)
    with pytest.raises(EmbodimentFault, match="ended with status 1 before it could be reached"):
        process.connect(timeout_s=600.0)  # of which it waits as long as the process lives
    assert [line.closed for line in lines] == [True]


def test_a_robot_that_is_refused_says_why_in_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    process = RobotProcess(Component("envs", "ShadowHand", {"morphology": "claw"}), Line.fresh(), rate_hz=100.0)
    with pytest.raises(EmbodimentFault, match="see its words above"):
        process.connect(timeout_s=60.0)
    said = capfd.readouterr().err
    assert "the robot's process: " in said
    assert "claw" in said
    assert "Traceback" not in said


def test_the_arm_follows_a_policy_across_three_processes_and_holds_when_the_policy_is_killed() -> None:
    line = Line.fresh()
    process = RobotProcess(Component("envs", "DeskArm", {"width": 32, "height": 24}), line, rate_hz=100.0, seed=0)
    policy, ticks = None, []
    try:
        robot = process.connect()
        policy = PolicyProcess(Component("controllers", "JointSweep", {"period_s": 1.0}), robot.embodiment)
        loop = ControlLoop(robot, policy, rate_hz=100.0, watchdog_s=0.5, heartbeat_s=0.3, max_age_s=0.5, taps=[ticks.append])
        until = time.perf_counter() + 20.0
        killed_at: list[int] = []

        def leave() -> bool:
            followed = [tick for tick in ticks if not tick.held]
            if len(followed) > 80 and not killed_at:
                os.kill(policy.child.process.pid, signal.SIGKILL)
                killed_at.append(len(ticks))
            return time.perf_counter() > until or bool(killed_at and len(ticks) > killed_at[0] + 100)

        loop.run(leave)
    finally:
        if policy is not None:
            policy.close()
        process.close()
    assert killed_at
    assert "no policy heartbeat" in ticks[-1].held
    assert np.ptp([tick.sent for tick in ticks[-30:]], axis=0).max() == 0
    assert np.ptp([tick.sent for tick in ticks], axis=0).min() > 0.05
    assert ticks[-1].observation.cameras["side"].rgb.std() > 1


def test_a_stop_and_a_reset_reach_a_robots_process_over_a_line_that_loses_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enactive.envs.bus.robot.ANSWER_S", 10.0)  # a busy machine must not decide what is lost for good
    line = Line.fresh()
    process = RobotProcess(Component("envs", "DeskArm"), line, rate_hz=100.0, seed=0, faults=True)
    try:
        robot = process.connect()
        robot._bus.publish("faults", pack({"loss": 0.8}))
        robot.stop("key")
        held = until_answered(robot)
        assert held["latched"] == "key"
        robot.reset_stop("operator")
        assert until_answered(robot)["latched"] == ""
        robot.close()
    finally:
        process.close()


def until_answered(robot: BusRobot) -> dict[str, Any]:
    """Drive a robot, holding, until it has acknowledged what it was asked for; an EmbodimentFault where it does not."""
    while robot._unanswered() is not None:
        robot.send(Action("joint_pos", robot.observe().joint_positions_rad[np.newaxis]))
        time.sleep(0.01)
    return robot.told


def test_an_arm_that_takes_velocities_stands_still_when_nobody_speaks_to_its_process() -> None:
    process = RobotProcess(Component("envs", "velocity_arm.VelocityArm"), Line.fresh(), rate_hz=100.0, watchdog_s=0.2)
    try:
        robot = process.connect()

        def until(what: Callable[[], bool], say: Callable[[], object]) -> None:
            for _ in range(2000):
                robot.observe()
                if what():
                    return
                say()
                time.sleep(0.01)
            raise AssertionError(f"it did not come about: {robot.told}")

        until(lambda: abs(robot.told["joints"][0]) > 0.3, lambda: robot.send(Action("joint_vel", np.ones((1, 2)))))
        assert robot.told["sent"].max() > 0.5
        until(lambda: robot.told["held"] == "no fresh command for 0.2 s", lambda: None)
        assert robot.told["sent"].tolist() == [0.0, 0.0]
        place = robot.told["joints"]
        stamp = robot.told["stamp_s"]
        until(lambda: robot.told["stamp_s"] > stamp + 0.3, lambda: None)
        assert robot.told["joints"] == pytest.approx(place, abs=0.05)  # it would have gone on by 0.3 rad
        robot.close()
    finally:
        process.close()


class FarAway:
    """A robot in a process of its own whose line may be made faulty, and somebody who keeps sending commands there."""

    def __init__(self) -> None:
        self.process = RobotProcess(
            Component("envs", "DeskArm"), Line.fresh(), rate_hz=100.0, seed=0, faults=True, watchdog_s=1.0
        )
        self.robot = self.process.connect()

    def __enter__(self) -> FarAway:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.close()
        self.robot.close()

    def send(self, times: int) -> list[np.ndarray]:
        """Ask for a little more `times` times; what the robot says that it sent to its body meanwhile."""
        said = []
        for _ in range(times):
            joints = self.robot.observe().joint_positions_rad
            self.robot.send(Action("joint_pos", joints[np.newaxis] + 0.05))
            time.sleep(0.01)
            said.append(self.robot.told["sent"])
        return [each for each in said if each.size]

    def inject(self, **faults: float) -> None:
        self.robot._bus.publish("faults", pack(faults))


def test_commands_after_a_stop_are_refused_in_the_robots_process_until_the_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enactive.envs.bus.robot.ANSWER_S", 10.0)  # a busy machine must not decide whether it was heard
    with FarAway() as rig:
        assert np.ptp(rig.send(50), axis=0).min() > 0.0
        rig.robot.stop("key")
        assert until_answered(rig.robot)["latched"] == "key"
        assert np.ptp(rig.send(50), axis=0).max() == 0.0
        assert rig.robot.told["held"] == "emergency stop: key"
        rig.robot.reset_stop("operator")
        assert until_answered(rig.robot)["latched"] == ""
        assert np.ptp(rig.send(50), axis=0).min() > 0.0


@pytest.mark.parametrize("faults", [{"loss": 0.5}, {"jitter_s": 0.05}])
def test_a_robots_process_follows_what_is_left_of_lost_and_reordered_commands_within_its_limits(
    faults: dict[str, float],
) -> None:
    with FarAway() as rig:
        rig.inject(**faults)
        said = np.array(rig.send(150))
        assert np.ptp(said[50:], axis=0).min() > 0.0
        body = rig.robot.embodiment
        assert (said >= body.low).all()
        assert (said <= body.high).all()
        refused = rig.robot.told["refused"].get("out of order", 0)
        assert (refused > 0) == ("jitter_s" in faults)
