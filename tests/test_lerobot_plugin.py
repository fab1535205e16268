"""LeRobot's own classes, factory and command lines with the simulated bodies, and its own arm in the control loop.

What is missing to run these is said when they are skipped.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from enactive.agents.realtime import Chunk, ControlLoop
from enactive.envs import Action, Observation
from enactive.envs.desk_arm import JOINTS
from enactive.envs.lerobot_robot import EnvAsLeRobot, Joint, LeRobotEnv, MountedCamera
from enactive.envs.robot import EnvRobot

WHY = "needs LeRobot in this Python (0.4.4 goes with 3.10 and later, from 0.5 on 3.12): see docs/systems/realtime.md"
FILE = cv2.VideoCapture
PLUGIN = "--robot.discover_packages_path=enactive.envs.lerobot_plugin"


def lerobot(module: str) -> Any:
    return pytest.importorskip(f"lerobot.{module}", reason=WHY)


def test_lerobots_own_base_class_asks_for_nothing_more() -> None:
    assert lerobot("robots").Robot.__abstractmethods__ <= set(dir(EnvAsLeRobot))


def test_lerobots_factory_makes_the_bodies_with_all_that_it_keeps_of_a_robot(tmp_path: Path) -> None:
    robots = lerobot("robots")
    from enactive.envs.lerobot_plugin import EnactiveDeskArmConfig

    robot = robots.make_robot_from_config(EnactiveDeskArmConfig(id="one", calibration_dir=tmp_path, rate_hz=100.0))
    assert isinstance(robot, robots.Robot)
    assert str(robot) == "one EnactiveDeskArm"
    assert robot.robot_type == robot.config.type == "enactive_desk_arm"
    assert (robot.calibration_fpath, robot.calibration) == (tmp_path / "one.json", {})
    with robot:
        seen = robot.get_observation()
        kinds = {key: value.shape if isinstance(value, np.ndarray) else type(value) for key, value in seen.items()}
        assert kinds == robot.observation_features
        assert robot.send_action(dict.fromkeys(robot.action_features, 1.0)) == dict.fromkeys(robot.action_features, 1.0)
    assert not robot.is_connected


def run(main: Any, script: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    """One of LeRobot's command lines with a scripted teleoperator: what the robot observes last."""
    from scripted_teleop import ScriptedTeleop

    from enactive.envs.lerobot_plugin.robots import _Simulated

    last: dict[str, Any] = {}
    leave = _Simulated.disconnect

    def look_and_leave(self: Any) -> None:
        last.update(self.get_observation())
        leave(self)

    monkeypatch.setattr(ScriptedTeleop, "script", script)
    monkeypatch.setattr(_Simulated, "disconnect", look_and_leave)
    monkeypatch.setattr(sys, "argv", ["lerobot", PLUGIN, "--teleop.type=scripted_teleop", *arguments])
    main()
    return last


def test_lerobot_teleoperate_moves_the_simulated_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    main = lerobot("scripts.lerobot_teleoperate").main
    from enactive.envs.shadow_hand.joints import JOINTS as HAND

    bent = {f"{joint}.pos": 40.0 if joint == "FFJ3" else 0.0 for joint in HAND}
    folders = (f"--robot.calibration_dir={tmp_path}", f"--teleop.calibration_dir={tmp_path}")
    small = ("--robot.type=enactive_hand", "--robot.width=32", "--robot.height=24", "--fps=50")
    last = run(main, [bent] * 60, monkeypatch, *small, *folders)
    assert last["FFJ3.pos"] == pytest.approx(40.0, abs=5.0)
    assert last["MFJ3.pos"] == pytest.approx(0.0, abs=5.0)
    assert last["front"].shape == (24, 32, 3)


def test_lerobot_record_writes_what_the_arm_was_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    main = lerobot("scripts.lerobot_record").main
    parquet = pytest.importorskip("pyarrow.parquet")
    script = [{f"{joint}.pos": 0.25 * step for joint in JOINTS} for step in range(1000)]
    dataset = ("repo_id=enactive/desk", "single_task=Sweep", f"root={tmp_path / 'data'}", "fps=50", "video=false")
    brief = ("push_to_hub=false", "num_episodes=1", "episode_time_s=0.5")
    run(
        main,
        script,
        monkeypatch,
        "--robot.type=enactive_desk_arm",
        "--robot.width=32",
        "--robot.height=24",
        f"--robot.calibration_dir={tmp_path}",
        f"--teleop.calibration_dir={tmp_path}",
        "--play_sounds=false",
        *(f"--dataset.{option}" for option in (*dataset, *brief)),
    )
    (shard,) = (tmp_path / "data/data").rglob("*.parquet")
    rows = parquet.read_table(shard).to_pydict()
    assert np.array(rows["action"]) == pytest.approx(np.array([list(row.values()) for row in script[: len(rows["action"])]]))
    off = np.abs(np.array(rows["observation.state"]) - np.array(rows["action"])).max(axis=1)
    assert off[-1] < 0.2 * off[0]  # it starts somewhere and is where it was told to be half a second later


class MemoryBus:
    """In the place of LeRobot's bus of servos, as its own tests have one: what is written is where the motors are."""

    def __init__(self, port: str, motors: dict[str, Any], calibration: dict[str, Any]) -> None:
        self.motors, self.is_connected, self.is_calibrated, self.torque = motors, False, True, False
        self.place = dict.fromkeys(motors, 0.0)

    def connect(self) -> None:
        self.is_connected = True

    def disconnect(self, disable_torque: bool) -> None:
        self.is_connected, self.torque = False, not disable_torque

    @contextlib.contextmanager
    def torque_disabled(self) -> Iterator[None]:
        self.torque = False
        yield
        self.torque = True

    def configure_motors(self) -> None: ...

    def write(self, register: str, motor: str, value: int) -> None: ...

    def sync_read(self, register: str) -> dict[str, float]:
        return dict(self.place)

    def sync_write(self, register: str, goals: dict[str, float]) -> None:
        self.place.update(goals)


class LoopingVideo:
    """A file that never ends and takes the settings that it has, as a camera does."""

    def __init__(self, path: Path, backend: int) -> None:
        self._file = FILE(str(path), backend)

    def isOpened(self) -> bool:
        return self._file.isOpened()

    def read(self) -> Any:
        got, picture = self._file.read()
        if not got:
            self._file.set(cv2.CAP_PROP_POS_FRAMES, 0)
            got, picture = self._file.read()
        return got, picture

    def get(self, what: int) -> float:
        return self._file.get(what)

    def set(self, what: int, value: float) -> bool:
        return self.get(what) == value

    def release(self) -> None:
        self._file.release()


def lerobots_arm(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    """LeRobot's SO-101 follower with its own camera class, less the wires."""
    robots, follower, cameras = lerobot("robots"), lerobot("robots.so_follower.so_follower"), lerobot("cameras.opencv")
    video = cv2.VideoWriter(str(folder / "grey.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (32, 24))
    for _ in range(30):
        video.write(np.full((24, 32, 3), 128, np.uint8))
    video.release()
    monkeypatch.setattr(follower, "FeetechMotorsBus", MemoryBus)
    monkeypatch.setattr(cv2, "VideoCapture", LoopingVideo)
    camera = cameras.OpenCVCameraConfig(index_or_path=folder / "grey.avi", fps=30, width=32, height=24)
    config = follower.SOFollowerRobotConfig(
        port="none", id="arm", calibration_dir=folder, cameras={"front": camera}, max_relative_target=5.0
    )
    return robots.make_robot_from_config(config)


class Reach:
    """A policy that always wants the first joint at half a radian."""

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk:
        goal = np.zeros((1, len(self.seen.joint_positions_rad)))
        goal[0, 0] = 0.5
        return Chunk(Action("joint_pos", goal), self.seen.stamp_s)

    def heard_s(self) -> float:
        return self.seen.stamp_s


def test_lerobots_own_arm_and_camera_in_the_control_loop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arm = lerobots_arm(monkeypatch, tmp_path)
    joints = {key: Joint(-2.0, 2.0) for key in arm.action_features if key != "gripper.pos"}
    joints["gripper.pos"] = Joint(0.0, 1.0, "percent", gripper=True)
    env = LeRobotEnv(arm, joints, cameras={"front": MountedCamera(1.0, np.eye(4))})
    with contextlib.closing(env):
        body = EnvRobot(env)
        loop = ControlLoop(body, Reach(), rate_hz=50.0)
        for _ in range(200):
            loop.tick()
        assert arm.bus.place["shoulder_pan"] == pytest.approx(np.rad2deg(0.5))
        assert {arm.bus.place[name] for name in arm.bus.motors if name != "shoulder_pan"} == {0.0}
        assert body.observe().cameras["front"].rgb == pytest.approx(128, abs=3)
        assert list(arm.cameras) == []
    assert (arm.bus.is_connected, arm.bus.torque, list(arm.cameras)) == (False, True, ["front"])


def test_the_arms_own_limit_reaches_the_loop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arm = lerobots_arm(monkeypatch, tmp_path)
    env = LeRobotEnv(arm, {key: Joint(-2.0, 2.0) for key in arm.action_features})
    with contextlib.closing(env):
        env.reset()
        assert env.step(np.full(6, 0.5))[-1]["sent"] == pytest.approx(np.full(6, np.deg2rad(5.0)))
