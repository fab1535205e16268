import contextlib
import time

import numpy as np
import pytest

from enactive.envs import ObjectGoal, PoseGoal, TaskGoal, TextGoal, parse_goal
from enactive.envs.parse_goal import LONGEST
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
        ("I need to find a mug", "mug"),
        ("I want to see the mug", "mug"),
        ("approach the sofa", "sofa"),
        ("enter the kitchen", "kitchen"),
        ("return to the kitchen", "kitchen"),
        ("go back to the kitchen", "kitchen"),
        ("come to the kitchen", "kitchen"),
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
        ("please find my keys, they should be on the table", "my keys, they should be on the table"),
        ("can you find the mug, it should be on the table", "the mug, it should be on the table"),
        ("I'm looking for my keys, they should be on the table", "my keys, they should be on the table"),
        ("I need my glasses, they should be in the bedroom", "my glasses, they should be in the bedroom"),
        ("is there a mug that should be in the sink", "a mug that should be in the sink"),
        ("go to the lamp, it should be on the desk", "the lamp, it should be on the desk"),
        ("find the big and clean mug", "the big and clean mug"),
        ("find the box in the hall, open", "the box in the hall, open"),
        ("show me where the mug is", "the mug is"),
        ("tell me where the mug is", "the mug is"),
        ("do you know where my keys are", "my keys are"),
        ("find another chair", "another chair"),
        ("second mug", "second mug"),
        ("a different mug", "a different mug"),
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
        "find the mug, set on the table",
        "find the black, carry-on suitcase",
        "find the light and switch",
        "where can I sit?",
        "I want to sit down",
        "O\u00f9 est la tasse ?",
        "\u043d\u0430\u0439\u0434\u0438 \u043a\u0440\u0443\u0436\u043a\u0443",
    ],
)
def test_what_is_no_bare_name_is_left_to_whoever_reads_descriptions(sentence: str) -> None:
    """As a category it would be looked for under a name that nothing has, to the end of the budget."""
    assert isinstance(parse_goal(sentence), TextGoal)


@pytest.mark.parametrize(
    "sentence",
    [
        "stop",
        "turn left",
        "go back",
        "Go forward 2 metres",
        "come here",
        "follow me",
        "hello",
        "help me",
        "move forward",
        "move back 1 m",
        "move left",
        "move to the left",
        "go forward 1m",
        "turn 90\u00b0",
        "rotate 90 deg",
        "go straight ahead and stop",
        "turn left, then go forward",
        "stop please",
        "halt now please",
        "please stop",
        "please wait",
        "please come here",
        "robot, stop",
        "stop the robot",
        "turn left please",
        "go away please",
        "I want to go home",
        "hi there",
    ],
)
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
        "find a mug and wash it",
        "find the potato and heat it",
        "go to the fridge and open it",
        "go to the table and open the drawer",
        "go to the sink then wash the plate",
        "find the tv and then turn it off",
        "turn it on",
        "move to the table and pick up the mug",
        "find a mug, put it in the sink",
        "find a mug and put in the sink",
        "look for the mug and put it in the sink",
        "a mug that is in the sink, put it on the table",
        "where is the mug? put it in the sink",
        "locate the mug and bring it here",
        "search for a mug and bring it here",
        "find a mug; bring it here",
        "I need to clean the mug",
        "the mug should be in the sink",
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


@pytest.mark.parametrize("word", ["please ", "go back ", "turn it ", "and then ", "stop, and ", "i want to ", "x and open "])
def test_the_longest_sentence_is_read_in_no_time(word: str) -> None:
    """Patterns that can take one word in two ways take twice as long for every word more."""
    started = time.process_time()
    with contextlib.suppress(ConfigError):
        parse_goal(f"{word * (LONGEST // len(word) - 1)}!x")
    assert time.process_time() - started < 5.0
