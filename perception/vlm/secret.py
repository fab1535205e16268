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
TELLING = 12  # letters from which the beginning of a key is a secret as well: answers and messages are cut off anywhere


@dataclass(frozen=True)
class Secret:
    """A key, "" where there is none. As a filter of a logger it takes the key out of what is logged.

    Found are the key and its beginning, in any case, with each letter as it is or as JSON, addresses and HTML may write it, and
    what base64 makes of it, alone or within a longer text (as in a header of basic authentication).
    """

    key: str = field(repr=False)

    def short(self, said: object) -> str:
        """What was said on one line, without the key, and only then cut: half a key is a secret too."""
        return self.clean(" ".join(str(said)[:MOST_LETTERS].split()))[:QUOTED]

    def clean(self, text: str) -> str:
        """A text with `<key>` in the place of the key."""
        for letters in self._forms:
            text = _without(letters, text)
        return text

    def told_by(self, text: str) -> bool:
        """Whether a text gives the key away."""
        return self.clean(text) != text

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the key out of a line of a log; every line passes."""
        record.msg, record.args = self.clean(record.getMessage()), ()
        return True

    @cached_property
    def _forms(self) -> list[list[re.Pattern[str]]]:
        """For the key and for what base64 makes of it, what each letter may look like; none where there is no key."""
        texts = [self.key, *_in_base64(self.key.encode())] if self.key else []
        return [[_letter(letter) for letter in text] for text in texts]


def _letter(letter: str) -> re.Pattern[str]:
    code = ord(letter)
    forms = {letter, html.escape(letter), f"%{code:02x}", f"\\u{code:04x}", f"&#{code};", f"&#x{code:x};"}
    forms |= {"-", "_"} if letter in "+/" else set()  # base64 in addresses
    return re.compile(rf"\\{{0,3}}(?:{'|'.join(map(re.escape, sorted(forms)))})", re.IGNORECASE)


def _without(letters: list[re.Pattern[str]], text: str) -> str:
    """A text without what the letters spell, and without the beginning of that."""
    start = re.compile("".join(letter.pattern for letter in letters[:TELLING]), re.IGNORECASE)
    out, place = "", 0
    for found in start.finditer(text):
        if found.start() < place:
            continue
        out += f"{text[place : found.start()]}<key>"
        place = found.end()
        for letter in letters[TELLING:]:
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
