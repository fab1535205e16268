"""A body that is driven at a fixed rate: observe and send are two things, and neither waits for the other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.errors import EmbodimentFault

from .embodiment import VELOCITIES, Action, Embodiment
from .gym_io import call_world, embodiment_of, to_gym
from .observation import Observation


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What a robot that looks at commands itself says of itself; one that answers at once, in `send`, says nothing here.

    held: why it does not follow, empty where it does. latched: who closed its own emergency stop, said once, empty where there
    is no news. requested, sent: (D,) a command that it took and what it made of it, said once; None where there is no news.
    start: (D,) where the next command starts from, None where that is the last one.
    """

    held: str = ""
    latched: str = ""
    requested: NDArray[np.float64] | None = None
    sent: NDArray[np.float64] | None = None
    start: NDArray[np.float64] | None = None


class Robot(Protocol):
    """What a control loop drives."""

    embodiment: Embodiment

    def observe(self) -> Observation:
        """The newest observation, in bounded time. `stamp_s` is when its joints were read, on the loop's clock.

        Raises EmbodimentFault where the robot is gone.
        """
        ...

    def reply(self) -> Reply:
        """What the robot has said of itself and of the commands before, at once."""
        ...

    def send(self, action: Action) -> Action:
        """Send one command (1, D); returns what was really sent, the same object where nothing was changed."""
        ...

    def close(self) -> None:
        """Let go. The body holds."""
        ...


class EnvRobot:
    """Any Gymnasium environment with an embodiment as a robot: a command is a step, an observation what the last one gave.

    clock: monotonic seconds. An observation is stamped with the moment before its step, a picture as much earlier as the
    environment's own stamps say, and never later, so that it ages; both keep their stamp as long as the environment's own
    stands still, so that a frozen sensor ages. An environment that clips commands itself says what it sent in `info["sent"]`
    (D,).
    """

    def __init__(
        self, env: gym.Env[Any, Any], *, seed: int | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.embodiment = embodiment_of(env)
        self._env, self._clock = env, clock
        self._stamps: dict[str, tuple[float, float]] = {}  # by what is stamped: the environment's own, and the clock's
        self._last: Action | None = None
        self._observation = self._stamped(clock(), *call_world(env.reset, seed=seed))

    def observe(self) -> Observation:
        """What the last step returned."""
        return self._observation

    def reply(self) -> Reply:
        """Nothing: `send` has told it all."""
        return Reply()

    def send(self, action: Action) -> Action:
        """One step. Raises EmbodimentFault where the environment crashes or ends its episode."""
        began_s, self._last = self._clock(), action
        obs, _, terminated, truncated, info = call_world(self._env.step, to_gym(action, self._env.action_space))
        self._observation = self._stamped(began_s, obs, info)
        if terminated:
            self._last = None  # it takes no more steps; what ran out of time still moves
        if terminated or truncated:
            raise EmbodimentFault(f"{self.embodiment.name} ended its episode: a control loop needs a body that goes on")
        return sent_of(info, action, self.embodiment)

    def close(self) -> None:
        """Tell a body that was last told to move to stand still, unless its episode terminated, then close the environment.

        Raises EmbodimentFault where it does not take that.
        """
        last, self._last = self._last, None
        try:
            if last is not None:
                stand_still(self._env, self.embodiment, last)
        finally:
            self._env.close()

    def _stamped(self, began_s: float, obs: Any, info: Any) -> Observation:
        observation = Observation.from_gym(obs, info)
        world_s = observation.stamp_s
        cameras = {
            name: replace(
                frame, stamp_s=self._stamp(f"camera {name}", frame.stamp_s, began_s - max(0.0, world_s - frame.stamp_s))
            )
            for name, frame in observation.cameras.items()
        }
        return replace(observation, stamp_s=self._stamp("", world_s, began_s), cameras=cameras)

    def _stamp(self, what: str, own_s: float, now_s: float) -> float:
        """The clock's time for the environment's own: `now_s`, unless that has not moved since the last time.

        It never runs back: a world may run faster than the clock, and its cameras lag by more of its seconds than have passed.
        """
        before_s, stamp_s = self._stamps.get(what, (math.nan, -math.inf))
        if before_s != own_s:
            self._stamps[what] = (own_s, max(now_s, stamp_s))
        return self._stamps[what][1]


def sent_of(info: Mapping[str, Any], action: Action, body: Embodiment) -> Action:
    """What went out: the action, or what a body that changes commands says in `info["sent"]` (D,) that it made of it.

    What float32 does to a command is no change: many a body takes no more.
    """
    if (said := info.get("sent")) is None or action.interaction is not None:
        return action
    sent = command_of(said, body)
    if np.array_equal(sent.astype(np.float32), action.values[0].astype(np.float32)):
        return action
    return replace(action, values=sent[np.newaxis])


def command_of(said: Any, body: Embodiment) -> NDArray[np.float64]:
    """A command (D,) that a robot says that it was sent. Raises EmbodimentFault where it is none: a hold would repeat it."""
    values = np.asarray(said, dtype=np.float64)
    if values.shape != (body.action_dim,) or not np.isfinite(values).all():
        raise EmbodimentFault(
            f"{body.name} says that it was sent {values.tolist()}: that is no command of {body.action_dim} numbers"
        )
    return values


def stand_still(env: gym.Env[Any, Any], body: Embodiment, last: Action) -> None:
    """One step that ends the motion of the `last` command, where that was a velocity: all others end by themselves.

    Raises EmbodimentFault where the environment crashes.
    """
    hold = body.hold(last.values[0])
    if body.control_mode in VELOCITIES and not np.array_equal(hold, last.values[0]):
        call_world(env.step, to_gym(replace(last, values=hold[np.newaxis]), env.action_space))


def joints_of(observation: Observation, body: Embodiment) -> NDArray[np.float64]:
    """The joints (D,) that a body measures. Raises EmbodimentFault where they are missing or not finite."""
    joints = observation.joint_positions_rad
    if joints is None or joints.shape != (body.action_dim,) or not np.isfinite(joints).all():
        found = "none" if joints is None else joints.tolist()
        raise EmbodimentFault(f"{body.name} must measure its {body.action_dim} joints in joint_positions_rad, got {found}")
    return joints
