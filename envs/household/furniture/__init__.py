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
