"""What a household task tells its agent in words, as a belief: nothing that was not told, and a map to walk by."""

from __future__ import annotations

from dataclasses import replace

from enactive.envs import Embodiment, Goal, Observation
from enactive.errors import PerceptionError

from .base import Belief
from .mapping import OccupancyMap
from .sensor_checks import SensorGuard


class TaskPerceiver:
    """Reads "text", "known_objects", "holding" and "refused" of the observation.

    `Belief.extra`: `instruction`, the first text; `known_objects`, names that the environment tells of (its `knowledge` says
    which); `holding`, the name of what is in the hand, "" = nothing; `message`, what came of the last command;
    `refused`, whether it was not carried out.
    """

    needs = frozenset({"text", "known_objects", "holding", "refused"})
    provides = frozenset({"instruction", "known_objects", "holding", "message", "refused"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self._instruction, self._step = "", 0

    def update(self, observation: Observation) -> Belief:
        told = observation.extra
        if observation.text is None or not {"known_objects", "holding", "refused"} <= told.keys():
            raise PerceptionError("TaskPerceiver was told nothing; run it on HouseholdTask")
        if not self._step:
            self._instruction = observation.text
        message = observation.text if self._step else ""
        self._step += 1
        extra = {
            "instruction": self._instruction,
            "known_objects": tuple(told["known_objects"].splitlines()),
            "holding": told["holding"],
            "message": message,
            "refused": bool(told["refused"]),
        }
        return Belief(self._step, observation, extra=extra)


class WalkingTaskPerceiver(TaskPerceiver):
    """`TaskPerceiver` with a map of the floor from depth and pose, for a body that has to walk."""

    needs = TaskPerceiver.needs | {"depth", "pose"}
    provides = TaskPerceiver.provides | {"map"}

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        super().reset(embodiment, goal)
        self._body, self._guard = embodiment, SensorGuard()
        self._map: OccupancyMap | None = None

    def update(self, observation: Observation) -> Belief:
        frame, pose, new = self._guard.check(observation)
        if self._map is None:
            self._map = OccupancyMap.around(pose, self._body)
        if new:
            self._map.update(frame, pose)
        else:
            self._map.position_m = pose[:2, 3].copy()
        return replace(super().update(observation), map=self._map)
