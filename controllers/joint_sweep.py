"""Bring-up: move every joint gently to and fro, to see that names, signs, units and limits are right."""

from __future__ import annotations

import numpy as np

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.envs.observation import HELD
from enactive.errors import ControllerError
from enactive.perception.base import Belief
from enactive.planners.base import Intent, MoveJoints

PERIODS = 5  # of a slow body: one until it measures, two until that is told and answered, and two to follow


class JointSweep:
    """Sweeps each joint sinusoidally around where it was found, one phase after the other, within its bounds.

    From where the joints are it begins at rest, and reaches its full amplitude, and the middle of the sweep of a joint that was
    found too near a bound for it, after one period. After a hold, however short, it begins anew where the joints are by then.
    Asked too seldom for the loop's watchdog it hardly moves, therefore.

    share: amplitude as a share of the joint's range. period_s: of one sweep. horizon_s: length of a chunk, or
    five periods of a body that is slower, whose measurements are as old as that. chunk_hz: rate of its rows.
    """

    serves: tuple[type[Intent], ...] = ()
    control_modes: frozenset[ControlMode] = frozenset({"joint_pos"})

    def __init__(self, share: float = 0.1, period_s: float = 4.0, horizon_s: float = 0.5, chunk_hz: float = 50.0) -> None:
        self.share, self.period_s, self.horizon_s, self.chunk_hz = share, period_s, horizon_s, chunk_hz

    def reset(self, embodiment: Embodiment) -> None:
        """Forget where the joints were found."""
        self._body = embodiment
        self._start_s: float | None = None

    def standing_intent(self, observation: Observation) -> Intent:
        """What it follows when nobody plans: no target, since the sweep is its own."""
        return MoveJoints(np.zeros((0, 0)))

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """The next `horizon_s` of the sweep. Raises ControllerError where the body does not measure its joints."""
        joints = observation.joint_positions_rad
        if joints is None:
            raise ControllerError(f"{self._body.name} does not measure its joints, so there is nowhere to sweep from")
        low, high = np.asarray(self._body.low), np.asarray(self._body.high)
        reach = self.share * (high - low)
        if self._start_s is None or observation.extra.get(HELD) is True:  # the sweep must not run on while the body stands
            self._start_s, self._found = observation.stamp_s, joints.copy()
        middle = np.clip(self._found, low + reach, high - reach)
        horizon_s = max(self.horizon_s, PERIODS / self._body.rate_hz if self._body.rate_hz > 0 else 0.0)
        times = observation.stamp_s - self._start_s + np.arange(round(horizon_s * self.chunk_hz)) / self.chunk_hz
        phases = 2 * np.pi * times[:, np.newaxis] / self.period_s - np.arange(len(low)) * np.pi / 4
        grown = np.clip(times / self.period_s, 0.0, 1.0)[:, np.newaxis]
        grown = grown**2 * (3.0 - 2.0 * grown)  # without a jump in speed at either end
        values = self._found + grown * (middle - self._found + reach * np.sin(phases))
        return Action("joint_pos", values, self.chunk_hz)
