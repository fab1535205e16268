"""Household tasks planned by any chat model: what it is told, what it may answer, and what becomes of a server that dies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import gymnasium as gym
import pytest
from jsonschema import Draft202012Validator
from unruly_endpoint import answer, serving

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.agents.commands._components import with_model
from enactive.agents.commands.eval import main as evaluate_command
from enactive.agents.commands.run import main as run_command
from enactive.agents.component import Component, Method
from enactive.controllers.interaction import InteractionController
from enactive.envs import VERBS, TaskGoal
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.tasks import TaskPerceiver
from enactive.perception.vlm import openai_http
from enactive.perception.vlm.schema_pattern import pattern
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.language import LanguagePlanner, answer_schema

TASK = load_tasks("val_seen")[0]
SECRET = "sk-never-to-be-seen"


def said(verb: str, target: str = "", thought: str = "I think", expected: str = "it is so") -> str:
    return json.dumps({"thought": thought, "command": {"verb": verb, "target": target}, "expected": expected})


def episode(answers: Any) -> tuple[Any, ScriptedModel]:
    model = ScriptedModel(answers)
    env = gym.make("enactive/HouseholdTask-v0", split="val_seen", mode="symbolic")
    agent = Agent(TaskPerceiver(), LanguagePlanner(model), InteractionController(), max_steps=25)
    return agent.run(env, TaskGoal(TASK.instruction), options={"task": TASK}, seed=0), model


def expert_commands() -> list[Any]:
    env = gym.make("enactive/HouseholdTask-v0", split="val_seen", mode="symbolic")
    env.reset(seed=0, options={"task": TASK})
    return list(env.unwrapped.oracle.expert_plan())


def test_the_right_answers_do_the_task() -> None:
    plan = expert_commands()
    done, model = episode([*(said(command.verb, command.target) for command in plan), said("done")])
    assert done.metrics["success"]
    assert done.metrics["path_length_weighted_success"] == 1.0
    last = model.heard[-1][-1].text
    assert TASK.instruction in last
    for number, command in enumerate(plan, 1):
        assert f"{number}. {command.target}" not in last  # a name alone is no command
        assert command.target in last
    assert done.steps[0].trace["thought"] == "I think"
    assert done.steps[0].trace["predicted"] == "it is so"


def test_it_is_told_why_a_command_was_refused() -> None:
    _, model = episode([said("Find", "unicorn"), said("done")])
    assert "1. find unicorn: refused, nothing is known by the name" in model.heard[1][-1].text


def test_other_verbs_take_known_names_only() -> None:
    check = Draft202012Validator(answer_schema(["fridge", "mug"]))
    allowed = [json.loads(text) for text in (said("Find", "moon"), said("PickUp", "mug"), said("done"))]
    refused = [json.loads(text) for text in (said("PickUp", "moon"), said("done", "mug"), said("Fly", "mug"), said("Find", ""))]
    assert all(check.is_valid(answer) for answer in allowed)
    assert not any(check.is_valid(answer) for answer in refused)
    for verb in VERBS:
        assert check.is_valid(json.loads(said(verb, "mug")))
    assert not Draft202012Validator(answer_schema([])).is_valid(allowed[1])  # with nothing known there is nothing to pick up


def test_a_decoder_can_be_held_to_the_answers() -> None:
    import regex

    form = regex.compile(pattern(answer_schema(["mug"])))
    assert form.fullmatch(said("PickUp", "mug"))
    assert not form.fullmatch(said("PickUp", "moon"))


def test_answers_that_stay_invalid_fail_the_trial_and_are_counted() -> None:
    failed, model = episode(lambda messages: "go and get the mug")
    assert (failed.outcome, failed.error_kind) == ("error", "AnswerError")
    assert failed.metrics["planner_output_error"] == 1
    assert len(model.heard) == 3  # it was told what was wrong, and not replaced


def test_answers_that_are_kept_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plan = expert_commands()
    texts = [*(said(command.verb, command.target) for command in plan), said("done")]

    def run(line: str, folder: Path, **settings: Any) -> Any:
        planner = with_model(Component("planners", "LanguagePlanner", settings), line, folder).build()
        env = gym.make("enactive/HouseholdTask-v0", split="val_seen", mode="symbolic")
        agent = Agent(TaskPerceiver(), planner, InteractionController(), max_steps=25)
        return agent.run(env, TaskGoal(TASK.instruction), options={"task": TASK}, seed=0)

    with serving(monkeypatch) as endpoint:
        line = f"openai:{endpoint.url}#m"
        endpoint.misdeeds = [answer("yes"), *map(answer, texts)]  # whether it is there is asked each time
        assert run(line, tmp_path / "kept").metrics["success"]
        assert len(endpoint.asked) == 1 + len(texts)
        endpoint.misdeeds = [answer("yes"), answer("no command")]
        again = run(line, tmp_path / "kept")
        assert again.metrics["success"]
        assert len(endpoint.asked) == 2 + len(texts)
        for changed in ({"folder": tmp_path / "other"}, {"line": f"openai:{endpoint.url}#n"}, {"max_tokens": 99}):
            endpoint.misdeeds = [answer("yes"), answer("no command")]
            other = run(**({"line": line, "folder": tmp_path / "kept"} | changed))
            assert other.error_kind == "AnswerError"


def test_a_cache_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--model_cache keeps the answers of --model"):
        with_model(Component("planners", "LanguagePlanner", {}), "", tmp_path)
    with pytest.raises(ConfigError, match="wrap this one"):
        LanguagePlanner(ScriptedModel([]), cache=tmp_path)


Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setattr(openai_http, "FIRST_WAIT_S", 0.01)
    started: list[subprocess.Popen[str]] = []

    def start(replies: list[str], dies_after: int = 0, port: int = 0, key: str = "") -> subprocess.Popen[str]:
        command = [
            sys.executable,
            str(Path(__file__).parent / "chat_server.py"),
            str(port),
            json.dumps(replies),
            str(dies_after),
            key,
        ]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=10)


def port_of(process: subprocess.Popen[str]) -> int:
    return int(cast(IO[str], process.stdout).readline())


def keyed(port: int) -> list[str]:
    """What makes the command line send a server on this machine the key in ENACTIVE_TEST_KEY."""
    settings = {"url": f"http://127.0.0.1:{port}/v1", "model": "m", "key_variable": "ENACTIVE_TEST_KEY"}
    model = {"class_path": "enactive.perception.vlm.openai_http.OpenAIModel", "init_args": settings}
    return ["--planner", "LanguagePlanner", "--planner.model", json.dumps(model)]


def told(folder: Path) -> bool:
    """Whether any file in a folder has the key."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return any(SECRET.encode() in path.read_bytes() for path in files)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "episodes.jsonl").read_text().splitlines()]


def test_a_server_that_dies_fails_its_trial_and_the_evaluation_goes_on(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENACTIVE_TEST_KEY", SECRET)
    plan = [said("Find", "mug"), said("Find", "sink"), said("done")]
    dying = serve(plan, dies_after=7, key=SECRET)  # in the middle of the third episode
    port = port_of(dying)
    words = ["--suite", "household/tasks", "--split", "val_seen", "--out", str(tmp_path)]
    words += [*keyed(port), "--episodes"]
    assert evaluate_command([*words, "4"]) == 0
    assert dying.wait(10) == -9
    first = rows(tmp_path)
    assert sorted(row["outcome"] for row in first) == ["error", "error", "stopped", "stopped"]
    broken = [row for row in first if row["outcome"] == "error"]
    assert sorted(row["steps"] for row in broken) == [0, 1]  # one died in its middle, one found nobody
    assert all("failed 4 times: the connection failed" in row["error"] for row in broken)
    assert all((row["failure"], row["success"], row["planner_output_error"]) == ("error", False, 0) for row in broken)
    serve(plan, port=port, key=SECRET).stdout.readline()  # type: ignore[union-attr]  # it is back
    assert evaluate_command([*words, "6"]) == 0
    again = rows(tmp_path)
    assert again[:4] == first
    assert [row["outcome"] for row in again[4:]] == ["stopped", "stopped"]
    assert not told(tmp_path)


def test_a_model_that_is_not_there_is_found_before_anything_moves(serve: Serve, tmp_path: Path) -> None:
    gone = serve([])
    port = port_of(gone)
    gone.kill()
    gone.wait(10)
    task = ["put a clean mug on the coffee table", "--env", "HouseholdTask", "--env.mode", "symbolic", "--out", str(tmp_path)]
    with pytest.raises(ConfigError, match=r"the model does not answer: .*; start its server, or name another with --model"):
        run_command([*task, "--model", f"openai:http://127.0.0.1:{port}/v1#m"])
    assert not list(tmp_path.iterdir())


def test_a_missing_key_and_a_planner_without_a_model_are_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    task = ["put a clean mug on the coffee table", "--env", "HouseholdTask", "--out", str(tmp_path), "--model"]
    with pytest.raises(ConfigError, match="needs a key: put it into the environment variable OPENAI_API_KEY"):
        run_command([*task, "openai:https://models.example/v1#m"])
    with pytest.raises(ConfigError, match="OracleExpert asks no language model"):
        run_command([*task, "embedded", "--planner", "OracleExpert"])
    assert not list(tmp_path.iterdir())


def test_unigoal_takes_the_model_as_its_reasoner(serve: Serve) -> None:
    text = f"openai:http://127.0.0.1:{port_of(serve([]))}/v1#m"
    planner = with_model(Component("planners", "UniGoal"), text).build()
    assert planner.reasoner.model.name == text


@pytest.mark.parametrize("key", [SECRET, ""], ids=["with a key", "without"])
def test_a_run_with_a_model_shows_what_it_saw_thought_and_expected(
    key: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENACTIVE_TEST_KEY", SECRET)
    plan = [said("Find", "mug", "mugs are <usual> in kitchens", "a mug is in view"), said("done")]
    port = port_of(serve(plan, key=key))
    task = ["put a clean mug on the coffee table", "--env", "HouseholdTask", "--env.mode", "symbolic", "--out", str(tmp_path)]
    assert run_command([*task, *(keyed(port) if key else ["--model", f"openai:http://127.0.0.1:{port}/v1#m"])]) == 0
    (report,) = tmp_path.glob("*/report.html")
    page = report.read_text()
    assert (
        "<td>mugs are &lt;usual&gt; in kitchens</td><td>Find mug</td><td>a mug is in view</td><td>done</td><td>a mug is" in page
    )
    assert "<td>1</td><td>In view: nothing. The hand is empty.</td>" in page
    assert "<video" not in page  # nobody saw anything
    assert "Key frames" not in page
    assert not told(tmp_path)


def test_an_evaluation_goes_on_with_another_cache_and_not_with_another_model() -> None:
    def identity(model: str, **kept: str) -> dict[str, Any]:
        reasoner = {"class_path": "enactive.planners.unigoal.llm_reasoner.LLMReasoner", "init_args": {"model": model} | kept}
        other = Component("perceivers", "TaskPerceiver")
        return Method("UniGoal", other, Component("planners", "UniGoal", {"reasoner": reasoner}), other).to_json()

    assert identity("embedded", cache="here") == identity("embedded", cache="there") == identity("embedded")
    assert identity("embedded", cache="here") != identity("hf:other", cache="here")
