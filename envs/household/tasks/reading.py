"""Reading a sentence that asks for a task: the grammar of `wording.py` backwards, without minding manners and synonyms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from enactive.errors import ConfigError

from ..facts import KINDS
from ..feedback import Refusal
from ..targets import reading
from .task import LAMPS, NEEDS, TASK_TYPES, TaskType
from .wording import PHRASES

EXAMPLES: Mapping[TaskType, str] = {
    "pick": "put the book on the sofa",
    "stack": "put an apple in a bowl, then put the bowl on the dining table",
    "pick_two": "put two mugs in the kitchen sink",
    "clean": "put a clean mug on the coffee table",
    "heat": "heat a potato and put it on the kitchen counter",
    "cool": "chill an apple and put it on the dining table",
    "examine": "look at the book under the floor lamp",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a sentence asks for. objects, receptacles, movables: the categories that a noun may mean ("table": all tables).

    attribute: a word of colour, material or shape of the object, "" = any; sliced: it must be sliced too.
    """

    type: TaskType
    objects: tuple[str, ...]
    receptacles: tuple[str, ...]
    movables: tuple[str, ...] = ()
    attribute: str = ""
    sliced: bool = False


def read_task(sentence: str) -> Request:
    """What a sentence asks for.

    Raises ConfigError where it has the shape of no type of task, with an example of each, and where it names what is not
    known or cannot be handled so, with the nearest names.
    """
    words, problems = _canonical(sentence), list[tuple[int, str]]()
    for kind, pattern in _patterns():
        if (found := pattern.fullmatch(words)) is None:
            continue
        try:
            return _request(kind, found.groupdict())
        except _Unknown as problem:
            problems.append((len(problem.noun), str(problem)))
    if problems:  # the reading that leaves the fewest letters unexplained says best what is wrong
        raise ConfigError(f"{sentence!r} cannot be done: {min(problems)[1]}")
    shapes = "; ".join(f"{kind.replace('_', ' ')}, {example!r}" for kind, example in EXAMPLES.items())
    raise ConfigError(
        f"{sentence!r} has the shape of no household task; what is understood, by example: {shapes}; to look for something "
        'write "find ..."'
    )


class _Unknown(Exception):
    """A noun that fits nothing."""

    def __init__(self, noun: str, why: str) -> None:
        super().__init__(why)
        self.noun = noun


def _request(kind: TaskType, said: Mapping[str, str | None]) -> Request:
    noun = next(text for name in "aos" if (text := said.get(name)))
    place, carrier = said["r"] or "", said.get("m") or ""
    sliced = noun.startswith("sliced ")
    objects, attribute = _noun(noun.removeprefix("sliced "))
    plain = " or ".join(objects)
    objects = _those(objects, "pickup", noun, f"a {plain} cannot be picked up")
    if sliced:
        objects = _those(objects, "slice", noun, f"a {plain} cannot be sliced")
    if kind in NEEDS:
        does = {"clean": "washed", "heat": "heated", "cool": "cooled"}[kind]
        objects = _those(objects, NEEDS[kind], noun, f"a {plain} cannot be {does}")
    receptacles = _bare(place)
    if kind == "examine":
        receptacles = tuple(name for name in receptacles if name in LAMPS)
        if not receptacles:
            raise _Unknown(place, f"things are looked at under a {' or a '.join(LAMPS)}")
    elif not (places := tuple(name for name in receptacles if "pickup" not in KINDS[name].skills)):
        raise _Unknown(place, f"a {receptacles[0]} is carried about: name furniture to put things on or in")
    else:
        receptacles = places
    movables = _bare(carrier) if carrier else ()
    if movables:
        movables = _those(movables, "pickup", carrier, f"a {movables[0]} cannot be carried")
    return Request(kind, objects, receptacles, movables, attribute, sliced)


def _those(names: tuple[str, ...], skill: str, noun: str, why: str) -> tuple[str, ...]:
    kept = tuple(name for name in names if skill in KINDS[name].skills)
    if not kept:
        raise _Unknown(noun, why)
    return kept


def _bare(noun: str) -> tuple[str, ...]:
    """The categories of a place or carrier, of which no attribute is asked for."""
    names, attribute = _noun(noun)
    if attribute:
        raise _Unknown(noun, f"only what is handled can have a colour, material or shape: leave {attribute!r} out")
    return names


def _noun(text: str) -> tuple[tuple[str, ...], str]:
    """The categories that a noun may mean, and its attribute. Raises _Unknown where nothing is known by that name."""
    try:
        named = reading(text)
    except Refusal as refusal:
        near = get_close_matches(text, _names(), n=3, cutoff=0.6) or get_close_matches(
            text.split()[-1], _names(), n=3, cutoff=0.6
        )
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise _Unknown(text, f"{refusal.message}{hint}") from None
    if len(named.attributes) > 1:
        raise _Unknown(text, f"of {text!r} one word of colour, material or shape is enough: leave the others out")
    return tuple(sorted(named.categories)), "".join(named.attributes)


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted({word for name, kind in KINDS.items() for word in (name, *kind.synonyms)}))


_SAME: Mapping[str, str] = {
    word: means
    for means, words in {
        "put": "place move set leave bring carry lay drop",
        "clean": "wash rinse washed cleaned",
        "heat": "warm hot heated heating",
        "cool": "chill cold chilled cooled refrigerate",
        "sliced": "cut",
        "take": "get grab fetch",
        "look at": "examine inspect check",
        "turn": "switch",
        "on": "onto",
        "in": "into inside",
        "it": "that them both",
        "": "a an the some then and up down over off please kindly thanks",
    }.items()
    for word in words.split()
}
_MANNERS = re.compile(r"^(could you|can you|would you|i (need|want) you to)\s+|\s+for me$")
_MORE: Mapping[TaskType, tuple[str, ...]] = {  # what people say besides
    "pick": ("take {a} {to} {r}",),
    "stack": ("put {a} in {m} {to} {r}",),
    "examine": ("look at {a} with {r}", "take {a} and look at it under {r}"),
}


_MINE = r"(?:the|my|your|these|those)"
_BOTH = re.compile(  # before a noun, not "put both on the sofa"
    rf"\bboth (?:of )?(?:{_MINE} )*(?!{{|(?:{_MINE}|of|them|it|on|onto|in|into|inside|to|at|and|down)\b)"
)


def _canonical(sentence: str) -> str:
    """Lower case without manners, articles and commas, one word for each of those that mean the same."""
    asked = _MANNERS.sub("", sentence.lower().strip(" .!?").removeprefix("please ")).replace("both of them", "both")
    words = re.findall(r"[\w'{}-]+", _BOTH.sub("two ", asked))
    return " ".join(filter(None, (_SAME.get(word, word) for word in words)))


@cache
def _patterns() -> Sequence[tuple[TaskType, re.Pattern[str]]]:
    return tuple((kind, _pattern(phrase)) for kind in TASK_TYPES for phrase in (*PHRASES[kind], *_MORE.get(kind, ())))


def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase of the grammar as an expression with the groups a, o, s, m and r; a name that comes twice is the same noun."""
    parts, seen = list[str](), set[str]()
    for word in _canonical(phrase).split():
        name = word.strip("{}")
        if not word.startswith("{"):
            parts.append(re.escape(word))
        elif name in ("to", "into"):
            parts.append("(?:on|in|to|at)")
        else:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return re.compile(" ".join(parts))
