"""Stage 1: a goal graph taken apart into sub-graphs of things that are found together (UniGoal, 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx

from .goal_graph import GoalGraph

STRONG = 0.6
HOLDING = {"on", "in"}  # what stands on or in something is found with it


def strongly_related(graph: GoalGraph, related: Callable[[str, str], float], strong: float = STRONG) -> list[list[int]]:
    """Groups of node indices, the target's first, the others by their first node.

    Two nodes go together where an edge joins them that is a support ("on", "in") or whose ends are related at least `strong`.
    """
    together: nx.Graph = nx.Graph()
    together.add_nodes_from(range(len(graph.nodes)))
    for edge in graph.edges:
        if edge.relation in HOLDING or related(graph.nodes[edge.a].name, graph.nodes[edge.b].name) >= strong:
            together.add_edge(edge.a, edge.b)
    groups = [sorted(group) for group in nx.connected_components(together)]
    return sorted(groups, key=lambda group: (graph.target not in group, group[0]))
