"""A robot in another process, as the control loop sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, CameraFrame, Observation
from enactive.envs.robot import Reply
from enactive.errors import EmbodimentFault

from .base import Bus, Mailbox
from .codec import STATE, Malformed, camera_of, embodiment_of_message, pack, state_of, unpack

PERSISTENT = 5  # changed commands in a row; fewer are those that fell into one tick of the robot, which catches up by itself
SAID = {"boot": str, "held": str, "latched": str, "requested": np.ndarray, "sent": np.ndarray, "changed": dict}


class BusRobot:
    """Talks to a robot process over a bus.

    Each command names the observation that it follows, so that the robot can tell in its own clock how old it is, and the
    robot process it is meant for, so that a robot that was restarted refuses what was meant for its former self. Stamps are
    the robot's monotonic clock, which processes of one machine share.

    wait: how a mailbox is waited on. Raises EmbodimentFault where no robot introduces itself within `timeout_s`.
    """

    def __init__(
        self, bus: Bus, *, timeout_s: float = 20.0, wait: Callable[[Mailbox, float], bytes | None] = Mailbox.wait
    ) -> None:
        self._bus = bus
        self._state, self._info = Mailbox(), Mailbox()
        self._cameras: dict[str, CameraFrame] = {}
        self.malformed, self.sequence, self.restarted = 0, 0, False
        self.told: dict[str, Any] = {}
        self._news, self._changes = True, 0
        self._last: NDArray[np.float64] | None = None
        bus.subscribe("state", self._state.put)
        bus.subscribe("info", self._info.put)
        bus.subscribe("camera", self._picture)
        payload = wait(self._info, timeout_s)
        if payload is None:
            raise EmbodimentFault(f"no robot introduced itself on the bus within {timeout_s:g} s: is its process running?")
        message = unpack(payload, body=dict, boot=str)
        self.boot, self.embodiment = message["boot"], embodiment_of_message(message)
        payload = wait(self._state, timeout_s)
        if payload is None:
            raise EmbodimentFault(f"{self.embodiment.name} sent no state within {timeout_s:g} s")
        self.told = unpack(payload, **SAID, **STATE)
        bus.subscribe("info", self._introduced)

    def observe(self) -> Observation:
        """The newest state and frames that arrived; their stamps tell how old they are.

        Raises EmbodimentFault where the robot process was restarted: what it was doing is not known any more.
        """
        payload = self._state.take()
        if payload is not None:
            try:
                self.told, self._news = unpack(payload, **SAID, **STATE), True
            except Malformed:
                self.malformed += 1
        if self.restarted or self.told["boot"] != self.boot:
            raise EmbodimentFault(
                f"the process of {self.embodiment.name} was restarted and holds: look at the robot, then start again"
            )
        return state_of(self.told, dict(self._cameras))

    def reply(self) -> Reply:
        """What the newest state says of the robot.

        A robot that holds is where it says that it is. Of one that goes on changing commands, what is still under way is taken
        to be followed as it was sent, so that a command does not lead back to where the robot was when it spoke.
        """
        told, news, self._news = self.told, self._news, False
        requested, sent = told["requested"], told["sent"]
        if not news or not sent.size:
            return Reply(told["held"])
        if told["held"] or not requested.size:
            self._changes = 0
            return Reply(told["held"], start=sent)
        self._changes = 0 if np.array_equal(requested, sent) else self._changes + 1
        if self._changes < PERSISTENT or self._last is None:
            return Reply("", requested, sent)
        self._changes = 0
        body = self.embodiment
        start = np.clip(sent + (self._last - requested), np.minimum(body.low, sent), np.maximum(body.high, sent))
        return Reply("", requested, sent, start)

    def send(self, action: Action) -> Action:
        """Send one command, without waiting."""
        self.sequence += 1
        command = {"boot": self.boot, "seq": self.sequence, "answers_s": self.told["stamp_s"], "values": action.values[0]}
        self._last = action.values[0]
        self._bus.publish("command", pack(command))
        return action

    def stop(self, cause: str) -> None:
        """Latch the robot's own emergency stop, past every queue."""
        self._bus.publish("stop", pack({"kind": "stop", "cause": cause}))

    def reset_stop(self, who: str) -> None:
        """Open the robot's own latch."""
        self._bus.publish("stop", pack({"kind": "reset", "cause": who}))

    def close(self) -> None:
        """Hang up. The robot misses fresh commands and holds, with its torque on."""
        self._bus.close()

    def _picture(self, payload: bytes) -> None:
        try:
            name, frame = camera_of(payload)
        except Malformed:
            self.malformed += 1
            return
        self._cameras[name] = frame

    def _introduced(self, payload: bytes) -> None:
        try:
            self.restarted = self.restarted or unpack(payload, boot=str)["boot"] != self.boot
        except Malformed:
            self.malformed += 1
