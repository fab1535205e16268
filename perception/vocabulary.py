"""The words that the embedded perception knows: names of things and of the shell, their synonyms, colours and materials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from enactive.envs.household.model import COLOURS as _COLOURS
from enactive.envs.household.model import Kind

BACKGROUND = ("wall", "floor", "ceiling")  # never a thing to find: left out of detections
STRUCTURE: Mapping[str, tuple[str, ...]] = {
    "wall": (),
    "floor": ("ground",),
    "ceiling": (),
    "window": ("window pane",),
    "door": ("doorway", "room door"),
}
COLOURS: tuple[str, ...] = tuple(_COLOURS)


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """Every category of furniture and of small objects, by name."""
    from enactive.envs.household.furniture import FURNITURE
    from enactive.envs.household.objects import OBJECTS

    return {**FURNITURE, **OBJECTS}


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The name of every category, things and shell, in a fixed order (sorted)."""
    return tuple(sorted({*kinds(), *STRUCTURE}))


@lru_cache(maxsize=1)
def materials() -> tuple[str, ...]:
    """Every material that a thing may be made of (sorted)."""
    return tuple(sorted({material for kind in kinds().values() for material in kind.materials}))


def synonyms(name: str) -> tuple[str, ...]:
    """Other words for a category; none for a word that is no category."""
    kind = kinds().get(name)
    return (kind.synonyms if kind else ()) + STRUCTURE.get(name, ())


@lru_cache(maxsize=1)
def _canonical() -> Mapping[str, str]:
    table = {other: name for name in reversed(names()) for other in synonyms(name)}
    return {**table, **{name: name for name in names()}}


def canonical(word: str) -> str | None:
    """The category that a name or synonym means, None where the vocabulary does not know it."""
    return _canonical().get(word.lower().strip())


@lru_cache(maxsize=1)
def small() -> frozenset[str]:
    """The categories of small objects, which stand on or in furniture."""
    from enactive.envs.household.objects import OBJECTS

    return frozenset(OBJECTS)
