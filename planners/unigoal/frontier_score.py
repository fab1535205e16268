"""Choosing where to explore: SG-Nav's frontier score, summed over the sub-graphs of the goal (UniGoal, 3.4; SG-Nav, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .embedding import SceneArrays
from .goal_graph import GoalGraph
from .reasoner import Reasoner
from .vocabulary import ROOM_WORDS

NEAREST_M = 1.2  # nearer than this all frontiers count as equally near
FARTHEST_M = 11.2
REACH_M = 3.0  # how far around a frontier what stands there says something about what lies behind it
ROOM_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class FrontierWeights:
    """near: the way to go, [0, 1]. meaning: what stands around the frontier, [0, 1]. size: its length, [0, 1].

    The released SG-Nav and UniGoal weigh the way ten times as much as meaning, which makes meaning a tie-breaker; these
    weights let a likely frontier outweigh five metres of way.
    """

    near: float = 1.0
    meaning: float = 1.0
    size: float = 0.15


def nearness(distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 at 1.2 m and less, falling to 0 at 11.2 m: 1 - (clip(d, 1.2, 11.2) - 1.2)/10. Any shape."""
    return 1.0 - (np.clip(distance_m, NEAREST_M, FARTHEST_M) - NEAREST_M) / (FARTHEST_M - NEAREST_M)


def closest_first(distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the distance in tens of metres: it falls as `nearness` does, without an end to either side. Any shape."""
    return -distance_m / (FARTHEST_M - NEAREST_M)


def subgraph_relevance(subgraph: GoalGraph, scene: SceneArrays, reasoner: Reasoner) -> NDArray[np.float64]:
    """(M,) probability that what a sub-graph speaks of stands near each scene node: the mean over the sub-graph's things, each
    from how related it is and, by half, from how likely the node's room holds it.
    """
    total = np.zeros(len(scene.names))
    for goal in subgraph.nodes:
        rooms = {goal.room: 1.0} if goal.room else reasoner.rooms(goal.name)
        likeliest = max(rooms.values(), default=0.0)
        related = {name: reasoner.related(goal.name, name) for name in set(scene.names)}
        for m, (name, (room, score)) in enumerate(zip(scene.names, scene.rooms, strict=True)):
            fits = score * rooms.get(ROOM_WORDS.get(room, room), 0.0) / likeliest if room and likeliest else 0.0
            total[m] += (1.0 - ROOM_SHARE) * related[name] + ROOM_SHARE * fits
    return total / max(len(subgraph.nodes), 1)


def meaning(points_m: NDArray[np.float64], scene: SceneArrays, relevance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F,) in [0, 1]: relevance around each point, as the mean of scene nodes' relevance weighted by closeness.

    points_m: (F, 2). Where nothing stands within reach a frontier gets the mean over all of the scene: not known is not bad.
    """
    if not len(relevance):
        return np.zeros(len(points_m))
    gap = np.linalg.norm(points_m[:, None] - scene.centres_m[None, :, :2], axis=2)
    weight = np.where(gap <= REACH_M, 1.0 / np.maximum(gap, 0.5), 0.0)
    prior = 0.5
    value: NDArray[np.float64] = (weight @ relevance + prior * relevance.mean()) / (weight.sum(axis=1) + prior)
    return value


def score_frontiers(
    points_m: NDArray[np.float64],
    distances_m: NDArray[np.float64],
    sizes_m: NDArray[np.float64],
    per_subgraph: Sequence[NDArray[np.float64]],
    weights: FrontierWeights,
) -> NDArray[np.float64]:
    """(F,) scores. per_subgraph: (F,) meaning for each sub-graph, at least one; the first, the target's, counts as much as all
    others.
    """
    total = weights.near * nearness(distances_m) + weights.size * np.clip(sizes_m / 3.0, 0.0, 1.0)
    others = len(per_subgraph) - 1
    shares = np.array([1.0] + [1.0 / max(others, 1)] * others)
    combined = np.average(np.array(per_subgraph), axis=0, weights=shares)
    spread = float(combined.max() - combined.min()) if len(combined) else 0.0
    if spread > 1e-9:  # what counts is which frontier is better, so the best gets 1 as far as the evidence parts them
        combined = (combined - combined.min()) / max(spread, 0.15)
    result: NDArray[np.float64] = total + weights.meaning * combined
    return result
