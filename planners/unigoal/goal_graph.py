"""The goal graph G_g: the objects that a goal speaks of and how they stand to each other (UniGoal, section 3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GoalNode:
    """One object of the goal. attributes: kind -> word ({"colour": "red"}); room: "" = any."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    room: str = ""

    def __str__(self) -> str:
        return " ".join([*self.attributes.values(), self.name])


@dataclass(frozen=True, slots=True)
class GoalEdge:
    """Node `a` is `relation` node `b` (indices into `GoalGraph.nodes`). relation: one of `perception.scene_graph.RELATIONS`."""

    a: int
    b: int
    relation: str


@dataclass(frozen=True, slots=True)
class GoalGraph:
    """Objects and relations; node `target` is what has to be found."""

    nodes: tuple[GoalNode, ...]
    edges: tuple[GoalEdge, ...] = ()
    target: int = 0

    def degrees(self) -> NDArray[np.int64]:
        """(N,) number of edges at each node."""
        ends = [end for edge in self.edges for end in (edge.a, edge.b)]
        return np.bincount(np.asarray(ends, dtype=np.int64), minlength=len(self.nodes))

    def neighbours(self, node: int) -> list[int]:
        """Nodes that share an edge with `node`, without repetition."""
        ends = [edge.b if edge.a == node else edge.a for edge in self.edges if node in (edge.a, edge.b)]
        return list(dict.fromkeys(ends))

    def subgraph(self, keep: Iterable[int]) -> tuple[GoalGraph, list[int]]:
        """The graph of some of the nodes, and which node of this graph each of its nodes is."""
        kept = sorted(set(keep))
        new = {old: index for index, old in enumerate(kept)}
        edges = tuple(
            GoalEdge(new[edge.a], new[edge.b], edge.relation) for edge in self.edges if edge.a in new and edge.b in new
        )
        return GoalGraph(tuple(self.nodes[old] for old in kept), edges, new.get(self.target, 0)), kept

    def words(self) -> tuple[str, ...]:
        """Names of all nodes, the target's first, without repetition."""
        return tuple(dict.fromkeys([self.nodes[self.target].name, *(node.name for node in self.nodes)]))

    def to_json(self) -> dict[str, Any]:
        """Plain values for reports: `nodes` (id, name, attributes, room), `edges` (a, b, relation) and `target`."""
        return {
            "nodes": [
                {"id": index, "name": node.name, "attributes": dict(node.attributes), "room": node.room}
                for index, node in enumerate(self.nodes)
            ],
            "edges": [{"a": edge.a, "b": edge.b, "relation": edge.relation} for edge in self.edges],
            "target": self.target,
        }
