"""Everything that can change in an apartment, as immutable plain arrays.

A `WorldState` is never written to: what changes it makes a new one (`dataclasses.replace`), so a saved state is the state
itself, restoring costs nothing, and verbs are pure functions (apartment, state) -> state.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .model import Apartment, Mover, Placed


@dataclass(frozen=True, eq=False)  # without slots: `with_changes` copies the values all at once
class WorldState:
    """The state of an apartment with N objects and K movers, and of the body in it. Arrays are read-only.

    pose: (N, 4) float64 x, y, z metres and yaw rad in the world. parent: (N,) int32 id of what the object stands on or in,
    -1 = floor, wall, ceiling or hand. surface: (N,) int32 index into the parent's `asset.surfaces`, -1 = none.
    on, dirty, sliced: (N,) bool. temperature: (N,) int8, -1 cold, 0 room, 1 hot.
    opening: (K,) float64, 0 closed to 1 open, in the order of `movers`. held: id of the object in the hand, -1 = none; it is
    not drawn, and what stands on it waits with it 100 m below the place that it was taken from. base: (3,) float64 x, y, yaw
    rad. pitch_rad: of the camera, > 0 looks up. steps, collisions: since reset.
    seed: of every random draw (sensor noise), which depends on (seed, steps) alone. apartment: whose state it is, by
    `apartment_digest`.
    """

    pose: NDArray[np.float64]
    parent: NDArray[np.int32]
    surface: NDArray[np.int32]
    on: NDArray[np.bool_]
    dirty: NDArray[np.bool_]
    sliced: NDArray[np.bool_]
    temperature: NDArray[np.int8]
    opening: NDArray[np.float64]
    base: NDArray[np.float64]
    pitch_rad: float = 0.0
    held: int = -1
    steps: int = 0
    collisions: int = 0
    seed: int = 0
    apartment: str = ""

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    def to_bytes(self) -> bytes:
        """Every value in a fixed order and byte order: equal states give equal bytes, on any machine."""
        arrays = b"".join(np.ascontiguousarray(getattr(self, name)).astype(_LITTLE[name]).tobytes() for name in _ARRAYS)
        whole = [len(self.pose), len(self.opening), self.held, self.steps, self.collisions, self.seed]
        counts = np.array(whole, dtype="<i8").tobytes()
        return counts + np.array([self.pitch_rad], dtype="<f8").tobytes() + arrays + self.apartment.encode()

    def digest(self) -> str:
        """SHA-256 of `to_bytes`, hexadecimal."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


_LITTLE: Mapping[str, str] = {
    "pose": "<f8",
    "parent": "<i4",
    "surface": "<i4",
    "on": "|b1",
    "dirty": "|b1",
    "sliced": "|b1",
    "temperature": "|i1",
    "opening": "<f8",
    "base": "<f8",
}
_KEPT = 64  # apartments: a search goes through many side by side
_NAMES = frozenset(field.name for field in fields(WorldState))
_ARRAYS = tuple(_LITTLE)


def with_changes(state: WorldState, **changes: Any) -> WorldState:
    """What `dataclasses.replace` gives, in a tenth of its time: arrays that stay are read-only already."""
    if not changes.keys() <= _NAMES:
        raise TypeError(f"a WorldState has no {', '.join(sorted(changes.keys() - _NAMES))}")
    out = object.__new__(WorldState)
    vars(out).update(vars(state), **changes)
    for name, value in changes.items():
        if name in _LITTLE:
            value.setflags(write=False)
    return out


@lru_cache(maxsize=_KEPT)
def movers(apartment: Apartment) -> tuple[tuple[int, Mover], ...]:
    """(object id, mover) of every door, lid and drawer: the order of `WorldState.opening`."""
    return tuple((placed.id, mover) for placed in apartment.objects for mover in placed.asset.movers)


@lru_cache(maxsize=_KEPT)
def leaves(apartment: Apartment) -> tuple[tuple[tuple[int, Mover], ...], ...]:
    """For every object, (index into `WorldState.opening`, mover) of its doors, lids and drawers."""
    own: list[list[tuple[int, Mover]]] = [[] for _ in apartment.objects]
    for k, (owner, mover) in enumerate(movers(apartment)):
        own[owner].append((k, mover))
    return tuple(map(tuple, own))


@lru_cache(maxsize=_KEPT)
def hiding(apartment: Apartment) -> tuple[tuple[int, ...], ...]:
    """For every surface of every object, the index into `WorldState.opening` of what hides it while closed, -1 = nothing."""
    own = leaves(apartment)
    return tuple(
        tuple(next((k for k, m in own[placed.id] if m.name == surface.mover), -1) for surface in placed.asset.surfaces)
        for placed in apartment.objects
    )


def covered(apartment: Apartment, state: WorldState, object_id: int, surface: int) -> bool:
    """Whether a closed door, lid or drawer hides a surface of an object."""
    leaf = hiding(apartment)[object_id][surface]
    return leaf >= 0 and bool(state.opening[leaf] < 0.5)


def closed_around(apartment: Apartment, state: WorldState, object_id: int) -> int:
    """Id of the nearest thing whose closed door, lid or drawer hides an object or what that lies in; -1 where there is none."""
    while (parent := int(state.parent[object_id])) >= 0:
        surface = int(state.surface[object_id])
        if surface >= 0 and covered(apartment, state, parent, surface):
            return parent
        object_id = parent
    return -1


@lru_cache(maxsize=_KEPT)
def apartment_digest(apartment: Apartment) -> str:
    """Identifies what the episodes and states of an apartment depend on: its objects, their words and their places."""
    words = "|".join(f"{p.asset.category} {p.asset.colour} {p.asset.material} {p.asset.shape}" for p in apartment.objects)
    return f"{crc32(words.encode()):08x}{crc32(np.round(_poses(apartment.objects), 4).tobytes()):08x}"


def _poses(things: tuple[Placed, ...]) -> NDArray[np.float64]:
    """(N, 4) x, y, z metres and yaw rad of things as they were placed."""
    return np.array([(*placed.xyz, placed.yaw_rad) for placed in things], dtype=np.float64).reshape(-1, 4)


def initial_state(apartment: Apartment, base: tuple[float, float, float] = (0.0, 0.0, 0.0), seed: int = 0) -> WorldState:
    """The apartment as it was made, with the body at `base` (x, y, yaw rad)."""
    things = apartment.objects
    opening = np.array([float(things[i].open) for i, _ in movers(apartment)], dtype=np.float64)
    state = WorldState(
        pose=_poses(things),
        parent=np.array([placed.parent for placed in things], dtype=np.int32),
        surface=np.array([_surface_index(things, placed) for placed in things], dtype=np.int32),
        on=np.array([placed.on for placed in things], dtype=bool),
        dirty=np.array([placed.dirty for placed in things], dtype=bool),
        sliced=np.zeros(len(things), dtype=bool),
        temperature=np.zeros(len(things), dtype=np.int8),
        opening=opening,
        base=np.array(base, dtype=np.float64),
        seed=seed,
        apartment=apartment_digest(apartment),
    )
    return state


def _surface_index(things: tuple[Placed, ...], placed: Placed) -> int:
    if placed.parent < 0 or not placed.surface:
        return -1
    names = [surface.name for surface in things[placed.parent].asset.surfaces]
    return names.index(placed.surface)


def changed(array: NDArray, index: int, value: float | bool | NDArray) -> NDArray:
    """A copy of an array of the state with one entry replaced."""
    out = array.copy()
    out[index] = value
    return out


def set_opening(apartment: Apartment, state: WorldState, mover: int, opening: float) -> WorldState:
    """Move a door or drawer (index into `movers`) to `opening` in [0, 1]; what lies in a drawer travels with it."""
    owner, part = movers(apartment)[mover]
    pose = state.pose
    if part.kind == "slide":
        surfaces = apartment.objects[owner].asset.surfaces
        rides = state.parent == owner
        rides &= np.logical_or.reduce([state.surface == k for k, surface in enumerate(surfaces) if surface.mover == part.name])
        if rides.any():
            while (more := rides | ((state.parent >= 0) & rides[state.parent])).sum() > rides.sum():
                rides = more  # things on things in the drawer
            x, y, z = part.axis
            c, s = math.cos(pose[owner, 3]), math.sin(pose[owner, 3])
            travel_m = (opening - float(state.opening[mover])) * part.range / math.hypot(x, y, z)
            pose = pose.copy()
            pose[rides, :3] += travel_m * np.array([c * x - s * y, s * x + c * y, z])
    return with_changes(state, pose=pose, opening=changed(state.opening, mover, opening))


def rooms_at(apartment: Apartment, xy: NDArray[np.float64], margin_m: float = 0.0) -> NDArray[np.bool_]:
    """Which rooms, grown by a margin, hold each point. xy: (N, 2) metres; returns (N, rooms) bool."""
    rects = np.array([room.rect for room in apartment.rooms], dtype=np.float64)
    low, high = rects[:, :2] - margin_m, rects[:, 2:] + margin_m
    points = np.asarray(xy, dtype=np.float64)[:, None, :]
    return np.asarray(((points >= low) & (points <= high)).all(axis=2))
