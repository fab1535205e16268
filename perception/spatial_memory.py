"""What perceivers of space have in common: checked sensors, the occupancy map and the scene graph, joined in one belief."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from enactive.envs import CameraFrame, Embodiment, Observation

from .base import Belief, Detection
from .mapping import OccupancyMap
from .rooms import RoomKeeper
from .scene_graph_builder import SceneGraphBuilder
from .sensor_checks import SensorGuard


class SpatialMemory:
    """Map and scene graph of one episode. Call `look` first, then `remember` with what the picture shows."""

    def __init__(self, embodiment: Embodiment, builder: SceneGraphBuilder) -> None:
        self.embodiment = embodiment
        self.builder = builder
        self.map: OccupancyMap | None = None
        self.rooms = RoomKeeper()
        self.guard = SensorGuard()
        self.belief: Belief | None = None

    def look(self, observation: Observation) -> CameraFrame | Belief:
        """Check the sensors and bring the map up to date. Raises PerceptionError.

        Where the picture is the one of the last belief, that belief, with where the body is now: what is seen once is neither
        mapped nor voted for twice.
        """
        frame, pose, new = self.guard.check(observation)
        if not new and self.belief is not None:
            if self.map is not None:
                self.map.position_m = pose[:2, 3].copy()
            self.belief = replace(self.belief, step=self.belief.step + 1, observation=observation)
            return self.belief
        if self.map is None:
            self.map = OccupancyMap.around(pose, self.embodiment)
        self.map.update(frame, pose)
        return frame

    def remember(
        self,
        observation: Observation,
        frame: CameraFrame,
        detections: Sequence[Detection],
        attributes: Sequence[Mapping[str, float]] | None = None,
        instances: Sequence[int] | None = None,
    ) -> Belief:
        """Bring the scene graph up to date and hand out the belief."""
        found = self.builder.update(detections, frame, attributes, instances)
        if self.map is not None:
            with self.map.lock:
                resettled = self.rooms.update(self.map, self.builder.graph, self.builder.moved)
            self.builder.relations.part(self.builder.graph, resettled)
        step = 1 if self.belief is None else self.belief.step + 1
        self.belief = Belief(step, observation, self.map, self.builder.graph, found)
        return self.belief


def depth_range_m(embodiment: Embodiment) -> tuple[float, float]:
    """Depths that the first camera of a body measures."""
    stated = embodiment.cameras[0].depth_range_m if embodiment.cameras else None
    return (0.1, 5.0) if stated is None else (max(stated[0], 0.05), stated[1])
