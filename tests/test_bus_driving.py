"""A robot that is driven over a bus: commands and states, cuts, delays and disorder on a clock that the test moves."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from bus_rig import Far, Rig, Weak

from enactive.agents.realtime import ControlLoop, Tick
from enactive.envs import Action, CameraFrame, Observation
from enactive.envs.bus.base import MemoryBus
from enactive.envs.bus.codec import (
    camera_message,
    pack,
    unpack,
)
from enactive.envs.bus.faults import Faults
from enactive.envs.bus.robot import BusRobot
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import EmbodimentFault


def test_commands_reach_the_body_and_silence_is_a_hold() -> None:
    rig = Rig()
    rig.move(20)
    assert rig.causes[-1] == ""
    assert rig.sent[-1] == pytest.approx(rig.sent[-11] + 0.05)
    for _ in range(8):
        rig.serve()
    assert rig.causes[-3:] == ["no fresh command for 0.055 s"] * 3
    assert rig.still(8)
    rig.move(1)
    assert rig.causes[-1] == ""


def test_a_cut_line_holds_and_late_packets_do_not_move_the_body() -> None:
    rig = Rig()
    rig.move(10)
    rig.bus.faults = Faults(delay_s=0.5)
    rig.move(80)  # half a second later the first of them arrive, each as old as the last
    assert rig.still(70)
    assert rig.server.player.dropped["stale"] > 10
    rig.bus.faults = Faults(cut=True)
    rig.move(10)
    rig.bus.faults = Faults()
    for _ in range(60):
        rig.serve()  # what was under way arrives, and nothing moves
    assert rig.still(100)
    rig.move(3)
    assert not rig.still(3)


@pytest.mark.parametrize("values", [np.array(["0.1", "up", "0", "0"]), np.zeros(4, complex), np.zeros(4, "M8[s]")])
def test_a_command_that_is_no_numbers_is_dropped_and_counted(values: np.ndarray) -> None:
    rig = Rig()
    rig.move(5)
    said = {"boot": rig.robot.boot, "from": rig.robot._name, "seq": 1000, "answers_s": rig.robot.told["stamp_s"]}
    rig.wire.publish("command", pack({**said, "values": values}))
    rig.serve()
    assert rig.still(2)
    assert rig.server.source.refused == {"malformed": 1}  # type: ignore[attr-defined]
    rig.move(1)
    assert rig.causes[-1] == ""
    assert not rig.still(2)


def test_the_robots_loop_does_not_wait_while_a_message_is_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.move(5)
    reading, read, ticked = threading.Event(), threading.Event(), threading.Event()

    def slowly(payload: bytes, **fields: type) -> dict[str, object]:
        reading.set()
        read.wait(20.0)
        return unpack(payload, **fields)

    def tick() -> None:
        rig.serve()
        ticked.set()

    monkeypatch.setattr("enactive.agents.realtime.service.unpack", slowly)
    bus = threading.Thread(target=rig.wire.publish, args=("command", bytes(1_000_000)), daemon=True)
    bus.start()
    assert reading.wait(10.0)
    loop = threading.Thread(target=tick, daemon=True)
    loop.start()
    in_time = ticked.wait(5.0)
    read.set()
    bus.join(10.0)
    loop.join(10.0)
    assert in_time
    assert rig.server.source.refused == {"malformed": 1}  # type: ignore[attr-defined]


def test_what_the_robot_makes_of_a_command_comes_back_is_counted_and_is_where_the_next_one_starts() -> None:
    rig = Rig()
    rig.body = rig.server.robot = Weak(DeskArm(), seed=0, clock=rig.clock)
    ticks: list[Tick] = []
    loop = ControlLoop(rig.robot, Far(rig), rate_hz=100.0, clock=rig.clock, taps=[ticks.append])
    for _ in range(60):
        loop.tick()
        rig.serve()
    told = rig.robot.told
    assert (told["sent"] == rig.sent[-3]).all()  # the newest state was told before the last two commands
    assert told["changed"]["robot"] == rig.server.guard.counts["robot"] - 2 > 40
    heard = [change for tick in ticks for change in tick.changed if change.link == "robot"]
    assert len(heard) == loop.guard.counts["robot"] > 40
    assert all((np.abs(change.requested - change.sent) > 0).any() for change in heard)
    ahead = np.array([tick.sent - there for tick, there in zip(ticks, rig.sent[-60:], strict=True)])
    assert np.abs(ahead).max() < 0.3  # 60 ticks of 0.03 rad against 0.01 would lead 1.2 rad ahead
    assert (np.diff(np.array(rig.sent), axis=0) >= 0).all()  # and none leads back


def test_a_hold_stays_where_it_is_while_the_robot_is_on_its_way_there() -> None:
    rig = Rig()
    rig.body = rig.server.robot = Weak(DeskArm(), seed=0, clock=rig.clock)
    ticks: list[Tick] = []
    far = Far(rig)
    loop = ControlLoop(rig.robot, far, rate_hz=100.0, clock=rig.clock, taps=[ticks.append])
    for turn in range(60):
        if turn == 8:
            far.take = lambda: None  # type: ignore[method-assign, assignment, return-value]
        loop.tick()
        rig.serve()
    held = [tick for tick in ticks[8:] if tick.held]
    assert len(held) > 40
    assert all((tick.sent == held[0].sent).all() for tick in held)
    assert (rig.sent[-1] == held[0].sent).all()  # a hundredth of a radian at a time


def test_a_robot_that_holds_is_told_as_such_and_the_loop_holds_with_it() -> None:
    rig = Rig(watchdog_s=0.055)
    ticks: list[Tick] = []
    loop = ControlLoop(rig.robot, Far(rig), rate_hz=100.0, clock=rig.clock, taps=[ticks.append])

    def turns(count: int) -> list[str]:
        for _ in range(count):
            loop.tick()
            rig.serve()
        return [tick.held for tick in ticks[-count:]]

    assert turns(10)[-5:] == [""] * 5
    rig.wire._callbacks["command"].clear()  # commands are lost, states are not
    assert turns(12)[-3:] == ["the robot holds: no fresh command for 0.055 s"] * 3
    assert (ticks[-1].sent == rig.sent[-1]).all()


class Encoders(EnvRobot):
    """A body whose readings come in steps, as encoders give them: at rest they are the same to the last bit."""

    def observe(self) -> Observation:
        seen = super().observe()
        return replace(seen, joint_positions_rad=np.round(seen.joint_positions_rad / 0.0015) * 0.0015)


@pytest.mark.parametrize("stalled", [0, 25])
def test_a_robot_that_stalls_as_motion_begins_is_not_taken_for_frozen_by_what_it_never_followed(stalled: int) -> None:
    rig = Rig(watchdog_s=0.1)
    rig.server.robot = Encoders(DeskArm(), seed=0, clock=rig.clock)
    ticks: list[Tick] = []
    far = Far(rig)
    loop = ControlLoop(rig.robot, far, rate_hz=100.0, clock=rig.clock, taps=[ticks.append])

    def turns(count: int, serves: bool = True) -> list[str]:
        for _ in range(count):
            loop.tick()
            rig.clock.now += 0.0 if serves else 0.01
            if serves:
                rig.serve()
        return [tick.held for tick in ticks[len(ticks) - count :]]

    take, far.take = far.take, lambda: None  # type: ignore[method-assign, assignment, return-value]
    turns(200)
    at_rest = [tick.observation.joint_positions_rad for tick in ticks[-50:]]
    assert np.ptp(at_rest, axis=0).max() == 0.0
    far.take = take  # type: ignore[method-assign]
    turns(stalled, serves=False)
    if stalled:
        assert np.abs(ticks[-1].sent - rig.sent[-1]).max() > 0.02  # it was asked to move, and has not heard of it
    said = turns(60)
    assert not any("frozen" in words for words in said)
    assert said[-40:] == [""] * 40
    assert np.abs(rig.sent[-1] - at_rest[-1]).max() > 0.5


def test_reordered_commands_are_refused() -> None:
    rig = Rig(watchdog_s=0.2)
    rig.bus.faults = Faults(jitter_s=0.05)
    rig.move(200, by=0.002)
    assert rig.server.source.refused["out of order"] > 5  # type: ignore[attr-defined]
    steps = np.diff(np.array(rig.sent), axis=0)
    assert np.abs(steps).max() <= 3.0 / 100 + 1e-9


def test_a_robot_follows_one_end_at_a_time_and_another_once_that_is_silent() -> None:
    rig = Rig()
    rig.move(50)
    first, other = rig.robot, rig.connect()
    ticks: list[Tick] = []
    late = ControlLoop(other, Far(rig), rate_hz=100.0, clock=rig.clock, taps=[ticks.append])
    for _ in range(10):
        late.tick()
        first.observe()
        first.send(Action("joint_pos", rig.sent[-1][np.newaxis]))
        late.robot.send(Action("joint_pos", rig.sent[-1][np.newaxis] + 1.0))  # which arrives last, and last again
        rig.serve()
    assert rig.still(10)
    assert [tick.held for tick in ticks[-5:]] == ["the robot holds: another drives it"] * 5
    assert rig.server.source.refused == {"while another drives": 20}  # type: ignore[attr-defined]
    for _ in range(20):
        late.tick()
        rig.serve()
    assert [tick.held for tick in ticks[-5:]] == [""] * 5
    assert not rig.still(5)
    assert first.observe()
    assert first.reply().held == "another drives it"


def test_a_state_that_was_overtaken_unsays_nothing() -> None:
    rig = Rig()
    states: list[bytes] = []
    rig.wire.subscribe("state", states.append)
    rig.move(5)
    newest = rig.robot.observe()
    assert newest.stamp_s == unpack(states[-1], stamp_s=float)["stamp_s"]
    rig.wire.publish("state", states[0])
    assert rig.robot.observe().stamp_s == newest.stamp_s


def test_a_state_that_arrives_after_a_newer_one_between_two_ticks_does_not_hide_that() -> None:
    rig = Rig()
    rig.move(5)
    held: list[bytes] = []
    rig.wire._callbacks["state"], deliver = [held.append], rig.wire._callbacks["state"]
    rig.serve()
    rig.serve()
    rig.wire._callbacks["state"] = deliver
    older, newer = held
    for payload in (newer, older):
        rig.wire.publish("state", payload)
    assert rig.robot.observe().stamp_s == unpack(newer, stamp_s=float)["stamp_s"]
    assert np.array_equal(rig.robot.reply().sent, unpack(newer, sent=np.ndarray)["sent"])  # it is news
    rig.robot.observe()
    assert rig.robot.reply().sent is None  # once


def test_a_picture_that_was_overtaken_is_not_shown_again_and_one_from_the_future_does_not_stay() -> None:
    rig = Rig()

    def shown(stamp_s: float) -> float:
        frame = CameraFrame(np.zeros((2, 2, 3), np.uint8), None, np.eye(3), np.eye(4), stamp_s)
        rig.wire.publish("camera", camera_message("side", frame))
        return rig.robot.observe().cameras["side"].stamp_s

    now = rig.clock.now
    assert [shown(stamp_s) for stamp_s in (now - 0.2, now - 0.1, now - 0.15)] == [now - 0.2, now - 0.1, now - 0.1]
    for no_time in (np.inf, now + 9.0, np.nan):
        shown(no_time)
        assert shown(now) == now


def test_a_frozen_robot_state_makes_its_commands_stale() -> None:
    rig = Rig()
    rig.move(10)
    rig.bus.faults = Faults(frozen="stamps")
    rig.move(20)
    assert rig.still(10)


def test_a_restarted_robot_refuses_what_was_meant_for_its_former_self() -> None:
    rig = Rig()
    rig.move(5)
    rig.server.source.boot = "another"  # type: ignore[attr-defined]
    rig.move(1)
    assert rig.server.source.refused == {"meant for a former self": 1}  # type: ignore[attr-defined]
    with pytest.raises(EmbodimentFault, match="was restarted and holds"):
        rig.robot.observe()


def test_no_robot_is_a_sentence_and_not_a_wait_for_ever() -> None:
    with pytest.raises(EmbodimentFault, match="no robot introduced itself"):
        BusRobot(MemoryBus(), timeout_s=0.01)


@pytest.mark.parametrize(("tick_s", "most"), [(0.01, 0.51), (0.2, 0.61)])
def test_who_comes_later_learns_what_the_body_is_within_half_a_second(tick_s: float, most: float) -> None:
    rig = Rig()
    told, end = list[float](), rig.clock.now + 5.0
    rig.wire.subscribe("info", lambda _: told.append(rig.clock.now))
    while rig.clock.now < end:
        rig.clock.now += tick_s - 0.01
        rig.serve()
    assert len(told) > 5
    assert np.diff(told).max() < most
    assert np.diff(told).min() > 0.45  # and it is not told at every tick
