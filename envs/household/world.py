"""An apartment loaded to be lived in: compiled, with its obstacles and its way-finding, kept for the next reset."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from .apartment import make_apartment
from .compile import CompiledApartment, compile_apartment, pose_model
from .engine import mujoco
from .geodesic import Geodesics, navigable
from .model import Apartment
from .motion import BODY_RADIUS_M
from .obstacles import Footprints, Obstacles
from .shell import solids
from .state import WorldState
from .view_points import view_points

_KEPT = 4


class World:
    """What never changes in an apartment, and what follows from a state of it, cached."""

    def __init__(self, apartment: Apartment) -> None:
        self.apartment = apartment
        self.compiled: CompiledApartment = compile_apartment(apartment)
        self.obstacles = Obstacles(apartment, solids(apartment))
        self.floors = floors(apartment)
        self._geodesics: tuple[Footprints, dict[float, Geodesics]] | None = None
        self._data = mujoco.MjData(self.compiled.model)
        self._views: dict[int, NDArray[np.bool_]] = {}
        self._viewed: WorldState | None = None

    def geodesics(self, state: WorldState, margin_m: float = 0.0) -> Geodesics:
        """Way-finding around what blocks the body in a state; made again only when something that blocks has moved.

        margin_m: air that the ways leave around the body.
        """
        prints = self.obstacles.footprints(state)
        if self._geodesics is None or self._geodesics[0] is not prints:
            self._geodesics = (prints, {})
        made = self._geodesics[1]
        if margin_m not in made:
            made[margin_m] = Geodesics(navigable(self.floors, prints, BODY_RADIUS_M + margin_m))
        return made[margin_m]

    def random_start(self, state: WorldState, rng: np.random.Generator) -> tuple[float, float, float] | None:
        """A place x, y and yaw rad in the largest connected stretch of free floor, at random; None where there is none."""
        grid = self.geodesics(state).grid
        pieces, count = label(grid.free)
        if not count:
            return None
        cells = np.argwhere(pieces == 1 + np.bincount(pieces.ravel())[1:].argmax())
        x, y = grid.centres(cells[[int(rng.integers(len(cells)))]])[0]
        return float(x), float(y), float(rng.integers(12) * np.pi / 6 - np.pi)

    def view_points(self, state: WorldState, object_id: int) -> NDArray[np.bool_]:
        """(rows, columns) bool of the grid of `geodesics(state)`: the free cells within 1 m of an object that see it."""
        geodesics, old = self.geodesics(state), self._viewed
        if old is None or any(getattr(old, name) is not getattr(state, name) for name in ("pose", "opening", "held")):
            pose_model(self.compiled, self._data, state)
            self._views, self._viewed = {}, state
        if object_id == state.held:
            return np.zeros(geodesics.grid.free.shape, dtype=bool)
        if object_id not in self._views:
            self._views[object_id] = view_points(self.compiled, self._data, geodesics.grid, object_id)
        return self._views[object_id]


@lru_cache(maxsize=_KEPT)
def load_world(seed: int, rooms: int | None) -> World:
    """The world of `make_apartment(seed, rooms)`; the last few are kept."""
    return World(make_apartment(seed, rooms))


def floors(apartment: Apartment) -> NDArray[np.float64]:
    """(R, 4) x0, y0, x1, y1 metres of the floors of rooms and of doorways."""
    rects = [room.rect for room in apartment.rooms]
    for doorway in apartment.doorways:
        x, y = doorway.centre
        half = np.array([doorway.width_m, apartment.wall_m + 0.1]) / 2
        dx, dy = half if doorway.along == "x" else half[::-1]
        rects.append((x - dx, y - dy, x + dx, y + dy))
    return np.array(rects, dtype=np.float64)
