"""The clauses of a description, one after the other, into the nodes and edges of a goal graph."""

from __future__ import annotations

from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .noun_phrases import noun_phrase
from .nouns import Draft, known, noun, size_of
from .phrases import DETERMINERS, HOLDING, PARTICIPLES, PREDICATES, RELATION_PHRASES
from .refusals import refuse_a_second_goal, refuse_an_order, refuse_an_unknown_verb, refuse_what_is_no_thing
from .tokens import Tokens
from .vocabulary import attribute


class Clauses:
    """Reads tokens from left to right. `cursor` is the node named last, node 0 the head."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.drafts: list[Draft] = []
        self.edges: list[GoalEdge] = []
        self.cursor = 0
        self.to_head = False  # the clause that follows speaks of the head, not of the thing named last

    def read(self) -> GoalGraph:
        """The graph of all clauses. Raises PlannerError where one would make another goal of it."""
        while self.tokens.left():
            if not self._clause():
                self.tokens.at += 1
        nodes = tuple(GoalNode(draft.name, draft.attributes, draft.room) for draft in self.drafts)
        return GoalGraph(nodes, tuple(dict.fromkeys(self.edges)))

    def _clause(self) -> bool:
        """Read one clause; False where the token at hand opens none."""
        token = self.tokens.here()
        if self.tokens.skip(".", ",", ";", "and", "or", "but", "then"):
            self.to_head = bool(self.drafts)
            if token in {"and", "or", "then", ","} and self.drafts:
                refuse_a_second_goal(self.tokens, token, self.drafts[0], bool(self.edges))
            return True
        if not self.drafts:
            refuse_what_is_no_thing(self.tokens)
            return self._head()
        refuse_an_order(self.tokens)
        if token in PREDICATES:
            return self._predicate()
        if token in {"with", "has", "having", "of", "from"}:
            return self._belonging()
        if token in PARTICIPLES:
            return False
        phrase = self.tokens.relation()
        if phrase:
            return self._relation(phrase)
        return self._complement()

    def _head(self) -> bool:
        """Read what is looked for."""
        bare = self.tokens.here() not in DETERMINERS
        found = self._noun()
        if bare and self.drafts:
            refuse_an_unknown_verb(self.tokens, self.drafts[0])
        return found is not None

    def _relation(self, phrase: str) -> bool:
        """For example "on the counter", "in the kitchen", "between the sofa and the tv", "next to it is a kettle"."""
        self.tokens.at += len(phrase.split())
        relation = RELATION_PHRASES[phrase]
        if room := self.tokens.room():
            self._place_in(room)
            return True
        if self._nowhere():
            return True
        if self.tokens.skip("it", "them"):
            other = self._noun(after=("is", "are", "stands", "sits", "there"))
            if other is not None:
                self._relate(other, relation, 0)
            return True
        if relation == "in" and self._looks():
            return True
        cursor, before, to_head = self.cursor, len(self.drafts), self.to_head
        other = self._noun()
        if other is None or other < before:
            return True
        subject = 0 if to_head else self._subject(cursor, other, relation)
        self._relate(subject, relation, other)
        while self._another("between" in phrase, relation):
            self.tokens.at += 1
            second = self._noun()
            if second is not None:
                self._relate(subject, relation, second)
        self.to_head = False
        return True

    def _another(self, surely: bool, relation: str) -> bool:
        """Whether "and" joins one more thing to that of a relation: "next to the sofa and the tv". surely: for "between"."""
        words, end = self.tokens.all, self.tokens.at + 1
        if self.tokens.here() != "and" or end == len(words):
            return False
        determined = words[end] in DETERMINERS
        while end < len(words) and (words[end] in DETERMINERS or not self.tokens.ends_noun(end)):
            end += 1
        alone = end == len(words) or words[end] in {".", ",", ";", "and"}  # no more is said of it
        alone = alone or (relation == "next to" and self.tokens.in_a_room(end))
        return surely or (alone and determined)

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

    def _predicate(self) -> bool:
        """For example "that is red", "which is made of glass", "it is next to ...", "there is a lamp next to it"."""
        token = self.tokens.here()
        self.to_head = self.to_head or token == "it"
        self.tokens.at += 1
        if token != "there":
            return True
        self.tokens.skip("is", "are")
        other = self._noun()
        phrase = self.tokens.relation() if other is not None else ""
        if other is not None and phrase:
            self.tokens.at += len(phrase.split())
            self.tokens.skip("it", "them")
            self._relate(other, RELATION_PHRASES[phrase], 0)
        elif other is not None:
            self._relate(other, "next to", 0)
        return True

    def _belonging(self) -> bool:
        """For example "with a lamp on it", "of wood", "with a round shape", "of the kitchen"."""
        word = self.tokens.here()
        self.tokens.at += 1
        if word in {"of", "from"} and (room := self.tokens.room()):
            self._place_in(room)
            return True
        if self._looks() or self._nowhere():
            return True
        whole, before = self._about(), len(self.drafts)
        other = self._noun()
        if other is None or other < before:
            return True
        phrase = self.tokens.relation()
        if not phrase and self._is_no_thing(word, whole, other):
            self.drafts.pop()
            self.cursor = whole
            return True
        self.tokens.at += len(phrase.split())
        if phrase and self.tokens.skip("it", "them", "top"):
            self._relate(other, RELATION_PHRASES[phrase], whole)
        else:
            self.tokens.at -= len(phrase.split())
            self._relate(whole, "next to", other)
        self.cursor = whole
        return True

    def _is_no_thing(self, word: str, whole: int, other: int) -> bool:
        """Whether what belongs to a thing is a part or a filling, which no scene graph has: "with a handle", "of water"."""
        if word == "of" and self.drafts[whole].name.split()[-1] in HOLDING:
            return size_of(self.drafts[other].name) != "furniture"
        return word != "from" and not known(self.drafts[other].name.split())

    def _complement(self) -> bool:
        """An attribute said of what was named: "the mug is red", "made of glass"."""
        if self._looks():
            return True
        found = attribute(self.tokens.here())
        if found is None:
            return False
        self._describe([found])
        self.tokens.at += 1
        return True

    def _looks(self) -> bool:
        found = self.tokens.looks()
        self._describe(found)
        return bool(found)

    def _nowhere(self) -> bool:
        room = self.tokens.nowhere()
        if room:
            self._place_in(room)
        return room is not None

    def _noun(self, after: tuple[str, ...] = ()) -> int | None:
        """Read a noun phrase into a node; its index, 0 for "it", None where there is none."""
        while self.tokens.skip(*DETERMINERS, *after):
            pass
        if self.tokens.skip("it", "them"):
            return 0
        words = noun_phrase(self.tokens)
        if not words:
            return None
        self.drafts.append(noun(words))
        self.cursor, self.to_head = len(self.drafts) - 1, False
        return self.cursor

    def _describe(self, found: list[tuple[str, str]]) -> None:
        about = self.drafts[self._about()]
        for kind, word in found:
            about.attributes.setdefault(kind, word)

    def _about(self) -> int:
        return 0 if self.to_head else self.cursor

    def _relate(self, a: int, relation: str, b: int) -> None:
        if a != b:
            self.edges.append(GoalEdge(a, b, relation))

    def _place_in(self, room: str) -> None:
        """Rooms hold for the whole scene that has been told so far: what stands on each other stands in one room."""
        for draft in self.drafts:
            draft.room = draft.room or room
        self.to_head = False
