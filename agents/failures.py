"""Where an episode was lost: seen from outside, with the oracle, after the fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import gymnasium as gym
import numpy as np

from enactive.envs import Embodiment, Goal
from enactive.perception import Belief

from .episode import Episode, Step

FailureKind = Literal[
    "crash", "error", "exploration", "perception", "verification", "control",
    "dependency", "affordance", "inefficient", "other",
]  # fmt: skip
SEEN_PIXELS = 40
NEAR_M = 1.0
KINDS: Mapping[str, str] = {
    "crash": "the world broke, or the process that it ran in, which says nothing of the method",
    "error": "a part of the method raised, or asked for what the guard refuses",
    "exploration": f"the goal never covered {SEEN_PIXELS} pixels of a picture",
    "perception": "the goal was in view, and the agent did not stop at it as found",
    "verification": f"it stopped as if found, more than {NEAR_M:g} m from the goal",
    "control": "it stopped as if found, near the goal but outside the radius",
    "dependency": "something was done, or tried, before what must come first",
    "affordance": "it asked of a thing what cannot be done with it",
    "inefficient": "it asked for what was so already, or never said that it was done",
    "other": "it asked for what is not there, or said too early that it was done",
}
"""What each kind means; the last four are those of household tasks (`tasks.metrics.error_kind`)."""


class FailureWatch:
    """Recorder that names the kind of failure of an episode in `kind`: "" for success, and where the world cannot tell.

    What navigation failed by needs an oracle with the goal's `targets` and a `segmentation`.
    """

    _oracle: Any = None
    kind: FailureKind | Literal[""] = ""
    seen_at_step: int = -1

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Take the oracle of the environment, where it has one that can tell, and look at the first picture."""
        oracle: Any = env.get_wrapper_attr("oracle") if env.has_wrapper_attr("oracle") else None
        self._oracle = oracle if hasattr(oracle, "segmentation") and oracle.targets else None
        self.kind = ""
        self.seen_at_step = -1
        self._look(0)

    def step(self, step: Step, belief: Belief) -> None:
        """Look whether the goal is in the picture."""
        self._look(step.index + 1)

    def _look(self, steps: int) -> None:
        if self._oracle is None or self.seen_at_step >= 0:
            return
        if np.isin(self._oracle.segmentation(), list(self._oracle.targets)).sum() >= SEEN_PIXELS:
            self.seen_at_step = steps

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Name the failure."""
        metrics = episode.metrics
        if episode.outcome == "error":
            self.kind = "crash" if episode.error_kind == "EmbodimentFault" else "error"
        elif metrics.get("success", True):
            self.kind = ""
        elif "error_kind" in metrics:
            self.kind = metrics["error_kind"]  # type: ignore[assignment]
        elif self._oracle is None:
            self.kind = ""
        elif episode.found:
            self.kind = "control" if float(metrics.get("distance_to_goal_m", np.inf)) <= NEAR_M else "verification"
        else:
            self.kind = "perception" if self.seen_at_step >= 0 else "exploration"
