"""Robot and policy in processes of their own, started from here and told over a bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from enactive.agents.component import Component
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.bus.base import Bus, Mailbox
from enactive.envs.bus.codec import Malformed, embodiment_message, new_pictures, state_message, unpack
from enactive.envs.bus.robot import BusRobot
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.errors import ControllerError, EmbodimentFault

from .chunks import Chunk

INFO_EVERY_S = 0.5  # so often the body is told again, since the process may not listen yet
LOOK_S = 0.2  # between two looks at whether a process that is waited for has ended
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "LP_NUM_THREADS": "0",
}  # of torch, and of Mesa's: more would fight the loops for the cores


class Child:
    """A Python module in a process and session of its own, so that a Ctrl-C in the terminal reaches only this process.

    config: JSON for its standard input, which keeps keys off the command line.
    """

    def __init__(self, module: str, config: Mapping[str, Any]) -> None:
        env = ONE_THREAD | os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        theirs, ours = os.pipe()
        with os.fdopen(theirs) as stdin, os.fdopen(ours, "w") as told:
            self.process = subprocess.Popen([sys.executable, "-m", module], stdin=stdin, env=env, start_new_session=True)
            json.dump({**config, "parent": os.getpid()}, told)

    @property
    def ended(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.poll()

    def close(self, timeout_s: float = 5.0) -> None:
        """Ask it to end, and kill it where it does not within `timeout_s`."""
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class RobotProcess(Child):
    """An environment as a robot in a process of its own, which listens on `line` and has its own guard and watchdog."""

    def __init__(
        self,
        env: Component,
        line: Line,
        *,
        rate_hz: float,
        watchdog_s: float = 0.1,
        off: tuple[str, ...] = (),
        seed: int | None = None,
        faults: bool = False,
    ) -> None:
        config = {"env": env.to_json(), "line": line.plain(), "rate_hz": rate_hz, "watchdog_s": watchdog_s}
        super().__init__("enactive.agents.realtime.robot_main", {**config, "off": off, "seed": seed, "faults": faults})
        self._line = line

    def connect(self, timeout_s: float = 30.0) -> BusRobot:
        """The robot as the control loop sees it. Raises EmbodimentFault where its process ends or does not answer in time."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                return self._reach(max(1.0, until - time.monotonic()))
            except EmbodimentFault:
                if self.ended is not None:
                    raise EmbodimentFault(
                        f"the robot's process ended with status {self.ended} before it could be reached; see its words above"
                    ) from None
                if time.monotonic() >= until:
                    raise

    def _reach(self, timeout_s: float) -> BusRobot:
        bus = ZenohBus(self._line, listen=False, connect_s=1.0)
        try:
            return BusRobot(bus, timeout_s=timeout_s, wait=self._wait)
        except EmbodimentFault:
            bus.close()
            raise

    def _wait(self, box: Mailbox, timeout_s: float) -> bytes | None:
        """The next message, or None after `timeout_s`, or as soon as nobody is left to send one."""
        until = time.monotonic() + timeout_s
        while (payload := box.wait(min(LOOK_S, max(0.0, until - time.monotonic())))) is None:
            if self.ended is not None or time.monotonic() >= until:
                break
        return payload


class PolicyProcess:
    """A policy in a process of its own, as the source of a control loop.

    controller: one with a `standing_intent`. rate_hz: at most this many chunks a second. The process beats its heart every
    20 ms on a thread beside the policy, so that a slow policy is told from a dead one.
    """

    def __init__(
        self,
        controller: Component,
        embodiment: Embodiment,
        *,
        rate_hz: float = 30.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        line = Line.fresh()
        self._bus: Bus = ZenohBus(line, listen=True)
        self._body, self._clock, self._heard_s = embodiment, clock, -np.inf
        self.began_s = np.inf  # when it was first heard
        self._chunks, self._informed_s = Mailbox(), -np.inf
        self._shown_s: dict[str, float] = {}
        self.error, self.malformed, self.malformed_there = "", 0, 0  # here, and in the policy's process
        self._bus.subscribe("chunk", self._chunks.put)
        self._bus.subscribe("beat", self._beat)
        config = {"controller": controller.to_json(), "line": line.plain(), "rate_hz": rate_hz}
        self.child = Child("enactive.agents.realtime.policy_main", config)

    def offer(self, observation: Observation) -> None:
        """Send the observation; frames that were sent already are not sent again."""
        now = self._clock()
        if now - self._informed_s >= INFO_EVERY_S:
            self._informed_s = now
            self._bus.publish("info", embodiment_message(self._body))
        for picture in new_pictures(observation.cameras, self._shown_s):
            self._bus.publish("camera", picture)
        self._bus.publish("state", state_message(observation))

    def take(self) -> Chunk | None:
        """The newest chunk, once. Raises ControllerError where the policy raised in its process."""
        if self.error:
            raise ControllerError(f"the policy failed in its process: {self.error}")
        payload = self._chunks.take()
        if payload is None:
            return None
        try:
            chunk = unpack(payload, mode=str, values=np.ndarray, rate_hz=float, answers_s=float, seconds=float, picture_s=float)
        except Malformed:
            self.malformed += 1
            return None
        action = Action(chunk["mode"], chunk["values"], chunk["rate_hz"])
        return Chunk(action, chunk["answers_s"], chunk["seconds"], chunk["picture_s"])

    def heard_s(self) -> float:
        """When the last beat arrived."""
        return self._heard_s

    def close(self) -> None:
        """End the process."""
        self.child.close()
        self._bus.close()

    def _beat(self, payload: bytes) -> None:
        self._heard_s = self._clock()
        self.began_s = min(self.began_s, self._heard_s)
        try:
            beat = unpack(payload, error=str, malformed=int)
            self.error, self.malformed_there = self.error or beat["error"], beat["malformed"]
        except Malformed:
            self.malformed += 1
