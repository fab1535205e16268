"""Stage 3: correcting the scene graph around the matched centre (UniGoal, 3.5).

Every node near the matched ones keeps a belief in its name: what was seen of it, carried along the edges by how well
neighbours go together, p <- v·(b + (1 - b)·R·p) with R the relatedness of neighbours averaged per node. What falls far below
what was seen is not what it is called: it is renamed to what the current frame shows there, or taken out. Relations that
contradict the boxes are taken back.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from enactive.perception.base import Belief
from enactive.perception.scene_graph import SceneGraph, SceneNode

from .reasoner import Reasoner

HOPS = 2
ROUNDS = 2
OWN = 0.6  # b: how much of the belief a node keeps without support from its neighbours
DOUBTFUL = 0.25
SURE_SCORE, SURE_SIGHTINGS = 0.6, 8  # seen this well, a name is not questioned by what is usual


def neighbourhood(scene: SceneGraph, centres: Iterable[int], hops: int = HOPS) -> list[int]:
    """Node ids within some hops of the matched ones along relations, sorted."""
    reached = {id_ for id_ in centres if id_ in scene.nodes}
    for _ in range(hops):
        reached |= {other for pair in scene.relations for other in pair if reached.intersection(pair)}
    return sorted(id_ for id_ in reached if id_ in scene.nodes)


def beliefs(scene: SceneGraph, ids: list[int], reasoner: Reasoner, rounds: int = ROUNDS) -> dict[int, float]:
    """How far each node can be believed to be what it is called, [0, 1]."""
    index = {id_: position for position, id_ in enumerate(ids)}
    seen = np.array([_seen(scene.nodes[id_]) for id_ in ids])
    related = np.zeros((len(ids), len(ids)))
    for a, b in scene.relations:
        if a in index and b in index:
            value = reasoner.related(scene.nodes[a].name, scene.nodes[b].name)
            related[index[a], index[b]] = related[index[b], index[a]] = max(value, 1e-3)
    degree = np.maximum((related > 0).sum(axis=1), 1)
    alone = (related > 0).sum(axis=1) == 0
    rooms = np.array([_fits_room(scene, scene.nodes[id_], reasoner) for id_ in ids])
    held = seen.copy()
    for _ in range(rounds):
        support = np.where(alone, rooms, 0.5 * (related @ held) / degree + 0.5 * rooms)
        held = seen * (OWN + (1.0 - OWN) * support)
    return {id_: float(value) for id_, value in zip(ids, held, strict=True)}


def _seen(node: SceneNode) -> float:
    return node.score * (1.0 - 0.5 ** min(node.sightings, 30))


def _fits_room(scene: SceneGraph, node: SceneNode, reasoner: Reasoner) -> float:
    room = scene.rooms.get(node.room)
    return reasoner.plausible(node.name, (), room.name if room is not None else "")


def correct(belief: Belief, centres: Iterable[int], reasoner: Reasoner) -> list[str]:
    """Correct the scene graph of a belief around some nodes; returns what was done, in words."""
    scene = belief.scene_graph
    if scene is None:
        return []
    ids = neighbourhood(scene, centres)
    done = [text for pair in list(scene.relations) if (text := _correct_edge(scene, pair, ids))]
    names = _names_now(belief)
    for id_, held in beliefs(scene, ids, reasoner).items():
        node = scene.nodes[id_]
        if held >= DOUBTFUL or (node.score >= SURE_SCORE and node.sightings >= SURE_SIGHTINGS):
            continue
        seen_as = names.get(id_)
        if seen_as and seen_as[0] != node.name and seen_as[1] > node.score:
            done.append(f"{node.name} #{id_} is a {seen_as[0]}")
            scene.rename(id_, seen_as[0])
        elif id_ not in names and node.sightings > 1 and _in_view(belief, node):
            done.append(f"no {node.name} #{id_}")
            scene.remove(id_)
    return done


def _names_now(belief: Belief) -> dict[int, tuple[str, float]]:
    """What the current frame calls each node, and how surely."""
    best: dict[int, tuple[str, float]] = {}
    for detection in belief.detections:
        if detection.node_id >= 0 and detection.score > best.get(detection.node_id, ("", 0.0))[1]:
            best[detection.node_id] = (detection.name, detection.score)
    return best


def _in_view(belief: Belief, node: SceneNode) -> bool:
    """Whether the middle of a node lies well within the current picture, near, and with nothing measured in front of it."""
    frame = next(iter(belief.observation.cameras.values()), None)
    if frame is None or frame.depth is None:
        return False
    x, y, z = (np.linalg.inv(frame.T_world_camera) @ np.append(node.centre_m, 1.0))[:3]
    if not 0.3 < z < 2.5:
        return False
    u, v = frame.K[0, 0] * x / z + frame.K[0, 2], frame.K[1, 1] * y / z + frame.K[1, 2]
    height, width = frame.depth.shape
    if not (0.1 * width < u < 0.9 * width and 0.1 * height < v < 0.9 * height):
        return False
    measured = float(frame.depth[int(v), int(u)])
    return measured > 0.0 and measured > z - float(np.linalg.norm(node.half_size_m)) - 0.1


def _correct_edge(scene: SceneGraph, pair: tuple[int, int], ids: list[int]) -> str:
    """Take a relation back that the boxes contradict; "" where it stands."""
    a, b = (scene.nodes.get(id_) for id_ in pair)
    if a is None or b is None or pair[0] not in ids or pair[1] not in ids:
        return ""
    relation = scene.relations[pair]
    apart = np.abs(a.centre_m - b.centre_m) - a.half_size_m - b.half_size_m
    bottom, top = a.centre_m[2] - a.half_size_m[2], b.centre_m[2] + b.half_size_m[2]
    wrong = (
        (relation in {"on", "in"} and float(apart[:2].max()) > 0.3)
        or (relation == "on" and bottom > top + 0.3)
        or (relation == "next to" and float(apart[:2].max()) > 1.5)
        or (relation == "above" and a.centre_m[2] < b.centre_m[2])
        or (relation == "below" and a.centre_m[2] > b.centre_m[2])
    )
    if not wrong:
        return ""
    scene.relate(*pair, None)
    return f"{a.name} #{pair[0]} is not {relation} {b.name} #{pair[1]}"
