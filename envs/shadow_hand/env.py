"""`ShadowHand`: the hand on its forearm before a camera, as a Gymnasium environment commanded by joint angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..embodiment import CameraInfo, Embodiment
from ..household.engine import mujoco
from ..substeps import substeps
from .joints import FINGERS, JOINTS
from .look import PLAIN_HFOV_RAD, Look, Randomisation, draw_look
from .model import TIMESTEP_S, Morphology, Side, compile_mjcf, hand_mjcf
from .poses import PoseMaker
from .render import HandRenderer

_FAR, _MAX_TOUCH_N, _MAX_SPEED_RAD_S = 1e4, 1e3, 1e3
_NO_PARTS = Randomisation.none()


class ShadowHand(gym.Env[dict[str, Any], NDArray[np.float32]]):
    """A Shadow Hand, or an Adroit hand, whose 24 servos take target angles (rad, order of `joints.JOINTS`) at a fixed rate.

    side: "right" or "left". rate_hz: of the commands; a whole number of 2 ms steps must fit. camera_hz: how often the camera
    takes a picture at most; between two the last one is repeated with its stamp. randomisation: which parts of the picture vary
    from episode to episode, none where not given. max_steps: then the episode is truncated; 0 is never. morphology: "shadow",
    or "adroit" for the right hand of `adroit`, whose joints have the same names, in the ranges that both hands reach.
    touch_limit_N: while a fingertip's pad presses harder than this, the guard sends no joint further the way that it pushes; 0
    for no limit.

    Observations have the standard keys of `Observation.from_gym` with one camera, "front", and besides them
    `joint_velocities_rad_s` (24,) and `touch_N` (5,), the force on the pad of each fingertip in the order of `joints.FINGERS`.
    `info["contacts"]` names the pairs of parts that touch. `reset(options=...)` takes {"pose": (24,) rad to start from, or
    "random"}, the open hand where not given, and {"goal": Goal}, which is the planner's to see to.
    """

    partners = {"perceiver": "Proprioception", "planner": "CopyPose", "controller": "PoseLess"}  # noqa: RUF012
    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self,
        side: Side = "right",
        rate_hz: float = 100.0,
        camera_hz: float = 25.0,
        width: int = 224,
        height: int = 224,
        randomisation: Randomisation | None = None,
        max_steps: int = 0,
        render_mode: Literal["rgb_array"] | None = None,
        morphology: Morphology = "shadow",
        touch_limit_N: float = 0.0,
    ) -> None:
        self._substeps = substeps(rate_hz, TIMESTEP_S)
        if camera_hz <= 0:
            raise ConfigError(f"camera_hz must be above 0, not {camera_hz}")
        self.side, self.rate_hz, self.camera_hz, self.width, self.height = side, rate_hz, camera_hz, width, height
        self.randomisation = _NO_PARTS if randomisation is None else randomisation
        self.max_steps, self.morphology, self.render_mode = max_steps, morphology, render_mode
        self.model = compile_mjcf(hand_mjcf(side, morphology))
        self._low_rad, self._high_rad = self.model.jnt_range.T.copy()
        self.data = mujoco.MjData(self.model)
        camera = CameraInfo("front", width, height, PLAIN_HFOV_RAD)
        self.embodiment = Embodiment(
            f"{morphology}_hand_{side}",
            "joint_pos",
            labels=JOINTS,
            units=("rad",) * len(JOINTS),
            low=tuple(self._low_rad.tolist()),
            high=tuple(self._high_rad.tolist()),
            frame="joint",
            rate_hz=rate_hz,
            cameras=(camera,),
            touch_limit_N=touch_limit_N,
            simulated=True,
        )
        self.observation_space = _observation_space(width, height)
        low, high = self._low_rad.astype(np.float32), self._high_rad.astype(np.float32)
        self.action_space = gym.spaces.Box(low, high, dtype=np.float32)
        self.look = Look()
        self._renderer: HandRenderer | None = None
        self._poses: PoseMaker | None = None
        self._frame: dict[str, Any] = {}

    @property
    def renderer(self) -> HandRenderer:
        """The renderer, made when first used, in the thread that uses it."""
        if self._renderer is None:
            self._renderer = HandRenderer(self.side, self.width, self.height, self.morphology)
        return self._renderer

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode with a new look. Raises ConfigError for unknown options and for a pose that the hand cannot have."""
        super().reset(seed=seed)
        chosen = dict(options or {})
        chosen.pop("goal", None)
        pose = self._start(chosen.pop("pose", None))
        if chosen:
            raise ConfigError(f'reset takes the options "pose" and "goal", not {", ".join(map(repr, sorted(chosen)))}')
        self.look = draw_look(self.np_random, self.randomisation, self.renderer.visual_parts)
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] = self.data.ctrl[:] = pose
        mujoco.mj_forward(self.model, self.data)
        self._steps, self._pictures = 0, 0
        return self._observe(), self._info()

    def step(self, action: NDArray[np.float32]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Send target angles, (24,) rad, clipped to the ranges, and let the hand move. The reward is 0."""
        self.data.ctrl[:] = np.clip(np.asarray(action, dtype=np.float64), self._low_rad, self._high_rad)
        mujoco.mj_step(self.model, self.data, self._substeps)
        self._steps += 1
        return self._observe(), 0.0, False, 0 < self.max_steps <= self._steps, self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """The latest picture, (H, W, 3) uint8, with render_mode="rgb_array"."""
        return None if self.render_mode is None or not self._frame else self._frame["rgb"].copy()

    def close(self) -> None:
        """Free the OpenGL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _start(self, pose: Any) -> NDArray[np.float64]:
        if pose is None:
            return np.zeros(len(JOINTS))
        if isinstance(pose, str) and pose == "random":
            self._poses = self._poses or PoseMaker(self.side, self.morphology)
            return self._poses.pose(self.np_random)
        angles = np.asarray(pose, dtype=np.float64)
        low, high = self._low_rad - 1e-6, self._high_rad + 1e-6
        if angles.shape != (len(JOINTS),) or not ((angles >= low) & (angles <= high)).all():
            raise ConfigError('the option "pose" takes 24 angles in rad within the bounds of the embodiment, or "random"')
        return angles

    def _observe(self) -> dict[str, Any]:
        now_s = float(self.data.time)
        if not self._pictures or now_s * self.camera_hz >= self._pictures - 1e-6:
            self._frame = {
                "rgb": self.renderer.picture(self.data.qpos, replace(self.look, pixels=self.look.pixels + self._steps)),
                "K": self.look.K(self.width, self.height),
                "T_world_camera": self.look.T_world_camera(),
                "stamp_s": np.array([now_s]),
            }
            self._pictures = int(now_s * self.camera_hz + 1e-6) + 1
        return {
            "cameras": {"front": {key: value.copy() for key, value in self._frame.items()}},
            "joint_positions_rad": self.data.qpos.copy(),
            "joint_velocities_rad_s": self.data.qvel.copy(),
            "touch_N": self.data.sensordata.copy(),
            "stamp_s": np.array([now_s]),
        }

    def _info(self) -> dict[str, Any]:
        pairs = {tuple(sorted(self._part(geom) for geom in (c.geom1, c.geom2))) for c in self.data.contact}
        return {"contacts": sorted(pairs)}

    def _part(self, geom: int) -> str:
        return str(self.model.body(self.model.geom_bodyid[geom]).name)


def _observation_space(width: int, height: int) -> gym.spaces.Dict:
    def box(low: float, high: float, *shape: int) -> gym.spaces.Box:
        return gym.spaces.Box(low, high, shape, dtype=np.float64)

    camera: dict[str, gym.Space[Any]] = {
        "rgb": gym.spaces.Box(0, 255, (height, width, 3), dtype=np.uint8),
        "K": box(-_FAR, _FAR, 3, 3),
        "T_world_camera": box(-_FAR, _FAR, 4, 4),
        "stamp_s": box(0.0, np.inf, 1),
    }
    return gym.spaces.Dict(
        {
            "cameras": gym.spaces.Dict({"front": gym.spaces.Dict(camera)}),
            "joint_positions_rad": box(-4.0, 4.0, len(JOINTS)),
            "joint_velocities_rad_s": box(-_MAX_SPEED_RAD_S, _MAX_SPEED_RAD_S, len(JOINTS)),
            "touch_N": box(0.0, _MAX_TOUCH_N, len(FINGERS)),
            "stamp_s": box(0.0, np.inf, 1),
        }
    )
