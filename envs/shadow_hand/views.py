"""Labelled pictures of the hand, each from its own seed: to learn from, to judge by, or to write into a data set.

Every picture is numbered within a split, and the split and the number seed everything about it: poses, cameras and looks of two
splits come from different streams, so that nothing of a picture that is tested on can be in one that is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..household.engine import mujoco
from .joints import FINGERS
from .look import Look, Randomisation, draw_look
from .model import Morphology, Side
from .poses import Method, PoseMaker
from .render import HandRenderer

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
KEYPOINTS: tuple[str, ...] = ("wrist", *(f"{finger}{part}" for finger in FINGERS for part in ("base", "bend", "end", "tip")))
_BODIES = (
    "palm",
    *(f"{finger.lower()}{part}" for finger in FINGERS[:4] for part in ("knuckle", "middle", "distal")),
    "thbase",
    "thmiddle",
    "thdistal",
)
MAKING = 1  # raise it with whatever changes the picture or pose of a number: hand, poses, looks, renderer
SETTLED = 0.05  # share of the poses that physics makes, where both ways are used


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture and what is true of it.

    rgb: (H, W, 3) uint8. joints_rad: (24,). keypoints_uv: (21, 2) float64 pixels of `KEYPOINTS`, hidden or outside as they
    may be. depths_m: (21,) of the same along the optical axis. look: how the picture was taken. method: how the pose was made.
    """

    rgb: NDArray[np.uint8]
    joints_rad: NDArray[np.float64]
    keypoints_uv: NDArray[np.float64]
    depths_m: NDArray[np.float64]
    look: Look
    method: Method


class HandViews:
    """Makes views one by one, or in any order: view `index` is always the same.

    seed: of the whole set. method: how poses are made; None mixes, with a share of `SETTLED` by physics.
    morphology: of the hand that is seen; its angles are named and signed as the Shadow Hand's. posed: the hand within whose
    reach poses are drawn, the one that is seen where not given. Raises ConfigError for a split that does not exist. Close it to
    free the renderer.
    """

    def __init__(
        self,
        split: Split,
        seed: int = 0,
        randomisation: Randomisation | None = None,
        method: Method | None = None,
        side: Side = "right",
        width: int = 224,
        height: int = 224,
        morphology: Morphology = "shadow",
        posed: Morphology | None = None,
    ) -> None:
        if split not in SPLITS:
            raise ConfigError(f"the splits are {', '.join(SPLITS)}, not {split!r}")
        self.split, self.seed, self.method, self.side = split, seed, method, side
        self.randomisation = Randomisation() if randomisation is None else randomisation
        self.poses = PoseMaker(side, posed or morphology)
        self.renderer = HandRenderer(side, width, height, morphology)
        self._ids = keypoint_ids(self.renderer.model)

    def __getitem__(self, index: int) -> View:
        pose_rng, look_rng = np.random.default_rng([self.seed, SPLITS.index(self.split), index]).spawn(2)
        method: Method = self.method or ("settle" if pose_rng.random() < SETTLED else "untangle")
        joints = self.poses.pose(pose_rng, method)
        look = draw_look(look_rng, self.randomisation, self.renderer.visual_parts)
        rgb = self.renderer.picture(joints, look)
        points, depths = self.project(look)
        return View(rgb, joints, points, depths, look, method)

    def project(self, look: Look) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(21, 2) pixels and (21,) depths in m of the keypoints of the pose that was drawn last, as seen by a look."""
        T, K = look.T_world_camera(), look.K(self.renderer.width, self.renderer.height)
        seen = (keypoints_m(self.renderer.data, *self._ids) - T[:3, 3]) @ T[:3, :3] @ K.T
        return np.asarray(seen[:, :2] / seen[:, 2:]), np.asarray(seen[:, 2])

    def close(self) -> None:
        """Free the renderer's textures and frame buffer."""
        self.renderer.close()

    def __enter__(self) -> HandViews:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def keypoint_ids(model: mujoco.MjModel) -> tuple[list[int], list[int]]:
    """The bodies and the sites that `keypoints_m` reads."""
    return [model.body(name).id for name in _BODIES], [model.site(f"{finger}tip").id for finger in FINGERS]


def keypoints_m(data: mujoco.MjData, bodies: list[int], tips: list[int]) -> NDArray[np.float64]:
    """(21, 3) m, `KEYPOINTS` in the forearm's frame, of a state whose kinematics are done."""
    wrist, chains = data.xpos[bodies[:1]], data.xpos[bodies[1:]].reshape(len(FINGERS), 3, 3)
    fingers = np.concatenate([chains, data.site_xpos[tips][:, None]], axis=1)
    return np.concatenate([wrist, fingers.reshape(-1, 3)])
