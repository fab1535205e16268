"""Noticing that the pose stands still while the body drives: a map must not be built on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, Embodiment, Observation
from enactive.errors import PerceptionError

VIEWS, STAND_S = 5, 2.0  # views that pass by under one pose, and how long it stands, before it counts as frozen
STUCK = 10  # commands to drive in a row that change no view: the body is stuck, and what passed by was others
LEVELS, SHARE = 24, 0.3  # a view has passed where so large a share of the picture changed by so much in some colour
_MOVES = frozenset({"move_forward", "turn_left", "turn_right"})


class OdometryWatch:
    """Judges the pose of a base by the commands to drive and by what the first camera shows.

    A body that is stuck has the same pose as well, and the same view. Neither what is seen without driving nor how a picture
    differs from the one before a look up or down says anything. A pose may be slower than the commands, by up to 2 s of the
    observation's clock, where that runs.
    """

    def __init__(self, body: Embodiment) -> None:
        self._body, self._passed, self._same, self._since_s = body, 0, 0, 0.0
        self._pose: NDArray[np.float64] | None = None
        self._view: NDArray[np.int16] | None = None

    def see(self, action: Action | None, after: Observation) -> None:
        """What was sent, None = nothing, and what was seen then. Raises PerceptionError where the pose is frozen."""
        if after.T_world_base is None or not after.cameras:
            return
        view = next(iter(after.cameras.values())).rgb[::8, ::8].astype(np.int16)
        stands = self._pose is not None and np.array_equal(self._pose, after.T_world_base)
        drives = action is not None and self._drives(action)
        if stands and drives and self._view is not None and self._view.shape == view.shape:
            changed = (np.abs(view - self._view) > LEVELS).any(axis=-1).mean() > SHARE
            self._same = 0 if changed else self._same + 1
            if self._same >= STUCK:
                self._passed = 0
            if not changed:
                return
            self._passed += 1
        elif not stands:
            self._passed = self._same = 0
            self._pose, self._since_s = after.T_world_base.copy(), after.stamp_s
        self._view = view
        stood_s = after.stamp_s - self._since_s
        if self._passed >= VIEWS and (stood_s > STAND_S or stood_s == 0.0):
            raise PerceptionError(
                f"the odometry is frozen: T_world_base has not changed by a bit, while the body drove and {VIEWS} views "
                "passed by; check the source of the pose"
            )

    def _drives(self, action: Action) -> bool:
        if action.interaction is not None or not len(action.values):
            return False
        if action.control_mode == "discrete":
            return self._body.labels[int(action.values[-1, 0])] in _MOVES
        return action.control_mode == "base_twist" and bool(action.values.any())
