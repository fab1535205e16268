"""Saying facts in varied words: a grammar for descriptions of one object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .facts import KINDS, Fact

_OPENINGS = ("", "", "", "look for ", "find ", "go to ", "please find ", "show me ", "locate ", "search for ", "take me to ")
_NEXT = ("next to", "beside", "near", "close to", "by")
_ON = ("on", "on top of", "placed on", "sitting on", "that is on")
_IN = ("in", "inside")
_ROOM = ("in the {}", "that is in the {}", "which is in the {}", "located in the {}")
_MADE = ("made of {}", "that is made of {}", "which is made of {}")
_NOUN_OF_MATERIAL = {"wooden": "wood"}


def describe(category: str, facts: Sequence[Fact], rng: np.random.Generator) -> str:
    """One sentence or noun phrase that states the facts, its wording drawn at random.

    Attributes stand before the noun (shape, colour, material) or after it; relations and the room follow, in any order.
    """
    by_kind: dict[str, list[str]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact.word)
    before, after = [], []
    for kind in ("shape", "colour"):
        before += by_kind.get(kind, [])
    for material in by_kind.get("material", []):
        if rng.random() < 0.6:
            before.append(material)
        else:
            after.append(_one(_MADE, rng).format(_NOUN_OF_MATERIAL.get(material, material)))
    clauses = [f"{_one(_ON, rng)} the {noun(word, rng)}" for word in by_kind.get("on", [])]
    clauses += [f"{_one(_IN, rng)} the {noun(word, rng)}" for word in by_kind.get("in", [])]
    clauses += [f"{_one(_NEXT, rng)} the {noun(word, rng)}" for word in by_kind.get("next to", [])]
    rng.shuffle(clauses)
    rooms = [_one(_ROOM, rng).format(word) for word in by_kind.get("room", [])]
    phrase = " ".join(["the", *before, noun(category, rng), *after, *clauses, *rooms])
    return _one(_OPENINGS, rng) + phrase


def noun(category: str, rng: np.random.Generator) -> str:
    """The category or, one time in four, a synonym that no other category has as its name."""
    synonyms = [word for word in KINDS[category].synonyms if word not in KINDS]
    return _one(synonyms, rng) if synonyms and rng.random() < 0.25 else category


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
