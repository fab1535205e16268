"""Small household objects, by category."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Kind
from . import bathroom, cutlery, decor, dishes, electronics, food, groceries, kitchenware, office, tools, toys, wear

_GROUPS = (dishes, food, groceries, kitchenware, cutlery, bathroom, office, electronics, decor, toys, wear, tools)

OBJECTS: Mapping[str, Kind] = {kind.category: kind for group in _GROUPS for kind in group.KINDS}
