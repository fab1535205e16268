"""Small household objects, by category."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Kind
from . import cutlery, dishes, food, groceries, kitchenware

OBJECTS: Mapping[str, Kind] = {
    kind.category: kind for group in (dishes, food, groceries, kitchenware, cutlery) for kind in group.KINDS
}
