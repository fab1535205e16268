"""`PoseLess`: the controller that turns the picture of a hand into joint angles and moves the joints there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.envs.shadow_hand.joints import JOINTS
from enactive.errors import CompatibilityError, ConfigError, ControllerError
from enactive.perception.base import Belief
from enactive.planners.base import Intent, MatchPose, MoveJoints

from .estimator import ParallelEstimator, PoseEstimator


class PoseLess:
    """Moves a hand into the pose that a picture shows (PoseLess, arXiv 2503.07111), or to given angles.

    estimator: how pictures are read, `ParallelEstimator` where not given. max_speed_rad_s: of any joint's command; a body
    without a rate is sent where it shall go at once. A picture is read once, however long the hand is on its way.
    """

    serves: tuple[type[Intent], ...] = (MatchPose, MoveJoints)
    control_modes: frozenset[ControlMode] = frozenset({"joint_pos"})

    def __init__(self, estimator: PoseEstimator | None = None, max_speed_rad_s: float = 4.0) -> None:
        if not max_speed_rad_s > 0.0:
            raise ConfigError(f"max_speed_rad_s must be above 0, not {max_speed_rad_s}")
        self.estimator = ParallelEstimator() if estimator is None else estimator
        self.max_speed_rad_s = max_speed_rad_s

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body. Raises CompatibilityError where its joints are not those of `joints.JOINTS`, in their order."""
        if embodiment.labels != JOINTS:
            raise CompatibilityError(
                f"PoseLess commands the joints {', '.join(JOINTS)} in this order, and {embodiment.name} has "
                f"{', '.join(embodiment.labels)}: use a Shadow Hand"
            )
        self._rate_hz = embodiment.rate_hz
        self._picture: NDArray[np.uint8] | None = None
        self._command: NDArray[np.float64] | None = None

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """One command on the way to the pose, or the chunk of a `MoveJoints`."""
        if isinstance(intent, MoveJoints):
            self._command = intent.positions_rad[-1].copy()
            return Action("joint_pos", intent.positions_rad, intent.rate_hz)
        if not isinstance(intent, MatchPose):
            raise ControllerError(f"PoseLess cannot carry out a {type(intent).__name__}")
        if intent.image is not self._picture:
            self._target = self.estimator.estimate([intent.image])[0]
            self._picture = intent.image
        if self._rate_hz <= 0.0:
            return Action("joint_pos", self._target[np.newaxis])
        if self._command is None:
            if observation.joint_positions_rad is None:
                raise ControllerError("PoseLess needs to know where the joints are to begin with: use a body that sends it")
            self._command = observation.joint_positions_rad
        most = self.max_speed_rad_s / self._rate_hz
        self._command = self._command + np.clip(self._target - self._command, -most, most)
        return Action("joint_pos", self._command[np.newaxis], self._rate_hz)
