"""Semantic frontier exploration in the manner of SG-Nav (arXiv 2410.08189), without its language model: a baseline.

Frontiers are scored by the way to them and by how usual it is to find the goal beside what stands around them. It stops as
the nearest-frontier baseline does: before the first thing that bears the goal's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.perception.base import Belief
from enactive.perception.detector import Detector, TextEncoder
from enactive.perception.geodesic import distance_field

from .approach import pace
from .base import GoTo, Intent, Look, LookAt, Stop, surroundings
from .seek import Seeker, goal_name
from .unigoal.embedding import SceneArrays
from .unigoal.explorer import Explorer
from .unigoal.frontier_score import FrontierWeights, meaning, score_frontiers, subgraph_relevance
from .unigoal.goal_graph import GoalGraph, GoalNode
from .unigoal.reasoner import EmbeddedReasoner
from .unigoal.similarity import WordSimilarity


class SemanticFrontier:
    """Goes to the frontier that is near and stands among things that go with the goal, until something bears its name.

    Says Stop(found=False) when no frontier is left. min_score, min_sightings: what makes a node of the scene graph believed
    in. weights: of the frontier score. encoder: of words, MiniLM where not given. describer: detector that reads pictures.
    """

    goals: tuple[type[Goal], ...] = (ObjectGoal, TextGoal, ImageGoal)
    needs = frozenset({"map", "scene_graph"})
    emits: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Stop)

    def __init__(
        self,
        min_score: float = 0.5,
        min_sightings: int = 2,
        weights: FrontierWeights | None = None,
        encoder: TextEncoder | None = None,
        describer: Detector | None = None,
    ) -> None:
        self.weights, self.encoder, self.describer = weights or FrontierWeights(), encoder, describer
        self._seeker = Seeker(min_score, min_sightings)
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal. Raises PlannerError where it names nothing."""
        if self.encoder is None:
            from enactive.perception.text import MiniLM

            self.encoder = MiniLM()
        self._seeker.reset(goal_name(goal, self.describer), embodiment)
        self._goal = GoalGraph((GoalNode(self._seeker.name),))
        self._mind = EmbeddedReasoner(WordSimilarity(self.encoder), self.describer)
        self._explorer = Explorer(pace(embodiment))
        self._trace = {}

    def plan(self, belief: Belief) -> Intent:
        intent = self._seeker.plan(belief)
        self._trace = dict(self._seeker.trace)
        if intent is not None:
            self._explorer.rest()
            return intent
        grid, graph = surroundings(belief)
        scene = SceneArrays.read(graph)
        relevance = subgraph_relevance(self._goal, scene, self._mind)

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], widths: NDArray[np.float64]) -> NDArray[np.float64]:
            return score_frontiers(points, ways, widths, [meaning(points, scene, relevance)], self.weights)

        choice = self._explorer.choose(grid, distance_field(grid, grid.position_m), score)
        self._trace = {"stage": "explore", "goal": self._seeker.name}
        if choice is None:
            return Stop(f"not found: no {self._seeker.name}, and nothing left to explore", found=False)
        self._trace |= {"frontier": list(choice.point_m), "frontiers": choice.count, "score": choice.score}
        return choice.go()
