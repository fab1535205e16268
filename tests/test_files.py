"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from enactive.files import sync_files, write_whole


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


def test_every_file_of_a_folder_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").write_bytes(b"w")
    (tmp_path / "config").write_bytes(b"c")
    (tmp_path / "folder").mkdir()
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
    sync_files(tmp_path)
    assert sorted(synced) == ["config", "weights"]
