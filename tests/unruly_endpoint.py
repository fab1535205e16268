"""A server of chat completions on this machine that misbehaves on purpose, once per request."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from enactive.perception.vlm import openai_http as module
from enactive.perception.vlm.openai_http import OpenAIModel

KEY = "sk-very/secret+key=&42"
Misdeed = Callable[[http.server.BaseHTTPRequestHandler], None]


def answer(content: Any, finish: Any = "stop", **more: Any) -> Misdeed:
    """A whole, correct answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish, **more}
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return raw(json.dumps({**body, "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}).encode())


def raw(body: bytes, status: int = 200, reason: str | None = None, **headers: str) -> Misdeed:
    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status, reason)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return act


def dies_in_the_middle(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


def dies_at_once(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def hangs(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.server.released.wait(20)  # type: ignore[attr-defined]


def drips(status: int = 200) -> Misdeed:
    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", "elsewhere")  # which counts where the status is one of a redirect
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not handler.server.released.wait(0.05):  # type: ignore[attr-defined]
            handler.wfile.write(b" ")

    return act


def drips_headers(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.released.wait(0.05):  # type: ignore[attr-defined]
        handler.wfile.write(b"x")


def blurts(line: str) -> Misdeed:
    """Something else than an answer of HTTP."""

    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(line.encode())

    return act


def floods(status: int = 200) -> Misdeed:
    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b" " * (1 << 20))
        except (BrokenPipeError, ConnectionResetError):
            return

    return act


@dataclass
class Endpoint:
    """Does one misdeed per request, the last one for ever."""

    misdeeds: list[Misdeed] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    def model(self, *misdeeds: Misdeed, **options: Any) -> OpenAIModel:
        self.misdeeds = list(misdeeds)
        return OpenAIModel(self.url, "m", **options)


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """The server, with its key in ENACTIVE_TEST_KEY, while attempts follow one another fast."""
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("ENACTIVE_TEST_KEY", KEY)
    end = Endpoint()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            end.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            end.keys.append(self.headers["Authorization"])
            act = end.misdeeds.pop(0) if len(end.misdeeds) > 1 else end.misdeeds[0]
            try:
                act(self)
            except (BrokenPipeError, ConnectionResetError):
                return
            finally:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.released = threading.Event()  # type: ignore[attr-defined]
    server.daemon_threads = True
    end.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield end
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()
