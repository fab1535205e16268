"""Where the body stands when it has gone to look at something: places that no door of the apartment sweeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..geodesic import navigable
from ..model import Apartment
from ..obstacles import Obstacles
from ..rectangles import rectangle_of, turned
from ..shell import solids
from ..state import initial_state
from ..world import floors

NEAR_M = 1.0  # from a stand to the bounds of what is there, horizontally (Habitat's view points)
FAR_M = 1.5  # where there is no nearer one: the hand's reach
_OPENINGS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of all leaves at once: a stand is free at each


class Stands:
    """The free places of an apartment, found when they are first asked for.

    cells: (N, 2) metres, the largest connected stretch of floor as the apartment was made.
    clear: (M, 2) metres, those of them that stay free while doors, lids and drawers move.
    """

    def __init__(self, apartment: Apartment) -> None:
        self._apartment = apartment
        state, obstacles, rects = initial_state(apartment), Obstacles(apartment, solids(apartment)), floors(apartment)
        grid = navigable(rects, obstacles.footprints(state))
        pieces, count = label(grid.free)
        largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax() if count else grid.free
        clear = largest.copy()
        for opening in _OPENINGS:
            swung = replace(state, opening=np.full(len(state.opening), opening))
            clear &= navigable(rects, obstacles.footprints(swung)).free
        self.cells, self.clear = grid.centres(np.argwhere(largest)), grid.centres(np.argwhere(clear))
        self._at: dict[int, NDArray[np.float64]] = {}

    def at(self, object_id: int) -> NDArray[np.float64]:
        """(N, 2) metres: where the body may stand to use a thing that stands, hangs or lies where the apartment has it.

        In the same room, within 1 m of its bounds where there is such a place and else within 1.5 m; before its front where
        it has an inside.
        """
        if object_id not in self._at:
            self._at[object_id] = self._find(object_id)
        return self._at[object_id]

    def _find(self, object_id: int) -> NDArray[np.float64]:
        placed = self._apartment.objects[object_id]
        centre, half, yaw = rectangle_of(placed.asset.bounds, np.array([*placed.xyz, placed.yaw_rad]))
        x0, y0, x1, y1 = self._apartment.rooms[placed.room].rect
        cells = self.clear[((self.clear >= (x0, y0)) & (self.clear <= (x1, y1))).all(axis=1)]
        local = turned(cells - centre, -yaw)
        away = np.hypot(*np.maximum(np.abs(local) - half, 0.0).T)
        near = away <= (NEAR_M if (away <= NEAR_M).any() else FAR_M)
        before = near & (local[:, 0] > half[0] - 0.05)
        inside = any(surface.kind == "in" for surface in placed.asset.surfaces)
        return cells[before if inside and before.any() else near]
