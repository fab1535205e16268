"""The truth about a running task: its figures, and what the expert would do. For metrics and `Oracle...` components only."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..feedback import Refusal
from ..oracle import Oracle, _Running
from ..state import WorldState
from ..targets import REACH_M, View, away_m
from .expert import expert_plan
from .layout import Layout
from .metrics import Turn, task_metrics
from .symbolic import Command, TaskState, apply_command, meant
from .task import Task

AIR_M = 0.08  # around the body on a way that a seen map, which errs by a cell or two, does not shut


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
    @property
    def view(self) -> View: ...
    @property
    def seen(self) -> Set[int] | None: ...
    @property
    def task_state(self) -> TaskState: ...


class TaskOracle(Oracle):
    """The oracle of `Household` with what is true of the task; what needs pictures is there in the modes that have some."""

    def __init__(self, env: _RunningTask) -> None:
        super().__init__(env)
        self._task_env = env

    def expert_plan(self) -> tuple[Command, ...] | None:
        """The commands that do the task from here on, without `done`; None where the expert finds none."""
        env = self._task_env
        return expert_plan(env.layout, env.task_state, env.task)

    def meant(self, verb: str, target: str, at: int) -> tuple[int, int]:
        """The id of what a command means to a body that looks at `at`, and of what it looks at afterwards; -1 = nothing."""
        layout, state = self._task_env.layout, TaskState(self._task_env.state, at)
        after, feedback = apply_command(layout, state, Command(verb, target))
        if verb == "Find":
            return (after.at if feedback.ok else -1), after.at
        try:
            return meant(layout, state, verb, target), after.at
        except Refusal:
            return -1, after.at

    def way_m(self, object_id: int, stand: bool) -> NDArray[np.float64]:
        """(L, 2) metres, a path from the body to an object; (0, 2) where there is none, or where it does not show.

        stand: to where the symbolic `Find` puts the body, else to the nearest place that sees it. Where there is a way that
        leaves some air it is the shortest of those: what fits exactly is too narrow for a map that is seen.
        """
        world, state, layout = self._task_env.world, self._task_env.state, self._task_env.layout
        for margin_m in (AIR_M, 0.0) if layout.shows(state, object_id) else ():
            geodesics = world.geodesics(state, margin_m)
            places = np.zeros_like(geodesics.grid.free) if stand else world.view_points(state, object_id)
            if stand and (cell := geodesics.grid.nearest_free(layout.look(state, object_id)[0])) is not None:
                places[cell] = True
            path = geodesics.path_m(state.base[:2], places)
            if len(path):
                return path
        return np.empty((0, 2))

    def middle_m(self, object_id: int) -> NDArray[np.float64]:
        """(3,) metres, the middle of an object's bounds in the world."""
        centre = self.apartment.objects[object_id].asset.bounds.centre
        return np.asarray((self.pose(object_id) @ (*centre, 1.0))[:3])

    def in_reach(self, object_id: int) -> bool:
        """Whether the picture shows an object, near enough for the hand."""
        env = self._task_env
        return object_id in env.view.visible() and away_m(env.world, env.state, object_id) <= REACH_M

    def metrics(self, error: Exception | None = None) -> dict[str, Any]:
        """`TaskMetrics` of the episode so far, or as an error ended it, and the type of the task."""
        env = self._task_env
        figures = task_metrics(env.layout, env.task, env.start, env.state, env.turns, error, env.seen)
        return {**asdict(figures), "task_type": env.task.type}
