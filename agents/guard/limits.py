"""Shape, finiteness and bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enactive.envs import Action, Embodiment
from enactive.errors import SafetyAbort

from .base import Link


class Limits(Link):
    """Shape, finiteness and bounds: a wrong shape, a NaN or an unknown move aborts, a command out of bounds is clipped."""

    name = "limits"

    def reset(self, embodiment: Embodiment) -> None:
        """Take the bounds of a body."""
        super().reset(embodiment)
        self._low, self._high = np.asarray(embodiment.low), np.asarray(embodiment.high)

    def review(self, action: Action) -> Action:
        """The action with its values clipped. Raises SafetyAbort for what has no safe counterpart."""
        body = self.body
        if action.interaction is not None:
            if action.interaction.verb not in body.skills:
                raise SafetyAbort(f"{body.name} cannot {action.interaction.verb}; its skills are {sorted(body.skills)}")
            return action
        values = action.values
        if (
            action.control_mode != body.control_mode
            or values.ndim != 2
            or not len(values)
            or values.shape[1] != body.action_dim
        ):
            raise SafetyAbort(
                f"{body.name} takes {body.control_mode} commands of shape (T, {body.action_dim}), "
                f"got {action.control_mode} of shape {values.shape}"
            )
        if not np.isfinite(values).all():
            raise SafetyAbort(f"the command for {body.name} is not finite: {values.tolist()}")
        if body.control_mode == "discrete":
            if not ((values == np.floor(values)) & (values >= 0) & (values < len(body.labels))).all():
                raise SafetyAbort(f"{body.name} has moves 0 to {len(body.labels) - 1}, got {values.ravel().tolist()}")
            return action
        clipped = np.clip(values, self._low, self._high)
        return action if np.array_equal(clipped, values) else replace(action, values=clipped)
