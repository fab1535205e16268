"""The scene graph for others to read: as a networkx graph, and as JSON for reports and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from enactive.errors import ConfigError

from .scene_graph import RoomNode, SceneGraph, SceneNode

if TYPE_CHECKING:
    import networkx as nx

SCHEMA = 1


def to_networkx(graph: SceneGraph) -> nx.DiGraph:
    """Objects under their ids, rooms under ("room", id); edges carry `relation`, "in room" for membership."""
    import networkx as nx

    out = nx.DiGraph()
    for node in graph:
        out.add_node(
            node.id,
            kind="object",
            name=node.name,
            score=node.score,
            sightings=node.sightings,
            centre_m=node.centre_m,
            half_size_m=node.half_size_m,
            embedding=node.embedding,
            attributes=dict(node.attributes),
        )
    for room in graph.rooms.values():
        out.add_node(("room", room.id), kind="room", name=room.name, score=room.score, centre_m=room.centre_m)
    for (a, b), relation in graph.relations.items():
        out.add_edge(a, b, relation=relation)
    for node in graph:
        if node.room in graph.rooms:
            out.add_edge(node.id, ("room", node.room), relation="in room")
    return out


def to_json(graph: SceneGraph) -> str:
    """One JSON object; embeddings rounded to five digits, places to the millimetre."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "nodes": [
                {
                    "id": node.id,
                    "name": node.name,
                    "score": round(node.score, 4),
                    "even_score": round(node.even_score, 4),
                    "sightings": node.sightings,
                    "centre_m": np.round(node.centre_m, 3).tolist(),
                    "half_size_m": np.round(node.half_size_m, 3).tolist(),
                    "embedding": [round(float(x), 5) for x in node.embedding],
                    "attributes": {word: round(score, 3) for word, score in node.attributes.items()},
                    "room": node.room,
                }
                for node in graph
            ],
            "rooms": [
                {
                    "id": room.id,
                    "name": room.name,
                    "score": round(room.score, 4),
                    "centre_m": np.round(room.centre_m, 3).tolist(),
                }
                for room in graph.rooms.values()
            ],
            "relations": [[a, b, word] for (a, b), word in graph.relations.items()],
            "names_given": [[i, name] for i, name in graph.names_given.items()],
            "relations_given": [[a, b, word] for (a, b), word in graph.relations_given.items()],
            "removed": graph.removed,
            "merged_into": [[gone, kept] for gone, kept in graph.merged_into.items()],
            "version": graph.version,
        }
    )


def from_json(text: str) -> SceneGraph:
    """Read what `to_json` wrote. Raises ConfigError where the text is not such a graph."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data["schema"] != SCHEMA:
            raise ConfigError(f"this scene graph has schema {data['schema']}, not {SCHEMA}: write it again with this version")
        graph = SceneGraph()
        for node in data["nodes"]:
            graph.nodes[node["id"]] = SceneNode(
                **node
                | {
                    "centre_m": np.array(node["centre_m"], dtype=np.float64),
                    "half_size_m": np.array(node["half_size_m"], dtype=np.float64),
                    "embedding": np.array(node["embedding"], dtype=np.float32),
                }
            )
        for room in data["rooms"]:
            graph.rooms[room["id"]] = RoomNode(**room | {"centre_m": np.array(room["centre_m"], dtype=np.float64)})
        graph.relations = {(a, b): word for a, b, word in data["relations"]}
        graph.names_given = dict(data["names_given"])
        graph.relations_given = {(a, b): word for a, b, word in data["relations_given"]}
        graph.removed = list(data["removed"])
        graph.merged_into = dict(data["merged_into"])
        graph.version = data["version"]
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"this is not a scene graph written by to_json ({error}): give the unchanged text") from error
    return graph
