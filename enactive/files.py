"""Files that are there as a whole or not at all, whatever ends the process or the machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def sync_files(folder: Path) -> None:
    """Wait until the files of a folder, which others wrote, are on the disk."""
    for path in folder.iterdir():
        if path.is_file():
            _sync(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
