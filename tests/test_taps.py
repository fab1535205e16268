"""Viewers and recorders: what they lose when they stand still or fail, and that the loop does not wait for them."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from realtime_bench import Bench

from enactive.agents.commands.control import finish
from enactive.agents.realtime import Tap, Tick
from enactive.agents.realtime.record import TickRecorder
from enactive.envs import CameraFrame, Observation


def frame(value: int) -> CameraFrame:
    return CameraFrame(np.full((4, 4, 3), value, np.uint8), None, np.eye(3), np.eye(4), 0.0)


def pictured(index: int) -> Tick:
    return Tick(index, 0.0, Observation(cameras={"c": frame(index)}), None, np.zeros(1), "", 0.0, 0.0)


def until_taken(tap: Tap, timeout_s: float = 10.0) -> None:
    """Until the watcher has taken all that waits, and stands still with the last of it."""
    until = time.monotonic() + timeout_s
    while tap._waiting:
        if time.monotonic() > until:
            pytest.fail(f"the tap took no tick within {timeout_s:g} s")
        time.sleep(0.001)


def test_a_wait_for_a_tap_that_takes_nothing_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tap, "_run", lambda tap: None)
    tap = Tap(lambda tick: None)
    tap(pictured(0))
    with pytest.raises(pytest.fail.Exception, match=r"took no tick within 0\.05 s"):
        until_taken(tap, timeout_s=0.05)


def test_a_frozen_viewer_loses_pictures_first_and_the_loop_does_not_wait() -> None:
    thaw, seen = threading.Event(), []

    def viewer(tick: Tick) -> None:
        thaw.wait(10.0)
        seen.append(tick)

    tap = Tap(viewer, frames=3, ticks=20)
    tap(pictured(0))
    until_taken(tap)
    for index in range(1, 31):
        tap(pictured(index))
    assert (tap.dropped_frames, tap.dropped_ticks) == (27, 10)
    assert sum(len(tick.observation.cameras) for tick in tap._waiting) + len(tap._pictures) == 3
    thaw.set()
    tap.close()
    assert [tick.index for tick in seen] == [0, *range(11, 31)]
    assert [tick.index for tick in seen if tick.observation.cameras] == [0, 28, 29, 30]
    assert seen[-1].observation.cameras["c"].rgb[0, 0, 0] == 30


def test_a_recorder_on_a_full_disk_is_taken_off() -> None:
    def full(tick: Tick) -> None:
        raise OSError(28, "No space left on device")

    tap = Tap(full)
    tap(pictured(0))
    tap.close()
    assert "No space left on device" in tap.warning


def test_a_recorder_that_fails_in_any_way_is_told_of() -> None:
    def broken(tick: Tick) -> None:
        raise ValueError("no such codec")

    tap = Tap(broken)
    tap(pictured(0))
    tap.close()
    assert tap.warning.endswith("broken stopped recording: ValueError: no such codec")


def test_what_a_slow_recorder_has_not_come_to_at_the_end_is_told_of() -> None:
    thaw, seen = threading.Event(), []

    def slow(tick: Tick) -> None:
        thaw.wait(60.0)
        seen.append(tick.index)

    tap = Tap(slow)
    tap(pictured(0))
    until_taken(tap)
    for index in range(1, 6):
        tap(pictured(index))
    tap.close(timeout_s=0.1)
    assert tap.warning.endswith("slow was 0.1 s behind at the end, and 5 ticks are lost")
    thaw.set()
    tap._thread.join(10.0)
    assert seen == [0]  # nothing is written into what its owner has closed by now


def test_a_run_that_is_killed_leaves_its_settings(tmp_path: Path) -> None:
    TickRecorder(tmp_path, {"off": ["step"]})
    assert json.loads((tmp_path / "control.json").read_text()) == {"config": {"off": ["step"]}}


def test_a_report_that_the_disk_does_not_take_leaves_the_settings(tmp_path: Path) -> None:
    recorder = TickRecorder(tmp_path, {"off": ["step"]})
    (tmp_path / "control.json.fresh").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        recorder.close({"error": ""})
    assert json.loads((tmp_path / "control.json").read_text()) == {"config": {"off": ["step"]}}


def test_neither_a_frozen_viewer_nor_a_recorder_on_a_full_disk_costs_a_tick(tmp_path: Path) -> None:
    (tmp_path / "ticks.jsonl").symlink_to("/dev/full")  # opens, and takes nothing
    recorder, thaw, seen = TickRecorder(tmp_path, {}), threading.Event(), []

    def viewer(tick: Tick) -> None:
        thaw.wait(60.0)
        seen.append(tick)

    taps = [Tap(recorder.tick), Tap(viewer, ticks=100)]
    bench = Bench(taps=taps, watchdog_s=100.0)
    bench.source.put(*np.linspace(0.0, 1.0, 400))
    bench.ticks(300)
    assert seen == []  # the viewer still stands before the first tick that it was shown
    assert taps[1].dropped_ticks in (199, 200)  # it has taken one, as soon as it came to run, or none yet
    assert len(set(bench.robot.sent)) > 290  # and each command was its own
    thaw.set()
    for tap in taps:
        tap.close()
    assert "No space left on device" in taps[0].warning
    finish(recorder, bench.loop.report())
    assert json.loads((tmp_path / "control.json").read_text())["cadence"]["ticks"] == 300


def test_a_disk_that_is_full_at_the_end_leaves_the_report_and_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ticks.jsonl").symlink_to("/dev/full")
    recorder, bench = TickRecorder(tmp_path, {}), Bench()
    for tick in bench.ticks(3):
        recorder.tick(tick)  # into Python's buffer, which is written when the file is closed
    finish(recorder, bench.loop.report())
    assert "warning: the record is not complete: No space left on device" in capsys.readouterr().out
    assert json.loads((tmp_path / "control.json").read_text())["cadence"]["ticks"] == 3
