"""Evaluating a policy in shards: the same outcomes however they are made, found again, and by the clock."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from enactive.envs.household.tasks.suites import load_tasks
from enactive.planners.d2po import evaluate as module
from enactive.planners.d2po.collect import each_shard
from enactive.planners.d2po.evaluate import Evaluation, evaluate, evaluate_shard, read_outcomes, write_outcomes, write_part
from enactive.planners.d2po.fit import Memory, OutOfTimeError
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.train import METHODS, _Run
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
    known = [replace(outcome, output_error="known") for outcome in evaluate(load_policy(WEIGHTS), TASKS[:2])]
    write_outcomes(job.part(0), known)
    assert list(each_shard(evaluate_shard, write_part, [(job, shard) for shard in job.shards()], 1, "process")) == [1, 2]
    job.join()
    assert [outcome.output_error for outcome in read_outcomes(job.path)] == ["known", "known", "", "", ""]


def test_a_process_of_the_pool_makes_the_same_outcomes(job):
    job = replace(job, tasks=job.tasks[:2])
    assert list(each_shard(evaluate_shard, write_part, [(job, 0)], 2, "process")) == [0]
    assert read_outcomes(job.part(0)) == evaluate(load_policy(WEIGHTS), TASKS[:2])


def test_the_clock_is_asked_between_shards_and_the_next_call_goes_on(job, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 1)
    for name in METHODS:
        shutil.copytree(job.policy, tmp_path / name)
    asked = []

    def over():
        asked.append(0)
        return len(asked) in (1, 4)

    run = _Run(SimpleNamespace(eval_tasks=1, knowledge="visible"), tmp_path, over, 1, "process", Memory())
    for made in (0, 2):  # at the first question, and after the second shard
        with pytest.raises(OutOfTimeError):
            run._measure(tmp_path)
        assert len([*tmp_path.glob("*/*.shard-*.jsonl")]) == made
    run._measure(tmp_path)
    names = {f"{name}/{split}.jsonl" for name in METHODS for split in ("val_seen", "val_unseen")}
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*.jsonl")} == names
