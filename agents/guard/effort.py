"""Forces and torques, where the body senses them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Observation
from enactive.errors import ConfigError, SafetyAbort

from .base import MotionLink, declared_limits

EFFORT_KEY, TOUCH_KEY = "joint_efforts", "touch_N"


class EffortLimit(MotionLink):
    """A joint that pushes too hard may not be sent further that way; back it may go.

    That is a joint whose effort is beyond `Embodiment.effort_limits`: `joint_efforts` in the observation, (D,) N*m (N for a
    prismatic joint), positive where the drive pushes towards larger positions. While one of the body's (F,) pads presses
    harder than `Embodiment.touch_limit_N` (`touch_N`, in N), it is every joint, the way that its command is ahead of where it
    is measured, since its servo pushes that way. Inert for a body that declares neither.
    """

    name = "effort"

    def reset(self, embodiment: Embodiment) -> None:
        """Take the limits of a body. Raises ConfigError for those that are not above 0, or that it cannot keep."""
        super().reset(embodiment)
        self.active = self.active and bool(embodiment.effort_limits or embodiment.touch_limit_N)
        self._pushes = np.zeros(embodiment.action_dim)  # the way that a joint pushes too hard: +1, -1, or 0 for neither
        if self.active and embodiment.effort_limits:
            self._limits = declared_limits(embodiment, embodiment.effort_limits, self.name)
        if (touch_N := embodiment.touch_limit_N) and not (touch_N > 0.0 and embodiment.control_mode == "joint_pos"):
            raise ConfigError(
                f"{embodiment.name} declares touch_limit_N = {touch_N}: it takes a force above 0 N, or 0 for no limit, "
                "and a body that is commanded by joint positions"
            )

    def observe(self, observation: Observation) -> None:
        """Find the joints that push too hard. Raises SafetyAbort where what the body declares limits of is not sensed."""
        super().observe(observation)
        if not self.active:
            return
        size = self.body.action_dim
        self._pushes = np.zeros(size)
        if self.body.effort_limits:
            efforts = self._sensed(EFFORT_KEY, observation.extra.get(EFFORT_KEY), size)
            self._pushes = np.where(np.abs(efforts) > self._limits, np.sign(efforts), 0.0)
        if self.body.touch_limit_N:
            touch = self._sensed(TOUCH_KEY, observation.extra.get(TOUCH_KEY))
            joints = self._sensed("joint_positions_rad", observation.joint_positions_rad, size)
            if self.last is not None and touch.max() > self.body.touch_limit_N:
                self._pushes = np.where(self._pushes == 0.0, np.sign(self.last - joints), self._pushes)

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep joints that push too hard from going further."""
        here = np.zeros_like(last) if self.flows else last
        high = np.where(self._pushes > 0.0, here, np.inf)
        low = np.where(self._pushes < 0.0, here, -np.inf)
        return np.clip(wanted, low, high)

    def _sensed(self, key: str, sensed: Any, size: int | None = None) -> NDArray[np.float64]:
        values = np.asarray(() if sensed is None else sensed, dtype=np.float64)
        if values.ndim != 1 or not values.size or size not in (None, values.size) or not np.isfinite(values).all():
            raise SafetyAbort(
                f"{self.body.name} declares limits of what it feels but its observation has no usable {key!r} "
                f"({values.tolist()}): mend the sensor, or switch the link off by name: off=({self.name!r},)"
            )
        return values
