"""The control loop: a fixed rate, whatever the policy, the viewer and the network do."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.agents.guard import Chain, EStop, FrozenJoints, Intervention, Watchdog
from enactive.envs import Action, ControlMode, Observation
from enactive.envs.observation import HELD
from enactive.envs.robot import Reply, Robot, command_of, joints_of
from enactive.errors import CompatibilityError, SafetyAbort, at_the_end

from .cadence import KEPT, Cadence, Spread
from .chunks import Chunk, ChunkPlayer

DRIVEN: tuple[ControlMode, ...] = ("joint_pos", "joint_vel", "base_twist")


class Source(Protocol):
    """Where chunks come from: a policy in a thread or in another process. Nothing here may wait."""

    def offer(self, observation: Observation) -> None:
        """The newest observation; an older one that was not yet looked at may be forgotten."""
        ...

    def take(self) -> Chunk | None:
        """The newest chunk that has arrived since the last call. Raises the error that ended the policy, if one did."""
        ...

    def heard_s(self) -> float:
        """When the policy last showed that it is alive."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """One turn of the loop, for recorders and viewers.

    requested: (D,) what was due, None while holding. sent: (D,) what went out. held: why the body held, empty where it
    followed the policy. age_s: how old the observation was. policy_s: what the newest chunk took to make. picture_age_s: how
    old the picture was by now that the newest chunk was made from beside the observation, NaN where there is none. changed:
    what the guard changed, and what the robot has said that it changed.
    """

    index: int
    at_s: float
    observation: Observation
    requested: NDArray[np.float64] | None
    sent: NDArray[np.float64]
    held: str
    age_s: float
    policy_s: float
    changed: tuple[Intervention, ...] = ()
    picture_age_s: float = math.nan


class ControlLoop:
    """Drives a robot by joint positions, joint velocities or twists of its base, from chunks that arrive when they do.

    Each tick: observe, take what the policy has sent, guard, send, wait. While anything is amiss the body holds, which means
    that the last positions are sent again, and zeros in place of velocities. Amiss is: the emergency stop is latched; the
    observation is older than `max_age_s` or frozen; a picture in it is older than `max_picture_age_s` or missing; the policy's
    heartbeat is silent for `heartbeat_s`; no usable chunk arrived for `watchdog_s`; the robot itself holds; the chunk has come
    to its end. What was decided before a stop or a reset never runs after it: each of them holds the body for a tick at least,
    however soon one follows the other. The policy is told of a hold (`HELD` in the extra of the observation), lest it take the
    body for stuck. What the robot makes of a command counts as what was sent: the next one starts from there.

    guard: a `Chain`, reset to the body at this rate. taps: take ticks and never wait. clock, sleep: monotonic seconds.
    """

    def __init__(
        self,
        robot: Robot,
        source: Source,
        *,
        rate_hz: float,
        guard: Chain | None = None,
        estop: EStop | None = None,
        watchdog_s: float = 0.1,
        heartbeat_s: float = 0.2,
        max_age_s: float = 0.2,
        max_picture_age_s: float = 0.5,
        blend_s: float = 0.05,
        taps: Sequence[Callable[[Tick], None]] = (),
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        body = robot.embodiment
        if body.control_mode not in DRIVEN:
            raise CompatibilityError(
                f"{body.name} takes {body.control_mode} commands: the control loop drives {', '.join(DRIVEN)}"
            )
        self.robot, self.source, self.taps, self._clock = robot, source, tuple(taps), clock
        self.body = replace(body, rate_hz=rate_hz)
        self.guard = guard if guard is not None else Chain()
        self.guard.reset(self.body)
        self.estop = estop if estop is not None else EStop(clock)
        self._events = len(self.estop.events)  # how many stops and resets it has seen
        self.max_age_s, self.max_picture_age_s = max_age_s, max_picture_age_s
        self.cadence = Cadence(rate_hz, clock, sleep)
        self.player = ChunkPlayer(max_age_s, max_picture_age_s, blend_s, rate_hz)
        self.held: Counter[str] = Counter()
        self.followed = 0
        period_s = 1.0 / rate_hz
        self._commands = Watchdog("fresh command", watchdog_s, period_s)
        self._beats = Watchdog("policy heartbeat", heartbeat_s, period_s)
        self._states = Watchdog("fresh robot state", max_age_s, period_s)
        self._frozen = FrozenJoints(max_age_s, period_s=period_s)
        self._last: NDArray[np.float64] | None = None
        self._told: NDArray[np.float64] | None = None  # what a robot that answers later has said that it sent last
        self.holding = "no tick yet"  # why the last tick held, empty where it followed the policy
        self._mode, self._index, self._policy_s, self._picture_s = body.control_mode, 0, 0.0, math.nan
        self.picture_ages: deque[float] = deque(maxlen=KEPT)

    def run(self, until: Callable[[], bool]) -> None:
        """Tick at the loop's rate until `until()`; the body holds when this returns or raises.

        Raises SafetyAbort for a command that cannot be made safe, EmbodimentFault for a broken robot, and the error that ended
        the policy.
        """
        with at_the_end(self.robot.close):
            while not until():
                self.cadence.wait()
                self.tick()

    def tick(self) -> Tick:
        """One turn."""
        began = self._clock()
        observation = self.robot.observe()
        joints = joints_of(observation, self.body) if self.body.control_mode != "base_twist" else None
        if self._last is None:  # until the first command, the body holds where it was found
            self._last = self.body.hold(np.zeros(self.body.action_dim) if joints is None else joints)
        self._hear(self.robot.reply())
        if observation.stamp_s - began <= self.max_age_s:  # what is of a time yet to come tells nothing of this one
            stamp_s = min(observation.stamp_s, began)
            self._states.feed(stamp_s)
            if joints is not None and self.body.control_mode == "joint_pos":  # a velocity may drive a joint into its end stop
                self._frozen.feed(stamp_s, joints, self._last if self._told is None else self._told)
        now = self.cadence.mark("observe")

        self.source.offer(observation if not self.holding else replace(observation, extra={**observation.extra, HELD: True}))
        chunk = self.source.take()
        if chunk is not None and self.player.take(chunk, now, self._last, held=bool(self.holding)):
            self._commands.feed(now)
            self._policy_s, self._picture_s, self._mode = chunk.seconds, chunk.picture_s, chunk.action.control_mode
        self._beats.feed(self.source.heard_s())
        held = self._amiss(now, observation)
        due = None if held else self.player.target(now)
        if due is None:
            held = held or "starved: the chunk is at its end"
        self.cadence.mark("infer")

        hold = Action(self.body.control_mode, self.body.hold(self._last)[np.newaxis], self.body.rate_hz)
        try:
            self.guard.observe(observation)
            action = hold if due is None else Action(self._mode, due[np.newaxis], self.body.rate_hz)
            action = approved = self.guard.review(action)
        except SafetyAbort as abort:
            if not self.estop.cause:
                self.estop.latch(f"guard: {abort}")
            self._last = self.robot.send(hold).values[0]
            self._end(began, now, observation, None, self._last, f"emergency stop: {self.estop.cause}")
            raise
        if not held and (stopped := self._stopped()):  # while the guard was looking; the next tick holds for it, too
            held, action = stopped, hold
        self.cadence.mark("guard")

        sent = self.robot.send(action)
        self._last = command_of(sent.values[0], self.body)
        if sent is not action:
            self.guard.note("robot", action.values[0], self._last)
        if sent is not approved:
            self.guard.sent_instead(self._last)
        self.cadence.mark("send")
        return self._end(began, now, observation, due, self._last, held)

    def _end(
        self,
        began_s: float,
        now_s: float,
        observation: Observation,
        due: NDArray[np.float64] | None,
        sent: NDArray[np.float64],
        held: str,
    ) -> Tick:
        """Count a turn and tell the taps of it."""
        self.holding = held
        if held:
            self.held[held] += 1
        else:
            self.followed += 1
        age_s = now_s - observation.stamp_s
        picture_age_s = now_s - self._picture_s
        if not held and math.isfinite(picture_age_s):
            self.picture_ages.append(picture_age_s)
        news = self.guard.news()
        tick = Tick(self._index, began_s, observation, due, sent, held, age_s, self._policy_s, news, picture_age_s)
        self._index += 1
        for tap in self.taps:
            tap(tick)
        return tick

    def _hear(self, reply: Reply) -> None:
        """Take in what the robot did with what it was sent."""
        self._robot_held = f"the robot holds: {reply.held}" if reply.held else ""
        if reply.latched and not self.estop.cause:
            self.estop.latch(f"the robot's own: {reply.latched}")
        if reply.requested is not None and reply.sent is not None and not np.array_equal(reply.requested, reply.sent):
            self.guard.note("robot", reply.requested, reply.sent)
        if (told := reply.start if reply.sent is None else reply.sent) is not None:
            if self._told is None:
                self._frozen.restart()  # till now it reckoned with what the robot was asked for
            self._told = command_of(told, self.body)
        if reply.start is not None:
            self._last = command_of(reply.start, self.body)
            self.guard.found(reply.start)

    def _amiss(self, now_s: float, observation: Observation) -> str:
        """Why to hold, in words; empty where nothing is amiss."""
        events = len(self.estop.events)  # before the latch is looked at, lest one that comes in between count as seen
        if stopped := self._stopped():
            self._events = events
            self.player.clear(now_s)
            self._frozen.restart()  # who resets has looked: a body that stalled could not be driven back else
            return stopped
        if cause := self._states.cause(now_s) or self._frozen.cause(now_s) or self._blind(now_s, observation):
            self.player.clear(now_s)
            return cause
        return self._beats.cause(now_s) or self._commands.cause(now_s) or self._robot_held

    def _stopped(self) -> str:
        """That the emergency stop is latched, or that something happened to it since the last look, in words; else empty."""
        if cause := self.estop.cause:
            return f"emergency stop: {cause}"
        return "emergency stop: just reset" if len(self.estop.events) != self._events else ""

    def _blind(self, now_s: float, observation: Observation) -> str:
        """Which camera has no fresh picture, in words; empty where all have."""
        for camera in self.body.cameras:
            frame = observation.cameras.get(camera.name)
            if not abs(now_s - (frame.stamp_s if frame else -math.inf)) <= self.max_picture_age_s:  # NaN, say, is no time
                return f"no fresh picture of camera {camera.name!r} for {self.max_picture_age_s:g} s"
        return ""

    def report(self) -> dict[str, Any]:
        """Plain data of the run, once it has ended: cadence, guard, ticks that followed the policy, holds by cause, dropped
        chunks, stops and resets.

        Where the policy mirrored pictures, it has how old they were at the ticks that followed them.
        """
        mirrored = {"picture_age": asdict(Spread.of(self.picture_ages))} if self.picture_ages else {}
        return {
            "cadence": self.cadence.report(),
            "guard": self.guard.summary(),
            "followed": self.followed,
            "held": dict(self.held),
            "dropped_chunks": dict(self.player.dropped),
            "stops": [(event.kind, event.cause, event.at_s) for event in self.estop.events],
            **mirrored,
        }
