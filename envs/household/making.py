"""Building assets by category: words drawn from a kind's lists, and a few variants of each kept for the whole process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from .model import Asset, Kind

VARIANTS = 3
# Most furniture has one of these colours where it comes in them; most bathroom ware is white.
_CALM = ("white", "grey", "black", "beige", "brown")
_CALM_CHANCE = 0.78
_WHITE = ("toilet", "bathroom sink", "bathtub", "radiator", "washing machine", "dryer", "dishwasher", "fridge", "door")

Words = tuple[str, str, str]  # colour, material, shape
_Build = Callable[[str, str, str, np.random.Generator], Asset]


@lru_cache(maxsize=8192)
def _built(build: _Build, category: str, colour: str, material: str, shape: str, variant: int) -> Asset:
    words = zlib.crc32("|".join((category, colour, material, shape)).encode())
    return build(colour, material, shape, np.random.Generator(np.random.PCG64(np.random.SeedSequence([words, variant]))))


def draw_words(kind: Kind, rng: np.random.Generator) -> Words:
    """A colour, a material and a shape at random."""
    return _colour(rng, kind), pick(rng, kind.materials), pick(rng, kind.shapes)


def build(kind: Kind, words: Words, rng: np.random.Generator) -> Asset:
    """The asset of these words, in one of a few variants.

    Equal words and variant give the same asset object, so that repeated apartments cost little.
    """
    return _built(kind.build, kind.category, *words, int(rng.integers(VARIANTS)))


def make(kind: Kind, rng: np.random.Generator, like: Asset | None = None, shape: str = "") -> Asset:
    """One asset of a kind. like: take its colour and material where the kind has them. shape: take this one."""
    colour, material, drawn = draw_words(kind, rng)
    if like is not None:
        colour = like.colour if like.colour in kind.colours else colour
        material = like.material if like.material in kind.materials else material
    return build(kind, (colour, material, shape or drawn), rng)


def _colour(rng: np.random.Generator, kind: Kind) -> str:
    """A colour: any for small things, mostly a calm one for furniture."""
    calm = rng.random() < _CALM_CHANCE
    choice = kind.colours
    if calm and kind.stand != "object":
        choice = tuple(colour for colour in kind.colours if colour in _CALM) or kind.colours
    if calm and kind.category in _WHITE and "white" in kind.colours:
        choice = ("white",)
    return pick(rng, choice)


def pick(rng: np.random.Generator, words: Sequence[str]) -> str:
    """One of the words."""
    return words[int(rng.integers(len(words)))]
