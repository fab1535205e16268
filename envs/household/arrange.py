"""Furniture at its places: against walls, in corners, facing, before, beside, around and above each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import recipes
from .making import make
from .model import Apartment, Asset, Kind, Placed
from .openings import door_stand
from .places import BACK_M, Places, along_walls, around, before, beside, facing, in_the_middle, places_at
from .space import NO_BOXES, QUARTER_RAD, QUARTERS, Boxes, Space, open_space, overlaps, turned_bounds

_TRIES = 5  # places that are tried for the way through, best first
_DOORS = 80  # stage of random numbers: all doors of an apartment are alike
_DOOR_FRONT_M, _DRAWER_FRONT_M, _PLAIN_FRONT_M = 0.65, 0.5, 0.35


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    asset: Asset
    xyz: tuple[float, float, float]
    quarter: int
    tilt_rad: float
    box: NDArray[np.float64]
    front: NDArray[np.float64]
    on: bool = False
    open: bool = False


@dataclass(slots=True)
class Furnisher:
    """Furnishes one room of an apartment from a catalogue of kinds."""

    apartment: Apartment
    index: int
    kinds: Mapping[str, Kind]
    rng: np.random.Generator
    space: Space = field(init=False)
    pieces: list[_Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.space = open_space(self.apartment, self.index)

    def furnish(self) -> list[Placed]:
        """Place the recipe of the room, then what else its kind of room may hold; ids are counted from 0."""
        room = self.space.room
        steps = recipes.RECIPES[room.kind]
        self._hang_doors()
        for step in sorted(steps, key=lambda s: not s.must):
            if step.category == "curtain":
                self._hang_curtains(step)
                continue
            for _ in range(step.many):
                if step.category in self.kinds and self.rng.random() < step.chance:
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
            self.pieces.append(_Piece(asset, xyz, quarter, 0.0, box, box, open=True))

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
            special = self._special(kind, asset, front_depth(asset))
            if special is not None and self._put(asset, special, False):
                return True
            if special is not None and not must:
                continue
            if self._put(asset, self._candidates(kind, asset), kind.stand in ("rug", "ceiling")):
                return True
        return False

    def _alike(self, category: str) -> Asset | None:
        """An asset of the room that this category is to look like."""
        for group in recipes.SETS:
            if category in group:
                for piece in self.pieces:
                    if piece.asset.category in group:
                        return piece.asset
        twin = self._first(category)
        return twin.asset if twin is not None and category not in _MIXED else None

    def _first(self, *categories: str) -> _Piece | None:
        for category in categories:
            for piece in self.pieces:
                if piece.asset.category == category:
                    return piece
        return None

    def _candidates(self, kind: Kind, asset: Asset) -> Places:
        front = front_depth(asset)
        if kind.stand == "ceiling":
            return self._under_ceiling(asset)
        if kind.stand == "rug":
            return self._rug(asset)
        if kind.stand == "hang":
            return self._hanging(asset)
        if kind.stand == "middle":
            return _with_seats(in_the_middle(self.space, asset, front), 0.5 if kind.category == "dining table" else 0.3)
        gap = 0.002 if asset.category in recipes.RUN else 0.04
        places = along_walls(self.space, asset, 0.0, front, gap)
        if kind.stand == "corner":
            places.score[:] *= 4.0
        elif asset.category in recipes.RUN:
            places.score[:] = places.score * 0.7 + 2.0 * self._touching(places)
        elif asset.category in ("bed", "sofa", "tv stand", "desk", "fireplace", "piano"):
            places.score[:] *= -0.6
            places.score[:] -= 1.5 * self._off_middle(places)
            places.score[:] -= recipes.NOT_BEFORE_WINDOWS.get(asset.category, 0.0) * self._under_window(places, 0.7)
        elif asset.category == "radiator":
            places.score[:] += 3.0 * self._under_window(places)
        return places

    def _special(self, kind: Kind, asset: Asset, front: float) -> Places | None:
        """Places that follow from another piece."""
        category = kind.category
        screen = self._first("tv stand", "fireplace")
        sofa = self._first("sofa")
        if category == "sofa" and screen is not None:
            return facing(self.space, asset, screen.box, screen.quarter, front)
        if category == "coffee table" and sofa is not None:
            return before(asset, sofa.box, sofa.quarter, (0.36, 0.44, 0.3))
        if category == "armchair":
            table = self._first("coffee table")
            if table is not None:
                return _both_sides(asset, table)
        if category in ("side table", "floor lamp") and sofa is not None:
            return beside(asset, sofa.box, sofa.quarter, 0.05, 0.0)
        bed = self._first("bed")
        if kind.stand == "beside" and bed is not None:
            return beside(asset, bed.box, bed.quarter, 0.03, 0.0)
        return None

    def _hanging(self, asset: Asset) -> Places:
        z = recipes.HANG_M.get(asset.category, 1.5) - asset.bounds.half_size[2]
        z = min(z, self.apartment.ceiling_m - 0.05 - 2 * asset.bounds.half_size[2])
        places = along_walls(self.space, asset, z, 0.0, 0.002 if asset.category in recipes.RUN else 0.01)
        places.score[:] = 0.0
        for category in recipes.ABOVE.get(asset.category, ()):
            for piece in self.pieces:
                if piece.asset.category == category:
                    same = places.quarter == piece.quarter % 4
                    off = np.abs((places.boxes[:, :2] + places.boxes[:, 2:4]) / 2 - (piece.box[:2] + piece.box[2:4]) / 2)
                    sideways = off[:, 1] if piece.quarter % 2 == 0 else off[:, 0]
                    over = same & (sideways < 0.5 * asset.bounds.half_size[1] + 0.3)
                    places.score[over] += 2.0 - 2.0 * sideways[over]
        if asset.category == "wall cabinet":
            places.score[places.score <= 0.0] -= 5.0
        return places

    def _under_ceiling(self, asset: Asset) -> Places:
        x0, y0, x1, y1 = self.space.room.rect
        turn = 0 if x1 - x0 >= y1 - y0 else 1
        table = self._first("dining table")
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        if table is not None and self.space.room.kind == "dining room":
            cx, cy = float(table.xyz[0]), float(table.xyz[1])
        return places_at(asset, [(cx, cy, turn)], self.apartment.ceiling_m, 0.0)

    def _rug(self, asset: Asset) -> Places:
        anchor = self._first("coffee table", "bed", "dining table", "bathtub", "shower", "desk")
        x0, y0, x1, y1 = self.space.room.rect
        cx, cy, turn = (x0 + x1) / 2, (y0 + y1) / 2, 0 if y1 - y0 >= x1 - x0 else 1
        if anchor is not None:
            cx, cy, turn = (anchor.box[0] + anchor.box[2]) / 2, (anchor.box[1] + anchor.box[3]) / 2, anchor.quarter
        spots = []
        for quarter in (turn, turn + 1):
            bx0, by0, bx1, by1 = turned_bounds(asset, quarter)
            x = min(max(cx, x0 - bx0 + 0.05), x1 - bx1 - 0.05)
            y = min(max(cy, y0 - by0 + 0.05), y1 - by1 - 0.05)
            if bx1 - bx0 < x1 - x0 - 0.1 and by1 - by0 < y1 - y0 - 0.1:
                spots.append((x, y, quarter))
        return places_at(asset, spots[:1], 0.0, 0.0)

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
        switched = "toggle" in self.kinds[asset.category].skills
        on = switched and bool(self.rng.random() < recipes.ON.get(asset.category, recipes.ON_ELSE))
        self.pieces.append(_Piece(asset, xyz, quarter, tilt_rad, box, places.fronts[k], on))

    def _touching(self, places: Places) -> NDArray[np.float64]:
        """1 where a candidate continues a run of units along the same wall, else 0."""
        touching = np.zeros(len(places.xy))
        for piece in self.pieces:
            if piece.asset.category in recipes.RUN:
                same = places.quarter == piece.quarter % 4
                axis = 1 if piece.quarter % 2 == 0 else 0
                gap = np.minimum(
                    np.abs(places.boxes[:, axis] - piece.box[axis + 2]), np.abs(places.boxes[:, axis + 2] - piece.box[axis])
                )
                touching[same & (gap < 0.02)] = 1.0
        return touching

    def _under_window(self, places: Places, near_m: float = 0.3) -> NDArray[np.float64]:
        """1 where a candidate stands below the middle of a window."""
        under = np.zeros(len(places.xy))
        for box in self.space.lit:
            off = np.abs(places.xy - (box[:2] + box[2:4]) / 2)
            under[(off[:, 0] < near_m) & (off[:, 1] < near_m)] = 1.0
        return under

    def _off_middle(self, places: Places) -> NDArray[np.float64]:
        """How far along its wall a candidate stands from the wall's middle, as a share of the wall."""
        x0, y0, x1, y1 = self.space.room.rect
        off_x = np.abs(places.xy[:, 0] - (x0 + x1) / 2) / (x1 - x0)
        off_y = np.abs(places.xy[:, 1] - (y0 + y1) / 2) / (y1 - y0)
        return np.where(places.quarter % 2 == 0, off_y, off_x)

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
                    self._put(asset, _grown(seats[k], 0.03), False, self._tilt(0.08), self.space.fronts)

    def _seated(self, table: _Piece) -> bool:
        near = table.box + np.array([-0.3, -0.3, 0.3, 0.3, 0.0, 0.0])
        seats = [p.box for p in self.pieces if p.asset.category in recipes.SEATED]
        return any(b[0] < near[2] and b[2] > near[0] and b[1] < near[3] and b[3] > near[1] for b in seats)

    def _tilt(self, most_rad: float) -> float:
        return round(float(self.rng.uniform(-most_rad, most_rad)), 4)


_MIXED = ("house plant", "painting", "shelf", "bookshelf")  # not all alike within a room


def front_depth(asset: Asset) -> float:
    """How much floor before a piece is to stay free, metres: for who uses it, or for what opens."""
    kinds = [mover.kind for mover in asset.movers]
    opened = _DOOR_FRONT_M if "hinge" in kinds else _DRAWER_FRONT_M if "slide" in kinds else 0.0
    if asset.category in recipes.FRONT_M:
        return max(recipes.FRONT_M[asset.category], opened if recipes.FRONT_M[asset.category] else 0.0)
    return opened or _PLAIN_FRONT_M


def _both_sides(asset: Asset, table: _Piece) -> Places:
    """At the ends of a coffee table, looking at it."""
    found = [before(asset, table.box, table.quarter + turn, (0.3, 0.4, 0.55), turn=2) for turn in (1, 3, 0)]
    found[2].score[:] -= 0.3
    return Places(
        np.concatenate([p.xy for p in found]),
        np.concatenate([p.quarter for p in found]),
        np.concatenate([p.boxes for p in found]),
        np.concatenate([p.fronts for p in found]),
        np.concatenate([p.score for p in found]),
    )


def _with_seats(places: Places, room_m: float) -> Places:
    """The same candidates with room to sit or walk all around them."""
    fronts = places.boxes + np.array([-room_m, -room_m, room_m, room_m, 0.0, 0.0])
    return Places(places.xy, places.quarter, places.boxes, fronts, places.score)


def _grown(places: Places, by_m: float) -> Places:
    """The same candidates with boxes that leave room for a small turn."""
    grow = np.array([-by_m, -by_m, by_m, by_m, 0.0, 0.0])
    return Places(places.xy, places.quarter, places.boxes + grow, places.fronts + grow, places.score)
