"""What one decision is made from, and what a reader gets to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph

from ..base import Intent
from .embedding import SceneArrays
from .matching import Matching


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One decision: the belief with its map and scene graph, the graph as arrays, the distances to go from here, how the goal
    graph matches, and the trace of the decision, which is written on the way."""

    belief: Belief
    grid: OccupancyMap
    scene: SceneGraph
    arrays: SceneArrays
    from_here: DistanceField
    found: Matching
    trace: dict[str, Any]

    def note(self, reason: str) -> None:
        """Add a reason to the trace."""
        said = self.trace["reason"]
        self.trace["reason"] = f"{said}; {reason}" if said else reason

    def say(self, reason: str, intent: Intent) -> Intent:
        """An intent, with its reason in the trace."""
        self.note(reason)
        return intent
