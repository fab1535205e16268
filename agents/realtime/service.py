"""The robot's side of the bus: commands in, states out, and its own guard between them and the body."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from enactive.agents.guard import Chain, EStop
from enactive.envs import Action, Observation
from enactive.envs.bus.base import Bus
from enactive.envs.bus.codec import NOTHING, Malformed, embodiment_message, new_pictures, state_message, unpack
from enactive.envs.robot import Robot
from enactive.errors import SafetyAbort, at_the_end

from .chunks import Chunk
from .loop import ControlLoop, Tick

INFO_EVERY_S = 0.5  # whoever comes to the bus later learns what the body is, however slow the loop


class Commands:
    """Commands from a bus as the source of the robot's own control loop, which publishes what the robot observes.

    One end drives at a time: what another sends is refused until the one that drives has been silent for `silent_s`.
    guard: which links stand between the commands and the body is part of what the body is said to be.
    """

    def __init__(
        self,
        bus: Bus,
        robot: Robot,
        estop: EStop,
        guard: Chain,
        silent_s: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.boot = uuid.uuid4().hex
        self.refused: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._bus, self._body, self._estop, self._clock = bus, robot.embodiment, estop, clock
        self._guard = guard.standing()
        self._told = {"held": "", "requested": NOTHING, "sent": NOTHING}
        self._lock = threading.Lock()  # between the bus's thread and the loop's
        self._command: dict[str, Any] | None = None
        self._shown_s: dict[str, float] = {}
        self._answered: dict[str, int] = {}  # the newest stop or reset that was taken, by who asked
        self._silent_s, self._driver, self._driven_s = silent_s, "", -math.inf
        self._sequence, self._count, self._informed_s = 0, 0, -math.inf
        bus.subscribe("command", self._arrived)
        bus.subscribe("stop", self._stop)

    def offer(self, observation: Observation) -> None:
        """Publish the state, and each camera's frame by itself, once."""
        now = self._clock()
        if now - self._informed_s >= INFO_EVERY_S:
            self._informed_s = now
            self._bus.publish("info", embodiment_message(self._body, boot=self.boot, guard=self._guard))
        self._count += 1
        answered = dict(self._answered)  # before the latch is looked at, so that what is answered shows in it
        stop = {"answered": answered, "events": len(self._estop.events), "latched": self._estop.cause}
        more = {"boot": self.boot, "driver": self._driver, "seq": self._count, **stop, **self._told}
        with self._lock:
            more |= {"changed": dict(self._changed), "refused": dict(self.refused)}
        self._bus.publish("state", state_message(observation, **more))
        for picture in new_pictures(observation.cameras, self._shown_s):
            self._bus.publish("camera", picture)

    def take(self) -> Chunk | None:
        """The newest command, once."""
        with self._lock:
            command, self._command = self._command, None
        if command is None:
            return None
        values = np.atleast_2d(np.asarray(command["values"], dtype=np.float64))
        return Chunk(Action(self._body.control_mode, values), command["answers_s"])

    def heard_s(self) -> float:
        """Now: whether the other end is alive shows in its commands."""
        return self._clock()

    def tell(self, tick: Tick) -> None:
        """Keep what became of the command, for the next state."""
        self._changed.update(change.link for change in tick.changed)
        requested = NOTHING if tick.requested is None else tick.requested
        self._told = {"held": tick.held, "requested": requested, "sent": tick.sent}

    def _arrived(self, payload: bytes) -> None:
        """Keep a command, or count why it is refused: looked at here, lest it take the place of one that is not."""
        command: dict[str, Any] | None = None
        with suppress(Malformed):  # read before the lock is taken: the loop, which wants it twice a tick, waits for no message
            command = unpack(payload, boot=str, seq=int, answers_s=float, values=np.ndarray, **{"from": str})
        with self._lock:
            if refused := "malformed" if command is None else self._refused(command):
                self.refused[refused] += 1

    def _refused(self, command: dict[str, Any]) -> str:
        if command["boot"] != self.boot:
            return "meant for a former self"
        if command["from"] != self._driver:
            if self._clock() - self._driven_s <= self._silent_s:
                return "while another drives"
            self._driver, self._sequence = command["from"], 0  # which counts by itself
        if command["seq"] <= self._sequence:
            return "out of order"
        self._sequence, self._driven_s, self._command = command["seq"], self._clock(), command
        return ""

    def _stop(self, payload: bytes) -> None:
        """Take a stop or a reset, once: it is repeated until a state has told that it was taken."""
        try:
            message = unpack(payload, kind=str, cause=str, number=int, **{"from": str})
        except Malformed:  # whatever arrives here was meant to stop the body
            self._estop.latch("a stop that could not be read")
            return
        if message["number"] <= self._answered.get(message["from"], 0):
            return
        if message["kind"] == "reset":
            self._estop.reset(message["cause"])
        else:
            self._estop.latch(message["cause"])
        self._answered[message["from"]] = message["number"]


def robot_loop(
    bus: Bus,
    robot: Robot,
    *,
    rate_hz: float,
    guard: Chain | None = None,
    watchdog_s: float = 0.1,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> ControlLoop:
    """The loop that stands between a bus and a body: the same one that drives a robot, with commands for chunks.

    watchdog_s: without a fresh command for this long, or with commands that answer an observation older than this, it holds.
    The age of pictures is looked at by whoever decides by them, at the other end.
    """
    estop, guard = EStop(clock), guard if guard is not None else Chain()
    commands = Commands(bus, robot, estop, guard, watchdog_s, clock)
    return ControlLoop(
        robot,
        commands,
        rate_hz=rate_hz,
        guard=guard,
        estop=estop,
        watchdog_s=watchdog_s,
        heartbeat_s=watchdog_s,
        max_age_s=watchdog_s,
        max_picture_age_s=math.inf,
        blend_s=0.0,
        taps=[commands.tell],
        clock=clock,
        sleep=sleep,
    )


def serve(loop: ControlLoop, until: Callable[[], bool]) -> None:
    """Run a robot's loop. A command that cannot be made safe closes the latch, and the body holds until it is reset."""
    with at_the_end(loop.robot.close):
        while not until():
            loop.cadence.wait()
            try:
                loop.tick()
            except SafetyAbort:
                continue  # the loop has latched its emergency stop, holds, and says so in its state
