"""Household tasks as a person types them: how a sentence is read, where it can be done, and what the command does."""

from __future__ import annotations

from pathlib import Path

import pytest

from enactive.agents.commands.run import main as run_command
from enactive.envs import TaskGoal, parse_goal
from enactive.envs.household.tasks.asked import task_asked_for
from enactive.envs.household.tasks.conditions import begun, succeeded
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.reading import EXAMPLES, Request, read_task
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import apply_command
from enactive.envs.household.tasks.task import TASK_TYPES, layout_of, start_of
from enactive.errors import ConfigError

TRAIN = load_tasks("train")


@pytest.mark.parametrize("split", ["train", "val_seen", "val_unseen"])
def test_the_sentences_of_the_suites_are_read_as_what_they_were_made_from(split: str) -> None:
    tasks = load_tasks(split)
    wrong = []
    for task in tasks:
        asked = read_task(task.instruction)
        same = (asked.type, asked.attribute, asked.sliced) == (task.type, task.attribute, task.sliced)
        same &= task.object in asked.objects and task.receptacle in asked.receptacles
        if not same or (task.movable and task.movable not in asked.movables):
            wrong.append(task.instruction)
        assert isinstance(parse_goal(task.instruction), TaskGoal)
    assert len(wrong) <= 3  # "the wooden spoon", "the glass jar": a name that is an attribute, too


@pytest.mark.parametrize(
    ("sentence", "asked"),
    [
        ("Put a hot potato in the fridge!", Request("heat", ("potato",), ("fridge",))),
        ("could you rinse the red coffee mug, then place it on the couch", Request("clean", ("mug",), ("sofa",), (), "red")),
        ("put the fork in the bowl on the desk", Request("stack", ("fork",), ("desk",), ("bowl",))),
        ("bring a pair of knives to the stove", Request("pick_two", ("knife",), ("stove",))),
        ("put both mugs on the stove", Request("pick_two", ("mug",), ("stove",))),
        ("Please take both of the red mugs to the stove.", Request("pick_two", ("mug",), ("stove",), (), "red")),
        ("find two mugs and set both of them on the stove", Request("pick_two", ("mug",), ("stove",))),
        ("place the fork in the bowl and move both onto the desk", Request("stack", ("fork",), ("desk",), ("bowl",))),
        ("take a cut apple to the bed", Request("pick", ("apple",), ("bed",), (), "", True)),
        ("check the book with the floor lamp lit", Request("examine", ("book",), ("floor lamp",))),
    ],
)
def test_a_sentence_is_read_whatever_its_manners_and_synonyms(sentence: str, asked: Request) -> None:
    assert read_task(sentence) == asked


def test_a_general_noun_means_every_category_that_it_fits() -> None:
    assert {"coffee table", "dining table"} <= set(read_task("put a book on the table").receptacles)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("put a clean mugg on the coffee table", "nothing is known by the name 'mugg'; did you mean mug?"),
        ("put the sofa on the bed", "a sofa cannot be picked up"),
        ("clean the book and put it on the desk", "a book cannot be washed"),
        ("put both the mug and the plate on the desk", "nothing is known by the name 'mug plate'"),
        ("put an apple on a plate", "a plate is carried about"),
        ("look at the book under the fridge", "things are looked at under a floor lamp or a table lamp"),
        ("slice the apple", "what is understood, by example: pick, 'put the book on the sofa'; stack, "),
    ],
)
def test_what_cannot_be_read_or_done_is_said_with_the_way_out(sentence: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_task(sentence)
    assert words in str(refused.value)


@pytest.mark.parametrize("kind", TASK_TYPES)
def test_every_example_of_the_message_can_be_done(kind: str) -> None:
    sentence = EXAMPLES[kind]
    task = task_asked_for(sentence, TRAIN)
    assert (task.type, task.instruction) == (kind, sentence)
    assert task == task_asked_for(sentence, TRAIN)
    layout = layout_of(task)
    state = start_of(layout, task)
    assert not begun(layout, state.world, task)
    plan = expert_plan(layout, state, task)
    assert len(plan or ()) == task.plan_length > 0
    for command in plan or ():
        state, feedback = apply_command(layout, state, command)
        assert feedback.ok
    assert succeeded(layout, state.world, task)


def test_a_task_is_made_in_the_apartment_that_is_named_and_refused_where_something_is_missing() -> None:
    made = task_asked_for("put a clean mug on the coffee table", TRAIN, seed=449)
    assert (made.apartment_seed, made.object, made.receptacle) == (449, "mug", "coffee table")
    assert not [task for task in TRAIN if task.apartment_seed == 449]
    with pytest.raises(ConfigError, match="the apartment of seed 449 has no banana; leave --env"):
        task_asked_for("put a banana in the fridge", TRAIN, seed=449)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--env", "Household"], "is a household task, and Household is for finding things: leave --env out"),
        (["--env=enactive.envs.household.env.Household"], "is a household task, and Household is for finding things"),
        (["--planner", "UniGoal"], "UniGoal takes ObjectGoal, TextGoal, ImageGoal, and 'put a clean mug"),
    ],
)
def test_choices_that_contradict_the_sentence_are_refused_in_one_sentence(words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        run_command(["put a clean mug on the coffee table", *words, "--out", str(tmp_path)])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_goal_of_a_file_chooses_the_environment_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("goal: put the book on the sofa\n")
    words = ["--config", str(file), "--env.mode", "symbolic", "--planner", "OracleExpert", "--out", str(tmp_path / "runs")]
    assert run_command(words) == 0
    assert "task_type            pick" in capsys.readouterr().out
