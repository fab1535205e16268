"""The scene graph: objects in 3-D with names, attributes, rooms and relations, kept up to date as the agent looks around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RELATIONS = ("on", "in", "next to", "above", "below")


@dataclass(slots=True, eq=False)
class SceneNode:
    """One object as far as it is known.

    id: stable for the life of the graph. name: best word; score: confidence in it, [0, 1]; sightings: frames it was seen
    in. centre_m, half_size_m: (3,) world-aligned box. embedding: (E,) float32 unit, in the space of the perceiver's text
    encoder. attributes: word -> score in [0, 1] ("red": 0.9). room: id of a `RoomNode`, -1 = unknown.
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


@dataclass(slots=True, eq=False)
class RoomNode:
    """A room. name: best word ("kitchen"), "" = unknown; centre_m: (2,)."""

    id: int
    name: str
    score: float
    centre_m: NDArray[np.float64]


class SceneGraph:
    """Nodes by id, rooms by id, and directed relations `(a, b) -> "on"` read "a is on b"."""

    def __init__(self) -> None:
        self.nodes: dict[int, SceneNode] = {}
        self.rooms: dict[int, RoomNode] = {}
        self.relations: dict[tuple[int, int], str] = {}
        self.version = 0  # grows with every change, so that readers can tell whether to look again

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[SceneNode]:
        return iter(self.nodes.values())

    def rename(self, node_id: int, name: str) -> None:
        """Correct a name."""
        self.nodes[node_id].name = name
        self.version += 1

    def remove(self, node_id: int) -> None:
        """Correct a hallucination: take a node out, with its relations."""
        del self.nodes[node_id]
        self.relations = {pair: word for pair, word in self.relations.items() if node_id not in pair}
        self.version += 1

    def relate(self, a: int, b: int, relation: str | None) -> None:
        """State that a is `relation` b; None takes the statement back."""
        if relation is None:
            self.relations.pop((a, b), None)
        else:
            self.relations[a, b] = relation
        self.version += 1
