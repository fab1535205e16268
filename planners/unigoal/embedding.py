"""Both graphs as arrays: node embeddings with degrees, edge embeddings with their ends, and their similarities.

UniGoal embeds a node as concat(CLIP(label), degree) and an edge as CLIP(relation) with its end points. The degree enters as
a point on the quarter circle, w·(cos t, sin t) with t = (pi/2)·d/(1+d): all embeddings then have the same length, and the
cosine of two of them is (text similarity + w²·cos(t - t'))/(1 + w²), which is how it is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.scene_graph import SceneGraph, SceneNode

from .goal_graph import GoalGraph, GoalNode
from .phrases import INVERSE
from .similarity import WordSimilarity
from .vocabulary import ATTRIBUTE_KINDS, LOOK_ALIKE, OTHER, ROOM_WORDS, attribute

DEGREE_WEIGHT = 0.1
UNSEEN_ATTRIBUTE = 0.95  # a goal speaks of a colour, material, shape or size that was not observed either way
UNKNOWN_ROOM = 0.97
WRONG_ROOM = 0.3  # taken off, times the confidence in the room's name
CONTRADICTED = 0.6  # an attribute is certainly another one
LIT_DIFFERENTLY = 0.75
FORM = frozenset({"shape", "size", OTHER})  # kinds of words that people use for one and the same thing: its form
FORM_SEEN = 0.7  # probability from which a form counts as seen: of the forms measured on boxes 0.91 are right then
OTHER_FORM = 0.7  # another form was seen: not a match, but not as wrong as another colour


@dataclass(frozen=True, slots=True, eq=False)
class SceneArrays:
    """A scene graph side by side, M nodes and K directed edges (each relation also read the other way round).

    ids: (M,) node ids. names: M words. centres_m: (M, 3). degrees: (M,). ends: (K, 2) indices into the nodes. relations: K
    words. stated: (K,) whether the edge is in the graph as it stands here, rather than being read the other way round.
    """

    ids: NDArray[np.int64]
    nodes: tuple[SceneNode, ...]
    names: tuple[str, ...]
    rooms: tuple[tuple[str, float], ...]
    centres_m: NDArray[np.float64]
    degrees: NDArray[np.int64]
    ends: NDArray[np.int64]
    relations: tuple[str, ...]
    stated: NDArray[np.bool_]

    @classmethod
    def read(cls, graph: SceneGraph) -> SceneArrays:
        """Take a scene graph as it is now."""
        nodes = tuple(graph)
        index = {node.id: position for position, node in enumerate(nodes)}
        ends: list[tuple[int, int]] = []
        words: list[str] = []
        stated: list[bool] = []
        known = {(a, b, word) for (a, b), word in graph.relations.items()}
        for (a, b), word in graph.relations.items():
            if a not in index or b not in index:
                continue
            ends.append((index[a], index[b]))
            words.append(word)
            stated.append(True)
            inverse = INVERSE.get(word, word)
            if word != "in" and (b, a, inverse) not in known:
                ends.append((index[b], index[a]))
                words.append(inverse)
                stated.append(False)
        pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
        flags = np.array(stated, dtype=bool)
        return cls(
            ids=np.array([node.id for node in nodes], dtype=np.int64),
            nodes=nodes,
            names=tuple(node.name for node in nodes),
            rooms=tuple(_room(graph, node) for node in nodes),
            centres_m=np.array([node.centre_m for node in nodes], dtype=np.float64).reshape(-1, 3),
            degrees=np.bincount(pairs[flags].ravel(), minlength=len(nodes)),
            ends=pairs,
            relations=tuple(words),
            stated=flags,
        )


def _room(graph: SceneGraph, node: SceneNode) -> tuple[str, float]:
    room = graph.rooms.get(node.room)
    return (room.name, room.score) if room is not None else ("", 0.0)


def node_similarity(goal: GoalGraph, scene: SceneArrays, words: WordSimilarity, plausible: float = 0.8) -> NDArray[np.float64]:
    """(G, M) similarity in [0, 1] of goal nodes to scene nodes: label with degree, times how far attributes and room agree.

    Attributes and room are looked at for pairs whose labels are at least `plausible` alike.
    """
    angle = [0.5 * np.pi * degrees / (1.0 + degrees) for degrees in (goal.degrees(), scene.degrees)]
    degree = np.cos(angle[0][:, None] - angle[1][None, :])
    text = words.names([node.name for node in goal.nodes], scene.names)
    weight = DEGREE_WEIGHT**2
    alike: NDArray[np.float64] = (text + weight * degree) / (1.0 + weight)
    for g, m in np.argwhere(text >= plausible):
        alike[g, m] *= agreement(goal.nodes[g], scene.nodes[m], scene.rooms[m])
    return alike


def agreement(goal: GoalNode, scene: SceneNode, room: tuple[str, float]) -> float:
    """How far attributes and room of a scene node (name and confidence) bear out what the goal says of it, [0, 1]."""
    support = [support_of(kind, word, scene.attributes) for kind, word in goal.attributes.items()]
    worst = min(
        (UNSEEN_ATTRIBUTE if value is None else CONTRADICTED + (1 - CONTRADICTED) * value for value in support), default=1.0
    )
    if not goal.room:
        return worst
    name, score = room
    if not name:
        return worst * UNKNOWN_ROOM
    same = ROOM_WORDS.get(goal.room, goal.room) == ROOM_WORDS.get(name, name)
    return worst if same else worst * (1.0 - WRONG_ROOM * score)


def support_of(kind: str, word: str, attributes: Mapping[str, float]) -> float | None:
    """Evidence in [0, 1] for an attribute: its score over the best score of its kind; None where nothing of the kind was seen.

    Words of form are taken together: what was seen as long is not what was called round. Colours that light turns into each
    other (white and grey) speak for each other at three quarters.
    """
    if kind in FORM:
        forms = {attribute(name) or (OTHER, name): score for name, score in attributes.items()}
        forms = {found: score for found, score in forms.items() if found[0] in FORM}
        believed = {found for found, score in forms.items() if score > FORM_SEEN}
        if not believed or (len(forms) > 1 and (kind, word) not in forms):  # "small" is no form that umbrellas come in
            return None
        return 1.0 if (kind, word) in believed else OTHER_FORM
    seen = dominant(attributes, kind)
    if seen is None:
        return None
    score = {name: value for name, value in attributes.items() if value > 0.0}
    own = max((value for name, value in score.items() if ATTRIBUTE_KINDS[kind].get(name) == word), default=0.0)
    alike = LIT_DIFFERENTLY if frozenset((word, seen[0])) in LOOK_ALIKE else 0.0
    return max(own / seen[1], alike)


def dominant(attributes: Mapping[str, float], kind: str) -> tuple[str, float] | None:
    """The word of a kind ("colour") with the best score, and the score; None where nothing of the kind was seen."""
    words = ((ATTRIBUTE_KINDS[kind][name], score) for name, score in attributes.items() if name in ATTRIBUTE_KINDS[kind])
    return max((item for item in words if item[1] > 0.0), key=lambda item: item[1], default=None)


def edge_similarity(
    goal: GoalGraph, scene: SceneArrays, nodes: NDArray[np.float64], words: WordSimilarity
) -> NDArray[np.float64]:
    """(E, K) similarity in [0, 1] of goal edges to scene edges: relation times the mean of both ends' similarities.

    nodes: (G, M) node similarities.
    """
    if not goal.edges or not scene.relations:
        return np.zeros((len(goal.edges), len(scene.relations)))
    relation = words.relations([edge.relation for edge in goal.edges], scene.relations)
    a, b = np.array([(edge.a, edge.b) for edge in goal.edges]).T
    ends: NDArray[np.float64] = 0.5 * (nodes[np.ix_(a, scene.ends[:, 0])] + nodes[np.ix_(b, scene.ends[:, 1])])
    return relation * ends
