"""The suites of tasks: their sizes, their sentences, and that a file is only used with the apartments it was made in."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_tasks_policies import task_of

from enactive.envs.household.facts import KINDS
from enactive.envs.household.tasks import suites
from enactive.envs.household.tasks.make_tasks import apartment_tasks
from enactive.envs.household.tasks.suites import MAX_COMMANDS, SPLITS, load_tasks, save_tasks, tasks_path
from enactive.envs.household.tasks.task import TASK_TYPES, layout_of
from enactive.envs.household.tasks.wording import belongs_to_val, instruct, plural
from enactive.errors import ConfigError

LEAST = {"train": 2000, "val_seen": 549, "val_unseen": 646}


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_has_enough_tasks_of_every_type(split: str) -> None:
    tasks = load_tasks(split)
    counts = Counter(task.type for task in tasks)
    assert len(tasks) >= LEAST[split]
    assert set(counts) == set(TASK_TYPES)
    assert min(counts.values()) > len(tasks) / 20
    assert len({task.id for task in tasks}) == len(tasks)
    assert all(0 < task.plan_length < MAX_COMMANDS for task in tasks)
    assert sum(task.sliced for task in tasks) > 10
    assert sum(bool(task.attribute) for task in tasks) > 10
    assert tasks_path(split).stat().st_size < 1_000_000


def test_layouts_and_sentences_of_val_are_not_those_of_train() -> None:
    seeds = {split: {task.apartment_seed for task in load_tasks(split)} for split in SPLITS}
    said = {split: {task.instruction.lower() for task in load_tasks(split)} for split in SPLITS}
    assert max(seeds["train"] | seeds["val_seen"]) < 100_000
    assert seeds["val_seen"] <= seeds["train"]
    assert min(seeds["val_unseen"]) >= 200_000
    assert not said["train"] & (said["val_seen"] | said["val_unseen"])
    assert not any(belongs_to_val(sentence) for sentence in said["train"])
    assert all(belongs_to_val(sentence) for sentence in said["val_seen"] | said["val_unseen"])


def test_sentences_are_varied_and_say_what_the_task_is_about() -> None:
    tasks = load_tasks("train")
    assert len({task.instruction for task in tasks}) > 0.97 * len(tasks)
    for task in tasks[::7]:
        sentence = f" {task.instruction} "
        for category in filter(None, (task.object, task.receptacle, task.movable)):
            names = (category, *KINDS[category].synonyms)
            assert any(name in sentence or plural(name) in sentence for name in names), sentence
        assert task.attribute in sentence
        assert ("slice" in sentence or "cut" in sentence) or not task.sliced
        assert sentence.isascii()
        assert "{" not in sentence


@pytest.mark.parametrize("kind", TASK_TYPES)
def test_one_task_is_asked_for_in_many_ways(kind: str) -> None:
    task = task_of(kind, "mug", "table lamp" if kind == "examine" else "shelf", movable="tray" if kind == "stack" else "")  # type: ignore[arg-type]
    said = {instruct(task, np.random.default_rng(k)) for k in range(200)}
    assert len(said) > 80
    assert instruct(task, np.random.default_rng(1)) == instruct(task, np.random.default_rng(1))
    share = np.mean([belongs_to_val(sentence) for sentence in said])
    assert 0.1 < share < 0.45


def test_plurals() -> None:
    nouns = {"red mug": "red mugs", "box": "boxes", "knife": "knives", "tomato": "tomatoes", "toy": "toys", "berry": "berries"}
    assert {noun: plural(noun) for noun in nouns} == nouns


def test_an_apartment_gives_the_same_tasks_again() -> None:
    again = {task.id: task for task in apartment_tasks("val_unseen", 200_003, 7)}
    made = [task for task in load_tasks("val_unseen") if task.apartment_seed == 200_003]
    assert made == [again[task.id] for task in made]
    assert len(made) == len(again)


def test_a_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    tasks = list(load_tasks("val_seen")[:5])
    path = save_tasks("val_seen", tasks, tmp_path)
    assert path.read_bytes() == save_tasks("val_seen", tasks, tmp_path).read_bytes()
    rows = json.loads(gzip.decompress(path.read_bytes()))["tasks"]
    assert [row["instruction"] for row in rows] == [task.instruction for task in tasks]


def test_the_wrong_apartment_split_or_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = load_tasks("val_seen")[0]
    assert layout_of(task).digest == task.digest
    with pytest.raises(ConfigError, match="another version of the apartment"):
        layout_of(replace(task, digest="0"))
    with pytest.raises(ConfigError, match="no split"):
        load_tasks("test")
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    with pytest.raises(ConfigError, match="not in the package"):
        load_tasks("train")
    tasks_path("train").write_bytes(gzip.compress(b'{"version": 0}'))
    with pytest.raises(ConfigError, match="version 0"):
        load_tasks("train")
