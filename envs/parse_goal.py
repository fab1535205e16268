"""From what a person types to a `Goal`."""

from __future__ import annotations

import re

import numpy as np

from enactive.errors import ConfigError

from .goal import Goal, ObjectGoal, PoseGoal, TaskGoal, TextGoal
from .request_words import MOVING, POLITE, SEEKING

LONGEST = 1000  # characters; the time that the patterns below take grows with the square of them
_POLITE = (
    rf"^(?:(?:help me to|{POLITE}|kindly|hello|hi|ok|okay|robot(?=,)"
    r"|i (?:need|want)(?: you)? to|i'd like(?: you)? to)\b[\s,]*)*"
)
_REQUEST = re.compile(
    rf"{_POLITE}(?:(?:{MOVING}|come|get)(?: back)? to|(?:show me|tell me|do you know) where|{SEEKING}|see|searching for"
    r"|(?:i'm |i am |we're |we are )look(?:ing)? for|(?:i'm |i am )search(?:ing)? for|where did i (?:leave|put)"
    r"|where can i find|have you seen|(?:do|can) you see|is there|are there|i'd like|i(?:'ve| have)? lost|i can(?:'t|not) find)"
    r"\s+(?:me\s+)?"
)
_PLEASANTRY = re.compile(r"(?:[\s,]+(?:please|thanks|thank you|for me|if you can|now|anywhere|somewhere|around here))+$")
_ORDER = (
    r"(?:put|place|clean|wash|rinse|heat|warm|cool|chill|slice|cut|turn (?:on|off)|turn(?= .+ (?:on|off)\b)|switch|open|close"
    r"|pick up|move (?!to\b)|bring (?!me to\b)|examine|carry|gather|load|make|give|refrigerate|hold|inspect|check|grab"
    r"|fetch|look at|set (?!of\b)|take (?!me\b)|get (?!to\b))\b"
)
_OBJECT = r"(?:it|them|a|an|the|my|our|your|his|her|their|this|these|those|both|one|two)\b"
_TASK = re.compile(
    rf"{_POLITE}(?:{_ORDER}|i want two\b)"
    # An order that follows on something; a mug that is "big and clean", a box "in the hall, open" has no object after the word.
    r"|.+(?:\b(?:and|then)|[,;.!?])\s+(?:and |then |please )*"
    rf"(?!(?:clean|warm|cool|cut|open|close|set)\b(?! (?:down )?{_OBJECT})|switch\b(?! (?:on|off|{_OBJECT}))){_ORDER}(?!-)"
)
_WANTED = re.compile(r".+ should be (?:in|on)|.+ is dirty,")  # said of a thing, where nothing is asked for
_MOVE = (
    r"(?:come on|stop it|(?:stop|halt) the robot"
    r"|(?:go|come|turn|move|step|walk|drive|run|roll|back|follow|stop|wait|halt|stay|stand|rotate|spin|explore|return|look|quit"
    r"|hello|hi|hey|help)(?: (?:to|the|back|home|here|there|left|right|forwards?|backwards?|ahead|straight|around|round|up|down"
    r"|away|out|over|me|them|us|still|again|now|slowly|everywhere|a|bit|\d+(?:\.\d+)?(?:c?m|deg|\u00b0)?|c?m|deg|degrees?"
    r"|metres?|meters?|steps?))*)"
)
_MOVES = re.compile(rf"{_MOVE}(?:(?:,| and|, and)(?: then)? {_MOVE})*")
_ARTICLE = re.compile(r"^(a|an|the|any|some|my|our|your|one of the)\s+")
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_POINT = re.compile(rf"^\(?\s*(?:x\s*[=:]?\s*)?{_NUMBER}\s*m?\s*[, ]\s*(?:y\s*[=:]?\s*)?{_NUMBER}\s*m?\s*\)?$")
# Words that the bare name of a kind of thing does not have: with one of them a phrase tells more, or is a sentence.
_MORE_THAN_A_NAME = re.compile(
    r"\b(?:in|on|at|under|below|above|over|near|beside|behind|between|inside|by|with|from|of|to|against|opposite|that"
    r"|which|whose|beneath|underneath|alongside|atop|upon|within|around|facing|across|adjacent|among|onto|into|next"
    r"|nearest|closest|left|without|not|no|except|but|than|other|and|or|then|find|go|bring|a|an|the|my|your|our|his"
    r"|her|their|this|these|those|i|you|he|she|we|they|it|me|us|him|them|who|what|when|why|how|where|is|are|am|was"
    r"|were|do|does|did|has|have|had|should|one|two|three|four|five|six|seven|eight|nine|ten|both|all|every|each"
    r"|several|many|some|any|another|different|first|second|third|last)\b"
)
_NAME = re.compile(r"[a-z0-9'\- ]+")
_ATTRIBUTE = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|pink|brown|beige|white|grey|gray|black|silver|golden|dark|light|wooden"
    r"|metal|metallic|plastic|ceramic|glass|leather|fabric|paper|rubber|stone|wicker|cardboard|marble|steel|big|large"
    r"|small|little|tiny|tall|short|round|square|rectangular|oval|striped|bigger|biggest|larger|largest|smaller"
    r"|smallest|taller|tallest|longer|longest|shorter|shortest|long|low|wide|narrow|thin|thick|slim|high|deep|open"
    r"|closed|folded|rolled|wool|woollen|cotton|straw|bamboo|brass|bronze|copper|chrome|porcelain|velvet|linen|rattan"
    r"|off-white|violet|turquoise|cream)\b"
)


def parse_goal(sentence: str) -> Goal:
    """Read a typed request.

    "find a mug" is an `ObjectGoal`, "find the red mug in the kitchen" a `TextGoal`, "put a clean mug on the table" a
    `TaskGoal`, "go to 1.5, -2" a `PoseGoal` in world metres. A sentence without a verb is something to find. What is more than
    the bare name of a kind of thing is a `TextGoal`, for the planner to read or to refuse.

    Raises ConfigError where nothing is asked for, a mere move ("turn left"), or too much.
    """
    if len(sentence) > LONGEST:
        raise ConfigError(f"the goal has {len(sentence)} characters; say in at most {LONGEST} what to find or to do")
    words = " ".join(sentence.lower().replace("\u2019", "'").split()).strip(" .!?")
    if _MOVES.fullmatch(words) or _MOVES.fullmatch(_PLEASANTRY.sub("", re.sub(_POLITE, "", words))):
        raise ConfigError(
            f"{sentence!r} is a move, and goals are things to find, places and household tasks: "
            'try "find the red mug in the kitchen" or "go to 1.5, -2"'
        )
    if _TASK.match(words) or (_WANTED.match(words) and not _REQUEST.match(words)):
        return TaskGoal(words)
    phrase = _PLEASANTRY.sub("", _REQUEST.sub("", words, count=1)).strip(" .!?")
    thing = _ARTICLE.sub("", f"{phrase} ", count=1).strip()
    if not re.search(r"\w", thing) or _REQUEST.fullmatch(words + " "):
        raise ConfigError(f'the goal {sentence!r} names nothing to look for; try "find the red mug in the kitchen"')
    if point := _POINT.match(thing):
        T_world_goal = np.eye(4)
        T_world_goal[:2, 3] = [float(point[1]), float(point[2])]
        return PoseGoal(T_world_goal)
    named = _NAME.fullmatch(thing) and not _MORE_THAN_A_NAME.search(thing) and not thing[0].isdigit()
    if not named or _ATTRIBUTE.search(thing):
        return TextGoal(phrase)
    return ObjectGoal(thing)
