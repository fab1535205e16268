"""Where models run: an accelerator where there is one, and the number format that goes with it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from enactive.errors import ConfigError

VARIABLE = "ENACTIVE_DEVICE"
LARGE = 50_000_000  # weights; smaller models, such as those that ship, stay on the CPU by choice


def device() -> torch.device:
    """What the environment variable ENACTIVE_DEVICE names ("cpu", "cuda:1", "mps"), else CUDA, else Apple's GPU, else the CPU.

    Raises ConfigError where the variable names what is not here.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return _named(named)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def placed(model: Any, whole: bool = False) -> Any:
    """The model where it runs: a large one on the accelerator, a small one on the CPU unless ENACTIVE_DEVICE says otherwise.

    On CUDA its weights become bfloat16; those of a model that is trained as a whole stay as they are, since updates are smaller
    than what bfloat16 resolves. On a CPU nothing changes. Raises ConfigError where it does not fit.
    """
    if not os.environ.get(VARIABLE) and sum(weight.numel() for weight in model.parameters()) < LARGE:
        return model
    where = device()
    try:
        if where.type == "cuda" and not whole:
            for weight in model.parameters():  # not the buffers: angles of positions need single precision
                weight.data = weight.data.to(where, torch.bfloat16) if weight.is_floating_point() else weight.data.to(where)
        return model if where.type == "cpu" else model.to(where)
    except RuntimeError as problem:  # CUDA has a kind of its own for this, Apple's GPU has not
        if "memory" not in str(problem).lower():
            raise
        raise ConfigError(
            f"the model does not fit into the memory of {where}: take a smaller one, or set {VARIABLE}=cpu"
        ) from problem


def products(device_type: str, bfloat16: bool) -> AbstractContextManager[Any]:
    """A context in which float32 weights are multiplied in bfloat16, where wanted."""
    return torch.autocast(device_type, torch.bfloat16) if bfloat16 else nullcontext()


def _named(named: str) -> torch.device:
    try:
        where = torch.device(named)
    except RuntimeError:
        raise ConfigError(f"{VARIABLE} is {named!r}, which is no device of torch: write cpu, cuda, cuda:1 or mps") from None
    here = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(where.type, 1)
    if (where.index or 0) >= here:
        raise ConfigError(f"{VARIABLE} is {named!r}, and torch finds no such device here: write cpu, or install torch for it")
    return where
