"""Household tasks in the agent loop: what the agent is told, what the expert and chance do, and how it is scored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.agents.commands.eval import main as evaluate_command
from enactive.agents.commands.run import main as run_command
from enactive.controllers.interaction import InteractionController
from enactive.envs import VERBS, TaskGoal
from enactive.envs.household.motion import FORWARD_M
from enactive.envs.household.tasks.env import HouseholdTask
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import ConfigError, ModelError, PlannerError, TrialError
from enactive.perception.base import Belief
from enactive.perception.tasks import TaskPerceiver, WalkingTaskPerceiver
from enactive.planners.base import Intent, Interact, Stop
from enactive.planners.oracle_expert import OracleExpert
from enactive.planners.oracle_walks import OracleWalks
from enactive.planners.random_commands import RandomCommands

TASKS = load_tasks("val_seen")[:4]


def run(planner: Any, k: int, **made: Any) -> Any:
    env = gym.make("enactive/HouseholdTask-v0", split="val_seen", width=64, height=48, **made)
    agent = Agent(TaskPerceiver(), planner, InteractionController(), max_steps=25)
    episode = agent.run(env, TaskGoal(TASKS[k].instruction), options={"task": TASKS[k]}, seed=0)
    env.close()
    return episode


@pytest.mark.parametrize("k", range(len(TASKS)))
def test_the_expert_does_a_task_in_both_modes_and_is_scored_the_same(k: int) -> None:
    fast, symbolic = run(OracleExpert(), k, mode="fast"), run(OracleExpert(), k, mode="symbolic")
    assert fast.metrics == symbolic.metrics
    assert symbolic.metrics["success"]
    assert symbolic.metrics["path_length_weighted_success"] == 1.0
    assert symbolic.metrics["task_type"] == TASKS[k].type
    assert [step.feedback["message"] for step in fast.steps] == [step.feedback["message"] for step in symbolic.steps]
    assert len(symbolic.steps) == TASKS[k].plan_length + 1  # with `done`


class Watched(HouseholdTask):
    """Keeps the pose of the body after every action."""

    def reset(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        out = super().reset(**kwargs)
        self.poses = [self.state.base.copy()]
        return out

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        out = super().step(action)
        self.poses.append(self.state.base.copy())
        return out


@pytest.mark.parametrize("k", [9, 10])
def test_a_body_that_walks_does_what_the_symbolic_mode_does(k: int) -> None:
    task, env = load_tasks("train")[k], Watched("physical")
    agent = Agent(WalkingTaskPerceiver(), OracleWalks(), InteractionController(), max_steps=300)
    episode = agent.run(env, TaskGoal(task.instruction), options={"task": task}, seed=0)
    symbolic = HouseholdTask("symbolic")
    symbolic.reset(seed=0, options={"task": task})
    plan = symbolic.oracle.expert_plan()
    assert [said for said, _ in env.turns] == [*(plan or ()), Command("done")]
    assert all(feedback.ok for _, feedback in env.turns)
    assert episode.outcome == "stopped"
    assert episode.metrics["success"]
    assert episode.metrics["path_length_weighted_success"] == 1.0
    moved = np.abs(np.diff(np.array(env.poses), axis=0))
    assert np.hypot(*moved[:, :2].T).max() <= FORWARD_M + 1e-6  # it walks: no command carries it further than a move
    assert len(episode.steps) > 3 * len(env.turns)
    env.close()


def test_a_body_is_told_what_its_picture_shows_and_has_shown() -> None:
    task, env = load_tasks("train")[9], HouseholdTask("physical", knowledge="remembered")
    obs, _ = env.reset(seed=0, options={"task": task})
    shown: set[str] = set()
    for motion in (2, 2, 2, 2, 0):  # turns to the left, and a verb on what is not in view
        ids, pixels = np.unique(env.oracle.segmentation(), return_counts=True)
        now = {env.layout.categories[i] for i, count in zip(ids, pixels, strict=True) if i >= 0 and count >= 15}
        shown |= now
        assert set(obs["known_objects"].splitlines()) == shown
        assert (obs["refused"], obs["holding"]) == (0, "")
        verb = 0 if motion else 2  # PickUp
        obs, *_, info = env.step({"motion": motion, "verb": verb, "target": "unicorn" if verb else "", "pixel_uv": (-1, -1)})
    assert shown > now
    assert (obs["refused"], info["feedback"]["error"]) == (1, "unknown_object")
    assert obs in env.observation_space
    env.close()


def test_chance_is_scored_and_comes_again() -> None:
    first, again = run(RandomCommands(3), 0, mode="symbolic"), run(RandomCommands(3), 0, mode="symbolic")
    assert first.metrics == again.metrics
    assert not first.metrics["success"]
    assert first.metrics["num_invalid_actions"] == sum(not step.feedback["ok"] for step in first.steps)
    assert first.metrics["error_kind"] in ("dependency", "affordance", "inefficient", "other")


class Mumbles:
    """Says one command, and then something that is none."""

    goals = (TaskGoal,)
    needs = frozenset({"known_objects"})
    emits = (Interact,)
    trace: Mapping[str, Any] = {}

    def reset(self, goal: Any, embodiment: Any) -> None: ...

    def plan(self, belief: Belief) -> Intent:
        if belief.step > 1:
            raise PlannerError("the answer is no command")
        return Interact("Find", "mug")


def test_an_answer_that_is_no_command_ends_the_episode_and_is_counted() -> None:
    episode = run(Mumbles(), 0, mode="symbolic")
    assert (episode.outcome, episode.error_kind) == ("error", "PlannerError")
    assert episode.metrics["planner_output_error"] == 1
    assert not episode.metrics["success"]


class OracleBreaks(OracleExpert):
    """Says the expert's plan and, when it is carried out, raises an error in place of `done`."""

    def __init__(self, error: TrialError) -> None:
        super().__init__()
        self.error = error

    def plan(self, belief: Belief) -> Intent:
        intent = super().plan(belief)
        if isinstance(intent, Stop):
            raise self.error
        return intent


@pytest.mark.parametrize("error", [PlannerError("the answer is no command"), ModelError("the server is gone")])
def test_a_trial_that_reached_its_goal_and_then_broke_is_no_success(error: TrialError) -> None:
    episode = run(OracleBreaks(error), 0, mode="symbolic")
    assert (episode.outcome, episode.error_kind) == ("error", type(error).__name__)
    assert len(episode.steps) == TASKS[0].plan_length
    assert episode.metrics["task_progress"] == 1.0
    assert episode.metrics["success"] is False
    assert episode.metrics["path_length_weighted_success"] == 0.0
    assert episode.metrics["planner_output_error"] == isinstance(error, PlannerError)
    assert episode.metrics["error_kind"] == "other"


def told(knowledge: str) -> list[set[str]]:
    env = gym.make("enactive/HouseholdTask-v0", mode="symbolic", split="val_seen", knowledge=knowledge)
    out = [env.reset(seed=0, options={"task": TASKS[0]})[0]]
    plan = env.unwrapped.oracle.expert_plan()
    for name in dict.fromkeys(command.target for command in plan if command.verb == "Find"):
        action = {"motion": 0, "verb": 1, "target": name, "pixel_uv": (-1, -1)}
        out.append(env.step(action)[0])
    return [set(obs["known_objects"].splitlines()) for obs in out]


def test_what_is_told_grows_with_the_choice_of_knowledge() -> None:
    visible, remembered, privileged = told("visible"), told("remembered"), told("privileged")
    assert visible[0] == remembered[0] == set()
    assert visible[1] == remembered[1] != set()
    assert all(a <= b <= c for a, b, c in zip(visible, remembered, privileged, strict=True))
    assert remembered[-1] >= set().union(*visible)
    assert len({frozenset(names) for names in privileged}) == 1
    with pytest.raises(ConfigError, match="not 'all'"):
        gym.make("enactive/HouseholdTask-v0", knowledge="all")


@pytest.mark.parametrize("mode", ["symbolic", "physical"])
def test_what_goes_on_from_a_saved_point_knows_nothing_of_what_was_tried_from_it(mode: Any) -> None:
    """An episode that goes back after a branch ends as one that never took it: in what is told, and in its figures."""
    ends = []
    for branch in ([], [(0, "Find", "bed"), (0, "PickUp", "unicorn"), (2, "", ""), (2, "", ""), (2, "", ""), (0, "", "")]):
        env = HouseholdTask(mode, width=64, height=48, knowledge="remembered")
        env.reset(seed=0, options={"task": TASKS[0]})
        say = partial(said, env)
        say(0, "Find", TASKS[0].receptacle)
        point = env.save_task()
        for motion, verb, target in branch:
            if mode == "physical" or not motion:
                say(motion, verb, target)
        if branch:
            assert env.task_state.done
            env.restore_task(point)
        told = say(0, "PickUp", TASKS[0].object)
        ends.append((told["known_objects"], told["text"], env.turns, env.oracle.metrics(), env.task_state.digest()))
        env.close()
    assert ends[0] == ends[1]


def said(env: HouseholdTask, motion: int, verb: str, target: str) -> dict[str, Any]:
    """What is observed after a command, or after a motion where there is no verb."""
    return env.step({"motion": motion, "verb": 1 + VERBS.index(verb) if verb else 0, "target": target, "pixel_uv": (-1, -1)})[0]


def test_it_is_told_whether_a_command_was_refused() -> None:
    env = gym.make("enactive/HouseholdTask-v0", mode="symbolic", split="val_seen")
    obs, _ = env.reset(seed=0, options={"task": TASKS[0]})
    assert obs["refused"] == 0
    for verb, name, refused in ((2, "unicorn", 1), (1, TASKS[0].receptacle, 0)):  # PickUp, Find
        obs, *_, info = env.step({"motion": 0, "verb": verb, "target": name, "pixel_uv": (-1, -1)})
        assert (obs["refused"], info["feedback"]["ok"]) == (refused, not refused)


def test_the_command_line_evaluates_tasks_and_resumes(tmp_path: Path) -> None:
    words = ["--suite", "household/tasks", "--split", "val_seen", "--episodes", "3", "--planner", "OracleExpert"]
    words += ["--compare", "[RandomCommands]", "--knowledge", "remembered", "--out", str(tmp_path)]
    assert evaluate_command(words) == 0
    table = (tmp_path / "table.md").read_text()
    assert "symbolic, the agent is told what is remembered" in table
    assert "| OracleExpert | 3 | 1.000" in table
    rows = (tmp_path / "episodes.jsonl").read_text()
    assert evaluate_command(words) == 0
    assert (tmp_path / "episodes.jsonl").read_text() == rows
    with pytest.raises(ConfigError):  # another choice of knowledge is another evaluation
        evaluate_command([word.replace("remembered", "privileged") for word in words])
    expert = [row for row in map(json.loads, rows.splitlines()) if row.get("method") == "OracleExpert"]
    assert [row["path_length_weighted_success"] for row in expert] == [1.0] * 3


def test_a_run_shows_each_command_and_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["put a clean mug on the coffee table", "--planner", "OracleExpert"]  # the sentence says which environment
    assert run_command([*words, "--env.mode", "symbolic", "--out", str(tmp_path)]) == 0
    assert "path_length_weighted_success 1" in capsys.readouterr().out
    (report,) = tmp_path.glob("*/report.html")
    page = report.read_text()
    assert "Commands and what came of them" in page
    assert re.search(r"<td>PickUp mug</td><td>done</td><td>the mug is in the hand</td>", page)
