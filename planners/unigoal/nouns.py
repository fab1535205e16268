"""Noun phrases: which words are the name, which describe it, which tell its room."""

from __future__ import annotations

from dataclasses import dataclass, field

from enactive.errors import PlannerError
from enactive.perception.vocabulary import singular

from .commonsense import LORE
from .goal_graph import GoalNode
from .phrases import ANYTHING, DETERMINERS, ORDINALS, PLAYTHINGS
from .vocabulary import ANY_OBJECT, COLOURS, OTHER, ROOM_WORDS, SHADES, SYNONYMS, attribute, canonical

_KNOWN = LORE.keys() | SYNONYMS.keys()


@dataclass(slots=True)
class Draft:
    """A noun phrase while it is being read."""

    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    room: str = ""


def category_node(category: str) -> GoalNode:
    """The node of a category as people type it: "mugs" is a mug, "long table" a table. Other words before a name stay with it,
    since a pool table is none to eat at. Raises PlannerError where the category is empty.
    """
    words = canonical(category).split()
    if not words:
        raise PlannerError("the goal's category is empty; name what to find, for example 'mug'")
    if known(words) or room_named(words):
        draft = noun(words)
    else:
        start = next((i for i in range(len(words)) if not (_describes(words, i) or words[i].endswith("'s"))), len(words) - 1)
        draft = Draft(canonical(_singular(" ".join(words[start:]))), dict(filter(None, map(attribute, words[:start]))))
    return GoalNode(draft.name, draft.attributes, draft.room)


def noun(words: list[str]) -> Draft:
    """Split a phrase into room ("kitchen counter"), attributes and name. The name is the longest known end of the phrase.

    A room is found where the things of it stand, so that a phrase that names one has it as its name and as its room.
    """
    draft = Draft()
    if room := room_named(words):
        return Draft(room, {}, room)
    split = next((i for i in range(len(words)) if known(words[i:])), None)
    if split is None:
        split = next((i for i in range(len(words)) if not _describes(words, i)), len(words) - 1)
    name = words[split:]
    for length in (2, 1):
        room = " ".join(name[:length])
        if len(name) > length and room in ROOM_WORDS and not known(name):
            draft.room, name = ROOM_WORDS[room], name[length:]
            break
    if name[0] in ANYTHING and all(attribute(word) for word in name[1:]):  # "something red"
        words, split, name = [*words[:split], *name[1:]], len(words) - 1, [ANY_OBJECT]
    for start, word in enumerate(words[:split]):
        found = attribute(word)
        pair = " ".join(words[start : start + 2])
        if found:
            draft.attributes.setdefault(*found)
        elif word in ROOM_WORDS or pair in ROOM_WORDS:
            draft.room = ROOM_WORDS.get(word) or ROOM_WORDS[pair]
        elif not (word in ORDINALS or _describes(words, start)) and not any(word in room.split() for room in ROOM_WORDS):
            draft.attributes.setdefault(OTHER, word)
    draft.name = canonical(_singular(" ".join(name)))
    return draft


def room_named(words: list[str]) -> str:
    """The kind of room that a phrase names ("the big bedroom"), "" where it names a thing ("the toy kitchen", "dirty laundry").
    What parts two rooms of one kind is not read."""
    washing = words[-1:] == ["laundry"] and not DETERMINERS.issuperset(words[:-1])
    if known(words) or washing or not PLAYTHINGS.isdisjoint(words):
        return ""
    return next((ROOM_WORDS[end] for end in (" ".join(words[-2:]), " ".join(words[-1:])) if end in ROOM_WORDS), "")


def _describes(words: list[str], at: int) -> bool:
    """Whether a word is an attribute, or the shade of the colour after it."""
    shade = words[at] in SHADES and at + 1 < len(words) and words[at + 1] in COLOURS
    return shade or attribute(words[at]) is not None


def known(words: list[str]) -> bool:
    """Whether some words are the name of a thing."""
    return _singular(" ".join(words)) in _KNOWN


def _singular(name: str) -> str:
    return singular(name, _KNOWN)


def size_of(name: str) -> str:
    return LORE[name].size if name in LORE else "small"
