"""Finding components by name: entry points of this and of other people's packages, and nothing else."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from enactive.errors import ConfigError

Group = Literal["envs", "perceivers", "planners", "controllers", "tools"]
GROUPS: tuple[Group, ...] = ("envs", "perceivers", "planners", "controllers", "tools")


_PARTS: Mapping[str, Group] = {"Perceiver": "perceivers", "Planner": "planners", "Controller": "controllers"}


def group_taken(kind: Any, parameter: str) -> Group | None:
    """The group of which a constructor takes a component by that parameter, by its annotation; None where it takes none."""
    taken = inspect.signature(kind).parameters.get(parameter)
    words = [] if taken is None else re.findall(r"\w+", str(taken.annotation))
    return next((_PARTS[word] for word in words if word in _PARTS), None)


def available(group: Group) -> dict[str, EntryPoint]:
    """What is installed in `enactive.<group>`, by name, sorted."""
    return {point.name: point for point in sorted(entry_points(group=f"enactive.{group}"), key=lambda point: point.name)}


def named(group: Group, name: str) -> str:
    """The registered name that is meant: `poseless` and `shadow_hand_sim` are `PoseLess` and `ShadowHand`.

    Capitals, underscores and hyphens do not matter, nor does a `sim` at the end. A name that means none of those that are
    registered, or more than one, is returned as it is.
    """
    points = available(group)
    meant = [known for known in points if _letters(known) == _letters(name)]
    return meant[0] if name not in points and len(meant) == 1 else name


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").removesuffix("sim")


def load(group: Group, name: str) -> Any:
    """The class behind a name as `named` reads it, or behind a dotted path: `package.module.Class`, or one of its class methods
    that makes an instance, `package.module.Class.method`.

    Raises ConfigError with the nearest known names where the name is unknown, or with the cause where loading it fails.
    """
    points = available(group)
    point = points.get(named(group, name))
    if point is None and "." in name:
        module, _, attribute = name.rpartition(".")
        outer, _, holder = module.rpartition(".")
        if outer and holder[:1].isupper():  # a class, not a module
            module, attribute = outer, f"{holder}.{attribute}"
        point = EntryPoint(name, f"{module}:{attribute}", f"enactive.{group}")
    if point is None:
        near = difflib.get_close_matches(name, points, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(points) or 'none'}"
        raise ConfigError(f"there is no {group[:-1]} called {name!r}; {hint}")
    try:
        return point.load()
    except Exception as error:  # reason: a stranger's module may fail in any way while it is imported
        raise ConfigError(
            f"the {group[:-1]} {name!r} ({point.value}) does not load: {type(error).__name__}: {error}; "
            "mend it, or choose another"
        ) from error
