"""The record of one run of the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, Goal
from enactive.planners import Intent

SCHEMA_VERSION = 1

Outcome = Literal["stopped", "terminated", "truncated", "deadline", "error"]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One turn of the loop: what was decided, what was sent, what came back, and what each part cost.

    intent: while a chunk is played out, the one it was made for. action: the one command that was sent (values (1, D)),
    None where the planner stopped without a command; requested: the command before the guard, where the guard changed it.
    T_world_base: (4, 4) base pose that the decision was made at, None where the body does not know it. trace: what the
    planner wants a reader to see. seconds: wall time by part (`perceive`, `plan`, `control`, and `act`, with the wait until
    the body takes its next command).
    """

    index: int
    intent: Intent | None
    action: Action | None
    requested: Action | None
    T_world_base: NDArray[np.float64] | None
    trace: Mapping[str, Any]
    feedback: Mapping[str, Any]
    reward: float
    seconds: Mapping[str, float]


@dataclass(slots=True, eq=False)
class Episode:
    """A whole run.

    outcome: `stopped` by the planner, `terminated` or `truncated` by the environment, `deadline`, or `error`. found: what
    the agent itself believes. metrics: what the oracle measured, with Habitat's names; empty where the environment has no
    oracle. interventions: commands that the guard changed; guard: which of its links stood, which were off, and what each
    changed. warnings: what went wrong beside the run (a recorder that
    failed, say). error: one sentence, for the outcome `error`.
    """

    goal: Goal
    outcome: Outcome = "error"
    found: bool = False
    reason: str = ""
    steps: list[Step] = field(default_factory=list)
    metrics: dict[str, float | bool | str] = field(default_factory=dict)
    interventions: int = 0
    guard: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    first_action_s: float = 0.0
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    error_kind: str = ""

    @property
    def total_reward(self) -> float:
        """Sum of the environment's rewards."""
        return float(sum(step.reward for step in self.steps))
