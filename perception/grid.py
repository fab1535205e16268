"""Remembering a grid world from partial views: a cell map in the frame of the start."""

from __future__ import annotations

import math

import numpy as np

from enactive.envs import Embodiment, Goal, Observation
from enactive.errors import PerceptionError

from .base import Belief

Cell = tuple[int, int]
# MiniGrid's encoding of a cell: (object, colour, state).
OBJECTS = ("unseen", "empty", "wall", "floor", "door", "key", "ball", "box", "goal", "lava", "agent")
COLOURS = ("red", "green", "blue", "purple", "yellow", "grey")
STATES = ("open", "closed", "locked")


class GridPerceiver:
    """Writes each view into `Belief.extra["cells"]`: {(x, y): (object, colour, state)}; x = heading at the start, y left."""

    needs = frozenset({"grid_view", "pose"})
    provides = frozenset({"cells"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self._cells: dict[Cell, tuple[str, str, str]] = {}
        self._step = 0

    def update(self, observation: Observation) -> Belief:
        view, pose = observation.extra.get("grid_view"), observation.T_world_base
        if view is None or pose is None:
            raise PerceptionError("GridPerceiver got no grid view or no pose; wrap the environment in MiniGridBody")
        (x, y), heading = np.rint(pose[:2, 3]).astype(int), (round(pose[0, 0]), round(pose[1, 0]))
        width, depth, _ = view.shape
        for column, row in np.argwhere(view[..., 0] != 0):
            # The agent stands in the middle of the last row of its view and looks towards row 0.
            ahead, left = depth - 1 - int(row), width // 2 - int(column)
            cell = (int(x) + heading[0] * ahead - heading[1] * left, int(y) + heading[1] * ahead + heading[0] * left)
            kind, colour, state = (int(v) for v in view[column, row])
            self._cells[cell] = (OBJECTS[kind], COLOURS[colour], STATES[state])
        self._cells[int(x), int(y)] = ("empty", "red", "open")  # what the view shows in the agent's own cell is what it carries
        self._step += 1
        place = (int(x), int(y), math.atan2(heading[1], heading[0]))
        return Belief(self._step, observation, extra={"cells": self._cells, "place": place})
