"""Small household objects, by category."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Kind
from . import (
    accessories,
    bags,
    bathroom,
    bedding,
    clothes,
    computers,
    cutlery,
    decor,
    devices,
    dishes,
    food,
    groceries,
    kitchenware,
    music,
    office,
    reading,
    sports,
    storage,
    tools,
    toys,
)

_GROUPS = (
    *(dishes, food, groceries, kitchenware, cutlery, bathroom, bedding, reading, office, computers, devices),
    *(decor, storage, toys, sports, music, clothes, bags, accessories, tools),
)

OBJECTS: Mapping[str, Kind] = {kind.category: kind for group in _GROUPS for kind in group.KINDS}
