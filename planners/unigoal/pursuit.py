"""Walking up to a candidate, looking at it on the way and from near, until it is taken or given up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneNode

from ..approach import reached, standing_place, turn_between, yaw_of
from ..base import GoTo, Intent, LookAt
from .verification import Evidence, ExplorationConfidence

REACHES_M = (0.7, 1.2, 1.8)  # how near to stand, the first that there is room for
NEAR_ENOUGH_M = 0.25
MOST_STEPS = 120
STUCK_STEPS = 20
FACING_RAD = math.radians(16.0)
Progress = Literal["walking", "standing", "unreachable"]


@dataclass(slots=True, eq=False)
class Pursuit:
    """One candidate under way. node_id: in the scene graph; goto: where it is approached from."""

    node_id: int
    confidence: ExplorationConfidence = field(default_factory=ExplorationConfidence)
    evidence: Evidence = field(default_factory=lambda: Evidence(0.0))
    goto: GoTo | None = None
    steps: int = 0
    _still: int = 0
    _from: tuple[float, float] = (math.inf, math.inf)
    _centre_m: tuple[float, float] = (math.inf, math.inf)
    _arrived: bool = False
    _nearer: bool = False

    def advance(
        self, belief: Belief, grid: OccupancyMap, node: SceneNode, from_here: DistanceField
    ) -> tuple[Progress, Intent | None]:
        """The next move towards a node, and how far it has come."""
        self.steps += 1
        self._watch(grid)
        centre = (float(node.centre_m[0]), float(node.centre_m[1]))
        if (
            self.goto is None
            or (not self._arrived and math.dist(centre, self._centre_m) > 0.3)
            or self._still == STUCK_STEPS // 2
        ):
            self.goto, self._centre_m = _place(grid, node, from_here), centre
        if self.goto is None or self._still > STUCK_STEPS or self.steps > MOST_STEPS:
            return "unreachable", None
        point = (centre[0], centre[1], float(node.centre_m[2]))
        place = GoTo(self.goto.point_m, self.goto.radius_m)
        if not self._arrived and not reached(place, belief.observation, slack_m=0.05):
            return "walking", self.goto
        if not self._arrived and not self._nearer and distance_m(belief, node) > REACHES_M[0] + NEAR_ENOUGH_M:
            # Seen from here there may be a nearer place than was known from afar.
            self._nearer, self.goto = True, _place(grid, node, from_here) or self.goto
            return "walking", self.goto
        self._arrived = True
        if not facing(belief, node) and self._still <= STUCK_STEPS // 2:
            return "walking", LookAt(point)
        return "standing", LookAt(point)

    def _watch(self, grid: OccupancyMap) -> None:
        here = (float(grid.position_m[0]), float(grid.position_m[1]))
        if math.dist(here, self._from) > 0.1:
            self._from, self._still = here, 0
        else:
            self._still += 1


def _place(grid: OccupancyMap, node: SceneNode, from_here: DistanceField) -> GoTo | None:
    places = (standing_place(grid, node, from_here, reach) for reach in REACHES_M)
    return next((replace(place, radius_m=NEAR_ENOUGH_M) for place in places if place is not None), None)


def facing(belief: Belief, node: SceneNode) -> bool:
    """Whether the body is turned towards a node."""
    pose = belief.observation.T_world_base
    if pose is None:
        return True
    towards = math.atan2(node.centre_m[1] - pose[1, 3], node.centre_m[0] - pose[0, 3])
    return abs(turn_between(yaw_of(pose), towards)) <= FACING_RAD


def in_sight(belief: Belief, node: SceneNode) -> bool:
    """Whether a segment of the current frame belongs to a node."""
    return any(detection.node_id == node.id for detection in belief.detections)


def distance_m(belief: Belief, node: SceneNode) -> float:
    """Straight distance on the floor from the body to a node's box."""
    pose = belief.observation.T_world_base
    here = pose[:2, 3] if pose is not None else node.centre_m[:2]
    return float(np.linalg.norm(np.maximum(np.abs(here - node.centre_m[:2]) - node.half_size_m[:2], 0.0)))
