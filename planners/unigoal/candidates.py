"""Stage 3: things that may be the goal are walked up to and verified; what fails goes to the blacklist (UniGoal, 3.5).

When everything is explored or time runs out, the best of them is the answer.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment
from enactive.perception.base import Belief
from enactive.perception.scene_graph import SceneGraph, SceneNode

from ..approach import pitch_of
from ..base import Intent, Look, Stop
from .blacklist import Blacklist
from .correction import correct
from .embedding import node_similarity
from .explorer import Explorer
from .goal_graph import GoalGraph
from .matching import Matching
from .moment import Moment
from .pursuit import MOST_STEPS, Gaze, Pursuit
from .reasoner import Reasoner
from .sight import distance_m, facing, in_sight
from .similarity import WordSimilarity
from .verification import Verifier, not_shown

OPENING_M = 4.0  # frontiers this near to a thing without a way may open one
MOST_LOOKS = 4  # not times the pace: a look is a judgement, not a move, and more of them from one place say no more
LAST_RESORT = 0.8  # least similarity of a candidate when everything else is explored
UNREACHED = -0.3  # confidence in a candidate that could not be got to
PLAUSIBLE = -0.45  # a rejected candidate above this may still be answered with, when everything else is explored
PROMISING = 0.1  # of what is scored below 0.2, one in thirteen is what it is called; small things look so from afar
BETTER = 0.1  # by which a score must rise for a candidate to be looked at again
METRE_COST = 0.02  # of probability
DETOUR = 1.5  # moves to a place over those of the bare way, for the turns
ARRIVAL_STEPS = 20
NEAR_M = 1.5


class Doubt(NamedTuple):
    """A candidate that was turned away. name, score: what it was called, and how surely at even odds; value: the evidence that
    it is the target, contradictions aside."""

    name: str
    score: float
    value: float


class Candidates:
    """The candidate that is being walked up to, and those that were turned away.

    verifier: None takes whatever is reached. blacklist: None lists nothing. correct: whether the scene graph around a
    candidate is corrected. rejected: by scene-graph node.
    """

    def __init__(
        self,
        goal: GoalGraph,
        words: WordSimilarity,
        mind: Reasoner,
        verifier: Verifier | None,
        blacklist: Blacklist | None,
        explorer: Explorer,
        embodiment: Embodiment,
        *,
        correct: bool,
        node_threshold: float,
    ) -> None:
        self.goal, self.words, self.mind = goal, words, mind
        self.verifier, self.blacklist, self.explorer = verifier, blacklist, explorer
        self.correct, self.node_threshold = correct, node_threshold
        self.gaze, self.turn_rad, self.forward_m = Gaze.of(embodiment), embodiment.turn_rad, embodiment.forward_m
        self.pursuit: Pursuit | None = None
        self.rejected: dict[int, Doubt] = {}
        self._seen_from_m: dict[int, tuple[float, float]] = {}

    def watch(self, belief: Belief, here_m: tuple[float, float]) -> None:
        """Remember from where each thing that shows was last seen."""
        self._seen_from_m.update((detection.node_id, here_m) for detection in belief.detections)

    def pursue(self, now: Moment, candidate: int) -> Intent | None:
        """Go to a candidate, correct, verify; None where it is turned away."""
        belief, scene = now.belief, now.scene
        if self.pursuit is None or scene.resolve(self.pursuit.node_id) != candidate:
            self.pursuit = Pursuit(candidate, self.gaze, self._seen_from_m.get(candidate))
        pursuit = self.pursuit
        pursuit.node_id = candidate
        node = scene.nodes[candidate]
        progress, intent = pursuit.advance(belief, now.grid, node, now.from_here)
        if progress != "unreachable":
            self.explorer.rest()
        self._verify(now, pursuit, standing=progress == "standing")
        if progress == "unreachable":
            return self._come_nearer(now, candidate)
        if progress == "walking" and intent is not None:
            return now.say(f"walk up to {node.name} #{candidate}", intent)
        if self.correct and not pursuit.corrected:
            pursuit.corrected = True
            called = node.name
            now.trace["corrections"] = correct(belief, now.found.nodes.values(), self.mind)
            if candidate not in scene.nodes or not self._still_fits(called, node):
                self.pursuit = None
                return now.say("the candidate was corrected away", Look(self.turn_rad))
        return self._decide(now, pursuit)

    def _verify(self, now: Moment, pursuit: Pursuit, standing: bool) -> None:
        """Take what this look says of the candidate into its confidence."""
        belief, node = now.belief, now.scene.nodes[pursuit.node_id]
        shown = in_sight(belief, node) or not self._seen_from_m
        if self.verifier is not None and (standing or (shown and facing(belief, node))):
            pursuit.evidence = self.verifier.look(belief, node, now.found) if shown else not_shown(node)
            pursuit.confidence.add(pursuit.evidence.value, distance_m(belief, node), standing)
        now.trace["candidate"] = node.id
        now.trace["confidence"] = pursuit.confidence.value
        now.trace["evidence"] = dict(pursuit.evidence.parts)

    def _decide(self, now: Moment, pursuit: Pursuit) -> Intent | None:
        """Standing before the candidate: take it, look again, or turn away."""
        name = now.scene.nodes[pursuit.node_id].name
        decision = pursuit.confidence.decide(MOST_LOOKS) if self.verifier is not None else "accept"
        if decision == "accept":
            return now.say("verified", Stop(f"found {name}", found=True))
        if decision == "look again":
            turn = self.turn_rad if pursuit.confidence.looks % 2 else -self.turn_rad
            return now.say("look again", Look(turn, _pitch_rad(now.belief)))
        self._reject(now, pursuit.node_id, pursuit.evidence.plain)
        now.note(f"{name} #{pursuit.node_id} is not it")
        return None

    def _come_nearer(self, now: Moment, candidate: int) -> Intent | None:
        """There is no known way to a candidate: explore towards it, or leave it where nothing is left to explore there."""
        node = now.scene.nodes[candidate]

        def score(points: NDArray[np.float64], ways: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
            gap = np.linalg.norm(points - node.centre_m[:2], axis=1)
            return np.where(gap <= OPENING_M, -gap - 0.3 * ways, -np.inf)

        if self.pursuit is not None and not self.pursuit.anywhere:
            choice = self.explorer.choose(now.grid, now.from_here, score)
            if choice is not None and math.isfinite(choice.score) and self.pursuit.steps < MOST_STEPS * self.gaze.pace:
                now.trace["frontier"] = list(choice.point_m)
                return now.say(f"look for a way to {node.name} #{candidate}", choice.go())
            was = self.pursuit
            self.pursuit = Pursuit(candidate, self.gaze, None, True, was.confidence, was.evidence, corrected=was.corrected)
            self.explorer.rest()
            return self.pursue(now, candidate)
        self._reject(now, candidate, UNREACHED)
        now.note(f"{node.name} #{candidate} cannot be reached")
        return None

    def _reject(self, now: Moment, candidate: int, confidence: float) -> None:
        """Verification failed: all that is matched goes to the blacklist, and the candidate is remembered with its evidence.

        What another candidate stands on or beside stays free: the counter is not wrong because the first mug on it was.
        """
        node = now.scene.nodes[candidate]
        self.rejected[candidate] = Doubt(node.name, node.even_score, confidence)
        self.pursuit = None
        if self.blacklist is None:
            return
        found, scene, target = now.found, now.scene, self.goal.target
        self.blacklist.add(found, scene)
        others = {
            node.id
            for node in scene
            if (target, node.id) not in self.blacklist.nodes
            and self.words.name(self.goal.nodes[target].name, node.name) >= self.node_threshold
        }
        for g, id_ in found.nodes.items():
            if g != target and any(others.intersection(pair) for pair in scene.relations if id_ in pair):
                self.blacklist.free(g, id_)

    def promising(self, scene: SceneGraph, candidate: int) -> bool:
        """Whether a candidate is worth a walk while other places are not explored yet."""
        if self.pursuit is not None and scene.resolve(self.pursuit.node_id) == candidate:
            return True
        score, doubt = scene.nodes[candidate].even_score, self.rejected.get(candidate)
        again = doubt is None or self.blacklist is None or score >= doubt.score + BETTER
        return score >= PROMISING and again

    def done_with(self, scene: SceneGraph) -> frozenset[tuple[int, int]]:
        """(Target, node) of what was turned away and is not worth another walk, so that it stands in nobody's way when it is
        no longer on the blacklist: being seen more often takes it off, and makes it no better.
        """
        known = ((id_, scene.resolve(id_)) for id_ in self.rejected)
        return frozenset((self.goal.target, id_) for id_, now in known if id_ == now and not self.promising(scene, id_))

    def settle(self, now: Moment, late: bool) -> Intent:
        """Everything is explored, or time runs out: the candidates that are left, else the best guess, else not found.

        late: there is time for one answer only.
        """
        left, guesses = self._left(now), self._guesses(now)
        if self.pursuit is not None and any(id_ == self.pursuit.node_id for _, id_ in left):
            left = [(1.0, self.pursuit.node_id)]
        for worth, id_ in left:
            if late and guesses and guesses[0][0] > worth:
                break
            if id_ not in now.scene.nodes:  # corrected away in this step
                continue
            intent = self.pursue(replace(now, found=Matching(now.found.s, nodes={self.goal.target: id_})), id_)
            if intent is not None:
                return intent
        return self._answer_or_give_up(now)

    def way_back_steps(self, now: Moment) -> int:
        """Steps from here to what would be the answer now, 0 where there is none."""
        for _, id_ in sorted(self._left(now) + self._guesses(now), reverse=True):
            spot = _spot_near(now, id_)
            if spot is not None:
                return self.gaze.pace * (ARRIVAL_STEPS + math.ceil(DETOUR * float(now.from_here.at(spot)) / self.forward_m))
        return 0

    def _left(self, now: Moment) -> list[tuple[float, int]]:
        """(Probability that it is the target, less where it is far; node) of all that was not turned away, best first."""
        arrays = now.arrays
        if not arrays.names:
            return []
        alike = node_similarity(self.goal, arrays, self.words)[self.goal.target]
        known = [(float(alike[m]), arrays.nodes[m]) for m in np.flatnonzero(alike >= min(self.node_threshold, LAST_RESORT))]
        return sorted(
            (
                (value * node.even_score - METRE_COST * distance_m(now.belief, node), node.id)
                for value, node in known
                if node.id not in self.rejected and node.id in now.scene.nodes
            ),
            reverse=True,
        )

    def _guesses(self, now: Moment) -> list[tuple[float, int]]:
        """(Probability that it is the target, node) of what was turned away in doubt rather than for being wrong, best first.

        What has come to be called something else meanwhile is wrong, and what there is no way to is no answer.
        """
        scene = now.scene
        known = ((doubt, scene.resolve(id_)) for id_, doubt in self.rejected.items() if doubt.value >= PLAUSIBLE)
        return sorted(
            (
                (0.5 * (1.0 + doubt.value), id_)
                for doubt, id_ in known
                if id_ >= 0 and self._still_fits(doubt.name, scene.nodes[id_]) and _spot_near(now, id_) is not None
            ),
            reverse=True,
        )

    def _still_fits(self, called: str, node: SceneNode) -> bool:
        """Whether a node that was taken for the target under one name may be it under the one that it has now."""
        wanted = self.goal.nodes[self.goal.target].name
        return node.name == called or self.words.name(wanted, node.name) >= LAST_RESORT

    def _answer_or_give_up(self, now: Moment) -> Intent:
        """Go back to the best guess, where there is one."""
        scene = now.scene
        for probability, id_ in self._guesses(now):
            if self.pursuit is None or self.pursuit.node_id != id_:
                self.pursuit = Pursuit(id_, self.gaze, self._seen_from_m.get(id_))
            progress, intent = self.pursuit.advance(now.belief, now.grid, scene.nodes[id_], now.from_here)
            if progress == "walking" and intent is not None:
                return now.say(f"go back to {scene.nodes[id_].name} #{id_}, the best guess", intent)
            if progress == "standing":
                reason = f"the best guess is this {scene.nodes[id_].name} (probability {probability:.2f})"
                return now.say("best guess", Stop(reason, found=True))
        goal = self.goal.nodes[self.goal.target]
        return now.say("give up", Stop(f"not found: no {goal} in what could be explored", found=False))


def _spot_near(now: Moment, id_: int) -> NDArray[np.float64] | None:
    """The place nearest to a node to which there is a known way."""
    return now.from_here.near(now.scene.nodes[id_].centre_m[:2], within_m=NEAR_M)


def _pitch_rad(belief: Belief) -> float:
    """Pitch of the camera now."""
    camera = next(iter(belief.observation.cameras.values()), None)
    return 0.0 if camera is None else pitch_of(camera.T_world_camera)
