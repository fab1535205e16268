"""`MovingHand`: a second hand before a camera of its own that moves from pose to pose, for others to mirror."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..household.engine import mujoco
from .joints import HIGH_RAD, JOINTS, LOW_RAD
from .look import Look, Randomisation, draw_look
from .model import TIMESTEP_S, compile_mjcf, hand_mjcf
from .poses import PoseMaker
from .render import HandRenderer

_ROW_S = 0.02


class MovingHand:
    """A right hand that goes round a closed path of random poses, and the pictures that a camera takes of it.

    Servos pull it from one pose to the next and back to the first, so that it never passes through itself. Where it is follows
    from the arguments and from the monotonic clock (`time.perf_counter`) alone: another process of this machine that makes the
    same object knows the truth of every moment.

    seed: of the poses and of the look. poses: on the path. pose_s: from one to the next, so that a round takes
    poses * pose_s. randomisation: which parts of the look are drawn, once for all pictures; none where not given. Close it in
    the thread that took pictures, to free their renderer; the next picture makes another. Raises ConfigError for a path without
    poses or without time.
    """

    def __init__(
        self,
        seed: int = 0,
        poses: int = 12,
        pose_s: float = 2.0,
        randomisation: Randomisation | None = None,
        width: int = 224,
        height: int = 224,
    ) -> None:
        if poses < 1 or pose_s < _ROW_S:
            raise ConfigError(f"a path needs a pose and {_ROW_S} s for each, not {poses} poses and {pose_s} s")
        self.seed, self.poses, self.pose_s = seed, poses, pose_s
        self.randomisation = Randomisation.none() if randomisation is None else randomisation
        self.width, self.height = width, height
        self.taken_s = math.nan  # when `picture` was last taken

    def joints_rad(self, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 24) where the hand is at N moments (N,) of the monotonic clock, order of `joints.JOINTS`."""
        path = self._path
        place = at_s % (self.poses * self.pose_s) / (self.poses * self.pose_s) * len(path)
        row = place.astype(np.int64) % len(path)
        share = (place - np.floor(place))[:, np.newaxis]
        return np.asarray((1.0 - share) * path[row] + share * path[(row + 1) % len(path)])

    def picture(self) -> NDArray[np.uint8]:
        """(height, width, 3) uint8, taken now."""
        self.taken_s = time.perf_counter()
        return self.picture_at(self.taken_s)

    def picture_at(self, at_s: float) -> NDArray[np.uint8]:
        """(height, width, 3) uint8, taken at a moment of the monotonic clock."""
        look = replace(self._look, pixels=self._look.pixels + int(at_s / _ROW_S))  # the noise of no two pictures is the same
        return self._renderer.picture(self.joints_rad(np.array([at_s]))[0], look)

    def close(self) -> None:
        """Free the renderer, where a picture was taken."""
        if (renderer := self.__dict__.pop("_renderer", None)) is not None:
            renderer.close()

    @cached_property
    def _renderer(self) -> HandRenderer:
        """Made by the first picture, in the thread that takes it."""
        return HandRenderer("right", self.width, self.height)

    @cached_property
    def _look(self) -> Look:
        return draw_look(np.random.default_rng([self.seed, 1]), self.randomisation, self._renderer.visual_parts)

    @cached_property
    def _path(self) -> NDArray[np.float64]:
        """(R, 24) rad, about 50 rows a second."""
        maker, rng = PoseMaker(), np.random.default_rng([self.seed, 0])
        stops = [maker.pose(rng) for _ in range(self.poses)]
        model = compile_mjcf(hand_mjcf())
        data = mujoco.MjData(model)
        data.qpos[:] = stops[0]
        rows = round(self.pose_s / _ROW_S)
        path = np.empty((self.poses, rows, len(JOINTS)))
        for leg, (here, there) in enumerate(zip(stops, [*stops[1:], stops[0]], strict=True)):
            for row in range(rows):
                path[leg, row] = data.qpos
                data.ctrl[:] = here + 0.5 * (1.0 - np.cos(np.pi * row / rows)) * (there - here)
                mujoco.mj_step(model, data, round(_ROW_S / TIMESTEP_S))
        return np.clip(path.reshape(-1, len(JOINTS)), LOW_RAD, HIGH_RAD)
