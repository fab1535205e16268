"""When the control loop holds: silence, frozen or impossible sensors, a stop and a command that is no number."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from realtime_bench import BODY, Bench, OneJoint

from enactive.agents.guard import Chain, EStop
from enactive.envs import Action, CameraFrame, CameraInfo, Observation
from enactive.envs.observation import HELD
from enactive.errors import SafetyAbort

FROZEN = "joint readings frozen for 0.055 s while the commands moved: dead sensors, or stalled till reset"


def test_until_a_chunk_arrives_the_body_holds_where_it_was_found() -> None:
    bench = Bench()
    ticks = bench.ticks(3)
    assert bench.robot.sent == [0.0, 0.0, 0.0]
    assert [tick.held for tick in ticks] == ["no fresh command yet"] * 3


@pytest.mark.parametrize("stamp_s", [-math.inf, math.nan])
def test_a_picture_without_a_time_is_no_fresh_picture(stamp_s: float) -> None:
    bench = Bench()
    bench.loop.body = replace(BODY, cameras=(CameraInfo("c", 4, 4, 1.0),))
    bench.robot.observe = lambda: Observation(  # type: ignore[method-assign]
        {"c": CameraFrame(np.zeros((4, 4, 3), np.uint8), None, np.eye(3), np.eye(4), stamp_s)},
        None,
        np.zeros(1),
        stamp_s=bench.clock(),
    )
    bench.source.put(1.0)
    assert bench.ticks(1)[0].held == "no fresh picture of camera 'c' for 0.5 s"


def test_a_hung_policy_holds_after_the_watchdogs_bound_and_goes_on_when_it_is_back() -> None:
    bench = Bench(watchdog_s=0.105)
    bench.source.put(*np.arange(1000.0) / 1000)
    held = [tick.held for tick in bench.ticks(14)]
    assert held[:10] == [""] * 10
    assert held[10:] == ["no fresh command for 0.105 s"] * 4  # one tick more would be 110 ms
    assert len(set(bench.robot.sent[9:])) == 1
    bench.source.put(5.0)
    assert bench.ticks(1)[0].held == ""


def test_a_dead_policy_holds_after_the_heartbeats_bound() -> None:
    bench = Bench(heartbeat_s=0.055, watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 1000)
    bench.ticks(3)
    bench.source.alive = False
    held = [tick.held for tick in bench.ticks(7)]
    assert held == [""] * 4 + ["no policy heartbeat for 0.055 s"] * 3  # at the next tick it would be 60 ms


def test_a_frozen_sensor_holds_and_what_was_decided_from_it_is_forgotten() -> None:
    bench = Bench(max_age_s=0.055, watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 1000)
    bench.ticks(3)
    bench.robot.frozen = True
    held = [tick.held for tick in bench.ticks(8)]
    assert held == [""] * 4 + ["no fresh robot state for 0.055 s"] * 4
    bench.robot.frozen = False
    assert bench.ticks(1)[0].held == "starved: the chunk is at its end"


def test_readings_that_repeat_themselves_under_fresh_stamps_hold() -> None:
    bench = Bench(max_age_s=0.055, watchdog_s=10.0)
    stuck = bench.robot.observe().joint_positions_rad
    bench.robot.observe = lambda: Observation(joint_positions_rad=stuck, stamp_s=bench.clock())  # type: ignore[method-assign]
    bench.source.put(*np.arange(1000.0) / 100)  # of which the first moves nothing
    held = [tick.held for tick in bench.ticks(9)]
    assert held[:6] == [""] * 6
    assert held[6] == FROZEN


class AtATable(OneJoint):
    """Its joint comes to a table at 0.02 rad, where its encoder tells the same place to the last bit."""

    def observe(self) -> Observation:
        joint = min(self.sent[-1], 0.02) if self.sent else 0.0
        return Observation(joint_positions_rad=np.array([joint]), stamp_s=self.clock())


@pytest.mark.parametrize("stopped", [False, True])
def test_a_body_that_stalled_is_let_go_by_a_reset(stopped: bool) -> None:
    bench = Bench(AtATable, max_age_s=0.055, watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 100)
    assert bench.ticks(20)[-1].held == FROZEN
    assert bench.robot.sent[-1] == pytest.approx(0.08, abs=0.02)  # beyond the table
    bench.source.put(0.0)
    assert bench.ticks(20)[-1].held == FROZEN
    if stopped:
        bench.estop.latch("key")
        bench.ticks(3)
    bench.estop.reset("key")
    assert bench.ticks(1)[0].held == "emergency stop: just reset"
    for _ in range(20):
        bench.source.put(bench.robot.sent[-1] - 0.02)  # 2 rad/s
        assert bench.ticks(1)[0].held == ""
    assert bench.robot.observe().joint_positions_rad.max() < 0.0


def test_readings_that_are_still_frozen_after_a_reset_hold_again() -> None:
    bench = Bench(max_age_s=0.055, watchdog_s=10.0)
    bench.robot.observe = lambda: Observation(joint_positions_rad=np.zeros(1), stamp_s=bench.clock())  # type: ignore[method-assign]
    bench.source.put(*np.arange(1000.0) / 100)
    bench.ticks(20)
    bench.estop.reset("key")
    bench.ticks(1)
    bench.source.put(*np.arange(1000.0) / 100)
    held = [tick.held for tick in bench.ticks(20)]
    assert held[0] == ""
    assert all(words == FROZEN for words in held[7:])


@pytest.mark.parametrize("ahead_s", [math.nan, math.inf, 1e6, 0.05])
def test_one_stamp_that_is_no_time_or_lies_ahead_does_not_hide_frozen_readings(ahead_s: float) -> None:
    bench = Bench(max_age_s=0.055, watchdog_s=10.0)
    stuck, ahead = np.array([0.5]), [ahead_s]

    def observe() -> Observation:
        stamp_s = bench.clock() + (ahead.pop() if ahead else 0.0)
        return Observation(joint_positions_rad=stuck, stamp_s=stamp_s)

    bench.robot.observe = observe  # type: ignore[method-assign]
    bench.ticks(1)
    bench.source.put(*np.arange(1000.0) / 100)
    assert bench.ticks(9)[-1].held == FROZEN


def test_a_stop_in_the_middle_of_a_chunk_and_a_reset_do_not_resume_it() -> None:
    bench = Bench(watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 1000)
    bench.ticks(5)
    bench.estop.latch("key")
    before = bench.clock()
    held = bench.ticks(3)
    assert [tick.held for tick in held] == ["emergency stop: key"] * 3
    assert len(set(bench.robot.sent[4:])) == 1
    bench.source.put(9.0, answers_s=before)  # commands while the latch is closed are refused
    assert bench.ticks(1)[0].held == "emergency stop: key"
    bench.estop.reset("operator")
    assert bench.ticks(1)[0].held == "emergency stop: just reset"
    bench.source.put(9.0, answers_s=before)  # and so is what was decided before the reset
    assert bench.ticks(1)[0].held.startswith("starved")
    assert bench.loop.player.dropped == {"from before a stop": 2}
    bench.source.put(0.5)
    bench.ticks(1)
    assert bench.robot.sent[-1] == 0.5


def test_a_stop_while_the_guard_looks_still_comes_before_the_command() -> None:
    bench = Bench(watchdog_s=10.0)

    class Slow(Chain):
        def review(self, action: Action) -> Action:
            reviewed = super().review(action)
            if abs(action.values[0, 0] - 3.0) < 1e-3:
                bench.estop.latch("key")
            return reviewed

    bench.loop.guard = Slow(off=("step", "velocity", "acceleration"))
    bench.loop.guard.reset(BODY)
    bench.source.put(0.0, 1.0, 2.0, 3.0, 4.0)
    bench.ticks(6)
    assert bench.robot.sent == pytest.approx([0.0, 1.0, 2.0, 2.0, 2.0, 2.0], abs=1e-5)


def test_a_stop_and_its_reset_between_two_ticks_end_the_chunk() -> None:
    bench = Bench(watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 1000)
    bench.ticks(5)
    before = bench.clock()
    bench.estop.latch("key")
    bench.estop.reset("key")
    assert bench.ticks(1)[0].held == "emergency stop: just reset"
    assert HELD not in bench.source.seen.extra  # it was offered before the latch was looked at
    bench.source.put(9.0, answers_s=before)
    assert bench.ticks(1)[0].held.startswith("starved")
    assert bench.source.seen.extra[HELD]
    assert bench.loop.player.dropped == {"from before a stop": 1}
    assert len(set(bench.robot.sent[4:])) == 1
    bench.source.put(0.5)
    assert bench.ticks(1)[0].held == ""
    assert bench.robot.sent[-1] == 0.5


@pytest.mark.parametrize("reset", ["before the next tick", "at once"])
def test_a_stop_while_the_guard_looks_and_its_reset_end_the_chunk(reset: str) -> None:
    bench = Bench(watchdog_s=10.0)

    class Slow(Chain):
        def review(self, action: Action) -> Action:
            if abs(action.values[0, 0] - 0.003) < 1e-6:
                bench.estop.latch("key")
                if reset == "at once":
                    bench.estop.reset("key")
            return super().review(action)

    bench.loop.guard = Slow(off=("step", "velocity", "acceleration"))
    bench.loop.guard.reset(BODY)
    bench.source.put(*np.arange(1000.0) / 1000)
    words = "emergency stop: key" if reset == "before the next tick" else "emergency stop: just reset"
    assert [tick.held for tick in bench.ticks(4)] == ["", "", "", words]
    if reset == "before the next tick":
        bench.estop.reset("key")
    bench.ticks(4)
    assert len(set(bench.robot.sent[2:])) == 1


def test_what_happened_to_the_stop_before_the_run_does_not_hold_it() -> None:
    estop = EStop()
    estop.latch("key")
    estop.reset("key")
    bench = Bench(estop=estop)
    bench.source.put(1.0)
    assert bench.ticks(1)[0].held == ""


def test_a_nan_ends_the_run_with_the_latch_closed_and_nothing_sent_but_the_hold() -> None:
    bench = Bench()
    bench.source.put(1.0, 1.0, np.nan)
    with pytest.raises(SafetyAbort, match="not finite"):
        bench.loop.run(lambda: False)
    assert bench.estop.cause.startswith("guard: the command for one joint is not finite")
    assert np.isfinite(bench.robot.sent).all()
    assert bench.robot.sent[-1] == bench.robot.sent[-2]
    assert bench.robot.closed


def test_a_stamp_from_the_future_keeps_nothing_fresh() -> None:
    bench = Bench(watchdog_s=10.0)
    bench.source.put(*np.arange(1000.0) / 1000)
    bench.ticks(3)
    observe = bench.robot.observe
    bench.robot.observe = lambda: replace(observe(), stamp_s=1e300)  # type: ignore[method-assign]
    held = [tick.held for tick in bench.ticks(21)]
    assert held[18:] == ["no fresh robot state for 0.2 s"] * 3


def test_a_picture_from_the_future_is_no_fresh_one() -> None:
    bench = Bench()
    bench.loop.body = replace(BODY, cameras=(CameraInfo("c", 4, 4, 1.0),))
    picture = CameraFrame(np.zeros((4, 4, 3), np.uint8), None, np.eye(3), np.eye(4), 1e300)
    observe = bench.robot.observe
    bench.robot.observe = lambda: replace(observe(), cameras={"c": picture})  # type: ignore[method-assign]
    assert bench.ticks(1)[0].held == "no fresh picture of camera 'c' for 0.5 s"
