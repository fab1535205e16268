"""What thinks beside the control loop: a policy on a thread, with perception and planning at their own rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from realtime_bench import BODY, Bench, Clock, Inbox, OneJoint

from enactive.agents.guard import Chain
from enactive.agents.realtime import Chunk, ControlLoop, NotYet, PolicyThread, Stack, Tick
from enactive.controllers.joint_sweep import JointSweep
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.desk_arm import DeskArm
from enactive.envs.robot import EnvRobot
from enactive.errors import ConfigError
from enactive.perception import Belief
from enactive.planners import MoveJoints


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


class Sweeping(Inbox):
    """A sweep that is asked anew at every third tick, and answers by the next one."""

    def __init__(self, clock: Clock, embodiment: Embodiment) -> None:
        super().__init__(clock)
        self.policy, self.turn = Stack(JointSweep()), 0
        self.policy.reset(embodiment)

    def offer(self, observation: Observation) -> None:
        if self.turn % 3 == 1:
            self.chunk = Chunk(self.policy.act(self.seen), self.seen.stamp_s)
        self.seen, self.turn = observation, self.turn + 1


class Folded(OneJoint):
    """A joint of +-1.9 rad that declares no limits, and is found at its lower end stop, as an arm at rest is."""

    embodiment = replace(BODY, low=(-1.9,), high=(1.9,))

    def observe(self) -> Observation:
        joint = self.sent[-1] if self.sent else -1.9
        return Observation(joint_positions_rad=np.array([joint]), stamp_s=self.clock())


SWEEP_RAD_S = 0.38 * 2 * np.pi / 4.0  # the fastest of a sweep by 0.38 rad, once in 4 s


def speeds_rad_s(sent: Sequence[float]) -> NDArray[np.float64]:
    return np.abs(np.diff(sent)) * 100.0


def test_a_sweep_from_an_end_stop_is_never_faster_than_a_sweep() -> None:
    bench = Bench(Folded, guard=Chain(), blend_s=0.05)
    bench.loop.source = Sweeping(bench.clock, Folded.embodiment)
    bench.ticks(1200)
    assert bench.robot.sent[0] == -1.9
    assert speeds_rad_s(bench.robot.sent[:11]).max() < 0.1 * SWEEP_RAD_S, "it begins at rest"
    assert speeds_rad_s(bench.robot.sent).max() < 1.2 * SWEEP_RAD_S
    assert np.ptp(bench.robot.sent[800:]) == pytest.approx(0.76, abs=0.02), "in the end it sweeps all the same"
    assert min(bench.robot.sent) >= -1.9


def test_a_sweep_that_was_stopped_goes_on_from_rest_and_from_where_the_joints_are() -> None:
    bench = Bench(Folded, guard=Chain(), blend_s=0.05)
    bench.loop.source = Sweeping(bench.clock, Folded.embodiment)
    bench.ticks(900)  # till its one turning point, and past the other while it is held
    bench.estop.latch("test")
    bench.ticks(200)
    held_at = bench.robot.sent[-1]
    bench.estop.reset("test")
    bench.robot.sent = [held_at]
    bench.ticks(800)
    assert speeds_rad_s(bench.robot.sent[:11]).max() < 0.1 * SWEEP_RAD_S
    assert speeds_rad_s(bench.robot.sent).max() < 1.2 * SWEEP_RAD_S
    assert np.ptp(bench.robot.sent[400:]) == pytest.approx(0.76, abs=0.02)


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


@pytest.mark.parametrize(("rate_hz", "rows"), [(5.0, 50), (100.0, 25), (0.0, 25)])
def test_a_sweep_outlasts_the_age_of_what_a_slow_body_measures(rate_hz: float, rows: int) -> None:
    """At 5 Hz a measurement may be 0.3 s old when it is looked at, and what answers it is followed 0.2 s later."""
    env, sweep = DeskArm(), JointSweep()
    sweep.reset(replace(env.embodiment, rate_hz=rate_hz))
    observation = Observation.from_gym(*env.reset(seed=0))
    assert len(sweep.act(MoveJoints(np.zeros((0, 0))), observation, Belief(0, observation)).values) == rows
    env.close()
