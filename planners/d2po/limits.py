"""What the options of a training may be: those of which nothing would come are refused together, before anything is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from enactive.errors import ConfigError

from .fit import Recipe


@dataclass(frozen=True, slots=True)
class Limit:
    """told: as in "--rate must be ...". holds: for a value; for none that is no number."""

    told: str
    holds: Callable[[float], bool]


SOME = Limit("at least 1", lambda value: value >= 1)
ALL_OR_SOME = Limit("at least 0, which is all", lambda value: value >= 0)
NONE_OR_SOME = Limit("at least 0", lambda value: value >= 0)
POSITIVE = Limit("above 0, and finite", lambda value: 0.0 < value < math.inf)
NOT_NEGATIVE = Limit("at least 0, and finite", lambda value: 0.0 <= value < math.inf)
ABOVE_0 = Limit("above 0", lambda value: value > 0.0)
SHARE = Limit("from 0 to 1", lambda value: 0.0 <= value <= 1.0)
RECIPE = {"epochs": POSITIVE, "batch": SOME, "rate": POSITIVE, "warmup": SHARE, "weight_decay": NOT_NEGATIVE, "clip": ABOVE_0}

Asked = tuple[str, float, Limit]  # an option without its dashes, its value, and what it may be


def of_recipe(name: str, recipe: Recipe) -> list[Asked]:
    """The options of a recipe, which is itself the option `name`."""
    return [(f"{name}.{field}", getattr(recipe, field), limit) for field, limit in RECIPE.items()]


def refuse(asked: Iterable[Asked]) -> None:
    """Raises ConfigError that names every option that is not what it may be."""
    wrong = [f"--{name} must be {limit.told}, not {value:g}" for name, value, limit in asked if not limit.holds(value)]
    if wrong:
        raise ConfigError("; ".join(wrong))
