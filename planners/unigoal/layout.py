"""Where the things of a goal may stand to each other on the floor plan, from nothing but their relations."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from .commonsense import LORE
from .goal_graph import GoalGraph

TOUCHING_M = 0.2  # on, in, above, below: the same place of the floor plan
BESIDE_M = {"small": 0.4, "furniture": 1.4}
APART_M = 2.0  # no relation known
GOLDEN_ANGLE_RAD = np.pi * (3.0 - np.sqrt(5.0))  # successive neighbours never line up


def lay_out(graph: GoalGraph) -> NDArray[np.float64]:
    """(N, 2) metres, the target at the origin; neighbours stand around the node they are related to at a usual distance."""
    places = np.full((len(graph.nodes), 2), np.nan)
    places[graph.target] = 0.0
    queue, turn = deque([graph.target]), 0
    while queue:
        here = queue.popleft()
        for other in graph.neighbours(here):
            if np.isnan(places[other, 0]):
                turn += 1
                places[other] = places[here] + _distance_m(graph, here, other) * _direction(turn)
                queue.append(other)
    for lost in np.flatnonzero(np.isnan(places[:, 0])):
        turn += 1
        places[lost] = APART_M * _direction(turn)
    return places


def lay_out_plainly(graph: GoalGraph) -> NDArray[np.float64]:
    """(N, 2): all other nodes on one circle around the target. The ablation "simplify coordinate projection"."""
    places = np.zeros((len(graph.nodes), 2))
    for turn, node in enumerate(n for n in range(len(graph.nodes)) if n != graph.target):
        places[node] = APART_M * _direction(turn)
    return places


def _direction(turn: int) -> NDArray[np.float64]:
    return np.array([np.cos(turn * GOLDEN_ANGLE_RAD), np.sin(turn * GOLDEN_ANGLE_RAD)])


def _distance_m(graph: GoalGraph, a: int, b: int) -> float:
    relation = next(edge.relation for edge in graph.edges if {edge.a, edge.b} == {a, b})
    if relation != "next to":
        return TOUCHING_M
    sizes = [LORE[graph.nodes[n].name].size if graph.nodes[n].name in LORE else "small" for n in (a, b)]
    return float(np.mean([BESIDE_M[size] for size in sizes]))
