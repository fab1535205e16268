"""Searching a grid world for what its mission names: shortest paths over the remembered cells, nearest unknown otherwise."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from enactive.envs import Embodiment, Goal, ObjectGoal, TaskGoal, TextGoal
from enactive.errors import PlannerError
from enactive.perception import Belief
from enactive.perception.grid import COLOURS, Cell

from .base import Intent, Move, Stop

_MISSION = re.compile(rf"(?:\b(pick up|open)\b)?.*?\b(?:({'|'.join(COLOURS)})\s+)?(key|ball|box|door|goal)\b")
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


class GridSearch:
    """Goes to, picks up or opens the one thing that the mission names; opens closed doors on its way."""

    goals = (ObjectGoal, TextGoal, TaskGoal)
    needs = frozenset({"cells"})
    emits = (Move, Stop)
    _trace: Mapping[str, Any] = MappingProxyType({})

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        words = str(goal)
        mission = _MISSION.search(words)
        if mission is None:
            raise PlannerError(f"GridSearch looks for a key, ball, box, door or goal, and {words!r} names none")
        self._verb, self._colour, self._kind = mission.groups()
        self._trace = {"stage": "explore"}

    def plan(self, belief: Belief) -> Intent:
        cells: dict[Cell, tuple[str, str, str]] = belief.extra["cells"]
        x, y, yaw = belief.extra["place"]

        def is_target(cell: Cell) -> bool:
            kind, colour, _ = cells.get(cell, ("unseen", "", ""))
            return kind == self._kind and self._colour in (None, colour)

        path = _shortest_path(cells, (x, y), is_target)
        self._trace = {"stage": "approach" if path else "explore", "known_cells": len(cells)}
        if path is None:
            path = _shortest_path(cells, (x, y), lambda cell: cell not in cells)
        if path is None:
            return Stop("not found: every cell that can be reached has been seen", found=False)
        ahead = path[0]
        turn = round((math.atan2(ahead[1] - y, ahead[0] - x) - yaw) / (math.pi / 2)) % 4
        if turn:
            return Move("right" if turn == 3 else "left")
        if is_target(ahead):
            return Move({"pick up": "pickup", "open": "toggle"}.get(self._verb, "done"))
        kind, _, state = cells.get(ahead, ("unseen", "", ""))
        return Move("toggle" if kind == "door" and state != "open" else "forward")


def _shortest_path(cells: dict[Cell, tuple[str, str, str]], start: Cell, is_goal: Callable[[Cell], bool]) -> list[Cell] | None:
    """Breadth-first path from `start` (left out) to the nearest cell that is a goal, through cells that can be walked."""
    came: dict[Cell, Cell] = {start: start}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for dx, dy in _STEPS:
            cell = (here[0] + dx, here[1] + dy)
            if cell in came:
                continue
            came[cell] = here
            if is_goal(cell):
                path = [cell]
                while came[path[-1]] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if cells.get(cell, ("wall", "", ""))[0] in ("empty", "floor", "door", "goal"):
                queue.append(cell)
    return None
