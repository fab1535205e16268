"""A key that must not be passed on: taken out of what servers and libraries say, before any of it is quoted, logged or kept."""

from __future__ import annotations

import base64
import html
import logging
import re
from dataclasses import dataclass, field
from functools import cached_property

from .structure import QUOTED

MOST_LETTERS = 1 << 16  # of what was said that are looked at, so that megabytes of it cost no seconds
TELLING = 12  # letters from which the beginning or the end of a key is a secret as well: messages are cut off anywhere


@dataclass(frozen=True)
class Secret:
    """A key, "" where there is none. As a filter of a logger it takes the key out of what is logged.

    Found are the key, its beginning and its end, in any case, with white space between letters and each letter as it is or as
    JSON, addresses and HTML may write it, and what base64 makes of it, alone or within a longer text (as in a header of basic
    authentication).
    """

    key: str = field(repr=False)

    def short(self, said: object) -> str:
        """What was said on one line, without the key, and only then cut: half a key is a secret too."""
        return self.clean(" ".join(str(said)[:MOST_LETTERS].split()))[:QUOTED]

    def clean(self, text: str) -> str:
        """A text with `<key>` in the place of the key."""
        for forwards, backwards in self._forms:
            text = _without(forwards, text, "<key>")
            text = _without(backwards, text[::-1], ">yek<")[::-1]  # where the end of the key stands alone
        return text

    def told_by(self, text: str) -> bool:
        """Whether a text gives the key away."""
        return self.clean(text) != text

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the key out of a line of a log; every line passes."""
        record.msg, record.args = self.clean(record.getMessage()), ()
        return True

    @cached_property
    def _forms(self) -> list[tuple[Spelt, Spelt]]:
        """How the key, and what base64 makes of it, is spelt, and how backwards; none where there is no key."""
        texts = [self.key, *_in_base64(self.key.encode())] if self.key else []
        return [(_spelt(text), _spelt(text[::-1], backwards=True)) for text in texts]


Spelt = tuple[re.Pattern[str], list[re.Pattern[str]]]  # the first `TELLING` letters, and each one after those
SPACE = r"\s*+"  # never given back, and never before the first letter, so that a search takes linear time


def _spelt(text: str, backwards: bool = False) -> Spelt:
    letters = [_letter(letter, backwards) for letter in text]
    start = re.compile(SPACE.join(letters[:TELLING]), re.IGNORECASE)
    return start, [re.compile(SPACE + letter, re.IGNORECASE) for letter in letters[TELLING:]]


def _letter(letter: str, backwards: bool) -> str:
    code = ord(letter)
    forms = {letter, html.escape(letter), f"%{code:02x}", f"\\u{code:04x}", f"&#{code};", f"&#x{code:x};"}
    forms |= {"-", "_"} if letter in "+/" else set()  # base64 in addresses
    slashes, written = r"\\{0,3}", "|".join(re.escape(form[::-1] if backwards else form) for form in sorted(forms))
    return f"(?:{written}){slashes}" if backwards else f"{slashes}(?:{written})"


def _without(spelt: Spelt, text: str, mark: str) -> str:
    """A text with a mark in the place of what is spelt, and of the beginning of that."""
    start, more = spelt
    out, place = "", 0
    for found in start.finditer(text):
        if found.start() < place:
            continue
        out += f"{text[place : found.start()]}{mark}"
        place = found.end()
        for letter in more:
            step = letter.match(text, place)
            if step is None:
                break
            place = step.end()
    return out + text[place:]


def _in_base64(key: bytes) -> set[str]:
    """What base64 makes of a key wherever it lies in a text: the letters that depend on nothing around it."""
    out = set[str]()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + key).decode()
        out.add(whole[-(-8 * before // 6) : 8 * (before + len(key)) // 6])
    return out
