"""The map, the scene graph and the goal graph in one drawing, with the matches between them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from enactive.agents.episode import Episode
from enactive.perception import Belief

from .pictures import data_uri
from .record import planar
from .views import MapFrame, map_view

SIZE, COLUMN, MARGIN = 720, 240, 20


def draw_graphs(belief: Belief, path_m: Sequence[tuple[float, float]], episode: Episode) -> str | None:
    """An SVG: the goal graph on the left, the map with the scene graph on the right. None where there is no map."""
    if belief.map is None:
        return None
    trace = episode.steps[-1].trace
    goal_graph = next((step.trace["goal_graph"] for step in episode.steps if "goal_graph" in step.trace), None)
    matches = {int(goal): int(node) for goal, node in dict(trace.get("matches", {})).items()}
    left = 0 if goal_graph is None else COLUMN
    pose = episode.steps[-1].T_world_base
    picture = map_view(belief.map, path_m, 0.0 if pose is None else planar(pose)[2], size=SIZE)
    parts = [f'<image href="{data_uri(picture, "PNG")}" x="{left}" y="0" width="{SIZE}" height="{SIZE}"/>']
    places = {}
    if belief.scene_graph is not None:
        frame = MapFrame.around(belief.map, SIZE)
        graph = belief.scene_graph
        places = {node.id: (left + frame.pixel(node.centre_m)[0], frame.pixel(node.centre_m)[1]) for node in graph}
        for (a, b), relation in graph.relations.items():
            if a in places and b in places and relation != "next to":
                parts.append(_line(places[a], places[b], "#8aa0c8", 1, relation))
        matched = set(matches.values())
        for node in graph:
            parts.append(_node(places[node.id], node.name, node.id in matched, f"{node.name} {_attributes(node)}"))
        for room in graph.rooms.values():
            u, v = frame.pixel(room.centre_m)
            parts.append(f'<text x="{left + u}" y="{v}" class="room">{escape(room.name)}</text>')
    if goal_graph is not None:
        parts += _goal_column(goal_graph, matches, places)
    return f'<svg viewBox="0 0 {left + SIZE} {SIZE}" class="graphs">{"".join(parts)}</svg>'


def _attributes(node: Any) -> str:
    words = ", ".join(f"{word} {score:.2f}" for word, score in sorted(node.attributes.items(), key=lambda item: -item[1])[:4])
    return f"({words}) score {node.score:.2f}, seen {node.sightings} times"


def _goal_column(goal_graph: dict[str, Any], matches: dict[int, int], places: dict[int, tuple[int, int]]) -> list[str]:
    """Goal nodes from top to bottom, the target first, lines to the scene nodes that they are matched with."""
    nodes = goal_graph["nodes"]
    step = min(120.0, (SIZE - 120.0) / max(1, len(nodes)))
    spots = {node["id"]: (70, round(90 + step * place)) for place, node in enumerate(nodes)}
    parts = ['<text x="70" y="40" class="room">goal graph</text>']
    for edge in goal_graph["edges"]:
        parts.append(_line(spots[edge["a"]], spots[edge["b"]], "#667", 2, edge["relation"], shown=True))
    for node in nodes:
        name = " ".join([*node["attributes"].values(), node["name"]]) + (f" (in the {node['room']})" if node["room"] else "")
        if (scene_id := matches.get(node["id"])) in places:
            parts.append(_line(spots[node["id"]], places[scene_id], "#f0a014", 2, "match"))
        parts.append(_node(spots[node["id"]], name, node["id"] in matches, name, bold=node["id"] == goal_graph["target"]))
    return parts


def _node(place: tuple[int, int], name: str, matched: bool, title: str, bold: bool = False) -> str:
    kind = "node matched" if matched else "node"
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<g class="{kind}"><title>{escape(title)}</title><circle cx="{place[0]}" cy="{place[1]}" r="{6 if matched else 4}"/>'
        f'<text x="{place[0] + 8}" y="{place[1] + 4}"{weight}>{escape(name)}</text></g>'
    )


def _line(a: tuple[int, int], b: tuple[int, int], colour: str, width: int, title: str, shown: bool = False) -> str:
    text = ""
    if shown:
        text = f'<text x="{(a[0] + b[0]) // 2 + 8}" y="{(a[1] + b[1]) // 2}" class="relation">{escape(title)}</text>'
    return (
        f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}" stroke="{colour}" stroke-width="{width}">'
        f"<title>{escape(title)}</title></line>{text}"
    )
