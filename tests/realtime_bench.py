"""A control loop on a clock that only the test moves, with a robot and a source that the test looks into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from enactive.agents.guard import Chain, EStop
from enactive.agents.realtime import Chunk, ControlLoop, Tick
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.robot import Reply

BODY = Embodiment("one joint", "joint_pos", ("j",), ("rad",), (-10.0,), (10.0,), "joint", 100.0)


class Clock:
    """Time that passes only when somebody sleeps; sleeping may take longer than asked."""

    def __init__(self) -> None:
        self.now = 100.0
        self.oversleep: Callable[[float], float] = lambda asked: asked

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += self.oversleep(seconds)


class OneJoint:
    """A robot that is where it was last sent, and keeps all it was sent."""

    embodiment = BODY

    def __init__(self, clock: Clock) -> None:
        self.clock, self.sent, self.closed, self.frozen, self.says = clock, [], False, False, Reply()
        self.observation = Observation(joint_positions_rad=np.zeros(1), stamp_s=clock())

    def observe(self) -> Observation:
        if not self.frozen:
            joint = self.sent[-1] if self.sent else 0.0
            self.observation = Observation(joint_positions_rad=np.array([joint]), stamp_s=self.clock())
        return self.observation

    def reply(self) -> Reply:
        return self.says

    def send(self, action: Action) -> Action:
        self.sent.append(float(action.values[0, 0]))
        return action

    def close(self) -> None:
        self.closed = True


class FourJoints(OneJoint):
    """Four of them."""

    embodiment = replace(BODY, name="four joints", labels=tuple("abcd"), units=("rad",) * 4, low=(-10.0,) * 4, high=(10.0,) * 4)

    def observe(self) -> Observation:
        return Observation(joint_positions_rad=self.sent[-1] if self.sent else np.zeros(4), stamp_s=self.clock())

    def send(self, action: Action) -> Action:
        self.sent.append(action.values[0])
        return action


class Inbox:
    """A source that holds what the test puts in."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.chunk, self.alive, self.beat = clock, None, True, clock()

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk | None:
        chunk, self.chunk = self.chunk, None
        return chunk

    def heard_s(self) -> float:
        self.beat = self.clock() if self.alive else self.beat
        return self.beat

    def put(self, *values: float, rate_hz: float = 100.0, answers_s: float | None = None) -> None:
        stamp = self.clock() if answers_s is None else answers_s
        self.chunk = Chunk(Action("joint_pos", np.array(values)[:, np.newaxis], rate_hz), stamp)


class Bench:
    """Clock, robot, source and loop at 100 Hz, with a guard that lets the numbers of a test through."""

    def __init__(self, robot: type[OneJoint] = OneJoint, **settings: Any) -> None:
        self.clock = Clock()
        self.robot, self.source = robot(self.clock), Inbox(self.clock)
        self.estop = EStop(self.clock)
        free = Chain(off=("step", "velocity", "acceleration"))
        defaults = {"guard": free, "estop": self.estop, "blend_s": 0.0, "clock": self.clock, "sleep": self.clock.sleep}
        self.loop = ControlLoop(self.robot, self.source, rate_hz=100.0, **(defaults | settings))

    def ticks(self, count: int) -> list[Tick]:
        ticks = []
        for _ in range(count):
            self.loop.cadence.wait()
            ticks.append(self.loop.tick())
            self.clock.now += 1e-9
        return ticks
