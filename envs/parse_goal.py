"""From what a person types to a `Goal`."""

from __future__ import annotations

import re

import numpy as np

from enactive.errors import ConfigError

from .goal import Goal, ObjectGoal, PoseGoal, TaskGoal, TextGoal

_REQUEST = re.compile(
    r"^(please\s+|can you\s+|could you\s+)*"
    r"(find|look for|search for|locate|go to|navigate to|walk to|drive to|take me to|show me|get to|where is|where's|where are)"
    r"\s+"
    r"(me\s+)?"
)
_TASK = re.compile(
    r"^(please\s+|kindly\s+|can you\s+|could you\s+|would you\s+|i (?:need|want) you to\s+)*"
    r"(?:(?:put|place|clean|wash|rinse|heat|warm|cool|chill|slice|cut|turn (?:on|off|.+ (?:on|off))|switch|open|close|pick up"
    r"|move|bring|examine|carry|gather|load|make|give|refrigerate|hold|inspect|check|grab|fetch|look at|i want two"
    r"|set (?!of\b)|take (?!me\b)|get (?!to\b)|find .+\b(?:and|then) (?:put|place|set|move|bring))\b"
    r"|.+ should be (?:in|on)|(?!find\b|look for\b).+ is dirty,)"
)
_ARTICLE = re.compile(r"^(a|an|the|any|some|my|our|your|one of the)\s+")
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_POINT = re.compile(rf"^\(?\s*{_NUMBER}\s*m?\s*[, ]\s*{_NUMBER}\s*m?\s*\)?$")
_RELATION = re.compile(
    r"\b(in|on|at|under|below|above|over|near|beside|behind|between|inside|by|with|from|of|to|against|opposite|that|which|whose)\b"
)
_ATTRIBUTE = frozenset(
    {
        "red",
        "orange",
        "yellow",
        "green",
        "blue",
        "purple",
        "pink",
        "brown",
        "beige",
        "white",
        "grey",
        "gray",
        "black",
        "silver",
        "golden",
        "dark",
        "light",
        "wooden",
        "metal",
        "metallic",
        "plastic",
        "ceramic",
        "glass",
        "leather",
        "fabric",
        "paper",
        "rubber",
        "stone",
        "wicker",
        "cardboard",
        "marble",
        "steel",
        "big",
        "large",
        "small",
        "little",
        "tiny",
        "tall",
        "short",
        "round",
        "square",
        "rectangular",
        "oval",
        "striped",
    }
)


def parse_goal(sentence: str) -> Goal:
    """Read a typed request.

    "find a mug" is an `ObjectGoal`, "find the red mug in the kitchen" a `TextGoal`, "put a clean mug on the table" a
    `TaskGoal`, "go to 1.5, -2" a `PoseGoal` in world metres. A sentence without a verb is something to find.

    Raises ConfigError where nothing is asked for.
    """
    words = " ".join(sentence.lower().split()).strip(" .!?")
    if _TASK.match(words):
        return TaskGoal(words)
    phrase = _REQUEST.sub("", words, count=1)
    thing = _ARTICLE.sub("", f"{phrase} ", count=1).strip()
    if not re.search(r"\w", thing) or _REQUEST.fullmatch(words + " "):
        raise ConfigError(f'the goal {sentence!r} names nothing to look for; try "find the red mug in the kitchen"')
    if point := _POINT.match(thing):
        T_world_goal = np.eye(4)
        T_world_goal[:2, 3] = [float(point[1]), float(point[2])]
        return PoseGoal(T_world_goal)
    if _RELATION.search(thing) or _ATTRIBUTE & set(re.findall(r"\w+", thing)):
        return TextGoal(phrase)
    return ObjectGoal(thing)
