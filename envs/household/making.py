"""Building assets by category: words drawn from a kind's lists, and a few variants of each kept for the whole process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from .model import Asset, Kind

VARIANTS = 3

_Build = Callable[[str, str, str, np.random.Generator], Asset]


@lru_cache(maxsize=8192)
def _built(build: _Build, category: str, colour: str, material: str, shape: str, variant: int) -> Asset:
    words = zlib.crc32("|".join((category, colour, material, shape)).encode())
    return build(colour, material, shape, np.random.Generator(np.random.PCG64(np.random.SeedSequence([words, variant]))))


def make(kind: Kind, rng: np.random.Generator, like: Asset | None = None, shape: str = "") -> Asset:
    """One asset of a kind, words drawn at random.

    like: take its colour and material where the kind has them. shape: take this one. Equal words and variant give the
    same asset object, so that repeated apartments cost little.
    """
    colour, material = pick(rng, kind.colours), pick(rng, kind.materials)
    drawn = pick(rng, kind.shapes)
    variant = int(rng.integers(VARIANTS))
    if like is not None:
        colour = like.colour if like.colour in kind.colours else colour
        material = like.material if like.material in kind.materials else material
    return _built(kind.build, kind.category, colour, material, shape or drawn, variant)


def pick(rng: np.random.Generator, words: Sequence[str]) -> str:
    """One of the words."""
    return words[int(rng.integers(len(words)))]
