"""LeRobot's interface to the letter: conventions by hand, a robot that follows the documentation, and the way back."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonargparse import ArgumentParser

from enactive.agents.commands._components import add_components, component
from enactive.agents.compat import check_policy
from enactive.agents.component import Component
from enactive.agents.realtime import Chunk, ControlLoop
from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.bus.zenoh_bus import Line
from enactive.envs.desk_arm import JOINTS, DeskArm
from enactive.envs.lerobot_robot import EnvAsLeRobot, Joint, LeRobotEnv, MountedCamera
from enactive.envs.robot import EnvRobot
from enactive.errors import CompatibilityError, ConfigError, EmbodimentFault


@pytest.mark.parametrize(
    ("joint", "number", "value"),
    [
        (Joint(-2.0, 2.0, "rad"), 0.5, 0.5),
        (Joint(-2.0, 2.0, "deg"), 90.0, math.pi / 2),
        (Joint(-2.0, 2.0, "deg", zero=30.0), 120.0, math.pi / 2),
        (Joint(-2.0, 2.0, "deg", zero=30.0, sign=-1), 120.0, -math.pi / 2),
        (Joint(0.0, 1.0, "percent", gripper=True), 25.0, 0.25),
        (Joint(0.0, 1.0, "percent", sign=-1, gripper=True), 25.0, 0.75),  # a robot that counts 0 as open
        (Joint(-1.0, 3.0, "signed_percent"), -100.0, -1.0),
        (Joint(-1.0, 3.0, "signed_percent"), 50.0, 2.0),
        (Joint(-1.0, 3.0, "signed_percent", sign=-1), 50.0, 0.0),
    ],
)
def test_each_convention_by_hand(joint: Joint, number: float, value: float) -> None:
    assert joint.to_si(number) == pytest.approx(value)
    assert joint.from_si(value) == pytest.approx(number)


@given(
    st.floats(-3, 3), st.sampled_from(["rad", "deg", "percent", "signed_percent"]), st.sampled_from([1, -1]), st.floats(-90, 90)
)
def test_conversions_are_inverse(value: float, convention: Any, sign: Any, zero: float) -> None:
    joint = Joint(-3.0, 3.0, convention, zero, sign)
    assert joint.to_si(joint.from_si(value)) == pytest.approx(value, abs=1e-9)


class SmallCamera:
    """A camera as LeRobot's documentation describes one: it waits for a picture that was not read yet."""

    def __init__(self, value: int) -> None:
        self.value, self.frozen, self.reads = value, threading.Event(), 0
        self.thaw, self.error = threading.Event(), None

    def async_read(self, timeout_ms: float = 200.0) -> Any:
        self.reads += 1
        if self.error is not None:
            raise self.error
        if self.frozen.is_set():
            self.thaw.wait(30.0)
        return np.full((6, 8, 3), self.value, np.uint8)


class SmallArm:
    """A robot as LeRobot's documentation describes one: flat dictionaries, its own units, a step limit of 10 degrees."""

    name = "small_arm"

    def __init__(self) -> None:
        self.config = SimpleNamespace(disable_torque_on_disconnect=True)
        self.place = {"pan.pos": 20.0, "grip.pos": 0.0}
        self.connected, self.torque, self.calls = False, False, []
        self.is_calibrated = True
        self.cameras = {"front": SmallCamera(0), "wrist": SmallCamera(1)}

    @property
    def observation_features(self) -> dict[str, Any]:
        return {"pan.pos": float, "grip.pos": float, "front": (6, 8, 3), "wrist": (6, 8, 3)}

    @property
    def action_features(self) -> dict[str, Any]:
        return {"pan.pos": float, "grip.pos": float}

    def connect(self, calibrate: bool = True) -> None:
        self.connected = True
        self.torque = self.is_calibrated or not calibrate  # calibration is done by hand, on a limp arm
        self.is_calibrated |= calibrate

    def get_observation(self) -> dict[str, Any]:
        return {**self.place, **{key: camera.async_read() for key, camera in self.cameras.items()}}

    def send_action(self, action: dict[str, Any]) -> dict[str, Any]:
        assert set(action) == set(self.action_features)
        step = np.clip(action["pan.pos"] - self.place["pan.pos"], -10.0, 10.0)
        self.place = {**action, "pan.pos": self.place["pan.pos"] + step}
        self.calls.append(dict(self.place))
        return dict(self.place)

    def disconnect(self) -> None:
        self.connected, self.torque = False, not self.config.disable_torque_on_disconnect


CONVENTIONS = {"pan.pos": Joint(-2.0, 2.0, "deg", zero=20.0), "grip.pos": Joint(0.0, 1.0, "percent", gripper=True)}


def test_a_lerobot_robot_is_an_environment_in_radians() -> None:
    arm = SmallArm()
    env = LeRobotEnv(arm, CONVENTIONS, cameras={"front": MountedCamera(1.0, np.eye(4))})
    assert env.embodiment.labels == ("pan", "grip")
    assert env.embodiment.units == ("rad", "1")
    obs, _ = env.reset()
    assert obs["joint_positions_rad"].tolist() == [0.0, 0.0]
    obs, *_, info = env.step(np.array([0.1, 0.5]))
    assert arm.calls[-1] == pytest.approx({"pan.pos": 20.0 + math.degrees(0.1), "grip.pos": 50.0})
    assert info["sent"].tolist() == [0.1, 0.5]
    obs, *_, info = env.step(np.array([1.0, 0.5]))
    assert info["sent"][0] == pytest.approx(0.1 + math.radians(10.0))  # the robot's own limit, in our units
    seen = Observation.from_gym(obs)
    assert seen.cameras["front"].K[0, 0] == pytest.approx(4.0 / math.tan(0.5))
    assert env.observation_space.contains(obs)
    env.close()
    assert list(arm.cameras) == ["front", "wrist"]  # the robot has them back


def test_what_is_stamped_is_stamped_before_it_is_read() -> None:
    arm, now = SmallArm(), 5.0
    arm.cameras.clear()
    read = arm.get_observation

    def slow() -> dict[str, Any]:
        nonlocal now
        now += 2.0
        return read()

    arm.get_observation = slow  # type: ignore[method-assign]
    env = LeRobotEnv(arm, CONVENTIONS, clock=lambda: now)
    robot = EnvRobot(env, clock=lambda: now)  # one reading to see what it holds, another one
    assert robot.observe().stamp_s == 5.0
    robot.send(Action("joint_pos", np.zeros((1, 2))))
    assert robot.observe().stamp_s == 9.0


class Still:
    """A policy that is always there and keeps the arm moving a little."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk:
        return Chunk(Action("joint_pos", self.seen.joint_positions_rad[np.newaxis] + 0.001), self.seen.stamp_s)

    def heard_s(self) -> float:
        return self.clock()


def test_a_camera_that_freezes_makes_no_tick_wait_and_holds_the_arm_until_it_is_back() -> None:
    arm, now = SmallArm(), 100.0
    arm.cameras["wrist"].frozen.set()  # nobody asked for that one
    front = arm.cameras["front"]
    env = LeRobotEnv(arm, CONVENTIONS, cameras={"front": MountedCamera(1.0, np.eye(4))}, clock=lambda: now)
    loop = ControlLoop(EnvRobot(env, clock=lambda: now), Still(lambda: now), rate_hz=50.0, clock=lambda: now)

    def read_again() -> None:
        before, until = front.reads, time.monotonic() + 10.0
        while front.reads < before + 2 and time.monotonic() < until:
            time.sleep(0.001)

    def ticks(count: int) -> list[str]:
        nonlocal now
        held = []
        for _ in range(count):
            now += 0.02
            if not front.frozen.is_set():
                read_again()
            held.append(loop.tick().held)
        return held

    assert ticks(5) == [""] * 5
    front.frozen.set()
    held = ticks(100)  # each would wait for 30 s, were it read in here
    assert held[:20] == [""] * 20
    assert held[-70:] == ["no fresh picture of camera 'front' for 0.5 s"] * 70
    assert len({call["pan.pos"] for call in arm.calls[-70:]}) == 1
    front.frozen.clear()
    front.thaw.set()
    ticks(2)
    assert ticks(1) == [""]
    env.close()


def test_a_camera_that_fails_ends_the_run_with_its_own_words() -> None:
    arm = SmallArm()
    env = LeRobotEnv(arm, CONVENTIONS, cameras={"front": MountedCamera(1.0, np.eye(4))})
    env.reset()
    arm_camera = env._devices["front"]
    arm_camera.error = ConnectionError("unplugged")
    env._threads[0]._thread.join(10.0)
    with pytest.raises(EmbodimentFault, match="camera 'front' failed: ConnectionError: unplugged"):
        env.step(np.zeros(2))
    env.close()


def test_a_robot_that_does_not_give_its_camera_away_is_refused() -> None:
    arm = SmallArm()
    arm.get_observation = lambda: {**arm.place, "front": np.zeros((6, 8, 3), np.uint8)}  # type: ignore[method-assign]
    with pytest.raises(CompatibilityError, match="reads front in get_observation, whatever its `cameras` hold"):
        LeRobotEnv(arm, CONVENTIONS).reset()
    del arm.cameras["front"]
    with pytest.raises(CompatibilityError, match="has no front in its `cameras`"):
        LeRobotEnv(arm, CONVENTIONS, cameras={"front": MountedCamera(1.0, np.eye(4))})


def test_a_robot_that_is_not_calibrated_is_refused_and_stays_as_it_was() -> None:
    arm = SmallArm()
    arm.is_calibrated = False
    env = LeRobotEnv(arm, CONVENTIONS)
    for _ in range(2):
        with pytest.raises(EmbodimentFault, match="lerobot-calibrate"):
            env.reset()
    assert (arm.torque, arm.is_calibrated, arm.calls) == (True, False, [])
    arm.is_calibrated = True
    assert env.reset()[0]["joint_positions_rad"].tolist() == [0.0, 0.0]


def test_closing_holds_unless_told_otherwise() -> None:
    for on_close, torque in (("hold", True), ("release", False)):
        arm = SmallArm()
        env = LeRobotEnv(arm, CONVENTIONS, on_close=on_close)  # type: ignore[arg-type]
        env.reset()
        env.close()
        assert (arm.connected, arm.torque) == (False, torque)
    arm = SmallArm()
    del arm.config.disable_torque_on_disconnect
    env = LeRobotEnv(arm, CONVENTIONS)
    env.reset()
    env.close()
    assert (arm.connected, arm.torque) == (True, True)


def test_an_arm_that_would_drop_when_it_is_collected_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    code = """
from test_lerobot_robot import CONVENTIONS, LeRobotEnv, SmallArm
class Dropping(SmallArm):
    def __del__(self):  # as LeRobot's `Robot` has it
        print("dropped")
for on_close in ("hold", "release"):
    arm = Dropping()
    if on_close == "hold":
        del arm.config.disable_torque_on_disconnect
    env = LeRobotEnv(arm, CONVENTIONS, on_close=on_close)
    env.reset()
    env.close()
    print(on_close)
    del env, arm
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)})
    assert capfd.readouterr().out.split() == ["hold", "release", "dropped"]


class Dropping(SmallArm):
    """Drops when it is collected while it is connected, as LeRobot's `Robot` does, and says how it was let go."""

    def disconnect(self) -> None:
        super().disconnect()
        print("held" if self.torque else "released", flush=True)

    def __del__(self) -> None:
        if self.connected:
            print("dropped", flush=True)


def lost_arm() -> LeRobotEnv:
    """Connects, and then gives no reading of a joint."""
    arm = Dropping()
    arm.cameras.clear()
    del arm.place["grip.pos"]
    return LeRobotEnv(arm, CONVENTIONS)


def unmodelled_arm() -> LeRobotEnv:
    """Observes, but its model has none of its joints, which shows when the guard is set up."""
    import mujoco

    env = LeRobotEnv(Dropping(), CONVENTIONS)
    env.mujoco_model = mujoco.MjModel.from_xml_string("<mujoco/>")
    return env


@pytest.mark.parametrize(
    ("made", "told"), [("lost_arm", r"no reading of grip\.pos"), ("unmodelled_arm", "model has no joint 'pan'")]
)
def test_an_arm_whose_start_fails_keeps_its_torque(made: str, told: str) -> None:
    env = Component("envs", f"test_lerobot_robot.{made}").to_json()
    config = {"line": Line.fresh().plain(), "faults": False, "env": env, "seed": 0, "off": [], "rate_hz": 50.0,
              "watchdog_s": 0.1, "parent": os.getpid()}  # fmt: skip
    command = [sys.executable, "-m", "enactive.agents.realtime.robot_main"]
    path = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    ended = subprocess.run(command, input=json.dumps(config), env=path, capture_output=True, text=True, timeout=120)
    assert re.search(told, ended.stderr)
    assert (ended.returncode, ended.stdout.split()) == (1, ["held"])


def test_robots_and_joints_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CompatibilityError, match=r"takes \['grip.pos', 'pan.pos'\], but `joints` names \['pan.pos'\]"):
        LeRobotEnv(SmallArm(), {"pan.pos": Joint(-1, 1)})
    with pytest.raises(CompatibilityError, match=r"does not observe \['top'\]"):
        LeRobotEnv(SmallArm(), CONVENTIONS, cameras={"top": MountedCamera(1.0, np.eye(4))})
    arm = SmallArm()
    env = LeRobotEnv(arm, CONVENTIONS)
    env.reset()
    arm.get_observation = lambda: {"pan.pos": 0.0}  # type: ignore[method-assign]
    with pytest.raises(EmbodimentFault, match=r"no reading of grip\.pos"):
        env.step(np.zeros(2))


@pytest.mark.parametrize("key", ["x.vel", "theta.vel", "elbow"])
def test_a_key_that_is_no_joint_position_is_refused(key: str) -> None:
    with pytest.raises(CompatibilityError, match=rf"takes joint positions.*name '.pos', not {key}"):
        LeRobotEnv(SmallArm(), {"a.pos": Joint(-1.0, 1.0), key: Joint(-1.0, 1.0)})


def test_what_the_robot_really_sent_reaches_the_loop() -> None:
    robot = EnvRobot(LeRobotEnv(SmallArm(), CONVENTIONS))
    sent = robot.send(Action("joint_pos", np.array([[1.0, 0.0]])))
    assert sent.values[0, 0] == pytest.approx(math.radians(10.0))


def test_a_simulation_is_a_lerobot_robot_and_back_again_the_same_environment() -> None:
    offered = EnvAsLeRobot(DeskArm(width=32, height=24))
    with pytest.raises(EmbodimentFault, match="not connected"):
        offered.get_observation()
    assert list(offered.action_features) == [f"{name}.pos" for name in JOINTS]
    assert offered.observation_features["side"] == (24, 32, 3)
    offered.connect()
    sent = offered.send_action({"turn.pos": 500.0, "shoulder.pos": 10.0, "elbow.pos": 0.0, "wrist.pos": 0.0})
    assert sent["turn.pos"] == pytest.approx(math.degrees(2.6))
    assert sent["shoulder.pos"] == 10.0
    with pytest.raises(EmbodimentFault, match="not finite"):
        offered.send_action({f"{name}.pos": math.nan for name in JOINTS})
    with pytest.raises(EmbodimentFault, match=r"takes .* got \['turn.pos'\]"):
        offered.send_action({"turn.pos": 1.0})
    offered.disconnect()

    body = DeskArm().embodiment
    joints = {f"{n}.pos": Joint(low, high) for n, low, high in zip(JOINTS, body.low, body.high, strict=True)}
    mounted = {"side": MountedCamera(1.0, np.eye(4))}
    direct, round_trip = DeskArm(), LeRobotEnv(EnvAsLeRobot(DeskArm(width=32, height=24)), joints, cameras=mounted)
    direct.reset(seed=0)
    shown = round_trip.reset(seed=0)[0]["cameras"]["side"]
    assert shown["rgb"].std() > 1
    for _ in range(100):
        here = direct.step(np.array([0.2, 0.4, -0.3, 0.1]))[0]["joint_positions_rad"]
        there = round_trip.step(np.array([0.2, 0.4, -0.3, 0.1]))[0]["joint_positions_rad"]
    assert there == pytest.approx(here, abs=1e-3)


def test_a_file_that_is_no_mjcf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "arm.xml").write_text("<mujoco><worldbody>")
    for name in ("arm.xml", "missing.xml"):
        with pytest.raises(ConfigError, match=rf"{name}' is no MJCF that MuJoCo can read"):
            LeRobotEnv(SmallArm(), CONVENTIONS, mjcf=tmp_path / name)


def made_arm(rate_hz: float = 50.0) -> LeRobotEnv:
    return LeRobotEnv(SmallArm(), CONVENTIONS, rate_hz=rate_hz)


def test_a_function_that_makes_a_robot_is_named_like_a_class() -> None:
    assert Component("envs", "test_lerobot_robot.made_arm").build().embodiment.rate_hz == 50.0
    assert Component("envs", "test_lerobot_robot.made_arm", {"rate_hz": 20.0}).build().embodiment.rate_hz == 20.0
    with pytest.raises(ConfigError, match="cannot be built from"):
        Component("envs", "test_lerobot_robot.made_arm", {"speed": 1.0}).build()
    parser = ArgumentParser()
    asked = ["--robot", "test_lerobot_robot.made_arm", "--robot.rate_hz", "25"]
    chosen = component("robot", parser.parse_args(add_components(parser, asked, {"robot": "DeskArm"})).robot)
    assert chosen.build().embodiment.rate_hz == 25.0


def test_policies_made_for_other_joints_orders_units_or_rates_are_refused() -> None:
    body = DeskArm().embodiment

    class Made(JointSweep):
        joints: tuple[str, ...] = JOINTS
        units: tuple[str, ...] = ("rad",) * 4
        rate_hz = 50.0

    def mismatch(rate_hz: float = 100.0, body: Embodiment = body, **changed: Any) -> str:
        policy = Made()
        for name, value in changed.items():
            setattr(policy, name, value)
        return "\n".join(check_policy(body, policy, rate_hz).mismatches)

    assert mismatch() == ""
    assert check_policy(body, JointSweep(), 100.0).mismatches == ()
    other = mismatch(joints=(*JOINTS[:3], "grip"))
    assert "lacks ['wrist'] and has ['grip'] besides; choose one that was made for desk arm, or, where the joints" in other
    assert other.endswith("rename them in an adapter")
    assert "number 0 is 'shoulder' and not 'turn'" in mismatch(joints=("shoulder", "turn", "elbow", "wrist"))
    assert "convert in an adapter" in mismatch(units=("deg",) * 4)
    assert "no stated units" in mismatch(units=())
    assert mismatch(control_modes=frozenset({"base_twist"})) == (
        "Made commands in base_twist, but desk arm takes joint_pos: choose a policy that commands in joint_pos, or a robot "
        "that takes base_twist"
    )
    assert "takes 100 commands a second, not 200" in mismatch(rate_hz=200.0)
    real = replace(body, simulated=False)
    assert "makes 50 commands a second, more than the 20 sent" in mismatch(rate_hz=20.0, body=real)
    assert mismatch(rate_hz=50.0, body=real) == ""
    assert "would move in slow motion at 50: give --rate_hz and --robot.rate_hz the same value" in mismatch(rate_hz=50.0)
    assert mismatch(rate_hz=50.0, body=DeskArm(rate_hz=50.0).embodiment) == ""
    assert mismatch(rate_hz=0.0).endswith("above 0 Hz, got 0: give another --rate_hz")
