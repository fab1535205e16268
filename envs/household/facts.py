"""What is true of an object in words: attributes, room, and what it stands on, in or next to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .furniture import FURNITURE
from .model import Apartment, Placed
from .objects import OBJECTS

PLURALS = (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"))
NEAR_M = 0.6  # horizontal gap between bounds for "next to"
KINDS = {**FURNITURE, **OBJECTS}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that can be said. kind: "colour", "material", "shape", "room", "on", "in" or "next to"; word: with what."""

    kind: str
    word: str


def facts_of(apartment: Apartment, thing: Placed) -> tuple[Fact, ...]:
    """Everything that can be said of one object."""
    asset = thing.asset
    said = [Fact("colour", asset.colour), Fact("material", asset.material), Fact("shape", asset.shape)]
    said.append(Fact("room", apartment.rooms[thing.room].kind))
    if thing.parent >= 0:
        parent = apartment.objects[thing.parent].asset
        surface = next((s for s in parent.surfaces if s.name == thing.surface), None)
        said.append(Fact("in" if surface is not None and surface.kind == "in" else "on", parent.category))
    said += [Fact("next to", word) for word in sorted(_neighbours(apartment, thing))]
    return tuple(said)


def satisfying(apartment: Apartment, category: str, facts: Sequence[Fact]) -> tuple[int, ...]:
    """Ids of the objects of a category of which all the facts are true."""
    wanted = set(facts)
    return tuple(
        thing.id
        for thing in apartment.objects
        if thing.asset.category == category and wanted <= set(facts_of(apartment, thing))
    )


def category_of(words: str) -> str | None:
    """The category that a person means by a noun, singular or plural, by name or synonym; None where nobody would."""
    name = " ".join(words.lower().split())
    forms = [name, *(name.removesuffix(end) + put for end, put in PLURALS if name.endswith(end))]
    for form in forms:
        if form in KINDS:
            return form
    for form in forms:
        for category, kind in KINDS.items():
            if form in kind.synonyms:
                return category
    return None


def _neighbours(apartment: Apartment, thing: Placed) -> set[str]:
    """Categories next to an object: on the same thing, or both on the floor of the same room, with a small gap between."""
    own = KINDS[thing.asset.category].stand
    if own in ("ceiling", "rug", "hang"):
        return set()
    near = set()
    for other in apartment.objects:
        if other.id == thing.id or other.room != thing.room or other.parent != thing.parent:
            continue
        if KINDS[other.asset.category].stand in ("ceiling", "rug", "hang") or abs(other.xyz[2] - thing.xyz[2]) > 0.05:
            continue
        gap = np.hypot(other.xyz[0] - thing.xyz[0], other.xyz[1] - thing.xyz[1]) - _reach(other) - _reach(thing)
        if gap < NEAR_M and other.asset.category != thing.asset.category:
            near.add(other.asset.category)
    return near


def _reach(thing: Placed) -> float:
    """Radius in the plane of the disc with the area of the object's bounds."""
    return float(2.0 * np.sqrt(thing.asset.bounds.half_size[0] * thing.asset.bounds.half_size[1] / np.pi))


def longest_noun(words: Sequence[str]) -> tuple[str | None, int]:
    """The category that a list of words starts with, longest name first, and how many words it took."""
    for end in range(min(4, len(words)), 0, -1):
        if (category := category_of(" ".join(words[:end]))) is not None:
            return category, end
    return None, 0
