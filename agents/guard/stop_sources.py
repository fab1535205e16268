"""Who may throw the emergency stop: a key, a signal, a file, an HTTP request with a token."""

from __future__ import annotations

import hmac
import json
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from enactive.errors import ConfigError

from .estop import EStop


def stop_on_signals(estop: EStop, *signals: signal.Signals) -> None:
    """Latch when one of these signals arrives. Call it on the main thread, as Python asks."""

    def handler(number: int, frame: FrameType | None) -> None:
        estop.latch(f"signal {signal.Signals(number).name}")

    for each in signals:
        signal.signal(each, handler)


class StopFile:
    """Latches while a file exists: `touch stop` from any shell. A reset lasts only once the file is gone."""

    def __init__(self, estop: EStop, path: Path, poll_s: float = 0.01) -> None:
        self._closing = threading.Event()

        def watch() -> None:
            while not self._closing.wait(poll_s):
                if not estop.cause and path.exists():
                    estop.latch(f"file {path}")

        threading.Thread(target=watch, name="stop file", daemon=True).start()

    def close(self) -> None:
        """End watching."""
        self._closing.set()


class StopKeys:
    """Reads single keys from a terminal: space or `s` latches, `r` resets, `q` calls `leave`. Does nothing without one."""

    def __init__(self, estop: EStop, leave: Callable[[], None]) -> None:
        self._closing = threading.Event()
        self._settings: Any = None
        if not sys.stdin.isatty():
            return
        import termios
        import tty

        self._settings = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)

        def watch() -> None:
            while not self._closing.is_set():
                if not select.select([sys.stdin], [], [], 0.05)[0]:
                    continue
                key = sys.stdin.read(1)
                if key in (" ", "s"):
                    estop.latch("key")
                elif key == "r":
                    estop.reset("key")
                elif key == "q":
                    leave()

        threading.Thread(target=watch, name="stop keys", daemon=True).start()

    def close(self) -> None:
        """Give the terminal back."""
        self._closing.set()
        if self._settings is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)


class StopServer:
    """HTTP: `POST /stop`, `POST /reset` and `GET /status`, each with `Authorization: Bearer TOKEN`.

    host: the loopback interface unless told otherwise. port: 0 takes a free one, which `port` then tells. status: what
    `GET /status` adds to the latch. Each request runs on a thread of its own, so none waits behind another. Raises
    ConfigError for a token shorter than 16 characters.
    """

    def __init__(
        self,
        estop: EStop,
        token: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        status: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        if len(token) < 16:
            raise ConfigError("the token of the stop server needs at least 16 characters")

        class Handler(BaseHTTPRequestHandler):
            timeout = 2.0

            def do_POST(self) -> None:
                if not self._allowed():
                    return
                if self.path == "/stop":
                    estop.latch(f"HTTP from {self.client_address[0]}")
                elif self.path == "/reset":
                    estop.reset(f"HTTP from {self.client_address[0]}")
                else:
                    return self._answer(404, {"error": "POST /stop or /reset"})
                self._answer(200, {"latched": estop.cause})

            def do_GET(self) -> None:
                if self._allowed():
                    self._answer(200, {"latched": estop.cause, **status()})

            def _allowed(self) -> bool:
                given = self.headers.get("Authorization", "")
                if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                    return True
                self._answer(401, {"error": "send the token: Authorization: Bearer TOKEN"})
                return False

            def _answer(self, code: int, body: Mapping[str, Any]) -> None:
                payload = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the latch keeps its own record."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="stop server", daemon=True).start()

    def close(self) -> None:
        """Shut down."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> StopServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
