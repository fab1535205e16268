"""Form: what a command must be before anything can be said of where it leads."""

from __future__ import annotations

import numpy as np

from enactive.envs import Action
from enactive.errors import SafetyAbort

from .base import Link


class Form(Link):
    """Control mode, shape, finiteness, known moves and skills: what is wrong here has no safe counterpart and aborts.

    Every chain begins with it, and none can do without: the later links reckon with numbers.
    """

    name = "form"

    def review(self, action: Action) -> Action:
        """The same action. Raises SafetyAbort for one that the body cannot take."""
        body, values = self.body, action.values
        if action.interaction is not None:
            if action.interaction.verb not in body.skills:
                raise SafetyAbort(f"{body.name} cannot {action.interaction.verb}; its skills are {sorted(body.skills)}")
            return action
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
        if body.control_mode == "discrete" and not _moves(values, len(body.labels)):
            raise SafetyAbort(f"{body.name} has moves 0 to {len(body.labels) - 1}, got {values.ravel().tolist()}")
        return action


def _moves(values: np.ndarray, count: int) -> bool:
    return bool(((values == np.floor(values)) & (values >= 0) & (values < count)).all())
