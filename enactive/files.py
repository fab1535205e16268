"""Files that are there as a whole or not at all, whatever ends the process or the machine."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all, in a folder that is made where it is not there.

    It is on the disk before it takes its name: else a machine that goes down may leave the name without the text.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.fresh")
    with fresh.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def sync_files(folder: Path) -> None:
    """Wait until the files of a folder, which others wrote, are on the disk."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
