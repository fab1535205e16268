"""Following a way over the floor with a base twist: pure pursuit that slows down before turns and obstacles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment
from enactive.errors import CompatibilityError
from enactive.perception.mapping import OccupancyMap
from enactive.planners.approach import turn_between

from .lattice import Pose, may_pass, swept_air_m

LOOK_AHEAD_M = 0.4
TURN_FIRST_RAD = math.radians(50.0)  # more than this off the way: turn on the spot
BRAKE_S = 0.5  # the body must be able to stop within this time before what it knows of
GAIN_PER_S = 2.0


class Twist:
    """Which entries of a body's command are its speed ahead (`v`) and its turn rate (`w`), and how far they go."""

    def __init__(self, embodiment: Embodiment) -> None:
        if not {"v", "w"} <= set(embodiment.labels) or len(embodiment.high) != embodiment.action_dim:
            raise CompatibilityError(
                f"{embodiment.name} takes base twists with the entries {', '.join(embodiment.labels)}; navigation needs "
                "bounded ones with the labels 'v', the speed ahead, and 'w', the turn rate"
            )
        self._size = embodiment.action_dim
        self.ahead, self._turn = embodiment.labels.index("v"), embodiment.labels.index("w")
        self._speed_m_s = embodiment.high[self.ahead]
        self._rate_rad_s = min(embodiment.high[self._turn], -embodiment.low[self._turn])
        self.period_s = 1.0 / embodiment.rate_hz if embodiment.rate_hz else 0.1

    def command(self, ahead_m_s: float = 0.0, turn_rad_s: float = 0.0) -> NDArray[np.float64]:
        """One command within the bounds, (1, D)."""
        values = np.zeros((1, self._size))
        values[0, self.ahead] = min(max(ahead_m_s, 0.0), self._speed_m_s)
        values[0, self._turn] = min(max(turn_rad_s, -self._rate_rad_s), self._rate_rad_s)
        return values

    def turn(self, turn_rad: float) -> NDArray[np.float64]:
        """Turn on the spot, as far as one period allows."""
        return self.command(turn_rad_s=turn_rad / self.period_s)

    def follow(self, grid: OccupancyMap, way_m: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
        """One command along a way (N, 2), never faster than what is known ahead allows."""
        x, y, yaw = pose
        target = self._look_ahead(grid, way_m, pose)
        error = turn_between(yaw, math.atan2(target[1] - y, target[0] - x))
        rate = GAIN_PER_S * error
        if abs(error) > TURN_FIRST_RAD:
            return self.command(turn_rad_s=rate)
        left = math.dist((x, y), way_m[-1])
        speed = min(self._speed_m_s * math.cos(error) ** 2, left / BRAKE_S)
        return self.command(min(speed, self._room_m(grid, pose) / BRAKE_S), rate)

    def _look_ahead(self, grid: OccupancyMap, way_m: NDArray[np.float64], pose: Pose) -> tuple[float, float]:
        """The furthest point of the way within the look-ahead that a straight move reaches."""
        x, y, _ = pose
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way_m, axis=0), axis=1))])
        for k in range(int(np.searchsorted(along, LOOK_AHEAD_M, side="right")) - 1, 0, -2):
            px, py = float(way_m[k, 0]), float(way_m[k, 1])
            air = swept_air_m(grid, x, y, math.atan2(py - y, px - x), math.dist((x, y), (px, py)))
            if may_pass(air, grid.body_radius_m):
                return px, py
        near = min(2, len(way_m) - 1)
        return float(way_m[near, 0]), float(way_m[near, 1])

    def _room_m(self, grid: OccupancyMap, pose: Pose) -> float:
        """How far the body may go straight on, up to what its brakes need."""
        reach = self._speed_m_s * BRAKE_S
        for length in np.linspace(reach, 0.0, 6)[:-1]:
            if may_pass(swept_air_m(grid, *pose, float(length)), grid.body_radius_m):
                return float(length)
        return 0.0
