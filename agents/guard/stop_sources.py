"""Who may throw the emergency stop: a key, a signal, a file, an HTTP request with a token."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import select
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

from enactive.errors import ConfigError

from .estop import EStop

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def listening(
    estop: EStop,
    leave: Callable[[], None] | None = None,
    *,
    file: Path | None = None,
    server: StopServer | None = None,
    status: Callable[[], Mapping[str, Any]] = dict,
) -> Iterator[None]:
    """Stops by key and by the signals that end a program; by file and over HTTP where asked for. Without a terminal to read
    keys from, a line says so, and what stops.

    leave: ends the run, by the key `q` and by a signal; where it is None the latch does, and the second signal interrupts.
    Ctrl-Z stops like a key, and suspends nothing: a program that is suspended hears no key, and back in the foreground it is
    the terminal that keeps them.
    server: of `stop_server`; the token that it wants is printed. status: what it tells (`StopServer.answer`). For the main
    thread.
    """
    with ExitStack() as opened:
        opened.enter_context(stop_on_signals(estop, *ENDING, leave=leave))
        opened.enter_context(stop_on_signals(estop, signal.SIGTSTP, leave=lambda: None))
        keys = StopKeys(estop, leave or partial(estop.latch, "key q"))
        opened.callback(keys.close)
        if not keys.read:
            ways = f"Ctrl-C, kill {os.getpid()}"
            ways += f", touch {shlex.quote(str(file))}" if file is not None else ""
            ways += ", the request of the next line" if server is not None else ""
            print(f"stop: no key stops this run, since its standard input is no terminal; what does: {ways}", flush=True)
        if file is not None:
            opened.callback(StopFile(estop, file).close)
        if server is not None:
            opened.callback(server.close)
            server.answer(status)
            where = f"http://127.0.0.1:{server.port}/stop"
            print(f"stop: curl -X POST -H 'Authorization: Bearer {server.token}' {where}", flush=True)
        yield


@contextmanager
def stop_server(estop: EStop, port: int) -> Iterator[StopServer | None]:
    """A `StopServer` on a port of 127.0.0.1, with a token of its own; None for a port below 0.

    Taken before a body moves: raises ConfigError for a port that is not to be had.
    """
    if port < 0:
        yield None
    else:
        with closing(StopServer(estop, secrets.token_urlsafe(16), port=port)) as server:
            yield server


@contextmanager
def stop_on_signals(estop: EStop, *signals: signal.Signals, leave: Callable[[], None] | None = None) -> Iterator[None]:
    """Latch when one of these signals arrives, then call `leave`; without one, it does the second time what it did before.

    On the main thread, as Python asks.
    """

    def handler(number: int, frame: FrameType | None) -> None:
        estop.latch(f"signal {signal.Signals(number).name}")
        if leave is None:
            signal.signal(number, before[signal.Signals(number)])
        else:
            leave()

    before = {each: signal.getsignal(each) for each in signals}  # all of them first: one may arrive at once
    try:
        for each in signals:
            signal.signal(each, handler)
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


class StopFile:
    """Latches while a file exists: `touch stop` from any shell. No reset opens the latch before the file is gone.

    Latches, too, where the system does not say whether it exists (a share that is gone, a folder that may not be read).
    """

    def __init__(self, estop: EStop, path: Path, poll_s: float = 0.01) -> None:
        self._closing = threading.Event()

        def look() -> str:
            if self._closing.is_set():
                return ""
            try:
                path.stat()
            except FileNotFoundError:
                return ""
            except OSError as error:
                return f"file {path} cannot be looked for: {error.strerror}"
            return f"file {path}"

        def poll() -> None:
            if not estop.cause and (cause := look()):
                estop.latch(cause)

        def watch() -> None:
            while not self._closing.wait(poll_s):
                poll()

        estop.hold_while(look)
        poll()
        threading.Thread(target=watch, name="stop file", daemon=True).start()

    def close(self) -> None:
        """End watching."""
        self._closing.set()


class StopKeys:
    """Reads single keys from a terminal: space or `s` latches, `r` resets, `q` calls `leave`. Without one, `read` is False.

    Of keys that arrive together a stop counts before a reset, whatever their order. A terminal that is gone latches.
    """

    def __init__(self, estop: EStop, leave: Callable[[], None]) -> None:
        self._closing = threading.Event()
        self._settings: Any = None
        self.read = sys.stdin is not None and sys.stdin.isatty()  # None where the shell closed it
        if not self.read:
            return
        import termios
        import tty

        terminal = sys.stdin.fileno()
        self._settings = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)

        def watch() -> None:
            while not self._closing.is_set():
                if not select.select([terminal], [], [], 0.05)[0]:
                    continue
                try:
                    keys = os.read(terminal, 1024)  # past Python's buffer, which would keep a key that `select` cannot see
                except OSError:
                    keys = b""
                if not keys:
                    return estop.latch("the terminal is gone")
                if b" " in keys or b"s" in keys:
                    estop.latch("key")
                elif b"r" in keys:
                    estop.reset("key")
                if b"q" in keys:
                    leave()

        threading.Thread(target=watch, name="stop keys", daemon=True).start()

    def close(self) -> None:
        """Give the terminal back."""
        self._closing.set()
        if self._settings is not None:
            import termios

            with suppress(termios.error):  # of a terminal that is gone
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)


class StopServer:
    """HTTP: `POST /stop`, `POST /reset` and `GET /status`, each with `Authorization: Bearer TOKEN`.

    It has its port at once, and answers from `answer` on; what is asked before that waits. host: the loopback interface unless
    told otherwise. port: 0 takes a free one, which `port` then tells. Each request runs on a thread of its own, so none
    waits behind another. Raises ConfigError for a token shorter than 16 characters, and for a port that is not to be had.
    """

    def __init__(self, estop: EStop, token: str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if len(token) < 16:
            raise ConfigError("the token of the stop server needs at least 16 characters")

        self.token = token
        self._status: Callable[[], Mapping[str, Any]] = dict
        self._thread: threading.Thread | None = None
        server = self

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
                    self._answer(200, {"latched": estop.cause, **server._status()})

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

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"the stop server cannot have port {port} of {host} ({error}): take another, or 0") from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def answer(self, status: Callable[[], Mapping[str, Any]] = dict) -> None:
        """Begin to answer. status: what `GET /status` adds to the latch."""
        self._status = status
        self._thread = threading.Thread(target=self._server.serve_forever, name="stop server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Shut down, and give the port back; a second time is none too many."""
        if self._thread is not None:
            self._server.shutdown()
        self._server.server_close()
