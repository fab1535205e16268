"""A robot in another process, as the control loop sees it."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, CameraFrame, Observation
from enactive.envs.robot import Reply
from enactive.errors import EmbodimentFault

from .base import Bus, Mailbox
from .codec import STATE, Malformed, camera_of, embodiment_of_message, pack, state_of, unpack

ANSWER_S = 0.5  # within which a stop or a reset must be acknowledged
PERSISTENT = 10  # changed commands on the way in a row; fewer fell into one tick of the robot, which catches up by itself
SAID = {
    "boot": str, "driver": str, "seq": int, "held": str, "latched": str, "events": int, "answered": dict,
    "requested": np.ndarray, "sent": np.ndarray, "changed": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """A stop or a reset: its number, what the bus carries, and when it was asked for first."""

    number: int
    kind: str
    payload: bytes
    at_s: float


class BusRobot:
    """Talks to a robot process over a bus.

    Each command names the observation that it follows, so that the robot can tell in its own clock how old it is, and the
    robot process it is meant for, so that a robot that was restarted refuses what was meant for its former self; and who sends
    it, since the robot follows one end at a time, and another only once that is silent. Stamps are the robot's monotonic
    clock, which processes of one machine share.

    A stop or a reset is said at once, from whichever thread asks, and again before every command until the robot has
    acknowledged it; a robot that does not within `ANSWER_S` counts as gone.

    A state or a picture that is overtaken on its way is dropped as it arrives: what the robot has said is not unsaid by what
    it said before.

    wait: how a mailbox is waited on. clock: monotonic seconds. Raises EmbodimentFault where no robot introduces itself within
    `timeout_s`.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        timeout_s: float = 20.0,
        wait: Callable[[Mailbox, float], bytes | None] = Mailbox.wait,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._bus, self._wait, self._clock = bus, wait, clock
        self._name, self._numbers = uuid.uuid4().hex, itertools.count(1)
        self._ask: Ask | None = None
        self._closed = False
        self._state, self._info = Mailbox(), Mailbox()
        self._cameras: dict[str, CameraFrame] = {}
        self.malformed, self.sequence, self.restarted = 0, 0, False
        self.told: dict[str, Any] = {}
        self._news, self._changes, self._events = True, 0, 0
        self._last: NDArray[np.float64] | None = None
        self._requested = np.zeros(0)
        self._newest: dict[str, Any] | None = None
        bus.subscribe("state", self._arrived)
        bus.subscribe("info", self._info.put)
        bus.subscribe("camera", self._picture)
        payload = wait(self._info, timeout_s)
        if payload is None:
            raise EmbodimentFault(f"no robot introduced itself on the bus within {timeout_s:g} s: is its process running?")
        message = unpack(payload, body=dict, boot=str, guard=dict)
        self.boot, self.embodiment = message["boot"], embodiment_of_message(message)
        self.guard: dict[str, Any] = message["guard"]  # the links of the robot's own that stand, and those switched off
        if wait(self._state, timeout_s) is None or self._newest is None:
            raise EmbodimentFault(f"{self.embodiment.name} sent no state that can be read within {timeout_s:g} s")
        self.told = self._newest
        bus.subscribe("info", self._introduced)

    def observe(self) -> Observation:
        """The newest state and frames that arrived; their stamps tell how old they are.

        Raises EmbodimentFault where the robot process was restarted, since what it was doing is not known any more, and where
        it does not acknowledge a stop or a reset in time.
        """
        self._listen()
        ask = self._unanswered()
        if ask is not None and self._clock() - ask.at_s > ANSWER_S:
            raise EmbodimentFault(
                f"{self.embodiment.name} did not acknowledge the {ask.kind} within {ANSWER_S:g} s and gets no more commands, "
                "for want of which it holds, if its process still lives; else what its drives were told last stands, but for a "
                "watchdog of their own: look at the robot, then start again"
            )
        if self.restarted or self.told["boot"] != self.boot:
            raise EmbodimentFault(
                f"the process of {self.embodiment.name} was restarted and holds: look at the robot, then start again"
            )
        return state_of(self.told, dict(self._cameras))

    def reply(self) -> Reply:
        """What the newest state says of the robot.

        A robot that holds is where it says that it is. Of one that goes on changing commands, what is still under way is taken
        to be followed as it was sent, so that a command does not lead back to where the robot was when it spoke. One that is
        told to stay and has not got there yet is on its way: a hold is not moved to where it was.
        """
        told, news, self._news = self.told, self._news, False
        requested, sent = told["requested"], told["sent"]
        latched = ""
        if self._unanswered() is None:  # else the news waits, lest it be mixed up with what was asked for
            latched = told["latched"] if told["events"] != self._events else ""
            self._events = told["events"]
        held = told["held"] or ("" if told["driver"] in ("", self._name) else "another drives it")
        if not news or not sent.size:
            return Reply(held, latched)
        if held or not requested.size:
            self._changes = 0
            return Reply(held, latched, start=sent)
        stays, self._requested = np.array_equal(requested, self._requested), requested
        self._changes = 0 if stays or np.array_equal(requested, sent) else self._changes + 1
        if self._changes < PERSISTENT or self._last is None:
            return Reply("", latched, requested, sent)
        self._changes = 0
        body = self.embodiment
        start = np.clip(sent + (self._last - requested), np.minimum(body.low, sent), np.maximum(body.high, sent))
        return Reply("", latched, requested, sent, start)

    def send(self, action: Action) -> Action:
        """Send one command, without waiting, and before it a stop or a reset that is not acknowledged yet."""
        self._repeat()
        self.sequence += 1
        command = {"boot": self.boot, "from": self._name, "seq": self.sequence, "answers_s": self.told["stamp_s"]}
        self._last = action.values[0]
        self._bus.publish("command", pack({**command, "values": action.values[0]}))
        return action

    def stop(self, cause: str) -> None:
        """Latch the robot's own emergency stop, past every queue; once closed, there is nobody to tell, and the robot holds."""
        self._say("stop", cause)

    def reset_stop(self, who: str) -> None:
        """Open the robot's own latch."""
        self._say("reset", who)

    def close(self) -> None:
        """Hang up, once a stop that was asked for is acknowledged or its time is over; the second time there is nothing to do.

        A body that was last told to move is told to stand still. The robot misses fresh commands and holds, with its torque on.
        """
        if self._closed:
            return
        if self._last is not None and not np.array_equal(hold := self.embodiment.hold(self._last), self._last):
            self.send(Action(self.embodiment.control_mode, hold[np.newaxis]))
        until = self._clock() + ANSWER_S
        for _ in range(1000):  # so that it ends on a clock that stands still, too
            if self._unanswered() is None or self._clock() >= until:
                break
            self._repeat()
            self._wait(self._state, 0.01)
            self._listen()
        self._closed = True
        self._bus.close()

    def _say(self, kind: str, cause: str) -> None:
        if self._closed:
            return
        number = next(self._numbers)
        payload = pack({"kind": kind, "cause": cause, "from": self._name, "number": number})
        self._ask = Ask(number, kind, payload, self._clock())
        self._bus.publish("stop", payload)

    def _repeat(self) -> None:
        if (ask := self._unanswered()) is not None:
            self._bus.publish("stop", ask.payload)

    def _unanswered(self) -> Ask | None:
        """The newest stop or reset, as long as the robot has not said that it has taken it."""
        ask = self._ask
        return None if ask is None or self.told["answered"].get(self._name, 0) >= ask.number else ask

    def _arrived(self, payload: bytes) -> None:
        """Keep a state unless a newer one of the same robot process is there: looked at here, lest it take that one's place."""
        try:
            told = unpack(payload, **SAID, **STATE)
        except Malformed:
            self.malformed += 1
            return
        newest = self._newest
        if newest is None or told["boot"] != newest["boot"] or told["seq"] > newest["seq"]:
            self._newest = told
            self._state.put(payload)  # for who waits

    def _listen(self) -> None:
        """Take in the newest state, where it is another one than before."""
        if (newest := self._newest) is not None and newest is not self.told:
            self.told, self._news = newest, True

    def _picture(self, payload: bytes) -> None:
        try:
            name, frame = camera_of(payload)
        except Malformed:
            self.malformed += 1
            return
        kept = self._cameras.get(name)
        if kept is None or not frame.stamp_s < kept.stamp_s <= self._clock():  # what lies ahead, or is no time, is no newer one
            self._cameras[name] = frame

    def _introduced(self, payload: bytes) -> None:
        try:
            self.restarted = self.restarted or unpack(payload, boot=str)["boot"] != self.boot
        except Malformed:
            self.malformed += 1
