"""What is learnt from: answers to copy, and answers to prefer, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from enactive.files import write_whole

PairKind = Literal["action", "state", "goal_state"]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A prompt and the answer to copy. task: where it comes from."""

    task: str
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Preference:
    """A prompt, the better answer and worse ones, each of which makes a pair with it.

    kind: "action" prefers commands; "state" the state after a command, "goal_state" the state after the next good step.
    """

    task: str
    kind: PairKind
    prompt: str
    chosen: str
    rejected: tuple[str, ...]


Example = TypeVar("Example", Demonstration, Preference)


def distinct(preferences: Iterable[Preference]) -> list[Preference]:
    """Each preference once: those of one prompt and chosen answer are joined into one."""
    kept: dict[tuple[str, str, str], Preference] = {}
    for one in preferences:
        key = (one.kind, one.prompt, one.chosen)
        before = kept[key].rejected if key in kept else ()
        kept[key] = replace(one, rejected=tuple(dict.fromkeys((*before, *one.rejected))))
    return list(kept.values())


def pairs(preferences: Sequence[Preference]) -> int:
    """How many pairs they make."""
    return sum(len(preference.rejected) for preference in preferences)


def write_lines(path: Path, examples: Iterable[Demonstration | Preference]) -> None:
    """Write a file of one JSON object a line, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(example)) + "\n" for example in examples))


def read_lines(path: Path, kind: type[Example]) -> list[Example]:
    """What `write_lines` wrote."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    build: Any = kind
    return [build(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}) for row in rows]
