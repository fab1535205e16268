"""From a description in English to a goal graph, by a grammar: no model, no download, the same answer every time.

A description is a head noun with attributes, followed by clauses that relate it, or the thing named last, to other things:
"the small red mug on the wooden counter next to the kettle in the kitchen". Rooms become constraints of the nodes.
"""

from __future__ import annotations

import re

from enactive.errors import PlannerError

from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .nouns import Draft, noun, size_of
from .phrases import DETERMINERS, LONGEST_PHRASE, NOUN_ENDS, OPENINGS, PARTICIPLES, RELATION_PHRASES, TOKEN
from .vocabulary import ROOM_WORDS, attribute


def parse_description(text: str) -> GoalGraph:
    """The goal graph of a description; node 0 is the target. Raises PlannerError where it names nothing."""
    plain = re.sub(r"\s+", " ", text.lower().replace("\u2019", "'")).strip()
    tokens = TOKEN.findall(OPENINGS.sub("", plain))
    graph = _Reader(tokens).read()
    if not graph.nodes:
        raise PlannerError(f"the goal {text!r} names no object; say what to find, for example 'the red mug in the kitchen'")
    return graph


class _Reader:
    """Reads tokens from left to right. `cursor` is the node named last, node 0 the head."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.drafts: list[Draft] = []
        self.edges: list[GoalEdge] = []
        self.cursor = 0
        self.to_head = False  # the clause that follows speaks of the head, not of the thing named last

    def read(self) -> GoalGraph:
        while self.at < len(self.tokens):
            if not self._clause():
                self.at += 1
        nodes = tuple(GoalNode(draft.name, draft.attributes, draft.room) for draft in self.drafts)
        return GoalGraph(nodes, tuple(dict.fromkeys(self.edges)))

    def _clause(self) -> bool:
        """Read one clause; False where the token at hand opens none."""
        token = self.tokens[self.at]
        if token in {".", ",", ";", "and"}:
            self.to_head, self.at = bool(self.drafts), self.at + 1
            return True
        if not self.drafts:
            return self._noun_phrase() is not None
        if token in {
            "that",
            "which",
            "who",
            "is",
            "are",
            "was",
            "it",
            "there",
            "made",
            "coloured",
            "colored",
            "painted",
            "also",
        }:
            return self._predicate()
        if token in {"with", "has", "having", "of", "from"}:
            return self._belonging()
        if token in PARTICIPLES:
            return False
        phrase = self._relation_phrase()
        if phrase:
            return self._relation(phrase)
        return self._complement()

    def _relation_phrase(self) -> str:
        """The longest relation phrase at hand, "" where none."""
        for length in range(LONGEST_PHRASE, 0, -1):
            phrase = " ".join(self.tokens[self.at : self.at + length])
            if phrase in RELATION_PHRASES:
                return phrase
        return ""

    def _relation(self, phrase: str) -> bool:
        """For example "on the counter", "in the kitchen", "between the sofa and the tv", "next to it is a kettle"."""
        self.at += len(phrase.split())
        relation = RELATION_PHRASES[phrase]
        if room := self._room():
            self._place_in(room)
            return True
        if self._skip("it", "them"):
            other = self._noun_phrase(after=("is", "are", "stands", "sits", "there"))
            if other is not None:
                self._relate(other, relation, 0)
            return True
        if relation == "in" and self._attribute_only():
            return True
        cursor, before, to_head = self.cursor, len(self.drafts), self.to_head
        other = self._noun_phrase()
        if other is None or other < before:
            return True
        subject = 0 if to_head else self._subject(cursor, other, relation)
        self._relate(subject, relation, other)
        if "between" in phrase and self._skip("and"):
            second = self._noun_phrase()
            if second is not None:
                self._relate(subject, relation, second)
        self.to_head = False
        return True

    def _subject(self, cursor: int, other: int, relation: str) -> int:
        """Which earlier node a clause speaks of: the one named last, or the head where that makes more sense.

        "the mug on the counter next to the kettle": a kettle stands beside small things, so the mug is meant;
        "the lamp on the table next to the sofa": a sofa stands beside furniture, so the table is meant.
        """
        if cursor == 0:
            return 0
        if relation != "next to":
            return cursor
        size = size_of(self.drafts[other].name)
        return cursor if size == size_of(self.drafts[cursor].name) or size != size_of(self.drafts[0].name) else 0

    def _relate(self, a: int, relation: str, b: int) -> None:
        if a != b:
            self.edges.append(GoalEdge(a, b, relation))

    def _place_in(self, room: str) -> None:
        """Rooms hold for the whole scene that has been told so far: what stands on each other stands in one room."""
        for draft in self.drafts:
            draft.room = draft.room or room
        self.to_head = False

    def _predicate(self) -> bool:
        """For example "that is red", "which is made of glass", "it is next to ...", "there is a lamp next to it"."""
        if self.tokens[self.at] == "it":
            self.to_head = True
        there = self.tokens[self.at] == "there"
        self.at += 1
        if not there:
            return True
        self._skip("is", "are")
        other = self._noun_phrase()
        phrase = self._relation_phrase() if other is not None else ""
        if other is not None and phrase:
            self.at += len(phrase.split())
            self._skip("it", "them")
            self._relate(other, RELATION_PHRASES[phrase], 0)
        elif other is not None:
            self._relate(other, "next to", 0)
        return True

    def _belonging(self) -> bool:
        """For example "with a lamp on it", "of wood", "with a round shape", "of the kitchen"."""
        word = self.tokens[self.at]
        self.at += 1
        if word in {"of", "from"} and (room := self._room()):
            self._place_in(room)
            return True
        if self._attribute_only():
            return True
        whole, before = self._about(), len(self.drafts)
        other = self._noun_phrase()
        if other is None or other < before:
            return True
        phrase = self._relation_phrase()
        self.at += len(phrase.split())
        if phrase and self._skip("it", "them", "top"):
            self._relate(other, RELATION_PHRASES[phrase], whole)
        else:
            self.at -= len(phrase.split())
            self._relate(whole, "next to", other)
        self.cursor = whole
        return True

    def _attribute_only(self) -> bool:
        """A material or look that is said after the noun: "of wood", "with a round shape", "in red"."""
        end = self.at
        while end < len(self.tokens) and (self.tokens[end] in DETERMINERS or attribute(self.tokens[end])):
            end += 1
        found = [attribute(token) for token in self.tokens[self.at : end]]
        following = self.tokens[end] if end < len(self.tokens) else "."
        closes = following in {
            "shape",
            "colour",
            "color",
            "look",
            "material",
            "and",
            ".",
            ",",
            ";",
            "that",
            "which",
            "is",
            "with",
        }
        if not any(found) or not (closes or self._relation_at(end)):
            return False
        self._describe([item for item in found if item])
        self.at = end + (following in {"shape", "colour", "color", "look", "material"})
        return True

    def _relation_at(self, at: int) -> bool:
        return self.tokens[at] in PARTICIPLES or any(
            " ".join(self.tokens[at : at + length]) in RELATION_PHRASES for length in range(1, LONGEST_PHRASE + 1)
        )

    def _complement(self) -> bool:
        """An attribute said of what was named: "the mug is red", "made of glass"."""
        if self._attribute_only():
            return True
        found = attribute(self.tokens[self.at]) if self.at < len(self.tokens) else None
        if found is None:
            return False
        self._describe([found])
        self.at += 1
        return True

    def _describe(self, found: list[tuple[str, str]]) -> None:
        about = self.drafts[self._about()]
        for kind, word in found:
            about.attributes.setdefault(kind, word)

    def _about(self) -> int:
        return 0 if self.to_head else self.cursor

    def _skip(self, *words: str) -> bool:
        """Step over one of the words; whether it was there."""
        if self.at < len(self.tokens) and self.tokens[self.at] in words:
            self.at += 1
            return True
        return False

    def _room(self) -> str:
        """The room at hand ("the kitchen"), stepped over; "" where the words name a thing ("the kitchen counter")."""
        at = self.at
        while at < len(self.tokens) and self.tokens[at] in DETERMINERS:
            at += 1
        for length in (2, 1):
            name = " ".join(self.tokens[at : at + length])
            after = at + length
            if name in ROOM_WORDS and (after >= len(self.tokens) or self._ends_noun(after)):
                self.at = after
                return ROOM_WORDS[name]
        return ""

    def _ends_noun(self, at: int) -> bool:
        token = self.tokens[at]
        return token in NOUN_ENDS or token in DETERMINERS or self._relation_at(at)

    def _noun_phrase(self, after: tuple[str, ...] = ()) -> int | None:
        """Read a noun phrase into a node; its index, 0 for "it", None where there is none."""
        while self._skip(*DETERMINERS, *after):
            pass
        if self._skip("it", "them"):
            return 0
        start = self.at
        while self.at < len(self.tokens) and not (self._ends_noun(self.at) and self.at > start):
            if self.tokens[self.at] in {".", ",", ";", "and"}:
                break
            self.at += 1
        words = self.tokens[start : self.at]
        if not words:
            return None
        words = self._more_attributes(words)
        draft = noun(words)
        self.drafts.append(draft)
        self.cursor, self.to_head = len(self.drafts) - 1, False
        return self.cursor

    def _more_attributes(self, words: list[str]) -> list[str]:
        """Words that commas or "and" keep apart belong to the noun that follows: "a small, red mug"."""
        while (
            all(attribute(word) for word in words)
            and self.at + 1 < len(self.tokens)
            and self.tokens[self.at] in {",", "and"}
            and not self._ends_noun(self.at + 1)
        ):
            self.at += 1
            start = self.at
            while self.at < len(self.tokens) and not self._ends_noun(self.at):
                self.at += 1
            words = words + self.tokens[start : self.at]
        return words
