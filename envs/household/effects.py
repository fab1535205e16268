"""What appliances do to the things in and on them: they heat, cool and clean for as long as they run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .leaves import leaves_of
from .state import WorldState
from .targets import skills_of
from .world import World

HOT, COLD = 1, -1
RUN_CLOSED = frozenset({"microwave", "dishwasher", "washing machine", "dryer"})


def settle(world: World, state: WorldState) -> WorldState:
    """The state once every running appliance has done its work.

    A fridge cools always, what has a switch works while it is on: stoves and microwaves heat, sinks, tubs, showers,
    dishwashers and washing machines clean; machines with a door only while it is closed. It reaches whatever stands in a
    working place of theirs, directly or on a plate, but not their top. What has become hot, cold or clean stays so.
    """
    things = world.apartment.objects
    temperature, dirty = state.temperature.copy(), state.dirty.copy()
    for placed in things:
        skills = skills_of(placed.asset)
        if not skills & {"heats", "cools", "cleans"} or ("toggle" in skills and not state.on[placed.id]):
            continue
        if placed.asset.category in RUN_CLOSED and stands_open(world, state, placed.id):
            continue
        for i in _inside(world, state, placed.id):
            can = skills_of(things[i].asset)
            if "heats" in skills and "heat" in can:
                temperature[i] = HOT
            if "cools" in skills and "cool" in can:
                temperature[i] = COLD
            if "cleans" in skills:
                dirty[i] = False
    if np.array_equal(temperature, state.temperature) and np.array_equal(dirty, state.dirty):
        return state
    return replace(state, temperature=temperature, dirty=dirty)


def _inside(world: World, state: WorldState, appliance: int) -> NDArray[np.int64]:
    """Ids of what stands in the working places of an appliance, directly or not."""
    surfaces = world.apartment.objects[appliance].asset.surfaces
    works = [k for k, surface in enumerate(surfaces) if works_on(surface.name)]
    there = (state.parent == appliance) & np.isin(state.surface, works)
    while there.any():
        more = there | ((state.parent >= 0) & there[state.parent])
        if np.array_equal(more, there):
            break
        there = more
    return np.flatnonzero(there)


def stands_open(world: World, state: WorldState, object_id: int) -> bool:
    """Whether any door, lid or drawer of an object is open."""
    return any(state.opening[k] >= 0.5 for k, _ in leaves_of(world, object_id))


def works_on(surface: str) -> bool:
    """Whether an appliance works on what stands on its surface of that name: not on its top, nor in the cupboard below."""
    return surface != "top" and not surface.startswith("cupboard")
