"""The contract of control: an intent in, an `Action` out."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.perception.base import Belief
from enactive.planners.base import Intent


@runtime_checkable
class Controller(Protocol):
    """Carries intents out.

    serves: kinds of intent it can carry out. control_modes: how it can command a body. One that holds something open, such as a
    camera, has a `close()`, too, and is used by way of `Component.opened`.

    What its commands mean it says in attributes, which bodies are compared with: `moves`, the labels of the discrete moves that
    a kind of intent takes, by kind; `twist`, the units of the entries of its base twists, by label; `frame`, of these twists;
    `joints` and `units`, the labels and units of the body that it was made for, where it fits no other.
    """

    serves: tuple[type[Intent], ...]
    control_modes: frozenset[ControlMode]

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body."""
        ...

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """The next command, or a chunk. Raises ControllerError where the intent cannot be carried out from here."""
        ...
