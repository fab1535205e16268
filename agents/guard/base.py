"""The contract of guards, and what the links of a chain share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, Embodiment, Observation
from enactive.errors import ConfigError


class Guard(Protocol):
    """Reviews actions. Returning the same object means "unmodified", so that interventions can be counted."""

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body. Raises ConfigError where the body does not declare what the guard needs."""
        ...

    def observe(self, observation: Observation) -> None:
        """What the body measures now, told before the next `review`."""
        ...

    def review(self, action: Action) -> Action:
        """The action as it may be sent. Raises SafetyAbort where it cannot be made safe."""
        ...

    def sent_instead(self, values: NDArray[np.float64]) -> None:
        """The command (D,) that went out in place of the approved one: a hold, or what the robot made of it."""
        ...


class Link:
    """One idea of a chain. `name` is what it is counted and switched off by."""

    name = "link"

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body."""
        self.body = embodiment

    def observe(self, observation: Observation) -> None:
        """What the body measures now."""

    def approved(self, values: NDArray[np.float64]) -> None:
        """The command (D,) that left the whole chain, which later links may have changed."""

    def sent_instead(self, values: NDArray[np.float64]) -> None:
        """The command (D,) that went out in place of the approved one: a hold, or what the robot made of it."""

    def found(self, values: NDArray[np.float64]) -> None:
        """The place (D,) that the next command starts from, where that is not the last one that went out."""

    def review(self, action: Action) -> Action:
        """The action as this link lets it pass; the same object where it changes nothing."""
        return action


class MotionLink(Link, ABC):
    """A link that limits how a command moves away from the one before.

    A place (a joint position) may not be far from the last one; the first command moves away from the measured joints,
    wherever they are. What is motion itself (a velocity, a displacement) may not grow fast, at first from rest; towards 0 it is
    never limited, so that standing still is granted at once. Inert for discrete moves, for poses of the end effector, for a
    gripper among velocities, and as long as neither a place was approved nor joints were measured.
    """

    def reset(self, embodiment: Embodiment) -> None:
        """Forget the last command."""
        super().reset(embodiment)
        self.moving = embodiment.moving
        self.flows = bool(self.moving.any())
        self.active = self.flows or embodiment.control_mode == "joint_pos"
        self.last: NDArray[np.float64] | None = np.zeros(embodiment.action_dim) if self.flows else None

    def observe(self, observation: Observation) -> None:
        """Take the measured joints as the place that the first command starts from."""
        joints = observation.joint_positions_rad
        if self.active and self.last is None and joints is not None and len(joints) == self.body.action_dim:
            self.last = joints

    def approved(self, values: NDArray[np.float64]) -> None:
        """Keep the command as what the next one starts from."""
        if self.active:
            self.last = values

    def sent_instead(self, values: NDArray[np.float64]) -> None:
        """Start the next command from what was really sent."""
        self.last = values

    def found(self, values: NDArray[np.float64]) -> None:
        """Start the next command from there."""
        self.last = values

    def review(self, action: Action) -> Action:
        """Limit one command of shape (1, D)."""
        if not self.active or self.last is None or action.interaction is not None:
            return action
        wanted = action.values[0]
        allowed = self.limit(wanted, self.last)
        if allowed is wanted:  # as nearly always, so that it is worth a line of its own
            return action
        if self.flows:
            allowed = np.where(self.moving, allowed, wanted)
        if np.array_equal(allowed, wanted):
            return action
        return Action(action.control_mode, allowed[np.newaxis], action.rate_hz)

    @abstractmethod
    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """The command (D,) as near to `wanted` as may be; `last` itself, or 0 where it is motion, is always allowed."""


def declared_limits(body: Embodiment, limits: Sequence[float], name: str) -> NDArray[np.float64]:
    """Limits (D,) that a body declares. Raises ConfigError where there is not one per entry, or one is not above 0."""
    if len(limits) != body.action_dim:
        raise ConfigError(f"{body.name} declares {len(limits)} {name} limits for {body.action_dim} joints: one each")
    if not (np.asarray(limits) > 0.0).all():  # nor is NaN, which would let everything pass, or become a command
        raise ConfigError(f"{body.name} declares {name} limits that are not above 0: {list(limits)}")
    return np.asarray(limits, dtype=np.float64)
