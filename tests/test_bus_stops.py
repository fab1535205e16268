"""Stops and resets over a bus: they are told, acknowledged and repeated, and a robot latches by itself."""

from __future__ import annotations

import numpy as np
import pytest
from bus_rig import Far, Rig

from enactive.agents.guard.base import Link
from enactive.agents.realtime import ControlLoop, Tick
from enactive.agents.realtime.record import state_of as state_of_run
from enactive.envs import Action
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.faults import Faults
from enactive.envs.bus.robot import BusRobot
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.errors import EmbodimentFault, SafetyAbort


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
    rig.move(3)
    assert rig.causes[-3] == "emergency stop: just reset"
    assert rig.causes[-1] == ""


@pytest.mark.parametrize("lost", [False, True])
def test_a_robot_that_hears_a_stop_and_its_reset_at_once_or_the_reset_alone_forgets_what_it_was_sent(lost: bool) -> None:
    rig = Rig()
    rig.move(5)
    target = rig.sent[-1] + 0.005
    rig.robot.observe()
    rig.robot.send(Action("joint_pos", target[np.newaxis]))  # it waits for the robot's next tick
    rig.bus.faults = Faults(cut=lost)
    rig.robot.stop("key")
    rig.bus.faults = Faults()
    rig.robot.reset_stop("key")
    rig.serve()
    assert rig.causes[-1] == "emergency stop: just reset"
    assert [event.kind for event in rig.server.estop.events] == ["latch", "reset"][lost:]
    rig.robot.send(Action("joint_pos", target[np.newaxis]))  # made from what was seen before the stop
    rig.serve()
    assert rig.causes[-1] == "starved: the chunk is at its end"
    assert rig.server.player.dropped["from before a stop"] == 1
    assert rig.still(3)
    rig.move(3)
    assert rig.causes[-1] == ""
    assert not rig.still(2)


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
    with pytest.raises(EmbodimentFault, match=r"did not acknowledge the stop within 0\.5 s .*, if its process still lives"):
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


def test_a_latch_of_the_robots_own_that_is_told_before_a_reset_is_acknowledged_is_news_once_it_is() -> None:
    rig = Rig()
    rig.move(5)
    rig.robot.stop("key")
    rig.move(3)
    assert rig.robot.observe().stamp_s
    assert rig.robot.reply().latched == "key"

    class Late(dict[str, int]):
        """Right after the reset the latch closes again, and a state goes out in which the reset is not acknowledged yet."""

        def __setitem__(self, who: str, number: int) -> None:
            rig.server.estop.latch("its own key")
            rig.server.source.offer(rig.body.observe())
            super().__setitem__(who, number)

    rig.server.source._answered = Late(rig.server.source._answered)  # type: ignore[attr-defined]
    rig.robot.reset_stop("operator")
    rig.robot.observe()
    assert rig.robot.reply().latched == ""  # it may be from before the reset
    rig.serve()
    rig.robot.observe()
    assert rig.robot.reply().latched == "its own key"


def test_a_robot_whose_guard_refuses_even_the_hold_latches_once_and_tells_that_it_holds() -> None:
    rig = Rig()
    rig.move(5)

    class Broken(Link):
        def review(self, action: Action) -> Action:
            raise SafetyAbort("the guard's model is gone")

    rig.server.guard.links = (*rig.server.guard.links, Broken())
    ticks = len(rig.sent)
    rig.move(5)
    assert [(event.kind, event.cause) for event in rig.server.estop.events] == [("latch", "guard: the guard's model is gone")]
    assert len(rig.sent) - ticks == 5
    assert rig.still(6)
    rig.robot.observe()
    assert rig.robot.told["held"] == "emergency stop: guard: the guard's model is gone"
    assert rig.server.held[rig.robot.told["held"]] == 5


def test_a_robot_whose_stop_is_not_answered_is_closed_twice_and_told_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    line, wire = Line.fresh(), MemoryBus()
    rig = Rig()
    here = ZenohBus(line, listen=True)
    there = ZenohBus(line, listen=False)
    monkeypatch.setattr(there, "subscribe", wire.subscribe)  # it hears a robot that no stop of its own ever reaches
    rig.server.source._bus = wire  # type: ignore[attr-defined]

    def introduce(box: Mailbox, timeout_s: float) -> bytes | None:
        rig.server.source._informed_s = -np.inf  # type: ignore[attr-defined]
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
