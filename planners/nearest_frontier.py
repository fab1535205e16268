"""Nearest-frontier exploration (Yamauchi 1997): the baseline that explores without thinking about the goal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.perception.base import Belief
from enactive.perception.detector import Detector
from enactive.perception.frontiers import Frontier, frontiers
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap

from .approach import pace, reached
from .base import GoTo, Intent, Look, LookAt, Stop, surroundings
from .seek import Seeker, goal_name

SAME_M = 0.6  # a frontier whose target moved less than this between two steps is the same one
PATIENCE = 15  # moves at one spot before a frontier is left alone
LEFT_ALONE_M = 0.5
MOVED_M = 0.15


class NearestFrontier:
    """Goes to the frontier with the shortest way until something with the goal's name turns up, then walks up to that.

    Says Stop(found=False) when no frontier is left. min_score, min_sightings: what makes a node of the scene graph believed
    in. describer: detector that reads goal pictures.
    """

    goals: tuple[type[Goal], ...] = (ObjectGoal, TextGoal, ImageGoal)
    needs = frozenset({"map", "scene_graph"})
    emits: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Stop)

    def __init__(self, min_score: float = 0.5, min_sightings: int = 2, describer: Detector | None = None) -> None:
        self.describer = describer
        self._seeker = Seeker(min_score, min_sightings)
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal. Raises PlannerError where it names nothing."""
        self._seeker.reset(goal_name(goal, self.describer), embodiment)
        self._target: NDArray[np.float64] | None = None
        self._left_alone: list[NDArray[np.float64]] = []
        self._looked_twice = False
        self._pace = pace(embodiment)
        self._spot, self._waited = np.full(2, np.inf), 0
        self._trace = {}

    def plan(self, belief: Belief) -> Intent:
        intent = self._seeker.plan(belief)
        self._trace = dict(self._seeker.trace)
        if intent is not None:
            self._target, self._waited = None, 0
            return intent
        grid, _ = surroundings(belief)
        while True:
            frontier, distance_m, count = self._choose(grid)
            self._trace = {"stage": "explore", "goal": self._seeker.name, "frontiers": count}
            if frontier is None:
                if self._second_look(grid):
                    return self.plan(belief)
                return Stop(f"not found: no {self._seeker.name}, and nothing left to explore", found=False)
            x, y = (float(value) for value in frontier.target_m)
            self._trace |= {"target_x_m": x, "target_y_m": y, "distance_m": distance_m}
            go = GoTo((x, y))
            if not reached(go, belief.observation):
                return go
            look = LookAt((float(frontier.centroid_m[0]), float(frontier.centroid_m[1]), _eye_m(belief)))
            if not reached(look, belief.observation):
                return look
            self._leave_alone()  # seen from near, and still there: what lies behind cannot be seen from the floor

    def _choose(self, grid: OccupancyMap) -> tuple[Frontier | None, float, int]:
        """The frontier to go to, the way there, and how many there were. The last choice is kept while it is there."""
        self._watch(grid.position_m)
        found = [f for f in frontiers(grid) if all(math.dist(f.target_m, spot) > LEFT_ALONE_M for spot in self._left_alone)]
        if not found:
            return None, math.inf, 0
        ways = distance_field(grid, grid.position_m).at([f.target_m for f in found])
        kept = np.array([self._target is not None and math.dist(f.target_m, self._target) <= SAME_M for f in found])
        best = int(np.where(kept, ways, np.inf).argmin() if np.isfinite(ways[kept]).any() else ways.argmin())
        if not np.isfinite(ways[best]):
            return None, math.inf, 0
        self._target = found[best].target_m
        return found[best], float(ways[best]), len(found)

    def _watch(self, here_m: NDArray[np.float64]) -> None:
        """Leave a frontier alone before which the body has stood for long: it cannot be seen, or not be reached."""
        if np.linalg.norm(here_m - self._spot) > MOVED_M:
            self._spot, self._waited = here_m.copy(), 0
            return
        self._waited += 1
        if self._waited > PATIENCE * self._pace:
            self._leave_alone()

    def _second_look(self, grid: OccupancyMap) -> bool:
        """Once, before giving up: forget what could not be reached and the bumps that may be why; says whether that helps."""
        retry = self._seeker.retry()
        if self._looked_twice:
            return retry
        self._looked_twice = True
        helps = grid.forget_bumps() or retry
        self._left_alone = [] if helps else self._left_alone
        return helps

    def _leave_alone(self) -> None:
        if self._target is not None:
            self._left_alone.append(self._target)
        self._target, self._waited = None, 0


def _eye_m(belief: Belief) -> float:
    """Height of the camera: looking at a frontier keeps the camera level."""
    return next((float(camera.T_world_camera[2, 3]) for camera in belief.observation.cameras.values()), 0.0)
