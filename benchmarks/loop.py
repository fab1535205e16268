"""What the loop itself costs per step, with a policy that does nothing, beside inspect-robots in the same run.

python benchmarks/loop.py
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from enactive.agents import Agent
from enactive.envs import Action, Embodiment, ObjectGoal, Observation
from enactive.perception import Belief
from enactive.planners import GoTo, Intent

STEPS = 20_000
EYE = np.eye(4)


class Still(gym.Env[dict[str, Any], Any]):
    """A body that stays where it is and costs next to nothing to step."""

    observation_space = gym.spaces.Dict({"T_world_base": gym.spaces.Box(-1, 1, (4, 4), np.float64)})
    action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float64)
    embodiment = Embodiment(
        "still",
        "base_twist",
        labels=("v", "w"),
        units=("m/s", "rad/s"),
        low=(-1.0, -1.0),
        high=(1.0, 1.0),
        simulated=True,
    )

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"T_world_base": EYE}, {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        return {"T_world_base": EYE}, 0.0, False, False, {}


class Nothing:
    """Perceiver, planner and controller in one, each doing nothing."""

    needs, provides = frozenset(), frozenset()
    goals, emits, serves, control_modes = (ObjectGoal,), (GoTo,), (GoTo,), frozenset({"base_twist"})
    trace: Mapping[str, Any] = {}

    def reset(self, *_: Any) -> None: ...

    def update(self, observation: Observation) -> Belief:
        return Belief(0, observation)

    def plan(self, belief: Belief) -> Intent:
        return INTENT

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        return ACTION


INTENT, ACTION = GoTo((0.0, 0.0)), Action("base_twist", np.zeros((1, 2)))


def enactive_us(steps: int = STEPS) -> float:
    """Microseconds a step of the loop, the environment's and the policy's own share taken off."""
    env, nothing, goal = Still(), Nothing(), ObjectGoal("nothing")
    agent = Agent(nothing, nothing, nothing, max_steps=steps)  # type: ignore[arg-type]
    began = time.perf_counter()
    agent.run(env, goal)
    whole = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(steps):
        env.step(ACTION)
    return 1e6 * (whole - (time.perf_counter() - began)) / steps


def inspect_robots_us() -> float:
    """The same for inspect-robots' rollout on its own mock world, its environment and policy taken off."""
    from inspect_robots.approver import AutoApprover
    from inspect_robots.controller import DefaultController
    from inspect_robots.mock import CubePickEmbodiment, NoopPolicy
    from inspect_robots.rollout import rollout
    from inspect_robots.scene import Scene

    class Sink:
        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: None

    steps = STEPS // 4
    policy, body, scene = NoopPolicy(), CubePickEmbodiment(), Scene(id="s", instruction="nothing")
    began = time.perf_counter()
    record = rollout(
        policy, body, scene, max_steps=steps, seed=0, epoch=0,
        controller=DefaultController(), approver=AutoApprover(), sink=Sink(),
    )  # fmt: skip
    whole = time.perf_counter() - began
    count = len(record.steps)
    observation = body.reset(scene, seed=0)
    began = time.perf_counter()
    for _ in range(count):
        chunk = policy.act(observation)
        body.step(chunk.actions[0])
    return 1e6 * (whole - (time.perf_counter() - began)) / count


if __name__ == "__main__":
    ours, theirs = (min(measure() for _ in range(5)) for measure in (enactive_us, inspect_robots_us))
    print(f"loop overhead, best of 5: enactive {ours:.1f} us/step, inspect-robots {theirs:.1f} us/step")
