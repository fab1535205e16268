"""The contract of planning: a belief in, one `Intent` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal
from enactive.errors import PlannerError
from enactive.perception.base import Belief

if TYPE_CHECKING:
    from enactive.perception.mapping import OccupancyMap
    from enactive.perception.scene_graph import SceneGraph


@dataclass(frozen=True, slots=True)
class GoTo:
    """Be within radius_m of a point of the floor; yaw_rad: heading to end with, None = any. point_m: (x, y) in the world."""

    point_m: tuple[float, float]
    radius_m: float = 0.25
    yaw_rad: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Turn the base by yaw_rad (left positive) and set the camera's pitch to pitch_rad (up positive, 0 = level)."""

    yaw_rad: float = 0.0
    pitch_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class LookAt:
    """Face a point of the world, base and camera. point_m: (x, y, z)."""

    point_m: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Interact:
    """Apply a verb to an object: `Interact("PickUp", "mug")`. pixel_uv points at it in the current frame."""

    verb: str
    target: str
    pixel_uv: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MoveJoints:
    """Joint targets. positions_rad: (T, J), one row per command at rate_hz."""

    positions_rad: NDArray[np.float64]
    rate_hz: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class MatchPose:
    """Take the pose that the body in a picture has. image: (H, W, 3) uint8 RGB."""

    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the body's own repertoire, by name: for worlds whose actions are their own (a grid world's `toggle`)."""

    name: str


@dataclass(frozen=True, slots=True)
class CallTool:
    """Call a tool by name."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stop:
    """End the episode. found says whether the planner believes that the goal is reached; reason is for the reader."""

    reason: str
    found: bool = True


Intent = GoTo | Look | LookAt | Interact | MoveJoints | MatchPose | Move | CallTool | Stop


def surroundings(belief: Belief) -> tuple[OccupancyMap, SceneGraph]:
    """Map and scene graph of a belief. Raises PlannerError where the perceiver provides none."""
    if belief.map is None or belief.scene_graph is None:
        raise PlannerError("this planner needs a map and a scene graph: use a perceiver that provides both")
    return belief.map, belief.scene_graph


@runtime_checkable
class Planner(Protocol):
    """Decides what to do next.

    goals: kinds of goal it accepts. needs: parts of the belief it reads, of {"map", "scene_graph", "detections"} or
    keys of `Belief.extra`. emits: kinds of intent it may return.

    `trace` is what the planner wants a reader to see of its last decision (stage, score, matches, candidates): a flat
    mapping of plain values, written into the record of the step.
    """

    goals: tuple[type[Goal], ...]
    needs: frozenset[str]
    emits: tuple[type[Intent], ...]

    @property
    def trace(self) -> Mapping[str, Any]: ...

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a goal. Raises PlannerError where the goal cannot be understood."""
        ...

    def plan(self, belief: Belief) -> Intent:
        """The next intent. Called at every step; keeping the last intent is a decision like any other."""
        ...
