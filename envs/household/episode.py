"""One navigation task: where it starts, what is asked, and what counts as found."""

from __future__ import annotations

from dataclasses import dataclass

from ..goal import Goal


@dataclass(frozen=True, slots=True)
class View:
    """A goal picture that is still to be taken. x, y, height_m: metres; yaw_rad, pitch_rad (up positive) of the camera."""

    x: float
    y: float
    height_m: float
    yaw_rad: float
    pitch_rad: float


@dataclass(frozen=True)
class NavigationEpisode:
    """A task in one apartment. apartment_seed, rooms: as given to `make_apartment`. start: x, y metres and yaw rad.

    goal: what to ask for, or the view that `suites.ready` makes a picture of. targets: ids of the objects that the goal
    means. distance_m: geodesic distance from the start to the nearest view point. digest: of the apartment that the episode
    was made in, "" = any.
    """

    id: str
    apartment_seed: int
    rooms: int | None
    start: tuple[float, float, float]
    goal: Goal | View
    targets: tuple[int, ...]
    distance_m: float
    digest: str = ""
