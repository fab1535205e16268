"""Pictures of a moment: what the camera sees with the segments named, beside the map with the path walked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from enactive.agents.episode import Step
from enactive.perception import Belief
from enactive.perception.mapping import OccupancyMap

Image = NDArray[np.uint8]
UNKNOWN, FREE, OBSTACLE, WALL = (38, 42, 50), (236, 236, 230), (120, 126, 138), (84, 90, 104)
PATH, BODY, MATCH, GOAL = (52, 120, 246), (230, 70, 60), (240, 160, 20), (22, 163, 74)
MARGIN_M = 0.5  # around what a map shows
FONT = cv2.FONT_HERSHEY_SIMPLEX
Nodes = Mapping[int, tuple[str, tuple[float, float]]]


def matched_nodes(step: Step, belief: Belief) -> Nodes:
    """Scene nodes that the planner matched: id -> (name, (x, y))."""
    if belief.scene_graph is None:
        return {}
    nodes = belief.scene_graph.nodes
    ids = [node_id for node_id in step.trace.get("matches", {}).values() if node_id in nodes]
    return {i: (nodes[i].name, (float(nodes[i].centre_m[0]), float(nodes[i].centre_m[1]))) for i in ids}


def moment_view(
    belief: Belief,
    path_m: Sequence[tuple[float, float]],
    yaw_rad: float,
    matched: Nodes,
    goals_m: Sequence[tuple[float, float]] = (),
) -> Image:
    """The camera's picture and, where there is a map, the map beside it. goals_m: where the goal truly is."""
    panels = [camera_view(belief, frozenset(matched))]
    if belief.map is not None:
        panels.append(map_view(belief.map, path_m, yaw_rad, list(matched.values()), goals_m))
    return np.concatenate(panels, axis=1)


def camera_view(belief: Belief, highlight: frozenset[int] = frozenset(), size: tuple[int, int] = (480, 360)) -> Image:
    """The first camera's picture at `size` (width, height), outlines and names on the segments of highlighted nodes."""
    frame = next(iter(belief.observation.cameras.values()), None)
    if frame is None:
        return np.full((size[1], size[0], 3), UNKNOWN, dtype=np.uint8)
    picture: Image = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    for detection in belief.detections:
        if detection.node_id not in highlight or not detection.mask.any():
            continue
        mask = cv2.resize(detection.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(picture, outlines, -1, MATCH, 2)
        column, row = max(outlines, key=cv2.contourArea)[:, 0].min(axis=0)
        _label(picture, detection.name, (int(column), max(14, int(row) - 5)))
    return picture


@dataclass(frozen=True, slots=True)
class MapFrame:
    """How the known part of a map is fitted into a square picture: x to the right, y up.

    low_m: (2,) world corner; scale: pixels a metre; offset: (2,) pixels of margin; size: pixels of a side.
    """

    low_m: NDArray[np.float64]
    scale: float
    offset: NDArray[np.float64]
    size: int

    @classmethod
    def around(cls, occupancy: OccupancyMap, size: int, also_m: Sequence[tuple[float, float]] = ()) -> MapFrame:
        """The frame that shows all that is known, and the points `also_m`, with half a metre of margin."""
        low, high = _known_corners_m(occupancy)
        for xy in also_m:
            low, high = np.minimum(low, np.subtract(xy, MARGIN_M)), np.maximum(high, np.add(xy, MARGIN_M))
        extent = high - low
        scale = float(size / extent.max())
        return cls(low, scale, (size - extent * scale) / 2, size)

    def pixel(self, xy_m: Sequence[float] | NDArray[np.float64]) -> tuple[int, int]:
        """(u, v) of a world point."""
        u, v = (np.asarray(xy_m)[:2] - self.low_m) * self.scale + self.offset
        return round(float(u)), round(self.size - float(v))


def _known_corners_m(occupancy: OccupancyMap) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper world corner, (2,) each, of what is known, with the margin."""
    rows, columns = occupancy.known_box(MARGIN_M)
    low, high = np.array([rows.start, columns.start]), np.array([rows.stop, columns.stop])
    return occupancy.origin_m + occupancy.resolution_m * low, occupancy.origin_m + occupancy.resolution_m * high


def map_view(
    occupancy: OccupancyMap,
    path_m: Sequence[tuple[float, float]],
    yaw_rad: float,
    highlight: Sequence[tuple[str, tuple[float, float]]] = (),
    goals_m: Sequence[tuple[float, float]] = (),
    size: int = 360,
) -> Image:
    """The known map from above with the path walked and the body.

    highlight: (name, (x, y)) of things to mark. goals_m: where the goal truly is, shown wherever that is.
    """
    frame, box = MapFrame.around(occupancy, size, goals_m), occupancy.known_box(MARGIN_M)
    colours = np.empty((*occupancy.obstacle[box].shape, 3), dtype=np.uint8)
    colours[:] = UNKNOWN
    colours[occupancy.explored[box]] = FREE
    colours[occupancy.obstacle[box]] = OBSTACLE
    colours[occupancy.obstacle[box] & occupancy.tall[box]] = WALL
    cell = frame.scale * occupancy.resolution_m
    (left, bottom), (right, top) = (frame.pixel(corner) for corner in _known_corners_m(occupancy))
    picture = np.full((size, size, 3), UNKNOWN, dtype=np.uint8)
    picture[top:bottom, left:right] = cv2.resize(
        np.ascontiguousarray(colours.transpose(1, 0, 2)[::-1]),
        (right - left, bottom - top),
        interpolation=cv2.INTER_AREA if cell < 1 else cv2.INTER_NEAREST,
    )
    if len(path_m) > 1:
        track = np.array([frame.pixel(xy) for xy in path_m], dtype=np.int32)
        cv2.polylines(picture, [track], False, PATH, 2, cv2.LINE_AA)
    for name, xy in highlight:
        u, v = frame.pixel(xy)
        cv2.circle(picture, (u, v), 6, MATCH, 2, cv2.LINE_AA)
        _label(picture, name, (u + 8, v + 4))
    for xy in goals_m:
        for radius, colour in ((8, (255, 255, 255)), (6, GOAL)):
            cv2.circle(picture, frame.pixel(xy), radius, colour, -1, cv2.LINE_AA)
    if path_m:
        heading = np.array([[np.cos(a), -np.sin(a)] for a in yaw_rad + np.array([0.0, 2.5, -2.5])])
        corners = np.rint(np.array(frame.pixel(path_m[-1])) + 9 * heading).astype(np.int32)
        cv2.fillPoly(picture, [corners], BODY, cv2.LINE_AA)
    return picture


def caption(width: int, words: str, height: int = 28) -> Image:
    """A dark strip with one line of text."""
    strip = np.full((height, width, 3), 22, dtype=np.uint8)
    cv2.putText(strip, words.encode("ascii", "replace").decode(), (8, height - 9), FONT, 0.45, (235, 235, 235), 1, cv2.LINE_AA)
    return strip


def _label(picture: Image, words: str, corner: tuple[int, int]) -> None:
    for colour, width in (((20, 20, 20), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, words, corner, FONT, 0.42, colour, width, cv2.LINE_AA)
