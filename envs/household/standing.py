"""Where a kind of furniture may stand in a room: candidates by how it stands and by what stands there already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import recipes
from .model import Asset, Kind
from .places import Places, along_walls, before, beside, facing, in_the_middle, places_at
from .space import Space, turned_bounds

_DOOR_FRONT_M, _DRAWER_FRONT_M, _PLAIN_FRONT_M = 0.65, 0.5, 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece of furniture at its place. quarter: quarter turns; tilt_rad: turned a little more; box, front: (6,) metres."""

    asset: Asset
    xyz: tuple[float, float, float]
    quarter: int
    tilt_rad: float
    box: NDArray[np.float64]
    front: NDArray[np.float64]
    on: bool = False
    open: bool = False


@dataclass(slots=True)
class Standing:
    """What stands in a room so far, and the room that it leaves."""

    space: Space
    pieces: list[Piece]
    ceiling_m: float

    def first(self, *categories: str) -> Piece | None:
        """The first piece of the first of these categories that is there."""
        for category in categories:
            for piece in self.pieces:
                if piece.asset.category == category:
                    return piece
        return None

    def candidates(self, kind: Kind, asset: Asset) -> Places:
        """Places by the way that the kind stands."""
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

    def special(self, kind: Kind, asset: Asset) -> Places | None:
        """Places that follow from another piece; None where none does."""
        front = front_depth(asset)
        category = kind.category
        screen = self.first("tv stand", "fireplace")
        sofa = self.first("sofa")
        if category == "sofa" and screen is not None:
            return facing(self.space, asset, screen.box, screen.quarter, front)
        if category == "coffee table" and sofa is not None:
            return before(asset, sofa.box, sofa.quarter, (0.36, 0.44, 0.3))
        if category == "armchair":
            table = self.first("coffee table")
            if table is not None:
                return _both_sides(asset, table)
        if category in ("side table", "floor lamp") and sofa is not None:
            return beside(asset, sofa.box, sofa.quarter, 0.05, 0.0)
        bed = self.first("bed")
        if kind.stand == "beside" and bed is not None:
            return beside(asset, bed.box, bed.quarter, 0.03, 0.0)
        return None

    def _hanging(self, asset: Asset) -> Places:
        z = recipes.HANG_M.get(asset.category, 1.5) - asset.bounds.half_size[2]
        z = min(z, self.ceiling_m - 0.05 - 2 * asset.bounds.half_size[2])
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
        table = self.first("dining table")
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        if table is not None and self.space.room.kind == "dining room":
            cx, cy = float(table.xyz[0]), float(table.xyz[1])
        return places_at(asset, [(cx, cy, turn)], self.ceiling_m, 0.0)

    def _rug(self, asset: Asset) -> Places:
        anchor = self.first("coffee table", "bed", "dining table", "bathtub", "shower", "desk")
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


def front_depth(asset: Asset) -> float:
    """How much floor before a piece is to stay free, metres: for who uses it, or for what opens."""
    kinds = [mover.kind for mover in asset.movers]
    opened = _DOOR_FRONT_M if "hinge" in kinds else _DRAWER_FRONT_M if "slide" in kinds else 0.0
    if asset.category in recipes.FRONT_M:
        return max(recipes.FRONT_M[asset.category], opened if recipes.FRONT_M[asset.category] else 0.0)
    return opened or _PLAIN_FRONT_M


def _both_sides(asset: Asset, table: Piece) -> Places:
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
