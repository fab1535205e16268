"""PointNav: going to a place that is named by its coordinates (Anderson et al. 2018, arXiv 1807.06757)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from enactive.envs import Embodiment, Goal, PoseGoal
from enactive.errors import PlannerError
from enactive.perception.base import Belief
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import LIMIT_M

from .approach import pace, reached
from .base import GoTo, Intent, Look, Stop

UNKNOWN_COST = 2.0  # a way may lead through the unknown, but rather not
LOOKS = 14  # turns without a way before giving up: what closes it may be a bump or a glimpse


class PointNav:
    """Goes to a point of the floor by the map, taking what is unknown for passable until it is seen not to be.

    Says Stop(found=False) when what has been seen leaves no way there, though it turned once around, and at once where the
    place lies beyond what a map covers. The heading of the goal's pose is not asked for: a place to be at is a point.
    """

    goals: tuple[type[Goal], ...] = (PoseGoal,)
    needs = frozenset({"map"})
    emits: tuple[type[Intent], ...] = (GoTo, Look, Stop)

    def __init__(self) -> None:
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal. Raises PlannerError where it is no place."""
        if not isinstance(goal, PoseGoal):
            raise PlannerError(f'PointNav goes to places, and {goal} is none: name one, for example "go to 1.5, -2"')
        x, y = (float(value) for value in goal.T_world_goal[:2, 3])
        self._go = GoTo((x, y), goal.radius_m)
        self._turn_rad, self._looks_left = embodiment.turn_rad, LOOKS * pace(embodiment)
        self._trace = {}

    def plan(self, belief: Belief) -> Intent:
        """Raises PlannerError without a map."""
        if belief.map is None:
            raise PlannerError("PointNav needs a map: use a perceiver that provides one")
        if reached(self._go, belief.observation, slack_m=0.0):
            return Stop(f"at {_place(self._go)}")
        if not belief.map.reserve(self._go.point_m, self._go.radius_m):
            return Stop(
                f"not reached: {_place(self._go)} lies beyond the {LIMIT_M:.0f} m around the origin that a map covers",
                found=False,
            )
        here_m = belief.map.position_m
        self._trace = {"stage": "walk", "distance_m": math.dist(here_m, self._go.point_m)}
        if distance_field(belief.map, self._go.point_m, unknown_cost=UNKNOWN_COST).near(here_m) is not None:
            return self._go
        self._trace = {"stage": "look for a way", "distance_m": math.dist(here_m, self._go.point_m)}
        if self._looks_left == 0:
            return Stop(f"not reached: what has been seen leaves no way to {_place(self._go)}", found=False)
        self._looks_left -= 1
        return Look(yaw_rad=self._turn_rad)


def _place(go: GoTo) -> str:
    return f"({go.point_m[0]:.2f}, {go.point_m[1]:.2f})"
