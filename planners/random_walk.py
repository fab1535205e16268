"""Random walk: the baseline that goes anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.perception.base import Belief
from enactive.perception.detector import Detector
from enactive.perception.geodesic import distance_field, traversable
from enactive.perception.mapping import OccupancyMap

from .approach import pace, reached
from .base import GoTo, Intent, Look, LookAt, Stop, surroundings
from .seek import Seeker, goal_name

PATIENCE = 60  # moves for one stretch of the walk


class RandomWalk:
    """Goes to one random place of the known floor after another until something with the goal's name turns up.

    seed: of the places. min_score, min_sightings, describer: as in `NearestFrontier`. It never gives up by itself.
    """

    goals: tuple[type[Goal], ...] = (ObjectGoal, TextGoal, ImageGoal)
    needs = frozenset({"map", "scene_graph"})
    emits: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Stop)

    def __init__(
        self, seed: int = 0, min_score: float = 0.5, min_sightings: int = 2, describer: Detector | None = None
    ) -> None:
        self.seed, self.describer = seed, describer
        self._seeker = Seeker(min_score, min_sightings)
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal, with the same places again. Raises PlannerError where it names nothing."""
        self._seeker.reset(goal_name(goal, self.describer), embodiment)
        self._rng = np.random.default_rng(self.seed)
        self._go: GoTo | None = None
        self._steps = 0
        self._pace = pace(embodiment)
        self._turn_rad = embodiment.turn_rad
        self._trace = {}

    def plan(self, belief: Belief) -> Intent:
        intent = self._seeker.plan(belief)
        self._trace = dict(self._seeker.trace)
        if intent is not None:
            self._go = None
            return intent
        grid, _ = surroundings(belief)
        self._steps += 1
        if self._go is None or self._steps > PATIENCE * self._pace or reached(self._go, belief.observation):
            self._go, self._steps = self._anywhere(grid), 0
        self._trace = {"stage": "walk", "goal": self._seeker.name}
        if self._go is None:
            return Look(yaw_rad=self._turn_rad)
        self._trace |= {"target_x_m": self._go.point_m[0], "target_y_m": self._go.point_m[1]}
        return self._go

    def _anywhere(self, grid: OccupancyMap) -> GoTo | None:
        """A place of the known floor, none likelier than another, None where there is nowhere to go."""
        places = grid.xy_of(np.argwhere(traversable(grid)))
        ways = distance_field(grid, grid.position_m).at(places)
        places = places[np.isfinite(ways) & (np.linalg.norm(places - grid.position_m, axis=1) > 0.5)]
        if not len(places):
            return None
        x, y = places[self._rng.integers(len(places))]
        return GoTo((float(x), float(y)))
