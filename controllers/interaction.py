"""Acting on objects: verbs go to the body as they are, and everything else to a controller that moves it."""

from __future__ import annotations

from enactive.envs import Action, Embodiment, Interaction, Observation
from enactive.errors import ControllerError
from enactive.perception.base import Belief
from enactive.planners.base import Intent, Interact

from .base import Controller
from .navigation import NavigationController


class InteractionController:
    """`Interact(verb, target, pixel_uv)` becomes the body's interaction; other intents are the mover's to carry out.

    mover: the controller that goes, looks and stops, a `NavigationController` where not given.
    """

    def __init__(self, mover: Controller | None = None) -> None:
        self.mover: Controller = NavigationController() if mover is None else mover
        self.serves: tuple[type[Intent], ...] = (*self.mover.serves, Interact)
        self.control_modes = self.mover.control_modes
        self.moves = getattr(self.mover, "moves", {})
        self.twist, self.frame = getattr(self.mover, "twist", {}), getattr(self.mover, "frame", "base")

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body."""
        self._body = embodiment
        self.mover.reset(embodiment)

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """The next command. Raises ControllerError for a verb that the body does not have, and as the mover does."""
        if not isinstance(intent, Interact):
            return self.mover.act(intent, observation, belief)
        if intent.verb not in self._body.skills:
            has = ", ".join(sorted(self._body.skills)) or "none: make the environment with verbs=True"
            raise ControllerError(f"{self._body.name} has no verb {intent.verb}; its verbs are {has}")
        return Action.interact(self._body.control_mode, Interaction(intent.verb, intent.target, intent.pixel_uv))
