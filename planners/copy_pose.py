"""Copying a pose: show the controller the picture of the goal until the body has come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from enactive.envs import Embodiment, Goal, ImageGoal
from enactive.errors import PlannerError
from enactive.perception.base import Belief

from .base import Intent, MatchPose, Stop


class CopyPose:
    """Asks for the pose of the goal's picture, and stops when no joint has moved for a while.

    still_rad: a joint that turns less than this between two looks stands still. patience: looks in a row without movement.
    """

    goals: tuple[type[Goal], ...] = (ImageGoal,)
    needs: frozenset[str] = frozenset()
    emits: tuple[type[Intent], ...] = (MatchPose, Stop)

    def __init__(self, still_rad: float = 0.002, patience: int = 5) -> None:
        self.still_rad, self.patience = still_rad, patience
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a picture. Raises PlannerError for any other goal."""
        if not isinstance(goal, ImageGoal):
            raise PlannerError(f"CopyPose copies what a picture shows; give one with --goal-image, not {goal}")
        self._intent = MatchPose(goal.image)
        self._before, self._still = np.empty(0), 0
        self._trace = {"stage": "move"}

    def plan(self, belief: Belief) -> Intent:
        joints = belief.observation.joint_positions_rad
        if joints is None:
            raise PlannerError("CopyPose needs joint positions to see when the body rests: use a body that sends them")
        moved = float(np.abs(joints - self._before).max()) if self._before.shape == joints.shape else np.inf
        self._before = joints
        self._still = self._still + 1 if moved < self.still_rad else 0
        self._trace = {"stage": "move" if self._still == 0 else "rest", "moved_rad": moved}
        return Stop("the hand has come to rest") if self._still >= self.patience else self._intent
