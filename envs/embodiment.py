"""What a body is and how it is commanded: the facts that compatibility is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from enactive.errors import CompatibilityError

ControlMode = Literal[
    "discrete", "base_twist", "joint_pos", "joint_vel", "joint_delta", "eef_delta_pose", "eef_abs_pose", "eef_delta_pos"
]
VELOCITIES: frozenset[ControlMode] = frozenset({"joint_vel", "base_twist"})  # a command is a velocity
DISPLACEMENTS: frozenset[ControlMode] = frozenset({"joint_delta", "eef_delta_pose", "eef_delta_pos"})  # how far to go with it
DISCRETE_ACTIONS = ("stop", "move_forward", "turn_left", "turn_right", "look_up", "look_down")
VERBS = ("Find", "PickUp", "PutDown", "Open", "Close", "TurnOn", "TurnOff", "Slice")


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera as built. hfov_rad: horizontal field of view; depth_range_m: None where it sees no depth."""

    name: str
    width: int
    height: int
    hfov_rad: float
    depth_range_m: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Embodiment:
    """A body's cameras, footprint and action semantics.

    labels, units, low, high: one entry per action dimension; for `discrete` the labels name the actions and low/high are
    empty. Controllers find the moves (`DISCRETE_ACTIONS`) and the entries of a base twist (`v` m/s ahead, `w` rad/s to the
    left) by label, in any order. frame: what a motion command is expressed in. rate_hz: how often a command is taken; 0 where
    the world waits.
    forward_m, turn_rad, look_rad: size of the discrete moves. skills: the interaction verbs that the body has.
    max_steps: commands after which an episode is cut, None where it is not. simulated: nothing real moves, so that a world that
    breaks may be thrown away and made anew; False wherever that is not certain.
    velocity_limits, acceleration_limits, effort_limits: one entry per action dimension, of what it moves: in rad/s (m/s), in
    rad/s^2 (m/s^2) and in N*m (N for a prismatic joint), in any control mode; empty where the body declares none.
    touch_limit_N: how hard a pad that feels (`touch_N` of the observation) may press while joints are sent further; 0 where
    the body declares no such limit.
    """

    name: str
    control_mode: ControlMode
    labels: tuple[str, ...]
    units: tuple[str, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    frame: Literal["base", "world", "joint", "none"] = "base"
    rate_hz: float = 0.0
    cameras: tuple[CameraInfo, ...] = ()
    radius_m: float = 0.0
    height_m: float = 0.0
    forward_m: float = 0.25
    turn_rad: float = float(np.deg2rad(30.0))
    look_rad: float = float(np.deg2rad(30.0))
    skills: frozenset[str] = frozenset()
    max_steps: int | None = None
    velocity_limits: tuple[float, ...] = ()
    acceleration_limits: tuple[float, ...] = ()
    effort_limits: tuple[float, ...] = ()
    touch_limit_N: float = 0.0
    simulated: bool = False

    @property
    def action_dim(self) -> int:
        """Width of one command: 1 for `discrete` (an index into `labels`), else the number of labels."""
        return 1 if self.control_mode == "discrete" else len(self.labels)

    @property
    def moving(self) -> NDArray[np.bool_]:
        """(D,) which entries of a command are motion, a velocity or a displacement, so that 0 is to stand still.

        The others are places to be at: joint positions, and in any mode the opening of a gripper, whose label says "gripper".
        """
        motion = self.control_mode in VELOCITIES | DISPLACEMENTS
        return np.array([motion and "gripper" not in label for label in self.labels[: self.action_dim]], dtype=bool)

    def hold(self, last: NDArray[np.float64]) -> NDArray[np.float64]:
        """The command (D,) that keeps the body where it is, after `last` (D,): no motion, at the same places."""
        return np.where(self.moving, 0.0, last)


@dataclass(frozen=True, slots=True)
class Interaction:
    """A verb on an object, named in words and, where the agent sees it, pointed at.

    verb: one of `VERBS`. target: what on, in words ("mug"). pixel_uv: (u, v) in the first camera, to tell one of several.
    """

    verb: str
    target: str = ""
    pixel_uv: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A chunk of commands in one control mode, or one interaction.

    values: (T, D) float64, T commands of width `Embodiment.action_dim`; ignored where `interaction` is set.
    rate_hz: rate the chunk was made for; 0 = one command per step of the world.
    """

    control_mode: ControlMode
    values: NDArray[np.float64]
    rate_hz: float = 0.0
    interaction: Interaction | None = None

    @classmethod
    def discrete(cls, body: Embodiment, *names: str) -> Action:
        """A chunk of a body's moves by name: `Action.discrete(body, "move_forward", "turn_left")`.

        Raises CompatibilityError for a move that is not among its labels.
        """
        if unknown := [name for name in names if name not in body.labels]:
            raise CompatibilityError(f"{body.name} has no move {unknown[0]!r}; its moves are {', '.join(body.labels)}")
        return cls("discrete", np.array([[body.labels.index(name)] for name in names], dtype=np.float64))

    @classmethod
    def interact(cls, control_mode: ControlMode, interaction: Interaction) -> Action:
        """One interaction on a body whose motion is in `control_mode`."""
        return cls(control_mode, np.zeros((1, 0)), interaction=interaction)
