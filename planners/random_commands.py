"""Random commands: the baseline of household tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np

from enactive.envs import VERBS, Embodiment, Goal, TaskGoal
from enactive.envs.household.facts import KINDS
from enactive.perception.base import Belief

from .base import Intent, Interact, Stop


class RandomCommands:
    """Any verb with any name that it was told of; `Find` with any name of the vocabulary. It never says that it is done.

    seed: of the draws, which depend on the goal too.
    """

    goals: tuple[type[Goal], ...] = (TaskGoal,)
    needs = frozenset({"known_objects"})
    emits: tuple[type[Intent], ...] = (Interact, Stop)
    verbs = frozenset(VERBS)

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal, with the same draws again."""
        self._rng = np.random.default_rng([self.seed, crc32(str(goal).encode())])

    def plan(self, belief: Belief) -> Intent:
        known = belief.extra["known_objects"]
        verb = VERBS[int(self._rng.integers(len(VERBS)))] if known else "Find"
        names = tuple(KINDS) if verb == "Find" else known
        target = names[int(self._rng.integers(len(names)))]
        self._trace = {"reason": f"{verb} {target}"}
        return Interact(verb, target)
