"""Household tasks in the mode in which the body walks: what is refused before it moves, and planners made of planners."""

from __future__ import annotations

import gymnasium as gym
import pytest
from jsonargparse import ArgumentParser

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.agents.commands._components import add_components, component, with_knowledge, with_model
from enactive.agents.compat import check_compatibility
from enactive.agents.component import Component
from enactive.controllers.interaction import InteractionController
from enactive.envs import TaskGoal
from enactive.envs.embodiment import DISCRETE_ACTIONS
from enactive.envs.household.tasks.env import HouseholdTask
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import CompatibilityError, ConfigError
from enactive.perception.tasks import TaskPerceiver, WalkingTaskPerceiver
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.language import LanguagePlanner
from enactive.planners.oracle_walks import OracleWalks
from enactive.planners.random_commands import RandomCommands


def test_a_planner_that_never_walks_is_refused_before_anything_moves() -> None:
    env = HouseholdTask("physical", width=64, height=48)
    parts = TaskPerceiver(), RandomCommands(), InteractionController()
    with pytest.raises(CompatibilityError, match="RandomCommands never walks, and household goes nowhere by Find"):
        Agent(*parts).run(env, TaskGoal(load_tasks("train")[0].instruction))
    assert not env.turns
    for mode in ("fast", "symbolic"):
        assert not check_compatibility(HouseholdTask(mode, width=64, height=48), *parts).mismatches  # type: ignore[arg-type]
    assert not check_compatibility(env, WalkingTaskPerceiver(), OracleWalks(), InteractionController()).mismatches


def test_a_planner_that_calls_what_it_is_told_by_another_name_is_refused_before_anything_moves() -> None:
    model = ScriptedModel([])
    env = gym.make("enactive/HouseholdTask-v0", mode="symbolic", knowledge="privileged")
    with pytest.raises(CompatibilityError) as refused:
        Agent(TaskPerceiver(), LanguagePlanner(model), InteractionController()).run(env, TaskGoal("put a mug on the sofa"))
    fix = "make both with the same `knowledge`"
    assert str(refused.value) == f"LanguagePlanner is asked with what is visible, but household tells what is privileged: {fix}"
    assert model.heard == []
    walking = HouseholdTask("physical", width=64, height=48)
    for knowledge, found in (("remembered", ["OracleWalks is asked with what is remembered"]), ("visible", [])):
        planner = OracleWalks(LanguagePlanner(model, knowledge))  # type: ignore[arg-type]
        report = check_compatibility(walking, WalkingTaskPerceiver(), planner, InteractionController())
        assert [told.partition(",")[0] for told in report.mismatches] == found


def test_a_body_that_stops_has_said_that_it_is_done() -> None:
    env = HouseholdTask("physical", width=64, height=48)
    env.reset(seed=0, options={"task": load_tasks("val_seen")[0]})
    turn = {"motion": DISCRETE_ACTIONS.index("turn_left"), "verb": 0, "target": "", "pixel_uv": (-1, -1)}
    env.step(turn)
    assert (env.turns, env.oracle.metrics()["error_kind"]) == ([], "inefficient")  # so far it has not
    *_, ended, _, _ = env.step({**turn, "motion": DISCRETE_ACTIONS.index("stop")})
    assert ended
    assert [command for command, _ in env.turns] == [Command("done")]
    assert env.oracle.metrics()["error_kind"] == "other"
    env.close()


def test_parts_of_parts_are_named_as_short_as_parts() -> None:
    parser = ArgumentParser(exit_on_error=False)
    words = ["--planner", "OracleWalks", "--planner.planner", "OracleWalks", "--planner.planner.planner=RandomCommands"]
    words += ["--planner.planner.planner.seed", "7"]
    chosen = parser.parse_args(add_components(parser, words, {"planner": "UniGoal"}))
    built = component("planner", chosen.planner).build()
    assert (type(built.planner.planner).__name__, built.planner.planner.seed) == ("RandomCommands", 7)
    built = Component("planners", "OracleWalks", {"planner": "RandomCommands"}).build()
    assert type(built.planner).__name__ == "RandomCommands"


def test_a_planner_inside_another_is_asked_with_what_is_told() -> None:
    inner = {"class_path": "enactive.planners.d2po.planner.D2PO", "init_args": {"replan": True}}
    told = with_knowledge(Component("planners", "OracleWalks", {"planner": inner}), "remembered").arguments["planner"]
    assert told["init_args"] == {"replan": True, "knowledge": "remembered"}


def test_a_planner_inside_another_gets_the_chat_model() -> None:
    inner = {"class_path": "enactive.planners.language.LanguagePlanner", "init_args": {"max_tokens": 50}}
    told = with_model(Component("planners", "OracleWalks", {"planner": inner}), "embedded").arguments["planner"]
    assert told == {**inner, "init_args": {"max_tokens": 50, "model": "embedded"}}
    expert = {"class_path": "enactive.planners.oracle_expert.OracleExpert"}
    for arguments, name in (({"planner": expert}, "OracleExpert"), ({}, "OracleWalks")):
        with pytest.raises(ConfigError, match=f"{name} asks no language model"):
            with_model(Component("planners", "OracleWalks", arguments), "embedded")
