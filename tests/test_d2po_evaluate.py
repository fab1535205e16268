"""Evaluating a policy in shards: the same outcomes however they are made, found again, and by the clock."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from enactive.envs import VERBS
from enactive.envs.household.tasks.env import HouseholdTask
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.errors import ConfigError
from enactive.planners.critics.rollouts import root
from enactive.planners.d2po import evaluate as module
from enactive.planners.d2po.collect import each_shard
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.evaluate import Evaluation, evaluate, evaluate_shard, read_outcomes, write_outcomes, write_part
from enactive.planners.d2po.fit import Memory, OutOfTimeError
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.prompt import command_text, parse_command
from enactive.planners.d2po.report import replayed
from enactive.planners.d2po.stages import methods
from enactive.planners.d2po.train import _Run
from enactive.planners.d2po.weights import WEIGHTS

torch.set_num_threads(1)
TASKS = load_tasks("val_unseen")[:5]


@pytest.fixture
def exact(monkeypatch):
    """Single precision, in which the likeliest token does not depend on what else is in a batch."""
    monkeypatch.setattr("enactive.precision.multiplies_bfloat16", lambda device: False)


@pytest.fixture
def job(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "policy")
    return Evaluation(tmp_path / "policy", "val_unseen", tuple(task.id for task in TASKS), "visible")


@pytest.mark.usefixtures("exact")
def test_the_outcomes_are_those_of_all_tasks_at_once(job, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 2)
    expected = evaluate(load_policy(WEIGHTS), TASKS)
    assert len({outcome.turns for outcome in expected}) == 5
    assert job.shards() == [0, 1, 2]
    for shard in (2, 0, 1):
        write_part(job, shard, evaluate_shard(job, shard))
    assert job.shards() == []
    job.join()
    assert read_outcomes(job.path) == expected
    assert [path.name for path in job.policy.glob("*.jsonl")] == ["val_unseen.jsonl"]
    assert job.shards() == []


@pytest.mark.usefixtures("exact")
def test_a_shard_on_disk_is_not_made_again(job, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 2)
    known = [replace(outcome, progress=-1.0) for outcome in evaluate(load_policy(WEIGHTS), TASKS[:2])]
    write_outcomes(job.part(0), known)
    assert list(each_shard(evaluate_shard, write_part, [(job, shard) for shard in job.shards()], 1, "process")) == [1, 2]
    job.join()
    assert [outcome.progress == -1.0 for outcome in read_outcomes(job.path)] == [True, True, False, False, False]


class Script:
    """A policy that says the same, line after line, in every episode; of a line past the last one it is not asked."""

    def __init__(self, *lines):
        self.lines = iter(lines)

    def answers(self, prompts, temperature, seed):
        return [[line] for line in [next(self.lines)] for _ in prompts] if prompts else []


def right_commands(task):
    episode = Episode(task, "visible")
    return [command_text(command) for command in episode.plan(episode.start().state)]


@pytest.mark.parametrize("answer", ["", "  \n", "dance"])
@pytest.mark.parametrize("after_all_is_done", [False, True])
def test_an_answer_that_says_nothing_is_an_error_as_any_other_that_is_no_command(answer, after_all_is_done, tmp_path):
    said = right_commands(TASKS[0]) if after_all_is_done else []
    (outcome,) = evaluate(Script(*said, answer), TASKS[:1])
    assert (outcome.success, outcome.pl, outcome.output_error, len(outcome.turns)) == (False, 0.0, answer, len(said))
    write_outcomes(tmp_path / "outcomes.jsonl", [outcome])
    assert read_outcomes(tmp_path / "outcomes.jsonl") == [outcome]
    told = replayed(TASKS[0], outcome)
    assert (told.success, told.planner_output_error, told.error_kind) == (False, 1, "other")


@pytest.mark.parametrize("late", [0, 1])
def test_an_episode_is_over_after_25_commands_in_every_way_of_running_it(late):
    """The goal is reached with the 25th command, or would be with the 26th. No way of running asks for one more."""
    task, right = TASKS[0], right_commands(TASKS[0])
    said = [*["find xyzzy"] * (MAX_COMMANDS + late - len(right)), *right][:MAX_COMMANDS]
    (outcome,) = evaluate(Script(*said), [task])
    assert (outcome.success, outcome.output_error, len(outcome.turns)) == (not late, None, MAX_COMMANDS)
    assert replayed(task, outcome).success == outcome.success

    node = root(Episode(task, "visible"))
    env = HouseholdTask("symbolic")
    env.reset(options={"task": task})
    for k, text in enumerate(said):
        assert not node.over
        node, command = node.after(text), parse_command(text)
        action = {"motion": 0, "verb": 1 + VERBS.index(command.verb), "target": command.target, "pixel_uv": np.array([-1, -1])}
        assert env.step(action)[3] == (k == MAX_COMMANDS - 1)
    assert (node.over, node.success, env.succeeded) == (True, outcome.success, outcome.success)
    env.close()


@pytest.mark.parametrize(
    "row",
    [
        {"said_done": True, "turns": [["done", ""]], "output_error": ""},
        {"said_done": False, "turns": [["find xyzzy", "unknown_object"]] * 25, "output_error": ""},
        {"said_done": True, "turns": [["find xyzzy", "unknown_object"]] * 25 + [["done", ""]], "output_error": None},
    ],
)
def test_outcomes_of_the_earlier_rule_are_not_read_as_those_of_this_one(row, tmp_path):
    told = {"task": TASKS[0].id, "type": TASKS[0].type, "success": False, "pl": 0.0, "progress": 0.0, **row}
    (tmp_path / "outcomes.jsonl").write_text(json.dumps(told) + "\n")
    with pytest.raises(ConfigError, match="outcomes of an earlier rule: delete it"):
        read_outcomes(tmp_path / "outcomes.jsonl")


def test_a_process_of_the_pool_makes_the_same_outcomes(job):
    job = replace(job, tasks=job.tasks[:2])
    assert list(each_shard(evaluate_shard, write_part, [(job, 0)], 2, "process")) == [0]
    assert read_outcomes(job.part(0)) == evaluate(load_policy(WEIGHTS), TASKS[:2])


def test_the_clock_is_asked_between_shards_and_the_next_call_goes_on(job, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 1)
    for name in methods(1):
        shutil.copytree(job.policy, tmp_path / name)
    asked = []

    def over():
        asked.append(0)
        return len(asked) in (1, 4)

    run = _Run(SimpleNamespace(eval_tasks=1, rounds=1, knowledge="visible"), tmp_path, over, 1, "process", Memory())
    for made in (0, 2):  # at the first question, and after the second shard
        with pytest.raises(OutOfTimeError):
            run._measure(tmp_path)
        assert len([*tmp_path.glob("*/*.shard-*.jsonl")]) == made
    run._measure(tmp_path)
    names = {f"{name}/{split}.jsonl" for name in methods(1) for split in ("val_seen", "val_unseen")}
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*.jsonl")} == names
