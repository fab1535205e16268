"""The words that the embedded perception knows: names of things and of the shell, their synonyms, colours and materials."""

from __future__ import annotations

from collections.abc import Container, Mapping
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
PLURALS = (("ves", "f"), ("ves", "fe"), ("ies", "y"), ("es", ""), ("s", ""))
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
    """The category that a name or synonym means, None where the vocabulary does not know it. "mugs" means a mug."""
    return _canonical().get(in_singular(word))


def in_singular(word: str) -> str:
    """A name or synonym in the singular; words that the vocabulary does not know stay as they are."""
    return singular(word.lower().strip(), _canonical())


def singular(name: str, known: Container[str]) -> str:
    """For example "knives" -> "knife" where that is a known word; unknown words stay as they are, and so do known ones."""
    if name in known:
        return name
    stems = (name.removesuffix(ending) + instead for ending, instead in PLURALS if name.endswith(ending))
    return next((stem for stem in stems if stem in known), name)


@lru_cache(maxsize=1)
def small() -> frozenset[str]:
    """The categories of small objects, which stand on or in furniture."""
    from enactive.envs.household.objects import OBJECTS

    return frozenset(OBJECTS)
