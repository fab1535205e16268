"""What a bus is: topics, and mailboxes that keep the newest message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol


class Bus(Protocol):
    """Publishes and delivers bytes by topic. Never waits for a receiver, but with a `stop`, which must not be lost; callbacks
    run on the bus's own thread."""

    def publish(self, topic: str, payload: bytes) -> None: ...

    def subscribe(self, topic: str, callback: Callable[[bytes], None]) -> None: ...

    def close(self) -> None: ...


class Mailbox:
    """Keeps the newest message of a topic. Taking never waits; waiting has a deadline."""

    def __init__(self) -> None:
        self._payload: bytes | None = None
        self._arrived = threading.Condition()

    def put(self, payload: bytes) -> None:
        """A message that was not taken is replaced."""
        with self._arrived:
            self._payload = payload
            self._arrived.notify_all()

    def take(self) -> bytes | None:
        """The newest message, once."""
        with self._arrived:
            payload, self._payload = self._payload, None
        return payload

    def wait(self, timeout_s: float) -> bytes | None:
        """The next message, or None after `timeout_s`."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._payload is not None, timeout_s)
            payload, self._payload = self._payload, None
        return payload


class MemoryBus:
    """A bus within one process: a message is delivered while it is published."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callable[[bytes], None]]] = {}

    def publish(self, topic: str, payload: bytes) -> None:
        """Call every subscriber of the topic."""
        for callback in self._callbacks.get(topic, ()):
            callback(payload)

    def subscribe(self, topic: str, callback: Callable[[bytes], None]) -> None:
        """Have the messages of a topic."""
        self._callbacks.setdefault(topic, []).append(callback)

    def close(self) -> None:
        """Forget every subscriber."""
        self._callbacks.clear()
