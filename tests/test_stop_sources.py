"""Where a stop comes from: a file, a signal, HTTP with a token."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
import threading
import time
import tty
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from enactive.agents.guard import EStop
from enactive.agents.guard.stop_sources import StopFile, StopKeys, StopServer, listening, stop_on_signals, stop_server
from enactive.errors import ConfigError


def test_stops_by_file_signal_and_http(tmp_path: Path) -> None:
    estop, heard = EStop(), threading.Event()
    estop.listen(lambda event: heard.set())

    def cause() -> str:
        assert heard.wait(5.0)
        heard.clear()
        found = estop.cause
        estop.reset("test")
        heard.clear()
        return found

    file = StopFile(estop, tmp_path / "stop")
    (tmp_path / "stop").touch()
    assert cause() == f"file {tmp_path / 'stop'}"
    file.close()
    time.sleep(0.05)
    estop.reset("test")
    heard.clear()

    before = signal.getsignal(signal.SIGUSR1)
    with stop_on_signals(estop, signal.SIGUSR1, leave=lambda: None):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGUSR1)
            assert cause() == "signal SIGUSR1"
    assert signal.getsignal(signal.SIGUSR1) is before
    outer = signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    with stop_on_signals(estop, signal.SIGINT):
        os.kill(os.getpid(), signal.SIGINT)
        assert cause() == "signal SIGINT"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, outer)

    with pytest.raises(ConfigError, match="at least 16 characters"):
        StopServer(estop, "short")
    with pytest.raises(ConfigError, match="cannot have port 99999"):
        StopServer(estop, "0123456789abcdef", port=99999)
    with closing(StopServer(estop, "0123456789abcdef")) as server:
        server.answer(lambda: {"rate_hz": 100})

        def call(path: str, token: str, method: str = "POST") -> Any:
            request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method)
            request.add_header("Authorization", f"Bearer {token}")
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)

        with pytest.raises(ConfigError, match=f"cannot have port {server.port} of 127.0.0.1 .*take another, or 0"):
            StopServer(estop, "0123456789abcdef", port=server.port)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            call("/stop", "wrong")
        assert estop.cause == ""
        assert call("/stop", "0123456789abcdef") == {"latched": "HTTP from 127.0.0.1"}
        assert call("/status", "0123456789abcdef", "GET") == {"latched": "HTTP from 127.0.0.1", "rate_hz": 100}
        assert call("/reset", "0123456789abcdef") == {"latched": ""}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            call("/move", "0123456789abcdef")


def test_a_stop_that_is_asked_for_before_the_server_answers_waits_and_the_port_is_given_back() -> None:
    estop = EStop()
    with stop_server(estop, -1) as none, stop_server(estop, 0) as server, ThreadPoolExecutor(1) as pool:
        assert none is None
        assert isinstance(server, StopServer)
        headers = {"Authorization": f"Bearer {server.token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/stop", method="POST", headers=headers)
        asked = pool.submit(urllib.request.urlopen, request, timeout=20)
        time.sleep(0.2)
        assert estop.cause == ""
        with pytest.raises(ConfigError, match=f"cannot have port {server.port}"), stop_server(estop, server.port):
            pass
        with listening(estop, lambda: None, server=server):
            assert asked.result().status == 200
        assert estop.cause == "HTTP from 127.0.0.1"
    with stop_server(estop, server.port) as again:
        assert isinstance(again, StopServer)
        assert again.port == server.port


def test_ctrl_z_stops_and_does_not_suspend_who_listens_for_a_stop() -> None:
    estop, left = EStop(), list[bool]()
    with listening(estop, lambda: left.append(True)):
        os.kill(os.getpid(), signal.SIGTSTP)
        assert estop.cause == "signal SIGTSTP"
    assert not left
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL


def wait_for(event: threading.Event) -> None:
    assert event.wait(5.0)
    event.clear()


@pytest.mark.parametrize("keys", [b"r ", b" r", b"rs", b"rrsr"])
def test_a_stop_key_that_arrives_with_a_reset_is_not_left_in_a_buffer(keys: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, terminal = pty.openpty()
    tty.setraw(terminal)
    with os.fdopen(terminal, "r", closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        estop, heard, left = EStop(), threading.Event(), threading.Event()
        estop.listen(lambda event: heard.set())
        stop_keys = StopKeys(estop, left.set)
        os.write(keyboard, keys)
        wait_for(heard)
        assert estop.cause == "key"
        os.write(keyboard, b"r")
        wait_for(heard)
        assert estop.cause == ""
        os.write(keyboard, b"sq")
        wait_for(left)
        assert estop.cause == "key"
        estop.reset("test")
        heard.clear()
        os.close(keyboard)
        wait_for(heard)
        assert estop.cause == "the terminal is gone"
        stop_keys.close()
    os.close(terminal)


@pytest.mark.parametrize("closed", [True, False])
def test_without_a_terminal_one_line_says_that_keys_do_not_stop_and_what_does(
    closed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python has no standard input at all where the shell closed it (`<&-`)."""
    estop, file = EStop(), tmp_path / "stop"
    with open(os.devnull) as nothing, stop_server(estop, 0) as server:
        monkeypatch.setattr(sys, "stdin", None if closed else nothing)
        with listening(estop, lambda: None, file=file, server=server):
            first, second = capsys.readouterr().out.splitlines()
            os.kill(os.getpid(), signal.SIGTERM)
            assert estop.cause == "signal SIGTERM"
        with listening(estop, lambda: None):
            [alone] = capsys.readouterr().out.splitlines()
    without = "stop: no key stops this run, since its standard input is no terminal; what does: Ctrl-C, "
    assert alone == f"{without}kill {os.getpid()}"
    assert first == f"{without}kill {os.getpid()}, touch {file}, the request of the next line"
    assert second.startswith("stop: curl ")


def test_on_a_terminal_nothing_is_said_of_keys(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with listening(EStop(), lambda: None):
            assert capsys.readouterr().out == ""
            [watch] = [thread for thread in threading.enumerate() if thread.name == "stop keys"]
        watch.join(5.0)  # it looks at the terminal once more
    os.close(keyboard)


def test_no_reset_opens_the_latch_for_a_moment_while_the_file_stands(tmp_path: Path) -> None:
    estop, heard = EStop(), list[tuple[str, str]]()
    estop.latch("key")
    file = StopFile(estop, tmp_path / "stop", poll_s=60.0)  # no poll helps
    (tmp_path / "stop").touch()
    estop.listen(lambda event: heard.append((event.kind, estop.cause)))  # the line to a robot
    estop.reset("operator")
    assert estop.cause == f"file {tmp_path / 'stop'}"  # which is what the operator has to see to
    assert heard == [("latch", f"file {tmp_path / 'stop'}")]
    (tmp_path / "stop").unlink()
    estop.reset("operator")
    assert estop.cause == ""
    assert heard[1:] == [("reset", "")]
    file.close()


def test_a_stop_that_comes_while_a_reset_looks_for_the_file_stands() -> None:
    estop = EStop()

    def look() -> str:  # takes its time
        estop.latch("key")
        return ""

    estop.hold_while(look)
    estop.latch("signal")
    estop.reset("operator")
    assert estop.cause == "signal"


def test_a_stop_file_that_cannot_be_looked_for_is_a_stop(tmp_path: Path) -> None:
    estop, heard = EStop(), threading.Event()
    estop.listen(lambda event: heard.set())
    folder = tmp_path / "share"
    file = StopFile(estop, folder / "stop")
    assert estop.cause == ""  # neither the file nor its folder is there
    folder.symlink_to("x" * 300)  # a name longer than any that the system takes
    wait_for(heard)
    assert estop.cause == f"file {folder / 'stop'} cannot be looked for: File name too long"
    folder.unlink()
    estop.reset("test")
    heard.clear()
    folder.mkdir()
    (folder / "stop").touch()  # it has gone on watching
    wait_for(heard)
    assert estop.cause == f"file {folder / 'stop'}"
    file.close()
