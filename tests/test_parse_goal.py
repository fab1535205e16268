import numpy as np
import pytest

from enactive.envs import ObjectGoal, PoseGoal, TaskGoal, TextGoal, parse_goal
from enactive.errors import ConfigError


@pytest.mark.parametrize(
    ("sentence", "category"),
    [
        ("find a mug", "mug"),
        ("Find the  Mug!", "mug"),
        ("please look for my coffee table", "coffee table"),
        ("where is the fridge?", "fridge"),
        ("spaceship", "spaceship"),
    ],
)
def test_a_bare_category_is_an_object_goal(sentence: str, category: str) -> None:
    assert parse_goal(sentence) == ObjectGoal(category)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("find the red mug in the kitchen", "the red mug in the kitchen"),
        ("go to the green key", "the green key"),
        ("the lamp next to the bed", "the lamp next to the bed"),
        ("show me a wooden chair", "a wooden chair"),
    ],
)
def test_attributes_or_relations_make_a_text_goal(sentence: str, text: str) -> None:
    assert parse_goal(sentence) == TextGoal(text)


@pytest.mark.parametrize("sentence", ["find the mug that is dirty", "look for the plate that is dirty"])
def test_what_is_looked_for_may_be_dirty(sentence: str) -> None:
    assert isinstance(parse_goal(sentence), TextGoal)


@pytest.mark.parametrize(
    "sentence",
    [
        "put a clean mug on the coffee table",
        "Turn on the lamp.",
        "turn the lamp off",
        "the mug is dirty, wash it",
        "please slice the bread",
    ],
)
def test_a_household_task_keeps_its_instruction(sentence: str) -> None:
    assert parse_goal(sentence) == TaskGoal(sentence.lower().strip("."))


def test_a_point_is_a_pose_goal_in_metres() -> None:
    goal = parse_goal("go to (1.5, -2)")
    assert isinstance(goal, PoseGoal)
    np.testing.assert_array_equal(goal.T_world_goal[:, 3], [1.5, -2.0, 0.0, 1.0])


@pytest.mark.parametrize("sentence", ["", "   ", "find", "find the", "?!", "where is"])
def test_nothing_asked_for_is_refused_with_an_example(sentence: str) -> None:
    with pytest.raises(ConfigError, match="names nothing to look for"):
        parse_goal(sentence)
