"""The blacklist: matched nodes and edges that did not lead to the goal and are left out of matching (UniGoal, 3.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.perception.scene_graph import SceneGraph, SceneNode

from .embedding import dominant, support_of
from .matching import Matching
from .vocabulary import ATTRIBUTE_KINDS

MOVED_M = 1.0
GROWTH = 3.0  # sightings must grow by this factor, and by at least `MORE`, to count as a change
MORE = 20
CLEARLY = 0.7  # an attribute that falls below this share of the leading one of its kind has changed


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What a node was when it was listed."""

    name: str
    marks: dict[str, str]
    sightings: int
    centre_m: NDArray[np.float64]

    @classmethod
    def at(cls, node: SceneNode) -> _Look:
        return cls(node.name, _marks(node), node.sightings, np.array(node.centre_m))

    def changed(self, node: SceneNode) -> bool:
        grown = node.sightings >= max(GROWTH * self.sightings, self.sightings + MORE)
        marked = any(_mark_changed(word, node, kind) for kind, word in self.marks.items())
        moved = float(np.linalg.norm(node.centre_m - self.centre_m)) > MOVED_M
        return node.name != self.name or marked or grown or moved


def _marks(node: SceneNode) -> dict[str, str]:
    """The leading attribute word of each kind."""
    leading = {kind: dominant(node.attributes, kind) for kind in ATTRIBUTE_KINDS}
    return {kind: found[0] for kind, found in leading.items() if found is not None}


def _mark_changed(word: str, node: SceneNode, kind: str) -> bool:
    """Whether another word leads now, and clearly: words that take turns with the light do not count."""
    support = support_of(kind, word, node.attributes)
    return support is not None and support < CLEARLY


class Blacklist:
    """Pairs of goal nodes and scene nodes, and of goal edges and scene edges.

    An entry is released when correction or perception changes its node (name, attributes, place, three times the sightings)
    or its edge (another relation, or none).
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, int], _Look] = {}
        self._edges: dict[tuple[int, int, int], str | None] = {}

    def __len__(self) -> int:
        return len(self._nodes) + len(self._edges)

    @property
    def nodes(self) -> frozenset[tuple[int, int]]:
        """(goal node, scene id) pairs."""
        return frozenset(self._nodes)

    @property
    def edges(self) -> frozenset[tuple[int, int, int]]:
        """(goal edge, scene id, scene id) triples."""
        return frozenset(self._edges)

    def add(self, matching: Matching, scene: SceneGraph) -> None:
        """List everything that is matched."""
        for g, id_ in matching.nodes.items():
            if id_ in scene.nodes:
                self._nodes[g, id_] = _Look.at(scene.nodes[id_])
        for e, pair in matching.edges.items():
            self._edges[(e, *pair)] = _relation(scene, pair)

    def free(self, goal_node: int, scene_id: int) -> None:
        """Take one pair of nodes off the list."""
        self._nodes.pop((goal_node, scene_id), None)

    def release(self, scene: SceneGraph) -> list[tuple[int, int]]:
        """Take off what has changed since it was listed; returns the pairs of nodes that are free again."""
        released = [
            pair for pair, look in self._nodes.items() if pair[1] not in scene.nodes or look.changed(scene.nodes[pair[1]])
        ]
        for pair in released:
            del self._nodes[pair]
        freed = {id_ for _, id_ in released}
        for edge, word in list(self._edges.items()):
            pair = edge[1:]
            if freed.intersection(pair) or _relation(scene, (pair[0], pair[1])) != word:
                del self._edges[edge]
        return released


def _relation(scene: SceneGraph, pair: tuple[int, int]) -> str | None:
    """What the graph says of a pair, in either direction."""
    return scene.relations.get(pair) or scene.relations.get((pair[1], pair[0]))
