"""How fast a joint position command may move: change per command, velocity, acceleration.

Every link moves the command towards the one before, never away from it, so that what an earlier link granted (bounds, say)
still holds after a later one. What a body does not declare is derived from the range of each joint.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment
from enactive.errors import ConfigError

from .base import MotionLink


class StepLimit(MotionLink):
    """The change from one command to the next. ranges: the limit as a share of each joint's range."""

    name = "step"

    def __init__(self, ranges: float = 0.05) -> None:
        self.ranges = ranges

    def reset(self, embodiment: Embodiment) -> None:
        """Take the ranges of a body's joints."""
        super().reset(embodiment)
        if self.active:
            self._step = _limit(embodiment, (), self.ranges, self.name)

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip the change."""
        return _within(wanted, last - self._step, last + self._step)


class VelocityLimit(MotionLink):
    """Change of the command per second, at the rate of the body. Inert where the world waits (rate 0).

    ranges_per_s: the limit, in ranges of the joint per second, of a body that declares no `velocity_limits`.
    """

    name = "velocity"

    def __init__(self, ranges_per_s: float = 2.0) -> None:
        self.ranges_per_s = ranges_per_s

    def reset(self, embodiment: Embodiment) -> None:
        """Take the velocity limits of a body."""
        super().reset(embodiment)
        self.active = self.active and embodiment.rate_hz > 0
        if self.active:
            self._step = _limit(embodiment, embodiment.velocity_limits, self.ranges_per_s, self.name) / embodiment.rate_hz

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip the velocity."""
        return _within(wanted, last - self._step, last + self._step)


class AccelerationLimit(MotionLink):
    """Change of the command's velocity per second, at the rate of the body. Inert where the world waits (rate 0).

    Slowing down is never limited: a command may always stop where the last one was, so that a hold is a hold at once and the
    drive brakes as its own damping does. ranges_per_s2: the limit of a body that declares no `acceleration_limits`.
    """

    name = "acceleration"

    def __init__(self, ranges_per_s2: float = 20.0) -> None:
        self.ranges_per_s2 = ranges_per_s2

    def reset(self, embodiment: Embodiment) -> None:
        """Take the acceleration limits of a body, which is taken to be at rest."""
        super().reset(embodiment)
        self.active = self.active and embodiment.rate_hz > 0
        if self.active:
            limits = _limit(embodiment, embodiment.acceleration_limits, self.ranges_per_s2, self.name)
            self._change = limits / embodiment.rate_hz**2
            self._moved = np.zeros(embodiment.action_dim)

    def approved(self, values: NDArray[np.float64]) -> None:
        """Keep the velocity, in radians per command."""
        if self.active and self.last is not None:
            self._moved = values - self.last
        super().approved(values)

    def sent_instead(self, values: NDArray[np.float64]) -> None:
        """Start the next command from what was really sent, at the velocity that led there."""
        if self.active and self.last is not None:
            self._moved = values - (self.last - self._moved)
        super().sent_instead(values)

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip what is faster than before, or turns round."""
        slowest = np.minimum(self._moved, 0.0) - self._change
        fastest = np.maximum(self._moved, 0.0) + self._change
        return _within(wanted, last + slowest, last + fastest)


def _within(wanted: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clip, but keep what is beyond a limit by rounding alone."""
    slack = 1e-12
    inside = (wanted >= low - slack) & (wanted <= high + slack)
    return wanted if inside.all() else np.clip(wanted, low, high)


def _limit(body: Embodiment, declared: Sequence[float], ranges: float, name: str) -> NDArray[np.float64]:
    """The declared limits, or `ranges` times each joint's range. Raises ConfigError where neither is to be had."""
    if declared:
        if len(declared) != body.action_dim:
            raise ConfigError(f"{body.name} declares {len(declared)} {name} limits for {body.action_dim} joints: one each")
        return np.asarray(declared, dtype=np.float64)
    span = np.asarray(body.high) - np.asarray(body.low)
    if not np.isfinite(span).all():
        raise ConfigError(
            f"{body.name} has joints without bounds, so the guard cannot derive a {name} limit: declare low and high "
            f"(or {name}_limits) in its embodiment, or switch the link off by name: off=({name!r},)"
        )
    return ranges * span
