"""A body that UniGoal moves in scripted beliefs, without a simulator, and rooms and mugs for it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from unigoal_scenes import WHEELS, Letters, body, floor, scene, thing

from enactive.envs import Embodiment
from enactive.perception.base import Belief, Detection
from enactive.perception.mapping import OccupancyMap
from enactive.planners.base import GoTo, Look, LookAt, Stop
from enactive.planners.unigoal import UniGoal


class World:
    """A body that does what it is told at once, in a map that does not change, before a scene that does not change."""

    def __init__(self, planner, goal, grid, graph, embodiment=WHEELS) -> None:
        self.planner, self.grid, self.graph = planner, grid, graph
        self.shows = lambda node: True
        self.taken_for = lambda node: (node.name, node.score)
        self.x, self.y, self.yaw, self.steps, self.stuck = 0.0, 0.0, 0.0, 0, False
        self.traces: list[dict] = []
        planner.reset(goal, embodiment)

    def step(self):
        self.steps += 1
        self.grid.position_m = np.array([self.x, self.y])
        blank = np.zeros((2, 2), dtype=bool)
        seen = tuple(Detection(*self.taken_for(n), blank, n.embedding, n.id) for n in self.graph if self.shows(n))
        belief = Belief(self.steps, body(self.x, self.y, self.yaw), self.grid, self.graph, seen)
        intent = self.planner.plan(belief)
        self.traces.append(dict(self.planner.trace))
        match intent:
            case Look():
                self.yaw += intent.yaw_rad
            case LookAt():
                self.yaw = math.atan2(intent.point_m[1] - self.y, intent.point_m[0] - self.x)
            case GoTo() if not self.stuck:
                (self.x, self.y), self.yaw = intent.point_m, intent.yaw_rad if intent.yaw_rad is not None else self.yaw
        return intent

    def run(self, most: int = 200):
        for _ in range(most):
            intent = self.step()
            if isinstance(intent, Stop):
                return intent
        raise AssertionError(f"no Stop in {most} steps: {self.traces[-1]}")

    def run_until(self, told: Callable[[str], bool], most: int = 60) -> None:
        """Until the reason of a step is one that was waited for."""
        for _ in range(most):
            self.step()
            if told(self.traces[-1]["reason"]):
                return
        raise AssertionError(f"not told in {most} steps: {self.traces[-1]}")


def planner(**switches) -> UniGoal:
    return UniGoal(encoder=Letters(), **switches)


ROLLER = Embodiment("roller", "base_twist", ("v", "w"), ("m/s", "rad/s"), (-0.5, -1.5), (0.5, 1.5), rate_hz=10.0)
BODIES = pytest.mark.parametrize(("embodiment", "pace"), [(WHEELS, 1), (ROLLER, 5)], ids=["discrete", "twist"])
ROOM = [(-3.0, -3.0, 3.0, 3.0)]


def mugs(*colours: str):
    """Mugs one metre apart along the wall at x = 2."""
    return scene(
        *(thing(k, "mug", (2.0, k - 1.0, 0.8), (0.05, 0.05, 0.05), **{colour: 0.9}) for k, colour in enumerate(colours))
    )


def with_a_door() -> OccupancyMap:
    """The room with a doorway in the wall at x = 3, behind which nothing is known."""
    grid = floor(ROOM)
    a, b = grid.cell_of((3.0, -0.6)), grid.cell_of((3.1, 0.6))
    grid.obstacle[a[0] : b[0] + 1, a[1] : b[1]] = False
    grid.tall[a[0] : b[0] + 1, a[1] : b[1]] = False
    grid.version += 1
    return grid
