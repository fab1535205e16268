"""AlfWorld in the loop: its own engine, domain, grammar and planner, on problems written from its floor plans."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.commands.eval import main as evaluate_command
from enactive.agents.commands.run import main as run_command
from enactive.agents.compat import check_compatibility
from enactive.agents.conformance import check_environment, check_planner
from enactive.controllers.interaction import InteractionController
from enactive.envs import VERBS, TaskGoal
from enactive.envs.alfworld.env import AlfWorld
from enactive.envs.alfworld.oracle import in_our_words
from enactive.envs.alfworld.problems import TASK_TYPES, Problem, make_problem, problem_asked_for, spoken
from enactive.errors import ConfigError
from enactive.perception.tasks import TaskPerceiver
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.language import LanguagePlanner
from enactive.planners.oracle_expert import OracleExpert
from enactive.planners.random_commands import RandomCommands

MISSING = [name for name in ("alfworld", "textworld", "fast_downward") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"no {', '.join(MISSING)}: compiled at installation, so not in [dev]; pip install -e '.[alfworld]'"
)


@cache
def first_of(kind: str) -> Problem:
    """The first problem of a type in a small floor plan, so that it is grounded fast."""
    problems = (make_problem("valid_unseen", number) for number in range(1000))
    return next(problem for problem in problems if problem.type == kind)


@pytest.fixture(scope="module")
def env() -> AlfWorld:
    return AlfWorld("valid_unseen")


def say(env: AlfWorld, verb: str, target: str = "") -> tuple[bool, str, str, list[str]]:
    """(ok, error, message, AlfWorld's commands) of one command."""
    action = {"motion": 0, "verb": 1 + VERBS.index(verb), "target": target, "pixel_uv": np.array([-1, -1])}
    told = env.step(action)[-1]["feedback"]
    return told["ok"], told["error"], told["message"], told["alfworld"]


def run(env: AlfWorld, planner: Any, problem: Problem) -> Any:
    agent = Agent(TaskPerceiver(), planner, InteractionController(), max_steps=25)
    return agent.run(env, TaskGoal(problem.instruction), options={"task": problem}, seed=0)


@pytest.mark.parametrize("kind", TASK_TYPES)
def test_its_own_plan_said_in_our_verbs_wins_in_its_own_engine(env: AlfWorld, kind: str) -> None:
    episode = run(env, OracleExpert(), first_of(kind))
    assert episode.outcome == "stopped"
    assert episode.metrics["success"]
    assert episode.metrics["path_length_weighted_success"] == episode.metrics["task_progress"] == 1.0
    assert episode.metrics["num_invalid_actions"] == 0
    assert episode.metrics["task_type"] == kind
    assert all(step.feedback["message"] for step in episode.steps)


@pytest.mark.parametrize("kind", TASK_TYPES)
def test_all_conditions_are_met_exactly_when_alfworld_says_won(env: AlfWorld, kind: str) -> None:
    env.reset(options={"task": first_of(kind)})
    rng, engine, seen = np.random.default_rng(1), env.body.engine, set()
    for _ in range(3):  # strays from the plan, and comes back to it
        for _ in range(int(rng.integers(4))):
            engine.say(str(rng.choice(engine.admissible)))
            assert (env.progress == 1.0) == engine.won
        for command in engine.plan() or ():
            assert (env.progress == 1.0) == engine.won
            seen.add(env.progress)
            assert engine.say(command)
        assert engine.won
        assert env.progress == 1.0
    assert 0.0 in seen


def test_a_seed_says_which_problem(env: AlfWorld) -> None:
    assert make_problem("train", 7) == make_problem("train", 7)
    assert len({make_problem("train", number).pddl for number in range(20)}) == 20
    unseen = {make_problem("valid_unseen", number).floor_plan for number in range(100)}
    assert not unseen & {make_problem("train", number).floor_plan for number in range(100)}
    first, _ = env.reset(seed=5)
    problem = env.problem
    again, _ = env.reset(seed=5)
    assert env.problem == problem
    assert again["text"] == first["text"] == problem.instruction
    with pytest.raises(ConfigError, match="known: train, valid_seen, valid_unseen"):
        make_problem("test", 0)


def test_refusals_have_reasons_where_alfworld_says_only_that_nothing_happens(env: AlfWorld) -> None:
    problem = first_of("cool")
    env.reset(options={"task": problem})
    assert say(env, "PickUp", "unicorn")[1] == "unknown_object"
    assert say(env, "PickUp", "fridge")[1:3] == ("not_visible", "no fridge is in view; find one first")
    assert say(env, "PutDown", "fridge")[1] == "hand_empty"
    assert say(env, "Find", "fridge")[0]
    assert say(env, "PickUp", "fridge")[1] == "cannot_be_picked_up"
    assert say(env, "TurnOff", "fridge")[1] == "already_off"
    assert say(env, "Close", "fridge")[1] == "already_closed"
    assert say(env, "Open", "fridge")[3] == ["open fridge 1"]
    assert say(env, "Open", "fridge")[1:] == ("already_open", "the fridge is already open", ["open fridge 1"])
    assert say(env, "Close", "fridge")[0]
    top = next(name for name in env.body.furniture if name.startswith(("countertop", "diningtable", "sinkbasin")))
    words = env.body.words(top)
    assert say(env, "Find", top)[0]
    assert say(env, "Open", words)[1:3] == ("not_openable", f"the {words} has nothing to open or close")
    assert say(env, "Slice", words)[1] == "needs_knife"
    obs = env.step({"motion": 0, "verb": 2, "target": "", "pixel_uv": np.array([-1, -1])})[0]
    assert obs["refused"] == 1
    assert obs["text"] == "say what to PickUp"


def hold(env: AlfWorld, kind: str, name: str) -> None:
    """Take a thing in the hand, by AlfWorld's plan for the problem."""
    env.reset(options={"task": first_of(kind)})
    for command in env.oracle.expert_plan() or ():
        assert say(env, command.verb, command.target)[0]
        if env.body.words(env.body.holding or "mug 1") == name and env.body.holding:
            return
    raise AssertionError(f"the plan holds no {name}")


def engine_facts(env: AlfWorld, predicate: str) -> list[tuple[str, ...]]:
    return [args for name, args in env.body.engine.facts() if name == predicate]


def holds_fact(env: AlfWorld, predicate: str) -> bool:
    return bool(engine_facts(env, predicate))


def test_an_appliance_does_what_it_does_in_household_tasks(env: AlfWorld) -> None:
    hold(env, "heat", thing := spoken(first_of("heat").object))
    kept = env.body.holding
    assert say(env, "Find", "microwave")[0]
    say(env, "Close", "microwave")  # the thing may have been in it
    assert say(env, "PutDown", "microwave")[1] == "closed"
    assert say(env, "Open", "microwave")[0]
    assert say(env, "PutDown", "microwave")[3] == [f"move {kept} to microwave 1"]
    assert say(env, "Close", "microwave")[0]
    assert not holds_fact(env, "ishot")
    ok, _, message, said = say(env, "TurnOn", "microwave")
    assert ok
    assert f"You heat the {kept} using the microwave 1." in message
    assert said[0] == "open microwave 1"
    assert said[-1] == "close microwave 1"
    assert holds_fact(env, "ishot")
    assert say(env, "PickUp", thing)[1] == "not_visible"  # it is behind the door again
    hold(env, "cool", name := spoken(first_of("cool").object))
    assert say(env, "Find", "fridge")[0]
    say(env, "Open", "fridge")  # where the thing was not in it
    cold = sorted(engine_facts(env, "iscool"))
    assert len(say(env, "PutDown", "fridge")[3]) == 1
    assert sorted(engine_facts(env, "iscool")) == cold  # AlfWorld also asks for hot things in a fridge
    assert say(env, "PickUp", name)[3][-1].startswith("cool ")
    assert holds_fact(env, "iscool")


def test_its_plan_for_a_hot_thing_in_the_fridge_wins(env: AlfWorld) -> None:
    problem = problem_asked_for("valid_unseen", "heat some potato and put it in the fridge", 1)
    assert run(env, OracleExpert(), problem).metrics["success"]


def test_find_looks_at_one_piece_after_the_other_and_knows_only_what_it_was_told(env: AlfWorld) -> None:
    problem = first_of("pick")
    obs, _ = env.reset(options={"task": problem})
    assert obs["known_objects"] == ""
    ok, _, message, said = say(env, "Find", problem.object.lower())
    assert all(command.startswith("go to ") for command in said)
    assert len(set(said)) == len(said)
    shown = [told for _, told in env.body.said]
    assert ok == (f" {problem.object.lower()} " in shown[-1].partition("you see")[2])
    assert not any(f" {problem.object.lower()} " in told.partition("you see")[2] for told in shown[:-1])
    remembered = AlfWorld("valid_unseen", knowledge="remembered")
    told = remembered.reset(options={"task": problem})[0]["known_objects"].splitlines()
    assert set(told) == {remembered.body.words(name) for name in remembered.body.furniture}
    assert message


def test_a_sentence_means_a_problem(env: AlfWorld) -> None:
    problem = problem_asked_for("train", "Please put a clean mug on the counter top!", 3)
    assert (problem.type, problem.object, problem.receptacle) == ("clean", "Mug", "CounterTop")
    two = problem_asked_for("train", "put two books on the bed", 0)
    assert (two.type, two.object, two.receptacle) == ("pick_two", "Book", "Bed")
    with pytest.raises(ConfigError, match="AlfWorld has no task 'put the moon on the roof'"):
        problem_asked_for("train", "put the moon on the roof", 0)


def test_no_verb_stands_for_what_only_tells() -> None:
    assert in_our_words("heat mug 1 with microwave 1").verb == "TurnOn"
    with pytest.raises(ConfigError, match="no verb says 'inventory'"):
        in_our_words("inventory")


def test_it_keeps_the_contract_and_so_do_the_planners_on_it(env: AlfWorld) -> None:
    check_environment(AlfWorld("valid_unseen"))
    goal = TaskGoal("examine the book with the desk lamp")
    check_planner(RandomCommands(1), env, TaskPerceiver(), InteractionController(), goal, steps=3)
    fits = check_compatibility(env, TaskPerceiver(), LanguagePlanner(ScriptedModel([])), InteractionController(), goal)
    assert not fits.mismatches


def test_the_command_line_runs_and_evaluates_it(tmp_path: Path) -> None:
    words = ["--suite", "alfworld", "--split", "valid_unseen", "--episodes", "2", "--planner", "OracleExpert"]
    assert evaluate_command([*words, "--compare", "[RandomCommands]", "--out", str(tmp_path / "eval")]) == 0
    table = (tmp_path / "eval" / "table.md").read_text()
    assert "alfworld, valid_unseen, the agent is told what is visible" in table
    assert "| OracleExpert | 2 | 1.000" in table
    page = (tmp_path / "eval" / "report.html").read_text()
    assert "OracleExpert: 0 of 2 failed" in page
    assert "RandomCommands: 2 of 2 failed" in page
    assert "data:image/jpeg" not in page  # it has no camera
    goal = ["examine the book with the desk lamp", "--env", "AlfWorld", "--planner", "OracleExpert"]
    assert run_command([*goal, "--out", str(tmp_path / "run")]) == 0
    (record,) = (tmp_path / "run").glob("*/episode.json")
    steps = json.loads(record.read_text())["steps"]
    assert steps[0]["feedback"]["alfworld"][0].startswith("go to ")
    assert (
        "<td>TurnOn desklamp 1</td><td>done</td><td>You turn on the desklamp 1.</td>"
        in (record.parent / "report.html").read_text()
    )
