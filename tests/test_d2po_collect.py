"""Collecting by tree search in shards: what one failing task costs, and the same shards from Ray."""

from __future__ import annotations

import shutil
import sys
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from enactive.agents.commands.train import main as train_command
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.critics.visualprm import rating_net
from enactive.planners.d2po import collect as module
from enactive.planners.d2po.collect import Collection, collect, collected
from enactive.planners.d2po.models import small_policy
from enactive.planners.d2po.train import train_d2po
from enactive.planners.d2po.tree_search import SearchSettings, search_settings
from enactive.planners.d2po.weights import WEIGHTS, ship

TASKS = tuple(task.id for task in load_tasks("train")[:3])
BRIEF = SearchSettings(candidates=2, width=1, depth=3, nodes=3)


@pytest.fixture
def job(tmp_path):
    return Collection(WEIGHTS, TASKS, "visible", BRIEF, "oracle", 0, tmp_path / "here")


def test_a_judge_without_a_number_costs_one_task_and_not_its_shard(job, monkeypatch):
    silent = f"Goal: {load_tasks('train')[1].instruction}"
    model = ScriptedModel(lambda turns: "I cannot say." if silent in turns[1].text else "Judgement: 4")
    monkeypatch.setattr(module, "make_model", lambda line: model)
    assert list(collect(replace(job, judge="scripted"))) == [0]
    copied, preferred, (card,) = collected(job.folder)
    assert (card["tasks"], card["failed"]) == (3, 1)
    assert list(card["failures"]) == ["scripted gave no judgement from 1 to 5 in 3 tries; the last was 'I cannot say.'"]
    assert TASKS[1] not in {example.task for example in (*copied, *preferred)}
    assert card["nodes_expanded"] > 3, "the others were not searched"


def test_a_shard_of_a_judge_that_is_not_there_is_not_written(job, monkeypatch):
    monkeypatch.setattr(module, "make_model", lambda line: ScriptedModel([]))
    with pytest.raises(ModelError, match="failed at 2 of 3 tasks"):
        list(collect(replace(job, judge="scripted")))
    assert job.shards() == [0]


def test_without_ray_one_sentence_says_what_to_install(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"--executor ray needs Ray: pip install \"enactive\[ray\]\""):
        list(collect(job, executor="ray"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_pool_makes_the_same_shards(job, tmp_path):
    list(collect(job))
    there = replace(job, folder=tmp_path / "there")
    assert list(collect(there, executor="ray")) == [0]
    files = sorted(path.name for path in job.folder.iterdir())
    assert sorted(path.name for path in there.folder.iterdir()) == files
    assert all((there.folder / name).read_bytes() == (job.folder / name).read_bytes() for name in files)
    assert json.loads((there.folder / "shard-000.json").read_text())["failed"] == 0
    with pytest.raises(ConfigError, match=r"^there is no policy in .*: make one with `enactive train d2po`$"):
        list(collect(replace(job, policy=tmp_path, folder=tmp_path / "nowhere"), executor="ray"))


def test_a_trained_critic_is_a_judge_by_its_folder(job, tmp_path):
    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ship(rating_net(small_policy(["goal: mug"], 0, **tiny)), {}, tmp_path / "critic")
    assert list(collect(replace(job, judge=f"critic:{tmp_path / 'critic'}"))) == [0]
    _, _, (card,) = collected(job.folder)
    assert card["judge"].startswith("CriticJudge(critic@")
    assert (card["tasks"], card["failed"]) == (3, 0)


@pytest.mark.parametrize(("judge", "told"), [("critic:nowhere", "is no folder of a critic"), ("orcale", "there is no model")])
def test_a_judge_that_is_not_there_is_told_before_anything_is_trained(judge, told, tmp_path):
    with pytest.raises(ConfigError, match=told):
        train_d2po(judge=judge, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_published_searches_go_by_name_and_alone(tmp_path):
    assert search_settings("default", BRIEF) == BRIEF
    assert search_settings("code", SearchSettings()).keep == 4.5
    assert search_settings("paper", SearchSettings()).width == 8
    with pytest.raises(ConfigError, match="--preset paper sets all of --search: leave out the preset or the settings"):
        train_command(["d2po", "--preset", "paper", "--search.nodes", "7", "--out", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()
