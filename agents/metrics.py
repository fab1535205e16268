"""Navigation metrics with Habitat's names and definitions, their edge cases defined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Observation


class GoalOracle(Protocol):
    """What an environment must be able to tell, outside the agent's sight, for navigation to be scored."""

    @property
    def targets(self) -> Sequence[int]:
        """What the goal means in this world; empty where the world does not say."""
        ...

    @property
    def collisions(self) -> int:
        """Bumps since the environment was made or reset."""
        ...

    def distance_to_goal_m(self) -> float:
        """Geodesic distance from the base to the goal, inf where there is no way."""
        ...


def spl(success: bool, shortest_m: float, walked_m: float) -> float:
    """Success weighted by path length, S * l / max(l, p) (Anderson et al. 2018, arXiv 1807.06757, equation 1).

    An episode that starts at the goal (l = 0) scores 1 when it succeeds without walking and 0 after any walking, the limit
    of the formula. A goal that cannot be reached (l = inf) scores 0. NaN where the way walked is not known (p = NaN), failed
    episodes included: a mean over the known ones would else be one over failures.
    """
    if math.isnan(walked_m):
        return math.nan
    return _ratio(shortest_m, walked_m) if success else 0.0


def soft_spl(start_distance_m: float, end_distance_m: float, shortest_m: float, walked_m: float) -> float:
    """max(0, 1 - d_T / d_0) * l / max(l, p): progress in place of success. Starting at the goal, progress is staying there.

    NaN where the way walked is not known, as in `spl`.
    """
    if math.isnan(walked_m):
        return math.nan
    if not math.isfinite(start_distance_m) or not math.isfinite(end_distance_m):
        return 0.0
    if start_distance_m == 0.0:
        progress = 1.0 if end_distance_m == 0.0 else 0.0
    else:
        progress = max(0.0, 1.0 - end_distance_m / start_distance_m)
    return progress * _ratio(shortest_m, walked_m)


def _ratio(shortest_m: float, walked_m: float) -> float:
    if not math.isfinite(shortest_m):
        return 0.0
    longest = max(shortest_m, walked_m)
    return 1.0 if longest == 0.0 else shortest_m / longest


class NavigationMeter:
    """Follows one episode and scores it at the end. success_radius_m: how near to a view point STOP counts.

    The way walked is measured from pose to known pose, over gaps in a straight line. A body that moved and did not know its
    pose twice has walked nobody knows how far: `walked_m`, `spl` and `soft_spl` are NaN.
    """

    def __init__(self, oracle: GoalOracle, observation: Observation, success_radius_m: float) -> None:
        self._oracle, self._radius_m = oracle, success_radius_m
        self._start_m = oracle.distance_to_goal_m()
        self._collisions = oracle.collisions
        self._xy: NDArray[np.float64] | None = None
        self._observations = self._poses = 0
        self._walked_m = 0.0
        self.step(observation)

    def step(self, observation: Observation) -> None:
        """Add the distance walked since the pose was last known."""
        self._observations += 1
        if observation.T_world_base is None:
            return
        xy = observation.T_world_base[:2, 3].copy()
        if self._xy is not None:
            self._walked_m += float(np.hypot(*(xy - self._xy)))
        self._xy = xy
        self._poses += 1

    def result(self, stopped: bool) -> dict[str, float | bool | str]:
        """The metrics. Success needs that the agent called stop."""
        end_m = self._oracle.distance_to_goal_m()
        success = stopped and end_m < self._radius_m
        walked_m = self._walked_m if self._poses >= min(2, self._observations) else math.nan
        return {
            "success": success,
            "success_radius_m": self._radius_m,
            "spl": spl(success, self._start_m, walked_m),
            "soft_spl": soft_spl(self._start_m, end_m, self._start_m, walked_m),
            "distance_to_goal_m": end_m,
            "start_distance_m": self._start_m,
            "walked_m": walked_m,
            "collisions": self._oracle.collisions - self._collisions,
        }
