"""Cadence with recorder and viewer attached, beside a bare sleep loop; and faults in real processes, with the time to a hold.

python benchmarks/realtime.py cadence --minutes 2.5
python benchmarks/realtime.py faults --runs 3
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from realtime_faults import outside_limits
from realtime_parts import ROW

from enactive.agents.component import Component
from enactive.agents.guard import EStop
from enactive.agents.realtime import Cadence, ControlLoop, Tap, Tick, settle, take_priority
from enactive.agents.realtime.process import PolicyProcess, RobotProcess
from enactive.agents.realtime.record import TickRecorder
from enactive.envs import Action
from enactive.envs.bus.codec import pack
from enactive.envs.bus.zenoh_bus import Line
from enactive.errors import EnactiveError

RATE_HZ = 100.0
WATCHDOG_S, HEARTBEAT_S, MAX_AGE_S, ROBOT_WATCHDOG_S = 0.25, 0.2, 0.2, 0.1


def bare(minutes: float) -> None:
    """A loop that only sleeps, measured in the same way and with the same priority."""
    take_priority()
    cadence = Cadence(RATE_HZ)
    for _ in range(int(60 * minutes * RATE_HZ)):
        cadence.wait()
    tell("bare sleep loop, alone in its process", cadence)


def tell(name: str, cadence: Cadence) -> None:
    jitter = 1000 * np.array(cadence.jitter)
    counts = f"{cadence.ticks} ticks, {cadence.rate_hz:.2f} Hz, {cadence.late} late (> 1 ms), {cadence.missed} missed"
    spread = f"mean {jitter.mean():.3f}, p99 {np.percentile(jitter, 99):.3f}, worst {jitter.max():.3f} ms"
    print(f"{name}: {counts}, jitter {spread}", flush=True)


def cadence(minutes: float, watched: bool) -> None:
    """Three processes; recorder with video and a viewer that stands still for ever where watched; a bare loop beside them."""
    stuck = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        process = RobotProcess(
            Component("envs", "DeskArm", {"width": 160, "height": 120}), line := Line.fresh(), rate_hz=RATE_HZ
        )
        robot = process.connect()
        policy = PolicyProcess(Component("controllers", "JointSweep"), robot.embodiment)
        recorder = TickRecorder(Path(folder), {"line": line.endpoint})

        def frozen_viewer(tick: Tick) -> None:
            stuck.wait()

        taps = [Tap(recorder.tick), Tap(frozen_viewer)]
        loop = ControlLoop(robot, policy, rate_hz=RATE_HZ, watchdog_s=WATCHDOG_S, heartbeat_s=HEARTBEAT_S,
                           max_age_s=MAX_AGE_S, taps=taps if watched else [])  # fmt: skip
        beside = subprocess.Popen([sys.executable, __file__, "bare", "--minutes", str(minutes)])
        ends = time.perf_counter() + 60 * minutes

        def drive() -> None:
            print("real-time priority:", take_priority())
            loop.run(lambda: time.perf_counter() > ends)

        settle()
        thread = threading.Thread(target=drive)
        thread.start()
        thread.join()
        beside.wait()
        tell("control loop", loop.cadence)
        worst = np.argsort(loop.cadence.jitter)[-5:][::-1]
        print("  latest ticks: " + ", ".join(f"number {i} by {1000 * loop.cadence.jitter[i]:.1f} ms" for i in worst))
        report = loop.report()
        for name, spread in report["cadence"]["sections"].items():
            print(f"  {name:8}" + "".join(f"  {key[:-2]} {1000 * value:.3f}" for key, value in spread.items()) + " ms")
        print(f"  held: {report['held']}, guard: {report['guard']['changed']}")
        print(f"  recorder dropped {taps[0].dropped_frames} frames and {taps[0].dropped_ticks} ticks; the frozen viewer "
              f"{taps[1].dropped_frames} and {taps[1].dropped_ticks}")  # fmt: skip
        stuck.set()
        taps[0].close()
        recorder.close(report)
        policy.close()
        process.close()


class Run:
    """Three real processes under way, until the policy has moved the arm for a second."""

    def __init__(self, folder: Path) -> None:
        self.log, self.trigger = folder / "sent", folder / "trigger"
        self.line = Line.fresh()
        self.body = Component("envs", "realtime_parts.LoggedArm", {"log": str(self.log)})
        self.process = self.start_robot()
        self.robot = self.process.connect()
        self.policy = PolicyProcess(
            Component("controllers", "realtime_parts.FailingSweep", {"trigger": str(self.trigger)}), self.robot.embodiment
        )
        self.estop = EStop()
        self.estop.listen(lambda event: self.robot.stop(event.cause))
        self.followed, self.leaving, self.ended, self.began_s = 0, False, "", 0.0
        self.loop = ControlLoop(
            self.robot, self.policy, rate_hz=RATE_HZ, estop=self.estop, watchdog_s=WATCHDOG_S, heartbeat_s=HEARTBEAT_S,
            max_age_s=MAX_AGE_S, taps=[self.count],
        )  # fmt: skip
        self.thread = threading.Thread(target=self.drive)
        self.thread.start()
        until = time.monotonic() + 30
        while self.followed < 100 and time.monotonic() < until:
            time.sleep(0.01)

    def start_robot(self) -> RobotProcess:
        return RobotProcess(self.body, self.line, rate_hz=RATE_HZ, watchdog_s=ROBOT_WATCHDOG_S, off=("collision",), faults=True)

    def count(self, tick: Tick) -> None:
        self.followed += not tick.held

    def drive(self) -> None:
        try:
            self.loop.run(lambda: self.leaving)
        except EnactiveError as error:
            self.ended = type(error).__name__

    def inject(self, **faults: object) -> None:
        self.robot._bus.publish("faults", pack(faults))

    def sent(self) -> list[tuple[float, np.ndarray]]:
        return [(now, np.array(row)) for now, *row in ROW.iter_unpack(self.log.read_bytes())]

    def close(self) -> None:
        self.leaving = True
        self.thread.join()
        self.policy.close()
        self.process.close()


def kill_policy(run: Run) -> None:
    os.kill(run.policy.child.process.pid, signal.SIGKILL)


def restart_robot(run: Run) -> None:
    os.kill(run.process.process.pid, signal.SIGKILL)
    run.process.process.wait()
    run.process = run.start_robot()
    time.sleep(4.0)  # the new process starts and is reached by what is left of the old control loop, which ends


def stop_then_commands(run: Run) -> None:
    """The stop, and then, past the control loop, commands that want to move on, until the measurement is over."""
    stranger = run.process.connect()
    stranger._name = run.robot._name  # the robot follows one end at a time, and this one says that it is that
    stranger.sequence = 1_000_000  # ahead of the control loop's, whose commands are out of order from here on
    far = stranger.told["joints"] + 1.0
    run.began_s = time.perf_counter()
    run.estop.latch("benchmark")
    for _ in range(90):
        stranger.observe()
        stranger.send(Action("joint_pos", far[np.newaxis]))
        time.sleep(0.01)
    stranger.close()


KINDS: dict[str, tuple[Callable[[Run], object], float | None]] = {
    "policy killed with -9": (kill_policy, HEARTBEAT_S),
    "policy hung": (lambda run: run.trigger.write_text("hang"), WATCHDOG_S + 1 / 30),
    "policy's process stopped": (lambda run: os.kill(run.policy.child.process.pid, signal.SIGSTOP), HEARTBEAT_S),
    "bus cut": (lambda run: run.inject(cut=True), ROBOT_WATCHDOG_S),
    "packets lost, 40 %": (lambda run: run.inject(loss=0.4), None),
    "packets out of order (up to 50 ms)": (lambda run: run.inject(jitter_s=0.05), None),
    "packets delayed 500 ms": (lambda run: run.inject(delay_s=0.5), ROBOT_WATCHDOG_S),
    "sensor frozen (stamps)": (lambda run: run.inject(frozen="stamps"), ROBOT_WATCHDOG_S),
    "sensor frozen (readings)": (lambda run: run.inject(frozen="readings"), MAX_AGE_S),
    "NaN": (lambda run: run.trigger.write_text("nan"), 1 / 30 + 0.03),
    "commands out of range": (lambda run: run.trigger.write_text("far"), None),
    "stop in mid-chunk": (lambda run: run.estop.latch("benchmark"), 0.0),
    "e-stop, then commands": (stop_then_commands, 0.0),
    "robot process restarted": (restart_robot, 0.0),
}


def faults(runs: int, words: str) -> None:
    """Each fault whose name has these words in it, in real processes, `runs` times."""
    kinds = {name: kind for name, kind in KINDS.items() if words in name}
    times: dict[str, list[float]] = defaultdict(list)
    outside: Counter[str] = Counter()
    ended: dict[str, set[str]] = defaultdict(set)
    moving: Counter[str] = Counter()
    for name, (inject, _) in kinds.items():
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                run = Run(Path(folder))
                before = len(run.sent())
                run.began_s = time.perf_counter()
                inject(run)
                began = run.began_s
                time.sleep(1.0)
                sent = run.sent()
                run.close()
                if name == "robot process restarted":  # the new body is elsewhere: what counts is that it stays there
                    sent = [entry for entry in sent if entry[0] > began]
                    began, before = sent[0][0], 0
                changes = [b[0] for a, b in itertools.pairwise(sent) if b[0] > began and (a[1] != b[1]).any()]
                times[name].append(changes[-1] - began if changes else 0.0)
                moving[name] += times[name][-1] > 0.5
                outside[name] += outside_limits(sent) if len(sent) > before else 0
                ended[name].add(run.ended or "goes on")
    print("| fault | runs | bound + 2 periods, ms | to hold, ms: each run | commands outside limits | the control loop |")
    print("|---|---|---|---|---|---|")
    for name, (_, bound) in kinds.items():
        limit = "" if bound is None else f"{1000 * (bound + 2 / RATE_HZ):.0f}"
        held = ", ".join(f"{1000 * held:.0f}" for held in times[name])
        held = f"goes on in {moving[name]} of {runs}" if bound is None else held
        print(f"| {name} | {runs} | {limit} | {held} | {outside[name]} | {', '.join(sorted(ended[name]))} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["cadence", "faults", "bare"])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--unwatched", action="store_true", help="without recorder and viewer, for comparison")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--words", default="", help="only the faults whose names have these words in them")
    chosen = parser.parse_args()
    if chosen.what == "faults":
        faults(chosen.runs, chosen.words)
    elif chosen.what == "cadence":
        cadence(chosen.minutes, not chosen.unwatched)
    else:
        bare(chosen.minutes)
