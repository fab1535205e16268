"""A small text encoder without weights, and scene graphs by hand, for the tests of UniGoal."""

import zlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from enactive.envs import DISCRETE_ACTIONS, Embodiment, Observation
from enactive.perception.mapping import OccupancyMap
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


def scene(
    *nodes: SceneNode, relations: dict[tuple[int, int], str] | None = None, rooms: dict[int, str] | None = None
) -> SceneGraph:
    graph = SceneGraph()
    graph.nodes = {node.id: node for node in nodes}
    graph.relations = dict(relations or {})
    graph.rooms = {id_: RoomNode(id_, name, 0.9, np.zeros(2)) for id_, name in (rooms or {}).items()}
    graph.version += 1
    return graph


def floor(
    rooms: list[tuple[float, float, float, float]], here: tuple[float, float] = (0.0, 0.0), walls: bool = True
) -> OccupancyMap:
    """A map in which rectangles (x0, y0, x1, y1) are explored; with walls around all of them together."""
    grid = OccupancyMap(here, size_m=24.0)
    low, high = np.array(grid.shape), np.zeros(2, dtype=int)
    for x0, y0, x1, y1 in rooms:
        (a, b), (c, d) = grid.cell_of((x0, y0)), grid.cell_of((x1, y1))
        grid.explored[a:c, b:d] = True
        low, high = np.minimum(low, (a - 1, b - 1)), np.maximum(high, (c + 1, d + 1))
    if walls:
        ring = np.zeros(grid.shape, dtype=bool)
        ring[1:-1, 1:-1] = (
            grid.explored[:-2, 1:-1] | grid.explored[2:, 1:-1] | grid.explored[1:-1, :-2] | grid.explored[1:-1, 2:]
        ) & ~grid.explored[1:-1, 1:-1]
        for part in (grid.obstacle, grid.tall, grid.explored):
            part[ring] = True
    grid._note(low, high)
    grid.version += 1
    return grid


def body(x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> Observation:
    """An observation that knows where the base stands and sees nothing."""
    pose = np.eye(4)
    pose[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    pose[:2, 3] = x, y
    return Observation(T_world_base=pose)


WHEELS = Embodiment("wheels", "discrete", DISCRETE_ACTIONS, radius_m=0.18, height_m=0.95)


def clutter(seed: int, size: int = 240) -> np.ndarray:
    """A picture of many coloured shapes."""
    rng, image = np.random.default_rng(seed), np.full((size, size, 3), 90, np.uint8)
    for _ in range(70):
        (x, y), (w, h), colour = rng.integers(0, size, 2), rng.integers(6, 40, 2), rng.integers(0, 255, 3).tolist()
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
        cv2.circle(image, (int(y), int(x)), int(w) // 2, rng.integers(0, 255, 3).tolist(), -1)
    return image


def warped(image: np.ndarray, scale: float, angle_deg: float, tilt: float) -> np.ndarray:
    size = image.shape[0]
    H = np.vstack([cv2.getRotationMatrix2D((size / 2, size / 2), angle_deg, scale), [0.0, 0.0, 1.0]])
    H = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [tilt, 0.0, 1.0]]) @ H
    return cv2.warpPerspective(image, H, (size, size), borderValue=(90, 90, 90))
