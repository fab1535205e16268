"""A small text encoder without weights, and scene graphs by hand, for the tests of UniGoal."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.perception.scene_graph import RoomNode, SceneGraph, SceneNode

WIDTH = 256


class Letters:
    """Unit vectors from hashed words: equal texts have cosine 1, texts without a common word about 0."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        out = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            for word in text.split() or [""]:
                row += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(WIDTH).astype(np.float32)
            row /= np.linalg.norm(row)
        return out


def thing(
    id_: int,
    name: str,
    place: tuple[float, float, float] = (0.0, 0.0, 0.5),
    half: tuple[float, float, float] = (0.1, 0.1, 0.1),
    room: int = -1,
    score: float = 0.9,
    sightings: int = 10,
    **attributes: float,
) -> SceneNode:
    return SceneNode(
        id_, name, score, sightings, np.array(place), np.array(half), Letters().encode([name])[0], dict(attributes), room
    )


def scene(*nodes: SceneNode, relations: dict[tuple[int, int], str] | None = None, rooms: dict[int, str] | None = None) -> SceneGraph:
    graph = SceneGraph()
    graph.nodes = {node.id: node for node in nodes}
    graph.relations = dict(relations or {})
    graph.rooms = {id_: RoomNode(id_, name, 0.9, np.zeros(2)) for id_, name in (rooms or {}).items()}
    graph.version += 1
    return graph
