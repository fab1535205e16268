"""The scene graph: objects in 3-D with names, attributes, rooms and relations, kept up to date as the agent looks around."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx

RELATIONS = ("on", "in", "next to", "above", "below")


@dataclass(slots=True, eq=False)
class SceneNode:
    """One object as far as it is known.

    id: stable for the life of the graph. name: best word; score: confidence in it, [0, 1]; sightings: frames it was seen
    in. centre_m, half_size_m: (3,) world-aligned box. embedding: (E,) float32 unit, in the space of the perceiver's text
    encoder. attributes: word -> score in [0, 1] ("red": 0.9). room: id of a `RoomNode`, -1 = unknown. even_score: the score
    as it would be if nothing were looked for (perceivers favour the names of the goal); the score itself where not given.
    """

    id: int
    name: str
    score: float
    sightings: int
    centre_m: NDArray[np.float64]
    half_size_m: NDArray[np.float64]
    embedding: NDArray[np.float32]
    attributes: dict[str, float] = field(default_factory=dict)
    room: int = -1
    even_score: float = math.nan

    def __post_init__(self) -> None:
        if math.isnan(self.even_score):
            self.even_score = self.score


@dataclass(slots=True, eq=False)
class RoomNode:
    """A room. name: best word ("kitchen"), "" = unknown; centre_m: (2,)."""

    id: int
    name: str
    score: float
    centre_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GraphArrays:
    """All nodes side by side, in the order of `ids`; read only.

    ids, sightings: (N,) int64. centres_m, half_sizes_m: (N, 3) float64. embeddings: (N, E) float32. scores: (N,) float64.
    """

    ids: NDArray[np.int64]
    centres_m: NDArray[np.float64]
    half_sizes_m: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    scores: NDArray[np.float64]
    sightings: NDArray[np.int64]


class SceneGraph:
    """Nodes by id, rooms by id, and directed relations `(a, b) -> "on"` read "a is on b".

    Corrections (`rename`, `remove`, `relate`) bind whoever builds the graph: a given name is not voted away, a stated or
    denied relation is not recomputed, and what was removed does not come back from the evidence that it was made of (see
    `corrections.py`). Two nodes found to be one thing keep the older id; `resolve` follows the younger one to it.
    """

    def __init__(self) -> None:
        self.nodes: dict[int, SceneNode] = {}
        self.rooms: dict[int, RoomNode] = {}
        self.relations: dict[tuple[int, int], str] = {}
        self.version = 0  # grows with every change, so that readers can tell whether to look again
        self.names_given: dict[int, str] = {}
        self.relations_given: dict[tuple[int, int], str | None] = {}
        self.removed: list[int] = []  # by correction, in order
        self.merged_into: dict[int, int] = {}
        self._arrays: GraphArrays | None = None
        self._arrays_version = -1

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[SceneNode]:
        return iter(self.nodes.values())

    def rename(self, node_id: int, name: str) -> None:
        """Correct a name."""
        self.nodes[node_id].name = name
        self.names_given[node_id] = name
        self.version += 1

    def remove(self, node_id: int) -> None:
        """Correct a hallucination: take a node out, with its relations."""
        self.drop(node_id)
        self.removed.append(node_id)

    def relate(self, a: int, b: int, relation: str | None) -> None:
        """State that a is `relation` b; None takes the statement back and denies any relation of a to b."""
        if relation is None:
            self.relations.pop((a, b), None)
        else:
            self.relations[a, b] = relation
        self.relations_given[a, b] = relation
        self.version += 1

    def drop(self, node_id: int) -> None:
        """Take a node out, with all that is said about it, without calling it a hallucination."""
        del self.nodes[node_id]
        self.names_given.pop(node_id, None)
        for said in (self.relations, self.relations_given):
            for pair in [pair for pair in said if node_id in pair]:
                del said[pair]
        self.version += 1

    def merge(self, kept: int, gone: int) -> None:
        """Two nodes are one thing: `gone` leaves, what was stated of it is now stated of `kept`."""
        if gone in self.names_given and kept not in self.names_given:
            self.rename(kept, self.names_given[gone])
        given = [(pair, word) for pair, word in self.relations_given.items() if gone in pair]
        self.drop(gone)
        for (a, b), word in given:
            a, b = (kept if a == gone else a), (kept if b == gone else b)
            if a != b and (a, b) not in self.relations_given:
                self.relate(a, b, word)
        self.merged_into[gone] = kept

    def resolve(self, node_id: int) -> int:
        """The id under which a node is known now, -1 where it is gone."""
        while node_id in self.merged_into:
            node_id = self.merged_into[node_id]
        return node_id if node_id in self.nodes else -1

    def arrays(self) -> GraphArrays:
        """All nodes side by side; made once per version."""
        if self._arrays is None or self._arrays_version != self.version:
            nodes = list(self.nodes.values())
            width = len(nodes[0].embedding) if nodes else 0
            self._arrays = GraphArrays(
                ids=np.array([node.id for node in nodes], dtype=np.int64),
                centres_m=np.array([node.centre_m for node in nodes], dtype=np.float64).reshape(-1, 3),
                half_sizes_m=np.array([node.half_size_m for node in nodes], dtype=np.float64).reshape(-1, 3),
                embeddings=np.array([node.embedding for node in nodes], dtype=np.float32).reshape(-1, width),
                scores=np.array([node.score for node in nodes], dtype=np.float64),
                sightings=np.array([node.sightings for node in nodes], dtype=np.int64),
            )
            self._arrays_version = self.version
        return self._arrays

    def to_networkx(self) -> nx.DiGraph:
        """Objects as `int` nodes, rooms as `("room", id)` nodes; edges carry `relation`, "in room" for membership."""
        from .scene_graph_io import to_networkx

        return to_networkx(self)

    def to_json(self) -> str:
        """The whole graph as one JSON object, for reports; embeddings rounded to five digits."""
        from .scene_graph_io import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> SceneGraph:
        """Read what `to_json` wrote. Raises ConfigError where the text is not such a graph."""
        from .scene_graph_io import from_json

        return from_json(text)
