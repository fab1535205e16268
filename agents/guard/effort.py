"""Forces and torques, where the body senses them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Observation
from enactive.errors import SafetyAbort

from .base import MotionLink, declared_limits

EFFORT_KEY = "joint_efforts"


class EffortLimit(MotionLink):
    """A joint that pushes harder than `Embodiment.effort_limits` may not be sent further that way; back it may go.

    Reads `joint_efforts` from the observation: (D,) N*m (N for a prismatic joint), positive where the drive pushes towards
    larger positions. Inert for a body that declares no effort limits.
    """

    name = "effort"

    def reset(self, embodiment: Embodiment) -> None:
        """Take the effort limits of a body."""
        super().reset(embodiment)
        self.active = self.active and bool(embodiment.effort_limits)
        if self.active:
            self._limits = declared_limits(embodiment, embodiment.effort_limits, self.name)
            self._efforts = np.zeros(embodiment.action_dim)

    def observe(self, observation: Observation) -> None:
        """Keep the efforts. Raises SafetyAbort where the body declares limits but senses no or broken efforts."""
        super().observe(observation)
        if not self.active:
            return
        efforts = np.asarray(observation.extra.get(EFFORT_KEY, ()), dtype=np.float64)
        if efforts.shape != self._limits.shape or not np.isfinite(efforts).all():
            raise SafetyAbort(
                f"{self.body.name} declares effort limits but its observation has no usable {EFFORT_KEY!r} "
                f"({efforts.tolist()}): mend the sensor, or switch the link off by name: off=({self.name!r},)"
            )
        self._efforts = efforts

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep joints that push too hard from going further."""
        here = np.zeros_like(last) if self.flows else last
        high = np.where(self._efforts > self._limits, here, np.inf)
        low = np.where(self._efforts < -self._limits, here, -np.inf)
        return np.clip(wanted, low, high)
