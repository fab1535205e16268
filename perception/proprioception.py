"""Perception of a body that needs no more than its own senses: the observation is passed on as it is."""

from __future__ import annotations

import numpy as np

from enactive.envs import Embodiment, Goal, Observation
from enactive.errors import PerceptionError

from .base import Belief


class Proprioception:
    """Passes observations on once it has seen that the joints are there, finite, and not older than before."""

    needs = frozenset({"joints"})
    provides: frozenset[str] = frozenset()

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self._steps, self._stamp_s = 0, -np.inf

    def update(self, observation: Observation) -> Belief:
        joints = observation.joint_positions_rad
        if joints is None or not np.isfinite(joints).all():
            raise PerceptionError("the body sent no joint positions, or some that are not finite: check its encoders")
        if observation.stamp_s < self._stamp_s:
            raise PerceptionError(f"the observation of {observation.stamp_s} s came after that of {self._stamp_s} s")
        self._steps, self._stamp_s = self._steps + 1, observation.stamp_s
        return Belief(self._steps, observation)
