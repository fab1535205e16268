"""Perception and planning at rates of their own, beside a loop that drives a base in an apartment, with its guard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from bus_rig import Clock
from test_baselines import SeesNothing

from enactive.agents.guard import EStop
from enactive.agents.realtime import Chunk, ControlLoop, Stack, Tick
from enactive.agents.realtime.policy import make_chunk
from enactive.controllers.navigation import NavigationController
from enactive.envs import Observation, PoseGoal
from enactive.envs.household.env import Household
from enactive.envs.robot import EnvRobot
from enactive.perception.embedded import EmbeddedPerceiver
from enactive.planners.point_nav import PointNav


class InTurn:
    """A stack as a source, asked at every tick, perceiving at every second one and planning at every tenth."""

    def __init__(self, stack: Stack, clock: Clock) -> None:
        self.stack, self.clock, self.turn, self.blind = stack, clock, 0, False

    def offer(self, observation: Observation) -> None:
        self.seen = observation

    def take(self) -> Chunk | None:
        chunk = make_chunk(self.stack, self.seen, self.clock)
        if self.turn % 2 == 0 and not self.blind:
            self.stack.perceive()
        if self.turn % 10 == 0:
            self.stack.plan()
        self.turn += 1
        return chunk

    def heard_s(self) -> float:
        return self.clock()


class Drive:
    """PointNav to a free place about 2 m from where the body starts, in the control loop, at the body's 10 Hz."""

    def __init__(self) -> None:
        self.env = Household(seed=3, control_mode="base_twist", width=80, height=60, max_steps=5000)
        self.clock, self.estop = Clock(), EStop()
        self.robot = EnvRobot(self.env, seed=1, clock=self.clock)
        start = self.env.save_state()
        self.goal_m = next(place for place in self.free_places() if 1.5 < np.linalg.norm(place - start.base[:2]) < 2.5)
        self.env.restore_state(start)
        goal = np.eye(4)
        goal[:2, 3] = self.goal_m
        perceiver = EmbeddedPerceiver(SeesNothing())
        self.stack = Stack(NavigationController(), perceiver=perceiver, planner=PointNav(), goal=PoseGoal(goal, 0.3))
        self.stack.reset(self.env.embodiment)
        self.stack.close()  # its threads: the test takes their turns
        self.source, self.ticks = InTurn(self.stack, self.clock), list[Tick]()
        bounds = {"watchdog_s": 0.55, "max_age_s": 0.55, "max_picture_age_s": 0.6}
        self.loop = ControlLoop(
            self.robot, self.source, rate_hz=10.0, estop=self.estop, clock=self.clock, taps=[self.ticks.append], **bounds
        )

    def free_places(self) -> Iterator[np.ndarray]:
        for seed in range(2, 200):
            self.env.reset(seed=seed)
            yield self.env.state.base[:2].copy()

    def away_m(self) -> float:
        return float(np.linalg.norm(self.env.state.base[:2] - self.goal_m))

    def go(self, count: int) -> list[Tick]:
        for _ in range(count):
            self.clock.now += 0.1
            self.loop.tick()
        return self.ticks[-count:]


@pytest.fixture
def drive() -> Iterator[Drive]:
    made = Drive()
    yield made
    made.robot.close()


def test_a_planner_and_a_perceiver_drive_a_base_to_a_place_in_the_control_loop(drive: Drive) -> None:
    began_m = drive.away_m()
    assert began_m > 1.5
    for _ in range(40):
        if drive.away_m() < 0.3:
            break
        drive.go(10)
    assert drive.away_m() < 0.3
    resting = drive.go(20)
    assert all(not tick.sent.any() for tick in resting[10:])  # the planner has said Stop
    sent = np.array([tick.sent for tick in drive.ticks])
    gained = np.abs(sent[1:]) - np.where(sent[1:] * sent[:-1] > 0, np.abs(sent[:-1]), 0.0)
    assert gained.max(axis=0) == pytest.approx([0.25, 0.75])  # a quarter of 1 m/s and of 3 rad/s: the guard's, at setting off


def test_a_stop_and_a_perception_that_hangs_hold_the_base(drive: Drive) -> None:
    drive.go(40)
    assert any(tick.sent.any() for tick in drive.ticks)
    place = drive.env.state.base.copy()
    drive.estop.latch("key")
    assert [tick.held for tick in drive.go(3)] == ["emergency stop: key"] * 3
    assert drive.env.state.base.tolist() == place.tolist()
    drive.estop.reset("operator")
    assert drive.go(3)[-1].held == ""
    drive.source.blind = True
    held = drive.go(20)
    assert held[5].held == ""  # the belief is 0.8 s old at most
    assert held[-1].held == "no fresh command for 0.55 s"
    assert not held[-1].sent.any()
    place = drive.env.state.base.copy()
    drive.go(5)
    assert drive.env.state.base.tolist() == place.tolist()


def test_a_stop_of_a_minute_writes_no_obstacles_and_does_not_end_the_run(drive: Drive) -> None:
    drive.go(25)
    drive.estop.latch("key")
    drive.go(600)
    belief = drive.stack._belief
    assert belief is not None  # reason: for the types; what matters is what its map has learned
    assert belief.map is not None  # reason: as above
    assert not belief.map.forget_bumps()
    drive.estop.reset("operator")
    for _ in range(40):
        if drive.away_m() < 0.3:
            break
        drive.go(10)
    assert drive.away_m() < 0.3
