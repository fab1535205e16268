"""The last look at an action before it reaches the body: one idea per file, joined by `Chain`, on by default."""

from .base import Guard, Link, MotionLink
from .chain import Chain, Intervention, guard_of
from .collision import PredictedState
from .effort import EffortLimit
from .estop import EStop
from .form import Form
from .limits import Limits
from .motion import AccelerationLimit, StepLimit, VelocityLimit
from .watchdog import FrozenJoints, Watchdog

__all__ = [
    "AccelerationLimit",
    "Chain",
    "EStop",
    "EffortLimit",
    "Form",
    "FrozenJoints",
    "Guard",
    "Intervention",
    "Limits",
    "Link",
    "MotionLink",
    "PredictedState",
    "StepLimit",
    "VelocityLimit",
    "Watchdog",
    "guard_of",
]
