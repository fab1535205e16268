"""Carrying out moves that the body knows by name."""

from __future__ import annotations

import numpy as np

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.errors import ControllerError
from enactive.perception import Belief
from enactive.planners import Intent, Move


class NamedMoves:
    """`Move(name)` becomes the body's action of that name."""

    serves: tuple[type[Intent], ...] = (Move,)
    control_modes: frozenset[ControlMode] = frozenset({"discrete"})

    def reset(self, embodiment: Embodiment) -> None:
        self._labels = embodiment.labels

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        if not isinstance(intent, Move) or intent.name not in self._labels:
            raise ControllerError(f"the body has no move {intent}; its moves are {', '.join(self._labels)}")
        return Action("discrete", np.array([[self._labels.index(intent.name)]], dtype=np.float64))
