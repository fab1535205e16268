"""The embedded perceiver: pixels in, map, scene graph and detections out, with no truth and nothing downloaded but words."""

from __future__ import annotations

import re
from dataclasses import replace

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, Observation, PoseGoal, TaskGoal
from enactive.errors import ConfigError

from .base import Belief
from .detector import Detector, TextEncoder
from .room_table import ROOM_KINDS
from .scene_graph_builder import SceneGraphBuilder
from .spatial_memory import SpatialMemory, depth_range_m
from .vocabulary import COLOURS, canonical, in_singular, materials


class EmbeddedPerceiver:
    """Occupancy map, detector and scene graph. detector: the shipped `Segmenter` where not given.

    min_area_px: smaller segments do not reach the scene graph. min_score: nor do less certain ones.
    """

    needs = frozenset({"rgb", "depth", "pose"})
    provides = frozenset({"map", "scene_graph", "detections"})

    def __init__(self, detector: Detector | None = None, min_area_px: int = 25, min_score: float = 0.0) -> None:
        self._detector = detector
        self.min_area_px = min_area_px
        self.min_score = min_score
        self._memory: SpatialMemory | None = None

    @property
    def detector(self) -> Detector:
        """The detector in use; the shipped one is loaded when first asked for."""
        if self._detector is None:
            from .segmenter.detector import Segmenter

            self._detector = Segmenter()
        return self._detector

    @property
    def text(self) -> TextEncoder:
        """Encoder whose vectors are comparable with those of the scene graph."""
        return self.detector.text

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        """Forget everything; the detector is told the words of the goal."""
        self.detector.reset(goal_words(goal))
        self._memory = SpatialMemory(embodiment, SceneGraphBuilder(depth_range_m(embodiment), self.min_area_px))

    def update(self, observation: Observation) -> Belief:
        """Take one observation in. Raises PerceptionError on faulty sensors, ConfigError before `reset`."""
        if self._memory is None:
            raise ConfigError("EmbeddedPerceiver was not reset: call reset(embodiment, goal) first")
        frame = self._memory.look(observation)
        if isinstance(frame, Belief):
            return frame
        found = self.detector.detect(replace(observation, cameras={"first": frame}))
        return self._memory.remember(observation, frame, [one for one in found if one.score >= self.min_score])


_HEAD_END = re.compile(
    r"\b(?:on|in|inside|at|by|near|next|under|above|below|behind|beside|with|and|that|which|from|to|of|is|are|made|top|close"
    r"|located|placed|sitting|standing|lying|over|beneath|underneath|onto|upon|within|around|against|opposite|closest|nearest"
    r"|between|among|across|facing|front|hanging|hangs|stands|sits|lies|has|have|having|but|not|no|without|except|than|other|or"
    r"|then|there|where|who|it|them|i|we|you|they|should|be|left|right)(?:'s|'t|n't)?\b|[,.;!?]"
)
_NOT_NAMES = {
    "a", "an", "the", "some", "any", "my", "our", "your", "his", "her", "their", "this", "these", "those", "all", "both",
    "two", "three", "four", "five", "find", "me", "put", "bring", "pick", "up", "down", "go", "one", "ones", "look", "for",
    "show", "take", "search", "locate", "please", "get", "fetch", "thing", "things", "item", "object", "something",
    "anything", "stuff", "another", "different",
}  # fmt: skip
_ROOM = re.compile(  # a toy kitchen, a doll house and dirty laundry are things
    rf"(?!.*\b(?:toy|play|doll)\b)(?:.* )?(?:{'|'.join(ROOM_KINDS)}|room|study|lounge|hall|corridor|foyer|pantry|washroom"
    r"|restroom|entrance)|laundry|corner|middle|house|home"
)


def goal_words(goal: Goal | None) -> tuple[str, ...]:
    """Names to look for: the category, or the nouns of a description, without articles and colours. A room is no thing to see.

    A phrase that ends in a name of the vocabulary gives that name: "the small red mug" is looked for as "mug".
    """
    if goal is None or isinstance(goal, ImageGoal | PoseGoal):
        return ()
    if isinstance(goal, ObjectGoal):
        names, substances = [in_singular(goal.category)], frozenset[str]()
    else:
        sentence = goal.instruction if isinstance(goal, TaskGoal) else goal.text
        names = [_name_in(phrase.split()) for phrase in _HEAD_END.split(sentence.lower())]
        substances = frozenset({*materials(), "wood"})
    things = (name for name in names if canonical(name) or not (_ROOM.fullmatch(name) or name in substances))
    return tuple(dict.fromkeys(filter(None, things)))


def _name_in(words: list[str]) -> str:
    for start in range(len(words)):
        name = canonical(" ".join(words[start:]))
        if name is not None:
            return name
    return " ".join(word for word in words if word not in _NOT_NAMES and word not in COLOURS)
