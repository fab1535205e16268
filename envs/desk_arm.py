"""A small arm on a desk, in MuJoCo: the smallest body with joints, to try a control loop on before hardware is at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from .embodiment import CameraInfo, Embodiment
from .substeps import substeps

if TYPE_CHECKING:  # which the command line runs, to read annotations: so by the way that chooses the renderer first
    from .household.engine import mujoco

JOINTS = ("turn", "shoulder", "elbow", "wrist")
BOUNDS_RAD = ((-2.6, 2.6), (-1.8, 1.8), (-2.6, 2.6), (-1.8, 1.8))
HFOV_RAD = float(np.deg2rad(60.0))
XML = """
<mujoco model="desk arm">
  <compiler angle="radian"/>
  <option timestep="0.002" integrator="implicitfast"/>
  <visual><global offwidth="640" offheight="480"/><quality shadowsize="0" numquads="1" offsamples="0"/></visual>
  <default>
    <joint damping="0.4" armature="0.02"/>
    <geom type="capsule" density="600" rgba="0.85 0.45 0.2 1"/>
    <position kp="40" kv="4" forcerange="-20 20"/>
  </default>
  <worldbody>
    <light pos="0 -1 2" dir="0 0.4 -1" castshadow="false"/>
    <camera name="side" fovy="{fovy_deg}" pos="0.2 -1.1 0.6" xyaxes="1 0 0 0 0.35 0.94"/>
    <geom name="desk" type="plane" size="1 1 0.1" rgba="0.4 0.5 0.55 1"/>
    <body name="column">
      <geom name="column" type="cylinder" size="0.05 0.06" pos="0 0 0.06" rgba="0.3 0.3 0.35 1"/>
      <body name="turret" pos="0 0 0.16">
        <joint name="turn" axis="0 0 1" range="{turn}"/>
        <geom name="turret" type="sphere" size="0.035"/>
        <body name="upper">
          <joint name="shoulder" axis="0 1 0" range="{shoulder}"/>
          <geom name="upper" fromto="0 0 0.03 0 0 0.22" size="0.02"/>
          <body name="fore" pos="0 0 0.24">
            <joint name="elbow" axis="0 1 0" range="{elbow}"/>
            <geom name="fore" fromto="0 0 0.02 0 0 0.2" size="0.016"/>
            <body name="tip" pos="0 0 0.22">
              <joint name="wrist" axis="0 1 0" range="{wrist}"/>
              <geom name="tip" fromto="0 0 0.01 0 0 0.07" size="0.012" rgba="0.2 0.6 0.8 1"/>
            </body>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position name="turn" joint="turn"/><position name="shoulder" joint="shoulder"/>
    <position name="elbow" joint="elbow"/><position name="wrist" joint="wrist"/>
  </actuator>
</mujoco>
"""


class DeskArm(gym.Env[dict[str, Any], NDArray[np.float64]]):
    """Four joints (turn, shoulder, elbow, wrist), commanded by position in radians.

    rate_hz: commands per second of simulated time; a whole number of 2 ms steps must fit. width, height: of the camera's
    pictures in pixels; 0 for no camera. The observation holds `joint_positions_rad` (4,), `joint_efforts` (4,) N*m and
    `stamp_s` (simulated time). `mujoco_model` is for guards that predict. Nothing ends an episode: a body has no task of its
    own. Raises ConfigError for a rate that it cannot keep.
    """

    def __init__(self, rate_hz: float = 100.0, width: int = 0, height: int = 0) -> None:
        self._model = self.mujoco_model = make_model(width, height) if width else make_model()
        self._substeps = substeps(rate_hz, self._model.opt.timestep)
        self._size = (width, height)
        self._renderer: mujoco.Renderer | None = None
        low, high = (tuple(pair[side] for pair in BOUNDS_RAD) for side in (0, 1))
        self.embodiment = Embodiment(
            "desk arm",
            "joint_pos",
            labels=JOINTS,
            units=("rad",) * len(JOINTS),
            low=low,
            high=high,
            frame="joint",
            rate_hz=rate_hz,
            cameras=(CameraInfo("side", width, height, HFOV_RAD),) if width else (),
            velocity_limits=(3.0,) * len(JOINTS),
            acceleration_limits=(40.0,) * len(JOINTS),
            effort_limits=(18.0,) * len(JOINTS),
            simulated=True,
        )
        self.action_space = gym.spaces.Box(np.array(low), np.array(high), dtype=np.float64)
        spaces: dict[str, gym.Space[Any]] = {
            "joint_positions_rad": gym.spaces.Box(-np.inf, np.inf, (len(JOINTS),), np.float64),
            "joint_efforts": gym.spaces.Box(-np.inf, np.inf, (len(JOINTS),), np.float64),
            "stamp_s": gym.spaces.Box(0.0, np.inf, (), np.float64),
        }
        if width:
            camera: dict[str, gym.Space[Any]] = {
                "rgb": gym.spaces.Box(0, 255, (height, width, 3), np.uint8),
                "K": gym.spaces.Box(-np.inf, np.inf, (3, 3), np.float64),
                "T_world_camera": gym.spaces.Box(-np.inf, np.inf, (4, 4), np.float64),
                "stamp_s": gym.spaces.Box(0.0, np.inf, (), np.float64),
            }
            spaces["cameras"] = gym.spaces.Dict({"side": gym.spaces.Dict(camera)})
        self.observation_space = gym.spaces.Dict(spaces)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """At rest, near upright; the seed draws where."""
        from .household.engine import mujoco

        super().reset(seed=seed)
        self._data = mujoco.MjData(self._model)
        self._data.qpos[:] = self.np_random.uniform(-0.3, 0.3, len(JOINTS))
        self._data.ctrl[:] = self._data.qpos
        mujoco.mj_forward(self._model, self._data)
        return self._observe(), {}

    def step(self, action: NDArray[np.float64]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Drive towards joint positions for one period."""
        from .household.engine import mujoco

        self._data.ctrl[:] = action
        mujoco.mj_step(self._model, self._data, nstep=self._substeps)
        return self._observe(), 0.0, False, False, {}

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _observe(self) -> dict[str, Any]:
        stamp = np.array(self._data.time)
        obs: dict[str, Any] = {
            "joint_positions_rad": self._data.qpos.copy(),
            "joint_efforts": self._data.actuator_force.copy(),
            "stamp_s": stamp,
        }
        if self._size[0]:
            obs["cameras"] = {"side": self._picture(stamp)}
        return obs

    def _picture(self, stamp: NDArray[np.float64]) -> dict[str, Any]:
        from .household.engine import mujoco

        width, height = self._size
        if self._renderer is None:
            self._renderer = mujoco.Renderer(self._model, height, width)
        self._renderer.update_scene(self._data, camera="side")
        focal = width / 2.0 / np.tan(HFOV_RAD / 2.0)
        pose = np.eye(4)  # MuJoCo's cameras look along -z with y up; the optical frame looks along z with y down
        pose[:3, :3] = self._data.cam_xmat[0].reshape(3, 3) * np.array([1.0, -1.0, -1.0])
        pose[:3, 3] = self._data.cam_xpos[0]
        return {
            "rgb": self._renderer.render(),
            "K": np.array([[focal, 0.0, (width - 1) / 2.0], [0.0, focal, (height - 1) / 2.0], [0.0, 0.0, 1.0]]),
            "T_world_camera": pose,
            "stamp_s": stamp,
        }


def make_model(width: int = 4, height: int = 3) -> mujoco.MjModel:
    """The arm as MuJoCo knows it, for the simulation and for guards that predict."""
    from .household.engine import mujoco

    fovy_deg = np.rad2deg(2.0 * np.arctan(np.tan(HFOV_RAD / 2.0) * height / width))
    ranges = {name: f"{low} {high}" for name, (low, high) in zip(JOINTS, BOUNDS_RAD, strict=True)}
    xml = XML.format(fovy_deg=fovy_deg, **ranges)
    return mujoco.MjModel.from_xml_string(xml)
