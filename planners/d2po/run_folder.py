"""A training run's folder is of one plan: what ends early goes on with the same command, and with no other.

A plan has the SHA-256 of the weights that a run begins from or is judged by (`weights`), since the same folder may hold others.

That a file is there tells that what made it is done, so no file is ever there in part.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from enactive.errors import ConfigError
from enactive.files import write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def same_plan(plan: DataclassInstance, out: Path) -> None:
    """Make the folder and note its plan. Raises ConfigError where it holds a run of another."""
    path, told = out / "plan.json", json.loads(json.dumps(asdict(plan)))
    noted = {"weights": {}, **json.loads(path.read_text())} if path.exists() else told  # earlier runs noted no weights
    if noted != told:
        same = {**noted, "weights": told["weights"]} == told
        other = "with other weights, or of a time when they were not noted" if same else "of other settings"
        other = other if noted.keys() == told.keys() else "by an earlier version, which had other settings"
        raise ConfigError(f"{out} holds a run {other} (plan.json): choose another folder with --out")
    write_whole(path, json.dumps(told, indent=1) + "\n")
