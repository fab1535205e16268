"""`enactive control` as a user meets it: processes, a stop that stops, and a record of it all."""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from enactive.agents.cli import main
from enactive.agents.commands.control import Control
from enactive.agents.component import Component
from enactive.agents.realtime import Tick
from enactive.agents.realtime.record import TickRecorder
from enactive.controllers.joint_sweep import JointSweep
from enactive.errors import ControllerError, EmbodimentFault

SLACK = ["--watchdog_s", "1.0", "--heartbeat_s", "1.0", "--max_age_s", "0.5", "--robot_watchdog_s", "0.5"]
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def record_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    run = next(folder.iterdir())
    ticks = [json.loads(line) for line in (run / "ticks.jsonl").read_text().splitlines()]
    return json.loads((run / "control.json").read_text()), ticks


def test_a_run_leaves_a_record_of_every_tick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["control", "--seconds", "3", "--out", str(tmp_path), "--robot.width", "64", "--robot.height", "48", *SLACK]
    assert main([*asked, "--policy.period_s", "1.0", "--off", "[step,collision]"]) == 0
    report, ticks = record_of(tmp_path)
    assert report["cadence"]["ticks"] == len(ticks)
    assert report["guard"]["off"] == ["collision", "step"]
    assert report["config"]["robot"]["arguments"]["width"] == 64
    assert report["malformed_messages"] == {"from the robot": 0, "from the policy": 0, "to it": 0}
    assert report["robot"]["refused"] == {}
    assert report["robot"]["guard"] == {
        "on": ["form", "limits", "velocity", "acceleration", "effort"], "off": ["collision", "step"]
    }  # fmt: skip
    followed = [tick for tick in ticks if not tick["held"]]
    assert followed
    assert np.ptp([tick["sent"] for tick in followed], axis=0).min() > 0.01
    assert sum(report["held"].values()) + len(followed) == len(ticks)
    assert report["followed"] == len(followed)
    assert (next(tmp_path.iterdir()) / "video.mp4").stat().st_size > 0
    out = capsys.readouterr().out
    assert "the guard changed" in out
    assert "off: collision, step" in " ".join(out.split())  # however wide the terminal is
    assert f"followed {len(followed)} of {len(ticks)} ticks" in out


def test_ctrl_c_latches_the_stop_ends_the_run_and_keeps_the_record(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "enactive.agents", "control", "--out", str(tmp_path), *SLACK]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while time.monotonic() < until and not list(tmp_path.glob("*/ticks.jsonl")):
        time.sleep(0.1)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    report, _ = record_of(tmp_path)
    assert report["stops"][0][:2] == ["latch", "signal SIGINT"]
    assert "ticks at" in out


def test_a_stop_file_holds_the_body_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    out = tmp_path / "runs"
    assert main(["control", "--seconds", "1.5", "--stop_file", str(tmp_path / "stop"), "--out", str(out), *SLACK]) == 0
    report, ticks = record_of(out)
    standing = ["form", "limits", "step", "velocity", "acceleration", "effort"]
    assert report["guard"]["on"] == standing
    assert report["robot"]["guard"] == {"on": [*standing, "collision"], "off": []}
    assert report["stops"][0][1] == f"file {tmp_path / 'stop'}"
    assert report["robot"]["latched"] == f"file {tmp_path / 'stop'}"
    assert np.ptp([tick["sent"] for tick in ticks[20:]], axis=0).max() == 0.0


def test_a_policy_that_fails_ends_the_run_with_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["control", "--seconds", "20", "--out", str(tmp_path), "--policy", "test_control.Lost", *SLACK]
    assert main(asked) == 1
    assert "ControllerError: the policy failed in its process: ControllerError: no idea" in capsys.readouterr().err
    report, ticks = record_of(tmp_path)
    assert "no idea" in report["error"]
    assert np.ptp([tick["sent"] for tick in ticks], axis=0).max() == 0.0


def test_a_policy_that_does_not_answer_in_time_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the bound the run would go on until the policy does answer, and end well a second later."""
    monkeypatch.setattr("enactive.agents.commands.control.FIRST_ANSWER_S", 0.5)
    asked = ["control", "--seconds", "1", "--out", str(tmp_path), "--policy", "test_control.Slow", *SLACK]
    assert main(asked) == 1
    assert "the policy gave no answer within 0.5 s; the body holds" in capsys.readouterr().err
    report, ticks = record_of(tmp_path)
    assert "no answer within 0.5 s" in report["error"]
    assert ticks
    assert all(tick["held"] for tick in ticks)


@pytest.mark.parametrize(("who", "left"), [("robot", "its drives keep what they were told last"), ("policy", "the body holds")])
def test_a_robots_process_that_is_killed_is_not_said_to_hold(who: str, left: str, tmp_path: Path) -> None:
    class Waits:
        def run(self, until: Callable[[], bool]) -> None:
            while not until():
                time.sleep(0.01)

    control = Control(Component("envs", "DeskArm"), Component("controllers", "JointSweep"), tmp_path, {"seconds": 0.0})
    policy: Any = SimpleNamespace(began_s=time.perf_counter())
    loop: Any = Waits()
    child: Any = SimpleNamespace(ended=-9)
    control._drive(loop, {who: child}, policy)
    assert control.error == f"the process of the {who} ended with status -9; {left}"


def test_a_slow_loop_moves_the_body_with_the_bounds_that_it_has_by_itself(tmp_path: Path) -> None:
    slow = ["--rate_hz", "5", "--robot.rate_hz", "5", "--heartbeat_s", "1.0"]
    assert main(["control", "--seconds", "4", "--out", str(tmp_path), "--policy.period_s", "2.0", *slow]) == 0
    report, ticks = record_of(tmp_path)
    bounds = [report["config"][name] for name in ("watchdog_s", "max_age_s", "max_picture_age_s", "robot_watchdog_s")]
    assert bounds == [0.8] * 4
    assert report["followed"] > 5
    assert np.ptp([tick["sent"] for tick in ticks], axis=0).max() > 0.05


def test_a_run_that_followed_nothing_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["control", "--seconds", "1", "--out", str(tmp_path), "--policy", "test_control.Old", *SLACK]
    assert main(asked) == 1
    said = capsys.readouterr()
    assert "the policy answered, and the body followed it in no tick; it held: " in said.err
    assert "no policy heartbeat yet" not in said.err, "what it held for once the policy lived"
    report, ticks = record_of(tmp_path)
    assert report["error"].startswith("the policy answered")
    assert report["followed"] == 0
    assert f"followed 0 of {len(ticks)} ticks" in said.out


class Old(JointSweep):
    """Its chunks are over before they arrive."""

    def act(self, intent: Any, observation: Any, belief: Any) -> Any:
        chunk = super().act(intent, observation, belief)
        return replace(chunk, rate_hz=1e6)


class Slow(JointSweep):
    def act(self, intent: Any, observation: Any, belief: Any) -> Any:
        time.sleep(20.0)
        return super().act(intent, observation, belief)


class Lost(JointSweep):
    def act(self, intent: Any, observation: Any, belief: Any) -> Any:
        raise ControllerError("no idea")


class Shown:
    def joints_rad(self, at_s: Any) -> Any:
        return np.zeros((len(at_s), 1))


class Mirrors(JointSweep):
    """Sweeps for a second after its first answer, whatever its stream shows, and then is lost."""

    stream = Shown()

    def act(self, intent: Any, observation: Any, belief: Any) -> Any:
        chunk = super().act(intent, observation, belief)
        if observation.stamp_s > self._start_s + 1.0:
            raise ControllerError("no idea")
        return chunk


def mirror_with_full_disk(full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A run of `Mirrors` whose disk is full in the middle of a tick, or at the end."""
    folder = tmp_path / "now-control"
    folder.mkdir()
    monkeypatch.setattr("enactive.agents.commands.control.fresh_folder", lambda path: nullcontext(folder))
    write = TickRecorder.tick

    def no_room(*written: Any) -> None:
        raise OSError(28, "No space left on device")

    def tick(recorder: TickRecorder, tick: Tick) -> None:
        if tick.index == 2:
            recorder._lines.write('{"index": ')
            no_room()
        write(recorder, tick)

    if full == "end":
        monkeypatch.setattr("enactive.agents.realtime.record.write_whole", no_room)
        (folder / "mirrored.json").symlink_to("/dev/full")  # opens, and takes nothing
    else:
        monkeypatch.setattr(TickRecorder, "tick", tick)
    return main(["control", "--seconds", "20", "--out", str(tmp_path), "--policy", "test_control.Mirrors", *SLACK])


@pytest.mark.parametrize("full", ["end", "tick"])
def test_a_full_disk_does_not_hide_why_a_run_that_mirrors_ended(
    full: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirror_with_full_disk(full, tmp_path, monkeypatch) == 1
    said = capsys.readouterr()
    assert "ControllerError: no idea" in said.err
    assert "how well it mirrored is not judged: the record is not complete" in said.out


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a robot's process would have been started with."""
    started: list[Any] = []

    def start(*args: Any, **more: Any) -> Any:
        started.append(args)
        raise EmbodimentFault("it would move")

    monkeypatch.setattr("enactive.agents.realtime.process.RobotProcess", start)
    return started


def test_a_folder_that_cannot_be_made_is_refused_before_a_robot_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], started: list[Any]
) -> None:
    (tmp_path / "file").touch()
    assert main(["control", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be made" in capsys.readouterr().err
    assert started == []


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_port_that_is_not_to_be_had_is_refused_before_a_robot_starts_and_leaves_threads_and_disk_as_they_were(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], started: list[Any]
) -> None:
    before = set(threading.enumerate())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asked = str(taken.getsockname()[1]) if port == "taken" else port
        assert main(["control", "--stop_port", asked, "--out", str(tmp_path), *SLACK]) == 2
    assert f"the stop server cannot have port {asked}" in capsys.readouterr().err
    assert started == []
    assert set(threading.enumerate()) <= before
    assert not list(tmp_path.iterdir())


def test_a_run_on_a_terminal_gives_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True)
    monkeypatch.setattr("enactive.agents.realtime.record.Console", lambda: terminal)
    assert main(["control", "--seconds", "1", "--out", str(tmp_path), *SLACK]) == 0
    live, _, after = shown.getvalue().partition(SHOW_CURSOR)
    assert HIDE_CURSOR in live
    assert "ticks at" in after


@pytest.mark.parametrize(("policy_hz", "watchdog_s"), [("3", 0.5), ("30", 0.25)])
def test_a_slow_policy_has_a_watchdog_that_waits_for_its_next_chunk(
    policy_hz: str, watchdog_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs: list[dict[str, Any]] = []
    monkeypatch.setattr("enactive.agents.commands.control.Control.run", lambda control, *_: configs.append(control.config) or 0)
    assert main(["control", "--policy_hz", policy_hz, "--out", str(tmp_path)]) == 0
    assert configs[0]["watchdog_s"] == watchdog_s


def test_what_does_not_fit_is_refused_before_anything_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["control", "--off", "[speed]", "--out", str(tmp_path)]) == 2
    assert "no link speed" in capsys.readouterr().err
    assert main(["control", "--off", "[form]", "--out", str(tmp_path)]) == 2
    assert "no link form" in capsys.readouterr().err
    assert main(["control", "--rate_hz", "200", "--out", str(tmp_path)]) == 2
    assert "takes 100 commands a second, not 200" in capsys.readouterr().err
    for flag, value in (("rate_hz", "0"), ("policy_hz", "-1"), ("robot_watchdog_s", ".nan"), ("max_age_s", ".inf")):
        assert main(["control", f"--{flag}", value, "--out", str(tmp_path)]) == 2
        assert f"--{flag} must be above 0" in capsys.readouterr().err
    for flag in ("max_age_s", "robot_watchdog_s"):
        assert main(["control", "--rate_hz", "20", f"--{flag}", "0.1", "--out", str(tmp_path)]) == 2
        assert f"--{flag} 0.1 is less than 4 periods of a loop of 20 Hz" in (err := capsys.readouterr().err)
        assert "give at least 0.2" in err
    assert main(["control", "--policy_hz", "3", "--watchdog_s", "0.25", "--out", str(tmp_path)]) == 2
    assert "--watchdog_s 0.25 is less than 1.5 periods of a policy of 3 Hz" in (err := capsys.readouterr().err)
    assert "give at least 0.5" in err
    assert main(["control", "--seconds", "-1", "--out", str(tmp_path)]) == 2
    assert "--seconds must be at least 0" in capsys.readouterr().err
    assert main(["control", "--policy", "NavigationController", "--out", str(tmp_path)]) == 2
    assert "NavigationController needs a planner to tell it what to do" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
