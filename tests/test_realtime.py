"""The control loop on a clock that only the test moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from enactive.agents.guard import Chain, EStop
from enactive.agents.realtime import Chunk, ChunkPlayer, ControlLoop, NotYet, PolicyThread, Stack, Tick
from enactive.agents.realtime.record import describe
from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, CameraFrame, CameraInfo, Embodiment, Observation
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot, Reply
from enactive.errors import CompatibilityError, ConfigError, EmbodimentFault, SafetyAbort
from enactive.perception import Belief
from enactive.planners import MoveJoints

BODY = Embodiment("one joint", "joint_pos", ("j",), ("rad",), (-10.0,), (10.0,), "joint", 100.0)


class Clock:
    """Time that passes only when somebody sleeps; sleeping may take longer than asked."""

    def __init__(self) -> None:
        self.now = 100.0
        self.oversleep: Callable[[float], float] = lambda asked: asked

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += self.oversleep(seconds)


class OneJoint:
    """A robot that is where it was last sent, and keeps all it was sent."""

    embodiment = BODY

    def __init__(self, clock: Clock) -> None:
        self.clock, self.sent, self.closed, self.frozen, self.says = clock, [], False, False, Reply()
        self.observation = Observation(joint_positions_rad=np.zeros(1), stamp_s=clock())

    def observe(self) -> Observation:
        if not self.frozen:
            joint = self.sent[-1] if self.sent else 0.0
            self.observation = Observation(joint_positions_rad=np.array([joint]), stamp_s=self.clock())
        return self.observation

    def reply(self) -> Reply:
        return self.says

    def send(self, action: Action) -> Action:
        self.sent.append(float(action.values[0, 0]))
        return action

    def close(self) -> None:
        self.closed = True


class FourJoints(OneJoint):
    """Four of them."""

    embodiment = replace(BODY, name="four joints", labels=tuple("abcd"), units=("rad",) * 4, low=(-10.0,) * 4, high=(10.0,) * 4)

    def observe(self) -> Observation:
        return Observation(joint_positions_rad=self.sent[-1] if self.sent else np.zeros(4), stamp_s=self.clock())

    def send(self, action: Action) -> Action:
        self.sent.append(action.values[0])
        return action


class Inbox:
    """A source that holds what the test puts in."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.chunk, self.alive, self.beat = clock, None, True, clock()

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk | None:
        chunk, self.chunk = self.chunk, None
        return chunk

    def heard_s(self) -> float:
        self.beat = self.clock() if self.alive else self.beat
        return self.beat

    def put(self, *values: float, rate_hz: float = 100.0, answers_s: float | None = None) -> None:
        stamp = self.clock() if answers_s is None else answers_s
        self.chunk = Chunk(Action("joint_pos", np.array(values)[:, np.newaxis], rate_hz), stamp)


class Bench:
    """Clock, robot, source and loop at 100 Hz, with a guard that lets the numbers of a test through."""

    def __init__(self, robot: type[OneJoint] = OneJoint, **settings: Any) -> None:
        self.clock = Clock()
        self.robot, self.source = robot(self.clock), Inbox(self.clock)
        self.estop = EStop(self.clock)
        free = Chain(off=("step", "velocity", "acceleration"))
        defaults = {"guard": free, "estop": self.estop, "blend_s": 0.0, "clock": self.clock, "sleep": self.clock.sleep}
        self.loop = ControlLoop(self.robot, self.source, rate_hz=100.0, **(defaults | settings))

    def ticks(self, count: int) -> list[Tick]:
        ticks = []
        for _ in range(count):
            self.loop.cadence.wait()
            ticks.append(self.loop.tick())
            self.clock.now += 1e-9
        return ticks


def test_until_a_chunk_arrives_the_body_holds_where_it_was_found() -> None:
    bench = Bench()
    ticks = bench.ticks(3)
    assert bench.robot.sent == [0.0, 0.0, 0.0]
    assert [tick.held for tick in ticks] == ["no fresh command yet"] * 3


def test_a_body_found_out_of_bounds_holds_there_and_comes_in_by_steps() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))
    bench.robot.sent.append(14.0)  # where it stands when the loop begins, 4 rad beyond its bound
    bench.ticks(3)
    bench.source.put(*[20.0] * 5)
    bench.ticks(7)
    assert bench.robot.sent == [14.0] * 4 + [13.0, 12.0, 11.0, 10.0, 10.0, 10.0, 10.0]  # steps of 5 % of a range of 20


def test_a_chunk_is_played_at_its_own_rate_and_its_end_is_a_hold() -> None:
    bench = Bench()
    bench.source.put(0.0, 1.0, 2.0, rate_hz=50.0)
    ticks = bench.ticks(8)
    assert bench.robot.sent == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0], abs=1e-5)
    assert [tick.held for tick in ticks] == [""] * 6 + ["starved: the chunk is at its end"] * 2
    assert bench.loop.held == {"starved: the chunk is at its end": 2}


def test_a_late_chunk_skips_what_is_past() -> None:
    bench = Bench()
    bench.source.put(0.0, 1.0, 2.0, 3.0, answers_s=bench.clock() - 0.02)
    bench.ticks(2)
    assert bench.robot.sent == pytest.approx([2.0, 3.0], abs=1e-5)


def test_a_new_chunk_takes_over_without_a_jump() -> None:
    bench = Bench(blend_s=0.04)
    bench.source.put(*[1.0] * 50)
    bench.ticks(10)
    bench.robot.sent.clear()
    bench.source.put(*[2.0] * 50)
    bench.ticks(6)
    assert bench.robot.sent == pytest.approx([1.0, 1.25, 1.5, 1.75, 2.0, 2.0], abs=1e-5)


def test_chunks_that_are_stale_or_overtaken_are_dropped() -> None:
    player = ChunkPlayer(max_age_s=0.2, blend_s=0.0, rate_hz=100.0)

    def chunk(value: float, answers_s: float) -> Chunk:
        return Chunk(Action("joint_pos", np.full((20, 1), value), 100.0), answers_s)

    here = np.zeros(1)
    assert player.take(chunk(1.0, 5.0), 5.1, here)
    assert not player.take(chunk(2.0, 4.95), 5.1, here)
    assert not player.take(chunk(3.0, 5.1), 5.31, here)
    due = player.target(5.1)
    assert due[0] == 1.0
    assert player.dropped == {"overtaken": 1, "stale": 1}
    player.clear(5.05)
    for answers_s in (math.nan, math.inf, 5.31, -math.inf):  # from no time, or from one that is not yet
        assert not player.take(chunk(4.0, answers_s), 5.1, here)
    assert player.target(5.1) is None
    assert player.dropped == {"overtaken": 1, "stale": 5}


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
    bench.source.put(*np.arange(1000.0) / 100)
    held = [tick.held for tick in bench.ticks(9)]
    assert held[:5] == [""] * 5
    assert held[5] == "joint readings frozen for 0.055 s while the commands moved"


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
    assert bench.ticks(9)[-1].held == "joint readings frozen for 0.055 s while the commands moved"


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
    assert bench.ticks(1)[0].held.startswith("starved")
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


def test_a_nan_ends_the_run_with_the_latch_closed_and_nothing_sent_but_the_hold() -> None:
    bench = Bench()
    bench.source.put(1.0, 1.0, np.nan)
    with pytest.raises(SafetyAbort, match="not finite"):
        bench.loop.run(lambda: False)
    assert bench.estop.cause.startswith("guard: the command for one joint is not finite")
    assert np.isfinite(bench.robot.sent).all()
    assert bench.robot.sent[-1] == bench.robot.sent[-2]
    assert bench.robot.closed


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_chunk_of_another_width_ends_the_run_with_the_latch_closed_while_it_is_blended_in(rows: int, width: int) -> None:
    bench = Bench(blend_s=0.05, robot=FourJoints)
    for value, columns in ((0.01, 4), (0.02, width)):
        bench.source.chunk = Chunk(Action("joint_pos", np.full((rows, columns), value), 100.0), bench.clock())
        if columns == 4:
            bench.ticks(1)
    with pytest.raises(SafetyAbort, match=rf"shape \(T, 4\), got joint_pos of shape \(1, {width}\)"):
        bench.loop.run(lambda: False)
    assert bench.estop.cause.startswith("guard: four joints takes joint_pos commands")
    assert [len(values) for values in bench.robot.sent] == [4, 4]
    assert bench.robot.sent[-1].tolist() == bench.robot.sent[-2].tolist()
    assert bench.robot.closed


def test_a_robot_that_sends_less_than_asked_is_held_to_what_it_sent() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))

    class Weak(OneJoint):
        def send(self, action: Action) -> Action:
            return super().send(replace(action, values=np.minimum(action.values, 0.3)))

    bench.loop.robot = bench.robot = Weak(bench.clock)
    bench.source.put(*[5.0] * 30)
    ticks = bench.ticks(3)
    assert [tick.sent[0] for tick in ticks] == [0.3, 0.3, 0.3]
    assert [(each.link, each.requested[0], each.sent[0]) for each in ticks[-1].changed] == [
        ("step", 5.0, pytest.approx(0.3 + 0.05 * 20)),  # a step from 0.3, not from 1.0
        ("robot", pytest.approx(0.3 + 0.05 * 20), 0.3),
    ]
    assert bench.loop.report()["guard"]["changed"] == {"step": 3, "robot": 3}


@pytest.mark.parametrize("said", [np.array([np.nan]), np.zeros(2)])
def test_a_robot_that_says_it_was_sent_what_is_no_command_ends_the_run_and_is_not_told_to_repeat_it(said: np.ndarray) -> None:
    bench = Bench()

    class Broken(OneJoint):
        def send(self, action: Action) -> Action:
            return replace(super().send(action), values=said[np.newaxis])

    bench.loop.robot = bench.robot = Broken(bench.clock)
    with pytest.raises(EmbodimentFault, match="that is no command"):
        bench.loop.run(lambda: False)
    assert bench.robot.sent == [0.0]
    assert bench.robot.closed
    bench = Bench()
    bench.robot.says = Reply("its own reasons", start=said)
    with pytest.raises(EmbodimentFault, match="that is no command"):
        bench.loop.run(lambda: False)
    assert bench.robot.sent == []


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


def test_after_a_hold_a_new_chunk_is_blended_in_from_where_the_body_was_held_and_not_from_what_was_due() -> None:
    bench = Bench(blend_s=0.04, watchdog_s=0.055)
    bench.source.put(*np.arange(1000.0) / 100)
    bench.ticks(20)  # the policy is silent from the first tick on, and what is due goes on rising
    held_at = bench.robot.sent[-1]
    assert held_at < 0.06
    bench.robot.sent.clear()
    bench.source.put(*[1.0] * 50)
    bench.ticks(5)
    assert bench.robot.sent == pytest.approx([held_at + share * (1.0 - held_at) for share in (0, 0.25, 0.5, 0.75, 1)], abs=1e-5)


def test_the_acceleration_that_is_granted_starts_from_the_velocity_that_was_really_sent() -> None:
    bench = Bench(guard=Chain(off=("step", "velocity")))  # 20 ranges of 20 rad per s2: 0.04 rad more each tick, at 100 Hz

    class Weak(OneJoint):
        def send(self, action: Action) -> Action:
            before = self.sent[-1] if self.sent else 0.0
            return super().send(replace(action, values=np.clip(action.values, before - 0.03, before + 0.03)))

    bench.loop.robot = bench.robot = Weak(bench.clock)
    bench.source.put(*[5.0] * 30)
    ticks = bench.ticks(4)
    assert [tick.sent[0] for tick in ticks] == pytest.approx([0.03, 0.06, 0.09, 0.12])
    assert [tick.changed[-1].requested[0] for tick in ticks] == pytest.approx([0.04, 0.1, 0.13, 0.16])  # 0.03 + 0.04 on top


def test_while_the_robot_holds_the_loop_holds_with_it_and_starts_again_from_where_it_is() -> None:
    bench = Bench(guard=Chain(off=("velocity", "acceleration")))
    bench.source.put(*[5.0] * 50)
    bench.ticks(2)
    assert bench.robot.sent == [1.0, 2.0]
    bench.robot.says = Reply("its own reasons", start=np.array([0.25]))
    ticks = bench.ticks(2)
    assert [tick.held for tick in ticks] == ["the robot holds: its own reasons"] * 2
    bench.robot.says = Reply()
    bench.ticks(1)
    assert bench.robot.sent[2:] == [0.25, 0.25, 1.25]


@pytest.mark.parametrize(("ahead_s", "stamp_s"), [(-0.25, 4.75), (3.0, 5.0)])
def test_a_picture_is_never_stamped_after_the_moment_it_was_asked_for(ahead_s: float, stamp_s: float) -> None:
    class Ahead(DeskArm):
        def _observe(self) -> dict[str, Any]:
            obs = super()._observe()
            obs["cameras"]["side"]["stamp_s"] = obs["stamp_s"] + ahead_s
            return obs

    robot = EnvRobot(Ahead(width=8, height=6), seed=0, clock=lambda: 5.0)
    assert robot.observe().cameras["side"].stamp_s == pytest.approx(stamp_s)


def test_a_policy_on_a_thread_drives_the_simulated_arm() -> None:
    env = DeskArm()
    robot = EnvRobot(env, seed=0)
    source = PolicyThread(Stack(JointSweep(period_s=1.0)), env.embodiment, rate_hz=20.0)
    ticks: list[Tick] = []
    loop = ControlLoop(robot, source, rate_hz=100.0, watchdog_s=1.0, max_age_s=1.0, taps=[ticks.append])
    loop.run(lambda: len(ticks) >= 120)
    source.close()
    followed = [tick for tick in ticks if not tick.held]
    assert len(followed) > 60
    for _ in range(200):  # the arm comes to rest where it was last sent
        obs, *_ = env.step(ticks[-1].sent)
    assert obs["joint_positions_rad"] == pytest.approx(ticks[-1].sent, abs=0.05)
    assert np.ptp([tick.sent for tick in ticks], axis=0).min() > 0.1


def test_the_age_of_a_mirrored_picture_is_told_at_every_tick_and_of_those_that_follow_it_at_the_end() -> None:
    bench = Bench(watchdog_s=10.0)
    assert math.isnan(bench.ticks(1)[0].picture_age_s)
    assert "picture" not in describe(bench.loop, bench.ticks(1)[0])
    now = bench.clock() + 0.01  # of the next tick
    bench.source.chunk = Chunk(Action("joint_pos", np.zeros((2, 1)), 100.0), now, 0.0, picture_s=now - 0.03)
    ticks = bench.ticks(4)  # the last holds: the chunk is at its end
    assert [tick.picture_age_s for tick in ticks] == pytest.approx([0.03, 0.04, 0.05, 0.06], abs=1e-6)
    assert "  picture 60 ms old  " in describe(bench.loop, ticks[-1])
    assert bench.loop.report()["picture_age"] == pytest.approx({"mean_s": 0.04, "p99_s": 0.0498, "worst_s": 0.05}, abs=1e-6)


def test_perception_and_planning_run_beside_the_controller() -> None:
    class Count:
        needs, provides = frozenset({"joints"}), frozenset({"count"})

        def reset(self, embodiment: Embodiment, goal: Any = None) -> None:
            self.count = 0

        def update(self, observation: Observation) -> Belief:
            self.count += 1
            return Belief(self.count, observation, extra={"count": self.count})

    class Follow:
        goals, needs, emits, trace = (object,), frozenset({"count"}), (MoveJoints,), {}

        def reset(self, goal: Any, embodiment: Embodiment) -> None: ...

        def plan(self, belief: Belief) -> MoveJoints:
            return MoveJoints(np.array([[float(belief.extra["count"])]]))

    class Obey:
        serves, control_modes = (MoveJoints,), frozenset({"joint_pos"})

        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, intent: Any, observation: Observation, belief: Belief) -> Action:
            return Action("joint_pos", intent.positions_rad)

    with pytest.raises(ConfigError, match="no `standing_intent`"):
        Stack(Obey())
    stack = Stack(Obey(), perceiver=Count(), planner=Follow(), goal="g")  # type: ignore[arg-type]
    stack.perceiver.reset(BODY)  # type: ignore[union-attr]
    seen = Observation(joint_positions_rad=np.zeros(1))
    with pytest.raises(NotYet):
        stack.act(seen)
    stack.perceive()
    stack.plan()
    for _ in range(2):  # a newer belief than the planner has looked at, made once of one observation
        stack.perceive()
    assert stack.act(replace(seen, stamp_s=0.9)).values.tolist() == [[1.0]]
    for _ in range(2):
        stack.perceive()
    assert stack.act(seen).values.tolist() == [[1.0]]
    stack.plan()
    assert stack.act(seen).values.tolist() == [[2.0]]
    with pytest.raises(NotYet, match="more than 1 s behind"):
        stack.act(replace(seen, stamp_s=2.0))  # and what was perceived last is of 0.9 s


def test_what_ends_a_policy_ends_the_loop() -> None:
    class Broken:
        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, observation: Observation) -> Action:
            raise ValueError("weights are missing")

    robot = OneJoint(Clock())
    source = PolicyThread(Broken(), BODY)
    source.offer(robot.observe())
    source._thread._thread.join(5.0)
    loop = ControlLoop(robot, source, rate_hz=100.0)
    with pytest.raises(ValueError, match="weights are missing"):
        loop.run(lambda: False)
    assert robot.closed


def test_bodies_that_the_loop_cannot_drive_are_refused() -> None:
    robot = OneJoint(Clock())
    robot.embodiment = replace(BODY, control_mode="eef_delta_pose")
    with pytest.raises(CompatibilityError, match="takes eef_delta_pose commands: the control loop drives joint_pos"):
        ControlLoop(robot, Inbox(robot.clock), rate_hz=100.0)
    blind = Bench()
    blind.robot.observe = lambda: Observation(stamp_s=blind.clock())  # type: ignore[method-assign]
    with pytest.raises(EmbodimentFault, match="must measure its 1 joints"):
        blind.ticks(1)
