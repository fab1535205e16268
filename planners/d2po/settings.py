"""How a policy is trained, by what it begins from: small random weights bear rates that would ruin a published model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from enactive.errors import ConfigError

from .fit import Recipe

GROUND = Recipe(epochs=2.0, batch=64, rate=3e-3)


@dataclass(frozen=True, slots=True)
class Training:
    """lora: adapters alone are trained. sft, prefer: how demonstrations and how preferences are learnt."""

    lora: bool
    sft: Recipe
    prefer: Recipe


SMALL = Training(False, Recipe(epochs=3.0, batch=64, rate=1.5e-3), Recipe(epochs=1.0, batch=16, rate=6e-4))
PAPER = Training(False, Recipe(epochs=3.0, batch=32, rate=3e-5), Recipe(epochs=1.0, batch=32, rate=5e-7))  # published
ADAPTERS = Training(True, replace(PAPER.sft, rate=1e-4), replace(PAPER.prefer, rate=5e-6))  # bear higher rates


@dataclass(frozen=True)
class Change:
    """What is to be other than in the `Recipe` that is usual; what is not given stays.

    epochs: how often each example is learnt from. batch: demonstrations, or preferences of each kind, per update. rate: the
    highest learning rate. warmup: share of the updates in which the rate rises. weight_decay: of AdamW. clip: largest norm of
    a gradient.
    """

    epochs: float | None = None
    batch: int | None = None
    rate: float | None = None
    warmup: float | None = None
    weight_decay: float | None = None
    clip: float | None = None

    def of(self, recipe: Recipe) -> Recipe:
        """The recipe with what is given here."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def training(base: str, lora: bool | None, sft: Change, prefer: Change) -> Training:
    """How to train a policy that begins from `base`; what is given wins over what goes with the base.

    "small" is trained as a whole, and so is a policy of its size that was trained here. Any other base was trained by others:
    by adapters where `lora` does not say otherwise, as a whole by the rates of the paper.
    """
    if is_small(base):
        usual = replace(SMALL, lora=bool(lora))
    else:
        usual = PAPER if lora is False else ADAPTERS
    return replace(usual, sft=sft.of(usual.sft), prefer=prefer.of(usual.prefer))


def is_small(base: str) -> bool:
    """Whether a base is "small", or a folder of a model that is not large. Raises ConfigError for damaged weights."""
    from safetensors import SafetensorError, safe_open

    from enactive.device import LARGE

    path = Path(base) / "model.safetensors"  # what is in several files is large
    if base == "small" or not path.exists():
        return base == "small"
    try:
        with safe_open(path, framework="pt") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys()) < LARGE  # noqa: SIM118 (no dict)
    except SafetensorError as problem:
        raise ConfigError(f"{path} is damaged ({problem}): fetch or make these weights again") from problem


def is_large(folder: Path) -> bool:
    """Whether a policy is one for a GPU; no for one that is damaged, which loading it says better."""
    try:
        return not is_small(str(folder))
    except ConfigError:
        return False
