"""The expert of household tasks as a planner: the upper bound, with the world's own truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from enactive.envs import VERBS, Embodiment, Goal, TaskGoal
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief

from .base import Intent, Interact, Stop


class _Command(Protocol):
    @property
    def verb(self) -> str: ...
    @property
    def target(self) -> str: ...


class ExpertOracle(Protocol):
    """What the world tells of its truth: the commands that do the task from here on, None where there are none."""

    def expert_plan(self) -> Sequence[_Command] | None: ...


class OracleExpert:
    """Says the commands of the expert's plan one by one, and stops. `bind` it to the environment's oracle."""

    goals: tuple[type[Goal], ...] = (TaskGoal,)
    needs = frozenset[str]()
    emits: tuple[type[Intent], ...] = (Interact, Stop)
    verbs = frozenset(VERBS)

    def __init__(self) -> None:
        self._oracle: ExpertOracle | None = None
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def bind(self, oracle: ExpertOracle) -> None:
        """Give it the truth to go by."""
        self._oracle = oracle

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Work out the plan of the running task. Raises ConfigError where it was not bound, PlannerError without a plan."""
        if self._oracle is None:
            raise ConfigError("OracleExpert needs bind(env.unwrapped.oracle) before reset")
        plan = self._oracle.expert_plan()
        if plan is None:
            raise PlannerError("the expert finds no plan for this task from here")
        self._plan, self._said = list(plan), 0

    def plan(self, belief: Belief) -> Intent:
        self._trace = {"command": self._said + 1, "of": len(self._plan)}
        if self._said == len(self._plan):
            return Stop("the plan is carried out", found=True)
        command = self._plan[self._said]
        self._said += 1
        self._trace["reason"] = f"{command.verb} {command.target}".strip()
        return Interact(command.verb, command.target)
