"""Collecting by tree search in shards: what one failing task costs, and the same shards from Ray."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from enactive.agents.commands.train import main as train_command
from enactive.device import LARGE
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.critics.visualprm import rating_net
from enactive.planners.d2po import collect as module
from enactive.planners.d2po.collect import (
    Collection,
    _share,
    _side_by_side,
    collect,
    collected,
    each_shard,
    require,
    write_shard,
)
from enactive.planners.d2po.models import small_policy
from enactive.planners.d2po.train import train_d2po
from enactive.planners.d2po.tree_search import SearchSettings, search_settings
from enactive.planners.d2po.weights import WEIGHTS, ship

TASKS = tuple(task.id for task in load_tasks("train")[:3])
BRIEF = SearchSettings(candidates=2, width=1, depth=3, nodes=3, lead=1)


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
    assert list(collect(there, workers=2)) == [0]
    assert contents(there.folder) == contents(job.folder)


@pytest.fixture
def single(job, monkeypatch):
    """A job of eight shards of one task."""
    monkeypatch.setattr(module, "SHARD", 1)
    return replace(job, tasks=tuple(task.id for task in load_tasks("train")[:8]))


class Workers:
    """Keeps what each shard was begun with, to be made by hand."""

    def __init__(self) -> None:
        self.begun: list[Future] = []

    def __call__(self, job, shard):
        self.begun.append(Future())
        return self.begun[-1]

    def make(self, shard):
        self.begun[shard].set_result(([], [], {"tasks": 1}))


def test_as_many_shards_are_under_way_as_there_are_workers_and_who_stops_keeps_those(single):
    workers = Workers()
    making = _side_by_side(workers, write_shard, [(single, shard) for shard in single.shards()], 2)
    shard = None
    for made in range(3):
        threading.Timer(0.05, workers.make, [made]).start()
        shard = next(making)
        assert shard == made
    assert len(workers.begun) == 4  # the next begins when it is asked for
    threading.Timer(0.05, workers.make, [3]).start()
    making.close()  # the minutes are spent
    assert len(workers.begun) == 4
    assert single.shards() == [4, 5, 6, 7]


def test_after_a_shard_that_failed_no_other_begins_and_those_under_way_are_kept(single):
    workers = Workers()
    making = _side_by_side(workers, write_shard, [(single, shard) for shard in single.shards()], 2)
    threading.Timer(0.05, lambda: workers.begun[0].set_exception(ModelError("the judge is gone"))).start()
    threading.Timer(0.1, workers.make, [1]).start()
    assert next(making) == 1
    with pytest.raises(ModelError, match="the judge is gone"):
        next(making)
    assert len(workers.begun) == 2
    assert single.shards() == [0, 2, 3, 4, 5, 6, 7]


def test_a_shard_on_ray_asks_for_a_gpu_where_the_policy_is_large(tmp_path):
    large, small = tmp_path / "large", tmp_path / "small"
    for folder, weights in ((large, LARGE), (small, 10)):
        folder.mkdir()
        save_file({"w": torch.zeros(weights, dtype=torch.int8)}, folder / "model.safetensors")
    cluster = {"CPU": 8.0, "GPU": 2.0, "memory": 1e9}
    assert _share(cluster, [small, large]) == ({"num_gpus": 1}, 2)
    assert _share(cluster, [small]) == ({}, 8)
    assert _share({"CPU": 4.0}, [large]) == ({}, 4)
    assert _share({}, [large]) == ({}, 1)


def test_ray_makes_the_same_shards_where_no_folder_is_shared_and_tells_what_went_wrong(job, tmp_path, monkeypatch):
    import ray

    list(collect(job))
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        monkeypatch.chdir(tmp_path)  # its workers are elsewhere
        shutil.copytree(WEIGHTS, "policy")
        there = replace(job, policy=Path("policy"), folder=Path("there"))
        assert list(collect(there, executor="ray")) == [0]
        assert contents(there.folder) == contents(job.folder)
        Path("policy", "model.safetensors").write_bytes(b"")
        with pytest.raises(ConfigError, match=r"^there is no policy in .*: make one with `enactive train d2po`$"):
            list(collect(replace(there, folder=Path("nowhere")), executor="ray"))
        with pytest.raises(ConfigError, match=r"^there is no policy in nothing: make one"):
            list(collect(replace(there, policy=Path("nothing"), folder=Path("nowhere")), executor="ray"))
    finally:
        ray.shutdown()


def test_a_judge_and_a_ray_that_are_not_there_are_found_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    for asked, said in (
        ({"judge": "openapi:http://localhost:1/v1#m"}, "there is no model"),
        ({"judge": "openai:http://127.0.0.1:1/v1#m"}, "does not answer: .*, or name another with --judge"),
        ({"judge": "critic:nowhere"}, "is no folder of a critic"),
        ({"executor": "ray"}, "needs Ray"),
    ):
        with pytest.raises(ConfigError, match=said):
            train_d2po(out=tmp_path / "run", walks=1, apartments=1, practice=1, **asked)
        assert not (tmp_path / "run").exists()  # the same command with another judge finds no plan of this one


def test_a_critic_is_refused_on_ray_which_does_not_get_it():
    pytest.importorskip("ray")
    with pytest.raises(ConfigError, match="a critic is not sent to Ray"):
        require("critic:runs/critic", "ray")


def die(job, shard):
    os._exit(9)


def test_a_worker_that_dies_is_told_in_a_sentence(job):
    with pytest.raises(ConfigError, match="a worker process died: make room in memory or give fewer --workers"):
        list(each_shard(die, lambda *made: None, [(job, 0), (job, 1)], 2, "process"))


def test_a_trained_critic_is_a_judge_by_its_folder(job, tmp_path):
    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ship(rating_net(small_policy(["goal: mug"], 0, **tiny)), {}, tmp_path / "critic")
    assert list(collect(replace(job, judge=f"critic:{tmp_path / 'critic'}"))) == [0]
    _, _, (card,) = collected(job.folder)
    assert card["judge"].startswith("CriticJudge(critic@")
    assert (card["tasks"], card["failed"]) == (3, 0)


def test_the_published_searches_go_by_name_and_alone(tmp_path):
    assert search_settings("default", BRIEF) == BRIEF
    assert search_settings("code", SearchSettings()).keep == 4.5
    assert search_settings("paper", SearchSettings()).width == 8
    with pytest.raises(ConfigError, match="--preset paper sets all of --search: leave out the preset or the settings"):
        train_command(["d2po", "--preset", "paper", "--search.nodes", "7", "--out", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()
