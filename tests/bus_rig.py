"""A robot behind a bus on a clock that the test moves, and bodies and policies for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enactive.agents.realtime import Chunk, Tick
from enactive.agents.realtime.service import robot_loop
from enactive.envs import Action, Observation
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.faults import FaultyBus
from enactive.envs.bus.robot import BusRobot
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import SafetyAbort


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """A desk arm behind a faulty memory bus, with its client, both ticked by hand at 100 Hz."""

    def __init__(self, watchdog_s: float = 0.055) -> None:
        self.clock = Clock()
        self.wire = MemoryBus()
        self.bus = FaultyBus(self.wire, np.random.default_rng(0), self.clock)
        self.body = EnvRobot(DeskArm(), seed=0, clock=self.clock)
        self.server = robot_loop(self.bus, self.body, rate_hz=100.0, watchdog_s=watchdog_s, clock=self.clock)
        self.sent: list[np.ndarray] = []
        self.server.taps = (*self.server.taps, self._keep)
        self.causes: list[str] = []

        def introduce(box: Mailbox, timeout_s: float) -> bytes | None:
            self.server.source._informed_s = -np.inf  # type: ignore[attr-defined]
            self.serve()
            return box.take()

        self.introduce = introduce
        self.robot = self.connect()

    def connect(self) -> BusRobot:
        return BusRobot(self.wire, wait=self.introduce, clock=self.clock)

    def _keep(self, tick: Tick) -> None:
        self.sent.append(tick.sent)
        self.causes.append(tick.held)

    def serve(self) -> None:
        self.clock.now += 0.01
        self.bus.pump(self.clock.now)
        try:
            self.server.tick()
        except SafetyAbort:
            self.causes[-1] = "abort"

    def move(self, times: int, by: float = 0.005) -> None:
        """The client follows its observation with a command a little further."""
        for _ in range(times):
            observation = self.robot.observe()
            target = (self.sent[-1] if self.sent else observation.joint_positions_rad) + by
            self.robot.send(Action("joint_pos", target[np.newaxis]))
            self.serve()

    def still(self, last: int) -> bool:
        return bool((np.ptp(self.sent[-last:], axis=0) == 0).all())


class Weak(EnvRobot):
    """A body that moves no joint by more than 0.01 rad at a time, and says what it made of what it was sent."""

    last: np.ndarray | None = None

    def send(self, action: Action) -> Action:
        start = self._env._data.ctrl if self.last is None else self.last  # type: ignore[attr-defined]
        self.last = np.clip(action.values[0], start - 0.01, start + 0.01)
        super().send(replace(action, values=self.last[np.newaxis]))
        return action if np.array_equal(self.last, action.values[0]) else replace(action, values=self.last[np.newaxis])


class Far:
    """A policy that wants to be 1 rad further on at once."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk:
        return Chunk(Action("joint_pos", self.seen.joint_positions_rad[np.newaxis] + 1.0), self.seen.stamp_s)

    def heard_s(self) -> float:
        return self.rig.clock()
