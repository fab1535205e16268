"""How fast a command may change: change per command, velocity, acceleration.

Every link moves a place (a joint position) towards the one before, and what is motion itself (a velocity) towards 0, never
away from it, so that what an earlier link granted (bounds, say) still holds after a later one. What a body does not declare
is derived from the range of each entry.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment
from enactive.envs.embodiment import VELOCITIES
from enactive.errors import ConfigError

from .base import MotionLink, declared_limits


class StepLimit(MotionLink):
    """The change from one command to the next, as a share of each entry's range. ranges: of places; speeds: of motion, which
    may always come to 0."""

    name = "step"

    def __init__(self, ranges: float = 0.05, speeds: float = 0.25) -> None:
        self.ranges, self.speeds = ranges, speeds

    def reset(self, embodiment: Embodiment) -> None:
        """Take the ranges of a body's commands."""
        super().reset(embodiment)
        if self.active:
            self._step = _limit(embodiment, (), self.speeds if self.flows else self.ranges, self.name)

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip the change."""
        slowest, fastest = _reach(last, self._step) if self.flows else (last - self._step, last + self._step)
        return _within(wanted, slowest, fastest)


class VelocityLimit(MotionLink):
    """Change of a place per second, at the rate of the body, or the velocity that is commanded. Inert where the world waits
    (rate 0) and, where motion is commanded, for a body that declares no limits beside its bounds.

    ranges_per_s: the limit, in ranges of the joint per second, of joint positions without `velocity_limits`.
    """

    name = "velocity"

    def __init__(self, ranges_per_s: float = 2.0) -> None:
        self.ranges_per_s = ranges_per_s

    def reset(self, embodiment: Embodiment) -> None:
        """Take the velocity limits of a body."""
        super().reset(embodiment)
        self.active = self.active and embodiment.rate_hz > 0 and (bool(embodiment.velocity_limits) or not self.flows)
        if self.active:
            limits = _limit(embodiment, embodiment.velocity_limits, self.ranges_per_s, self.name)
            self._step = limits / _rates(embodiment, 1)

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip the velocity."""
        start = np.zeros_like(last) if self.flows else last
        return _within(wanted, start - self._step, start + self._step)


class AccelerationLimit(MotionLink):
    """Change of the velocity per second, at the rate of the body. Inert where the world waits (rate 0).

    Slowing down is never limited: a command may always stop where the last one was, so that a hold is a hold at once and the
    drive brakes as its own damping does. ranges_per_s2, speeds_per_s: the limit of a body that declares no
    `acceleration_limits`, in ranges of places, and of motion; either lets it reach its full speed in a tenth of a second.
    """

    name = "acceleration"

    def __init__(self, ranges_per_s2: float = 20.0, speeds_per_s: float = 5.0) -> None:
        self.ranges_per_s2, self.speeds_per_s = ranges_per_s2, speeds_per_s

    def reset(self, embodiment: Embodiment) -> None:
        """Take the acceleration limits of a body, which is taken to be at rest."""
        super().reset(embodiment)
        self.active = self.active and embodiment.rate_hz > 0
        if not self.active:
            return
        self._moved = np.zeros(embodiment.action_dim)
        if declared := embodiment.acceleration_limits:
            self._change = _limit(embodiment, declared, 0.0, self.name) / _rates(embodiment, 2)
        elif self.flows:
            self._change = _limit(embodiment, (), self.speeds_per_s, self.name) / embodiment.rate_hz
        else:
            self._change = _limit(embodiment, (), self.ranges_per_s2, self.name) / _rates(embodiment, 2)

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
        start, moved = (np.zeros_like(last), last) if self.flows else (last, self._moved)
        slowest, fastest = _reach(moved, self._change)
        return _within(wanted, start + slowest, start + fastest)


def _reach(moved: NDArray[np.float64], change: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The velocities, lowest and highest, that are at most `change` faster than `moved`; every slower one and 0 lie between."""
    return np.minimum(moved, 0.0) - change, np.maximum(moved, 0.0) + change


def _within(wanted: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clip, but keep what is beyond a limit by rounding alone."""
    slack = 1e-12
    inside = (wanted >= low - slack) & (wanted <= high + slack)
    return wanted if inside.all() else np.clip(wanted, low, high)


def _rates(body: Embodiment, order: int) -> float:
    """What turns a velocity (order 1) or an acceleration (2) in SI units into commands of a body, by division."""
    return float(body.rate_hz ** (order - (body.control_mode in VELOCITIES)))


def _limit(body: Embodiment, declared: Sequence[float], ranges: float, name: str) -> NDArray[np.float64]:
    """The declared limits, or `ranges` times each entry's range. Raises ConfigError where neither is to be had."""
    if declared:
        return declared_limits(body, declared, name)
    span = np.asarray(body.high) - np.asarray(body.low)
    if not np.isfinite(span).all():
        raise ConfigError(
            f"{body.name} has joints without bounds, so the guard cannot derive a {name} limit: declare low and high "
            f"(or {name}_limits) in its embodiment, or switch the link off by name: off=({name!r},)"
        )
    return ranges * span
