"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hashed_text import HashedText
from torch import nn

from enactive.agents.results import Results
from enactive.envs.shadow_hand import dataset
from enactive.envs.shadow_hand.look import Randomisation
from enactive.envs.shadow_hand.views import SPLITS
from enactive.errors import ConfigError
from enactive.files import sync_files, whole_file, whole_files, write_whole
from enactive.perception.convnets.training import Learner
from enactive.perception.segmenter.phrases import RememberedTexts
from enactive.perception.vlm import Message
from enactive.perception.vlm.cache import CachedModel
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.d2po.checkpoints import save_checkpoint


def test_a_file_takes_its_name_once_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "made" / "log.json", list[tuple[str, str]]()

    def fsync(descriptor: int) -> None:
        written = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced.append((written.read_text(), path.read_text() if path.exists() else ""))

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(path, "first")
    write_whole(path, "second")
    assert synced == [("first", ""), ("second", "first")]
    assert path.read_text() == "second"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_the_disk_does_not_take_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    write_whole(tmp_path / "log.json", "first")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "log.json", "second")
    assert (tmp_path / "log.json").read_text() == "first"
    assert list(tmp_path.iterdir()) == [tmp_path / "log.json"]


def test_every_file_of_a_folder_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").write_bytes(b"w")
    (tmp_path / "config").write_bytes(b"c")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "template").write_bytes(b"t")
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
    sync_files(tmp_path)
    assert sorted(synced) == ["config", "template", "weights"]


def test_files_take_their_places_together_and_leave_others_alone(tmp_path: Path) -> None:
    """A folder of templates, which is there the second time, is filled anew; a private file of somebody else stays private."""
    (tmp_path / "key").write_text("mine")
    (tmp_path / "key").chmod(0o600)
    for text in ("first", "second"):
        with whole_files(tmp_path) as fresh:
            (fresh / "templates").mkdir()
            (fresh / "templates" / "chat").write_text(text)
            (fresh / "weights").write_text(text)
            (fresh / "weights").chmod(0o600)
            assert not (tmp_path / "weights").exists() or (tmp_path / "weights").read_text() == "first"
    with contextlib.suppress(KeyboardInterrupt), whole_files(tmp_path) as fresh:
        (fresh / "weights").write_text("third")
        raise KeyboardInterrupt
    assert {path.name for path in tmp_path.iterdir()} == {"key", "templates", "weights"}
    assert (tmp_path / "templates" / "chat").read_text() == (tmp_path / "weights").read_text() == "second"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("key", "weights")] == [0o600, 0o644]


def test_what_a_library_writes_takes_its_name_once_it_is_on_the_disk(tmp_path: Path) -> None:
    """What a killed run left is written over; of those that write one file at the same time each has a file of its own."""
    path = tmp_path / "made" / "weights"
    path.parent.mkdir()
    (path.parent / "weights.fresh").write_bytes(b"a longer half of what was killed")
    with whole_file(path) as fresh:
        fresh.write_bytes(b"first")
        assert not path.exists()
    with whole_file(path, shared=True) as one, ThreadPoolExecutor(1) as pool:
        one.write_bytes(b"second")
        pool.submit(write_whole, path, b"third", shared=True).result()
        assert path.read_bytes() == b"third"
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def learner(folder: Path, value: int) -> None:
    Learner(nn.Linear(1, 1), nn.Linear(1, 1), []).save(folder / "checkpoint.safetensors", {"step": str(value)})


def d2po_checkpoint(folder: Path, value: int) -> None:
    policy: Any = SimpleNamespace(model=nn.Linear(1, 1))
    optimizer = torch.optim.AdamW(policy.model.parameters())
    save_checkpoint(folder / "checkpoint.safetensors", policy, optimizer, [{"loss": float(value)}])


def remembered_texts(folder: Path, value: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("enactive.perception.text.MiniLM", HashedText)
        RememberedTexts(folder).encode([str(value)])


def settings_of_results(folder: Path, value: int) -> None:
    Results(folder, {str(value): value}).close()


def shard_of(folder: Path) -> dataset.Shard:
    return dataset.Shard(folder / "file-000.parquet", "train", start=0, size=1, first=0)


def shard_of_hands(folder: Path, value: int) -> None:
    pytest.importorskip("pyarrow", reason="data sets are written with pyarrow: pip install enactive[data]")
    dataset._write_shard(shard_of(folder), value, Randomisation(), "right", pixels=16)


def meta_of_hands(folder: Path, value: int) -> None:
    pytest.importorskip("pyarrow", reason="data sets are written with pyarrow: pip install enactive[data]")
    request = {"counts": {**dict.fromkeys(SPLITS, 0), "train": 1}, "pixels": value, "side": "right", "shard": 1}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dataset, "_picture_stats", lambda *_: {})
        patched.setattr(dataset, "_angles", lambda *_: np.zeros((1, 24)))
        dataset._write_meta(folder, request, [shard_of(folder)])


def kept_answer(folder: Path, value: int) -> None:
    CachedModel(ScriptedModel(["yes"]), folder).chat([Message("user", str(value))])


WRITERS = [learner, d2po_checkpoint, remembered_texts, settings_of_results, shard_of_hands, meta_of_hands, kept_answer]


@pytest.mark.parametrize("fault", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_fault_before_a_file_has_its_name_leaves_the_old_one_and_no_litter(
    write: Callable[[Path, int], None], fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(5, "Input/output error")

    write(tmp_path, 1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(fault, fail)
        with pytest.raises((OSError, ConfigError), match="Input/output error"):
            write(tmp_path, 2)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    write(tmp_path, 2)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} != before
