"""Bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enactive.envs import Action, Embodiment

from .base import Link


class Limits(Link):
    """A command out of the bounds of its body is clipped."""

    name = "limits"

    def reset(self, embodiment: Embodiment) -> None:
        """Take the bounds of a body."""
        super().reset(embodiment)
        self._low, self._high = np.asarray(embodiment.low), np.asarray(embodiment.high)

    def review(self, action: Action) -> Action:
        """The action with its values clipped."""
        if action.interaction is not None or self.body.control_mode == "discrete":
            return action
        clipped = np.clip(action.values, self._low, self._high)
        return action if np.array_equal(clipped, action.values) else replace(action, values=clipped)
