"""Files that are there as a whole or not at all, whatever ends the process or the machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def write_whole(path: Path, content: str | bytes, shared: bool = False) -> None:
    """Write a file as `whole_file` does; text as UTF-8."""
    with whole_file(path, shared) as fresh:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path, shared: bool = False) -> Iterator[Path]:
    """Where to write what becomes `path`, whole or not at all, in a folder that is made where it is not there.

    It is on the disk before it takes its name: else a machine that goes down may leave the name without the content. shared:
    others may write the same file meanwhile; else what a killed process left is written over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    own = f".{os.getpid()}-{threading.get_ident()}" if shared else ""
    fresh = path.with_name(f"{path.name}{own}.fresh")
    try:
        yield fresh
        _sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)  # there where something failed


@contextmanager
def whole_files(folder: Path) -> Iterator[Path]:
    """Where to write files that take their places in a folder, one after the other, when all of them are on the disk.

    They may lie in folders of their own. Everybody may read them; what else lies in the folder is not touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".fresh-", dir=folder) as name:
        fresh = Path(name)
        yield fresh
        sync_files(fresh)
        for path in _files(fresh):
            path.chmod(0o644)  # some libraries write files that nobody else may read
            target = folder / path.relative_to(fresh)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


def sync_files(folder: Path) -> None:
    """Wait until the files of a folder and of those in it, which others wrote, are on the disk."""
    for path in _files(folder):
        _sync(path)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
