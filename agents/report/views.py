"""Pictures of a moment: what the camera sees with the segments named, and the map with the path walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from enactive.perception import Belief
from enactive.perception.mapping import OccupancyMap

Image = NDArray[np.uint8]
UNKNOWN, FREE, OBSTACLE, WALL = (38, 42, 50), (236, 236, 230), (120, 126, 138), (84, 90, 104)
PATH, BODY, MATCH = (52, 120, 246), (230, 70, 60), (240, 160, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX


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
    def around(cls, occupancy: OccupancyMap, size: int) -> MapFrame:
        """The frame that shows all that is known, with half a metre of margin."""
        box = occupancy.known_box(0.5)
        low = occupancy.origin_m + occupancy.resolution_m * np.array([box[0].start, box[1].start])
        extent = occupancy.resolution_m * np.array([box[0].stop - box[0].start, box[1].stop - box[1].start])
        scale = float(size / extent.max())
        return cls(low, scale, (size - extent * scale) / 2, size)

    def pixel(self, xy_m: Sequence[float] | NDArray[np.float64]) -> tuple[int, int]:
        """(u, v) of a world point."""
        u, v = (np.asarray(xy_m)[:2] - self.low_m) * self.scale + self.offset
        return round(float(u)), round(self.size - float(v))


def map_view(
    occupancy: OccupancyMap,
    path_m: Sequence[tuple[float, float]],
    yaw_rad: float,
    highlight: Sequence[tuple[str, tuple[float, float]]] = (),
    size: int = 360,
) -> Image:
    """The known map from above with the path walked and the body; highlight: (name, (x, y)) of things to mark."""
    frame, box = MapFrame.around(occupancy, size), occupancy.known_box(0.5)
    colours = np.empty((*occupancy.obstacle[box].shape, 3), dtype=np.uint8)
    colours[:] = UNKNOWN
    colours[occupancy.explored[box]] = FREE
    colours[occupancy.obstacle[box]] = OBSTACLE
    colours[occupancy.obstacle[box] & occupancy.tall[box]] = WALL
    cell = frame.scale * occupancy.resolution_m
    shrunk = cv2.resize(
        np.ascontiguousarray(colours.transpose(1, 0, 2)[::-1]),
        tuple(max(1, round(count * cell)) for count in colours.shape[:2]),
        interpolation=cv2.INTER_AREA if cell < 1 else cv2.INTER_NEAREST,
    )
    picture = np.full((size, size, 3), UNKNOWN, dtype=np.uint8)
    left, top = (max(0, round(float(v))) for v in frame.offset)
    picture[top : top + shrunk.shape[0], left : left + shrunk.shape[1]] = shrunk[: size - top, : size - left]
    if len(path_m) > 1:
        track = np.array([frame.pixel(xy) for xy in path_m], dtype=np.int32)
        cv2.polylines(picture, [track], False, PATH, 2, cv2.LINE_AA)
    for name, xy in highlight:
        u, v = frame.pixel(xy)
        cv2.circle(picture, (u, v), 6, MATCH, 2, cv2.LINE_AA)
        _label(picture, name, (u + 8, v + 4))
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
