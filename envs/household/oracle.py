"""The one way to the truth: poses, segmentation, states and geodesics, for metrics and upper bounds, never for agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .model import Apartment
from .render import Renderer
from .state import WorldState, rooms_at
from .world import World


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """What an object is. room: index of the room it stands in, -1 = none; parent: what it stands on or in, -1 = none."""

    id: int
    category: str
    colour: str
    material: str
    shape: str
    room: int
    parent: int


class _Running(Protocol):
    """What the oracle reads of the environment."""

    @property
    def world(self) -> World: ...
    @property
    def renderer(self) -> Renderer: ...
    @property
    def state(self) -> WorldState: ...
    @property
    def targets(self) -> tuple[int, ...]: ...


class Oracle:
    """The truth about a running `Household`, always of its current state. Distances are those of the body's disc."""

    def __init__(self, env: _Running) -> None:
        self._env = env

    @property
    def apartment(self) -> Apartment:
        """The apartment as it was made."""
        return self._env.world.apartment

    @property
    def objects(self) -> tuple[ObjectTruth, ...]:
        """Every object, in the order of its id."""
        state, apartment = self._env.state, self.apartment
        inside = rooms_at(apartment, state.pose[:, :2], apartment.wall_m)
        rooms = np.where(inside.any(axis=1), inside.argmax(axis=1), -1)
        return tuple(
            ObjectTruth(
                p.id, p.asset.category, p.asset.colour, p.asset.material, p.asset.shape, int(room), int(state.parent[p.id])
            )
            for p, room in zip(apartment.objects, rooms, strict=True)
        )

    def pose(self, object_id: int) -> NDArray[np.float64]:
        """T_world_object, (4, 4)."""
        x, y, z, yaw = self._env.state.pose[object_id]
        c, s = np.cos(yaw), np.sin(yaw)
        return np.array([[c, -s, 0.0, x], [s, c, 0.0, y], [0.0, 0.0, 1.0, z], [0.0, 0.0, 0.0, 1.0]])

    def segmentation(self) -> NDArray[np.int32]:
        """(H, W) int32 of the current view: object ids, or VOID -1, FLOOR -2, WALL -3, CEILING -4, WINDOW -5."""
        return self._env.renderer.segmentation(self._env.state)

    def state(self) -> WorldState:
        """The whole state."""
        return self._env.state

    @property
    def targets(self) -> tuple[int, ...]:
        """Ids of the objects that the running episode's goal means; empty where it was given without them."""
        return self._env.targets

    @property
    def collisions(self) -> int:
        """Motions of this episode that ran into something."""
        return self._env.state.collisions

    def view_points(self, target_ids: Iterable[int]) -> NDArray[np.bool_]:
        """(rows, columns) bool of the grid of `world.geodesics`: cells within 1 m of a target that see it (Habitat)."""
        world, state = self._env.world, self._env.state
        out = np.zeros(world.geodesics(state).grid.free.shape, dtype=bool)
        for target in target_ids:
            out |= world.view_points(state, target)
        return out

    def distance_field(self, target_ids: Iterable[int]) -> NDArray[np.float64]:
        """(rows, columns) float64 metres from each cell to the nearest view point of the targets; inf where there is no way."""
        return self._env.world.geodesics(self._env.state).field(self.view_points(target_ids))

    def geodesic_m(self, xy: NDArray[np.float64], target_ids: Iterable[int]) -> float:
        """Metres from a place to the nearest view point of the targets; inf where there is no way."""
        return self._env.world.geodesics(self._env.state).distance_m(xy, self.view_points(target_ids))

    def path_m(self, xy: NDArray[np.float64], target_ids: Iterable[int]) -> NDArray[np.float64]:
        """(L, 2) metres, a shortest path from a place to a view point of the targets; (0, 2) where there is none."""
        return self._env.world.geodesics(self._env.state).path_m(xy, self.view_points(target_ids))

    def distance_to_goal_m(self) -> float:
        """Metres from the body to the nearest view point of the running episode's targets; NaN where it names none."""
        targets = self._env.targets
        return self.geodesic_m(self._env.state.base[:2], targets) if targets else float("nan")

    def success(self, stopped: bool, radius_m: float = 0.1) -> bool:
        """Habitat's success: STOP was called, and the geodesic distance to a view point is less than the radius."""
        return bool(stopped and self.distance_to_goal_m() < radius_m)
