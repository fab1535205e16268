"""Weights that ship: a safetensors file, and beside it a card with its hash, where it comes from and how good it is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from enactive.errors import ConfigError
from enactive.files import whole_file, write_whole
from enactive.pretrained import sha256_of

Net = TypeVar("Net", bound=nn.Module)
MADE = ("command", "sha256", "date")  # what a history tells of weights


def save_weights(net: nn.Module, path: Path, card: Mapping[str, Any]) -> None:
    """Write the weights in half precision, and `<name>.json` with their hash, the date and the card."""
    tensors = {
        key: value.half().contiguous() if value.is_floating_point() else value for key, value in net.state_dict().items()
    }
    with whole_file(path) as fresh:
        save_file(tensors, fresh)
        fresh.chmod(0o644)  # as any file of a package
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    write_whole(path.with_suffix(".json"), json.dumps({"sha256": sha256_of(path), "date": date, **card}, indent=1) + "\n")


def history_of(path: Path) -> list[dict[str, Any]]:
    """Command, SHA-256 and date of the weights of a file and of all that they go back to, oldest first.

    What the card beside the file does not tell, as those of earlier versions do not tell the date, is left out.
    """
    card = json.loads(path.with_suffix(".json").read_text())
    return [*card.get("history", []), {key: card[key] for key in MADE if key in card}]


@dataclass(frozen=True, slots=True)
class Shipped:
    """Weights in the package. owner: whose they are, in words; path: where they lie; command: what makes them."""

    owner: str
    path: Path
    command: str

    def load(self, net: Net, path: Path | None = None) -> Net:
        """Fill a network for inference in single precision, with these weights or with those of another file.

        Raises ConfigError where the file is missing, does not have the hash beside it, or holds another network.
        """
        path = path or self.path
        room = f"{self.path.parents[1].name}/{self.path.parent.name}"
        fix = f"restore it with `git checkout {room}`, reinstall, or make it with `{self.command}`"
        if not path.exists():
            raise ConfigError(f"the weights of {self.owner} {path} are missing: {fix}")
        try:
            expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
            if sha256_of(path) != expected:
                raise ConfigError(f"the weights of {self.owner} {path} are corrupt (their SHA-256 is not the one noted): {fix}")
            net.load_state_dict({key: v.float() if v.is_floating_point() else v for key, v in load_file(path).items()})
        except (OSError, ValueError, KeyError, SafetensorError, RuntimeError) as problem:
            raise ConfigError(f"the weights of {self.owner} {path} cannot be read ({problem}): {fix}") from problem
        return net.eval()
