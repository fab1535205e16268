"""UniGoal (Yin et al., CVPR 2025): one planner for categories, descriptions and pictures, by matching graphs.

Every step: match the goal graph with the scene graph, tell the stage from the score S, and act as the stage says. All
ablations of the paper's table are settings of the constructor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import ConfigError
from enactive.perception.base import Belief
from enactive.perception.detector import Detector, TextEncoder
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph

from ..approach import pace, turn_between, yaw_of
from ..base import GoTo, Intent, Look, LookAt, Stop, surroundings
from .blacklist import Blacklist
from .candidates import PROMISING, Candidates
from .embedding import SceneArrays
from .explorer import Choice, Explorer, Scorer
from .frontier_score import FrontierWeights, closest_first, meaning, score_frontiers, subgraph_relevance
from .goal_graph import GoalGraph, GoalNode
from .inspection import Inspector
from .keypoints import KeypointMatcher, SiftMatcher
from .layout import lay_out_plainly
from .matching import NODE_THRESHOLD, NOTHING, Matching, match, match_simplified
from .moment import Moment
from .picture import NotRecognised, check
from .projection import project
from .reasoner import EmbeddedReasoner, Reasoner
from .similarity import WordSimilarity
from .spotting import Spotter
from .stages import Stage, stage_of
from .verification import Verifier

UNNAMED = "pictured thing"
NEAR_BONUS = 0.03  # of two things that fit equally well the nearer one is taken, if it is worth a walk
STAY_BONUS = 0.1  # and one that is being walked up to is kept
SCORE_BONUS = 0.03
PROJECTED_REACH_M = 3.0  # frontiers this near to a projected place may hold what is missing


class UniGoal:
    """The planner.

    sigma_partial, sigma_perfect: scores from which stages 2 and 3 hold. node_threshold: least similarity of a pair of nodes.
    budget_steps: steps after which it settles for the best candidate, those of the episode where not given. encoder: of
    words, MiniLM where not given. reasoner: what a language model is in the paper. describer: detector that reads goal
    pictures, the embedded segmenter where not given. keypoints: matcher for picture goals. weights: of the frontier score.
    frontier_selection: how stage 1 chooses among the frontiers: by their score, summed over the sub-graphs ("scored"), the one
    closest to where the target's sub-graph is most likely found ("unscored"), or the nearest one, whatever is looked for
    ("nearest", plain frontier-based exploration). The remaining switches turn parts of the method off, as in the paper's
    ablations. Raises ConfigError where a switch has no meaning.
    """

    goals: tuple[type[Goal], ...] = (ObjectGoal, TextGoal, ImageGoal)
    needs = frozenset({"map", "scene_graph"})
    emits: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Stop)

    def __init__(
        self,
        sigma_partial: float = 0.5,
        sigma_perfect: float = 0.9,
        node_threshold: float = NODE_THRESHOLD,
        budget_steps: int | None = None,
        matching: Literal["graph", "simplified"] = "graph",
        blacklist: bool = True,
        multi_stage: bool = True,
        decomposition: bool = True,
        frontier_selection: Literal["scored", "unscored", "nearest"] = "scored",
        projection: Literal["full", "simplified"] = "full",
        anchor_alignment: bool = True,
        correction: bool = True,
        verification: bool = True,
        weights: FrontierWeights | None = None,
        encoder: TextEncoder | None = None,
        reasoner: Reasoner | None = None,
        describer: Detector | None = None,
        keypoints: KeypointMatcher | None = None,
    ) -> None:
        for name, value, values in (
            ("matching", matching, ("graph", "simplified")),
            ("frontier_selection", frontier_selection, ("scored", "unscored", "nearest")),
            ("projection", projection, ("full", "simplified")),
        ):
            if value not in values:
                raise ConfigError(f"{name} is {value!r}, and has to be one of {', '.join(values)}")
        if not 0.0 <= sigma_partial <= sigma_perfect:
            raise ConfigError(f"sigma_partial is {sigma_partial}, and has to be from 0 to sigma_perfect ({sigma_perfect})")
        self.sigma_partial, self.sigma_perfect, self.node_threshold = sigma_partial, sigma_perfect, node_threshold
        self.budget_steps = budget_steps
        self.matching, self.blacklist, self.multi_stage = matching, blacklist, multi_stage
        self.decomposition, self.frontier_selection = decomposition, frontier_selection
        self.projection, self.anchor_alignment = projection, anchor_alignment
        self.correction, self.verification = correction, verification
        self.weights = weights or FrontierWeights()
        self.encoder, self.reasoner, self.describer = encoder, reasoner, describer
        self.keypoints = keypoints or SiftMatcher()
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Read the goal into a graph. Raises PlannerError where it cannot be understood."""
        if self.encoder is None:
            from enactive.perception.text import MiniLM

            self.encoder = MiniLM()
        self.words = WordSimilarity(self.encoder)
        self.mind: Reasoner = self.reasoner or EmbeddedReasoner(self.words, self.describer)
        self.spotter: Spotter | None = None
        self.goal_graph: GoalGraph = self._read(goal)
        self.subgraphs = [self.goal_graph.subgraph(group)[0] for group in self._groups()]
        self.layout_m = (
            self.mind.coordinates(self.goal_graph) if self.projection == "full" else lay_out_plainly(self.goal_graph)
        )
        self.listed, self.explorer = Blacklist(), Explorer(pace(embodiment))
        self.candidates = Candidates(
            self.goal_graph,
            self.words,
            self.mind,
            Verifier(self.goal_graph, self.words, self.node_threshold, self.spotter) if self.verification else None,
            self.listed if self.blacklist else None,
            self.explorer,
            embodiment,
            correct=self.correction,
            node_threshold=self.node_threshold,
        )
        self.inspector = Inspector(self.goal_graph, self.mind, self.candidates.gaze)
        self.spotted = -1  # node that was recognised as what the goal picture shows
        self.budget, self.late = embodiment.max_steps if self.budget_steps is None else self.budget_steps, False
        self.turn_rad, self.turned_rad, self.heading_rad, self.looks = embodiment.turn_rad, 0.0, math.nan, 0
        self._trace = {}

    def _read(self, goal: Goal) -> GoalGraph:
        """The goal graph. A picture in which nothing is recognised is looked for by its keypoints and colours alone."""
        if not isinstance(goal, ImageGoal):
            return self.mind.goal_graph(goal)
        check(goal.image)
        self.spotter = Spotter(goal.image, self.keypoints)
        try:
            return self.mind.goal_graph(goal)
        except NotRecognised:
            return GoalGraph((GoalNode(UNNAMED),))

    def _groups(self) -> list[list[int]]:
        return self.mind.decompose(self.goal_graph) if self.decomposition else [list(range(len(self.goal_graph.nodes)))]

    def plan(self, belief: Belief) -> Intent:
        grid, scene = surroundings(belief)
        here = (float(grid.position_m[0]), float(grid.position_m[1]))
        self.inspector.note(belief, scene)
        self.candidates.watch(belief, here)
        released = self.listed.release(scene)
        arrays = SceneArrays.read(scene)
        found = self._spot(belief, scene, self._match(scene, arrays, grid))
        stage = stage_of(found, self.sigma_partial, self.sigma_perfect, self.goal_graph.target, self.multi_stage)
        self._trace = self._report(belief, stage, found)
        if released:
            self._trace["released"] = [list(pair) for pair in released]
        return self._act(Moment(belief, grid, scene, arrays, distance_field(grid, grid.position_m), found, self._trace), stage)

    def _spot(self, belief: Belief, scene: SceneGraph, found: Matching) -> Matching:
        """For a picture: what the view shows to be it is the match, whatever it is called."""
        if self.spotter is None:
            return found
        self.spotted = scene.resolve(self.spotted)
        if self.spotted < 0 or self.spotted in self.candidates.rejected:
            seen = self.spotter.look(belief)
            self.spotted = -1 if seen is None or seen in self.candidates.rejected else seen
        return found if self.spotted < 0 else Matching(1.0, 1.0, 1.0, 1.0, {self.goal_graph.target: self.spotted})

    def _match(self, scene: SceneGraph, arrays: SceneArrays, grid: OccupancyMap) -> Matching:
        if not arrays.names:
            return NOTHING
        if self.matching == "simplified":
            return match_simplified(self.goal_graph, arrays, self.listed.nodes if self.blacklist else frozenset())
        gap = np.linalg.norm(arrays.centres_m[:, :2] - grid.position_m, axis=1)
        score = np.array([node.even_score for node in arrays.nodes])
        preference = NEAR_BONUS * (np.exp(-gap / 5.0) + (score >= PROMISING)) + SCORE_BONUS * score
        if self.candidates.pursuit is not None:
            preference[arrays.ids == self.candidates.pursuit.node_id] += STAY_BONUS
        return match(
            self.goal_graph,
            arrays,
            self.words,
            barred_nodes=self.listed.nodes | self.candidates.done_with(scene),
            barred_edges=self.listed.edges,
            preference=preference,
            node_threshold=self.node_threshold,
        )

    def _act(self, now: Moment, stage: Stage) -> Intent:
        """What the stage calls for; later stages fall through to earlier ones where they find nothing to do."""
        if not self.late and self.budget is not None:  # once late, always: on the way back fewer steps need to be kept
            self.late = now.belief.step >= self.budget - self.candidates.way_back_steps(now)
        if self.late:
            return self.candidates.settle(now, late=True)
        candidate = now.found.nodes.get(self.goal_graph.target)
        promising = candidate is not None and (candidate == self.spotted or self.candidates.promising(now.scene, candidate))
        if candidate is not None and stage is not Stage.ZERO and promising:
            intent = self.candidates.pursue(now, candidate)
            if intent is not None:
                return intent
        intent = self._explore(now, stage, candidate)
        if intent is None:
            return self.candidates.settle(now, late=False)
        self.candidates.pursuit = None
        return intent

    def _explore(self, now: Moment, stage: Stage, candidate: int | None) -> Intent | None:
        """Stages 1 and 2 where no candidate is worth a walk; None where everything is explored."""
        if self._looking_around(now.belief):
            return now.say("look around", Look(self.turn_rad))
        choice = None
        if stage is Stage.PARTIAL and candidate is None:
            choice = self._infer(now)
        if choice is None:
            choice = self._expand(now)
        if choice is None or not choice.wide:
            visit = self.inspector.next(now.belief, now.grid, now.scene, now.from_here)
            if visit is not None:
                return now.say(f"look closely at {visit[1]}", visit[0])
        if choice is None:
            return None
        now.trace["frontier"] = list(choice.point_m)
        now.trace["frontiers"] = choice.count
        return choice.go()

    def _looking_around(self, belief: Belief) -> bool:
        """The turn on the spot at the start."""
        pose = belief.observation.T_world_base
        most = 4 * round(2.0 * math.pi / self.turn_rad) * self.explorer.pace
        if pose is None or self.looks >= most or self.turned_rad >= 2.0 * math.pi - 1.5 * self.turn_rad:
            self.looks = most
            return False
        yaw = yaw_of(pose)
        if not math.isnan(self.heading_rad):
            self.turned_rad += abs(turn_between(self.heading_rad, yaw))
        self.heading_rad = yaw
        self.looks += 1
        return self.turned_rad < 2.0 * math.pi - 1.5 * self.turn_rad

    def _expand(self, now: Moment) -> Choice | None:
        """Stage 1: the frontier that the sub-graphs of the goal speak for."""
        choice = self.explorer.choose(now.grid, now.from_here, self._frontier_scorer(now.arrays))
        if choice is not None:
            now.note("go to the nearest frontier" if self.frontier_selection == "nearest" else "expand from sub-graphs")
        return choice

    def _frontier_scorer(self, arrays: SceneArrays) -> Scorer:
        """How `frontier_selection` ranks frontiers in the scene as it is now. Before anything is seen, nearest first."""
        if self.frontier_selection == "nearest" or (self.frontier_selection == "unscored" and not arrays.names):
            return lambda points, ways, sizes: closest_first(ways)
        if self.frontier_selection == "unscored":
            likeliest = int(subgraph_relevance(self.subgraphs[0], arrays, self.mind).argmax())
            place = arrays.centres_m[likeliest, :2]
            return lambda points, ways, sizes: closest_first(np.linalg.norm(points - place, axis=1))
        relevance = [subgraph_relevance(part, arrays, self.mind) for part in self.subgraphs]

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            return score_frontiers(points, ways, sizes, [meaning(points, arrays, each) for each in relevance], self.weights)

        return score

    def _infer(self, now: Moment) -> Choice | None:
        """Stage 2: the frontier nearest to where the target should be, from the layout of the goal and the anchors.

        Where no frontier is left there, the anchors have not led to the goal: they go to the blacklist.
        """
        anchors = {g: now.scene.nodes[id_].centre_m[:2] for g, id_ in now.found.nodes.items()}
        place = (
            project(self.layout_m, anchors)[self.goal_graph.target]
            if self.anchor_alignment
            else np.mean(list(anchors.values()), axis=0)
        )
        now.trace["projected"] = [float(place[0]), float(place[1])]

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            gap = np.linalg.norm(points - place, axis=1)
            return np.where(gap <= PROJECTED_REACH_M, 2.0 - gap / PROJECTED_REACH_M + 0.5 * (1.0 - ways / (ways + 5.0)), -1.0)

        choice = self.explorer.choose(now.grid, now.from_here, score)
        if choice is not None and choice.score >= 0.0:
            now.note("explore where the anchors point")
            return choice
        self.explorer.rest()
        if self.blacklist:
            self.listed.add(now.found, now.scene)
            now.note("anchors exhausted")
        return None

    def _report(self, belief: Belief, stage: Stage, found: Matching) -> dict[str, Any]:
        return {
            "step": belief.step,
            "stage": stage.value,
            "S": found.s,
            "S_N": found.s_n,
            "S_E": found.s_e,
            "S_T": found.s_t,
            "matches": {str(g): id_ for g, id_ in found.nodes.items()},
            "edge_matches": {str(e): list(pair) for e, pair in found.edges.items()},
            "similarities": {str(g): value for g, value in found.similarity.items()},
            "blacklist": len(self.listed),
            "reason": "",
            **({"goal_graph": self.goal_graph.to_json()} if belief.step == 1 else {}),
        }
