"""Spatial relations between boxes, kept up to date for what changed and its neighbours only.

Rules for "a ... b", first that holds, with boxes aligned to the world (cover: share of a's footprint over b's):
  in       >= 0.7 of a's volume inside b, b at least twice as large, and b is something that holds things (`CONTAINERS`)
  on       the same with b no container (a cushion in the box of a sofa); or cover >= 0.5 and a's bottom from 8 cm below to
           6 cm above b's top; or cover >= 0.7 with a's bottom above 0.3 of b's height and a's top above b's (a lamp on a
           desk that has a hutch); the last two need a's top above b's
  above    footprints, grown by 10 cm, share >= 0.3 of the smaller one, and a's bottom is 6 cm to 1.5 m above b's top
  below    b above a
  next to  horizontal gap <= 0.25 m + half the smaller of their widths, at most 0.6 m; heights share >= 0.3 of the lower one;
           neither on nor in the other; not in different rooms
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .scene_graph import RELATIONS, SceneGraph
from .tracks import TrackTable

ON, IN, NEXT_TO, ABOVE, BELOW = range(len(RELATIONS))
NEIGHBOURHOOD_M = 1.6  # no rule reaches farther
CONTAINERS = frozenset(
    {
        "basket",
        "bathtub",
        "bin",
        "bowl",
        "box",
        "bucket",
        "cabinet",
        "cupboard",
        "crate",
        "cup",
        "dishwasher",
        "drawer",
        "dresser",
        "fridge",
        "refrigerator",
        "jar",
        "kettle",
        "microwave",
        "mug",
        "oven",
        "pan",
        "pot",
        "sink",
        "suitcase",
        "toilet",
        "vase",
        "wardrobe",
        "washer",
        "dryer",
        "bag",
        "backpack",
        "trash can",
        "washing machine",
    }
)


def is_container(name: str) -> bool:
    """Whether things are said to be in it: decided by its last word, or the whole of it."""
    return name in CONTAINERS or name.rpartition(" ")[2] in CONTAINERS


def relate_boxes(
    low_a: NDArray[np.float64],
    high_a: NDArray[np.float64],
    low_b: NDArray[np.float64],
    high_b: NDArray[np.float64],
    container_b: NDArray[np.bool_] | None = None,
) -> NDArray[np.int8]:
    """(A, B) int8: index into `RELATIONS` of what each box a (A, 3) is to each box b (B, 3), -1 = nothing."""
    la, ha, lb, hb = low_a[:, None], high_a[:, None], low_b[None], high_b[None]
    size_a, size_b = ha - la, hb - lb
    common = np.minimum(ha, hb) - np.maximum(la, lb)  # negative: gap
    shared = np.clip(common, 0.0, None)
    area_a, area_b = size_a[..., 0] * size_a[..., 1], size_b[..., 0] * size_b[..., 1]
    flat = shared[..., 0] * shared[..., 1]
    cover_a, cover_b = flat / np.maximum(area_a, 1e-6), flat / np.maximum(area_b, 1e-6)
    volume_a, volume_b = area_a * size_a[..., 2], area_b * size_b[..., 2]
    inside_a = (flat * shared[..., 2] >= 0.7 * volume_a) & (volume_b >= 2.0 * volume_a)
    inside_b = (flat * shared[..., 2] >= 0.7 * volume_b) & (volume_a >= 2.0 * volume_b)
    on_ab = _rests(cover_a, la, ha, lb, hb)
    on_ba = _rests(cover_b, lb, hb, la, ha)

    grown = np.clip(common[..., :2] + 0.1, 0.0, None)
    over = grown[..., 0] * grown[..., 1] >= 0.3 * np.minimum(area_a, area_b)
    rise = la[..., 2] - hb[..., 2]
    drop = lb[..., 2] - ha[..., 2]

    gap = np.hypot(*np.moveaxis(np.clip(-common[..., :2], 0.0, None), -1, 0))
    width = np.minimum(size_a[..., :2].max(axis=-1), size_b[..., :2].max(axis=-1))
    level = common[..., 2] >= 0.3 * np.minimum(size_a[..., 2], size_b[..., 2])
    beside = (gap <= np.minimum(0.25 + 0.5 * width, 0.6)) & level

    holds = np.zeros(len(low_b), dtype=bool) if container_b is None else container_b
    conditions = [
        inside_a & holds[None],
        inside_a | (on_ab & ~inside_b),
        (inside_b | on_ba),
        over & (rise > 0.06) & (rise <= 1.5),
        over & (drop > 0.06) & (drop <= 1.5),
        beside,
    ]
    return np.select(conditions, [IN, ON, -1, ABOVE, BELOW, NEXT_TO], default=-1).astype(np.int8)


def _rests(
    cover: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    base_low: NDArray[np.float64],
    base_high: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which boxes stand on which, by cover and heights."""
    gap = low[..., 2] - base_high[..., 2]
    touching = (cover >= 0.5) & (gap >= -0.08) & (gap <= 0.06)
    raised = (base_high - base_low)[..., 2] * 0.3 + base_low[..., 2]
    sunk = (cover >= 0.7) & (gap < -0.08) & (low[..., 2] >= raised)
    return (touching | sunk) & (high[..., 2] > base_high[..., 2])


class RelationKeeper:
    """Holds a graph's relations to the rules as boxes change. What a reader stated or denied is left as it is."""

    def __init__(self) -> None:
        self._pairs: dict[int, set[tuple[int, int]]] = {}

    def forget(self, node_id: int) -> None:
        """A node is gone, and its relations with it."""
        for pair in self._pairs.pop(node_id, set()):
            self._pairs.get(pair[0] if pair[1] == node_id else pair[1], set()).discard(pair)

    def update(self, graph: SceneGraph, table: TrackTable, moved: Sequence[int]) -> None:
        """Redo the relations of nodes whose box, name or room changed, with their neighbours."""
        if not moved:
            return
        low, high = table.low_m, table.high_m
        rows = np.array([table.row_of[i] for i in moved])
        near = table.within(low[rows].min(axis=0) - NEIGHBOURHOOD_M, high[rows].max(axis=0) + NEIGHBOURHOOD_M)
        holds = np.array([is_container(graph.nodes[table.tracks[row].id].name) for row in near])
        there = relate_boxes(low[rows], high[rows], low[near], high[near], holds)
        back = relate_boxes(low[near], high[near], low[rows], high[rows], holds[np.searchsorted(near, rows)]).T
        ids = [table.tracks[row].id for row in near]
        for k, node_id in enumerate(moved):
            self._clear(graph, node_id)
            for j in np.flatnonzero((there[k] >= 0) | (back[k] >= 0)):
                if ids[j] != node_id:
                    self._set(graph, node_id, ids[j], int(there[k, j]))
                    self._set(graph, ids[j], node_id, int(back[k, j]))

    def part(self, graph: SceneGraph, ids: Sequence[int]) -> None:
        """Nodes turned out to be in other rooms: what is behind a wall is not next to them."""
        for node_id in ids:
            for a, b in list(self._pairs.get(node_id, ())):
                apart = -1 != graph.nodes[a].room != graph.nodes[b].room != -1
                if apart and graph.relations.get((a, b)) == RELATIONS[NEXT_TO] and (a, b) not in graph.relations_given:
                    del graph.relations[a, b]
                    self._pairs[a].discard((a, b))
                    self._pairs[b].discard((a, b))

    def _clear(self, graph: SceneGraph, node_id: int) -> None:
        for pair in self._pairs.pop(node_id, set()):
            self._pairs.get(pair[0] if pair[1] == node_id else pair[1], set()).discard(pair)
            if pair not in graph.relations_given:
                graph.relations.pop(pair, None)

    def _set(self, graph: SceneGraph, a: int, b: int, relation: int) -> None:
        if relation < 0 or (a, b) in graph.relations_given:
            return
        rooms = {graph.nodes[a].room, graph.nodes[b].room}
        if relation == NEXT_TO and len(rooms) == 2 and -1 not in rooms:
            return
        graph.relations[a, b] = RELATIONS[relation]
        self._pairs.setdefault(a, set()).add((a, b))
        self._pairs.setdefault(b, set()).add((a, b))
