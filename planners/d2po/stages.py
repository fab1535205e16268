"""The stages of a run, by the folders and files that they leave in it."""

from __future__ import annotations

import json
from pathlib import Path

from enactive.errors import ConfigError
from enactive.files import write_whole

from .examples import Demonstration, read_lines
from .hiding_places import Places

DEMONSTRATIONS = "demonstrations.jsonl"
HIDING_PLACES = "hiding_places.json"
PREFERRED = ("dpo", "d2po")  # begin from the last copy


def copies(rounds: int) -> tuple[str, ...]:
    """The folders of what copies, each beginning from the one before: demonstrations, then what each round corrected."""
    return ("sft", *(f"dagger-{number}" for number in range(1, rounds + 1)))


def methods(rounds: int) -> tuple[str, ...]:
    """The folders of all that is compared."""
    return (*copies(rounds), *PREFERRED)


def rounds_of(out: Path) -> int:
    """How many rounds of corrections a run has. Raises ConfigError where there is no run."""
    path = out / "plan.json"
    if not path.exists():
        raise ConfigError(f"there is no run in {out}: enactive train d2po --out {out} makes one")
    return int(json.loads(path.read_text()).get("rounds", 0))


def corrections_of(folder: Path, copy: str) -> Path:
    """The file of what was corrected for a copy of a seed: beside its folder, which alone goes to the workers of a cluster."""
    return folder / f"{copy}.corrections.jsonl"


def copied_by(out: Path, seed: int, rounds: int) -> list[Demonstration]:
    """All that a seed has copied by the end of some rounds."""
    folder = out / f"seed-{seed}"
    paths = [out / DEMONSTRATIONS, *(corrections_of(folder, name) for name in copies(rounds)[1:])]
    return [example for path in paths for example in read_lines(path, Demonstration)]


def places_in(out: Path) -> Places:
    """Where the expert of a run looks for what is hidden, in the agent's words."""
    return {category: tuple(names) for category, names in json.loads((out / HIDING_PLACES).read_text()).items()}


def write_places(out: Path, places: Places) -> None:
    """Write what `places_in` reads."""
    write_whole(out / HIDING_PLACES, json.dumps(places) + "\n")
