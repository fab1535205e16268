"""`episode.json`: the whole run as plain data, with everything that is needed to repeat it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import math
import platform
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from enactive.agents.episode import SCHEMA_VERSION, Episode, Step


def episode_json(episode: Episode, config: Mapping[str, Any]) -> dict[str, Any]:
    """Plain, JSON-able data of an episode: versions, configuration, result, and every step."""
    return {
        "schema_version": SCHEMA_VERSION,
        "versions": {name: _version(name) for name in _packages()} | {"python": platform.python_version()},
        "platform": platform.platform(),
        "config": plain(config),
        "goal": {"kind": type(episode.goal).__name__, "words": str(episode.goal)},
        "result": {
            field: plain(getattr(episode, field))
            for field in (
                "outcome", "found", "reason", "metrics", "interventions", "guard", "seconds", "first_action_s", "warnings",
                "error", "error_kind",
            )
        },
        "steps": [step_json(step) for step in episode.steps],
    }  # fmt: skip


def step_json(step: Step) -> dict[str, Any]:
    """Plain data of one step. Poses become (x, y, yaw)."""
    action, requested = step.action, step.requested
    return {
        "index": step.index,
        "intent": None if step.intent is None else {"kind": type(step.intent).__name__, **plain(step.intent)},
        "action": None if action is None else plain(action.interaction or action.values[0]),
        "requested": None if requested is None else plain(requested.interaction or requested.values[0]),
        "xy_yaw": None if step.T_world_base is None else plain(planar(step.T_world_base)),
        "trace": plain(step.trace),
        "feedback": plain(step.feedback),
        "reward": step.reward,
        "seconds": {part: round(value, 6) for part, value in step.seconds.items()},
    }


def planar(T_world_base: np.ndarray) -> tuple[float, float, float]:
    """(x m, y m, yaw rad) of a base pose."""
    pose = T_world_base
    return float(pose[0, 3]), float(pose[1, 3]), math.atan2(pose[1, 0], pose[0, 0])


def plain(value: Any) -> Any:
    """JSON-able copy. Numbers that are not finite become strings ("inf"), since JSON has none; pictures become their shape."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, np.ndarray):
        return plain(value.tolist()) if value.size <= 64 else f"array{value.shape}"
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value)


def _packages() -> list[str]:
    """This package and what it requires, by itself or for an optional part; what only its development takes is left out."""
    try:
        required = importlib.metadata.requires("enactive") or []
    except importlib.metadata.PackageNotFoundError:  # its folders are on the path, and nobody installed them
        required = []
    needed = [line for line in required if 'extra == "dev"' not in line]
    return ["enactive", *(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed)]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
