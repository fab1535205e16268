"""What leaves an environment: cameras, body pose, joints and text, each with its stamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.errors import EmbodimentFault, PerceptionError

HELD = "control_loop.held"  # in `extra`, True from a control loop: the last command was a hold in place of what was asked for
STANDARD_KEYS = frozenset({"cameras", "T_world_base", "joint_positions_rad", "text", "stamp_s"})


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """One picture and where it was taken from.

    rgb: (H, W, 3) uint8. depth: (H, W) float32 metres along the optical axis, 0 = no return, or None.
    K: (3, 3) float64 intrinsics in pixels, (0, 0) the middle of the top left one. T_world_camera: (4, 4) float64, OpenCV
    optical frame (x right, y down, z forward).
    stamp_s: monotonic time of capture.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32] | None
    K: NDArray[np.float64]
    T_world_camera: NDArray[np.float64]
    stamp_s: float

    @property
    def depth_m(self) -> NDArray[np.float32]:
        """`depth`, for those who cannot do without. Raises PerceptionError where the camera measures none."""
        if self.depth is None:
            raise PerceptionError("the camera gives no depth: use a depth camera, or a perceiver that needs none")
        return self.depth


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one step of the world tells the agent.

    cameras: frames by name. T_world_base: (4, 4) float64 pose of the base on the floor (x forward, y left, z up), None
    where the body does not know it. joint_positions_rad: (J,) float64 or None. text: what the world says in words (a
    mission, the outcome of an interaction). stamp_s: monotonic seconds. extra: keys of the environment that are not
    standard, untouched.
    """

    cameras: Mapping[str, CameraFrame] = field(default_factory=dict)
    T_world_base: NDArray[np.float64] | None = None
    joint_positions_rad: NDArray[np.float64] | None = None
    text: str = ""
    stamp_s: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_gym(cls, obs: Mapping[str, Any], info: Mapping[str, Any] | None = None) -> Observation:
        """Read a Gymnasium observation that uses the standard keys.

        `obs["cameras"][name]` is a dict with `rgb`, `K`, `T_world_camera`, `stamp_s` and, where measured, `depth`; beside
        it stand `T_world_base`, `joint_positions_rad`, `text` and `stamp_s`, all optional. Other keys go to `extra`.

        Raises EmbodimentFault where the observation is not a mapping or a camera lacks a required key.
        """
        if not isinstance(obs, Mapping):
            raise EmbodimentFault(f"the environment returned {type(obs).__name__}; Enactive needs a Dict observation space")
        joints = obs.get("joint_positions_rad")
        pose = obs.get("T_world_base")
        return cls(
            cameras={name: _frame(name, camera) for name, camera in obs.get("cameras", {}).items()},
            T_world_base=None if pose is None else np.asarray(pose, dtype=np.float64),
            joint_positions_rad=None if joints is None else np.asarray(joints, dtype=np.float64),
            text=str(obs.get("text", "")),
            stamp_s=float(np.asarray(obs.get("stamp_s", 0.0)).item()),
            extra={key: value for key, value in obs.items() if key not in STANDARD_KEYS},
        )


def _frame(name: str, camera: Mapping[str, Any]) -> CameraFrame:
    missing = {"rgb", "K", "T_world_camera", "stamp_s"} - set(camera)
    if missing:
        raise EmbodimentFault(f"camera {name!r} came without {', '.join(sorted(missing))}")
    depth = camera.get("depth")
    return CameraFrame(
        rgb=np.asarray(camera["rgb"]),
        depth=None if depth is None else np.asarray(depth),
        K=np.asarray(camera["K"], dtype=np.float64),
        T_world_camera=np.asarray(camera["T_world_camera"], dtype=np.float64),
        stamp_s=float(np.asarray(camera["stamp_s"]).item()),
    )
