"""Matching the goal graph with the scene graph: assignments of nodes and edges, and S = (S_N + S_E + S_T)/3 (UniGoal, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .edit_cost import EditCosts, induced_edit_cost, topological_similarity
from .embedding import SceneArrays, edge_similarity, node_similarity
from .goal_graph import GoalGraph
from .similarity import WordSimilarity

NODE_THRESHOLD = 0.9
EDGE_THRESHOLD = 0.45
EDGE_SUPPORT = 0.5  # how much fitting relations count against fitting looks when nodes are assigned


@dataclass(frozen=True, slots=True)
class Matching:
    """What of the goal was found in the scene, and how well it fits.

    s, s_n, s_e, s_t: in [0, 1]. nodes: goal node -> scene node id. edges: goal edge -> (scene id, scene id) that carries the
    relation. similarity: goal node -> similarity of its match.
    """

    s: float = 0.0
    s_n: float = 0.0
    s_e: float = 0.0
    s_t: float = 0.0
    nodes: Mapping[int, int] = field(default_factory=dict)
    edges: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    similarity: Mapping[int, float] = field(default_factory=dict)

    def has_anchor_pair(self) -> bool:
        """Two matched nodes, which fix a similarity transform between both graphs."""
        return len(self.nodes) >= 2


NOTHING = Matching()


def assign(values: NDArray[np.float64], allowed: NDArray[np.bool_]) -> dict[int, int]:
    """Row -> column of the one-to-one assignment that has most allowed pairs' value in sum. values, allowed: (R, C).

    Forbidden pairs never appear; a row may stay without a column. Values must be positive where allowed: then leaving a
    pair out never pays.
    """
    if not allowed.any():
        return {}
    rows = np.flatnonzero(allowed.any(axis=1))
    columns = np.flatnonzero(allowed.any(axis=0))
    block, free = values[np.ix_(rows, columns)], allowed[np.ix_(rows, columns)]
    # Not pairing at all is worth 0, the same as a forbidden pair: the sum is then the best over all partial assignments.
    picked = linear_sum_assignment(np.where(free, block, 0.0), maximize=True)
    return {int(rows[r]): int(columns[c]) for r, c in zip(*picked, strict=True) if free[r, c]}


def match(
    goal: GoalGraph,
    scene: SceneArrays,
    words: WordSimilarity,
    *,
    barred_nodes: frozenset[tuple[int, int]] = frozenset(),
    barred_edges: frozenset[tuple[int, int, int]] = frozenset(),
    preference: NDArray[np.float64] | None = None,
    node_threshold: float = NODE_THRESHOLD,
    edge_threshold: float = EDGE_THRESHOLD,
    costs: EditCosts | None = None,
) -> Matching:
    """Match a goal graph with a scene graph.

    barred_nodes: (goal node, scene id) pairs and barred_edges: (goal edge, scene id, scene id) that the blacklist excludes.
    preference: (M,) small values that decide between scene nodes that fit equally well (nearer is better, say).
    """
    if not scene.names:
        return NOTHING
    costs = costs or EditCosts()
    nodes = node_similarity(goal, scene, words)
    allowed = nodes >= node_threshold
    index = {int(id_): position for position, id_ in enumerate(scene.ids)}
    for g, id_ in barred_nodes:
        if id_ in index:
            allowed[g, index[id_]] = False
    edges = edge_similarity(goal, scene, nodes, words)
    edge_allowed = _edges_allowed(goal, scene, edges, allowed, edge_threshold, barred_edges)
    value = nodes + EDGE_SUPPORT * _edge_support(goal, scene, edges, edge_allowed, nodes.shape)
    if preference is not None:
        value = value + preference[None, :]
    chosen = assign(value, allowed)
    consistent = edge_allowed & _consistent(goal, scene, chosen)
    picked = assign(edges, consistent)
    return _score(goal, scene, nodes, edges, chosen, picked, costs)


def _edges_allowed(
    goal: GoalGraph,
    scene: SceneArrays,
    edges: NDArray[np.float64],
    nodes_allowed: NDArray[np.bool_],
    threshold: float,
    barred: frozenset[tuple[int, int, int]],
) -> NDArray[np.bool_]:
    """(E, K) edge pairs that are alike enough, whose ends may be matched, and that are not blacklisted."""
    allowed = edges >= threshold
    if not allowed.size:
        return allowed
    a, b = np.array([(edge.a, edge.b) for edge in goal.edges]).T
    allowed &= nodes_allowed[np.ix_(a, scene.ends[:, 0])] & nodes_allowed[np.ix_(b, scene.ends[:, 1])]
    if barred:
        pairs = scene.ids[scene.ends]
        for e, first, second in barred:
            allowed[e] &= ~((pairs[:, 0] == first) & (pairs[:, 1] == second))
    return allowed


def _edge_support(
    goal: GoalGraph, scene: SceneArrays, edges: NDArray[np.float64], allowed: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """(G, M) how many of a goal node's relations a scene node can bear out, each weighted by its best likeness."""
    support = np.zeros(shape)
    for e, edge in enumerate(goal.edges):
        fits = np.flatnonzero(allowed[e])
        for node, column in ((edge.a, 0), (edge.b, 1)):
            best = np.zeros(shape[1])
            np.maximum.at(best, scene.ends[fits, column], edges[e, fits])
            support[node] += best
    return support


def _consistent(goal: GoalGraph, scene: SceneArrays, chosen: Mapping[int, int]) -> NDArray[np.bool_]:
    """(E, K) edge pairs whose ends were matched with each other."""
    first = np.array([chosen.get(edge.a, -1) for edge in goal.edges], dtype=np.int64)
    second = np.array([chosen.get(edge.b, -1) for edge in goal.edges], dtype=np.int64)
    fits: NDArray[np.bool_] = (first[:, None] == scene.ends[None, :, 0]) & (second[:, None] == scene.ends[None, :, 1])
    return fits


def _score(
    goal: GoalGraph,
    scene: SceneArrays,
    nodes: NDArray[np.float64],
    edges: NDArray[np.float64],
    chosen: Mapping[int, int],
    picked: Mapping[int, int],
    costs: EditCosts,
) -> Matching:
    """S of an assignment. S_N and S_E are means over what was matched, 0 where nothing was; a goal without relations has
    S_E = 1 as soon as a node is matched. S_T carries how much of the goal is still missing.
    """
    if not chosen:
        return NOTHING
    edge_values = {e: float(edges[e, k]) for e, k in picked.items()}
    s_n = float(np.mean([nodes[g, m] for g, m in chosen.items()]))
    s_e = (float(np.mean(list(edge_values.values()))) if edge_values else 0.0) if goal.edges else 1.0
    present = {(int(a), int(b)): 1.0 for (a, b), stated in zip(scene.ends, scene.stated, strict=True) if stated}
    s_t = topological_similarity(goal, induced_edit_cost(goal, chosen, nodes, present, edge_values, costs), costs)
    ids = scene.ids
    return Matching(
        s=(s_n + s_e + s_t) / 3.0,
        s_n=s_n,
        s_e=s_e,
        s_t=s_t,
        nodes={g: int(ids[m]) for g, m in chosen.items()},
        edges={e: (int(ids[scene.ends[k, 0]]), int(ids[scene.ends[k, 1]])) for e, k in picked.items()},
        similarity={g: float(nodes[g, m]) for g, m in chosen.items()},
    )


def match_simplified(goal: GoalGraph, scene: SceneArrays, barred_nodes: frozenset[tuple[int, int]] = frozenset()) -> Matching:
    """The ablation "simplify graph matching": names must be equal, and overlap and degrees are all that counts.

    node term = (share of goal names present + mean likeness of degrees)/2; edge term = share of goal relations present
    (1 where the goal has none); S = mean of both.
    """
    chosen: dict[int, int] = {}
    for g, node in enumerate(goal.nodes):
        named = [m for m, name in enumerate(scene.names) if name == node.name and (g, int(scene.ids[m])) not in barred_nodes]
        chosen |= {g: named[0]} if named else {}
    degrees = goal.degrees()
    likeness = [
        1 - abs(int(degrees[g]) - int(scene.degrees[m])) / max(int(degrees[g]), int(scene.degrees[m]), 1)
        for g, m in chosen.items()
    ]
    present = {(int(a), int(b), word): None for (a, b), word in zip(scene.ends, scene.relations, strict=True)}
    picked = {
        e: (chosen[edge.a], chosen[edge.b])
        for e, edge in enumerate(goal.edges)
        if edge.a in chosen and edge.b in chosen and (chosen[edge.a], chosen[edge.b], edge.relation) in present
    }
    s_n = 0.5 * (len(chosen) / len(goal.nodes) + (float(np.mean(likeness)) if likeness else 0.0))
    s_e = len(picked) / len(goal.edges) if goal.edges else 1.0
    return Matching(
        s=0.5 * (s_n + s_e) if chosen else 0.0,
        s_n=s_n,
        s_e=s_e,
        nodes={g: int(scene.ids[m]) for g, m in chosen.items()},
        edges={e: (int(scene.ids[a]), int(scene.ids[b])) for e, (a, b) in picked.items()},
        similarity=dict.fromkeys(chosen, 1.0),
    )
