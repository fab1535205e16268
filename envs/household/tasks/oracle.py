"""The truth about a running task: its figures, and what the expert would do. For metrics and `Oracle...` components only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from ..oracle import Oracle, _Running
from ..state import WorldState
from .expert import expert_plan
from .layout import Layout
from .metrics import Turn, task_metrics
from .symbolic import Command, TaskState
from .task import Task


class _RunningTask(_Running, Protocol):
    """What the oracle reads of the environment."""

    @property
    def layout(self) -> Layout: ...
    @property
    def task(self) -> Task: ...
    @property
    def start(self) -> WorldState: ...
    @property
    def turns(self) -> Sequence[Turn]: ...
    def save_task(self) -> TaskState: ...


class TaskOracle(Oracle):
    """The oracle of `Household` with what is true of the task; what needs pictures is there in the modes that have some."""

    def __init__(self, env: _RunningTask) -> None:
        super().__init__(env)
        self._task_env = env

    def expert_plan(self) -> tuple[Command, ...] | None:
        """The commands that do the task from here on, without `done`; None where the expert finds none."""
        env = self._task_env
        return expert_plan(env.layout, env.save_task(), env.task)

    def metrics(self) -> dict[str, Any]:
        """`TaskMetrics` of the episode so far, and the type of the task."""
        env = self._task_env
        figures = task_metrics(env.layout, env.task, env.start, env.state, env.turns)
        return {**asdict(figures), "task_type": env.task.type}
