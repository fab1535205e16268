"""Where an optimisation stands, as one safetensors file: weights that are trained, optimiser, and what was measured so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from enactive.files import whole_file

if TYPE_CHECKING:
    import torch

    from .policy import Policy


def save_checkpoint(path: Path, policy: Policy, optimizer: torch.optim.Optimizer, log: list[dict[str, float]]) -> None:
    """Write everything that continuing needs; the file is replaced as a whole."""
    from safetensors.torch import save_file

    tensors = {f"net.{name}": p.detach().clone() for name, p in policy.model.named_parameters() if p.requires_grad}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    with whole_file(path) as fresh:
        save_file({key: value.contiguous() for key, value in tensors.items()}, fresh, {"log": json.dumps(log)})


def load_checkpoint(path: Path, policy: Policy, optimizer: torch.optim.Optimizer) -> list[dict[str, float]]:
    """Continue from what `save_checkpoint` wrote: what each update so far measured."""
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (a safetensors file is no dict)
        log: list[dict[str, float]] = json.loads(file.metadata()["log"])
    named = dict(policy.model.named_parameters())
    states: dict[int, dict[str, torch.Tensor]] = {}
    with torch.no_grad():
        for key, value in tensors.items():
            kind, _, rest = key.partition(".")
            if kind == "net":
                named[rest].copy_(value)
            else:
                index, _, name = rest.partition(".")
                states.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": states})
    return log
