"""Collecting by tree search in shards: what one failing task costs, and the same shards from Ray."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fragile import die
from safetensors.torch import save_file

from enactive.agents.commands.train import main as train_command
from enactive.device import LARGE
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.critics.visualprm import rating_net
from enactive.planners.d2po import collect as module
from enactive.planners.d2po.collect import Collection, collect, collected, each_shard, require
from enactive.planners.d2po.fit import Memory, OutOfTimeError
from enactive.planners.d2po.models import small_policy
from enactive.planners.d2po.settings import is_large
from enactive.planners.d2po.train import _Run, train_d2po
from enactive.planners.d2po.tree_search import SearchSettings, search_settings
from enactive.planners.d2po.weights import WEIGHTS, ship

torch.set_num_threads(1)  # as in a worker
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


def test_the_minutes_end_a_search_after_the_shard_under_way_and_the_next_call_goes_on(job, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 1)
    run = _Run(None, job.folder, lambda: True, None, "process", Memory())
    for left in ([1, 2], [2], []):
        with pytest.raises(OutOfTimeError):
            run._until_over(collect(job), "shard", 3)
        assert job.shards() == left


def test_a_shard_whose_card_could_not_be_written_is_not_taken_for_whole(job, monkeypatch):
    replaced = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: replaced(self, "/nowhere/else" if to.suffix == ".json" else to))
    with pytest.raises(OSError, match="nowhere"):
        module.write_shard(job, 0, ([], [], {"tasks": 3}))
    assert job.shards() == [0]
    assert collected(job.folder) == ([], [], [])


def test_a_stage_that_cannot_note_its_end_has_its_checkpoint_still(tmp_path, monkeypatch):
    def full(path, text):
        raise OSError(28, "No space left on device")

    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    run, checkpoint = _Run(None, tmp_path, lambda: False, None, "process", Memory()), tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(b"")
    with monkeypatch.context() as patched:
        patched.setattr("enactive.planners.d2po.train.write_whole", full)
        with pytest.raises(OSError, match="No space"):
            run._keep(small_policy(["goal: mug"], 0, **tiny), [{"loss": 1.0}], tmp_path)
    assert checkpoint.exists()
    assert not (tmp_path / "log.json").exists()
    run._keep(small_policy(["goal: mug"], 0, **tiny), [{"loss": 1.0}], tmp_path)
    assert not checkpoint.exists()
    assert (tmp_path / "log.json").exists()


def test_a_stage_ends_once_its_weights_are_on_the_disk(tmp_path, monkeypatch):
    tiny = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    run, synced = _Run(None, tmp_path, lambda: False, None, "process", Memory()), []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
    run._keep(small_policy(["goal: mug"], 0, **tiny), [{"loss": 1.0}], tmp_path)
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(synced)
    assert synced[-1] == "log.json.fresh"


def test_a_large_policy_wants_a_gpu(tmp_path):
    for folder, weights in (("large", LARGE), ("small", 10)):
        (tmp_path / folder).mkdir()
        save_file({"w": torch.zeros(weights, dtype=torch.int8)}, tmp_path / folder / "model.safetensors")
        assert is_large(tmp_path / folder) == (folder == "large")


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


def test_a_worker_that_dies_twice_of_a_shard_is_told_in_a_sentence(job):
    with pytest.raises(ConfigError, match=r"a worker died of shard \d .*\(exit status 9\): make room in memory or"):
        list(each_shard(die, lambda *made: None, [(job, 0), (job, 1)], 2, "process"))


def test_without_a_policy_nothing_begins(job):
    with pytest.raises(ConfigError, match=r"^there is no policy in nothing: make one"):
        list(collect(replace(job, policy=Path("nothing"))))


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
