"""A text encoder for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


class HashedText:
    """A text encoder without a model: every text has its own random direction."""

    def __init__(self, *_: object) -> None: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        vectors = np.stack([np.random.default_rng(seed).standard_normal(384) for seed in seeds]).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
