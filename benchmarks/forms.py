"""How often the form of a thing is told right from how large it was measured.

    python benchmarks/forms.py [--first-seed 100200] [--apartments 12] [--steps 250]

A walk through unseen apartments, from pixels alone, looking for what is not there. Nodes of the scene graph are compared with
the nearest thing of their name, where its middle is within a quarter of a metre, or 0.3 of its diagonal on the floor.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
from itertools import pairwise
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from rich.progress import track

from enactive.agents.episode import Episode, Step
from enactive.agents.loop import Agent
from enactive.controllers.navigation import NavigationController
from enactive.envs import Embodiment, Goal, ObjectGoal
from enactive.envs.household.env import Household
from enactive.perception import Belief
from enactive.perception.embedded import EmbeddedPerceiver
from enactive.perception.forms import name_form
from enactive.perception.scene_graph import SceneNode
from enactive.planners.base import surroundings
from enactive.planners.nearest_frontier import NearestFrontier
from enactive.statistics import rate

NEAR_M = 0.25
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


class Named(NamedTuple):
    """One node: the probability of its likeliest form, whether that is right, and how many forms there are."""

    probability: float
    right: bool
    forms: int


class Judge:
    """Recorder that compares the last scene graph with the truth."""

    def __init__(self) -> None:
        self.named: list[Named] = []

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Take the oracle."""
        self._oracle = env.get_wrapper_attr("oracle")

    def step(self, step: Step, belief: Belief) -> None:
        """Keep the scene graph, which grows until the end."""
        _, self._scene = surroundings(belief)

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Judge every node that is a thing with a table."""
        for node in self._scene:
            forms, truth = name_form(node.name, 2.0 * node.half_size_m), self._form_of(node)
            if truth in forms:
                word = max(forms, key=forms.__getitem__)
                self.named.append(Named(forms[word], word == truth, len(forms)))

    def _form_of(self, node: SceneNode) -> str:
        """The form of the thing that a node is of, "" where there is none so near."""
        best, form = np.inf, ""
        for placed in self._oracle.apartment.objects:
            box = placed.asset.bounds
            if placed.asset.category != node.name:
                continue
            gap = float(np.linalg.norm(self._oracle.pose(placed.id)[:3, 3] + (0.0, 0.0, box.centre[2]) - node.centre_m))
            if gap < best and gap <= max(NEAR_M, 0.6 * float(np.hypot(*box.half_size[:2]))):
                best, form = gap, placed.asset.shape
        return form


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Is the form of things told right from their boxes?")
    parser.add_argument("--first-seed", type=int, default=100_200)
    parser.add_argument("--apartments", type=int, default=12)
    parser.add_argument("--steps", type=int, default=250)
    chosen = parser.parse_args()
    judge = Judge()
    agent = Agent(EmbeddedPerceiver(), NearestFrontier(), NavigationController(), max_steps=chosen.steps)
    for seed in track(range(chosen.first_seed, chosen.first_seed + chosen.apartments), "apartments"):
        env = Household(seed=seed, max_steps=chosen.steps + 1)
        agent.run(env, ObjectGoal("spaceship"), seed=0, recorders=[judge])
        env.close()
    named, guessing = judge.named, np.mean([1.0 / one.forms for one in judge.named])
    print(f"named right {rate([one.right for one in named])} of {len(named)}, by guessing {guessing:.3f}")
    for low, high in pairwise(BANDS):
        band = [one for one in named if low <= one.probability < high]
        if band:
            right, mean = rate([one.right for one in band]), np.mean([one.probability for one in band])
            print(f"  probability {low:.1f} to {min(high, 1.0):.1f}: mean {mean:.2f}, right {right} of {len(band)}")


if __name__ == "__main__":
    main()
