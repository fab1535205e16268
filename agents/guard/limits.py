"""Bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, Embodiment
from enactive.errors import ConfigError

from .base import MotionLink


class Limits(MotionLink):
    """A command out of the bounds of its body is clipped.

    A joint that was found out of bounds may stay where it is, so that a hold is a hold; any other command brings it in, as
    fast as the later links grant.
    """

    name = "limits"

    def reset(self, embodiment: Embodiment) -> None:
        """Take the bounds of a body. Raises ConfigError for those that do not fit it, or that shut standing still out."""
        super().reset(embodiment)
        self.active = embodiment.control_mode == "joint_pos"
        self._low, self._high = np.asarray(embodiment.low), np.asarray(embodiment.high)
        if embodiment.control_mode == "discrete":
            return
        size = (embodiment.action_dim,)
        if self._low.shape != size or self._high.shape != size or not (self._low <= self._high).all():
            raise ConfigError(f"{embodiment.name} needs bounds low <= high for each of its {size[0]} entries")
        if (self.moving & ((self._low > 0.0) | (self._high < 0.0))).any():
            raise ConfigError(f"{embodiment.name} has no 0 within its bounds, and so could not be told to stand still")

    def review(self, action: Action) -> Action:
        """The action with its values clipped, in any control mode that has bounds."""
        if action.interaction is not None or self.body.control_mode == "discrete":
            return action
        if self.active and self.last is not None:
            return super().review(action)
        if ((action.values >= self._low) & (action.values <= self._high)).all():
            return action
        return replace(action, values=np.clip(action.values, self._low, self._high))

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip what moves."""
        return np.where(wanted == last, wanted, np.clip(wanted, self._low, self._high))
