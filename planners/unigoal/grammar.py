"""From a description in English to a goal graph, by a grammar: no model, no download, the same answer every time.

A description is a head noun with attributes, followed by clauses that relate it, or the thing named last, to other things:
"the small red mug on the wooden counter next to the kettle in the kitchen". Rooms become constraints of the nodes.
"""

from __future__ import annotations

import re
import unicodedata

from enactive.errors import PlannerError

from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .nouns import Draft, known, noun, room_named, size_of
from .phrases import (
    DETERMINERS,
    HOLDING,
    IN_TURN,
    IN_TURN_BEFORE_A_THING,
    LONGEST_PHRASE,
    MANY,
    MEASURED,
    MEASURES,
    NEGATIONS,
    NO_HEADS,
    NOUN_ENDS,
    NOWHERE,
    ONE_OF,
    OPENINGS,
    PARTICIPLES,
    PRONOUNS,
    RELATION_PHRASES,
    TOKEN,
)
from .vocabulary import ANY_OBJECT, SHADES, attribute

LONGEST_TEXT = 2000  # characters; the time to read them grows with their square
LONGEST_NAME = 3  # words; what is longer and not known is a sentence


def parse_description(text: str) -> GoalGraph:
    """The goal graph of a description; node 0 is the target.

    Raises PlannerError where it names nothing, more than one thing to find, or says what a thing is not: a graph has no place
    for that, and leaving it out would turn the goal into another one.
    """
    if len(text) > LONGEST_TEXT:
        raise PlannerError(f"the goal has {len(text)} characters; describe it in at most {LONGEST_TEXT}")
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))).strip()
    plain = re.sub(r"\b(that|which|who|there|it)'s\b", r"\1 is", "".join(c for c in plain if not unicodedata.combining(c)))
    if any(c.isalpha() and not c.isascii() for c in plain):
        raise PlannerError(f"the goal {text!r} is not written in the letters of English, which is all that is read")
    plain = re.sub(r"\bsalt and (?=pepper (?:shaker|mill)s?\b)", "", MEASURED.sub(r"\1-", plain))  # the two stand together
    plain = _place_last(OPENINGS.sub("", plain))
    if negated := NEGATIONS.search(plain):
        raise PlannerError(f"the goal {text!r} says {negated[0]!r}; negations are not read: say what the thing is")
    plain = ONE_OF.sub("", plain)
    if MANY.search(plain):
        raise PlannerError(f"the goal {text!r} asks for several things: ask for one at a time")
    graph = _Reader(TOKEN.findall(plain), text).read()
    if not graph.nodes:
        raise PlannerError(f"the goal {text!r} names no object; say what to find, for example 'the red mug in the kitchen'")
    target = graph.nodes[graph.target]
    if target.name == ANY_OBJECT and not (target.attributes or target.room or graph.edges):
        raise PlannerError(f"the goal {text!r} says nothing of what to find; name it, or tell its colour, place or neighbours")
    if len(target.name.split()) > LONGEST_NAME:
        raise PlannerError(_not_understood(text))
    return graph


def _not_understood(text: str) -> str:
    return f"the goal {text!r} was not understood; say what to find, for example 'the red mug in the kitchen'"


def _place_last(plain: str) -> str:
    """A description with the place that it opens with after the thing: "on the desk there is a mug" -> "a mug, on the desk".

    An opening that is no place is left out: "over there, the mug".
    """
    opening = re.match(r"(.+?)(?:,|\b(?=there (?:is|are)\b|find\b|look for\b))\s*(.+)", plain)
    phrase = _relation_in(opening[1].split()) if opening else ""
    if opening is None or not phrase:
        return plain
    thing = OPENINGS.sub("", opening[2])
    told = {*opening[1].removeprefix(phrase).split()} - DETERMINERS - NOWHERE - {"there", "way"}
    return f"{thing}, {opening[1]}" if told else thing


def _relation_in(words: list[str]) -> str:
    """The longest relation phrase that some words begin with, "" where none."""
    phrases = (" ".join(words[:length]) for length in range(LONGEST_PHRASE, 0, -1))
    return next((phrase for phrase in phrases if phrase in RELATION_PHRASES), "")


class _Reader:
    """Reads tokens from left to right. `cursor` is the node named last, node 0 the head."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self.text = text
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
        if token in {".", ",", ";", "and", "or", "but", "then"}:
            self.to_head, self.at = bool(self.drafts), self.at + 1
            if token in {"and", "or", "then", ","} and self.drafts:
                self._refuse_a_second_goal(token)
            return True
        if self.drafts and self._order():
            raise PlannerError(f"the goal {self.text!r} asks for more than one thing in turn: ask for one at a time")
        if not self.drafts:
            if self._relation_phrase():
                raise PlannerError(f"the goal {self.text!r} names no object; say what to find, not only where")
            if token in NO_HEADS:
                raise PlannerError(_not_understood(self.text))
            return self._head()
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

    def _head(self) -> bool:
        """Read what is looked for. An unknown word with an object is a verb, and nothing to find: "drop the mug"."""
        bare = self.tokens[self.at] not in DETERMINERS
        found = self._noun_phrase()
        if not self.drafts:
            return found is not None
        head, following = self.drafts[0], self.tokens[self.at] if self.at < len(self.tokens) else "."
        named = known(head.name.split()) or head.room == head.name or head.name == ANY_OBJECT
        objects = (DETERMINERS | PRONOUNS | {"to", "where"}) - {"that"}
        if bare and not named and following in objects and not self._relation_phrase():
            raise PlannerError(_not_understood(self.text))
        return True

    def _order(self) -> bool:
        """Whether an order is at hand, but for the "find it" that a description may end with."""
        token, following = self.tokens[self.at], self.tokens[self.at + 1 : self.at + 2]
        if self.tokens[self.at - 1] in {"to", "can", "i", "we", "you", "they"}:  # "a knife to cut the bread"
            return False
        if token not in IN_TURN:
            return token in IN_TURN_BEFORE_A_THING and bool({*following} & (DETERMINERS | PRONOUNS))
        return not re.match(r"(?:find|look for|locate) (?:it|them)(?: [.,]|$)", " ".join(self.tokens[self.at :]))

    def _refuse_a_second_goal(self, joint: str) -> None:
        """Raises PlannerError where another thing is named beside the head: "the mug and the plate", "mug, plate".

        An attribute that is a name, too, is none after another one or a comma: "white and orange", "the mug, orange". Nor is
        what "it" relates to the head: "the mug, and the plate next to it".
        """
        start = self.at
        while start < len(self.tokens) and self.tokens[start] in DETERMINERS:
            start += 1
        end = start
        while end < len(self.tokens) and not self._ends_noun(end):
            end += 1
        words, determined = self.tokens[start:end], start > self.at
        names = any(known(words[first:]) for first in range(len(words)))
        head = self.drafts[0]
        alone = not self.edges and head.room in {"", head.name}
        if all(attribute(word) or word in SHADES for word in words) and not determined:
            another = names and not (joint == "," or attribute(self.tokens[self.at - 2]))
        elif alone and joint != ",":
            another = names or determined
        else:
            in_room = bool(room_named(self.tokens[max(0, self.at - 3) : self.at - 1]))  # "in the kitchen and the plate"
            placed = determined and (in_room or self._relation_at(end))  # "on the desk and the plate in the sink"
            another = names and bool(alone or placed) and not {"it", "them"} & {*self.tokens[end:]}
        if words and another and noun(words).name != head.name:
            raise PlannerError(f"the goal {self.text!r} names more than one thing to find: ask for one at a time")

    def _relation_phrase(self) -> str:
        """The longest relation phrase at hand, "" where none."""
        return _relation_in(self.tokens[self.at : self.at + LONGEST_PHRASE])

    def _relation(self, phrase: str) -> bool:
        """For example "on the counter", "in the kitchen", "between the sofa and the tv", "next to it is a kettle"."""
        self.at += len(phrase.split())
        relation = RELATION_PHRASES[phrase]
        if room := self._room():
            self._place_in(room)
            return True
        if self._nowhere():
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
        while self._another("between" in phrase, relation):
            self.at += 1
            second = self._noun_phrase()
            if second is not None:
                self._relate(subject, relation, second)
        self.to_head = False
        return True

    def _another(self, surely: bool, relation: str) -> bool:
        """Whether "and" joins one more thing to that of a relation: "next to the sofa and the tv". surely: for "between"."""
        if self.tokens[self.at : self.at + 1] != ["and"] or self.at + 1 == len(self.tokens):
            return False
        end = self.at + 1
        while end < len(self.tokens) and (self.tokens[end] in DETERMINERS or not self._ends_noun(end)):
            end += 1
        alone = end == len(self.tokens) or self.tokens[end] in {".", ",", ";", "and"}  # no more is said of it
        alone = alone or (relation == "next to" and self._in_a_room(end))
        return surely or (alone and self.tokens[self.at + 1] in DETERMINERS)

    def _in_a_room(self, at: int) -> bool:
        """Whether tokens from `at` on begin with "in the kitchen"."""
        here, self.at = self.at, at + 1
        room = self.tokens[at] == "in" and self._room()
        self.at = here
        return bool(room)

    def _nowhere(self) -> bool:
        """Step over a place that says nothing but a room: "on the wall", "in the corner of the kitchen"."""
        start = end = self.at
        while end < len(self.tokens) and self.tokens[end] in {*DETERMINERS, *NOWHERE, "of"}:
            end += 1
        told = self.tokens[start:end]
        if "of" in told and told[0] != "of":
            self.at += len(told) - told[::-1].index("of")
            if room := self._room():
                self._place_in(room)
                return True
            self.at = start
        if end == self.at or self.tokens[end - 1] not in NOWHERE or not (end == len(self.tokens) or self._ends_noun(end)):
            return False
        self.at = end
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
        if self._attribute_only() or self._nowhere():
            return True
        whole, before = self._about(), len(self.drafts)
        other = self._noun_phrase()
        if other is None or other < before:
            return True
        phrase = self._relation_phrase()
        if not phrase and self._is_no_thing(word, whole, other):
            self.drafts.pop()
            self.cursor = whole
            return True
        self.at += len(phrase.split())
        if phrase and self._skip("it", "them", "top"):
            self._relate(other, RELATION_PHRASES[phrase], whole)
        else:
            self.at -= len(phrase.split())
            self._relate(whole, "next to", other)
        self.cursor = whole
        return True

    def _is_no_thing(self, word: str, whole: int, other: int) -> bool:
        """Whether what belongs to a thing is a part or a filling, which no scene graph has: "with a handle", "of water"."""
        if word == "of" and self.drafts[whole].name.split()[-1] in HOLDING:
            return size_of(self.drafts[other].name) != "furniture"
        return word != "from" and not known(self.drafts[other].name.split())

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
        return not PARTICIPLES.isdisjoint(self.tokens[at : at + 1]) or any(
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
        """The room at hand ("the kitchen", "the kitchen wall"), stepped over; "" where the words name a thing."""
        at = self.at
        while at < len(self.tokens) and self.tokens[at] in DETERMINERS:
            at += 1
        end = at
        while end < len(self.tokens) and not self._ends_noun(end):
            end += 1
        words = self.tokens[at:end]
        room = room_named(words) or (room_named(words[:-1]) if words and words[-1] in NOWHERE else "")
        self.at = end if room else self.at
        return room

    def _ends_noun(self, at: int) -> bool:
        while self.tokens[at] in PARTICIPLES:  # "the standing lamp" is none that stands by something
            at += 1
            if at == len(self.tokens):
                return True
        token = self.tokens[at]
        return token in NOUN_ENDS or token in DETERMINERS or self._relation_at(at)

    def _noun_phrase(self, after: tuple[str, ...] = ()) -> int | None:
        """Read a noun phrase into a node; its index, 0 for "it", None where there is none."""
        while self._skip(*DETERMINERS, *after):
            pass
        if self._skip("it", "them"):
            return 0
        words = self._words()
        if not words:
            return None
        words = self._more_attributes(words)
        sorted_out = all(attribute(word) for word in words) and not known(words)  # "the bigger of the mugs"
        if (words[-1] in MEASURES or sorted_out) and self._skip("of"):  # "a pair of scissors" is scissors
            while self._skip(*DETERMINERS):
                pass
            rest = [word for word in words if word not in MEASURES] + self._words()
            words = [*words, "of", *rest] if room_named(rest) else rest or words  # a pile of laundry is no room
        draft = noun(words)
        self.drafts.append(draft)
        self.cursor, self.to_head = len(self.drafts) - 1, False
        return self.cursor

    def _words(self) -> list[str]:
        """The words of a noun phrase, stepped over: at least one, and "of" where it is part of a name ("bag of chips")."""
        start = self.at
        while self.at < len(self.tokens) and not (self._ends_noun(self.at) and self.at > start):
            if self.tokens[self.at] in {".", ",", ";", "and"}:
                break
            self.at += 1
        ends = (self.at + 3, self.at + 2) if self.tokens[self.at : self.at + 1] == ["of"] else ()
        self.at = next((end for end in ends if self._named(start, end)), self.at)
        return self.tokens[start : self.at]

    def _named(self, start: int, end: int) -> bool:
        """Whether some words, or the last of them, are the name of a known thing; `at` is the "of" among them."""
        return end <= len(self.tokens) and any(known(self.tokens[first:end]) for first in range(start, self.at))

    def _more_attributes(self, words: list[str]) -> list[str]:
        """Words that commas or "and" keep apart belong to the noun that follows: "a small, red mug"."""
        while (
            all(attribute(word) for word in words)
            and self.at + 1 < len(self.tokens)
            and self.tokens[self.at] in {",", "and", "or"}
            and not self._ends_noun(self.at + 1)
            and (attribute(self.tokens[self.at + 1]) or not known(words))  # "an orange or apple" is no orange apple
        ):
            self.at += 1
            start = self.at
            while self.at < len(self.tokens) and not self._ends_noun(self.at):
                self.at += 1
            words = words + self.tokens[start : self.at]
        return words
