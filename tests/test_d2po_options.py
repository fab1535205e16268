"""What is asked of a training: a base that is there, numbers of which something comes; and the card has it as a command."""

from __future__ import annotations

import inspect
import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from jsonargparse import ArgumentParser
from test_device import kept
from test_vlm_hf import text_model

from enactive.agents.commands.train import main as train_command
from enactive.errors import ConfigError
from enactive.files import write_whole
from enactive.planners.critics.train import train_critic
from enactive.planners.critics.trajectories import Solutions
from enactive.planners.d2po.command_line import command_line
from enactive.planners.d2po.fit import Objective, Recipe
from enactive.planners.d2po.limits import of_recipe, refuse
from enactive.planners.d2po.models import base_policy, save_policy
from enactive.planners.d2po.settings import Change
from enactive.planners.d2po.train import _Run, train_d2po
from enactive.planners.d2po.tree_search import SearchSettings
from enactive.planners.d2po.weights import WEIGHTS, shipped_policy

torch.set_num_threads(1)


def test_a_small_policy_that_was_trained_here_is_a_base_by_its_folder() -> None:
    policy, shipped = base_policy(str(WEIGHTS), (), 0), shipped_policy()
    assert policy.name == str(WEIGHTS)
    assert policy.score("goal: find the mug. next:", ["find mug"]) == shipped.score("goal: find the mug. next:", ["find mug"])


def test_a_base_that_is_not_there_is_found_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("enactive.device.LARGE", 0)  # what lies in a folder was trained by others
    chat = text_model()
    chat.tokenizer.chat_template = None
    bare = kept(chat, tmp_path / "bare")
    (tmp_path / "empty").mkdir()
    for base, said in (
        (str(tmp_path / "nowhere"), "cannot be loaded .*; --base takes small, smollm2, or a model's folder or name on the hub"),
        (str(tmp_path / "empty"), "cannot be loaded"),
        (str(bare), "has no chat template: use an instruction-tuned model"),
    ):
        with pytest.raises(ConfigError, match=said):
            train_d2po(base, out=tmp_path / "run", apartments=1, practice=1)
        assert not (tmp_path / "run").exists()  # the same command with another base finds no plan of this one


RECIPE = {
    "epochs": ("0", "above 0, and finite, not 0"),
    "batch": ("0", "at least 1, not 0"),
    "rate": ("-1", "above 0, and finite, not -1"),
    "warmup": ("1.5", "from 0 to 1, not 1.5"),
    "weight_decay": ("-0.1", "at least 0, and finite, not -0.1"),
    "clip": ("0", "above 0, not 0"),
}
NOTHING = {
    "d2po": {
        **{f"{name}.{field}": told for name in ("ground", "sft", "prefer") for field, told in RECIPE.items()},
        **dict.fromkeys(("seeds", "workers", "walks", "practice", "corrected"), ("0", "at least 1, not 0")),
        **dict.fromkeys(("search.candidates", "search.width", "search.depth", "search.nodes"), ("0", "at least 1, not 0")),
        **dict.fromkeys(("apartments", "search_tasks", "eval_tasks"), ("-1", "at least 0, which is all, not -1")),
        **dict.fromkeys(("rounds", "search.lead"), ("-1", "at least 0, not -1")),
        "search.temperature": (".nan", "at least 0, and finite, not nan"),
        "minutes": (".nan", "at least 0, not nan"),
        "states": ("2", "from 0 to 1, not 2"),
        "prefer.epochs": (".inf", "above 0, and finite, not inf"),
        "objective.beta": ("0", "above 0, and finite, not 0"),
        **dict.fromkeys(
            [f"objective.{w}" for w in ("state_weight", "anchor", "replay")], ("-1", "at least 0, and finite, not -1")
        ),
    },
    "critic": {
        **{f"recipe.{field}": told for field, told in RECIPE.items()},
        "minutes": ("-1", "at least 0, not -1"),
        "tasks": ("-5", "at least 1, not -5"),
        "workers": ("0", "at least 1, not 0"),
        "solutions.temperature": ("-1", "at least 0, and finite, not -1"),
        "solutions.drawn": ("0", "at least 1, not 0"),
        "solutions.searched": ("-1", "at least 0, not -1"),
    },
}


@pytest.mark.parametrize("model", NOTHING)
def test_what_nothing_comes_of_is_refused_by_its_options_before_anything_is_made(model: str, tmp_path: Path) -> None:
    told, out = NOTHING[model], ["--out", str(tmp_path / "run"), "--minutes", "0"]
    with pytest.raises(ConfigError) as refused:
        train_command([model, *out, *(word for name, (value, _) in told.items() for word in (f"--{name}", value))])
    assert {*str(refused.value).split("; ")} == {f"--{name} must be {limit}" for name, (_, limit) in told.items()}
    for name, (value, limit) in told.items():
        if "rate" in name or "batch" in name:
            with pytest.raises(ConfigError, match=f"^--{name} must be {limit}$"):
                train_command([model, f"--{name}", value, *out])
    assert not (tmp_path / "run").exists()


def test_the_least_and_the_most_that_makes_sense_is_not_refused() -> None:
    refuse(of_recipe("sft", Recipe(epochs=1e-3, batch=1, rate=1e-9, warmup=0.0, weight_decay=0.0, clip=math.inf)))
    refuse(of_recipe("sft", Recipe(epochs=1.0, batch=1, rate=1e-9, warmup=1.0)))


def test_a_run_in_which_nothing_could_be_demonstrated_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enactive.planners.d2po.practice.demonstrate", lambda *asked, **more: None)  # as where it finds no plan
    with pytest.raises(ConfigError, match="no demonstration to learn from: have more tasks demonstrated, with --practice"):
        train_d2po(str(WEIGHTS), out=tmp_path, apartments=1, practice=1)


ASKED = {
    train_d2po: {
        "base": "a folder/of mine",
        "minutes": 600.0,
        "lora": False,
        "judge": "openai:http://localhost:8000/v1#name",
        "ground": Change(batch=3),
        "prefer": Change(epochs=2.0, rate=5e-7, clip=math.inf),
        "objective": Objective(anchor=0.0, world="goal_state"),
        "search": SearchSettings(threshold=-1.0, keep=4.5),
        "workers": 2,
        "gradient_checkpointing": True,
        "ship_to": Path("to here"),
    },
    train_critic: {"policy": Path("x y"), "tasks": 7, "solutions": Solutions(drawn=3), "recipe": Change(rate=1e-6)},
}


@pytest.mark.parametrize("train", ASKED)
def test_the_command_on_a_card_asks_for_what_was_asked(train: Callable[..., str]) -> None:
    usual = {name: one.default for name, one in inspect.signature(train).parameters.items()}
    parser = ArgumentParser()
    parser.add_function_arguments(train)
    for given in (usual, usual | ASKED[train]):
        line = command_line("enactive train it", train, {**given, "a local variable": 1})
        assert parser.instantiate(parser.parse_args(shlex.split(line)[3:])).as_dict() == given
    assert command_line("enactive train it", train, usual) == "enactive train it"


def test_what_ships_has_the_command_that_was_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a run whose stages are there: the policy, and one shard of a search."""
    monkeypatch.setattr(_Run, "seed", lambda run, seed: None)
    monkeypatch.setattr("enactive.planners.d2po.train.write_report", lambda out, seeds: "told")
    out, shipped = tmp_path / "run", tmp_path / "shipped"
    save_policy(shipped_policy(), out / "seed-0" / "d2po")
    write_whole(out / "seed-0" / "search" / "shard-000.json", json.dumps({"tasks": 50}))
    for name in ("demonstrations", "preferences"):
        write_whole(out / "seed-0" / "search" / f"shard-000.{name}.jsonl", "")
    train_d2po(out=out, seeds=1, practice=40, sft=Change(epochs=5.0), ship_to=shipped)
    card = json.loads((shipped / "card.json").read_text())
    assert card["command"] == f"enactive train d2po --out {out} --seeds 1 --practice 40 --sft.epochs 5.0 --ship_to {shipped}"
    assert (card["plan"]["practice"], card["plan"]["sft"]["epochs"]) == (40, 5.0)
