"""What was typed, as plain words in the order that the grammar reads: no opening of a request, the thing before its place."""

from __future__ import annotations

import re
import unicodedata

from enactive.errors import PlannerError

from .phrases import DETERMINERS, NOWHERE, NUMBER, OPENINGS, relation_in

LONGEST_TEXT = 2000  # characters; the time to read them grows with their square
_IS = re.compile(r"\b(that|which|who|there|it)'s\b")
_MEASURED = re.compile(rf"\b({NUMBER}) (?=(?:inch|cm|litre|liter|seater)\b)")  # "the 55 inch tv" is one
_SALT = re.compile(r"\bsalt and (?=pepper (?:shaker|mill)s?\b)")  # the two stand together
_ONE_OF = re.compile(r"^(?:one|any|some) of (?=the\b|my\b|our\b|your\b)")


def plain_text(text: str) -> str:
    """A description in lower case, without accents and opening.

    Raises PlannerError for one that is too long, or in another script.
    """
    if len(text) > LONGEST_TEXT:
        raise PlannerError(f"the goal has {len(text)} characters; describe it in at most {LONGEST_TEXT}")
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))).strip()
    plain = _IS.sub(r"\1 is", "".join(c for c in plain if not unicodedata.combining(c)))
    if any(c.isalpha() and not c.isascii() for c in plain):
        raise PlannerError(f"the goal {text!r} is not written in the letters of English, which is all that is read")
    plain = _SALT.sub("", _MEASURED.sub(r"\1-", plain))
    return _ONE_OF.sub("", _place_last(OPENINGS.sub("", plain)))


def _place_last(plain: str) -> str:
    """A description with the place that it opens with after the thing: "on the desk there is a mug" -> "a mug, on the desk".

    An opening that is no place is left out: "over there, the mug".
    """
    opening = re.match(r"(.+?)(?:,|\b(?=there (?:is|are)\b|find\b|look for\b))\s*(.+)", plain)
    phrase = relation_in(opening[1].split()) if opening else ""
    if opening is None or not phrase:
        return plain
    thing = OPENINGS.sub("", opening[2])
    told = {*opening[1].removeprefix(phrase).split()} - DETERMINERS - NOWHERE - {"there", "way"}
    return f"{thing}, {opening[1]}" if told else thing
