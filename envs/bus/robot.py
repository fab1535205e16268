"""A robot in another process, as the control loop sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from enactive.envs import Action, CameraFrame, Observation
from enactive.errors import EmbodimentFault

from .base import Bus, Mailbox
from .codec import STATE, Malformed, camera_of, embodiment_of_message, pack, state_of, unpack


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
        self.told = unpack(payload, boot=str, **STATE)
        bus.subscribe("info", self._introduced)

    def observe(self) -> Observation:
        """The newest state and frames that arrived; their stamps tell how old they are.

        Raises EmbodimentFault where the robot process was restarted: what it was doing is not known any more.
        """
        payload = self._state.take()
        if payload is not None:
            try:
                self.told = unpack(payload, boot=str, **STATE)
            except Malformed:
                self.malformed += 1
        if self.restarted or self.told["boot"] != self.boot:
            raise EmbodimentFault(
                f"the process of {self.embodiment.name} was restarted and holds: look at the robot, then start again"
            )
        return state_of(self.told, dict(self._cameras))

    def send(self, action: Action) -> Action:
        """Send one command, without waiting."""
        self.sequence += 1
        command = {"boot": self.boot, "seq": self.sequence, "answers_s": self.told["stamp_s"], "values": action.values[0]}
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
