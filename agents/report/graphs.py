"""The map, the scene graph and the goal graph in one drawing, with the matches between them and those of before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from enactive.agents.episode import Episode
from enactive.perception import Belief
from enactive.perception.scene_graph import SceneGraph, SceneNode

from .pictures import data_uri
from .record import planar
from .views import MapFrame, map_view

SIZE, COLUMN = 720, 240
NAME_WIDTH = 80  # pixels, of most names
RELATION, NEXT_TO, GOAL_EDGE, MATCH = "#8aa0c8", "#8aa0c8a0", "#667", "#f0a014"
Place = tuple[int, int]


def draw_graphs(belief: Belief, path_m: Sequence[tuple[float, float]], episode: Episode) -> str | None:
    """An SVG: the goal graph on the left, the map with the scene graph on the right. None where there is no map."""
    if belief.map is None:
        return None
    trace = episode.steps[-1].trace
    goal_graph = next((step.trace["goal_graph"] for step in episode.steps if "goal_graph" in step.trace), None)
    left = 0 if goal_graph is None else COLUMN
    pose = episode.steps[-1].T_world_base
    picture = map_view(belief.map, path_m, 0.0 if pose is None else planar(pose)[2], size=SIZE)
    parts = [f'<image href="{data_uri(picture, "PNG")}" x="{left}" y="0" width="{SIZE}" height="{SIZE}"/>']
    places: dict[int, Place] = {}
    graph = belief.scene_graph
    if graph is not None:
        frame = MapFrame.around(belief.map, SIZE)
        places = {node.id: (left + frame.pixel(node.centre_m)[0], frame.pixel(node.centre_m)[1]) for node in graph}
        parts += _relations(graph, places)
    matches = {int(goal): node for goal, node in trace.get("matches", {}).items() if node in places}
    edges = {int(edge): (a, b) for edge, (a, b) in trace.get("edge_matches", {}).items() if a in places and b in places}
    if graph is not None and goal_graph is not None:
        parts += _edge_matches(goal_graph, edges, _earlier_edges(episode, graph), places)
    if graph is not None:
        parts += _things(graph, places, set(matches.values()), _earlier(episode, graph, goal_graph), left + SIZE)
        for room in graph.rooms.values():
            u, v = frame.pixel(room.centre_m)
            parts.append(f'<text x="{left + u}" y="{v}" class="room">{escape(room.name)}</text>')
    if goal_graph is not None:
        parts += _goal_column(goal_graph, matches, edges, places)
    return f'<svg viewBox="0 0 {left + SIZE} {SIZE}" class="graphs">{"".join(parts)}</svg>'


def _relations(graph: SceneGraph, places: Mapping[int, Place]) -> list[str]:
    """Lines between things; "next to", of which there are most, is faint and dotted, and drawn once for both its directions."""
    said = {(a, b): relation for (a, b), relation in graph.relations.items() if a in places and b in places}
    beside = {(min(pair), max(pair)) for pair, relation in said.items() if relation == "next to"}
    parts = [_line(places[a], places[b], NEXT_TO, 1, "next to", dash="2 3") for a, b in sorted(beside)]
    return parts + [_line(places[a], places[b], RELATION, 1, word) for (a, b), word in said.items() if word != "next to"]


def _edge_matches(
    goal_graph: Mapping[str, Any],
    edges: Mapping[int, tuple[int, int]],
    earlier: Mapping[tuple[int, int, int], int],
    places: Mapping[int, Place],
) -> list[str]:
    """Relations on the map that goal edges are matched with, and from the middle of each a line to its goal edge.

    edges: goal edge -> (scene node, scene node). earlier: (goal edge, scene node, scene node) -> the last step of the match.
    """
    spots, names = _spots(goal_graph), {node["id"]: node["name"] for node in goal_graph["nodes"]}
    titles = [f"matched with: {names[edge['a']]} {edge['relation']} {names[edge['b']]}" for edge in goal_graph["edges"]]
    parts = [
        _line(places[a], places[b], MATCH, 1, f"{titles[index]} until step {last}", dash="5 4")
        for (index, a, b), last in earlier.items()
        if edges.get(index) != (a, b) and a in places and b in places
    ]
    for index, (a, b) in edges.items():
        edge = goal_graph["edges"][index]
        here, there = _middle(spots[edge["a"]], spots[edge["b"]]), _middle(places[a], places[b])
        parts += [_line(here, there, MATCH, 1, titles[index], dash="5 4"), _line(places[a], places[b], MATCH, 3, titles[index])]
    return parts


def _things(
    graph: SceneGraph, places: Mapping[int, Place], matched: set[int], earlier: Mapping[int, str], right: int
) -> list[str]:
    """The nodes of the scene graph. What is matched, and what was, comes last, so that no other name covers its own."""
    layers: tuple[list[str], list[str], list[str]] = ([], [], [])
    for node in graph:
        title = f"{node.name} {_attributes(node)}"
        level = 2 if node.id in matched else 1 if node.id in earlier else 0
        kind = ("node", "node earlier", "node matched")[level]
        title += f"; {earlier[node.id]}" if level == 1 else ""
        layers[level].append(_node(places[node.id], node.name, kind, title, leftward=places[node.id][0] > right - NAME_WIDTH))
    return [part for layer in layers for part in layer]


def _earlier(episode: Episode, graph: SceneGraph, goal_graph: Mapping[str, Any] | None) -> dict[int, str]:
    """Things that were matched at some step: scene node -> with what, and until when."""
    names = {} if goal_graph is None else {node["id"]: node["name"] for node in goal_graph["nodes"]}
    until = {}
    for step in episode.steps:
        for goal, node_id in step.trace.get("matches", {}).items():
            until[graph.resolve(int(node_id)), names.get(int(goal), f"goal node {goal}")] = step.index + 1
    words: dict[int, list[str]] = {}
    for (node_id, name), last in until.items():
        words.setdefault(node_id, []).append(f"matched with {name} until step {last}")
    return {node_id: ", ".join(said) for node_id, said in words.items()}


def _earlier_edges(episode: Episode, graph: SceneGraph) -> dict[tuple[int, int, int], int]:
    """Relations that were matched at some step: (goal edge, scene node, scene node) -> until when."""
    return {
        (int(edge), graph.resolve(a), graph.resolve(b)): step.index + 1
        for step in episode.steps
        for edge, (a, b) in step.trace.get("edge_matches", {}).items()
    }


def _attributes(node: SceneNode) -> str:
    words = ", ".join(f"{word} {score:.2f}" for word, score in sorted(node.attributes.items(), key=lambda item: -item[1])[:4])
    return f"({words}) score {node.score:.2f}, seen {node.sightings} times"


def _spots(goal_graph: Mapping[str, Any]) -> dict[int, Place]:
    """Where the goal nodes are drawn: from top to bottom."""
    step = min(120.0, (SIZE - 120.0) / max(1, len(goal_graph["nodes"])))
    return {node["id"]: (70, round(90 + step * place)) for place, node in enumerate(goal_graph["nodes"])}


def _goal_column(
    goal_graph: Mapping[str, Any], matches: Mapping[int, int], edges: Collection[int], places: Mapping[int, Place]
) -> list[str]:
    """The goal graph, with lines to the scene nodes that its nodes are matched with. edges: those that are matched."""
    spots = _spots(goal_graph)
    parts = ['<text x="70" y="40" class="room">goal graph</text>']
    for index, edge in enumerate(goal_graph["edges"]):
        colour, width = (MATCH, 3) if index in edges else (GOAL_EDGE, 2)
        parts.append(_line(spots[edge["a"]], spots[edge["b"]], colour, width, edge["relation"], shown=True))
    for node in goal_graph["nodes"]:
        name = " ".join([*node["attributes"].values(), node["name"]]) + (f" (in the {node['room']})" if node["room"] else "")
        kind = "node matched" if node["id"] in matches else "node"
        if node["id"] in matches:
            parts.append(_line(spots[node["id"]], places[matches[node["id"]]], MATCH, 2, "match"))
        parts.append(_node(spots[node["id"]], name, kind, name, bold=node["id"] == goal_graph["target"]))
    return parts


def _node(place: Place, name: str, kind: str, title: str, bold: bool = False, leftward: bool = False) -> str:
    """leftward: the name stands to the left of the node, where it would else leave the picture."""
    style = (' font-weight="700"' if bold else "") + (' text-anchor="end"' if leftward else "")
    (u, v), radius = place, 4 if kind == "node" else 6
    return (
        f'<g class="{kind}"><title>{escape(title)}</title><circle cx="{u}" cy="{v}" r="{radius}"/>'
        f'<text x="{u - 8 if leftward else u + 8}" y="{v + 4}"{style}>{escape(name)}</text></g>'
    )


def _middle(a: Place, b: Place) -> Place:
    return (a[0] + b[0]) // 2, (a[1] + b[1]) // 2


def _line(a: Place, b: Place, colour: str, width: int, title: str, shown: bool = False, dash: str = "") -> str:
    """dash: lengths of strokes and gaps; a whole line where empty."""
    text = ""
    if shown:
        u, v = _middle(a, b)
        text = f'<text x="{u + 8}" y="{v}" class="relation">{escape(title)}</text>'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}" stroke="{colour}" stroke-width="{width}"{dashes}>'
        f"<title>{escape(title)}</title></line>{text}"
    )
