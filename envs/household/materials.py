"""Patterns: small tileable pictures that materials tint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

# name -> (picture maker, metres that one tile covers). A picture is (H, W, 3) uint8, light, so that a tint keeps its colour.
PATTERNS: Mapping[str, tuple[Callable[[], NDArray[np.uint8]], float]] = {}
