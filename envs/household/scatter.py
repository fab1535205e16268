"""Small things on and in the furniture: sets that belong together, look-alikes on purpose, and the clutter of a home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .making import build, draw_words, make
from .model import Asset, Kind, Placed
from .recipes import ON, ON_ELSE
from .shelves import Shelf, shelves_of, turn

_CLOSED = 0.13  # weight of a place behind a door against one in the open
_DIRTY = 0.25
# What nearly every apartment has: (category, furniture it stands on, chance, how many at most).
_USUAL: tuple[tuple[str, str, float, int], ...] = (
    ("toothbrush", "bathroom sink", 0.9, 2),
    ("soap bottle", "bathroom sink", 0.8, 1),
    ("towel", "bathtub", 0.7, 2),
    ("pot", "stove", 0.7, 1),
    ("pan", "stove", 0.6, 1),
    ("kettle", "kitchen counter", 0.6, 1),
    ("toaster", "kitchen counter", 0.5, 1),
    ("dish sponge", "kitchen sink", 0.7, 1),
    ("laptop", "desk", 0.6, 1),
    ("keyboard", "desk", 0.4, 1),
    ("computer mouse", "desk", 0.5, 1),
    ("desk lamp", "desk", 0.5, 1),
    ("alarm clock", "nightstand", 0.7, 1),
    ("remote control", "coffee table", 0.7, 1),
    ("book", "bookshelf", 0.9, 4),
    ("pillow", "bed", 0.8, 2),
    ("cushion", "sofa", 0.8, 3),
    ("mug", "desk", 0.5, 1),
    ("milk carton", "fridge", 0.7, 1),
)


@dataclass(slots=True)
class Scatterer:
    """Puts small things into a furnished apartment."""

    furniture: Sequence[Placed]
    room_kinds: Sequence[str]
    furniture_kinds: Mapping[str, Kind]
    object_kinds: Mapping[str, Kind]
    rng: np.random.Generator
    area_m2: float
    things: list[Placed] = field(default_factory=list)
    shelves: list[Shelf] = field(default_factory=list)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)  # by category and room
    here: dict[tuple[str, int], int] = field(default_factory=dict)  # by category and piece of furniture
    weights: dict[str, dict[str, float]] = field(default_factory=dict)

    def scatter(self) -> list[Placed]:
        """Furniture on furniture first, then sets, then what is usual, then look-alikes, then clutter: 40 to 110 things."""
        self.shelves = shelves_of(self.furniture)
        for placed in self.furniture:  # some small things lie on the floor already
            key = (placed.asset.category, placed.room)
            self.counts[key] = self.counts.get(key, 0) + 1
        self._table_tops()
        first = len(self.things)
        self._lay_tables()
        for category, on, chance, many in _USUAL:
            for shelf_parent in [p for p in self.furniture if p.asset.category == on]:
                for _ in range(many):
                    if category in self.object_kinds and self.rng.random() < chance:
                        self._put(self.object_kinds[category], [s for s in self.shelves if s.parent is shelf_parent])
        target = min(max(round(self.area_m2 * float(self.rng.uniform(0.75, 1.05))), 44), 98)
        self._look_alikes(first + round(target * 0.75))
        self._clutter(first + target)
        return self.things

    def _table_tops(self) -> None:
        """Furniture that stands on furniture: televisions, microwaves, lamps."""
        for kind in self.furniture_kinds.values():
            if kind.stand != "object":
                continue
            for room, room_kind in enumerate(self.room_kinds):
                for _ in range(kind.many):
                    if self.rng.random() < kind.rooms.get(room_kind, 0.0):
                        self._put(
                            kind, [s for s in self.shelves if s.parent.room == room and not s.surface.mover], centred=True
                        )

    def _lay_tables(self) -> None:
        """Plate, cutlery and glass before each chair of some dining tables."""
        needed = ("plate", "fork", "knife", "wine glass")
        if any(category not in self.object_kinds for category in needed):
            return
        for shelf in [s for s in self.shelves if s.parent.asset.category == "dining table" and s.surface.kind == "on"]:
            if self.rng.random() > 0.55:
                continue
            set_of = [make(self.object_kinds[category], self.rng) for category in needed]
            for chair in self.furniture:
                if chair.asset.category == "chair" and chair.room == shelf.parent.room and self.rng.random() < 0.8:
                    self._lay_place(shelf, chair, set_of)

    def _lay_place(self, shelf: Shelf, chair: Placed, set_of: Sequence[Asset]) -> None:
        table = shelf.parent
        dx, dy = turn(chair.xyz[0] - table.xyz[0], chair.xyz[1] - table.xyz[1], -table.yaw_rad)
        (cx, cy, _), (deep, wide) = shelf.surface.centre, shelf.surface.half_size
        if abs(dx) > deep + 0.7 or abs(dy) > wide + 0.7:
            return
        # The seat's own axes: ahead points from the chair to the table.
        ahead = (-1.0 if dx > 0 else 1.0, 0.0) if abs(dx) - deep > abs(dy) - wide else (0.0, -1.0 if dy > 0 else 1.0)
        left = (-ahead[1], ahead[0])
        edge = (cx - ahead[0] * deep, dy) if ahead[0] else (dx, cy - ahead[1] * wide)
        yaw = float(np.arctan2(-ahead[1], -ahead[0]))
        for asset, inset, aside in zip(set_of, (0.15, 0.15, 0.15, 0.32), (0.0, 0.19, -0.19, -0.12), strict=True):
            if self._full(asset.category, table.room, 6):
                continue
            x = edge[0] + ahead[0] * inset + left[0] * aside
            y = edge[1] + ahead[1] * inset + left[1] * aside
            self._keep(shelf.try_put(asset, x, y, round(yaw, 6)))

    def _look_alikes(self, target: int) -> None:
        """Two to four of a category that differ in words and mostly in place."""
        names = [name for name, kind in self.object_kinds.items() if kind.many >= 2 and self._places(kind)]
        for index in self.rng.permutation(len(names)).tolist():
            if len(self.things) >= target:
                return
            kind = self.object_kinds[names[index]]
            have = sum(1 for thing in self.things if thing.asset.category == kind.category)
            for _ in range(int(self.rng.integers(2, 5)) - have):
                self._put(kind, self.shelves)

    def _clutter(self, target: int) -> None:
        """One of each of the other categories, then anything, until the apartment is as full as it should be."""
        names = list(self.object_kinds)
        for name in [names[int(i)] for i in self.rng.permutation(len(names))]:
            if len(self.things) < target and not any(thing.asset.category == name for thing in self.things):
                self._put(self.object_kinds[name], self.shelves)
        for _ in range(4 * target):
            if len(self.things) >= target:
                return
            self._put(self.object_kinds[names[int(self.rng.integers(len(names)))]], self.shelves)

    def _places(self, kind: Kind) -> bool:
        base = self._weights(kind)
        return any(shelf.parent.asset.category in base for shelf in self.shelves)

    def _weights(self, kind: Kind) -> dict[str, float]:
        """How readily a kind lies on each category of furniture that is here, under any of its names."""
        if kind.category not in self.weights:
            found: dict[str, float] = {}
            for category in dict.fromkeys(shelf.parent.asset.category for shelf in self.shelves):
                parent = self.furniture_kinds.get(category) or self.object_kinds[category]
                weight = max(kind.on.get(name, 0.0) for name in (category, *parent.synonyms))
                if weight > 0.0:
                    found[category] = weight
            self.weights[kind.category] = found
        return self.weights[kind.category]

    def _put(self, kind: Kind, shelves: Sequence[Shelf], centred: bool = False) -> bool:
        """One more of a kind on one of these shelves, unlike those that are there."""
        weights, open_to = [], []
        base = self._weights(kind)
        for shelf in shelves:
            weight = base.get(shelf.parent.asset.category, 0.0)
            if weight <= 0.0 or self._full(kind.category, shelf.parent.room, kind.many):
                continue
            here = self.here.get((kind.category, shelf.parent.id), 0)
            area = min(4.0 * shelf.surface.half_size[0] * shelf.surface.half_size[1], 0.5)
            weights.append(weight * (0.1 + area) / (1.0 + 2.0 * here) * (_CLOSED if shelf.closed else 1.0))
            open_to.append(shelf)
        if not open_to:
            return False
        asset = self._unlike(kind)
        for _ in range(min(4, len(open_to))):
            chosen = _draw(self.rng, weights)
            if centred:
                (cx, cy, _), half = open_to[chosen].surface.centre, open_to[chosen].surface.half_size
                aside = (
                    0.0 if kind.category in ("television", "computer monitor") else float(self.rng.uniform(-0.7, 0.7)) * half[1]
                )
                back = asset.bounds.half_size[0] - half[0] + 0.01
                placed = open_to[chosen].try_put(asset, cx + back, cy + aside, 0.0)
                placed = placed or open_to[chosen].try_put(asset, cx, cy, 0.0)
            else:
                placed = open_to[chosen].put_anywhere(asset, self.rng)
            if self._keep(placed):
                return True
            weights[chosen] = 0.0
        return False

    def _unlike(self, kind: Kind) -> Asset:
        """An asset whose words no other thing of its category has, if a few draws find one."""
        there = [
            (t.asset.colour, t.asset.material, t.asset.shape)
            for t in (*self.furniture, *self.things)
            if t.asset.category == kind.category
        ]
        words = draw_words(kind, self.rng)
        for _ in range(6):
            if words not in there:
                break
            words = draw_words(kind, self.rng)
        return build(kind, words, self.rng)

    def _full(self, category: str, room: int, many: int) -> bool:
        return self.counts.get((category, room), 0) >= many

    def _keep(self, placed: Placed | None) -> bool:
        if placed is None:
            return False
        category = placed.asset.category
        kind = self.object_kinds.get(category) or self.furniture_kinds[category]
        dirty = "dirty" in kind.skills and bool(self.rng.random() < _DIRTY)
        on = "toggle" in kind.skills and bool(self.rng.random() < ON.get(category, ON_ELSE))
        self.things.append(replace(placed, id=len(self.furniture) + len(self.things), dirty=dirty, on=on))
        self.here[category, placed.parent] = self.here.get((category, placed.parent), 0) + 1
        self.counts[category, placed.room] = self.counts.get((category, placed.room), 0) + 1
        return True


def _draw(rng: np.random.Generator, weights: Sequence[float]) -> int:
    """An index by weight."""
    at, total = float(rng.random()) * sum(weights), 0.0
    for index, weight in enumerate(weights):
        total += weight
        if at < total:
            return index
    return len(weights) - 1
