"""The command line that a call is, for the card of what it made."""

from __future__ import annotations

import inspect
import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def command_line(command: str, function: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """A command with the options of a call of the function behind it that differ from its defaults, as a shell reads it.

    given: the arguments by name; others are passed by.
    """
    parameters = inspect.signature(function).parameters.items()
    options = [word for name, one in parameters for word in _options(name, given[name], one.default)]
    return shlex.join([*command.split(), *options])


def _options(name: str, value: Any, default: Any) -> Iterator[str]:
    if value == default:
        return
    if is_dataclass(value):
        for field in fields(value):
            yield from _options(f"{name}.{field.name}", getattr(value, field.name), getattr(default, field.name))
    else:
        yield from (f"--{name}", _text(value))


def _text(value: Any) -> str:
    """A value as the command reads it, which is as YAML does."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return ".inf" if value == math.inf else str(value)
