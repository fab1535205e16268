"""The closed words of the grammar: relations, what opens a request, what ends a noun phrase."""

from __future__ import annotations

import re

from enactive.envs.request_words import MOVING, POLITE, SEEKING

RELATION_PHRASES = {
    "on top of": "on", "on": "on", "onto": "on", "upon": "on", "atop": "on",
    "inside of": "in", "inside": "in", "in": "in", "within": "in", "into": "in",
    "next to": "next to", "beside": "next to", "besides": "next to", "near": "next to", "near to": "next to",
    "nearby": "next to",
    "close to": "next to", "closer to": "next to", "closest to": "next to", "closest": "next to", "nearest to": "next to",
    "nearest": "next to", "by": "next to", "at": "next to", "against": "next to", "alongside": "next to",
    "adjacent to": "next to",
    "in front of": "next to", "behind": "next to", "left of": "next to", "right of": "next to", "to the left of": "next to",
    "to the right of": "next to", "on the left of": "next to", "on the right of": "next to", "on the side of": "next to",
    "on the left side of": "next to", "on the right side of": "next to",
    "opposite": "next to", "opposite to": "next to", "across from": "next to", "around": "next to", "facing": "next to",
    "between": "next to", "in between": "next to", "among": "next to", "together with": "next to", "beneath": "below",
    "above": "above", "over": "above", "below": "below", "under": "below", "underneath": "below",
}  # fmt: skip
INVERSE = {"on": "below", "above": "below", "below": "above", "next to": "next to", "in": "in"}
PARTICIPLES = {
    "standing", "sitting", "lying", "placed", "located", "found", "resting", "hanging", "positioned", "stored", "situated",
    "kept", "left", "put", "leaning", "mounted", "stands", "sits", "lies", "hangs", "rests", "set",
}  # fmt: skip
DETERMINERS = {
    "a", "an", "the", "some", "any", "my", "our", "your", "this", "that", "other", "another", "its", "his", "her", "their",
    "these", "those", "two", "three", "four", "five", "different",
}  # fmt: skip
NUMBER = r"(?:two|three|four|five|six|seven|eight|nine|ten|\d+)"
PLAYTHINGS = {"toy", "play", "doll"}  # before the name of a room: "toy kitchen"
ORDINALS = {"first", "second", "third", "last"}
ANYTHING = {"one", "ones", "thing", "item", "object", "something", "anything", "somewhere"}
NOWHERE = {  # said of nearly everything, and nothing that a scene graph has
    "wall", "floor", "ground", "ceiling", "corner", "middle", "centre", "center", "room", "house", "home", "apartment", "flat",
    "left", "right", "side", "air",
}  # fmt: skip
MEASURES = {"pair", "set", "bunch", "pile", "stack", "piece", "roll", "bar", "tube", "sheet", "slice", "couple", "kind"}
HOLDING = {
    "bottle", "glass", "can", "carton", "packet", "pack", "tin", "plate", "tray", "cup", "mug", "bowl", "jar", "bag", "box",
}  # fmt: skip
PREDICATES = {
    "that", "which", "who", "is", "are", "was", "it", "there", "made", "coloured", "colored", "painted", "also",
}  # fmt: skip
OPENINGS = re.compile(  # some are orders where a request is typed ("fetch"): in a description they tell no more than "find"
    rf"^(?:(?:i want you to|i need you to|find me|go back to|(?:{MOVING}) to|{POLITE}|{SEEKING}|robot|i am|i'm|go|bring me"
    r"|get me|get|fetch me|fetch|look at|it is|it's|this is|reach)\b[\s,]*)+"
)
LONGEST_PHRASE = 5
NOUN_ENDS = {
    ".", ",", ";", "and", "that", "which", "who", "is", "are", "was", "it", "with", "of", "from", "made", "has", "having",
    "there", "to", "coloured", "colored", "painted", "also", "please", "or", "but", "then", "where",
    "i", "we", "you", "they", "he", "she",
}  # fmt: skip


def relation_in(words: list[str]) -> str:
    """The longest relation phrase that some words begin with, "" where none."""
    phrases = (" ".join(words[:length]) for length in range(LONGEST_PHRASE, 0, -1))
    return next((phrase for phrase in phrases if phrase in RELATION_PHRASES), "")
