"""The words of a description, and what stands at a place among them: a relation, a room, looks, the end of a noun."""

from __future__ import annotations

import re

from .nouns import room_named
from .phrases import DETERMINERS, LONGEST_PHRASE, NOUN_ENDS, NOWHERE, PARTICIPLES, relation_in
from .vocabulary import attribute

_TOKEN = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|[.,;]")
_LOOKS = {"shape", "colour", "color", "look", "material"}  # "with a round shape"
_AFTER_LOOKS = {"and", ".", ",", ";", "that", "which", "is", "with"}


class Tokens:
    """Words and stops, and the place `at` which the next one is read. text: as it was typed, for messages."""

    def __init__(self, plain: str, text: str) -> None:
        self.all: list[str] = _TOKEN.findall(plain)
        self.text = text
        self.at = 0

    def left(self) -> bool:
        """Whether any is left to read."""
        return self.at < len(self.all)

    def here(self) -> str:
        """The one at hand, a full stop at the end."""
        return self.all[self.at] if self.left() else "."

    def skip(self, *words: str) -> bool:
        """Step over one of the words; whether it was there."""
        if self.left() and self.all[self.at] in words:
            self.at += 1
            return True
        return False

    def relation(self) -> str:
        """The longest relation phrase at hand, "" where none."""
        return relation_in(self.all[self.at : self.at + LONGEST_PHRASE])

    def relates(self, at: int) -> bool:
        """Whether a relation begins at a place: a phrase, or the participle before one."""
        here = self.all[at : at + LONGEST_PHRASE]
        return not PARTICIPLES.isdisjoint(here[:1]) or bool(relation_in(here))

    def ends_noun(self, at: int) -> bool:
        """Whether the word at a place belongs to no noun phrase that began before it."""
        while self.all[at] in PARTICIPLES:  # "the standing lamp" is none that stands by something
            at += 1
            if at == len(self.all):
                return True
        return self.all[at] in NOUN_ENDS or self.all[at] in DETERMINERS or self.relates(at)

    def noun_end(self, start: int) -> int:
        """The first place from `start` on that ends a noun phrase."""
        while start < len(self.all) and not self.ends_noun(start):
            start += 1
        return start

    def past_determiners(self) -> int:
        """The first place from here on that has no determiner."""
        at = self.at
        while at < len(self.all) and self.all[at] in DETERMINERS:
            at += 1
        return at

    def room(self) -> str:
        """The room at hand ("the kitchen", "the kitchen wall"), stepped over; "" where the words name a thing."""
        start = self.past_determiners()
        end = self.noun_end(start)
        words = self.all[start:end]
        room = room_named(words) or (room_named(words[:-1]) if words and words[-1] in NOWHERE else "")
        self.at = end if room else self.at
        return room

    def in_a_room(self, at: int) -> bool:
        """Whether "in the kitchen" begins at a place."""
        here, self.at = self.at, at + 1
        room = self.all[at] == "in" and self.room()
        self.at = here
        return bool(room)

    def nowhere(self) -> str | None:
        """Step over a place that says nothing but a room: "on the wall", "in the corner of the kitchen".

        The room, "" where none is told; None where the words name a place.
        """
        start = end = self.at
        while end < len(self.all) and self.all[end] in {*DETERMINERS, *NOWHERE, "of"}:
            end += 1
        told = self.all[start:end]
        if "of" in told and told[0] != "of":
            self.at += len(told) - told[::-1].index("of")
            if room := self.room():
                return room
            self.at = start
        if end == self.at or self.all[end - 1] not in NOWHERE or not (end == len(self.all) or self.ends_noun(end)):
            return None
        self.at = end
        return ""

    def looks(self) -> list[tuple[str, str]]:
        """Attributes that are said after the noun, stepped over: "of wood", "with a round shape", "in red"."""
        end = self.at
        while end < len(self.all) and (self.all[end] in DETERMINERS or attribute(self.all[end])):
            end += 1
        found = [kind for token in self.all[self.at : end] if (kind := attribute(token))]
        following = self.all[end] if end < len(self.all) else "."
        if not found or not (following in _LOOKS | _AFTER_LOOKS or self.relates(end)):
            return []
        self.at = end + (following in _LOOKS)
        return found
