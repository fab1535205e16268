"""Places on and in furniture: surfaces in the world, and what lies on them already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .model import Asset, Placed, Surface

_GAP_M = 0.012


@dataclass(slots=True)
class Shelf:
    """One surface of a placed piece of furniture, with the footprints (x0, y0, x1, y1) on it in the furniture's frame."""

    parent: Placed
    surface: Surface
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def closed(self) -> bool:
        """Whether a door or drawer hides it."""
        return bool(self.surface.mover) and not self.parent.open

    def try_put(self, asset: Asset, x: float, y: float, yaw_rad: float) -> Placed | None:
        """The asset with the middle of its footprint at (x, y) of the furniture's frame, turned against it.

        None if it does not fit. The id of what comes back is -1: the caller numbers it.
        """
        half_x, half_y = footprint(asset, yaw_rad)
        cx, cy, z = self.surface.centre
        wide, deep = self.surface.half_size[1], self.surface.half_size[0]
        if 2 * asset.bounds.half_size[2] > self.surface.clearance_m - 0.005:
            return None
        if abs(x - cx) > deep - half_x + 1e-6 or abs(y - cy) > wide - half_y + 1e-6:
            return None
        box = (x - half_x, y - half_y, x + half_x, y + half_y)
        for other in self.taken:
            if (
                box[0] < other[2] + _GAP_M
                and box[2] > other[0] - _GAP_M
                and box[1] < other[3] + _GAP_M
                and box[3] > other[1] - _GAP_M
            ):
                return None
        self.taken.append(box)
        bx, by = turn(asset.bounds.centre[0], asset.bounds.centre[1], yaw_rad)
        wx, wy = turn(x - bx, y - by, self.parent.yaw_rad)
        px, py, pz = self.parent.xyz
        yaw = round((self.parent.yaw_rad + yaw_rad + np.pi) % (2 * np.pi) - np.pi, 6)
        low = asset.bounds.centre[2] - asset.bounds.half_size[2]
        xyz = (round(px + wx, 5), round(py + wy, 5), round(pz + z - low + 0.001, 5))
        return Placed(-1, asset, xyz, yaw, self.parent.room, self.parent.id, self.surface.name)

    def put_anywhere(self, asset: Asset, rng: np.random.Generator, tries: int = 7) -> Placed | None:
        """The asset at a random place, rather in front than at the back; None where none was found."""
        cx, cy, _ = self.surface.centre
        for _ in range(tries):
            yaw = round(float(rng.uniform(-0.45, 0.45)), 3)
            if rng.random() < 0.2:
                yaw += round(float(rng.integers(-1, 3)) * float(np.pi / 2), 6)
            half_x, half_y = footprint(asset, yaw)
            deep, wide = self.surface.half_size[0] - half_x, self.surface.half_size[1] - half_y
            if deep < 0 or wide < 0:
                half_x, half_y = footprint(asset, 0.0)
                yaw, deep, wide = 0.0, self.surface.half_size[0] - half_x, self.surface.half_size[1] - half_y
                if deep < 0 or wide < 0:
                    return None
            found = self.try_put(
                asset, cx + float(rng.uniform(-0.35, 1.0)) * deep, cy + float(rng.uniform(-1.0, 1.0)) * wide, yaw
            )
            if found is not None:
                return found
        return None


def shelves_of(furniture: Sequence[Placed]) -> list[Shelf]:
    """Every surface of every piece."""
    return [Shelf(placed, surface) for placed in furniture for surface in placed.asset.surfaces]


def footprint(asset: Asset, yaw_rad: float) -> tuple[float, float]:
    """Half the size of the box around an asset's bounds when it is turned."""
    c, s = abs(float(np.cos(yaw_rad))), abs(float(np.sin(yaw_rad)))
    hx, hy, _ = asset.bounds.half_size
    return c * hx + s * hy, s * hx + c * hy


def turn(x: float, y: float, yaw_rad: float) -> tuple[float, float]:
    """A vector turned around z."""
    c, s = float(np.cos(yaw_rad)), float(np.sin(yaw_rad))
    return c * x - s * y, s * x + c * y
