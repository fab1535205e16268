"""How far a noun phrase goes."""

from __future__ import annotations

from .nouns import known, room_named
from .phrases import DETERMINERS, MEASURES
from .tokens import Tokens
from .vocabulary import attribute


def noun_phrase(tokens: Tokens) -> list[str]:
    """The words of the noun phrase at hand, stepped over, without what it is measured by: "a pair of scissors" is scissors."""
    words = _words(tokens)
    if not words:
        return []
    words = _with_more_attributes(tokens, words)
    sorted_out = all(attribute(word) for word in words) and not known(words)  # "the bigger of the mugs"
    if (words[-1] in MEASURES or sorted_out) and tokens.skip("of"):
        while tokens.skip(*DETERMINERS):
            pass
        rest = [word for word in words if word not in MEASURES] + _words(tokens)
        words = [*words, "of", *rest] if room_named(rest) else rest or words  # a pile of laundry is no room
    return words


def _words(tokens: Tokens) -> list[str]:
    """Words up to the end of a noun: at least one, and "of" where it is part of a name ("bag of chips")."""
    start = tokens.at
    while tokens.left() and not (tokens.ends_noun(tokens.at) and tokens.at > start):
        if tokens.here() in {".", ",", ";", "and"}:
            break
        tokens.at += 1
    of = tokens.at
    ends = (of + 3, of + 2) if tokens.here() == "of" else ()
    tokens.at = next((end for end in ends if _named(tokens.all, start, of, end)), of)
    return tokens.all[start : tokens.at]


def _named(words: list[str], start: int, of: int, end: int) -> bool:
    """Whether the words from `start` to `end`, or the last of them, are the name of a known thing; "of" is among them."""
    return end <= len(words) and any(known(words[first:end]) for first in range(start, of))


def _with_more_attributes(tokens: Tokens, words: list[str]) -> list[str]:
    """Words that commas or "and" keep apart belong to the noun that follows: "a small, red mug"."""
    while (
        all(attribute(word) for word in words)
        and tokens.at + 1 < len(tokens.all)
        and tokens.here() in {",", "and", "or"}
        and not tokens.ends_noun(tokens.at + 1)
        and (attribute(tokens.all[tokens.at + 1]) or not known(words))  # "an orange or apple" is no orange apple
    ):
        start, tokens.at = tokens.at + 1, tokens.noun_end(tokens.at + 1)
        words = words + tokens.all[start : tokens.at]
    return words
