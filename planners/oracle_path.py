"""The shortest path by the world's own truth: the upper bound of walking, not an agent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief
from enactive.perception.geodesic import traversable
from enactive.perception.mapping import OccupancyMap

from .base import GoTo, Intent, LookAt, Stop

AHEAD_M = 1.5  # of the true path that the controller is shown
THERE_M = 0.08  # Habitat's success wants less than 0.1
BEYOND_M = 0.25  # the path ends at the rim of where the goal is seen: the last steps aim further in


class PathOracle(Protocol):
    """What the world tells of its truth: the goal's objects, and the way to the nearest place that sees one."""

    @property
    def targets(self) -> tuple[int, ...]: ...

    def pose(self, object_id: int) -> NDArray[np.float64]: ...

    def geodesic_m(self, xy: NDArray[np.float64], target_ids: Iterable[int]) -> float: ...

    def path_m(self, xy: NDArray[np.float64], target_ids: Iterable[int]) -> NDArray[np.float64]: ...


class OracleShortestPath:
    """Walks the true shortest path to the nearest place from which the goal is seen, and stops there.

    `bind` it to the oracle of the environment (`env.unwrapped.oracle`) after the environment's reset.
    """

    goals: tuple[type[Goal], ...] = (ObjectGoal, TextGoal, ImageGoal)
    needs = frozenset({"map"})
    emits: tuple[type[Intent], ...] = (GoTo, LookAt, Stop)

    def __init__(self) -> None:
        self._oracle: PathOracle | None = None
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def bind(self, oracle: PathOracle) -> None:
        """Give it the truth to go by."""
        self._oracle = oracle

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on the running episode's goal. Raises ConfigError where it was not bound."""
        self._truth()
        self._trace = {}

    def _truth(self) -> PathOracle:
        if self._oracle is None:
            raise ConfigError("OracleShortestPath knows no oracle: call planner.bind(env.unwrapped.oracle) before reset")
        return self._oracle

    def plan(self, belief: Belief) -> Intent:
        """Raises PlannerError where the observation has no pose or the episode names no targets."""
        oracle = self._truth()
        pose = belief.observation.T_world_base
        if pose is None or not oracle.targets:
            raise PlannerError("the oracle's path needs the pose of the base and an episode whose targets are known")
        here = pose[:2, 3]
        left_m = oracle.geodesic_m(here, oracle.targets)
        self._trace = {"stage": "walk", "distance_m": left_m}
        if left_m < THERE_M:
            return Stop("at a place that sees the goal")
        if not math.isfinite(left_m):
            return Stop("there is no way to the goal", found=False)
        path = oracle.path_m(here, oracle.targets)
        return along(path, here) or self._last_steps(belief, path[-1])

    def _last_steps(self, belief: Belief, end_m: NDArray[np.float64]) -> GoTo:
        """To the end of the path, or, where there is room, a little further towards the goal."""
        oracle = self._truth()
        goals = np.array([oracle.pose(target)[:2, 3] for target in oracle.targets])
        goal = goals[np.linalg.norm(goals - end_m, axis=1).argmin()]
        further = end_m + BEYOND_M * (goal - end_m) / max(float(np.linalg.norm(goal - end_m)), BEYOND_M)
        grid = belief.map
        if grid is not None and has_room(grid, further):
            return GoTo((float(further[0]), float(further[1])), radius_m=0.15)
        return GoTo((float(end_m[0]), float(end_m[1])), radius_m=0.05)


def has_room(grid: OccupancyMap, point_m: ArrayLike) -> bool:
    """Whether nothing that is known is in a body's way at a place (2,); what lies beyond the map is not known."""
    cell = grid.cell_of(point_m)
    return not grid.inside(cell) or bool(traversable(grid, through_unknown=True)[tuple(cell)])


def along(path_m: NDArray[np.float64], here_m: NDArray[np.float64]) -> GoTo | None:
    """The next stretch of a path (L, 2) from a place (2,), None where it ends within 1.5 m."""
    walked = np.cumsum(np.linalg.norm(np.diff(path_m, axis=0, prepend=here_m[None]), axis=1))
    if walked[-1] <= AHEAD_M:
        return None
    x, y = path_m[int(np.searchsorted(walked, AHEAD_M))]
    return GoTo((float(x), float(y)), radius_m=0.1)
