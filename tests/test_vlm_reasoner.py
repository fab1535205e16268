"""UniGoal's reasoner on a chat model."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
from unigoal_scenes import WHEELS, Letters, body, floor, scene, thing

from enactive.envs import ImageGoal, ObjectGoal, PoseGoal, TextGoal
from enactive.errors import PlannerError
from enactive.perception.base import Belief
from enactive.perception.scene_graph import RELATIONS
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.unigoal import GoalEdge, GoalGraph, GoalNode, Reasoner, UniGoal
from enactive.planners.unigoal import llm_reasoner as module
from enactive.planners.unigoal.llm_reasoner import LLMReasoner

PLAIN = {"colour": "", "material": "", "shape": "", "size": "", "room": ""}
MUG = {**PLAIN, "name": "Coffee mug", "colour": "crimson", "room": "kitchen"}
COUNTER = {**PLAIN, "name": "worktop", "material": "wooden"}
ON = {"a": 0, "relation": "on", "b": 1}
GRAPH = GoalGraph((GoalNode("mug"), GoalNode("counter"), GoalNode("sofa")), (GoalEdge(0, 1, "on"),))


def says(*answers: object) -> LLMReasoner:
    return LLMReasoner(ScriptedModel([json.dumps(answer) for answer in answers]))


def test_it_is_a_reasoner_that_knows_all_rooms_and_relations() -> None:
    assert isinstance(says(), Reasoner)
    assert get_args(module._Node.model_fields["room"].annotation) == ("", *module.ROOMS)
    assert set(get_args(module._Edge.model_fields["relation"].annotation)) == set(RELATIONS)


def test_a_description_becomes_a_graph_in_the_words_of_perception() -> None:
    graph = says({"nodes": [MUG, COUNTER], "edges": [ON, ON]}).goal_graph(
        TextGoal("the crimson coffee mug on the wooden worktop")
    )
    assert [str(node) for node in graph.nodes] == ["red mug", "wood counter"]
    assert (graph.nodes[0].room, graph.edges, graph.target) == ("kitchen", (GoalEdge(0, 1, "on"),), 0)


def test_a_category_needs_no_model() -> None:
    assert says().goal_graph(ObjectGoal("couch")) == GoalGraph((GoalNode("sofa"),))


def test_a_picture_is_shown_to_a_model_that_sees() -> None:
    mind = says({"nodes": [MUG], "edges": []})
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    assert str(mind.goal_graph(ImageGoal(picture)).nodes[0]) == "red mug"
    assert mind.model.heard[0][-1].images[0] is picture  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"nodes": [MUG], "edges": [ON]}, "an edge from 0 to 1, but the nodes are 0 to 0"),
        ({"nodes": [MUG, COUNTER], "edges": [{**ON, "b": 0}]}, "an edge from 0 to 0"),
        ({"nodes": [], "edges": []}, "at nodes, "),
        ({"nodes": [{**MUG, "room": "garage"}], "edges": []}, "at nodes.0.room, "),
        ({"nodes": [{**MUG, "name": "  "}], "edges": []}, "blank name"),
    ],
)
def test_a_graph_that_makes_no_sense_is_asked_for_again(wrong: object, told: str) -> None:
    mind = says(wrong, {"nodes": [MUG, COUNTER], "edges": [ON]})
    assert len(mind.goal_graph(TextGoal("the mug on the counter")).edges) == 1
    assert told in mind.model.heard[1][-1].text  # type: ignore[attr-defined]


@pytest.mark.parametrize("goal", [TextGoal("the mug"), ImageGoal(np.zeros((32, 32, 3), dtype=np.uint8))])
def test_answers_that_stay_wrong_end_the_trial(goal: TextGoal | ImageGoal) -> None:
    with pytest.raises(PlannerError, match="no valid answer in 3 tries"):
        LLMReasoner(ScriptedModel(lambda messages: "I think it is a mug")).goal_graph(goal)


def test_a_picture_that_the_model_fails_to_read_ends_the_trial_too() -> None:
    """It was looked for by keypoints alone, as if the model had been asked and had recognised nothing."""
    mind = LLMReasoner(ScriptedModel(lambda messages: "I think it is a mug"))
    with pytest.raises(PlannerError, match="no valid answer in 3 tries"):
        UniGoal(encoder=Letters(), reasoner=mind).reset(ImageGoal(np.zeros((32, 32, 3), dtype=np.uint8)), WHEELS)


@pytest.mark.parametrize("goal", [TextGoal(" "), ObjectGoal(""), PoseGoal(np.eye(4))])
def test_goals_that_nobody_can_read_are_refused_without_asking(goal: TextGoal | ObjectGoal | PoseGoal) -> None:
    with pytest.raises(PlannerError):
        says().goal_graph(goal)


def test_relatedness_is_symmetric_and_asked_for_once() -> None:
    mind = says({"probability": 0.7})
    assert mind.related("couch", "tv") == mind.related("television", "sofa") == 0.7
    assert mind.related("couch", "sofa") == 1.0
    with pytest.raises(PlannerError):
        says({"probability": 1.5}, {"probability": "high"}, {}).related("sofa", "tv")


def test_rooms_are_probabilities() -> None:
    weights = dict.fromkeys(module.ROOMS, 0.0)
    assert says({**weights, "kitchen": 1.0, "office": 1.0}).rooms("mug") == {"kitchen": 0.5, "office": 0.5}
    assert says({**weights, "kitchen": 0.4}).rooms("mug") == {"kitchen": 0.4}
    assert says(weights).rooms("mug") == {}


def test_groups_are_a_partition_with_the_targets_first() -> None:
    assert says({"groups": [2, 2, 0]}).decompose(GRAPH) == [[0, 1], [2]]
    assert says().decompose(GoalGraph((GoalNode("mug"),))) == [[0]]
    with pytest.raises(PlannerError):
        says({"groups": [0, 1]}, {"groups": [0, 1, 3]}, {"groups": 0}).decompose(GRAPH)


def test_coordinates_have_the_target_at_the_origin() -> None:
    places = says({"places": [{"x": 1, "y": 1}, {"x": 1, "y": 1.5}, {"x": 4, "y": 1}]}).coordinates(GRAPH)
    assert np.allclose(places, [[0, 0], [0, 0.5], [3, 0]])
    assert says().coordinates(GoalGraph((GoalNode("mug"),))).shape == (1, 2)
    with pytest.raises(PlannerError):
        says(*[{"places": [{"x": 0, "y": 0}] * 2}] * 3).coordinates(GRAPH)


def test_plausibility_is_judged_by_what_is_known() -> None:
    mind = says({"probability": 0.9})
    assert mind.plausible("mug", ["tap", "sink"], "kitchen") == mind.plausible("mug", ["sink", "tap"], "kitchen") == 0.9
    assert "stands beside: sink, tap and is in the kitchen" in mind.model.heard[0][-1].text  # type: ignore[attr-defined]
    assert says().plausible("mug", [], "") == 0.5


def test_unigoal_plans_with_it() -> None:
    def answer(messages: object) -> str:
        question = messages[-1].text  # type: ignore[index]
        if "as a graph" in question:
            return json.dumps({"nodes": [MUG, COUNTER], "edges": [ON]})
        if "groups" in question:
            return json.dumps({"groups": [0, 0]})
        if "places" in question:
            return json.dumps({"places": [{"x": 0, "y": 0}, {"x": 0, "y": 0.2}]})
        if "kind of room" in question:
            return json.dumps(dict.fromkeys(module.ROOMS, 0.1))
        return json.dumps({"probability": 0.5})

    planner = UniGoal(reasoner=LLMReasoner(ScriptedModel(answer)), encoder=Letters())
    planner.reset(TextGoal("the crimson mug on the wooden worktop"), WHEELS)
    assert str(planner.goal_graph.nodes[0]) == "red mug"
    belief = Belief(1, body(), floor([(-3.0, -3.0, 3.0, 3.0)]), scene(thing(0, "mug", (1.0, 0.0, 0.9), red=0.9)))
    planner.plan(belief)
    assert planner.trace["stage"]


def test_a_model_that_fails_fails_the_trial_and_not_the_program() -> None:
    planner = UniGoal(reasoner=LLMReasoner(ScriptedModel([])), encoder=Letters())
    with pytest.raises(PlannerError, match="was given 0 answers"):
        planner.reset(TextGoal("the red mug"), WHEELS)
