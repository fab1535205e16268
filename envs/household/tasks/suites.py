"""Suites of household tasks: versioned files in the package, checked against the apartments that they were made in.

`train` and `val_seen` share apartments (seeds below 100 000) and no sentence; the apartments of `val_unseen` (from 200 000 on)
occur nowhere else, as in ALFRED and VoTa-Bench.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from enactive.errors import ConfigError

from .task import TASK_TYPES, Task

SPLITS = ("train", "val_seen", "val_unseen")
FIRST_SEED = {"train": 0, "val_seen": 0, "val_unseen": 200_000}
MAX_COMMANDS = 25  # of an episode, as in LoTa-Bench and VoTa-Bench
FOLDER = Path(__file__).parent / "suites"
VERSION = 1
_FIELDS = ("start", "type", "object", "receptacle", "instruction", "plan_length", "attribute", "movable", "sliced")


def load_tasks(split: str) -> tuple[Task, ...]:
    """The tasks of a split; the first of each apartment come first. `task.layout_of` checks the apartment of one.

    Raises ConfigError for an unknown split, or a file of another version.
    """
    if split not in SPLITS:
        raise ConfigError(f"there is no split {split!r} of household tasks; known: {', '.join(SPLITS)}")
    path = tasks_path(split)
    if not path.exists():
        raise ConfigError(f"{path.name} is not in the package: make it with `{COMMAND}`")
    data = json.loads(gzip.decompress(path.read_bytes()))
    if data["version"] != VERSION:
        raise ConfigError(f"{path.name} has version {data['version']}, not {VERSION}: make it again with `{COMMAND}`")
    rows = sorted(data["tasks"], key=lambda row: int(row["id"].rpartition("-")[2]))
    return tuple(_task(row, data["digests"]) for row in rows)


COMMAND = "python -m enactive.envs.household.tasks.make_tasks"


def tasks_path(split: str) -> Path:
    """Where the file of a split lies."""
    return FOLDER / f"tasks-{split}.json.gz"


def save_tasks(split: str, tasks: list[Task], folder: Path = FOLDER) -> Path:
    """Write a split, the same bytes for the same tasks."""
    rows = [
        {"id": task.id, "seed": task.apartment_seed} | {n: v for n, v in asdict(task).items() if n in _FIELDS} for task in tasks
    ]
    digests = {str(task.apartment_seed): task.digest for task in tasks}
    text = json.dumps({"version": VERSION, "digests": digests, "tasks": rows}, separators=(",", ":"))
    folder.mkdir(exist_ok=True)
    path = folder / tasks_path(split).name
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def _task(row: Mapping[str, Any], digests: Mapping[str, str]) -> Task:
    if row["type"] not in TASK_TYPES:
        raise ConfigError(f"the task {row['id']} has the type {row['type']!r}; known: {', '.join(TASK_TYPES)}")
    known = {name: row[name] for name in _FIELDS}
    known["start"] = tuple(row["start"])
    return Task(id=row["id"], apartment_seed=row["seed"], rooms=None, digest=digests[str(row["seed"])], **known)
