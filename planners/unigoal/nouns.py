"""Noun phrases: which words are the name, which describe it, which tell its room."""

from __future__ import annotations

from dataclasses import dataclass, field

from .commonsense import LORE
from .vocabulary import OTHER, ROOM_WORDS, SYNONYMS, attribute, canonical


@dataclass(slots=True)
class Draft:
    """A noun phrase while it is being read."""

    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    room: str = ""


def noun(words: list[str]) -> Draft:
    """Split a phrase into room ("kitchen counter"), attributes and name. The name is the longest known end of the phrase."""
    draft = Draft()
    split = next((i for i in range(len(words)) if _known(words[i:])), None)
    if split is None:
        split = next((i for i, word in enumerate(words) if attribute(word) is None), len(words) - 1)
    name = words[split:]
    for length in (2, 1):
        room = " ".join(name[:length])
        if len(name) > length and room in ROOM_WORDS and not _known(name):
            draft.room, name = ROOM_WORDS[room], name[length:]
            break
    for start, word in enumerate(words[:split]):
        found = attribute(word)
        pair = " ".join(words[start : start + 2])
        if found:
            draft.attributes.setdefault(*found)
        elif word in ROOM_WORDS or pair in ROOM_WORDS:
            draft.room = ROOM_WORDS.get(word) or ROOM_WORDS[pair]
        elif not any(word in room.split() for room in ROOM_WORDS):
            draft.attributes.setdefault(OTHER, word)
    draft.name = "object" if name in (["one"], ["thing"], ["item"], ["ones"]) else canonical(_singular(" ".join(name)))
    return draft


def _known(words: list[str]) -> bool:
    name = " ".join(words)
    return name in LORE or name in SYNONYMS or _singular(name) in LORE or _singular(name) in SYNONYMS


def _singular(name: str) -> str:
    """For example "mugs" -> "mug" where that is a known word; unknown words stay as they are."""
    if name in LORE or name in SYNONYMS:
        return name
    for ending, instead in (("ves", "f"), ("es", ""), ("s", "")):
        stem = name.removesuffix(ending) + instead
        if name.endswith(ending) and (stem in LORE or stem in SYNONYMS):
            return stem
    return name


def size_of(name: str) -> str:
    return LORE[name].size if name in LORE else "small"
