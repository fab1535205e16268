"""What a matching costs: a goal graph of 10 nodes against scene graphs of 50 to 1000 nodes, with MiniLM's embeddings.

    python benchmarks/unigoal_matching.py [--repeats 50] [--steps 100]

Prints the median and the 95th percentile in milliseconds of reading the scene graph, of matching it, and of both, as happens at
every step of UniGoal. Words are encoded once before: their cost is paid when a word is met first.

Then those of whole planning steps (distance field, frontiers, matching, choice) in apartments of 3 to 8 rooms, in which a
spaceship is looked for with true segmentation, so that the search goes on: `--steps` in each, CPU time of the planner's thread.
"""

from __future__ import annotations

import argparse
import time

import gymnasium as gym
import numpy as np

import enactive.envs  # noqa: F401  # registers Household
from enactive.agents import Agent
from enactive.controllers.navigation import NavigationController
from enactive.envs import ObjectGoal
from enactive.perception.oracle import OraclePerceiver
from enactive.perception.scene_graph import RELATIONS, RoomNode, SceneGraph, SceneNode
from enactive.perception.text import MiniLM
from enactive.planners.unigoal import UniGoal
from enactive.planners.unigoal.commonsense import LORE
from enactive.planners.unigoal.embedding import SceneArrays
from enactive.planners.unigoal.goal_graph import GoalEdge, GoalGraph, GoalNode
from enactive.planners.unigoal.matching import match
from enactive.planners.unigoal.similarity import WordSimilarity
from enactive.planners.unigoal.vocabulary import COLOURS

BAR_MS = 10.0
ROOMS = ("kitchen", "bedroom", "bathroom", "living room", "office")


def goal_graph(rng: np.random.Generator, nodes: int) -> GoalGraph:
    """A connected goal graph with attributes, rooms and half as many extra edges."""
    names = rng.choice(list(LORE), nodes, replace=False)
    things = [GoalNode(str(name), {"colour": str(rng.choice(list(COLOURS)))}, str(rng.choice(ROOMS))) for name in names]
    edges = [GoalEdge(int(rng.integers(k)), k, str(rng.choice(RELATIONS))) for k in range(1, nodes)]
    extra = [(int(a), int(b)) for a, b in rng.integers(0, nodes, (nodes // 2, 2)) if a != b]
    return GoalGraph(tuple(things), tuple(edges) + tuple(GoalEdge(a, b, "next to") for a, b in extra))


def scene_graph(rng: np.random.Generator, goal: GoalGraph, nodes: int) -> SceneGraph:
    """A scene of random things, among them some of the goal's, with two relations a node."""
    graph, names = SceneGraph(), list(LORE)
    for k in range(nodes):
        name = goal.nodes[k % len(goal.nodes)].name if k % 3 == 0 else str(rng.choice(names))
        attributes = {str(rng.choice(list(COLOURS))): 0.8}
        centre = rng.uniform(-6.0, 6.0, 3)
        graph.nodes[k] = SceneNode(k, name, 0.8, 10, centre, np.full(3, 0.1), np.zeros(4, np.float32), attributes, k % 5)
    graph.rooms = {k: RoomNode(k, room, 0.8, np.zeros(2)) for k, room in enumerate(ROOMS)}
    for a, b in rng.integers(0, nodes, (2 * nodes, 2)):
        if a != b:
            graph.relations[int(a), int(b)] = str(rng.choice(RELATIONS))
    return graph


def measure(goal: GoalGraph, scene: SceneGraph, words: WordSimilarity, repeats: int) -> np.ndarray:
    """(repeats, 3) milliseconds: reading, matching, both."""
    rows = []
    for _ in range(repeats):
        start = time.perf_counter()
        arrays = SceneArrays.read(scene)
        middle = time.perf_counter()
        match(goal, arrays, words)
        end = time.perf_counter()
        rows.append((middle - start, end - middle, end - start))
    return 1e3 * np.array(rows)


def planning(rooms: int, steps: int) -> np.ndarray:
    """(N,) milliseconds of the planning steps of one search; N is less than `steps` where all was explored before."""
    with gym.make("enactive/Household-v0", seed=rooms, rooms=rooms) as env:
        agent = Agent(OraclePerceiver(), UniGoal(), NavigationController(), max_steps=steps, clock=time.thread_time)
        episode = agent.run(env, ObjectGoal("spaceship"), seed=0)
    return 1e3 * np.array([step.seconds["plan"] for step in episode.steps])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--steps", type=int, default=100)
    chosen = parser.parse_args()
    repeats = chosen.repeats
    rng, words = np.random.default_rng(0), WordSimilarity(MiniLM())
    goal = goal_graph(rng, 10)
    print(f"goal: {len(goal.nodes)} nodes, {len(goal.edges)} edges; median (95th percentile) of {repeats}, ms")
    print(f"{'nodes':>6} {'edges':>6} {'read':>16} {'match':>16} {'both':>16}")
    for nodes in (50, 200, 1000):
        scene = scene_graph(rng, goal, nodes)
        measure(goal, scene, words, 2)
        times = measure(goal, scene, words, repeats)
        cells = [f"{np.median(column):.2f} ({np.percentile(column, 95):.2f})" for column in times.T]
        print(f"{nodes:>6} {len(scene.relations):>6} " + " ".join(f"{cell:>16}" for cell in cells))
        if nodes == 200:
            print(f"       bar: both <= {BAR_MS:g} ms at 200 nodes: {'met' if np.median(times[:, 2]) <= BAR_MS else 'MISSED'}")
    print(f"\n{'rooms':>6} {'steps':>6} {'planning':>16}")
    for rooms in range(3, 9):
        times = planning(rooms, chosen.steps)
        print(f"{rooms:>6} {len(times):>6} {f'{np.median(times):.1f} ({np.percentile(times, 95):.1f})':>16}")


if __name__ == "__main__":
    main()
