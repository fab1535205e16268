"""Self-collision and workspace, by MuJoCo on the state that a command leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment
from enactive.errors import ConfigError

from .base import MotionLink

if TYPE_CHECKING:
    from enactive.envs.household.engine import mujoco

Box = tuple[tuple[float, float, float], tuple[float, float, float]]


class PredictedState(MotionLink):
    """Sweeps from the last command to the next one on a model of the body, and stops at the last waypoint that is free.

    model: the body as MuJoCo knows it; joints are found by the labels of the embodiment, or by `joints` (label -> name in
    the model), and a joint whose unit is 1, such as a gripper's, goes from end to end of its range there. workspace: for a
    body of the model, by name, the box (low, high) in metres of the world that its frame's origin must stay in. depth_m: how
    deep geoms of the model may touch; what MuJoCo filters (neighbours, `contype`, `<exclude>`) does not count. stride_rad:
    the longest way between two waypoints of a sweep.

    For joint positions alone.

    A command that starts in violation (the body was switched on touching itself) may go on as long as it gets no worse.
    """

    name = "collision"

    def __init__(
        self,
        model: mujoco.MjModel,
        *,
        joints: Mapping[str, str] | None = None,
        workspace: Mapping[str, Box] | None = None,
        depth_m: float = 0.001,
        stride_rad: float = 0.02,
    ) -> None:
        self.model, self.joints, self.depth_m, self.stride_rad = model, dict(joints or {}), depth_m, stride_rad
        self.workspace = dict(workspace or {})

    def reset(self, embodiment: Embodiment) -> None:
        """Find the joints in the model. Raises ConfigError where one is missing, or has the unit 1 and no range there."""
        from enactive.envs.household.engine import mujoco

        super().reset(embodiment)
        self.active = embodiment.control_mode == "joint_pos"
        if not self.active:
            return
        self._data = mujoco.MjData(self.model)
        addresses, scales = [], []
        units = embodiment.units or ("",) * len(embodiment.labels)
        for label, unit in zip(embodiment.labels, units, strict=True):
            name = self.joints.get(label, label)
            joint = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_JOINT, name)
            if joint < 0:
                raise ConfigError(f"the guard's model has no joint {name!r} for {label!r}: name it in `joints`")
            if unit == "1" and not self.model.jnt_limited[joint]:
                raise ConfigError(f"the guard's model gives the joint {name!r} no range for {label!r} to go through: add one")
            addresses.append(int(self.model.jnt_qposadr[joint]))
            low, high = self.model.jnt_range[joint] if unit == "1" else (0.0, 1.0)
            scales.append((low, high - low))
        self._addresses, self._scales = np.array(addresses), np.array(scales)
        self._boxes = []
        for name, (low, high) in self.workspace.items():
            body = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, name)
            if body < 0:
                raise ConfigError(f"the guard's model has no body {name!r} to keep in its workspace")
            self._boxes.append((body, np.asarray(low), np.asarray(high)))

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """The last waypoint on the straight way from `last` to `wanted` that violates nothing."""
        stretches = max(1, int(np.ceil(np.abs(wanted - last).max() / self.stride_rad)))
        bound = max(0.0, self.violation_m(last))
        free = last
        for share in np.arange(1, stretches + 1) / stretches:
            waypoint = wanted if share == 1.0 else last + share * (wanted - last)
            if self.violation_m(waypoint) > bound + 1e-9:
                return free
            free = waypoint
        return free

    def violation_m(self, positions_rad: NDArray[np.float64]) -> float:
        """How far a configuration (D,) is beyond what is allowed, in metres; 0 or less where all is well."""
        from enactive.envs.household.engine import mujoco

        data = self._data
        data.qpos[self._addresses] = self._scales[:, 0] + self._scales[:, 1] * positions_rad
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        mujoco.mj_collision(self.model, data)
        worst = max((-float(contact.dist) for contact in data.contact[: data.ncon]), default=0.0) - self.depth_m
        for body, low, high in self._boxes:
            place = data.xpos[body]
            worst = max(worst, float(np.max(np.maximum(low - place, place - high))))
        return worst
