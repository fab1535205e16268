"""Bodies that are told to move, and go on until they are told otherwise: by twists of the base, and by joint velocities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bus_rig import Clock
from velocity_arm import VelocityArm

from enactive.agents import Agent
from enactive.agents.guard import EStop
from enactive.agents.realtime import Chunk, ControlLoop, Tick
from enactive.agents.realtime.service import robot_loop, serve
from enactive.envs import Action, ControlMode, Embodiment, Goal, ObjectGoal, Observation
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.robot import BusRobot
from enactive.envs.household.env import Household
from enactive.envs.robot import EnvRobot
from enactive.errors import CompatibilityError, EmbodimentFault, SafetyAbort, words_of
from enactive.perception import Belief
from enactive.planners import Intent, Move


class Steady:
    """A policy that wants the same velocities for ever, at once, in chunks of half a second, until it is `silent`."""

    def __init__(self, clock: Clock, mode: ControlMode, *values: float) -> None:
        self.clock, self.mode, self.values, self.silent = clock, mode, values, False

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk | None:
        return None if self.silent else Chunk(Action(self.mode, np.tile(self.values, (50, 1)), 100.0), self.seen.stamp_s)

    def heard_s(self) -> float:
        return self.clock()


class Bench:
    """A simulated body in the control loop, on a clock that moves by one period a tick."""

    def __init__(self, env: Any, *values: float, **more: Any) -> None:
        self.env, self.clock, self.estop = env, Clock(), EStop(lambda: self.clock())
        self.robot = EnvRobot(env, seed=0, clock=self.clock)
        self.source = Steady(self.clock, env.embodiment.control_mode, *values)
        self.period_s = 1.0 / env.embodiment.rate_hz
        bounds = {"blend_s": 0.0, "watchdog_s": 5.5 * self.period_s, "max_age_s": 5.5 * self.period_s, "max_picture_age_s": 1.0}
        rate_hz, clock = env.embodiment.rate_hz, self.clock
        self.loop = ControlLoop(self.robot, self.source, rate_hz=rate_hz, estop=self.estop, clock=clock, **(bounds | more))

    def ticks(self, count: int) -> list[Tick]:
        ticks = []
        for _ in range(count):
            self.clock.now += self.period_s
            ticks.append(self.loop.tick())
        return ticks


def test_a_stop_brings_an_arm_that_is_driven_by_velocities_to_rest() -> None:
    bench = Bench(VelocityArm(), 2.0, -2.0)
    ticks = bench.ticks(60)
    assert [float(tick.sent[0]) for tick in ticks[:4]] == pytest.approx([0.08, 0.16, 0.24, 0.32])  # 8 rad/s2, at 100 Hz
    assert bench.env.data.qvel == pytest.approx([2.0, -2.0], abs=0.1)
    bench.estop.latch("key")
    held = bench.ticks(30)
    assert [tick.sent.tolist() for tick in held] == [[0.0, 0.0]] * 30  # at once, and for as long as it is latched
    place = bench.env.data.qpos.copy()
    bench.ticks(100)
    assert bench.env.data.qpos == pytest.approx(place, abs=1e-3)
    bench.estop.reset("operator")
    again = bench.ticks(4)
    assert [float(tick.sent[0]) for tick in again] == pytest.approx([0.0, 0.08, 0.16, 0.24])  # from rest


def test_a_silent_policy_is_standing_still_and_so_is_the_end_of_a_chunk() -> None:
    bench = Bench(VelocityArm(), 1.0, 1.0)
    bench.ticks(40)
    bench.source.silent = True
    held = bench.ticks(8)
    assert held[-1].held == "no fresh command for 0.055 s"
    assert [tick.sent.tolist() for tick in held if tick.held] == [[0.0, 0.0]] * 4
    bench = Bench(VelocityArm(), 1.0, 1.0, watchdog_s=10.0, max_age_s=10.0)
    bench.ticks(40)
    bench.source.silent = True
    held = bench.ticks(60)
    assert held[-1].held == "starved: the chunk is at its end"
    assert held[-1].sent.tolist() == [0.0, 0.0]


class Limited(VelocityArm):
    """Its joints end at 0.3 rad, and its encoders tell 4096 places a turn."""

    def reset(self, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(**more)
        self.model.jnt_limited[:], self.model.jnt_range[:] = 1, (-0.3, 0.3)
        return self._observe(), {}

    def _observe(self) -> dict[str, Any]:
        place = 2.0 * np.pi / 4096
        return super()._observe() | {"joint_positions_rad": np.round(self.data.qpos / place) * place}


def test_joints_that_velocities_drove_into_their_stops_are_driven_back() -> None:
    bench = Bench(Limited(), 1.0, 1.0)
    ticks = bench.ticks(80)
    assert {tick.held for tick in ticks} == {""}
    readings = [tick.observation.joint_positions_rad for tick in ticks[-20:]]
    assert np.ptp(readings, axis=0).max() == 0.0  # for 0.2 s, while readings count as frozen after 0.055 s
    assert readings[-1].min() > 0.29
    bench.source.values = (-1.0, -1.0)
    ticks += bench.ticks(40)
    assert {tick.held for tick in ticks} == {""}
    assert ticks[-1].observation.joint_positions_rad.max() < 0.1


def test_a_stop_brings_a_base_in_an_apartment_to_rest_and_the_guard_sets_off_gently() -> None:
    env = Household(seed=3, control_mode="base_twist", width=32, height=24)
    bench = Bench(env, 0.0, 1.5)
    ticks = bench.ticks(6)
    assert [tick.sent.tolist() for tick in ticks] == [[0.0, 0.75]] + [[0.0, 1.5]] * 5  # 25 % of a range of 3 rad/s
    turned = env.state.base.copy()
    bench.estop.latch("key")
    assert bench.ticks(1)[0].sent.tolist() == [0.0, 0.0]
    assert env.state.base.tolist() == turned.tolist()
    bench.estop.reset("operator")
    bench.source.values = (0.0, np.nan)
    assert bench.ticks(1)[0].held == "emergency stop: just reset"
    with pytest.raises(SafetyAbort, match="not finite"):
        bench.ticks(1)
    assert env.state.base.tolist() == turned.tolist()
    assert bench.estop.cause.startswith("guard: the command for household is not finite")
    env.close()


def test_letting_go_of_a_body_that_moves_tells_it_to_stand_still() -> None:
    bench = Bench(VelocityArm(), 1.0, 1.0)
    bench.ticks(40)
    assert bench.env.sent[-1].tolist() == [1.0, 1.0]
    bench.robot.close()
    assert bench.env.sent[-1].tolist() == [0.0, 0.0]
    count = len(bench.env.sent)
    bench.robot.close()
    assert len(bench.env.sent) == count  # once


def test_a_loop_that_ends_with_an_error_leaves_no_body_moving() -> None:
    bench = Bench(VelocityArm(), 1.0, 1.0)
    bench.ticks(40)

    def lost() -> Chunk:
        raise ValueError("weights are gone")

    bench.source.take = lost  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="weights are gone"):
        bench.loop.run(lambda: False)
    assert bench.env.sent[-1].tolist() == [0.0, 0.0]


class Behind:
    """A body behind a bus in memory, ticked in turn with what drives it."""

    def __init__(self, env: Any) -> None:
        self.clock, self.wire, self.env = Clock(), MemoryBus(), env
        self.server = robot_loop(self.wire, EnvRobot(env, seed=0, clock=self.clock), rate_hz=100.0, clock=self.clock)

        def introduce(box: Mailbox, timeout_s: float) -> bytes | None:
            self.server.source._count = 0  # type: ignore[attr-defined]
            self.serve()
            return box.take()

        self.robot = BusRobot(self.wire, wait=introduce, clock=self.clock)

    def serve(self) -> None:
        self.clock.now += 0.01
        self.server.tick()


def test_over_the_bus_silence_a_stop_and_hanging_up_are_standing_still() -> None:
    for ending in ("silence", "stop", "close"):
        rig = Behind(VelocityArm())
        loop = ControlLoop(rig.robot, Steady(rig.clock, "joint_vel", 1.0, 1.0), rate_hz=100.0, blend_s=0.0, clock=rig.clock)
        for _ in range(40):
            loop.tick()
            rig.serve()
        assert rig.env.sent[-1].tolist() == [1.0, 1.0]
        if ending == "stop":
            rig.robot.stop("key")
        if ending == "close":
            rig.robot.close()
        for _ in range(11 if ending == "silence" else 1):
            rig.serve()
        assert rig.env.sent[-1].tolist() == [0.0, 0.0], ending


def test_a_base_behind_the_bus_is_driven_by_twists_and_says_where_it_is() -> None:
    env = Household(seed=3, control_mode="base_twist", width=32, height=24)
    rig = Behind(env)
    ticks: list[Tick] = []
    loop = ControlLoop(
        rig.robot, Steady(rig.clock, "base_twist", 0.0, 1.0), rate_hz=100.0, clock=rig.clock, taps=[ticks.append]
    )
    for _ in range(12):
        loop.tick()
        rig.serve()
    assert ticks[-1].held == ""
    assert ticks[-1].observation.joint_positions_rad is None
    told, began = (tick.observation.T_world_base for tick in (ticks[-1], ticks[0]))
    assert told is not None  # reason: for the type checker; the lines below compare the poses
    assert began is not None  # reason: the same
    assert told[:2, 3] == pytest.approx(began[:2, 3])
    assert not np.allclose(told[:2, :2], began[:2, :2])
    env.close()


def test_a_chunk_in_another_mode_ends_the_run() -> None:
    bench = Bench(VelocityArm(), 0.1, 0.1)
    bench.ticks(5)
    bench.source.mode = "joint_pos"
    with pytest.raises(SafetyAbort, match="takes joint_vel commands"):
        bench.ticks(1)
    assert bench.env.sent[-1].tolist() == [0.0, 0.0]


def test_a_body_that_takes_displacements_is_not_driven_by_the_loop() -> None:
    env = VelocityArm()
    env.embodiment = replace(env.embodiment, control_mode="joint_delta")
    with pytest.raises(CompatibilityError, match="drives joint_pos, joint_vel, base_twist"):
        Bench(env, 1.0, 1.0)


class Nothing:
    needs, provides = frozenset({"joints"}), frozenset({"nothing"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None: ...

    def update(self, observation: Observation) -> Belief:
        return Belief(1, observation)


class Onward:
    goals, needs, emits = (ObjectGoal,), frozenset({"nothing"}), (Move,)
    trace: Mapping[str, Any] = {}

    def reset(self, goal: Goal, embodiment: Embodiment) -> None: ...

    def plan(self, belief: Belief) -> Intent:
        return Move("on")


class Ahead:
    serves, control_modes, moves = (Move,), frozenset({"joint_vel", "joint_delta"}), {}

    def reset(self, embodiment: Embodiment) -> None:
        self.mode = embodiment.control_mode

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        return Action(self.mode, np.full((1, 2), 1.0))


@pytest.mark.parametrize("mode", ["joint_vel", "joint_delta"])
@pytest.mark.parametrize("simulated", [True, False])
def test_a_real_body_that_would_go_on_by_itself_is_not_driven_step_by_step(mode: ControlMode, simulated: bool) -> None:
    env, resets = VelocityArm(), []
    env.embodiment = replace(env.embodiment, simulated=simulated, control_mode=mode)
    reset = env.reset
    env.reset = lambda **more: resets.append(1) or reset(**more)  # type: ignore[method-assign, func-returns-value]
    agent = Agent(Nothing(), Onward(), Ahead(), max_steps=3, sleep=lambda seconds: None)
    if mode == "joint_delta" or simulated:
        assert len(agent.run(env, ObjectGoal("end")).steps) == len(env.sent) == 3
    else:
        with pytest.raises(CompatibilityError, match="meanwhile: drive it with a ControlLoop or enactive control"):
            agent.run(env, ObjectGoal("end"))
        assert resets == []


class Faulty(VelocityArm):
    """Counting steps from 1: does not take a stop, breaks at one step, or ends its episode with one; then takes no
    more, but where only time was up."""

    def __init__(self, deaf: bool = False, breaks_at: int = 0, terminates_at: int = 0, truncates_at: int = 0) -> None:
        self.deaf, self.breaks_at, self.ends_at = deaf, breaks_at, (terminates_at, truncates_at)
        self.steps = 0

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.steps += 1
        if self.steps == self.breaks_at:
            raise RuntimeError("motor 3")
        if self.steps > max(self.breaks_at, self.ends_at[0]) > 0 or (self.deaf and not action.any()):
            raise RuntimeError("the line is dead")
        observation, reward, *_ = super().step(action)
        terminated, truncated = (self.steps == each for each in self.ends_at)
        return observation, reward, terminated, truncated, {"is_success": True}


def test_a_body_that_does_not_take_the_stop_is_a_fault() -> None:
    bench = Bench(Faulty(deaf=True), 1.0, 1.0)
    bench.ticks(3)
    with pytest.raises(EmbodimentFault, match="the line is dead"):
        bench.robot.close()


@pytest.mark.parametrize(("ends", "steps"), [("terminates_at", 2), ("truncates_at", 3)])
def test_what_terminated_takes_no_more_steps_and_what_ran_out_of_time_is_told_to_stand_still(ends: str, steps: int) -> None:
    bench = Bench(body := Faulty(**{ends: 2}), 1.0, 1.0)
    bench.ticks(1)
    with pytest.raises(EmbodimentFault, match="ended its episode") as caught:
        bench.loop.run(lambda: False)
    assert words_of(caught.value) == str(caught.value)
    assert body.steps == steps
    assert body.sent[-1].any() == (ends == "terminates_at")


@pytest.mark.parametrize("drive", [ControlLoop.run, serve])
def test_what_broke_first_is_reported_with_a_stop_that_fails_as_a_note(drive: Callable[..., None]) -> None:
    bench = Bench(Faulty(breaks_at=9), 1.0, 1.0)
    bench.ticks(8)
    with pytest.raises(EmbodimentFault, match="motor 3") as caught:
        drive(bench.loop, lambda: False)
    note = "and then, at the end: EmbodimentFault: the environment crashed: RuntimeError: the line is dead"
    assert words_of(caught.value) == f"the environment crashed: RuntimeError: motor 3\n{note}"
