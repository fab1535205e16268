"""One navigation task: where it starts, what is asked, and what counts as found."""

from __future__ import annotations

from dataclasses import dataclass

from ..goal import Goal


@dataclass(frozen=True)
class NavigationEpisode:
    """A task in one apartment. apartment_seed, rooms: as given to `make_apartment`. start: x, y metres and yaw rad.

    targets: ids of the objects that the goal means. distance_m: geodesic distance from the start to the nearest view point.
    """

    id: str
    apartment_seed: int
    rooms: int | None
    start: tuple[float, float, float]
    goal: Goal
    targets: tuple[int, ...]
    distance_m: float
