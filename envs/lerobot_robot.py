"""LeRobot's `Robot` interface, both ways: its robots as environments, and environments with joints as its robots.

Duck-typed: nothing here imports LeRobot, which has requirements of its own. Units and zeros of a robot are converted here and
nowhere else.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.errors import CompatibilityError, ConfigError, EmbodimentFault

from .camera_thread import CameraThread
from .embodiment import CameraInfo, Embodiment
from .gym_io import embodiment_of

FIRST_PICTURE_S = 5.0

Box = tuple[tuple[float, float, float], tuple[float, float, float]]
Convention = Literal["rad", "deg", "percent", "signed_percent"]


class LeRobotLike(Protocol):
    """The part of LeRobot's `Robot` that is used; features map keys to `float` or, for pictures, to (H, W, 3).

    `cameras` holds the devices that `get_observation` reads, by key; a robot without cameras may lack it.
    """

    @property
    def observation_features(self) -> dict[str, Any]: ...
    @property
    def action_features(self) -> dict[str, Any]: ...
    @property
    def is_calibrated(self) -> bool: ...
    def connect(self, calibrate: bool = True) -> None: ...
    def get_observation(self) -> dict[str, Any]: ...
    def send_action(self, action: dict[str, Any]) -> dict[str, Any]: ...
    def disconnect(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Joint:
    """How a robot states one joint, and what it means.

    low, high: bounds, in radians, or 0 to 1 for a gripper (0 closed, 1 open). convention: what the robot's number is: `rad`;
    `deg`; `percent`, 0 to 100 from low to high; `signed_percent`, -100 to 100 from low to high. zero: the robot's number where
    the joint is at 0 (`rad` and `deg`). sign: -1 where the robot counts the other way round. gripper: the unit is 1, not rad.

    model_joint: its name in the robot's MJCF, where that is not the label. effort_key: under which the robot says how hard the
    joint pushes, in units of `effort_nm` N*m (N), counted the same way round as its number; effort_limit_nm: as hard as it may.
    Raises ConfigError for one of the two without the other.
    """

    low: float
    high: float
    convention: Convention = "deg"
    zero: float = 0.0
    sign: Literal[1, -1] = 1
    gripper: bool = False
    model_joint: str = ""
    effort_key: str = ""
    effort_nm: float = 1.0
    effort_limit_nm: float = math.inf

    def __post_init__(self) -> None:
        if self.effort_key and not math.isfinite(self.effort_limit_nm):
            raise ConfigError(
                f"a joint says in {self.effort_key!r} how hard it pushes, and nothing limits it: give it an effort_limit_nm"
            )
        if not self.effort_key and self.effort_limit_nm != math.inf:
            raise ConfigError(
                f"a joint has an effort_limit_nm of {self.effort_limit_nm:g}, and does not say how hard it pushes: give it an "
                "effort_key"
            )

    def to_si(self, number: float) -> float:
        """The robot's number in radians (or the share that a gripper is open)."""
        if self.convention in ("percent", "signed_percent"):
            share = number / 100.0 if self.convention == "percent" else (number + 100.0) / 200.0
            return self.low + (share if self.sign == 1 else 1.0 - share) * (self.high - self.low)
        value = self.sign * (number - self.zero)
        return float(np.deg2rad(value)) if self.convention == "deg" else value

    def from_si(self, value: float) -> float:
        """The inverse of `to_si`."""
        if self.convention in ("percent", "signed_percent"):
            share = (value - self.low) / (self.high - self.low)
            share = share if self.sign == 1 else 1.0 - share
            return 100.0 * share if self.convention == "percent" else 200.0 * share - 100.0
        number = float(np.rad2deg(value)) if self.convention == "deg" else value
        return self.sign * number + self.zero

    def effort(self, reading: Mapping[str, Any]) -> float:
        """How hard the joint pushes towards larger values, in N*m (N); 0 where the robot does not say."""
        return self.sign * self.effort_nm * float(reading[self.effort_key]) if self.effort_key else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class MountedCamera:
    """What a robot does not say about its camera. T_world_camera: (4, 4), OpenCV optical frame."""

    hfov_rad: float
    T_world_camera: NDArray[np.float64]


class LeRobotEnv(gym.Env[dict[str, Any], NDArray[np.float64]]):
    """A robot with LeRobot's interface as an environment of joint positions.

    joints: how each joint is stated, by the robot's own key ("shoulder_pan.pos"), in the order of the commands. cameras:
    field of view and mounting of the robot's cameras, by key; those that are not named here are not read. on_close: `hold`
    leaves the torque on, where LeRobot's robots would let their arms drop; `release` disconnects as LeRobot does. clock:
    monotonic seconds; joints and pictures are stamped with the moment before they were asked for. mjcf: a MuJoCo file of the
    robot, by which the guard keeps it from touching itself and, with `workspace` (body in the model -> box (low, high) in
    metres of the model's world), within boxes.

    `step` sends, then reads the joints; `info["sent"]` (D,) is what the robot says it sent. LeRobot's robots wait for their
    cameras in between, so those are taken away from the robot while it is driven, and read beside it (`CameraThread`).
    Raises CompatibilityError where a key is not that of a position, the robot lacks a joint, takes more than the joints named,
    or does not give its camera away.
    """

    def __init__(
        self,
        robot: LeRobotLike,
        joints: Mapping[str, Joint],
        *,
        rate_hz: float = 50.0,
        cameras: Mapping[str, MountedCamera] | None = None,
        velocity_limits: tuple[float, ...] = (),
        mjcf: Path | None = None,
        workspace: Mapping[str, Box] | None = None,
        on_close: Literal["hold", "release"] = "hold",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._robot, self._joints, self._cameras = robot, dict(joints), dict(cameras or {})
        self._on_close, self._clock, self._connected = on_close, clock, False
        self._devices: dict[str, Any] = {}
        self._threads: list[CameraThread] = []
        self._taken = False
        self._feels = any(joint.effort_key for joint in joints.values())
        self._check_features()
        shapes = {key: robot.observation_features[key] for key in self._cameras}
        low, high = (tuple(getattr(joint, side) for joint in joints.values()) for side in ("low", "high"))
        self.embodiment = Embodiment(
            str(getattr(robot, "name", type(robot).__name__)),
            "joint_pos",
            labels=tuple(key.removesuffix(".pos") for key in joints),
            units=tuple("1" if joint.gripper else "rad" for joint in joints.values()),
            low=low,
            high=high,
            frame="joint",
            rate_hz=rate_hz,
            cameras=tuple(CameraInfo(key, shapes[key][1], shapes[key][0], c.hfov_rad) for key, c in self._cameras.items()),
            velocity_limits=velocity_limits,
            effort_limits=tuple(j.effort_limit_nm for j in joints.values()) if self._feels else (),
        )
        self.mujoco_model = None if mjcf is None else _model(mjcf)
        self.model_joints = {key.removesuffix(".pos"): j.model_joint for key, j in joints.items() if j.model_joint}
        self.workspace = dict(workspace or {})
        self.action_space = gym.spaces.Box(np.array(low), np.array(high), dtype=np.float64)
        spaces: dict[str, gym.Space[Any]] = {
            "joint_positions_rad": gym.spaces.Box(-np.inf, np.inf, (len(joints),), np.float64),
            "stamp_s": gym.spaces.Box(-np.inf, np.inf, (), np.float64),
        }
        if self._feels:
            spaces["joint_efforts"] = gym.spaces.Box(-np.inf, np.inf, (len(joints),), np.float64)
        if self._cameras:
            spaces["cameras"] = gym.spaces.Dict({key: _camera_space(shape) for key, shape in shapes.items()})
        self.observation_space = gym.spaces.Dict(spaces)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Connect at the first call. A real body is not put back: it is observed where it is.

        Raises EmbodimentFault where the robot is not calibrated: LeRobot's calibration lets the arm drop, and asks questions.
        Whatever fails once it is connected, it is closed, since a robot that is merely forgotten lets its arm drop.
        """
        super().reset(seed=seed)
        if not self._connected:
            self._robot.connect(calibrate=False)
            self._connected = True
        try:
            return self._found(), {}
        except BaseException:  # reason: an interrupt must hold the arm too, and it is raised again
            self.close()
            raise

    def step(self, action: NDArray[np.float64]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Send one command, then read the robot."""
        wanted = {key: joint.from_si(float(value)) for (key, joint), value in zip(self._joints.items(), action, strict=True)}
        sent = self._robot.send_action(wanted)
        if missing := set(wanted) - set(sent):
            raise EmbodimentFault(f"{self.embodiment.name} does not say what it sent to {', '.join(sorted(missing))}")
        said = np.array([float(a) if sent[k] == wanted[k] else self._joints[k].to_si(float(sent[k]))
                         for k, a in zip(self._joints, action, strict=True)])  # fmt: skip
        return self._observe(), 0.0, False, False, {"sent": said}

    def close(self) -> None:
        """Let go as `on_close` says, once."""
        if not self._connected:
            return
        self._connected = False
        for thread in self._threads:
            thread.close()
        if self._devices:
            self._robot.cameras.update(self._devices)  # type: ignore[attr-defined]  # for its own `disconnect`
        self._threads, self._devices, self._taken = [], {}, False
        config = getattr(self._robot, "config", None)
        if self._on_close == "release":
            self._robot.disconnect()
        elif hasattr(config, "disable_torque_on_disconnect"):
            config.disable_torque_on_disconnect = False  # type: ignore[union-attr]
            self._robot.disconnect()
        else:  # stays connected, for good: its own `disconnect`, which LeRobot calls when it is collected, might drop the arm
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._robot))

    def _found(self) -> dict[str, Any]:
        """The first observation after a connection."""
        if not self._robot.is_calibrated:
            raise EmbodimentFault(f"{self.embodiment.name} is not calibrated: run `lerobot-calibrate` for it, then try again")
        if not self._taken:
            self._take_cameras()
        return self._observe()

    def _take_cameras(self) -> None:
        devices = getattr(self._robot, "cameras", {})
        pictures = {key for key, kind in self._robot.observation_features.items() if isinstance(kind, tuple)}
        self._devices = dict(devices)
        devices.clear()  # and with them, for some robots, the pictures in `observation_features`
        if kept := (pictures | set(self._cameras)) & set(self._robot.get_observation()):
            devices.update(self._devices)
            raise CompatibilityError(
                f"{self.embodiment.name} reads {', '.join(sorted(kept))} in get_observation, whatever its `cameras` hold: a "
                "control loop cannot wait for a picture"
            )
        self._taken = True
        self._threads = [CameraThread(key, self._devices[key], self._clock) for key in self._cameras]
        for thread in self._threads:
            thread.first(FIRST_PICTURE_S)

    def _observe(self) -> dict[str, Any]:
        stamp = np.array(self._clock())
        reading = self._robot.get_observation()
        efforts = {joint.effort_key for joint in self._joints.values() if joint.effort_key}
        if missing := (set(self._joints) | efforts) - set(reading):
            raise EmbodimentFault(f"{self.embodiment.name} gave no reading of {', '.join(sorted(missing))}")
        obs: dict[str, Any] = {
            "joint_positions_rad": np.array([joint.to_si(float(reading[key])) for key, joint in self._joints.items()]),
            "stamp_s": stamp,
        }
        if self._feels:
            obs["joint_efforts"] = np.array([joint.effort(reading) for joint in self._joints.values()])
        return obs | ({"cameras": {thread.name: self._picture(thread) for thread in self._threads}} if self._threads else {})

    def _picture(self, thread: CameraThread) -> dict[str, Any]:
        rgb, stamp_s = thread.newest()
        mounted = self._cameras[thread.name]
        height, width = rgb.shape[:2]
        focal = width / 2.0 / np.tan(mounted.hfov_rad / 2.0)
        K = np.array([[focal, 0.0, (width - 1) / 2.0], [0.0, focal, (height - 1) / 2.0], [0.0, 0.0, 1.0]])
        return {"rgb": rgb, "K": K, "T_world_camera": mounted.T_world_camera, "stamp_s": np.array(stamp_s)}

    def _check_features(self) -> None:
        takes, gives = set(self._robot.action_features), set(self._robot.observation_features)
        named = set(self._joints)
        if other := sorted(key for key in named if not key.endswith(".pos")):
            raise CompatibilityError(
                f"LeRobotEnv takes joint positions, which LeRobot's robots name '.pos', not {', '.join(other)}: a robot that "
                "takes velocities, such as those of a base, is an environment of its own"
            )
        if takes != named:
            raise CompatibilityError(
                f"{type(self._robot).__name__} takes {sorted(takes)}, but `joints` names {sorted(named)}: name each joint once"
            )
        felt = {joint.effort_key for joint in self._joints.values() if joint.effort_key}
        if missing := (named | set(self._cameras) | felt) - gives:
            raise CompatibilityError(f"{type(self._robot).__name__} does not observe {sorted(missing)}")
        if hidden := set(self._cameras) - set(getattr(self._robot, "cameras", ())):
            raise CompatibilityError(
                f"{type(self._robot).__name__} has no {', '.join(sorted(hidden))} in its `cameras`, as LeRobot's robots do: a "
                "control loop cannot wait for a picture in get_observation"
            )


class EnvAsLeRobot:
    """An environment of joint positions with LeRobot's `Robot` interface, so that its tools can drive a simulation.

    joints: how each joint is stated, by label of the embodiment; degrees with no offset where it is left out. Keys are
    `<label>.pos`; pictures come under the camera's name, as long as it is in `cameras`. Commands are clipped to the bounds,
    and `send_action` returns what was sent.
    """

    name = "enactive"
    config = None

    def __init__(self, env: gym.Env[Any, Any], joints: Mapping[str, Joint] | None = None) -> None:
        self._env, self._body = env, embodiment_of(env)
        if self._body.control_mode != "joint_pos":
            raise CompatibilityError(f"{self._body.name} takes {self._body.control_mode}; LeRobot's robots take joint_pos")
        body = self._body
        self._joints = {
            f"{label}.pos": (joints or {}).get(label)
            or Joint(low, high, "percent" if unit == "1" else "deg", gripper=unit == "1")
            for label, unit, low, high in zip(body.labels, body.units, body.low, body.high, strict=True)
        }
        self.cameras = {camera.name: ShownCamera() for camera in body.cameras}
        self._obs: Mapping[str, Any] | None = None

    @property
    def observation_features(self) -> dict[str, Any]:
        """Joints as float, cameras as (H, W, 3)."""
        return {**self.action_features, **{camera.name: (camera.height, camera.width, 3) for camera in self._body.cameras}}

    @property
    def action_features(self) -> dict[str, Any]:
        """Joints as float."""
        return dict.fromkeys(self._joints, float)

    @property
    def is_connected(self) -> bool:
        """Whether `connect` was called."""
        return self._obs is not None

    @property
    def is_calibrated(self) -> bool:
        """A simulation needs no calibration."""
        return True

    def connect(self, calibrate: bool = True) -> None:
        """Reset the environment."""
        self._took(self._env.reset()[0])

    def calibrate(self) -> None:
        """Nothing to do."""

    def configure(self) -> None:
        """Nothing to do."""

    def get_observation(self) -> dict[str, Any]:
        """What the last command led to. Raises EmbodimentFault before `connect`."""
        obs = self._connected()
        joints = zip(self._joints.items(), np.asarray(obs["joint_positions_rad"]), strict=True)
        pictures = {name: obs["cameras"][name]["rgb"] for name in self.cameras}
        return {key: joint.from_si(float(value)) for (key, joint), value in joints} | pictures

    def send_action(self, action: dict[str, Any]) -> dict[str, Any]:
        """One step. Raises EmbodimentFault for joints that are missing, unknown or not finite."""
        self._connected()
        if set(action) != set(self._joints):
            raise EmbodimentFault(f"{self._body.name} takes {sorted(self._joints)}, got {sorted(action)}")
        values = np.array([joint.to_si(float(action[key])) for key, joint in self._joints.items()])
        if not np.isfinite(values).all():
            raise EmbodimentFault(f"the command for {self._body.name} is not finite: {action}")
        sent = np.clip(values, self._body.low, self._body.high)
        self._took(self._env.step(sent.astype(self._env.action_space.dtype))[0])
        pairs = zip(self._joints.items(), values, sent, strict=True)
        return {key: float(action[key]) if was == now else joint.from_si(float(now)) for (key, joint), was, now in pairs}

    def disconnect(self) -> None:
        """Close the environment."""
        self._obs = None
        self._env.close()

    def _took(self, obs: Mapping[str, Any]) -> None:
        self._obs = obs
        for name, camera in self.cameras.items():
            camera.show(obs["cameras"][name]["rgb"])

    def _connected(self) -> Mapping[str, Any]:
        if self._obs is None:
            raise EmbodimentFault(f"{self._body.name} is not connected: call connect() first")
        return self._obs


def _model(path: Path) -> Any:
    """Raises ConfigError where the file is missing or no MJCF."""
    from .household.engine import mujoco

    try:
        return mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no MJCF that MuJoCo can read: {error}") from error


class ShownCamera:
    """A camera of a simulation as LeRobot's tools read one: each step shows it a picture, which is read once."""

    def __init__(self) -> None:
        self._box: queue.Queue[NDArray[np.uint8]] = queue.Queue(maxsize=1)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Put a picture in the place of one that was not read."""
        with contextlib.suppress(queue.Empty):
            self._box.get_nowait()
        self._box.put_nowait(picture)

    def async_read(self, timeout_ms: float = 200.0) -> NDArray[np.uint8]:
        """The newest picture that was not read yet. Raises TimeoutError where none is shown in time."""
        try:
            return self._box.get(timeout=timeout_ms / 1000.0)
        except queue.Empty:
            raise TimeoutError(f"no new picture within {timeout_ms:g} ms") from None


def _camera_space(shape: tuple[int, int, int]) -> gym.spaces.Dict:
    spaces: dict[str, gym.Space[Any]] = {
        "rgb": gym.spaces.Box(0, 255, shape, np.uint8),
        "K": gym.spaces.Box(-np.inf, np.inf, (3, 3), np.float64),
        "T_world_camera": gym.spaces.Box(-np.inf, np.inf, (4, 4), np.float64),
        "stamp_s": gym.spaces.Box(-np.inf, np.inf, (), np.float64),
    }
    return gym.spaces.Dict(spaces)
