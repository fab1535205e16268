"""A MuJoCo arm with two joints whose drives take velocities: what it was last told goes on until it is told otherwise."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment

XML = """
<mujoco>
  <compiler angle="radian"/>
  <option timestep="0.002" integrator="implicitfast" gravity="0 0 0"/>
  <worldbody>
    <body><joint name="a" armature="0.01"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02"/>
      <body pos="0.35 0 0"><joint name="b" armature="0.01"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02"/></body>
    </body>
  </worldbody>
  <actuator><velocity joint="a" kv="5"/><velocity joint="b" kv="5"/></actuator>
</mujoco>
"""


class VelocityArm(gym.Env[dict[str, Any], NDArray[np.float64]]):
    """100 commands a second, at most 2 rad/s and 8 rad/s^2. sent: all commands, in order."""

    embodiment = Embodiment(
        "velocity arm",
        "joint_vel",
        labels=("a", "b"),
        units=("rad/s", "rad/s"),
        low=(-2.0, -2.0),
        high=(2.0, 2.0),
        frame="joint",
        rate_hz=100.0,
        acceleration_limits=(8.0, 8.0),
        simulated=True,
    )
    action_space = gym.spaces.Box(-2.0, 2.0, (2,), np.float64)
    observation_space = gym.spaces.Dict(
        {
            "joint_positions_rad": gym.spaces.Box(-np.inf, np.inf, (2,), np.float64),
            "stamp_s": gym.spaces.Box(0.0, np.inf, (), np.float64),
        }
    )

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from enactive.envs.household.engine import mujoco

        super().reset(seed=seed)
        self.model = mujoco.MjModel.from_xml_string(XML)
        self.data = mujoco.MjData(self.model)
        self.sent: list[NDArray[np.float64]] = []
        return self._observe(), {}

    def step(self, action: NDArray[np.float64]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.sent.append(np.array(action))
        self.data.ctrl[:] = action
        return self.pass_time(), 0.0, False, False, {}

    def pass_time(self, periods: int = 1) -> dict[str, Any]:
        """Let the physics go on, with the drives as they were last told."""
        from enactive.envs.household.engine import mujoco

        mujoco.mj_step(self.model, self.data, nstep=5 * periods)
        return self._observe()

    def _observe(self) -> dict[str, Any]:
        return {"joint_positions_rad": self.data.qpos.copy(), "stamp_s": np.array(self.data.time)}
