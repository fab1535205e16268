"""The weights that ship: a safetensors file, and beside it where they come from and how good they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from enactive.errors import ConfigError
from enactive.pretrained import sha256_of

from .network import JointNetwork

WEIGHTS = Path(__file__).parents[1] / "weights" / "poseless.safetensors"


def save_weights(net: JointNetwork, path: Path, card: Mapping[str, Any]) -> None:
    """Write the weights in half precision, and `<name>.json` with their hash and the card."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        key: value.half().contiguous() if value.is_floating_point() else value for key, value in net.state_dict().items()
    }
    save_file(tensors, path)
    path.chmod(0o644)  # as any file of a package
    path.with_suffix(".json").write_text(json.dumps({"sha256": sha256_of(path), **card}, indent=1) + "\n")


def load_weights(path: Path = WEIGHTS) -> JointNetwork:
    """The network with shipped weights, for inference in single precision.

    Raises ConfigError where the file is missing, does not have the hash beside it, or holds another network.
    """
    fix = "restore it with `git checkout controllers/weights`, reinstall, or make it with `enactive train poseless`"
    if not path.exists():
        raise ConfigError(f"the weights of PoseLess {path} are missing: {fix}")
    try:
        expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
        if sha256_of(path) != expected:
            raise ConfigError(f"the weights of PoseLess {path} are corrupt (their SHA-256 is not the one noted): {fix}")
        net = JointNetwork()
        net.load_state_dict({key: v.float() if v.is_floating_point() else v for key, v in load_file(path).items()})
    except (OSError, ValueError, KeyError, SafetensorError, RuntimeError) as problem:
        raise ConfigError(f"the weights of PoseLess {path} cannot be read ({problem}): {fix}") from problem
    return net.eval()
