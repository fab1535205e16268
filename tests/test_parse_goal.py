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
        ("I'm looking for my wallet", "wallet"),
        ("Where did I leave my glasses?", "glasses"),
        ("can you help me find my phone please", "phone"),
        ("Is there a cat?", "cat"),
        ("I can\u2019t find the remote, thanks!", "remote"),
        ("robot toy", "robot toy"),
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
        ("find the thick book", "the thick book"),
        ("find the book beneath the bed", "the book beneath the bed"),
        ("the chair nearest the window", "the chair nearest the window"),
        ("find my keys, they should be on the table", "my keys, they should be on the table"),
    ],
)
def test_attributes_or_relations_make_a_text_goal(sentence: str, text: str) -> None:
    assert parse_goal(sentence) == TextGoal(text)


@pytest.mark.parametrize(
    "sentence",
    [
        "find the mug and the plate",
        "find a mug or a cup",
        "find two mugs",
        "go to the kitchen and find the mug",
        "the mug without a handle",
        "where can I sit?",
        "I want to sit down",
        "O\u00f9 est la tasse ?",
        "\u043d\u0430\u0439\u0434\u0438 \u043a\u0440\u0443\u0436\u043a\u0443",
    ],
)
def test_what_is_no_bare_name_is_left_to_whoever_reads_descriptions(sentence: str) -> None:
    """As a category it would be looked for under a name that nothing has, to the end of the budget."""
    assert isinstance(parse_goal(sentence), TextGoal)


@pytest.mark.parametrize("sentence", ["stop", "turn left", "go back", "Go forward 2 metres", "come here", "follow me", "hello"])
def test_a_mere_move_is_refused(sentence: str) -> None:
    with pytest.raises(ConfigError, match="is a move"):
        parse_goal(sentence)


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
        "hey robot, put the mug on the table",
        "go to the kitchen and fetch me a towel",
    ],
)
def test_a_household_task_keeps_its_instruction(sentence: str) -> None:
    assert parse_goal(sentence) == TaskGoal(sentence.lower().strip("."))


@pytest.mark.parametrize("sentence", ["go to (1.5, -2)", "go to 1.5 -2", "go to x=1.5 y=-2", "go to x 1.5, y -2 please"])
def test_a_point_is_a_pose_goal_in_metres(sentence: str) -> None:
    goal = parse_goal(sentence)
    assert isinstance(goal, PoseGoal)
    np.testing.assert_array_equal(goal.T_world_goal[:, 3], [1.5, -2.0, 0.0, 1.0])


@pytest.mark.parametrize("sentence", ["", "   ", "find", "find the", "?!", "where is"])
def test_nothing_asked_for_is_refused_with_an_example(sentence: str) -> None:
    with pytest.raises(ConfigError, match="names nothing to look for"):
        parse_goal(sentence)


def test_a_sentence_without_end_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="140000 characters"):
        parse_goal("please " * 20000)
