"""`PoseLess`: the controller that turns pictures of a hand into joint angles and moves the joints there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.envs.observation import HELD
from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.moving import MovingHand
from enactive.errors import CompatibilityError, ConfigError, ControllerError
from enactive.perception.base import Belief
from enactive.planners.base import Intent, MatchPose, MoveJoints

from .estimator import ParallelEstimator, PoseEstimator
from .streams import Camera, Film, PictureStream

HORIZON_S = 0.4  # of a chunk that mirrors: while pictures come it is replaced long before it ends
LEAD_RAD = 0.5  # a joint that is farther than this from what is commanded was held or is blocked
RANGES_PER_S, RANGES_PER_S2 = 2.0, 20.0  # of a joint whose body declares no limits: what the guard grants it, too


class PoseLess:
    """Moves a hand into the pose that a picture shows (PoseLess, arXiv 2503.07111), to given angles, or after a stream.

    estimator: how pictures are read, `ParallelEstimator` where not given. max_speed_rad_s: of any joint's command, where the
    body allows it; a body without a rate is sent where it shall go at once. A picture is read once, however long the hand is on
    its way, and one of a stream once for each `taken_s`. stream: what is mirrored where nobody plans, a `MovingHand` where not
    given; from here on it belongs to this controller, whose `close` closes it. settle_s: time constant with which a mirroring
    hand nears what it sees, critically damped: the longer, the smoother, and the later. Raises ConfigError for a stream that
    does not tell how old its picture is.
    """

    serves: tuple[type[Intent], ...] = (MatchPose, MoveJoints)
    control_modes: frozenset[ControlMode] = frozenset({"joint_pos"})
    joints: tuple[str, ...] = JOINTS
    units: tuple[str, ...] = ("rad",) * len(JOINTS)

    def __init__(
        self,
        estimator: ParallelEstimator | PoseEstimator | None = None,  # the first by name, others by import path
        max_speed_rad_s: float = 4.0,
        stream: MovingHand | Camera | Film | PictureStream | None = None,  # the three by name, others by import path
        settle_s: float = 0.07,
    ) -> None:
        if not (max_speed_rad_s > 0.0 and settle_s > 0.0):
            raise ConfigError(f"max_speed_rad_s and settle_s must be above 0, not {max_speed_rad_s} and {settle_s}")
        self.estimator = ParallelEstimator() if estimator is None else estimator
        self.stream: PictureStream = MovingHand() if stream is None else stream
        if not hasattr(self.stream, "taken_s"):
            raise ConfigError(f"a {type(self.stream).__name__} must tell in `taken_s` when its newest picture was taken")
        self.max_speed_rad_s, self.settle_s = max_speed_rad_s, settle_s

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body. Raises CompatibilityError where its joints are not those of `joints.JOINTS`, in their order."""
        if embodiment.labels != JOINTS:
            raise CompatibilityError(
                f"PoseLess commands the joints {', '.join(JOINTS)} in this order, and {embodiment.name} has "
                f"{', '.join(embodiment.labels)}: use a Shadow Hand"
            )
        self._rate_hz = embodiment.rate_hz
        ranges = np.subtract(embodiment.high, embodiment.low)
        self._most_rad_s = np.minimum(embodiment.velocity_limits or RANGES_PER_S * ranges, self.max_speed_rad_s)
        self._most_rad_s2 = np.array(embodiment.acceleration_limits or RANGES_PER_S2 * ranges)
        self._image: NDArray[np.uint8] | None = None  # what was read last, where a planner gave it
        self._taken_s: float | None = None  # of what was read last, where the stream gave it
        self._command: NDArray[np.float64] | None = None
        self._way = np.empty((0, 2, len(JOINTS)))
        self.picture_s = math.nan  # when the picture was taken that it mirrors, in monotonic seconds; NaN = it mirrors none

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()

    def standing_intent(self, observation: Observation) -> Intent:
        """What it follows when nobody plans: the way from where the hand is to the pose in the newest picture of the stream.

        Raises ControllerError where the stream has no picture or the body does not measure its joints.
        """
        picture, taken_s = self.stream.picture(), self.stream.taken_s
        if self._taken_s is None or not _same_time(taken_s, self._taken_s):  # whether or not it comes in an array of its own
            self._read(picture)
        self._image, self._taken_s, self.picture_s = None, taken_s, taken_s
        if (joints := observation.joint_positions_rad) is None or self._rate_hz <= 0.0:
            raise ControllerError("PoseLess mirrors with a body that measures its joints and has a rate")
        held = observation.extra.get(HELD) is True  # what was due went nowhere then
        position, velocity = (joints, np.zeros_like(joints)) if held else self._due(observation.stamp_s, joints)
        way = np.empty((round(HORIZON_S * self._rate_hz) + 2, 2, len(joints)))
        steps = math.ceil(4.0 / (self.settle_s * self._rate_hz))  # to a row: in longer ones than settle_s / 4 it would swing
        step_s = 1.0 / (self._rate_hz * steps)
        for row in way:  # critically damped, within what the body may do
            row[:] = position, velocity
            for _ in range(steps):
                pull = ((self._target - position) / self.settle_s - 2.0 * velocity) / self.settle_s
                velocity = velocity + step_s * np.clip(pull, -self._most_rad_s2, self._most_rad_s2)
                velocity = np.clip(velocity, -self._most_rad_s, self._most_rad_s)
                position = position + step_s * velocity
        self._way, self._way_from_s = way, observation.stamp_s
        return MoveJoints(way[:, 0], self._rate_hz)

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """One command on the way to the pose, or the chunk of a `MoveJoints`."""
        if isinstance(intent, MoveJoints):
            self._command = intent.positions_rad[-1].copy()
            return Action("joint_pos", intent.positions_rad, intent.rate_hz)
        if not isinstance(intent, MatchPose):
            raise ControllerError(f"PoseLess cannot carry out a {type(intent).__name__}")
        if intent.image is not self._image:
            self._read(intent.image)
        self._image, self._taken_s, self.picture_s = intent.image, None, math.nan
        if self._rate_hz <= 0.0:
            return Action("joint_pos", self._target[np.newaxis])
        if self._command is None:
            if observation.joint_positions_rad is None:
                raise ControllerError("PoseLess needs to know where the joints are to begin with: use a body that sends it")
            self._command = observation.joint_positions_rad
        most = self._most_rad_s / self._rate_hz
        self._command = self._command + np.clip(self._target - self._command, -most, most)
        return Action("joint_pos", self._command[np.newaxis], self._rate_hz)

    def _due(self, at_s: float, joints_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """(2, D) position and velocity that the last chunk commands by now; rest where the hand is elsewhere: it was held."""
        row = round((at_s - self._way_from_s) * self._rate_hz) if len(self._way) else 0
        if row < len(self._way) and (np.abs(self._way[row, 0] - joints_rad) < LEAD_RAD).all():
            return self._way[row]
        return np.stack([joints_rad, np.zeros_like(joints_rad)])

    def _read(self, picture: NDArray[np.uint8]) -> None:
        self._target = self.estimator.estimate([picture])[0]


def _same_time(one_s: float, other_s: float) -> bool:
    """Whether two pictures of a stream were taken at the same time, or both stand still, which NaN tells."""
    return one_s == other_s or (math.isnan(one_s) and math.isnan(other_s))
