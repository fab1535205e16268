"""Training by the clock: the rate over the minutes, the average of the weights, and checkpoints that hold all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from enactive.errors import ConfigError
from enactive.files import whole_file


def check_minutes(minutes: float) -> None:
    """Raises ConfigError where there is no time to train: random weights would take the place of trained ones."""
    if not minutes > 0.0:
        raise ConfigError(f"training takes minutes, not {minutes:g}: give --minutes above 0")


@dataclass(frozen=True, slots=True)
class Rate:
    """A learning rate that rises, stays, and falls along half a cosine; warmup, decay: shares of the minutes.

    Between the two it is constant, so that minutes can be added before the fall.
    """

    peak: float
    warmup: float
    decay: float

    def at(self, done: float) -> float:
        """The rate when a share of the minutes is spent."""
        left = min((1.0 - min(done, 1.0)) / self.decay, 1.0)
        return self.peak * min(done / self.warmup + 0.01, 1.0) * 0.5 * (1.0 - math.cos(math.pi * left)) + 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """A network in training, the exponential average of its weights, and its optimisers."""

    net: nn.Module
    average: nn.Module
    optimizers: Sequence[torch.optim.Optimizer]

    @torch.no_grad()
    def follow(self, step: int, keep: float) -> None:
        """Move the average towards the network; early on it follows faster."""
        keep = min(keep, (1 + step) / (10 + step))
        for mean, value in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    def save(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write everything that continuing needs; the file is replaced when the new one is whole."""
        tensors = {f"net.{key}": value for key, value in self.net.state_dict().items()}
        tensors |= {f"average.{key}": value for key, value in self.average.state_dict().items()}
        for number, optimizer in enumerate(self.optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{number}.{index}.{key}": value for key, value in state.items()}
        with whole_file(path) as fresh:
            save_file({key: value.contiguous() for key, value in tensors.items()}, fresh, dict(metadata))

    def load(self, path: Path) -> dict[str, str]:
        """Continue from what `save` wrote; returns its metadata."""
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (a safetensors file is no dict)
            metadata: dict[str, str] = file.metadata()
        for module, prefix in ((self.net, "net."), (self.average, "average.")):
            module.load_state_dict({key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)})
        states: list[dict[int, dict[str, torch.Tensor]]] = [{} for _ in self.optimizers]
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, number, index, name = key.split(".")
                states[int(number)].setdefault(int(index), {})[name] = value
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        return metadata
