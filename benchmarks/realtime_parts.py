"""Bodies and policies for `realtime.py`: an arm that writes down what it is sent, a policy that goes wrong on demand."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, Observation
from enactive.envs.desk_arm import DeskArm

ROW = struct.Struct("<5d")


class LoggedArm(DeskArm):
    """Appends (monotonic seconds, command) to `log`, which the measurement reads when the run is over."""

    def __init__(self, log: str, width: int = 0, height: int = 0) -> None:
        super().__init__(width=width, height=height)
        self._log = Path(log).open("ab", buffering=0)  # noqa: SIM115  # reason: open as long as the arm

    def step(self, action: NDArray[np.float64]) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Write, then move."""
        self._log.write(ROW.pack(time.perf_counter(), *action))
        return super().step(action)


class FailingSweep(JointSweep):
    """The sweep, until `trigger` exists; from then on what stands in it: `hang`, `nan` or `far`."""

    def __init__(self, trigger: str) -> None:
        super().__init__()
        self._trigger = Path(trigger)

    def act(self, intent: Any, observation: Observation, belief: Any) -> Action:
        """The next chunk, if any."""
        action = super().act(intent, observation, belief)
        what = self._trigger.read_text() if self._trigger.exists() else ""
        if what == "hang":
            time.sleep(1e6)
        if what == "nan":
            return Action(action.control_mode, np.full_like(action.values, np.nan), action.rate_hz)
        if what == "far":
            return Action(action.control_mode, np.sign(action.values) * 1e6, action.rate_hz)
        return action
