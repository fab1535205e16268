"""The 24 joints of the Shadow Hand: names, order and ranges.

Names, order, signs and ranges are those of PoseLess' published outputs (arXiv 2503.07111), which are Shadow's current ones:
WRJ2 is the wrist's sideways joint, J4 of a finger moves it sideways (positive towards the hand's midline), J3 to J1 bend it
from the knuckle to the tip, LFJ5 arches the palm; the thumb turns at THJ5 and bends at the rest. They hold for the right and
the left hand alike: the left hand is the mirror image, and equal angles make mirrored poses.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_KNUCKLE, _PROXIMAL, _HINGE = (-0.349066, 0.349066), (-0.261799, 1.5708), (0.0, 1.5708)
RANGES_RAD: Mapping[str, tuple[float, float]] = {
    "WRJ2": (-0.523599, 0.174533),
    "WRJ1": (-0.698132, 0.488692),
    **{f"{f}{j}": limits for f in ("FF", "MF", "RF") for j, limits in zip(("J4", "J3", "J2", "J1"),
                                                                     (_KNUCKLE, _PROXIMAL, _HINGE, _HINGE), strict=True)},
    "LFJ5": (0.0, 0.785398),
    **{f"LF{j}": limits for j, limits in zip(("J4", "J3", "J2", "J1"), (_KNUCKLE, _PROXIMAL, _HINGE, _HINGE), strict=True)},
    "THJ5": (-1.0472, 1.0472),
    "THJ4": (0.0, 1.22173),
    "THJ3": (-0.20944, 0.20944),
    "THJ2": (-0.698132, 0.698132),
    "THJ1": (-0.261799, 1.5708),
}  # fmt: skip
JOINTS: tuple[str, ...] = tuple(RANGES_RAD)
LOW_RAD: NDArray[np.float64] = np.array([low for low, _ in RANGES_RAD.values()])
HIGH_RAD: NDArray[np.float64] = np.array([high for _, high in RANGES_RAD.values()])

FINGERS: tuple[str, ...] = ("FF", "MF", "RF", "LF", "TH")
"""First, middle, ring and little finger, and thumb."""


def group_of(joint: str) -> str:
    """The finger that a joint belongs to, or "WR" for the wrist."""
    return joint[:2]


MIDDLE_RAD: NDArray[np.float64] = (LOW_RAD + HIGH_RAD) / 2.0
"""What predict-the-middle says; the mean of uniform draws."""
