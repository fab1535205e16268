"""A household task by a body that walks: a planner's `Find` as a true shortest path and a look, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Goal
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief

from .approach import pitch_of, reached
from .base import GoTo, Intent, Interact, LookAt, Planner
from .oracle_expert import OracleExpert
from .oracle_path import along, has_room

THERE_M, ABOUT_M = 0.1, 0.25  # from a place of the way; where the map takes that for too narrow, about it will do
LOOKS = 12  # moves: half a turn and the camera's whole way, twice
STILL_MOVES, STILL_M = 14, 0.05  # a turn on a spot: there is no way on, and the thing is looked at from here
MOST_MOVES = 200  # on one way: back and forth before a gap that the map opens and shuts


class WalkOracle(Protocol):
    """What the world tells of its truth: what a command means, the way there, where it is, and whether it can be acted on."""

    def meant(self, verb: str, target: str, at: int) -> tuple[int, int]: ...
    def way_m(self, object_id: int, stand: bool) -> NDArray[np.float64]: ...
    def middle_m(self, object_id: int) -> NDArray[np.float64]: ...
    def in_reach(self, object_id: int) -> bool: ...


class OracleWalks:
    """Says the commands of another planner, and before each walks to and looks at what it means: the upper bound of walking.

    planner: for `TaskGoal`, `OracleExpert` where not given. Before `Find` the body goes where the symbolic mode would put it
    and looks; before another verb it looks where the picture does not show the thing within reach (it was put down, or
    uncovered); where looking is not enough it goes to the nearest place that sees the thing. A way that does not lead on is
    given up. Whether the thing is there is for the body's verbs to say, by the picture. `bind` it to the environment's oracle.
    """

    def __init__(self, planner: Planner | None = None) -> None:
        self.planner: Planner = OracleExpert() if planner is None else planner
        self.goals = self.planner.goals
        self.needs = self.planner.needs | {"map"}
        self.emits: tuple[type[Intent], ...] = (GoTo, LookAt, *self.planner.emits)
        self.verbs: frozenset[str] = getattr(self.planner, "verbs", frozenset())
        self.knowledge: Knowledge | None = getattr(self.planner, "knowledge", None)
        self._oracle: WalkOracle | None = None
        self._command: Intent | None = None
        self._ahead: list[str] = []
        self._stage = ""

    @property
    def trace(self) -> Mapping[str, Any]:
        return {**self.planner.trace, "stage": self._stage}

    def bind(self, oracle: WalkOracle) -> None:
        """Give it, and the planner if that takes it, the truth to go by."""
        self._oracle = oracle
        if (bind := getattr(self.planner, "bind", None)) is not None:
            bind(oracle)

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a task. Raises ConfigError where it was not bound, and as the planner does."""
        self._truth()
        self.planner.reset(goal, embodiment)
        self._look_rad = embodiment.look_rad
        self._command, self._ahead, self._stage = None, [], ""
        self._at = self._next_at = self._thing = -1

    def plan(self, belief: Belief) -> Intent:
        """A move towards what the planner's command means or, when there is none left to make, the command."""
        if self._command is None:
            if not belief.extra["refused"]:
                self._at = self._next_at
            self._command = self.planner.plan(belief)
            self._prepare(self._command)
        move = self._move(belief)
        if move is not None:
            return move
        command, self._command, self._stage = self._command, None, "act"
        return command

    def _truth(self) -> WalkOracle:
        if self._oracle is None:
            raise ConfigError("OracleWalks knows no oracle: call planner.bind(env.unwrapped.oracle) before reset")
        return self._oracle

    def _prepare(self, command: Intent) -> None:
        self._thing, self._ahead = -1, []
        self._begin()
        if isinstance(command, Interact):
            self._thing, self._next_at = self._truth().meant(command.verb, command.target, self._at)
            if command.verb == "Find":  # the body goes there, whatever it then sees
                self._at = self._next_at
            self._ahead = ["stand", "face"] if command.verb == "Find" else ["look"]
            self._ahead += ["view point", "look"]

    def _begin(self) -> None:
        self._moves = self._still = 0
        self._spot = np.full(2, np.inf)

    def _move(self, belief: Belief) -> GoTo | LookAt | None:
        while self._thing >= 0 and self._ahead:
            self._stage = self._ahead[0]
            if self._stage in ("look", "view point") and self._truth().in_reach(self._thing):
                return None
            move = self._go(belief) if self._stage in ("stand", "view point") else self._look(belief)
            if move is not None:
                return move
            self._ahead.pop(0)
            self._begin()
        return None

    def _go(self, belief: Belief) -> GoTo | None:
        pose = belief.observation.T_world_base
        if pose is None:
            raise PlannerError("the oracle's path needs the pose of the base, and the observation has none")
        here, path = pose[:2, 3], self._truth().way_m(self._thing, self._stage == "stand")
        self._still = self._still + 1 if math.dist(here, self._spot) < STILL_M else 0
        self._moves, self._spot = self._moves + 1, here.copy()
        if not len(path) or self._still > STILL_MOVES or self._moves > MOST_MOVES:
            return None
        x, y = path[-1]
        go = along(path, here) or GoTo((float(x), float(y)), radius_m=THERE_M)
        grid = belief.map
        if grid is not None and not has_room(grid, go.point_m):
            go = replace(go, radius_m=ABOUT_M)
        return None if math.dist(here, path[-1]) <= go.radius_m else go

    def _look(self, belief: Belief) -> LookAt | None:
        """Until base and camera are turned towards the thing, as near as the body's steps allow."""
        x, y, z = (float(each) for each in self._truth().middle_m(self._thing))
        look, self._moves = LookAt((x, y, z)), self._moves + 1
        camera = next(iter(belief.observation.cameras.values()), None)
        if camera is None or self._moves > LOOKS:
            return None
        eye = camera.T_world_camera[:3, 3]
        wanted = math.atan2(z - eye[2], math.hypot(x - eye[0], y - eye[1]))
        level = abs(wanted - pitch_of(camera.T_world_camera)) <= self._look_rad / 2.0 + 1e-6
        return None if level and reached(look, belief.observation) else look
