"""What is kept and shown of a control run: a line per tick, a video, the report, and one live line on the terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.text import Text

from enactive.agents.report.record import plain
from enactive.agents.report.video import VideoWriter
from enactive.files import write_whole

from .loop import ControlLoop, Tick


class TickRecorder:
    """Writes `ticks.jsonl`, `video.mp4` (where there is a camera) and `control.json` into a folder: of that the settings at the
    start, so that a run that is killed tells what it was, too, and at the end the report beside them, in one piece."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._config = folder, config
        self._lines = (folder / "ticks.jsonl").open("w")
        self._video: VideoWriter | None = None
        self._newest_s = -np.inf
        with suppress(OSError):  # what the disk does not take now is told at the end
            self._tell({})

    def tick(self, tick: Tick) -> None:
        """Write a tick, with what was due, what each link of the guard and the robot changed, and what was sent; and the first
        camera's frame where it is a new one."""
        joints = tick.observation.joint_positions_rad
        picture_age_s = tick.picture_age_s if math.isfinite(tick.picture_age_s) else None
        row = {
            "index": tick.index, "at_s": tick.at_s, "requested": tick.requested, "sent": tick.sent, "joints": joints,
            "held": tick.held, "age_s": tick.age_s, "picture_age_s": picture_age_s,
            "changed": [{"link": each.link, "requested": each.requested, "sent": each.sent} for each in tick.changed],
        }  # fmt: skip
        self._lines.write(json.dumps(plain(row)) + "\n")
        for frame in list(tick.observation.cameras.values())[:1]:
            if frame.stamp_s > self._newest_s + 1.0 / 15.0:
                self._newest_s = frame.stamp_s
                self._video = self._video or VideoWriter(self._folder / "video.mp4")
                self._video.add(frame.rgb)

    def close(self, report: Mapping[str, Any]) -> None:
        """Finish the files, the report first. Raises OSError where one cannot be finished, after the others are."""
        with ExitStack() as files:
            files.callback(self._lines.close)
            if self._video is not None:
                files.callback(self._video.close)
            self._tell(report)

    def _tell(self, report: Mapping[str, Any]) -> None:
        write_whole(self._folder / "control.json", json.dumps(plain({"config": self._config, **report}), indent=1))


class ControlLine:
    """One live line: rate, jitter, late ticks, the age of the observation and of the picture that is mirrored, what the guard
    changed, and whether the body follows."""

    def __init__(self, loop: ControlLoop, console: Console | None = None) -> None:
        self._loop, self._console = loop, console if console is not None else Console()
        self._state = ""
        self._live = Live(Text("starting"), console=self._console, refresh_per_second=5, transient=True)

    def show(self) -> None:
        """Take the terminal's last line, where there is a terminal, until `close`."""
        if self._console.is_terminal:
            self._live.start()

    def tick(self, tick: Tick) -> None:
        """Renew the line ten times a second; where there is no terminal, print it now and then."""
        loop = self._loop
        self._state = state_of(loop, tick)
        rate = max(1, round(1.0 / loop.cadence.period_s))
        if tick.index % max(1, rate // 10 if self._console.is_terminal else 2 * rate) == 0:
            words = describe(loop, tick)
            if self._console.is_terminal:
                self._live.update(Text(words, no_wrap=True, overflow="ellipsis"))
            else:
                self._console.print(words, highlight=False, soft_wrap=True)

    def status(self) -> dict[str, Any]:
        """The line as plain data."""
        loop = self._loop
        cadence = loop.cadence
        facts = {"rate_hz": cadence.rate_hz, "late": cadence.late, "missed": cadence.missed, "state": self._state}
        return plain(facts | {"guard": sum(loop.guard.counts.values())})

    def close(self) -> None:
        """Give the terminal back; the second time there is nothing to do."""
        self._live.stop()

    def tell(self, report: Mapping[str, Any]) -> None:
        """Leave a table of the cadence."""
        cadence = report["cadence"]
        spreads = {"jitter": cadence["jitter"], **cadence["sections"]}
        if "picture_age" in report:
            spreads["picture"] = report["picture_age"]
        self._console.print(
            f"{cadence['ticks']} ticks at {cadence['rate_hz']:.2f} Hz (asked {cadence['asked_hz']:g}), "
            f"{cadence['late']} late, {cadence['missed']} missed", highlight=False,
        )  # fmt: skip
        for name, spread in spreads.items():
            mean, p99, worst = (1000 * spread[key] for key in ("mean_s", "p99_s", "worst_s"))
            self._console.print(f"  {name:8} mean {mean:7.3f}  p99 {p99:7.3f}  worst {worst:7.3f} ms", highlight=False)
        self._console.print(f"  followed {report['followed']} of {cadence['ticks']} ticks", highlight=False)
        for title in ("held", "dropped_chunks"):
            for cause, count in report[title].items():
                self._console.print(f"  {title.replace('_', ' ')}: {cause}: {count}", highlight=False)
        if not report.get("real_time_priority", True):
            self._console.print("  no real-time priority was granted: late ticks depend on what else runs", highlight=False)
        changed = ", ".join(f"{name} {count}" for name, count in report["guard"]["changed"].items()) or "nothing"
        off = f"; off: {', '.join(report['guard']['off'])}" if report["guard"]["off"] else ""
        self._console.print(f"  the guard changed {changed}{off}", highlight=False)


def describe(loop: ControlLoop, tick: Tick) -> str:
    """The line's words."""
    cadence = loop.cadence
    mirrored = f"  picture {1000 * tick.picture_age_s:.0f} ms old" if math.isfinite(tick.picture_age_s) else ""
    return (
        f"{cadence.rate_hz:6.2f} Hz  jitter {1000 * cadence.jitter_s:.2f} ms  late {cadence.late}  missed {cadence.missed}"
        f"  observation {1000 * tick.age_s:3.0f} ms old{mirrored}  policy {1000 * tick.policy_s:.0f} ms"
        f"  guard {sum(loop.guard.counts.values())}  {state_of(loop, tick)}"
    )


def state_of(loop: ControlLoop, tick: Tick) -> str:
    """What the body does: it follows, it holds because of something, or it is stopped until somebody resets it."""
    if cause := loop.estop.cause:
        return f"STOPPED until reset: {cause}"
    return f"HOLDING: {tick.held}" if tick.held else "following"
