"""Help for the arguments of a command out of docstrings, in which `name: what it is.` tells of an argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, get_type_hints

from jsonargparse import ArgumentParser


def explain(parser: ArgumentParser, function: Callable[..., Any]) -> None:
    """Give the parser of a function's arguments what the docstrings of the function and of its dataclasses tell of them."""
    told = explained(function)
    for name, kind in get_type_hints(function).items():
        if isinstance(kind, type) and is_dataclass(kind):
            told |= {f"{name}.{field}": text for field, text in explained(kind).items()}
    for action in parser._actions:
        if text := told.get(action.dest):
            action.help = text.replace("%", "%%")


def explained(documented: Callable[..., Any]) -> dict[str, str]:
    """What a docstring tells of each argument: from its name and a colon to the next, or to the end of the paragraph."""
    name = "|".join(inspect.signature(documented).parameters)
    told = re.compile(rf"(?:^|(?<=[.;] ))((?:{name})(?:, (?:{name}))*): ")
    out: dict[str, str] = {}
    for paragraph in (inspect.getdoc(documented) or "").split("\n\n"):
        _, *pieces = told.split(" ".join(paragraph.split()))
        for names, text in zip(pieces[::2], pieces[1::2], strict=True):
            out |= dict.fromkeys(names.split(", "), text.partition(" Raises ")[0].rstrip(" .;"))
    return out
