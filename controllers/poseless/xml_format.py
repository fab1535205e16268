"""What PoseLess' language model reads and writes, as published: prompt, 24 tags, and the expression that decoding is held to.

One number a joint, in rad, without anything between the tags: `<lh_WRJ2>0.0648</lh_WRJ2><lh_WRJ1>0.0117</lh_WRJ1>...`. Numbers
have four decimals, as in the published data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.joints import JOINTS, RANGES_RAD
from enactive.envs.shadow_hand.model import Side

DECIMALS = 4
QUESTION = "<Pose>"
_PREFIX = {"left": "lh_", "right": "rh_"}
_TAGGED = re.compile(r"<([^<>/]+)>([^<>]*)</\1>")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def tags(side: Side = "left") -> tuple[str, ...]:
    """The names of the tags in their order; the published model knows the left hand's."""
    return tuple(_PREFIX[side] + joint for joint in JOINTS)


def new_tokens(side: Side = "left") -> tuple[str, ...]:
    """The 49 tokens that the vocabulary is extended by, in the published order: the question, then each joint's two tags."""
    return (QUESTION, *(token for tag in tags(side) for token in (f"<{tag}>", f"</{tag}>")))


def system_prompt(side: Side = "left") -> str:
    """The published instruction."""
    return (
        "You are a specialized Vision Language Model designed to accurately estimate joint angles from hand pose images. Your "
        "task is to analyze images of a human or robotic hand and output precise angle measurements for each joint. Output "
        "joint angles in radians.\nOutput Format:\n" + "".join(f"<{tag}>angle</{tag}>" for tag in tags(side)) + "\n"
    )


def written(joints_rad: NDArray[np.float64], side: Side = "left") -> str:
    """The answer for angles (24,) rad, rounded towards the inside of the ranges so that it is never out of them."""
    words = []
    for tag, angle, (low, high) in zip(tags(side), joints_rad, RANGES_RAD.values(), strict=True):
        steps = int(np.clip(round(float(angle) * 10**DECIMALS), *_bounds(low, high)))
        words.append(f"<{tag}>{_decimal(steps)}</{tag}>")
    return "".join(words)


def read(text: str, side: Side = "left") -> NDArray[np.float64] | None:
    """Angles (24,) rad of an answer; None unless it is the 24 tags in order, each with one number, and nothing else."""
    pairs = _TAGGED.findall(text)
    if [tag for tag, _ in pairs] != list(tags(side)) or "".join(f"<{t}>{v}</{t}>" for t, v in pairs) != text.strip():
        return None
    if not all(_NUMBER.fullmatch(number) for _, number in pairs):
        return None
    return np.array([float(number) for _, number in pairs])


@cache
def pattern(side: Side = "left") -> str:
    """Regular expression (module `regex`) of all complete answers whose every number lies within its joint's range."""
    parts = []
    for tag, (low, high) in zip(tags(side), RANGES_RAD.values(), strict=True):
        parts.append(f"<{tag}>{number_pattern(low, high)}</{tag}>")
    return "".join(parts)


def number_pattern(low: float, high: float) -> str:
    """Regular expression of the numbers of four decimals from `low` <= 0 to `high` >= 0."""
    least, most = _bounds(low, high)
    return _up_to(most) if least >= 0 else f"(?:{_up_to(most)}|-{_up_to(-least)})"


def _bounds(low: float, high: float) -> tuple[int, int]:
    """The range in steps of the last decimal, inside of it."""
    return int(np.ceil(low * 10**DECIMALS)), int(np.floor(high * 10**DECIMALS))


def _decimal(steps: int) -> str:
    digits = f"{abs(steps):0{DECIMALS + 1}d}"
    return f"{'-' if steps < 0 else ''}{digits[:-DECIMALS]}.{digits[-DECIMALS:]}"


def _up_to(most: int) -> str:
    """Expression of 0.0000 to `most` steps, digit by digit: equal so far and then smaller, or equal to the end."""
    digits = f"{most:0{DECIMALS + 1}d}"
    ways: list[str] = []
    for place, digit in enumerate(digits):
        if digit != "0":
            rest = len(digits) - place - 1
            ways.append(_dotted([*digits[:place], f"[0-{int(digit) - 1}]", *([r"\d"] * rest)]))
    return f"(?:{'|'.join([*ways, _dotted([*digits])])})"


def _dotted(digits: Sequence[str]) -> str:
    return "".join([*digits[:-DECIMALS], r"\.", *digits[-DECIMALS:]])
