"""The contract of perception: observations in, one `Belief` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal, Observation

if TYPE_CHECKING:
    from .mapping import OccupancyMap
    from .scene_graph import SceneGraph


@dataclass(frozen=True, slots=True)
class Detection:
    """One segment of the current frame.

    name: best word for it. score: in [0, 1]. mask: (H, W) bool. embedding: (E,) float32, unit length, comparable with the
    text embeddings of the same perceiver. node_id: the scene-graph node it was merged into, or -1. raised: by how much the
    score's odds were multiplied because the name is looked for, 1 = not at all.
    """

    name: str
    score: float
    mask: NDArray[np.bool_]
    embedding: NDArray[np.float32]
    node_id: int = -1
    raised: float = 1.0

    @property
    def even_score(self) -> float:
        """The score with the odds of the name brought back to those of all other names."""
        return self.score / (self.score + self.raised * (1.0 - self.score))


@dataclass(frozen=True, slots=True)
class Belief:
    """What the agent holds true after an observation.

    step: how many observations went in. map and scene_graph are views that perception goes on updating: read them,
    copy what you keep. detections: segments of the current frame. extra: parts of worlds that are not made of rooms (the
    cells of a grid world). Parts that a perceiver does not provide are None.
    """

    step: int
    observation: Observation
    map: OccupancyMap | None = None
    scene_graph: SceneGraph | None = None
    detections: tuple[Detection, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Perceiver(Protocol):
    """Turns observations into a belief.

    needs: sensors it reads, of {"rgb", "depth", "pose", "joints", "text"}, or keys of the observation space that are not
    standard. provides: parts of the belief it fills, of {"map", "scene_graph", "detections"}, or keys of `Belief.extra`.
    """

    needs: frozenset[str]
    provides: frozenset[str]

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        """Forget everything and prepare for a body. `goal` tells which words will matter."""
        ...

    def update(self, observation: Observation) -> Belief:
        """Take one observation in. Raises PerceptionError where its sensors are missing, frozen or corrupt.

        One that shows nothing new, since the camera is slower than the loop, may give the last belief again, with the new step
        and observation.
        """
        ...
