"""UniGoal (Yin et al., CVPR 2025): one planner for categories, descriptions and pictures, by matching graphs.

Every step: match the goal graph with the scene graph, tell the stage from the score S, and act as the stage says. All
ablations of the paper's table are switches of the constructor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import PerceptionError, PlannerError
from enactive.perception.base import Belief
from enactive.perception.detector import Detector, TextEncoder
from enactive.perception.geodesic import DistanceField, distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneGraph

from ..approach import pitch_of, turn_between, yaw_of
from ..base import GoTo, Intent, Look, LookAt, Stop, surroundings
from .blacklist import Blacklist
from .correction import correct
from .embedding import SceneArrays, node_similarity
from .explorer import Choice, Explorer
from .frontier_score import FrontierWeights, meaning, score_frontiers, subgraph_relevance
from .goal_graph import GoalGraph, GoalNode
from .inspection import Inspector
from .keypoints import KeypointMatcher, SiftMatcher
from .layout import lay_out_plainly
from .matching import NODE_THRESHOLD, NOTHING, Matching, match, match_simplified
from .picture import check
from .projection import project
from .pursuit import MOST_STEPS, Gaze, Pursuit, distance_m, facing, in_sight
from .reasoner import EmbeddedReasoner, Reasoner
from .similarity import WordSimilarity
from .spotting import Spotter
from .stages import Stage, stage_of
from .verification import Verifier, not_shown

UNNAMED = "pictured thing"
NEAR_BONUS = 0.03  # of two things that fit equally well the nearer one is taken
STAY_BONUS = 0.1  # and one that is being walked up to is kept
SCORE_BONUS = 0.03
PROJECTED_REACH_M = 3.0  # frontiers this near to a projected place may hold what is missing
OPENING_M = 4.0  # frontiers this near to a thing without a way may open one
RESERVE_STEPS = 60  # left of the budget to go back to the best candidate
MOST_LOOKS = 4
LAST_RESORT = 0.8  # least similarity of a candidate when everything else is explored
UNREACHED = -0.3  # confidence in a candidate that could not be got to
PLAUSIBLE = -0.45  # a rejected candidate above this may still be answered with, when everything else is explored


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What one decision is made from: the belief with its map and scene graph, the graph as arrays, the distances to go from
    here, and how the goal graph matches."""

    belief: Belief
    grid: OccupancyMap
    scene: SceneGraph
    arrays: SceneArrays
    from_here: DistanceField
    found: Matching


class UniGoal:
    """The planner.

    sigma_partial, sigma_perfect: scores from which stages 2 and 3 hold. node_threshold: least similarity of a pair of nodes.
    budget_steps: steps after which it settles for the best candidate, those of the episode where not given. encoder: of
    words, MiniLM where not given. reasoner: what a language model is in the paper. describer: detector that reads goal
    pictures, the embedded segmenter where not given. keypoints: matcher for picture goals. weights: of the frontier score.
    The remaining switches turn parts of the method off, as in the paper's ablations.
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
        frontier_selection: bool = True,
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
        self.verifier = Verifier(goal, self.goal_graph, self.words, self.keypoints)
        self.listed, self.explorer = Blacklist(), Explorer()
        self.pursuit: Pursuit | None = None
        self.gaze = Gaze.of(embodiment)
        self.inspector = Inspector(self.goal_graph, self.mind, self.gaze)
        self.rejected: dict[int, float] = {}
        self.spotted = -1  # node that was recognised as what the goal picture shows
        self.seen_from_m: dict[int, tuple[float, float]] = {}
        self.budget = embodiment.max_steps if self.budget_steps is None else self.budget_steps
        self.turn_rad, self.turned_rad, self.heading_rad, self.looks = embodiment.turn_rad, 0.0, math.nan, 0
        self.anchored_since: tuple[frozenset[int], float, int] = (frozenset(), 0.0, 0)
        self._trace = {}

    def _read(self, goal: Goal) -> GoalGraph:
        """The goal graph. A picture that nobody can put into words is looked for by its keypoints alone."""
        if not isinstance(goal, ImageGoal):
            return self.mind.goal_graph(goal)
        check(goal.image)
        self.spotter = Spotter(goal.image)
        try:
            return self.mind.goal_graph(goal)
        except (PlannerError, PerceptionError):
            return GoalGraph((GoalNode(UNNAMED),))

    def _groups(self) -> list[list[int]]:
        return self.mind.decompose(self.goal_graph) if self.decomposition else [list(range(len(self.goal_graph.nodes)))]

    def plan(self, belief: Belief) -> Intent:
        grid, scene = surroundings(belief)
        here = (float(grid.position_m[0]), float(grid.position_m[1]))
        self.inspector.note(belief, scene)
        self.seen_from_m.update((detection.node_id, here) for detection in belief.detections)
        released = self.listed.release(scene)
        arrays = SceneArrays.read(scene)
        found = self._spot(belief, scene, self._match(arrays, grid))
        stage = stage_of(found, self.sigma_partial, self.sigma_perfect, self.goal_graph.target, self.multi_stage)
        self._trace = self._report(belief, stage, found)
        if released:
            self._trace["released"] = [list(pair) for pair in released]
        return self._act(Moment(belief, grid, scene, arrays, distance_field(grid, grid.position_m), found), stage)

    def _spot(self, belief: Belief, scene: SceneGraph, found: Matching) -> Matching:
        """For a picture: what the view shows to be it is the match, whatever it is called."""
        if self.spotter is None:
            return found
        self.spotted = scene.resolve(self.spotted)
        if self.spotted < 0:
            seen = self.spotter.look(belief)
            self.spotted = -1 if seen is None or seen in self.rejected else seen
        return found if self.spotted < 0 else Matching(1.0, 1.0, 1.0, 1.0, {self.goal_graph.target: self.spotted})

    def _match(self, arrays: SceneArrays, grid: OccupancyMap) -> Matching:
        if not arrays.names:
            return NOTHING
        if self.matching == "simplified":
            return match_simplified(self.goal_graph, arrays, self.listed.nodes if self.blacklist else frozenset())
        gap = np.linalg.norm(arrays.centres_m[:, :2] - grid.position_m, axis=1)
        preference = NEAR_BONUS * np.exp(-gap / 5.0) + SCORE_BONUS * np.array([node.score for node in arrays.nodes])
        if self.pursuit is not None:
            preference[arrays.ids == self.pursuit.node_id] += STAY_BONUS
        return match(
            self.goal_graph,
            arrays,
            self.words,
            barred_nodes=self.listed.nodes,
            barred_edges=self.listed.edges,
            preference=preference,
            node_threshold=self.node_threshold,
        )

    def _act(self, now: Moment, stage: Stage) -> Intent:
        """What the stage calls for; later stages fall through to earlier ones where they find nothing to do."""
        late = self.budget is not None and now.belief.step >= self.budget - min(RESERVE_STEPS, self.budget // 4)
        candidate = now.found.nodes.get(self.goal_graph.target)
        if candidate is not None and (stage is not Stage.ZERO or late):
            intent = self._pursue(now, candidate)
            if intent is not None:
                return intent
        elif not late and self.pursuit is not None:
            self.pursuit = None
        if self._looking_around(now.belief):
            return self._say("look around", Look(self.turn_rad))
        choice = None
        if not late and stage is Stage.PARTIAL and candidate is None:
            choice = self._infer(now)
        if choice is None and not late:
            choice = self._expand(now)
        if not late and (choice is None or not choice.wide):
            visit = self.inspector.next(now.belief, now.grid, now.scene, now.from_here)
            if visit is not None:
                return self._say(f"look closely at {visit[1]}", visit[0])
        if choice is not None:
            self._trace["frontier"] = list(choice.point_m)
            self._trace["frontiers"] = choice.count
            return choice.go()
        return self._settle(now)

    def _looking_around(self, belief: Belief) -> bool:
        """The turn on the spot at the start."""
        pose = belief.observation.T_world_base
        most = round(2.0 * math.pi / self.turn_rad)
        if pose is None or self.looks >= 4 * most or self.turned_rad >= 2.0 * math.pi - 1.5 * self.turn_rad:
            self.looks = 4 * most
            return False
        yaw = yaw_of(pose)
        if not math.isnan(self.heading_rad):
            self.turned_rad += abs(turn_between(self.heading_rad, yaw))
        self.heading_rad = yaw
        self.looks += 1
        return self.turned_rad < 2.0 * math.pi - 1.5 * self.turn_rad

    def _expand(self, now: Moment) -> Choice | None:
        """Stage 1: the frontier that the sub-graphs of the goal speak for."""
        arrays = now.arrays
        relevance = [subgraph_relevance(part, arrays, self.mind) for part in self.subgraphs] if self.frontier_selection else []

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            return score_frontiers(points, ways, sizes, [meaning(points, arrays, each) for each in relevance], self.weights)

        choice = self.explorer.choose(now.grid, now.from_here, score)
        if choice is not None:
            self._say("expand from sub-graphs")
        return choice

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
        self._trace["projected"] = [float(place[0]), float(place[1])]

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            gap = np.linalg.norm(points - place, axis=1)
            return np.where(gap <= PROJECTED_REACH_M, 2.0 - gap / PROJECTED_REACH_M + 0.5 * (1.0 - ways / (ways + 5.0)), -1.0)

        choice = self.explorer.choose(now.grid, now.from_here, score)
        if choice is not None and choice.score >= 0.0:
            self._say("explore where the anchors point")
            return choice
        self.explorer.rest()
        if self.blacklist:
            self.listed.add(now.found, now.scene)
            self._say("anchors exhausted")
        return None

    def _pursue(self, now: Moment, candidate: int) -> Intent | None:
        """Stage 3, and stage 2 once a candidate for the target is among the matches: go there, correct, verify."""
        belief, scene = now.belief, now.scene
        if self.pursuit is None or scene.resolve(self.pursuit.node_id) != candidate:
            self.pursuit = Pursuit(candidate, self.gaze, self.seen_from_m.get(candidate))
        pursuit = self.pursuit
        pursuit.node_id = candidate
        node = scene.nodes[candidate]
        progress, intent = pursuit.advance(belief, now.grid, node, now.from_here)
        if progress != "unreachable":
            self.explorer.rest()
        standing = progress == "standing"
        shown = in_sight(belief, node) or not self.seen_from_m
        if self.verification and (standing or (shown and facing(belief, node))):
            pursuit.evidence = self.verifier.look(belief, node, now.found) if shown else not_shown(node)
            pursuit.confidence.add(pursuit.evidence.value, distance_m(belief, node), standing)
        self._trace |= {
            "candidate": candidate,
            "confidence": pursuit.confidence.value,
            "evidence": dict(pursuit.evidence.parts),
        }
        if progress == "unreachable":
            return self._come_nearer(now, candidate)
        if not standing:
            return self._say(f"walk up to {node.name} #{candidate}", intent)
        if self.correction and pursuit.confidence.looks == 1:
            self._trace["corrections"] = correct(belief, now.found.nodes.values(), self.mind)
            if candidate not in scene.nodes:
                self.pursuit = None
                return self._say("the candidate was corrected away", Look(self.turn_rad))
        decision = pursuit.confidence.decide(MOST_LOOKS) if self.verification else "accept"
        if decision == "accept":
            return self._say("verified", Stop(f"found {node.name}", found=True))
        if decision == "look again":
            turn = self.turn_rad if pursuit.confidence.looks % 2 else -self.turn_rad
            return self._say("look again", Look(turn, self._pitch_rad(belief)))
        self._reject(now, candidate, pursuit.evidence.plain)
        self._say(f"{node.name} #{candidate} is not it")
        return None

    def _come_nearer(self, now: Moment, candidate: int) -> Intent | None:
        """There is no known way to a candidate: explore towards it, or leave it where nothing is left to explore there."""
        node = now.scene.nodes[candidate]

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            gap = np.linalg.norm(points - node.centre_m[:2], axis=1)
            return np.where(gap <= OPENING_M, -gap - 0.3 * ways, -np.inf)

        if self.pursuit is not None and not self.pursuit.anywhere:
            choice = self.explorer.choose(now.grid, now.from_here, score)
            if choice is not None and math.isfinite(choice.score) and self.pursuit.steps < MOST_STEPS:
                self._trace["frontier"] = list(choice.point_m)
                return self._say(f"look for a way to {node.name} #{candidate}", choice.go())
            self.pursuit = Pursuit(candidate, self.gaze, None, True, self.pursuit.confidence, self.pursuit.evidence)
            self.explorer.rest()
            return self._pursue(now, candidate)
        self._reject(now, candidate, UNREACHED)
        self._say(f"{node.name} #{candidate} cannot be reached")
        return None

    def _pitch_rad(self, belief: Belief) -> float:
        """Pitch of the camera now."""
        camera = next(iter(belief.observation.cameras.values()), None)
        return 0.0 if camera is None else pitch_of(camera.T_world_camera)

    def _reject(self, now: Moment, candidate: int, confidence: float) -> None:
        """Verification failed: all that is matched goes to the blacklist, and the candidate is remembered with its evidence.

        What another candidate stands on or beside stays free: the counter is not wrong because the first mug on it was.
        """
        self.rejected[candidate] = confidence
        self.pursuit, self.spotted = None, -1
        if not self.blacklist:
            return
        found, scene = now.found, now.scene
        self.listed.add(found, scene)
        names = self.goal_graph.nodes[self.goal_graph.target].name
        others = {
            node.id
            for node in scene
            if (self.goal_graph.target, node.id) not in self.listed.nodes
            and self.words.name(names, node.name) >= self.node_threshold
        }
        for g, id_ in found.nodes.items():
            if g != self.goal_graph.target and any(others.intersection(pair) for pair in scene.relations if id_ in pair):
                self.listed.free(g, id_)

    def _settle(self, now: Moment) -> Intent:
        """Everything is explored, or time runs out: the best candidate that is left, else not found."""
        target, arrays = self.goal_graph.target, now.arrays
        if arrays.names:
            alike = node_similarity(self.goal_graph, arrays, self.words)[target]
            open_ones = [
                (float(alike[m]) - 0.02 * distance_m(now.belief, arrays.nodes[m]), int(arrays.ids[m]))
                for m in np.flatnonzero(alike >= min(self.node_threshold, LAST_RESORT))
                if int(arrays.ids[m]) not in self.rejected
            ]
            if self.pursuit is not None and any(id_ == self.pursuit.node_id for _, id_ in open_ones):
                open_ones = [(math.inf, self.pursuit.node_id)]
            for _, id_ in sorted(open_ones, reverse=True):
                intent = self._pursue(replace(now, found=Matching(now.found.s, nodes={target: id_})), id_)
                if intent is not None:
                    return intent
        return self._answer_or_give_up(now)

    def _answer_or_give_up(self, now: Moment) -> Intent:
        """Go back to the rejected candidate that came nearest, where one was in doubt rather than wrong."""
        scene = now.scene
        doubtful = [(value, scene.resolve(id_)) for id_, value in self.rejected.items() if value >= PLAUSIBLE]
        for value, id_ in sorted(doubtful, reverse=True):
            if id_ < 0:
                continue
            if self.pursuit is None or self.pursuit.node_id != id_:
                self.pursuit = Pursuit(id_, self.gaze, self.seen_from_m.get(id_))
            progress, intent = self.pursuit.advance(now.belief, now.grid, scene.nodes[id_], now.from_here)
            if progress == "walking" and intent is not None:
                return self._say(f"go back to {scene.nodes[id_].name} #{id_}, the best guess", intent)
            if progress == "standing":
                return self._say(
                    "best guess", Stop(f"the best guess is this {scene.nodes[id_].name} (confidence {value:.2f})", found=True)
                )
        goal = self.goal_graph.nodes[self.goal_graph.target]
        return self._say("give up", Stop(f"not found: no {goal} in what could be explored", found=False))

    def _say(self, reason: str, intent: Intent | None = None) -> Any:
        said = self._trace.get("reason")
        self._trace["reason"] = f"{said}; {reason}" if said else reason
        return intent

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
