"""Faults by the thousand, on an injected clock: the real loops, guards, codec and physics; only time is made.

python benchmarks/realtime_faults.py --runs 1300
python benchmarks/realtime_faults.py --runs 400 --late
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.agents.guard import EStop
from enactive.agents.realtime import Chunk, ControlLoop, Stack, Tick
from enactive.agents.realtime.service import robot_loop
from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, Observation
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.faults import Faults, FaultyBus
from enactive.envs.bus.robot import BusRobot
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import EnactiveError, SafetyAbort
from enactive.statistics import rate

PERIOD_S = 0.01
WATCHDOG_S, HEARTBEAT_S, MAX_AGE_S, ROBOT_WATCHDOG_S = 0.25, 0.2, 0.2, 0.1
WARM_S, FAULT_S, AFTER_S = 1.5, 1.0, 0.5


class World:
    """Robot process, control process and policy process, as events on one clock."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.now, self.rng = 100.0, rng
        self.events: list[tuple[float, int, Callable[[], float | None]]] = []
        self.count = itertools.count()
        self.wire = MemoryBus()
        self.bus = FaultyBus(self.wire, rng, lambda: self.now)
        self.bus.faults = Faults(delay_s=0.0005, jitter_s=0.001)
        self.sent: list[tuple[float, NDArray[np.float64]]] = []
        self.start_robot()
        self.every(PERIOD_S, self.robot_tick)
        self.every(0.001, lambda: self.bus.pump(self.now))
        self.robot: BusRobot | None = None

        def pass_time(box: Mailbox, timeout_s: float) -> bytes | None:
            self.advance(1.0)
            return box.take()

        self.robot = BusRobot(self.wire, wait=pass_time, clock=lambda: self.now)
        self.policy = Stack(JointSweep(period_s=float(rng.uniform(1.5, 4.0)), share=float(rng.uniform(0.05, 0.2))))
        self.policy.reset(self.robot.embodiment)
        self.seen: Observation | None = None
        self.chunk: Chunk | None = None
        self.beat_s, self.alive, self.thinking, self.spoil = self.now, True, True, 0.0
        self.estop = EStop(lambda: self.now)
        self.estop.listen(lambda event: (self.robot.stop if event.kind == "latch" else self.robot.reset_stop)(event.cause))
        self.loop: ControlLoop | None = ControlLoop(
            self.robot, self, rate_hz=1 / PERIOD_S, estop=self.estop, watchdog_s=WATCHDOG_S, heartbeat_s=HEARTBEAT_S,
            max_age_s=MAX_AGE_S, clock=lambda: self.now,
        )  # fmt: skip
        self.ended = ""
        self.every(PERIOD_S, self.control_tick)
        self.every(1 / 30, self.think)
        self.every(0.02, self.beat)

    def every(self, period_s: float, call: Callable[[], object]) -> None:
        """Call from a random phase on, with a wake-up that is up to a tenth of a millisecond late."""

        def event() -> float:
            call()
            return period_s

        due = self.now + float(self.rng.uniform(0, period_s))
        heapq.heappush(self.events, (due, next(self.count), event))

    def at(self, due_s: float, call: Callable[[], object]) -> None:
        heapq.heappush(self.events, (due_s, next(self.count), lambda: call() and None))

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self.events and self.events[0][0] <= until:
            due, _, event = heapq.heappop(self.events)
            self.now = max(self.now, due)
            period = event()
            if period:
                heapq.heappush(self.events, (due + period + float(self.rng.uniform(0, 1e-4)), next(self.count), event))
        self.now = until

    def start_robot(self) -> None:
        """A new robot process, at another pose."""
        body = EnvRobot(DeskArm(), seed=int(self.rng.integers(1 << 30)), clock=lambda: self.now)
        self.server = robot_loop(self.bus, body, rate_hz=1 / PERIOD_S, watchdog_s=ROBOT_WATCHDOG_S, clock=lambda: self.now)
        self.server.taps = (*self.server.taps, self.keep)

    def keep(self, tick: Tick) -> None:
        self.sent.append((self.now, tick.sent))

    def robot_tick(self) -> None:
        with contextlib.suppress(SafetyAbort):  # latched; it holds
            self.server.tick()

    def control_tick(self) -> None:
        if self.loop is None or self.robot is None:
            return
        try:
            self.loop.tick()
        except EnactiveError as error:
            self.ended, self.loop = type(error).__name__, None

    # the policy's process, as the control loop's source
    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk | None:
        chunk, self.chunk = self.chunk, None
        return chunk

    def heard_s(self) -> float:
        return self.beat_s

    def beat(self) -> None:
        if self.alive:
            self.beat_s = self.now

    def think(self) -> None:
        if self.seen is None or not (self.alive and self.thinking):
            return
        action, answers = self.policy.act(self.seen), self.seen.stamp_s
        if self.spoil:
            action = Action("joint_pos", action.values * self.spoil, action.rate_hz)
        took = float(self.rng.uniform(0.003, 0.03))

        def arrive() -> None:
            if self.alive and self.thinking:
                self.chunk = Chunk(action, answers, took)

        self.at(self.now + took, arrive)


def wild(world: World) -> None:
    """A stranger's commands on the bus, past the control loop, as fast as the robot takes them."""
    world.loop = None
    robot = world.robot

    def send() -> None:
        robot.observe()
        robot.send(Action("joint_pos", world.rng.normal(0, 10 ** world.rng.uniform(-1, 6), (1, 4))))

    world.every(PERIOD_S, send)


def stopped_then_wild(world: World) -> None:
    world.robot.stop("benchmark")
    wild(world)


def restart(world: World) -> None:
    world.wire._callbacks["command"].clear()
    world.wire._callbacks["stop"].clear()
    world.sent.clear()
    world.start_robot()


def exaggerate(world: World) -> None:
    world.spoil = float(world.rng.choice([-1, 1]) * 10 ** world.rng.uniform(1, 9))


def burst(world: World) -> None:
    world.bus.faults = Faults(jitter_s=float(world.rng.uniform(0.01, 0.08)), loss=float(world.rng.uniform(0.1, 0.6)))


@dataclass(frozen=True)
class Kind:
    """A fault: how it comes about, and the bound within which the body must hold (None where motion may go on)."""

    inject: Callable[[World], object]
    bound_s: float | None


KINDS = {
    "policy killed": Kind(lambda w: setattr(w, "alive", False), HEARTBEAT_S),
    "policy hung": Kind(lambda w: setattr(w, "thinking", False), WATCHDOG_S),
    "bus cut": Kind(lambda w: setattr(w.bus, "faults", Faults(cut=True)), ROBOT_WATCHDOG_S),
    "packets delayed 500 ms": Kind(lambda w: setattr(w.bus, "faults", Faults(delay_s=0.5)), ROBOT_WATCHDOG_S),
    "sensor frozen (stamps)": Kind(lambda w: setattr(w.bus, "faults", Faults(frozen="stamps")), ROBOT_WATCHDOG_S),
    "sensor frozen (readings)": Kind(lambda w: setattr(w.bus, "faults", Faults(frozen="readings")), MAX_AGE_S),
    "NaN from the policy": Kind(lambda w: setattr(w, "spoil", float("nan")), 1 / 30 + 0.03),
    "commands out of range": Kind(
        lambda w: setattr(w, "spoil", float(w.rng.choice([-1, 1]) * 10 ** w.rng.uniform(1, 9))), None
    ),
    "a stranger's commands": Kind(wild, None),
    "loss and reordering": Kind(burst, None),
    "stop in mid-chunk": Kind(lambda w: w.estop.latch("benchmark"), 0.0),
    "e-stop, then commands": Kind(stopped_then_wild, 0.0),
    "robot process restarted": Kind(restart, 0.0),
}
LATE = {  # packets out of order, and ever later: how late they may be before the body stands still
    f"out of order (up to 50 ms), and {delay} ms late": Kind(
        lambda w, delay=delay: setattr(w.bus, "faults", Faults(delay_s=delay / 1000, jitter_s=0.05)), None
    )
    for delay in (0, 10, 20, 30)
}


def outside_limits(sent: Sequence[tuple[float, NDArray[np.float64]]]) -> int:
    """Commands that break a bound, or the change, velocity or acceleration from the command before."""
    body = DeskArm().embodiment
    values = np.array([row for _, row in sent])
    low, high = np.array(body.low), np.array(body.high)
    bad = ((values < low) | (values > high)).any(axis=1)
    step = np.diff(values, axis=0)
    moved = np.vstack([np.zeros(4), step[:-1]])
    gained = np.abs(step) - np.where(step * moved > 0, np.abs(moved), 0.0)
    bad[1:] |= (np.abs(step) > np.minimum(0.05 * (high - low), np.array(body.velocity_limits) * PERIOD_S) + 1e-9).any(axis=1)
    bad[1:] |= (gained > np.array(body.acceleration_limits) * PERIOD_S**2 + 1e-9).any(axis=1)
    return int(bad.sum()) + int((~np.isfinite(values)).any(axis=1).sum())


def one(name: str, kind: Kind, seed: int) -> tuple[float, int, bool]:
    """(seconds from the fault to the last change of the command, commands outside limits, whether it moved before)."""
    world = World(np.random.default_rng(seed))
    world.advance(WARM_S + float(world.rng.uniform(0, 0.5)))
    moved = bool(np.ptp([row for _, row in world.sent[-30:]], axis=0).max() > 0)
    before, fault_s = list(world.sent), world.now
    kind.inject(world)
    world.advance(FAULT_S)
    during = [(fault_s, before[-1][1]), *(entry for entry in world.sent if entry[0] > fault_s)]
    if name == "robot process restarted":
        before, during = [], list(world.sent)
    changes = [now for (_, a), (now, b) in itertools.pairwise(during) if not np.array_equal(a, b)]
    held = (changes[-1] - fault_s) if changes else 0.0
    world.bus.faults = Faults()
    world.advance(AFTER_S)
    return held, outside_limits(world.sent), moved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1300)
    parser.add_argument("--late", action="store_true", help="packets out of order, and ever later, in place of the faults")
    chosen = parser.parse_args()
    runs, kinds = chosen.runs, LATE if chosen.late else KINDS
    began, times, outside, still = time.perf_counter(), defaultdict(list), Counter(), Counter()
    for index in range(runs):
        name = list(kinds)[index % len(kinds)]
        held, bad, moved = one(name, kinds[name], index)
        times[name].append(held)
        outside[name] += bad
        still[name] += not moved
    print(f"{runs} runs, watchdogs: fresh chunk {WATCHDOG_S:g} s, heartbeat {HEARTBEAT_S:g} s, observation {MAX_AGE_S:g} s, "
          f"robot {ROBOT_WATCHDOG_S:g} s; period {PERIOD_S:g} s; {time.perf_counter() - began:.0f} s")  # fmt: skip
    print("| fault | runs | bound + 2 periods, ms | to hold, ms: median, worst | within | commands outside limits |")
    print("|---|---|---|---|---|---|")
    for name, kind in kinds.items():
        held = np.array(times[name])
        if kind.bound_s is None:
            words, within, bound = f"goes on in {(held > FAULT_S / 2).sum()} of {len(held)}", "", ""
        else:
            limit = kind.bound_s + 2 * PERIOD_S
            share = rate(held <= limit)
            bound, words = f"{1000 * limit:.0f}", f"{1000 * np.median(held):.0f}, {1000 * held.max():.0f}"
            within = f"{(held <= limit).sum()} of {len(held)} ({100 * share.low:.0f} to {100 * share.high:.0f} %)"
        print(f"| {name} | {len(held)} | {bound} | {words} | {within} | {outside[name]} |")
        if still[name]:
            print(f"  {still[name]} runs stood still before the fault")


if __name__ == "__main__":
    main()
