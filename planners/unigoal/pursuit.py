"""Walking up to a candidate, looking at it on the way and from near, until it is taken or given up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from enactive.envs import Embodiment
from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneNode

from ..approach import pace, pitch_of, reached, standing_place, turn_between, yaw_of
from ..base import GoTo, Intent, LookAt
from .sight import distance_m, in_sight
from .verification import Evidence, ExplorationConfidence

REACHES_M = (0.65, 0.85)  # how near to stand, the first that there is room for
ANY_REACHES_M = (0.65, 0.85, 1.2, 1.8)
NEAR_ENOUGH_M = 0.15
STUCK_REACH_M = 1.0
IN_REACH_M = 0.8  # a thing that shows and is this near need not be come nearer to
MOST_STEPS = 140  # moves, as all steps here
TURNING_STEPS = 9
STUCK_STEPS, LEFT_M, MOST_STUCK = 14, 0.4, 1
REVISE = 6  # after which the place is chosen anew, the map being better known
MOVED_M = 0.3
MOST_PLACES = 2  # besides the first, from which a thing is looked at that does not show
Progress = Literal["walking", "standing", "unreachable"]


@dataclass(frozen=True, slots=True)
class Gaze:
    """How well a body can look at a point. turn_rad, look_rad: steps of its base and of its camera, 0 = it cannot nod.

    pace: commands that do what one move does.
    """

    turn_rad: float
    look_rad: float
    pace: int

    @classmethod
    def of(cls, embodiment: Embodiment) -> Gaze:
        look_rad = embodiment.look_rad if "look_down" in embodiment.labels else 0.0
        return cls(embodiment.turn_rad, look_rad, pace(embodiment))

    @property
    def most_steps(self) -> int:
        """Commands after which it looks as well as it will."""
        return TURNING_STEPS * self.pace

    def rests_on(self, belief: Belief, look: LookAt) -> bool:
        """Whether base and camera are turned to a point, as near as their steps allow."""
        pose = belief.observation.T_world_base
        if pose is None:
            return True
        towards = math.atan2(look.point_m[1] - pose[1, 3], look.point_m[0] - pose[0, 3])
        if abs(turn_between(yaw_of(pose), towards)) > 0.53 * self.turn_rad:
            return False
        camera = next(iter(belief.observation.cameras.values()), None)
        if camera is None or not self.look_rad:
            return True
        to = np.array(look.point_m) - camera.T_world_camera[:3, 3]
        wanted = math.atan2(to[2], math.hypot(to[0], to[1]))
        return abs(wanted - pitch_of(camera.T_world_camera)) <= 0.53 * self.look_rad


@dataclass(slots=True, eq=False)
class Pursuit:
    """One candidate under way.

    node_id: in the scene graph. gaze: how the body looks at things. seen_from_m: where the body stood when it last showed,
    None = not known. anywhere: places farther off and on other sides will do. goto: where it is approached from. corrected:
    whether the scene graph around it was corrected, as is done once, standing before it.
    """

    node_id: int
    gaze: Gaze
    seen_from_m: tuple[float, float] | None = None
    anywhere: bool = False
    confidence: ExplorationConfidence = field(default_factory=ExplorationConfidence)
    evidence: Evidence = field(default_factory=lambda: Evidence(0.0))
    goto: GoTo | None = None
    corrected: bool = False
    steps: int = 0
    _tried: list[tuple[float, float]] = field(default_factory=list)
    _arrived: bool = False
    _there: int = 0
    _still: int = 0
    _stuck: int = 0
    _from: tuple[float, float] = (math.inf, math.inf)
    _centre_m: tuple[float, float] = (math.inf, math.inf)

    def advance(
        self, belief: Belief, grid: OccupancyMap, node: SceneNode, from_here: DistanceField
    ) -> tuple[Progress, Intent | None]:
        """The next move towards a node, and how far it has come."""
        self.steps += 1
        self._watch(grid)
        centre = (float(node.centre_m[0]), float(node.centre_m[1]))
        if not self._arrived and self._choose_again(centre, from_here):
            self.goto, self._centre_m = self._place(grid, node, from_here), centre
        if self.goto is None or self.steps > MOST_STEPS * self.gaze.pace or self._stuck > MOST_STUCK:
            return "unreachable", None
        there = reached(GoTo(self.goto.point_m, self.goto.radius_m), belief.observation)
        if not (
            self._arrived
            or there
            or (
                in_sight(belief, node)
                and distance_m(belief, node) <= (IN_REACH_M if self._still < STUCK_STEPS * self.gaze.pace else STUCK_REACH_M)
            )
        ):
            return "walking", self.goto
        self._arrived = True
        self._there += 1
        look = LookAt((*centre, float(node.centre_m[2])))
        if not self.gaze.rests_on(belief, look) and self._there <= self.gaze.most_steps:
            return "walking", look
        if belief.detections and not in_sight(belief, node) and len(self._tried) < MOST_PLACES:
            self._tried.append(self.goto.point_m)
            if (place := self._place(grid, node, from_here)) is not None:
                self.goto, self._arrived, self._there = place, False, 0
                return "walking", place
        return "standing", look

    def _choose_again(self, centre: tuple[float, float], from_here: DistanceField) -> bool:
        """Whether a place to stand has to be chosen: none yet, no way there any more, the thing is elsewhere, or it is time."""
        if self.goto is None or self.steps % (REVISE * self.gaze.pace) == 0 or math.dist(centre, self._centre_m) > MOVED_M:
            return True
        return not np.isfinite(from_here.at(np.array(self.goto.point_m)))

    def _place(self, grid: OccupancyMap, node: SceneNode, from_here: DistanceField) -> GoTo | None:
        """The best place on the side that the thing was seen from: the nearest one may lie behind the wall it stands at."""
        for reach_m in ANY_REACHES_M if self.anywhere else REACHES_M:
            place = standing_place(grid, node, from_here, reach_m, self._tried, None if self.anywhere else self.seen_from_m)
            if place is not None:
                return replace(place, radius_m=NEAR_ENOUGH_M)
        return None

    def _watch(self, grid: OccupancyMap) -> None:
        """After too many steps at one spot on the way the place is given up for another."""
        here = (float(grid.position_m[0]), float(grid.position_m[1]))
        if self._arrived or math.dist(here, self._from) > LEFT_M:
            self._from, self._still = here, 0
            return
        self._still += 1
        if self._still > STUCK_STEPS * self.gaze.pace and self.goto is not None:
            self._tried.append(self.goto.point_m)
            self.goto, self._still, self._stuck = None, 0, self._stuck + 1
