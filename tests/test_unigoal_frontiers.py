"""Which frontier is walked to: by nearness and meaning, and in the semantic baseline."""

import numpy as np
import pytest
from unigoal_scenes import Letters, body, floor, scene, thing
from unigoal_world import World

from enactive.controllers.navigation import NavigationController
from enactive.envs import DISCRETE_ACTIONS, Embodiment, ObjectGoal
from enactive.perception import Belief
from enactive.perception.geodesic import distance_field
from enactive.planners.base import GoTo
from enactive.planners.semantic_frontier import SemanticFrontier
from enactive.planners.unigoal.explorer import Explorer
from enactive.planners.unigoal.frontier_score import FrontierWeights, nearness, score_frontiers


def test_nearness_by_hand() -> None:
    assert nearness(np.array([0.0, 1.2, 6.2, 11.2, 30.0])).tolist() == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])


def test_meaning_can_outweigh_a_longer_way() -> None:
    points, ways, sizes = np.zeros((2, 2)), np.array([2.0, 5.0]), np.ones(2)
    relevance = [np.array([0.1, 0.8])]
    assert score_frontiers(points, ways, sizes, relevance, FrontierWeights(meaning=0.0)).argmax() == 0
    assert score_frontiers(points, ways, sizes, relevance, FrontierWeights()).argmax() == 1
    assert score_frontiers(points, ways, sizes, relevance, FrontierWeights(meaning=0.1)).argmax() == 0


def test_the_semantic_baseline_prefers_the_likely_side() -> None:
    grid = floor([(-4.0, -1.0, 4.0, 1.0)])
    for x in (-4.1, 4.0):
        a, b = grid.cell_of((x, -0.8)), grid.cell_of((x + 0.1, 0.8))
        for part in (grid.obstacle, grid.tall):
            part[a[0] : b[0], a[1] : b[1]] = False
    grid.version += 1
    graph = scene(thing(1, "stove", (3.5, 0.9, 0.5)), thing(2, "bed", (-3.5, 0.9, 0.5)))
    for goal, side in (("kettle", 1.0), ("pillow", -1.0)):
        world = World(SemanticFrontier(encoder=Letters()), ObjectGoal(goal), grid, graph)
        towards = next(intent for intent in (world.step() for _ in range(20)) if isinstance(intent, GoTo))
        assert towards.point_m[0] * side > 2.0
    assert np.isfinite(distance_field(grid, np.zeros(2)).at(np.array([3.0, 0.0])))


def test_a_passage_too_narrow_for_the_body_is_looked_at_from_where_it_can_stand() -> None:
    """Behind the room a passage that the body may just fit (0.35 m), a narrower one, and a pocket that opens on the unknown."""
    grid = floor([(-2.0, -1.0, 2.0, 1.0), (2.0, -0.175, 3.0, 0.175), (3.0, -0.1, 3.3, 0.1), (3.3, -0.6, 4.0, 0.6)])
    a, b = grid.cell_of((4.0, -0.5)), grid.cell_of((4.1, 0.5))
    for part in (grid.obstacle, grid.tall, grid.explored):
        part[a[0] : b[0], a[1] : b[1]] = False
    grid.version += 1
    from_here = distance_field(grid, np.zeros(2))
    assert np.isfinite(from_here.at((2.8, -0.02)))
    choice = Explorer(pace=1).choose(grid, from_here, lambda points, ways, sizes: -ways)
    assert choice is not None, "the pocket is left out"
    assert choice.target_m[0] == pytest.approx(1.9, abs=0.2)  # before the passage
    controller = NavigationController()
    controller.reset(Embodiment("body", "discrete", DISCRETE_ACTIONS))
    for _ in range(30):
        controller.act(choice.go(), body(1.0, 0.5), Belief(0, body(), map=grid))
