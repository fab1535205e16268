"""The topological similarity S_T: what it costs to edit the goal graph into the part of the scene that it was matched with.

Exact graph edit distance is exponential. The cost that a given assignment of nodes induces is linear, an upper bound of the
exact distance (Riesen and Bunke 2009), and exactly what is asked here: how well this assignment keeps the structure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .goal_graph import GoalGraph


@dataclass(frozen=True, slots=True)
class EditCosts:
    """node, edge: what an unmatched node or edge of the goal costs. extra_edge: a relation between matched scene nodes that
    the goal does not speak of; 0 because people name the few relations that help, not all there are.
    """

    node: float = 1.0
    edge: float = 1.0
    extra_edge: float = 0.0


def induced_edit_cost(
    goal: GoalGraph,
    assignment: Mapping[int, int],
    nodes: NDArray[np.float64],
    scene_edges: Mapping[tuple[int, int], float],
    edges: Mapping[int, float],
    costs: EditCosts,
) -> float:
    """Cost of editing the goal graph into the matched part of the scene, under one assignment.

    assignment: goal node -> scene node. nodes: (G, M) similarities; a matched pair costs 1 - similarity. scene_edges: pairs
    of scene nodes that are related -> 1.0. edges: goal edge -> similarity of the scene edge it was matched with.
    """
    cost = sum(1.0 - float(nodes[g, m]) for g, m in assignment.items())
    cost += costs.node * (len(goal.nodes) - len(assignment))
    cost += sum(1.0 - edges[e] if e in edges else costs.edge for e in range(len(goal.edges)))
    matched = set(assignment.values())
    present = sum(1 for a, b in scene_edges if a in matched and b in matched)
    return cost + costs.extra_edge * max(present - len(edges), 0)


def topological_similarity(goal: GoalGraph, cost: float, costs: EditCosts) -> float:
    """S_T in [0, 1]: 1 less the cost as a share of what it costs to make the whole goal graph from nothing."""
    whole = costs.node * len(goal.nodes) + costs.edge * len(goal.edges)
    return max(0.0, 1.0 - cost / whole)
