"""A robot behind a bus: messages, and faults on a clock that the test moves."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from enactive.agents.component import Component
from enactive.agents.realtime import Chunk, ControlLoop, Tick
from enactive.agents.realtime.policy_main import answer
from enactive.agents.realtime.process import PolicyProcess
from enactive.agents.realtime.record import state_of as state_of_run
from enactive.agents.realtime.service import INFO_EVERY, robot_loop
from enactive.envs import Action, CameraFrame, Observation
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.codec import (
    STATE,
    Malformed,
    camera_message,
    camera_of,
    embodiment_message,
    embodiment_of_message,
    pack,
    state_message,
    state_of,
    unpack,
)
from enactive.envs.bus.faults import Faults, FaultyBus
from enactive.envs.bus.robot import BusRobot
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import EmbodimentFault, SafetyAbort


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_messages_come_back_as_they_were_sent() -> None:
    body = DeskArm(width=8, height=6).embodiment
    assert embodiment_of_message(unpack(embodiment_message(body), body=dict)) == body
    seen = Observation(joint_positions_rad=np.array([0.1, np.nan]), text="hi", stamp_s=3.5, extra={"joint_efforts": np.ones(2)})
    back = state_of(unpack(state_message(seen), **STATE), {})
    np.testing.assert_array_equal(back.joint_positions_rad, [0.1, np.nan])
    assert (back.text, back.stamp_s, back.extra["joint_efforts"].tolist()) == ("hi", 3.5, [1.0, 1.0])
    rgb = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    name, frame = camera_of(camera_message("side", CameraFrame(rgb, None, np.eye(3), np.eye(4), 1.0)))
    assert name == "side"
    np.testing.assert_array_equal(frame.rgb, rgb)


def test_each_camera_is_sent_by_its_own_time_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def frame(stamp_s: float) -> CameraFrame:
        return CameraFrame(np.zeros((2, 2, 3), np.uint8), None, np.eye(3), np.eye(4), stamp_s)

    wire = MemoryBus()
    sent: list[tuple[str, float]] = []
    monkeypatch.setattr("enactive.agents.realtime.process.ZenohBus", lambda line, listen: wire)
    monkeypatch.setattr("enactive.agents.realtime.process.Child", lambda module, config: None)  # what it is offered shows here
    policy = PolicyProcess(Component("controllers", "JointSweep"), DeskArm().embodiment)
    wire.subscribe("camera", lambda payload: sent.append((camera_of(payload)[0], camera_of(payload)[1].stamp_s)))
    for front_s, wrist_s in ((2.0, 1.0), (2.0, 1.5), (2.0, 1.5), (3.0, 1.5), (1e300, 1.5), (4.0, 1.5)):
        policy.offer(Observation({"front": frame(front_s), "wrist": frame(wrist_s)}, None, np.zeros(4)))
    assert sent == [("front", 2.0), ("wrist", 1.0), ("wrist", 1.5), ("front", 3.0), ("front", 1e300), ("front", 4.0)]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\x00",
        pack({"stamp_s": 1}),
        b"\x93\x01\x02\x03",
        pack({"stamp_s": 1.0, "joints": {"dtype": "|O", "shape": [1], "bytes": b"12345678"}, "text": "", "extra": {}}),
        pack({"stamp_s": 1.0, "joints": {"dtype": "<f8", "shape": [9], "bytes": b"1234"}, "text": "", "extra": {}}),
        pack({"stamp_s": 1.0, "joints": np.array(["0.1", "up"]), "text": "", "extra": {}}),
    ],
)
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(payload, **STATE)


class Rig:
    """A desk arm behind a faulty memory bus, with its client, both ticked by hand at 100 Hz."""

    def __init__(self, watchdog_s: float = 0.055) -> None:
        self.clock = Clock()
        self.wire = MemoryBus()
        self.bus = FaultyBus(self.wire, np.random.default_rng(0), self.clock)
        self.body = EnvRobot(DeskArm(), seed=0, clock=self.clock)
        self.server = robot_loop(self.bus, self.body, rate_hz=100.0, watchdog_s=watchdog_s, clock=self.clock)
        self.sent: list[np.ndarray] = []
        self.server.taps = (*self.server.taps, self._keep)
        self.causes: list[str] = []

        def introduce(box: Mailbox, timeout_s: float) -> bytes | None:
            self.server.source._count += -self.server.source._count % INFO_EVERY  # type: ignore[attr-defined]
            self.serve()
            return box.take()

        self.introduce = introduce
        self.robot = self.connect()

    def connect(self) -> BusRobot:
        return BusRobot(self.wire, wait=self.introduce, clock=self.clock)

    def _keep(self, tick: Tick) -> None:
        self.sent.append(tick.sent)
        self.causes.append(tick.held)

    def serve(self) -> None:
        self.clock.now += 0.01
        self.bus.pump(self.clock.now)
        try:
            self.server.tick()
        except SafetyAbort:
            self.sent.append(self.body._env._data.ctrl.copy())  # type: ignore[attr-defined]
            self.causes.append("abort")

    def move(self, times: int, by: float = 0.005) -> None:
        """The client follows its observation with a command a little further."""
        for _ in range(times):
            observation = self.robot.observe()
            target = (self.sent[-1] if self.sent else observation.joint_positions_rad) + by
            self.robot.send(Action("joint_pos", target[np.newaxis]))
            self.serve()

    def still(self, last: int) -> bool:
        return bool((np.ptp(self.sent[-last:], axis=0) == 0).all())


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


class Weak(EnvRobot):
    """A body that moves no joint by more than 0.01 rad at a time, and says what it made of what it was sent."""

    last: np.ndarray | None = None

    def send(self, action: Action) -> Action:
        start = self._env._data.ctrl if self.last is None else self.last  # type: ignore[attr-defined]
        self.last = np.clip(action.values[0], start - 0.01, start + 0.01)
        super().send(replace(action, values=self.last[np.newaxis]))
        return action if np.array_equal(self.last, action.values[0]) else replace(action, values=self.last[np.newaxis])


class Far:
    """A policy that wants to be 1 rad further on at once."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk:
        return Chunk(Action("joint_pos", self.seen.joint_positions_rad[np.newaxis] + 1.0), self.seen.stamp_s)

    def heard_s(self) -> float:
        return self.rig.clock()


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


def test_a_nan_closes_the_robots_own_latch_until_it_is_reset() -> None:
    rig = Rig()
    rig.move(5)
    rig.move(1, by=np.nan)
    assert rig.causes[-1] == "abort"
    rig.move(5)
    assert rig.still(6)
    assert rig.causes[-1].startswith("emergency stop: guard: the command for desk arm is not finite")
    rig.robot.observe()  # takes in what the robot tells
    assert str(rig.robot.told["latched"]).startswith("guard")
    rig.robot.reset_stop("operator")
    rig.move(3)
    assert rig.causes[-1] == ""


def test_a_stop_overtakes_the_commands_and_they_stay_refused_until_the_reset() -> None:
    rig = Rig()
    rig.move(5)
    rig.robot.stop("key")
    rig.move(5)
    assert rig.causes[-5:] == ["emergency stop: key"] * 5
    assert rig.still(6)
    rig.wire.publish("stop", b"garbage")
    assert rig.server.estop.events[-1].cause == "a stop that could not be read"
    rig.robot.reset_stop("operator")
    rig.move(2)
    assert rig.causes[-1] == ""


def test_a_stop_is_repeated_until_it_is_acknowledged_and_its_repetitions_do_not_undo_a_reset() -> None:
    rig = Rig()
    rig.move(5)
    kept: list[bytes] = []
    rig.wire.subscribe("stop", kept.append)
    rig.bus.faults = Faults(loss=0.8)
    rig.robot.stop("key")
    rig.move(12)
    assert rig.server.estop.cause == "key"
    assert len(rig.server.estop.events) == 1  # however often it was said
    rig.bus.faults = Faults()
    rig.move(3)
    said = len(kept)
    assert said > 2
    rig.move(5)
    assert len(kept) == said  # an acknowledged stop is not said again
    rig.robot.reset_stop("operator")
    rig.move(2)
    for payload in kept[:said]:
        rig.wire.publish("stop", payload)  # late copies of the stop
    assert rig.server.estop.cause == ""
    rig.robot.stop("key again")
    for payload in kept[said:-1]:
        rig.wire.publish("stop", payload)  # late copies of the reset
    assert rig.server.estop.cause == "key again"


def test_a_stop_that_is_not_acknowledged_in_time_ends_the_run_and_the_robot_holds() -> None:
    rig = Rig()
    rig.move(5)
    rig.bus.faults = Faults(cut=True)
    rig.robot.stop("key")
    with pytest.raises(EmbodimentFault, match=r"did not acknowledge the stop within 0\.5 s"):
        rig.move(60)
    assert 45 < len(rig.sent) - 7 < 55
    assert rig.still(45)


def test_a_latch_of_the_robots_own_stops_the_loop_and_a_reset_opens_both() -> None:
    rig = Rig()
    ticks: list[Tick] = []
    loop = ControlLoop(rig.robot, Far(rig), rate_hz=100.0, clock=rig.clock, taps=[ticks.append])
    loop.estop.listen(lambda event: (rig.robot.stop if event.kind == "latch" else rig.robot.reset_stop)(event.cause))

    def turns(count: int) -> list[str]:
        said = []
        for _ in range(count):
            loop.tick()
            said.append(state_of_run(loop, ticks[-1]))
            rig.serve()
        return said

    assert turns(10)[-5:] == ["following"] * 5
    rig.server.estop.latch("its own key")
    assert turns(4)[-2:] == ["STOPPED until reset: the robot's own: its own key"] * 2
    assert rig.still(3)
    loop.estop.reset("operator")
    said = turns(10)
    assert not any("STOPPED" in words for words in said)
    assert said[0].startswith("HOLDING: ")
    assert said[-1] == "following"
    assert [(event.kind, event.cause) for event in loop.estop.events] == [
        ("latch", "the robot's own: its own key"),
        ("reset", "operator"),
    ]


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


def test_a_robot_whose_stop_is_not_answered_is_closed_twice_and_told_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    line, wire = Line.fresh(), MemoryBus()
    rig = Rig()
    here = ZenohBus(line, listen=True)
    there = ZenohBus(line, listen=False)
    monkeypatch.setattr(there, "subscribe", wire.subscribe)  # it hears a robot that no stop of its own ever reaches
    rig.server.source._bus = wire  # type: ignore[attr-defined]

    def introduce(box: Mailbox, timeout_s: float) -> bytes | None:
        rig.server.source._count += -rig.server.source._count % INFO_EVERY  # type: ignore[attr-defined]
        rig.serve()
        return box.take()

    robot = BusRobot(there, wait=introduce, clock=rig.clock)
    robot.stop("key")
    asked, ticks = rig.clock.now, len(rig.sent)
    robot.close()
    assert 0.49 < rig.clock.now - asked < 0.53
    assert len(rig.sent) - ticks in (50, 51)
    robot.close()
    robot.stop("again")
    robot.reset_stop("operator")
    assert rig.server.estop.cause == ""
    here.close()


def test_a_policy_drops_and_counts_what_it_cannot_read_and_goes_on() -> None:
    wire, leaving, ready, dropped = MemoryBus(), threading.Event(), threading.Event(), Counter[str]()
    chunks = Mailbox()
    wire.subscribe("chunk", chunks.put)
    config = {"controller": Component("controllers", "JointSweep").to_json(), "rate_hz": 1000.0}
    policy = threading.Thread(target=answer, args=(wire, config, leaving, ready, dropped))
    policy.start()
    body = DeskArm().embodiment
    seen = Observation(joint_positions_rad=np.zeros(4), stamp_s=3.0)
    try:
        for _ in range(100):  # until it listens
            wire.publish("info", embodiment_message(body))
            wire.publish("state", state_message(seen))
            if chunks.wait(0.1) is not None:
                break
        assert ready.is_set()
        wire.publish("camera", b"no picture")
        wire.publish("state", b"no state")
        for _ in range(100):
            if dropped.total() == 2:
                break
            time.sleep(0.05)
        assert dropped == {"camera": 1, "state": 1}
        chunks.take()
        wire.publish("state", state_message(replace(seen, stamp_s=4.0)))
        assert unpack(chunks.wait(5.0), answers_s=float)["answers_s"] == 4.0
    finally:
        leaving.set()
        policy.join()
