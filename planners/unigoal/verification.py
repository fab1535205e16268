"""Goal verification: is the thing before the agent the one that was asked for? (UniGoal, 3.5)

Every look gives evidence in [-1, 1], twice the probability less one: 0 is as likely as not. The exploration confidence is its
mean over the looks, in which near ones count more; where the balance stays between yes and no, the thing is put aside as an
answer for the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from enactive.perception.base import Belief
from enactive.perception.scene_graph import SceneGraph, SceneNode

from .embedding import FORM, support_of
from .goal_graph import GoalEdge, GoalGraph
from .matching import Matching
from .phrases import INVERSE
from .sight import distance_m
from .similarity import WordSimilarity
from .spotting import Spotter
from .vocabulary import ROOM_WORDS

Decision = Literal["accept", "reject", "look again"]
ACCEPT, REJECT = 0.2, -0.3  # of the confidence: probabilities of 0.6 and 0.35
CAUTION = 0.5  # weight of no evidence at all, which every mean starts from
HALF_WEIGHT_M = 1.5  # a look from here counts half of one from nowhere
PASSING_WEIGHT = 1.0  # all looks on the way together count at most as one from nowhere
MANY_INLIERS, SOME_INLIERS = 20, 10  # of keypoints that a view and a goal picture share
RECOGNISED = 0.6  # 0.075 of the looks at a pictured thing show it in the middle of such a view, 0.005 of those at others
FEW_SIGHTINGS = 8
SUPPORT = math.log(3.0)  # a thing of the right name of which all that was said is true is so three times as often
CONTRADICTED = -0.5  # something that was said is seen to be otherwise
VETO = 0.5  # an attribute that is clearly another one: support below this


@dataclass(slots=True)
class ExplorationConfidence:
    """Mean evidence of the looks. looks: how many were taken standing before the object.

    Looks from one place show the same, so that their evidence is averaged, not summed: four doubtful looks are doubtful.
    """

    looks: int = 0
    _sum: float = 0.0
    _weight: float = 0.0
    _passing: float = 0.0

    @property
    def value(self) -> float:
        """In (-1, 1)."""
        return self._sum / (self._weight + CAUTION)

    def add(self, evidence: float, distance_m: float, standing: bool) -> None:
        """Take a look's evidence in. standing: it was taken from the place where the decision is made."""
        weight = 1.0 / (1.0 + (distance_m / HALF_WEIGHT_M) ** 2)
        if standing:
            self.looks += 1
        else:
            weight = min(weight, PASSING_WEIGHT - self._passing)
            self._passing += weight
        self._sum += weight * evidence
        self._weight += weight

    def decide(self, most_looks: int) -> Decision:
        """What to do after the last look. After `most_looks` a thing in doubt is turned away, to be come back to."""
        if self.looks and self.value >= ACCEPT:
            return "accept"
        if self.looks >= most_looks or (self.looks and self.value <= REJECT):
            return "reject"
        return "look again"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One look. value in [-1, 1]; parts: what it is made of, by name, each in [-1, 1].

    plain: the value without what contradictions take off it: how good an answer the thing is where no better one exists.
    """

    value: float
    parts: dict[str, float] = field(default_factory=dict)
    plain: float = -1.0


class Verifier:
    """Weighs what the scene graph, and for a picture the current view, say of a candidate.

    words: similarities of names. node_threshold: least similarity of two names for one thing. spotter: of the picture of the
    goal, None where the goal is told in words.
    """

    def __init__(self, graph: GoalGraph, words: WordSimilarity, node_threshold: float, spotter: Spotter | None = None) -> None:
        self.graph, self.words, self.node_threshold, self.spotter = graph, words, node_threshold, spotter

    def look(self, belief: Belief, node: SceneNode, matching: Matching) -> Evidence:
        """Evidence that a scene node is the target of the goal, from everything known and seen now."""
        scene = belief.scene_graph
        if scene is None:
            return Evidence(0.0)
        parts = {"seen": self._seen(belief, node)}
        target = self.graph.nodes[self.graph.target]
        vetoed = False
        for kind, word in target.attributes.items():
            support = support_of(kind, word, node.attributes)
            vetoed |= support is not None and support < VETO
            parts[word] = _attribute(kind, support)
        if target.room:
            parts[target.room] = _room(scene, node, target.room)
        relations = {
            self._say(edge): 1.0 if _states(scene, matching.edges.get(e), edge) else self._relation(scene, node, edge)
            for e, edge in enumerate(self.graph.edges)
            if self.graph.target in (edge.a, edge.b)
        }
        said = [value for name, value in parts.items() if name != "seen"]
        parts |= relations
        if self.spotter is None:
            said += relations.values()
        elif relations:  # one reading of one picture: where it misnames a neighbour, no place fits
            said.append(float(np.mean(list(relations.values()))))
        looks = []
        if self.spotter is not None:
            parts["keypoints"] = recognised = _recognised(self.spotter, belief, node)
            if recognised > 0.0:  # whatever it is called and whatever light it stands in
                return Evidence(recognised, parts, recognised)
            if distance_m(belief, node) <= HALF_WEIGHT_M:
                parts["looks"] = float(np.clip(self.spotter.log_odds(belief) / SUPPORT, -1.0, 1.0))
                looks = [parts["looks"]]
        if vetoed:
            return Evidence(-1.0, parts)
        plain = _together(parts["seen"], said + looks)
        contradicted = self.spotter is None and min(said, default=0.0) <= CONTRADICTED
        return Evidence(min(plain, CONTRADICTED) if contradicted else plain, parts, plain)

    def _seen(self, belief: Belief, node: SceneNode) -> float:
        """Twice the probability that a thing is what it is called, less one.

        A score at even odds is that probability: of the segments that the embedded segmenter scored around p at even odds in
        apartments that it had not seen, a share of about p was named right. The segments of the current frame count by their
        area, those that are called something else as none; where the thing does not show, what all frames gave it counts.
        """
        shown = [d for d in belief.detections if d.node_id == node.id]
        area = sum(int(d.mask.sum()) for d in shown)
        if not area:
            return 2.0 * node.even_score * (1.0 - 0.5 ** min(node.sightings, 30)) - 1.0
        named = [d for d in shown if self.words.name(node.name, d.name) >= self.node_threshold]
        return 2.0 * sum(int(d.mask.sum()) * d.even_score for d in named) / area - 1.0

    def _say(self, edge: GoalEdge) -> str:
        return f"{self.graph.nodes[edge.a].name} {edge.relation} {self.graph.nodes[edge.b].name}"

    def _relation(self, scene: SceneGraph, node: SceneNode, edge: GoalEdge) -> float:
        """1 where the boxes bear a relation out that the scene graph does not state, -0.2 where the other thing was not
        seen at all, -0.6 where it was seen, but elsewhere.
        """
        other = edge.b if edge.a == self.graph.target else edge.a
        name = self.graph.nodes[other].name
        same = [n for n in scene if n is not node and self.words.name(name, n.name) >= self.node_threshold]
        if not same:
            return -0.2
        forward = edge.a == self.graph.target
        holds = any(relation_holds(node, edge.relation, n) if forward else relation_holds(n, edge.relation, node) for n in same)
        return 1.0 if holds else -0.6


def _attribute(kind: str, support: float | None) -> float:
    """An attribute's part of the evidence. Another form speaks against a thing, but is no veto: boxes are measured roughly."""
    if support is None:
        return 0.0
    if kind in FORM and support < 1.0:
        return CONTRADICTED
    return float(np.clip((support - VETO) / (1.0 - VETO), -1.0, 1.0))


def _states(scene: SceneGraph, matched: tuple[int, int] | None, edge: GoalEdge) -> bool:
    """Whether the scene graph states the very relation of a goal edge between what its ends were matched with.

    That the edges were matched is not enough: the embeddings of "on", "in", "next to" and "below" are all some 0.5 alike.
    """
    if matched is None:
        return False
    back = scene.relations.get(matched[::-1], "")
    said_back = back != "in" and INVERSE.get(back, back) == edge.relation  # as `SceneArrays` reads edges the other way round
    return said_back or scene.relations.get(matched) == edge.relation


def not_shown(node: SceneNode) -> Evidence:
    """A look from near at which a thing does not show: it may be hidden, or there may be no such thing."""
    few = node.sightings < FEW_SIGHTINGS
    value = -0.5 if few else -0.1
    return Evidence(value, {"shown": value}, -1.0 if few else 0.0)


def relation_holds(a: SceneNode, relation: str, b: SceneNode) -> bool:
    """Whether two boxes stand in a relation, more generously than when a scene graph is built."""
    gap = np.abs(a.centre_m - b.centre_m) - a.half_size_m - b.half_size_m
    flat = float(np.linalg.norm(np.maximum(gap[:2], 0.0)))
    bottom, top = a.centre_m[2] - a.half_size_m[2], a.centre_m[2] + a.half_size_m[2]
    b_bottom, b_top = b.centre_m[2] - b.half_size_m[2], b.centre_m[2] + b.half_size_m[2]
    if relation == "on":
        return bool(flat <= 0.1 and bottom >= b_bottom + 0.3 * (b_top - b_bottom) and bottom <= b_top + 0.2)
    if relation == "in":
        return bool(flat <= 0.1 and bottom >= b_bottom - 0.1 and a.centre_m[2] <= b_top + 0.05)
    if relation == "above":
        return bool(flat <= 0.3 and bottom >= b.centre_m[2])
    if relation == "below":
        return bool(flat <= 0.3 and top <= b.centre_m[2] + 0.5 * b.half_size_m[2])
    return bool(flat <= 0.9 and float(gap[2]) <= 0.6)


def _together(seen: float, said: Sequence[float]) -> float:
    """All evidence: the odds of the name times the odds by which each part of what was said speaks for or against it."""
    log_odds = 2.0 * math.atanh(float(np.clip(seen, -0.99, 0.99))) + SUPPORT * sum(said)
    return math.tanh(0.5 * log_odds)


def _recognised(spotter: Spotter, belief: Belief, node: SceneNode) -> float:
    """What the keypoints say: the pictured thing is what stands where the picture's middle lies in the view.

    All else says nothing: eight in ten views of a pictured thing share as few keypoints as views of others do.
    """
    shared = spotter.shared(belief).inliers
    if shared < SOME_INLIERS or spotter.in_the_middle(belief) != node.id:
        return 0.0
    return RECOGNISED if shared < MANY_INLIERS else 1.0


def _room(scene: SceneGraph, node: SceneNode, wanted: str) -> float:
    room = scene.rooms.get(node.room)
    if room is None or not room.name:
        return 0.0
    return 1.0 if ROOM_WORDS.get(room.name, room.name) == ROOM_WORDS.get(wanted, wanted) else -room.score
