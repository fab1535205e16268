"""Perception's upper bound: the same map and scene graph, built from the true segmentation of what is in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs import CameraFrame, Embodiment, Goal, Observation
from enactive.envs.household.model import Apartment
from enactive.errors import ConfigError

from .base import Belief, Detection
from .detector import TextEncoder
from .scene_graph_builder import SceneGraphBuilder
from .spatial_memory import SpatialMemory, depth_range_m

THROUGH_M = 0.1  # measured this far behind the farthest part of a thing: the depth is not its own


class TrueObject(Protocol):
    """The words of one object."""

    @property
    def category(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def material(self) -> str: ...
    @property
    def shape(self) -> str: ...


class SegmentationOracle(Protocol):
    """What the world tells of its truth.

    apartment: as made; its objects know the bounds of their asset. segmentation: (H, W) int32 of the current view, below 0 =
    no object. pose: T_world_object, (4, 4).
    """

    @property
    def apartment(self) -> Apartment: ...

    @property
    def objects(self) -> Sequence[TrueObject]: ...

    def segmentation(self) -> NDArray[np.int32]: ...

    def pose(self, object_id: int) -> NDArray[np.float64]: ...


class OraclePerceiver:
    """Knows the name, the attributes and the identity of every object that shows at least min_area_px with depth in range.

    What was never in view stays unknown: boxes grow with the views as for any perceiver. text: encoder of the names, MiniLM
    where not given. `bind` it to the oracle of the environment before `reset`.
    """

    needs = frozenset({"rgb", "depth", "pose"})
    provides = frozenset({"map", "scene_graph", "detections"})

    def __init__(self, text: TextEncoder | None = None, min_area_px: int = 20) -> None:
        self.text = text
        self.min_area_px = min_area_px
        self._oracle: SegmentationOracle | None = None
        self._memory: SpatialMemory | None = None
        self._objects: Sequence[TrueObject] = ()
        self._reach_m: list[float] = []  # of each object, from its origin

    def bind(self, oracle: SegmentationOracle) -> None:
        """Give it the truth to look at: `env.unwrapped.oracle`."""
        self._oracle = oracle

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        """Forget everything. Raises ConfigError where it was not bound."""
        if self._oracle is None:
            raise ConfigError("OraclePerceiver knows no oracle: call perceiver.bind(env.unwrapped.oracle) before reset")
        if self.text is None:
            from .text import MiniLM

            self.text = MiniLM()
        builder = SceneGraphBuilder(depth_range_m(embodiment), self.min_area_px, exact_masks=True, measure=False)
        self._memory = SpatialMemory(embodiment, builder)
        self._objects = ()

    def update(self, observation: Observation) -> Belief:
        """Take one observation in. Raises PerceptionError on faulty sensors, ConfigError before `reset`."""
        if self._memory is None or self._oracle is None or self.text is None:
            raise ConfigError("OraclePerceiver was not reset: call reset(embodiment, goal) first")
        frame = self._memory.look(observation)
        if isinstance(frame, Belief):
            return frame
        low, high = self._memory.builder.depth_range_m
        if not self._objects:
            self._objects = self._oracle.objects
            bounds = [placed.asset.bounds for placed in self._oracle.apartment.objects]
            self._reach_m = [float(np.linalg.norm(np.abs(box.centre) + box.half_size)) for box in bounds]
        segmentation = self._oracle.segmentation()
        frame = self._without_glass(self._oracle, frame, segmentation)
        segmentation = np.where((frame.depth_m >= low) & (frame.depth_m <= high), segmentation, -1)
        areas = np.bincount(segmentation[segmentation >= 0].ravel())
        instances = [int(i) for i in np.flatnonzero(areas >= self.min_area_px)]
        objects = [self._objects[i] for i in instances]
        embeddings = self.text.encode([thing.category for thing in objects])
        detections = [
            Detection(thing.category, 1.0, segmentation == i, embedding)
            for i, thing, embedding in zip(instances, objects, embeddings, strict=True)
        ]
        words = [{word: 1.0 for word in (thing.colour, thing.material, thing.shape) if word} for thing in objects]
        return self._memory.remember(observation, frame, detections, words, instances)

    def _without_glass(self, oracle: SegmentationOracle, frame: CameraFrame, segmentation: NDArray[np.int32]) -> CameraFrame:
        """The frame with the depth of things that depth looks through (a wine glass) set to where they stand."""
        depth = frame.depth_m.copy()
        areas = np.bincount(segmentation[segmentation >= 0].ravel())
        for i in np.flatnonzero(areas >= self.min_area_px).tolist():
            place_m = oracle.pose(i)[:3, 3] - frame.T_world_camera[:3, 3]
            z = float(frame.T_world_camera[:3, 2] @ place_m)
            pixels = np.flatnonzero(segmentation == i)
            measured = frame.depth_m.ravel()[pixels]
            measured = measured[measured > 0]
            if z > 0 and (not len(measured) or np.median(measured) > z + self._reach_m[i] + THROUGH_M):
                depth.ravel()[pixels] = z
        return replace(frame, depth=depth)
