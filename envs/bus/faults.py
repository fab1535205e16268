"""What goes wrong on a line, on purpose: latency, loss, reordering, a cut, frozen sensors."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .base import Bus
from .codec import STATE, pack, unpack

INJECT = "faults"


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong.

    delay_s, jitter_s: every message takes this long, plus a uniform draw; with more jitter than a period, messages overtake
    one another. loss: share of the messages that never arrive. cut: none arrives. frozen: `stamps` repeats the same state for
    ever, `readings` gives the same joints under fresh stamps.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    cut: bool = False
    frozen: str = ""


class FaultyBus:
    """A bus with faults on what it sends and on what it receives.

    `faults` may be set at any time; with `remote`, a message on the topic `faults` sets it, unharmed by them. Messages that are
    due are handed on by `pump(now)`, which `pump_on_a_thread` calls every millisecond.
    """

    def __init__(
        self,
        bus: Bus,
        rng: np.random.Generator,
        clock: Callable[[], float] = time.perf_counter,
        *,
        remote: bool = False,
    ) -> None:
        self.faults = Faults()
        self._bus, self._rng, self._clock = bus, rng, clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._frozen: dict[str, Any] = {}
        self._thread: threading.Thread | None = None
        if remote:
            bus.subscribe(INJECT, self._inject)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send, as far as the faults let it."""
        if topic == "state":
            payload = self._sensed(payload)
        self._later(lambda: self._bus.publish(topic, payload))

    def subscribe(self, topic: str, callback: Callable[[bytes], None]) -> None:
        """Receive, as far as the faults let it."""
        self._bus.subscribe(topic, lambda payload: self._later(lambda: callback(payload)))

    def close(self) -> None:
        """End the thread and close the bus beneath."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(1.0)  # else it might hand on to a bus that is closed
        self._bus.close()

    def pump(self, now_s: float) -> None:
        """Hand on what is due."""
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > now_s:
                    return
                call = heapq.heappop(self._due)[2]
            call()

    def pump_on_a_thread(self) -> None:
        """Pump every millisecond until closed."""

        def run() -> None:
            while not self._closing.wait(0.001):
                self.pump(self._clock())

        self._thread = threading.Thread(target=run, name="faults", daemon=True)
        self._thread.start()

    def _later(self, call: Callable[[], None]) -> None:
        faults = self.faults
        with self._lock:
            if faults.cut or self._rng.random() < faults.loss:
                return
            delay = faults.delay_s + faults.jitter_s * self._rng.random()
            if delay > 0 or self._due:  # while older messages are under way, order is a matter of when each is due
                heapq.heappush(self._due, (self._clock() + delay, next(self._count), call))
                return
        call()

    def _sensed(self, payload: bytes) -> bytes:
        kind = self.faults.frozen
        if not kind:
            self._frozen = {}
            return payload
        message = unpack(payload, **STATE)
        self._frozen = self._frozen or message
        return pack(self._frozen if kind == "stamps" else {**message, "joints": self._frozen["joints"]})

    def _inject(self, payload: bytes) -> None:
        self.faults = Faults(**unpack(payload))
