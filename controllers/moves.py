"""Carrying out moves that the body knows by name."""

from __future__ import annotations

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.errors import ControllerError
from enactive.perception import Belief
from enactive.planners import Intent, Move


class NamedMoves:
    """`Move(name)` becomes the body's action of that name."""

    serves: tuple[type[Intent], ...] = (Move,)
    control_modes: frozenset[ControlMode] = frozenset({"discrete"})

    def reset(self, embodiment: Embodiment) -> None:
        self._body = embodiment

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        if not isinstance(intent, Move) or intent.name not in self._body.labels:
            raise ControllerError(f"the body has no move {intent}; its moves are {', '.join(self._body.labels)}")
        return Action.discrete(self._body, intent.name)
