"""Where an episode was lost: seen from outside, with the oracle, after the fact."""

from __future__ import annotations

from typing import Any, Literal

import gymnasium as gym
import numpy as np

from enactive.envs import Embodiment, Goal
from enactive.perception import Belief

from .episode import Episode, Step

FailureKind = Literal[
    "", "error", "verification", "control", "exploration", "perception", "dependency", "affordance", "inefficient", "other"
]
SEEN_PIXELS = 40
NEAR_M = 1.0


class FailureWatch:
    """Recorder that names the kind of failure of an episode in `kind` ("" for success).

    error: a part raised. verification: it stopped as if found, away from the goal (more than NEAR_M of geodesic distance).
    control: it stopped as if found, near the goal but outside the radius. exploration: the goal never covered SEEN_PIXELS
    of a picture. perception: the goal was in view, and the agent did not take it for the goal. A household task has kinds
    of its own (`tasks.metrics.error_kind`).
    """

    kind: FailureKind = ""
    seen_at_step: int = -1

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Take the oracle of the environment; without one, only success and errors can be told."""
        self._oracle = env.get_wrapper_attr("oracle") if env.has_wrapper_attr("oracle") else None
        self.kind: FailureKind = ""
        self.seen_at_step = -1

    def step(self, step: Step, belief: Belief) -> None:
        """Look whether the goal is in the picture."""
        if self._oracle is None or not self._oracle.targets or self.seen_at_step >= 0:
            return
        if np.isin(self._oracle.segmentation(), list(self._oracle.targets)).sum() >= SEEN_PIXELS:
            self.seen_at_step = step.index + 1

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Name the failure."""
        metrics = episode.metrics
        if metrics.get("success"):
            return
        if episode.outcome == "error":
            self.kind = "error"
        elif "error_kind" in metrics:
            self.kind = metrics["error_kind"]  # type: ignore[assignment]
        elif episode.found:
            self.kind = "control" if float(metrics.get("distance_to_goal_m", np.inf)) <= NEAR_M else "verification"
        else:
            self.kind = "perception" if self.seen_at_step >= 0 else "exploration"
