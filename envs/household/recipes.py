"""What stands in which kind of room: the order in which furniture is placed, and how pieces stand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .model import RoomKind


@dataclass(frozen=True, slots=True)
class Step:
    """Place up to `many` pieces of a category with a probability each.

    must: try hard, first, with smaller shapes too. unless: not where this category stands already.
    """

    category: str
    chance: float = 1.0
    many: int = 1
    must: bool = False
    unless: str = ""


def _must(*categories: str) -> tuple[Step, ...]:
    return tuple(Step(category, must=True) for category in categories)


# Big and needed first, so that they find room; everything else of `Kind.rooms` is drawn afterwards by weight.
RECIPES: Mapping[RoomKind, tuple[Step, ...]] = {
    "kitchen": (
        *_must("fridge", "kitchen sink", "stove", "kitchen counter"),
        Step("dishwasher", 0.6),
        Step("kitchen counter", 0.8, 2),
        Step("wall cabinet", 0.9, 3),
        Step("dining table", 0.45),
        Step("kitchen island", 0.3),
        Step("trash can", 0.8),
    ),
    "living room": (
        *_must("tv stand", "sofa", "coffee table"),
        Step("curtain", 0.7, 2),
        Step("rug", 0.85),
        Step("armchair", 0.7, 2),
        Step("bookshelf", 0.85),
        Step("shelf", 0.4),
        Step("side table", 0.6),
        Step("floor lamp", 0.7),
        Step("fireplace", 0.2),
        Step("piano", 0.15),
        Step("house plant", 0.8, 2),
    ),
    "bedroom": (
        *_must("bed"),
        Step("nightstand", 0.95, 2, must=True),
        Step("wardrobe", 1.0, must=True),
        Step("curtain", 0.7, 2),
        Step("dresser", 0.7),
        Step("rug", 0.6),
        Step("desk", 0.3),
    ),
    "bathroom": (
        *_must("toilet", "bathroom sink"),
        Step("bathtub", 0.5, must=True),
        Step("shower", must=True, unless="bathtub"),
        Step("shower", 0.2),
        Step("mirror", 1.0),
        Step("washing machine", 0.25),
    ),
    "dining room": (
        *_must("dining table"),
        Step("curtain", 0.5, 2),
        Step("bookshelf", 0.3),
        Step("dresser", 0.5),
        Step("rug", 0.3),
    ),
    "office": (
        *_must("desk", "bookshelf"),
        Step("curtain", 0.4),
        Step("shelf", 0.3),
        Step("filing cabinet", 0.6),
    ),
    "hallway": (Step("shoe rack", 0.8), Step("coat rack", 0.6), Step("mirror", 0.6)),
    "laundry room": (*_must("washing machine"), Step("dryer", 0.8), Step("laundry basket", 0.95)),
}

# Pieces that look alike within one room.
SETS: tuple[tuple[str, ...], ...] = (
    ("kitchen counter", "kitchen sink", "wall cabinet", "kitchen island"),
    ("nightstand", "dresser", "wardrobe", "bed"),
    ("sofa", "armchair"),
    ("washing machine", "dryer"),
    ("toilet", "bathroom sink", "bathtub"),
)
# Pieces that line up side by side along a wall.
RUN: tuple[str, ...] = ("kitchen counter", "kitchen sink", "stove", "dishwasher", "fridge", "washing machine", "dryer")
# Who sits at what, first come first served.
SEATED: Mapping[str, tuple[str, ...]] = {
    "office chair": ("desk",),
    "chair": ("dining table", "desk"),
    "stool": ("kitchen island", "piano"),
}
# Height of the middle of what hangs, metres.
HANG_M: Mapping[str, float] = {
    "wall cabinet": 1.74,
    "mirror": 1.52,
    "painting": 1.58,
    "towel rail": 1.30,
}
# What hangs above what.
ABOVE: Mapping[str, tuple[str, ...]] = {
    "wall cabinet": ("kitchen counter", "kitchen sink", "dishwasher", "washing machine", "dryer", "toilet"),
    "mirror": ("bathroom sink", "dresser", "shoe rack"),
    "painting": ("sofa", "bed", "dresser", "desk", "piano", "tv stand"),
}
# What stands in the light of a window rather not, and by how much.
NOT_BEFORE_WINDOWS: Mapping[str, float] = {"tv stand": 1.2, "bed": 0.4, "sofa": 0.4, "piano": 0.8, "fireplace": 3.0}
# How many things at most lie on the floor.
ON_FLOOR: Mapping[RoomKind, int] = {
    "living room": 3,
    "bedroom": 3,
    "hallway": 2,
    "office": 2,
    "laundry room": 2,
    "dining room": 1,
}
# Chance that what can be switched on is on at the start, and that of everything else.
ON: Mapping[str, float] = {
    "ceiling lamp": 0.4,
    "floor lamp": 0.5,
    "table lamp": 0.5,
    "television": 0.5,
    "computer monitor": 0.5,
    "fireplace": 0.5,
    "aquarium": 0.9,
}
ON_ELSE = 0.15
# Free depth before a piece, metres, where it is not given by what opens.
FRONT_M: Mapping[str, float] = {
    "sofa": 0.3,
    "toilet": 0.5,
    "bathroom sink": 0.55,
    "bathtub": 0.0,
    "shower": 0.6,
    "bed": 0.0,
    "nightstand": 0.0,
    "desk": 0.75,
    "piano": 0.6,
    "shelf": 0.5,
    "bookshelf": 0.5,
    "coffee table": 0.0,
    "trash can": 0.0,
    "house plant": 0.0,
    "floor lamp": 0.0,
    "side table": 0.0,
    "radiator": 0.0,
    "coat rack": 0.0,
    "laundry basket": 0.0,
}
