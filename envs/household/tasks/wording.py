"""Asking for a task in the words that people use: a grammar with phrasings for each type, and sentences kept apart for val.

Which split a sentence belongs to is decided by the sentence itself (a checksum), so that no sentence can ever be in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from zlib import crc32

import numpy as np

from ..facts import KINDS
from .task import Task, TaskType

VAL_SHARE = 4  # one sentence in so many belongs to val

_POLITE = ("", "", "", "", "please ", "could you ", "can you ", "i need you to ", "would you ", "i want you to ", "kindly ")
_ENDS = ("", "", "", "", "", "", " please", " for me", ", thanks")
PHRASES: Mapping[TaskType, tuple[str, ...]] = {
    "pick": (
        "put {a} {to} {r}",
        "place {a} {to} {r}",
        "move {a} {into} {r}",
        "take {a} and put it {to} {r}",
        "get {a} and set it {to} {r}",
        "find {a} and place it {to} {r}",
        "bring {a} to {r}",
        "carry {a} over to {r}",
        "set {a} down {to} {r}",
        "{a} should be {to} {r}, see to it",
    ),
    "stack": (
        "put {m} with {a} in it {to} {r}",
        "put {a} in {m}, then put {m} {to} {r}",
        "place {a} in {m} and move both {into} {r}",
        "bring {m} holding {a} to {r}",
        "set {m} with {a} inside {to} {r}",
        "move {a} to {r} in {m}",
        "load {m} with {a} and set it {to} {r}",
        "get {a}, drop it in {m} and carry that to {r}",
    ),
    "pick_two": (
        "put two {s} {to} {r}",
        "place two {s} {to} {r}",
        "move two {s} {into} {r}",
        "gather two {s} and leave them {to} {r}",
        "find two {s} and set both {to} {r}",
        "bring a pair of {s} to {r}",
        "take two {s} to {r}",
        "i want two {s} {to} {r}, fetch them",
    ),
    "clean": (
        "put a clean {o} {to} {r}",
        "wash {a} and put it {to} {r}",
        "rinse {a}, then place it {to} {r}",
        "clean {a} and move it {into} {r}",
        "give {a} a wash and leave it {to} {r}",
        "place {a} {to} {r} after washing it",
        "{a} is dirty, wash it and set it {to} {r}",
        "take {a}, wash it off and bring it to {r}",
    ),
    "heat": (
        "put a hot {o} {to} {r}",
        "heat {a} and put it {to} {r}",
        "warm up {a}, then place it {to} {r}",
        "heat up {a} and bring it to {r}",
        "make {a} hot and leave it {to} {r}",
        "place a heated {o} {to} {r}",
        "warm {a} and move it {into} {r}",
        "set {a} {to} {r} after heating it",
    ),
    "cool": (
        "put a cold {o} {to} {r}",
        "chill {a} and put it {to} {r}",
        "cool {a}, then place it {to} {r}",
        "cool down {a} and bring it to {r}",
        "make {a} cold and leave it {to} {r}",
        "place a chilled {o} {to} {r}",
        "refrigerate {a} and move it {into} {r}",
        "set {a} {to} {r} once it is chilled",
    ),
    "examine": (
        "look at {a} under {r}",
        "examine {a} in the light of {r}",
        "hold {a} up to the light of {r}",
        "inspect {a} by the light of {r}",
        "pick up {a} and turn on {r}",
        "turn {r} on to look at {a}",
        "take {a} to {r} and switch the light on",
        "check {a} with {r} lit",
    ),
}
_SLICED = ("sliced {}", "cut {}", "cut up {}", "sliced up {}")
_IRREGULAR = {"knife": "knives", "shelf": "shelves", "scissors": "scissors", "dish": "dishes"}
_INSIDES = frozenset(
    ("fridge", "microwave", "dishwasher", "dryer", "washing machine", "wardrobe", "wall cabinet", "filing cabinet")
) | {"bathtub", "shower", "kitchen sink", "bathroom sink", "trash can", "laundry basket", "box", "basket", "bucket"}
_UNCOUNTED = frozenset({"bread", "lettuce", "toilet paper", "scissors", "headphones", "sunglasses", "building blocks"})


def instruct(task: Task, rng: np.random.Generator) -> str:
    """One sentence that asks for a task, its wording drawn at random."""
    noun = _noun(task.object, rng)
    if task.attribute:
        noun = f"{task.attribute} {noun}"
    if task.sliced:
        noun = _one(_SLICED, rng).format(noun)
    inside = task.receptacle in _INSIDES
    words = {
        "a": _one(("the {}", "some {}") if task.object in _UNCOUNTED else ("the {}", "a {}"), rng).format(noun),
        "o": noun,
        "s": plural(noun),
        "m": f"{_one(('a', 'the'), rng)} {_noun(task.movable, rng)}" if task.movable else "",
        "r": f"{_one(('the', 'the', 'a'), rng)} {_noun(task.receptacle, rng)}",
        "to": _one(("in", "inside") if inside else ("on", "on", "onto"), rng),
        "into": _one(("into", "to") if inside else ("to", "onto"), rng),
    }
    phrase = _one(PHRASES[task.type], rng).format(**words)
    phrase = re.sub(r"\b(a|an) (?=(\w))", lambda m: "an " if m.group(2) in "aeio" else "a ", phrase)
    polite = "" if phrase.startswith("i want") or " should be " in phrase or " is dirty" in phrase else _one(_POLITE, rng)
    end = "" if polite else _one(_ENDS, rng)
    return polite + phrase + end


def belongs_to_val(sentence: str) -> bool:
    """Whether a sentence may be used in val and, if not, in train: by its letters alone, whatever else is in a suite."""
    return crc32(sentence.lower().encode()) % VAL_SHARE == 0


def plural(noun: str) -> str:
    """Two of a thing: "red mugs", "boxes", "knives"."""
    before, _, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2] not in "aeiou":
        last = last[:-1] + "ies"
    elif last in ("potato", "tomato"):
        last += "es"
    else:
        last += "s"
    return f"{before} {last}".strip()


def nouns() -> tuple[str, ...]:
    """All that a sentence may call a thing by, and two of it: "mug", "mugs"."""
    names = [name for category in KINDS for name in (category, *_synonyms(category))]
    return tuple(dict.fromkeys(text for name in names for text in (name, plural(name))))


def _noun(category: str, rng: np.random.Generator) -> str:
    """The category or, one time in three, a synonym that can mean nothing else."""
    own = _synonyms(category)
    return _one(own, rng) if own and rng.random() < 0.33 else category


@cache
def _synonyms(category: str) -> tuple[str, ...]:
    """Singular synonyms that are no name, last word of a name, or synonym of another category."""
    others = {name: kind for name, kind in KINDS.items() if name != category}
    taken = {word for name, kind in others.items() for word in (name, name.split()[-1], *kind.synonyms)}
    return tuple(word for word in KINDS[category].synonyms if word not in taken and not word.endswith("s"))


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
