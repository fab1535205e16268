"""The contract of seeing words in a picture: what stands between a model and the scene graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Observation

from .base import Detection


@runtime_checkable
class TextEncoder(Protocol):
    """Text in, unit vectors out."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, E) float32 unit vectors, one per text, in order."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Names the segments of a picture.

    text: encoder whose vectors are comparable with `Detection.embedding`.
    """

    text: TextEncoder

    def reset(self, words: Sequence[str]) -> None:
        """Take on the names to look for, beside those it knows itself."""
        ...

    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        """Segments of the first camera's picture, best first. Raises PerceptionError on a missing or corrupt picture."""
        ...
