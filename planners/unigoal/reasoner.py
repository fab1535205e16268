"""What UniGoal asks a language model, as a protocol, and the embedded answer: grammar, written-down lore and embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import PlannerError
from enactive.perception.detector import Detector
from enactive.perception.room_table import ROOM_KINDS

from .commonsense import LORE, Lore
from .decomposition import strongly_related
from .goal_graph import GoalGraph
from .grammar import parse_description
from .layout import lay_out
from .nouns import category_node
from .similarity import WordSimilarity, calibrated
from .vocabulary import canonical

SAME_ROOM = 0.35
BESIDE = 0.9
STEP = 0.08  # less for each place further down a list of likely places
STRANGER = 0.5  # how alike an unknown word must be to a known one to borrow its lore


@runtime_checkable
class Reasoner(Protocol):
    """Judgements about goals and homes. Probabilities are in [0, 1]."""

    def goal_graph(self, goal: Goal) -> GoalGraph:
        """What a goal speaks of. Raises PlannerError where it cannot be understood."""
        ...

    def related(self, a: str, b: str) -> float:
        """Probability that two things stand close to each other."""
        ...

    def rooms(self, name: str) -> Mapping[str, float]:
        """Probability of each kind of room for a thing; empty where nothing is known."""
        ...

    def decompose(self, graph: GoalGraph) -> list[list[int]]:
        """Groups of nodes of a goal graph that are best searched for together."""
        ...

    def coordinates(self, graph: GoalGraph) -> NDArray[np.float64]:
        """(N, 2) metres: where the nodes of a goal graph may stand on the floor plan, target at the origin."""
        ...

    def plausible(self, name: str, beside: Sequence[str], room: str) -> float:
        """Probability that a thing is what it is called, given what it stands beside and its room ("" = unknown)."""
        ...


class EmbeddedReasoner:
    """Judgements without a language model.

    words: similarities of names. describer: the detector that reads goal pictures, the embedded segmenter where not given.
    """

    def __init__(self, words: WordSimilarity, describer: Detector | None = None) -> None:
        self.words = words
        self.describer = describer
        self._lore: dict[str, tuple[Lore | None, float]] = {}

    def goal_graph(self, goal: Goal) -> GoalGraph:
        if isinstance(goal, ObjectGoal):
            return GoalGraph((category_node(goal.category),))
        if isinstance(goal, TextGoal):
            return parse_description(goal.text)
        if isinstance(goal, ImageGoal):
            from .picture import describe

            return describe(goal.image, self.describer)
        raise PlannerError(f"UniGoal takes a category, a description or a picture, not a {type(goal).__name__}")

    def related(self, a: str, b: str) -> float:
        a, b = canonical(a), canonical(b)
        if a == b:
            return 1.0
        for room, thing in ((a, b), (b, a)):
            if room in ROOM_KINDS:
                rooms = self.rooms(thing)
                return rooms.get(room, 0.0) / max(rooms.values(), default=1.0)
        (lore_a, sure_a), (lore_b, sure_b) = self.lore(a), self.lore(b)
        if lore_a is None or lore_b is None:
            return 0.5 * float(calibrated(self.words.cosine(a, b))) ** 2
        stands = max(self._rank(lore_a.beside, b), self._rank(lore_b.beside, a))
        shared = len(set(lore_a.rooms) & set(lore_b.rooms)) / min(len(lore_a.rooms), len(lore_b.rooms))
        return sure_a * sure_b * max(stands, SAME_ROOM * shared)

    def _rank(self, places: Sequence[str], name: str) -> float:
        """High where a name, or a more general one, stands early in a list of likely places."""
        found = (rank for rank, place in enumerate(places) if name == place or name.endswith(" " + place))
        return next((BESIDE - STEP * rank for rank in found), 0.0)

    def lore(self, name: str) -> tuple[Lore | None, float]:
        """What is written down of a thing, or of the known thing that its name is most like, and how sure that is."""
        name = canonical(name)
        if name not in self._lore:
            self._lore[name] = self._find_lore(name)
        return self._lore[name]

    def _find_lore(self, name: str) -> tuple[Lore | None, float]:
        if name in LORE:
            return LORE[name], 1.0
        ending = next((known for known in LORE if name.endswith(" " + known)), None)
        if ending is not None:
            return LORE[ending], 0.95
        known = list(LORE)
        alike = calibrated(self.words.vectors(known) @ self.words.vectors([name])[0])
        best = int(alike.argmax())
        return (LORE[known[best]], float(alike[best])) if alike[best] >= STRANGER else (None, 0.0)

    def rooms(self, name: str) -> Mapping[str, float]:
        if name in ROOM_KINDS:
            return {name: 1.0}
        lore, sure = self.lore(name)
        if lore is None:
            return {}
        weights = 0.5 ** np.arange(len(lore.rooms))
        return {room: sure * float(weight / weights.sum()) for room, weight in zip(lore.rooms, weights, strict=True)}

    def decompose(self, graph: GoalGraph) -> list[list[int]]:
        return strongly_related(graph, self.related)

    def coordinates(self, graph: GoalGraph) -> NDArray[np.float64]:
        return lay_out(graph)

    def plausible(self, name: str, beside: Sequence[str], room: str) -> float:
        rooms = self.rooms(name)
        fits = [self.related(name, other) for other in beside]
        if rooms and room:
            fits.append(min(1.0, rooms.get(room, 0.0) / max(rooms.values())))
        return float(np.mean(fits)) if fits else 0.5
