"""Parts that break on purpose in the middle of an episode."""

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from enactive.controllers.navigation import NavigationController
from enactive.envs import Action, Observation
from enactive.envs.household.env import Household
from enactive.perception import Belief
from enactive.perception.oracle import OraclePerceiver
from enactive.planners import Intent
from enactive.planners.nearest_frontier import NearestFrontier

CRASH_AT = 3


class FragileHousehold(Household):
    """Raises at the CRASH_AT-th step of one episode. real: it says that it is no simulation. `made` counts instances."""

    made = 0

    def __init__(self, crash_in: str, real: bool = False, max_steps: int = 500) -> None:
        super().__init__(max_steps=max_steps)
        type(self).made += 1
        self.crash_in = crash_in
        self.embodiment = replace(self.embodiment, simulated=not real)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        self.running = (options or {})["episode"].id
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        if self.running == self.crash_in and self.state.steps == CRASH_AT - 1:
            raise RuntimeError("the physics exploded")
        return super().step(action)


class DeadlyHousehold(FragileHousehold):
    """Kills its process at the CRASH_AT-th step of one episode, and no more once the file `killed` has `kills` lines."""

    def __init__(self, crash_in: str, kills: int, killed: str, max_steps: int = 500) -> None:
        super().__init__(crash_in, max_steps=max_steps)
        self.kills, self.killed = kills, Path(killed)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        if self.running == self.crash_in and self.state.steps == CRASH_AT - 1:
            with self.killed.open("a+") as file:
                file.seek(0)
                if len(file.readlines()) < self.kills:
                    file.write(f"{os.getpid()}\n")
                    file.flush()
                    os.kill(os.getpid(), signal.SIGSEGV)
        return Household.step(self, action)


class Faulty:
    """A part with a mistake in it: in the second episode that it is reset for, it takes what is not there. `made` counts."""

    made = started = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1

    def reset(self, *args: Any) -> None:
        super().reset(*args)  # type: ignore[misc]
        type(self).started += 1
        self.asked = 0

    def fail(self) -> None:
        self.asked += 1
        if type(self).started == 2 and self.asked == CRASH_AT:
            [][self.asked]


class OracleFaultyPerceiver(Faulty, OraclePerceiver):
    def update(self, observation: Observation) -> Belief:
        self.fail()
        return super().update(observation)


class FaultyPlanner(Faulty, NearestFrontier):
    def plan(self, belief: Belief) -> Intent:
        self.fail()
        return super().plan(belief)


class FaultyController(Faulty, NavigationController):
    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        self.fail()
        return super().act(intent, observation, belief)


class HopelessPlanner(NearestFrontier):
    """Divides by nothing, always."""

    def plan(self, belief: Belief) -> Intent:
        raise ZeroDivisionError("division by zero")


class StarvedPlanner(NearestFrontier):
    """Finds no file that it needs."""

    def plan(self, belief: Belief) -> Intent:
        raise FileNotFoundError("weights.bin")


class NaNController(NavigationController):
    """Asks for a move that is not a number."""

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        return Action("discrete", np.array([[np.nan]]))


def die(job: Any, shard: int) -> None:
    """Kills the worker that is to make a shard."""
    os._exit(9)
