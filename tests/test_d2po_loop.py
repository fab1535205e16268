"""D2PO in the agent loop: the policy is told there what it is told in training, and a wrong answer fails the trial."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.agents.commands.eval import main as evaluate_command
from enactive.controllers.interaction import InteractionController
from enactive.envs import TaskGoal
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.tasks import TaskPerceiver
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.models import small_policy
from enactive.planners.d2po.planner import D2PO
from enactive.planners.d2po.weights import ship, shipped_policy

TASK = next(task for task in load_tasks("val_seen") if task.type == "clean")
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def folder(tmp_path):
    """A policy of random weights, as `enactive train d2po` would ship it."""
    ship(small_policy(["goal: mug"], 0, **TINY), {"command": "none"}, tmp_path)
    return tmp_path


class Prompted:
    """Answers the prompts that the expert's episode has in training, one of them refused first, and no others."""

    def __init__(self, episode: Episode) -> None:
        from enactive.envs.household.tasks.symbolic import Command
        from enactive.planners.d2po.prompt import command_text, parse_command

        moment, self.answer_to = episode.start(), {}
        plan = [parse_command(step.answer) for step in demonstrate(episode, np.random.default_rng(0), slips=0.0)]
        for command in (Command("PickUp", "fridge"), *plan):
            self.answer_to[moment.prompt] = command_text(command)
            moment = episode.step(moment, command)

    def answers(self, prompts, tokens=0):
        return [["a prediction" if prompt.endswith("then:") else self.answer_to.get(prompt, "lost")] for prompt in prompts]


def run(planner):
    env = gym.make("enactive/HouseholdTask-v0", mode="symbolic", split="val_seen")
    agent = Agent(TaskPerceiver(), planner, InteractionController(), max_steps=26)
    episode = agent.run(env, TaskGoal(TASK.instruction), options={"task": TASK}, seed=0)
    env.close()
    return episode


def test_the_loop_tells_the_policy_what_training_did(folder):
    planner = D2PO(folder)
    planner.policy = Prompted(Episode(TASK, "visible"))
    episode = run(planner)
    assert episode.metrics["success"], (episode.error, planner.trace)
    assert episode.metrics["num_invalid_actions"] == 2  # the fridge, and the look for what is shut away
    assert episode.steps[0].trace["predicted"] == "a prediction"


def test_an_answer_that_is_no_command_fails_the_trial(folder):
    planner = D2PO(folder)
    planner.policy.answers = lambda prompts, tokens=0: [["dance with the mug"]]
    episode = run(planner)
    assert episode.outcome == "error"
    assert "no command" in episode.error
    assert "dance" in episode.error


def test_weights_that_changed_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match="corrupt"):
        shipped_policy(folder)
    path.with_name("card.json").unlink()
    with pytest.raises(ConfigError, match="missing"):
        shipped_policy(folder)


def test_the_command_line_evaluates_it_and_resumes(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("eval")
    words = ["--suite", "household/tasks", "--split", "val_seen", "--episodes", "2", "--max_steps", "2", "--out", str(out)]
    words += ["--planner", "D2PO", "--planner.policy", str(folder)]
    assert evaluate_command(words) == 0
    rows = (out / "episodes.jsonl").read_text()
    assert len(rows.splitlines()) == 2
    assert evaluate_command(words) == 0
    assert (out / "episodes.jsonl").read_text() == rows
