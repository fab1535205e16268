"""What a goal means in an apartment, from its truth: for the metrics of goals that a person types."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..goal import Goal, ObjectGoal, TextGoal
from .facts import KINDS, Fact, category_of, longest_noun, satisfying
from .model import COLOURS, Apartment

_ROOMS = ("living room", "dining room", "laundry room", "kitchen", "bedroom", "bathroom", "office", "hallway")
_MATERIALS = frozenset(material for kind in KINDS.values() for material in kind.materials)
_SHAPES = frozenset(shape for kind in KINDS.values() for shape in kind.shapes)
_RELATIONS = {"on": "on", "in": "in", "inside": "in"} | dict.fromkeys(("next", "beside", "near", "close", "by"), "next to")
_SYNONYMS = {"gray": "grey", "wood": "wooden", "metallic": "metal", "steel": "metal", "couch": "sofa", "violet": "purple"}


def resolve(goal: Goal, apartment: Apartment) -> tuple[int, ...]:
    """Ids of the objects that a category or a description means; empty where nothing fits, or for other kinds of goal."""
    if isinstance(goal, ObjectGoal):
        category = category_of(goal.category)
        return () if category is None else satisfying(apartment, category, ())
    if isinstance(goal, TextGoal):
        category, facts = read_description(goal.text)
        return () if category is None else satisfying(apartment, category, facts)
    return ()


def read_description(text: str) -> tuple[str | None, tuple[Fact, ...]]:
    """Category and facts that a description states; attributes of the things it relates to are not read.

    (None, ()) where its head noun is no category.
    """
    words = [_SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+(?:[-'][a-z]+)*", text.lower())]
    category: str | None = None
    facts: list[Fact] = []
    relation, at = "", 0
    while at < len(words):
        word = words[at]
        noun, length = longest_noun(words[at:])
        room = next((name for name in _ROOMS if words[at : at + len(name.split())] == name.split()), None)
        if room is not None and category is not None and length <= len(room.split()):
            facts.append(Fact("room", room))
            at += len(room.split())
        elif noun is not None and (category is None or relation) and not _qualifies(words, at, length):
            if category is None:
                category = noun
            elif relation:
                facts.append(Fact(relation, noun))
            at += length
            relation = ""
        else:
            if word in ("that", "which", "with", "made"):
                relation = ""
            if word in _RELATIONS:
                relation = _RELATIONS[word]
            elif not relation:
                facts += [Fact(kind, word) for kind, known in _ATTRIBUTES.items() if word in known]
            at += 1
    return category, tuple(facts) if category is not None else ()


def _qualifies(words: Sequence[str], at: int, length: int) -> bool:
    """Whether a word that names a thing is an attribute here, since a noun follows: the orange in "the orange ball"."""
    known = set().union(*_ATTRIBUTES.values())
    if length > 1 or words[at] not in known:
        return False
    rest = next((k for k in range(at + 1, len(words)) if words[k] not in known), len(words))
    return any(longest_noun(words[k:])[0] is not None for k in range(at + 1, rest + 1))


_ATTRIBUTES = {"colour": frozenset(COLOURS), "material": _MATERIALS, "shape": _SHAPES}
