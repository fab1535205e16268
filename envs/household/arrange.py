"""Furniture at its places: against walls, in corners, facing, before, beside, around and above each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from . import recipes
from .making import make
from .model import Apartment, Asset, Kind, Placed
from .openings import door_stand
from .places import BACK_M, Places, along_walls, around, before, grown, places_at
from .shelves import footprint
from .space import NO_BOXES, QUARTER_RAD, QUARTERS, Boxes, Space, open_space, overlaps
from .standing import Piece, Standing

_TRIES = 5  # places that are tried for the way through, best first
_DOORS = 80  # stage of random numbers: all doors of an apartment are alike


@dataclass(slots=True)
class Furnisher:
    """Furnishes one room of an apartment from a catalogue of kinds."""

    apartment: Apartment
    index: int
    kinds: Mapping[str, Kind]
    object_kinds: Mapping[str, Kind]
    rng: np.random.Generator
    space: Space = field(init=False)
    pieces: list[Piece] = field(default_factory=list)
    standing: Standing = field(init=False)

    def __post_init__(self) -> None:
        self.space = open_space(self.apartment, self.index)
        self.standing = Standing(self.space, self.pieces, self.apartment.ceiling_m)

    def furnish(self) -> list[Placed]:
        """Place the recipe of the room, then what else its kind of room may hold; ids are counted from 0."""
        room = self.space.room
        steps = recipes.RECIPES[room.kind]
        self._hang_doors()
        for step in sorted(steps, key=lambda s: not s.must):
            if step.category == "curtain":
                self._hang_curtains(step)
                continue
            if step.unless and self.standing.first(step.unless) is not None:
                continue
            for _ in range(step.many):
                full = sum(p.asset.category == step.category for p in self.pieces) >= self.kinds[step.category].many
                if not full and self.rng.random() < step.chance:
                    self._add(self.kinds[step.category], step.must)
        listed = [step.category for step in steps]
        for category, kind in self.kinds.items():
            weight = kind.rooms.get(room.kind, 0.0)
            if category in listed or kind.stand in ("object", "around") or category in ("door", "curtain") or weight <= 0.0:
                continue
            for _ in range(kind.many):
                if self.rng.random() < 0.75 * weight:
                    self._add(kind, False)
        self._seat()
        self._drop()
        return [
            Placed(i, p.asset, p.xyz, round(p.quarter % 4 * QUARTER_RAD + p.tilt_rad, 6), self.index, on=p.on, open=p.open)
            for i, p in enumerate(self.pieces)
        ]

    def _hang_doors(self) -> None:
        """Leaves that stand open into this room."""
        rects = [room.rect for room in self.apartment.rooms]
        for doorway in self.apartment.doorways:
            if not doorway.door or "door" not in self.kinds or door_stand(doorway, rects)[0] != self.index:
                continue
            same = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.apartment.seed, _DOORS])))
            asset, quarter = make(self.kinds["door"], same), door_stand(doorway, rects)[1]
            (ox, oy), (fx, fy) = doorway.centre, QUARTERS[quarter]
            # Along the front lies the leaf, its post half the doorway to the right.
            ax, ay = ox + fy * 0.5 * doorway.width_m, oy - fx * 0.5 * doorway.width_m
            bx, by = ax + fx * (doorway.width_m + 0.05) - fy * 0.08, ay + fy * (doorway.width_m + 0.05) + fx * 0.08
            box = np.array([min(ax, bx), min(ay, by), max(ax, bx), max(ay, by), 0.0, doorway.height_m])
            self.space.take(box, None)
            # The jambs lie about the middle of the wall, the origin about the middle of the bounds.
            middle = asset.solids[0].centre[0] if asset.solids else 0.0
            xyz = (round(ox - fx * middle, 4), round(oy - fy * middle, 4), 0.0)
            self.pieces.append(Piece(asset, xyz, quarter, 0.0, box, box, open=True))

    def _hang_curtains(self, step: recipes.Step) -> None:
        """Curtains at the room's windows, alike, where the wall beside them is free."""
        kind = self.kinds.get("curtain")
        if kind is None or self.rng.random() > step.chance:
            return
        asset = make(kind, self.rng)
        for window in self.apartment.windows:
            if window.room != self.index:
                continue
            x0, y0, x1, y1 = self.space.room.rect
            x, y, z = window.centre
            quarter = (1 if y < (y0 + y1) / 2 else 3) if window.along == "x" else (0 if x < (x0 + x1) / 2 else 2)
            fx, fy = QUARTERS[quarter]
            half = self.apartment.wall_m / 2 + BACK_M
            top = min(z + window.size[1] / 2 + 0.16, self.apartment.ceiling_m - 0.04)
            z0 = max(top - 2 * asset.bounds.half_size[2], 0.03)
            places = places_at(asset, [(x + fx * half, y + fy * half, quarter)], z0, 0.0)
            inside = places.boxes[0, 0] > x0 and places.boxes[0, 1] > y0 and places.boxes[0, 2] < x1 and places.boxes[0, 3] < y1
            if inside and not overlaps(places.boxes, np.concatenate([self.space.taken, self.space.kept]))[0]:
                self.space.take(places.boxes[0], None)
                self._keep(asset, places, 0, 0.0)

    def _add(self, kind: Kind, must: bool) -> bool:
        shapes = list(kind.shapes)
        order = [shapes[int(i)] for i in self.rng.permutation(len(shapes))]
        for shape in order if must else order[:2]:
            asset = make(kind, self.rng, self._alike(kind.category), shape)
            special = self.standing.special(kind, asset)
            if special is not None and self._put(asset, special, False):
                return True
            if special is not None and not must:
                continue
            if self._put(asset, self.standing.candidates(kind, asset), kind.stand in ("rug", "ceiling")):
                return True
        return False

    def _alike(self, category: str) -> Asset | None:
        """An asset of the room that this category is to look like."""
        for group in recipes.SETS:
            if category in group:
                for piece in self.pieces:
                    if piece.asset.category in group:
                        return piece.asset
        twin = self.standing.first(category)
        return twin.asset if twin is not None and category not in _MIXED else None

    def _put(self, asset: Asset, places: Places, walked_over: bool, tilt_rad: float = 0.0, shared: Boxes = NO_BOXES) -> bool:
        if len(places.xy) == 0:
            return False
        if walked_over:
            self._keep(asset, places, 0, tilt_rad)
            return True
        fits = np.flatnonzero(self.space.fit(places.boxes, places.fronts, shared))
        if len(fits) == 0:
            return False
        order = fits[np.argsort(-(places.score[fits] + 0.8 * self.rng.random(len(fits))), kind="stable")]
        for k in order[:_TRIES].tolist():
            if places.boxes[k, 4] > 1.2 or self.space.passable(places.boxes[k]):
                front = places.fronts[k]
                self.space.take(places.boxes[k], None if np.array_equal(front, places.boxes[k]) else front)
                self._keep(asset, places, k, tilt_rad)
                return True
        return False

    def _keep(self, asset: Asset, places: Places, k: int, tilt_rad: float) -> None:
        box, quarter = places.boxes[k], int(places.quarter[k])
        z = float(box[4]) - (asset.bounds.centre[2] - asset.bounds.half_size[2])
        xyz = (round(float(places.xy[k, 0]), 4), round(float(places.xy[k, 1]), 4), round(z, 4))
        kind = self.kinds.get(asset.category) or self.object_kinds[asset.category]
        switched = "toggle" in kind.skills
        on = switched and bool(self.rng.random() < recipes.ON.get(asset.category, recipes.ON_ELSE))
        self.pieces.append(Piece(asset, xyz, quarter, tilt_rad, box, places.fronts[k], on))

    def _seat(self) -> None:
        """Chairs around tables and desks, each a little turned."""
        for category, tables in recipes.SEATED.items():
            kind = self.kinds.get(category)
            if kind is None:
                continue
            for piece in list(self.pieces):
                if piece.asset.category not in tables or self._seated(piece):
                    continue
                if piece.asset.category == "desk" and category == "office chair" and self.rng.random() < 0.3:
                    continue
                asset = make(kind, self.rng)
                if piece.asset.category in ("desk", "piano"):
                    places = before(asset, piece.box, piece.quarter, (0.04, 0.1), turn=2)
                    self._put(asset, places, False, self._tilt(0.2), piece.front[None])
                    continue
                seats = around(asset, piece.box, 0.05)
                for k in range(min(len(seats), 6)):
                    self._put(asset, grown(seats[k], 0.03), False, self._tilt(0.08), self.space.fronts)

    def _drop(self) -> None:
        """Small things that stand on the floor along the walls: bags, toys, boxes."""
        kinds = [kind for kind in self.object_kinds.values() if kind.on.get("floor", 0.0) > 0.0]
        if not kinds:
            return
        edges = np.cumsum([kind.on["floor"] for kind in kinds])
        for _ in range(int(self.rng.integers(0, 1 + recipes.ON_FLOOR.get(self.space.room.kind, 0)))):
            kind = kinds[int(np.searchsorted(edges, self.rng.random() * edges[-1], side="right"))]
            asset, tilt = make(kind, self.rng), self._tilt(0.5)
            half_x, half_y = footprint(asset, tilt)
            grow = max(half_x - asset.bounds.half_size[0], half_y - asset.bounds.half_size[1], 0.0) + 0.01
            places = along_walls(self.space, asset, 0.0, 0.0, 0.1)
            moved = np.array(QUARTERS)[places.quarter] * grow
            places.xy[:] += moved
            places.boxes[:] += moved[:, [0, 1, 0, 1, 0, 1]] * np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
            places.score[:] = 0.0
            self._put(asset, grown(places, grow), False, tilt)

    def _seated(self, table: Piece) -> bool:
        near = table.box + np.array([-0.3, -0.3, 0.3, 0.3, 0.0, 0.0])
        seats = [p.box for p in self.pieces if p.asset.category in recipes.SEATED]
        return any(b[0] < near[2] and b[2] > near[0] and b[1] < near[3] and b[3] > near[1] for b in seats)

    def _tilt(self, most_rad: float) -> float:
        return round(float(self.rng.uniform(-most_rad, most_rad)), 4)


_MIXED = ("house plant", "painting", "shelf", "bookshelf")  # not all alike within a room
