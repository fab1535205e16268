"""Looking closely where the goal usually is: small things on a shelf do not show from the door.

When no frontier is left, the places that go best with the goal and were never seen from near are visited one by one.
"""

from __future__ import annotations

import numpy as np

from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph, SceneNode

from ..approach import reached, standing_place
from ..base import GoTo, Intent, LookAt
from .commonsense import LORE
from .goal_graph import GoalGraph
from .pursuit import Gaze
from .reasoner import Reasoner
from .sight import distance_m
from .vocabulary import ROOM_WORDS, canonical

NEAR_M = 1.6  # a place seen from here shows what is on it
STAND_M = 1.0
LIKELY = 0.3
METRE_COST = 0.03  # likelihood that a metre of way is worth
MOST_STEPS = 60  # moves
STUCK_STEPS, LEFT_M = 14, 0.4  # so many moves around one spot: there is no way, whatever the map says


class Inspector:
    """Chooses places and keeps to one until it was looked at."""

    def __init__(self, goal: GoalGraph, mind: Reasoner, gaze: Gaze) -> None:
        self.goal, self.mind, self.gaze = goal, mind, gaze
        self.seen: set[int] = set()
        self.place: int | None = None
        self._steps = self._there = self._still = 0
        self._spot_m = np.full(2, np.inf)

    def note(self, belief: Belief, scene: SceneGraph) -> None:
        """Remember what the current frame shows from near."""
        for detection in belief.detections:
            node = scene.nodes.get(detection.node_id)
            if node is not None and distance_m(belief, node) <= NEAR_M:
                self.seen.add(node.id)

    def next(
        self, belief: Belief, grid: OccupancyMap, scene: SceneGraph, from_here: DistanceField
    ) -> tuple[Intent, str] | None:
        """What to do to look at the likeliest place that is left, and its name; None where none is."""
        for _ in range(len(scene.nodes) + 1):
            if self.place is None or self.place not in scene.nodes:
                self.place, self._steps, self._there = self._choose(scene, from_here), 0, 0
                self._spot_m = np.full(2, np.inf)
            if self.place is None:
                return None
            node = scene.nodes[self.place]
            intent = self._visit(belief, grid, node, from_here)
            if intent is not None:
                return intent, f"{node.name} #{node.id}"
            self.seen.add(node.id)
            self.place = None
        return None

    def _choose(self, scene: SceneGraph, from_here: DistanceField) -> int | None:
        best, value = None, -np.inf
        for node in scene:
            worth = self.likelihood(scene, node) if node.id not in self.seen else 0.0
            if worth < LIKELY:
                continue
            spot = from_here.near(node.centre_m[:2], within_m=STAND_M + float(node.half_size_m[:2].max()))
            score = -np.inf if spot is None else worth - METRE_COST * float(from_here.at(spot))
            if score > value:
                best, value = node.id, score
        return best

    def likelihood(self, scene: SceneGraph, node: SceneNode) -> float:
        """Probability that the target is on, in or right beside a node: what it stands on in the goal, else what is usual."""
        lore = LORE.get(canonical(node.name))
        if lore is None or lore.size != "furniture":
            return 0.0
        target = self.goal.nodes[self.goal.target]
        room = scene.rooms.get(node.room)
        if target.room and room is not None and room.name:
            same = ROOM_WORDS.get(room.name, room.name) == target.room
            if not same and room.score > 0.5:
                return 0.0
        named = [self.goal.nodes[n].name for n in self.goal.neighbours(self.goal.target)]
        if any(self.mind.related(name, node.name) >= 1.0 for name in named):
            return 1.0
        return self.mind.related(target.name, node.name)

    def _visit(self, belief: Belief, grid: OccupancyMap, node: SceneNode, from_here: DistanceField) -> Intent | None:
        """Walk to a place and face it; None once that is done or cannot be."""
        self._steps += 1
        if self._steps > MOST_STEPS * self.gaze.pace:
            return None
        if self._there == 0:
            place = standing_place(grid, node, from_here, STAND_M)
            if place is None:
                return None
            go = GoTo(place.point_m, radius_m=0.25)
            if distance_m(belief, node) > STAND_M and not reached(go, belief.observation):
                return None if self._stuck(grid) else go
        self._there += 1
        top = node.centre_m[2] + 0.5 * node.half_size_m[2]
        look = LookAt((float(node.centre_m[0]), float(node.centre_m[1]), float(top)))
        return None if self.gaze.rests_on(belief, look) or self._there > self.gaze.most_steps else look

    def _stuck(self, grid: OccupancyMap) -> bool:
        """Whether the body has been about one spot for long though it was told to walk."""
        if np.linalg.norm(grid.position_m - self._spot_m) > LEFT_M:
            self._spot_m, self._still = grid.position_m.copy(), 0
        self._still += 1
        return self._still > STUCK_STEPS * self.gaze.pace
