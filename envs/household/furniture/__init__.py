"""Furniture: every kind of large thing that an apartment holds, built from words and chance."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Kind
from . import appliances, bathroom, bedroom, cosy, dining, kitchen, lamps, living, office, shared

FURNITURE: Mapping[str, Kind] = {
    **kitchen.KINDS,
    **appliances.KINDS,
    **dining.KINDS,
    **living.KINDS,
    **cosy.KINDS,
    **bedroom.KINDS,
    **bathroom.KINDS,
    **office.KINDS,
    **lamps.KINDS,
    **shared.KINDS,
}

# How high above the floor the origin of what hangs on a wall comes.
HANG_HEIGHT_M: Mapping[str, float] = {
    "wall cabinet": 1.40,
    "painting": 1.25,
    "mirror": 1.10,
    "towel rail": 0.70,
    "curtain": 0.10,
}
