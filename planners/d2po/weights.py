"""The policy that ships: bfloat16 weights, config and tokenizer in one folder, and a card that says where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enactive.errors import ConfigError
from enactive.files import whole_files
from enactive.pretrained import sha256_of

from .models import load_policy, save_policy

if TYPE_CHECKING:
    from .policy import Policy

WEIGHTS = Path(__file__).parents[1] / "weights" / "d2po"
FIX = "restore it with `git checkout planners/weights`, reinstall, or make it with `enactive train d2po`"


def ship(policy: Policy, card: dict[str, Any], folder: Path = WEIGHTS) -> None:
    """Write a policy in half precision (the one given changes), and card.json with its hash before what the card tells."""
    policy.model.bfloat16()
    with whole_files(folder) as fresh:
        save_policy(policy, fresh)
        told = {"sha256": sha256_of(fresh / "model.safetensors"), **card}
        (fresh / "card.json").write_text(json.dumps(told, indent=1) + "\n")


REMAKE = "make it again with `enactive train d2po --ship_to FOLDER`"


def policy_in(folder: Path) -> Policy:
    """The model of a folder that `ship` wrote, or of one that a stage of training wrote, which has no card and no hash.

    Raises ConfigError where there is none, or where it does not have the hash noted.
    """
    if folder == WEIGHTS:
        return shipped_policy()
    return shipped_policy(folder, REMAKE) if (folder / "card.json").exists() else load_policy(folder)


def shipped_policy(folder: Path = WEIGHTS, fix: str = FIX) -> Policy:
    """The model of a folder that `ship` wrote. fix: what to do where it is damaged.

    Raises ConfigError where it is missing or does not have the hash noted.
    """
    if not all((folder / name).exists() for name in ("card.json", "model.safetensors")):
        raise ConfigError(f"the model {folder} is missing: {fix}")
    card = json.loads((folder / "card.json").read_text())
    if sha256_of(folder / "model.safetensors") != card["sha256"]:
        raise ConfigError(f"the model {folder} is corrupt (its SHA-256 is not the one noted): {fix}")
    return load_policy(folder, f"{folder.name}@{card['sha256'][:12]}")
