"""Zenoh as the bus: two ends of one TCP connection on this machine, opened with a shared key."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from enactive.errors import ConfigError, EmbodimentFault

STOP_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """Where the two ends meet. endpoint: in Zenoh's words, on the loopback interface. key: what both ends must know."""

    endpoint: str
    key: str

    @classmethod
    def fresh(cls) -> Line:
        """A free port of the loopback interface and a random key."""
        import secrets

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(f"tcp/127.0.0.1:{probe.getsockname()[1]}", secrets.token_urlsafe(24))

    def plain(self) -> dict[str, str]:
        """As keyword arguments."""
        return asdict(self)


class ZenohBus:
    """One end of a line. listen: whether this end waits to be called. connect_s: how long the other one tries.

    Messages are never queued behind a slow receiver: what does not go out at once is dropped. The topic `stop` alone waits: it
    has the highest priority, and with it a queue of its own; a line that takes none of it for `STOP_WAIT_S` is closed, which
    holds the robot. Raises ConfigError where Zenoh is missing or the endpoint is not on this machine, and EmbodimentFault
    where nobody answers in time or the key is wrong.
    """

    def __init__(self, line: Line, *, listen: bool, connect_s: float = 10.0) -> None:
        try:
            import zenoh
        except ImportError:
            raise ConfigError("the bus needs Zenoh: pip install enactive[robot]") from None
        if not line.endpoint.startswith(("tcp/127.0.0.1:", "tcp/localhost:")):
            raise ConfigError(f"the bus stays on this machine (tcp/127.0.0.1:PORT), since it is not encrypted: {line.endpoint}")
        self._zenoh = zenoh
        auth: dict[str, str] = {"user": "enactive", "password": line.key}
        with tempfile.TemporaryDirectory() as folder:  # readable by this user alone
            if listen:
                users = Path(folder) / "users"
                users.write_text(f"enactive:{line.key}\n")
                auth["dictionary_file"] = str(users)
            ends = {"endpoints": [line.endpoint], "timeout_ms": 0 if listen else int(1000 * connect_s), "exit_on_failure": True}
            config: dict[str, Any] = {
                "mode": "peer",
                "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
                "transport": {
                    "auth": {"usrpwd": auth},
                    "link": {"tx": {"queue": {"congestion_control": {"block": {"wait_before_close": int(1e6 * STOP_WAIT_S)}}}}},
                },
                "listen": ends if listen else {"endpoints": []},
                "connect": {"endpoints": []} if listen else ends,
            }
            try:
                self._session = zenoh.open(zenoh.Config.from_json5(json.dumps(config)))
            except zenoh.ZError as error:
                raise EmbodimentFault(
                    f"no line to {line.endpoint}: is the other end up, and the key the same? ({error})"
                ) from error
        self._subscribers: list[Any] = []

    def publish(self, topic: str, payload: bytes) -> None:
        """Send without waiting, but for a `stop`."""
        zenoh = self._zenoh
        first = topic == "stop"
        congested = zenoh.CongestionControl
        self._session.put(
            f"enactive/{topic}",
            payload,
            congestion_control=congested.BLOCK if first else congested.DROP,
            priority=zenoh.Priority.REAL_TIME if first else zenoh.Priority.DATA,
            express=True,
        )

    def subscribe(self, topic: str, callback: Callable[[bytes], None]) -> None:
        """Have the messages of a topic, on Zenoh's thread."""
        self._subscribers.append(
            self._session.declare_subscriber(f"enactive/{topic}", lambda sample: callback(sample.payload.to_bytes()))
        )

    def close(self) -> None:
        """Hang up."""
        self._session.close()  # type: ignore[no-untyped-call]
