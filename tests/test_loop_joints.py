"""The loop on an arm: what its body sends, how often, and how a stop comes before the next command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.guard import Chain, EStop
from enactive.envs import Action, Embodiment, Goal, ObjectGoal, Observation
from enactive.errors import EmbodimentFault, SafetyAbort
from enactive.perception import Belief
from enactive.planners import Intent, MoveJoints


class Arm(gym.Env[dict[str, Any], Any]):
    """One joint of a real arm, which moves by at most 0.1 rad, whatever it is sent."""

    observation_space = gym.spaces.Dict({"joint_positions_rad": gym.spaces.Box(-10, 10, (1,), np.float64)})
    action_space = gym.spaces.Box(-10.0, 10.0, (1,), np.float64)
    embodiment = Embodiment("arm", "joint_pos", ("j",), ("rad",), (-10.0,), (10.0,), "joint")
    place = 0.0

    def reset(self, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"joint_positions_rad": np.array([self.place])}, {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.place = float(np.clip(action[0], self.place - 0.1, self.place + 0.1))
        return {"joint_positions_rad": np.array([self.place])}, 0.0, False, False, {"sent": np.array([self.place])}


class Watch:
    needs, provides = frozenset({"joints"}), frozenset({"place"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None: ...

    def update(self, observation: Observation) -> Belief:
        return Belief(0, observation)


class Far:
    goals, needs, emits, trace = (ObjectGoal,), frozenset({"place"}), (MoveJoints,), {}

    def reset(self, goal: Goal, embodiment: Embodiment) -> None: ...

    def plan(self, belief: Belief) -> Intent:
        return MoveJoints(np.array([[5.0]]))


class Obey:
    serves, control_modes = (MoveJoints,), frozenset({"joint_pos"})

    def reset(self, embodiment: Embodiment) -> None: ...

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        return Action("joint_pos", intent.positions_rad)  # type: ignore[union-attr]


def test_what_a_body_sends_less_than_asked_is_recorded_and_the_next_step_starts_from_there() -> None:
    agent = Agent(Watch(), Far(), Obey(), max_steps=3)
    episode = agent.run(Arm(), ObjectGoal("there"))
    assert [step.action.values[0, 0] for step in episode.steps] == pytest.approx([0.1, 0.2, 0.3])
    assert [step.requested.values[0, 0] for step in episode.steps] == [5.0] * 3
    kept = {link: [each.sent[0] for each in agent.guard.interventions if each.link == link] for link in ("step", "robot")}
    assert kept["step"] == pytest.approx([1.0, 1.1, 1.2])  # steps of 5 % of 20 rad
    assert kept["robot"] == pytest.approx([0.1, 0.2, 0.3])
    assert episode.guard["changed"] == {"step": 3, "robot": 3}
    assert episode.interventions == 3  # commands that were changed, by whomever
    off = Agent(Watch(), Far(), Obey(), Chain(off=("step", "velocity", "acceleration")), max_steps=3)
    episode = off.run(Arm(), ObjectGoal("there"))
    assert (episode.interventions, episode.guard["changed"]) == (3, {"robot": 3})


def test_a_body_that_says_it_sent_what_is_no_number_halts_the_run() -> None:
    class Broken(Arm):
        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            return *super().step(action)[:4], {"sent": np.array([np.nan])}

    with pytest.raises(EmbodimentFault, match="that is no command of 1 numbers") as caught:
        Agent(Watch(), Far(), Obey(), max_steps=3).run(Broken(), ObjectGoal("there"))
    assert caught.value.episode.outcome == "error"  # type: ignore[attr-defined]


@pytest.mark.parametrize("simulated", [False, True])
def test_a_real_body_is_commanded_no_faster_than_its_rate_so_that_its_speed_limit_holds(simulated: bool) -> None:
    now, sent = [100.0], []

    class Timed(Arm):
        """An arm of 50 Hz and 1 rad/s, which goes where it is sent."""

        embodiment = replace(Arm.embodiment, rate_hz=50.0, velocity_limits=(1.0,), simulated=simulated)

        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            sent.append((now[0], float(action[0])))
            now[0] += 0.004  # what a turn takes
            return {"joint_positions_rad": action}, 0.0, False, False, {}

    class Hesitates(Far):
        def plan(self, belief: Belief) -> Intent:
            now[0] += 0.05 if len(sent) == 5 else 0.0
            return super().plan(belief)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    free = Chain(off=("step", "acceleration"))
    Agent(Watch(), Hesitates(), Obey(), free, max_steps=10, clock=lambda: now[0], sleep=sleep).run(Timed(), ObjectGoal("there"))
    periods, moved = np.diff(sent, axis=0).T
    assert moved == pytest.approx(0.02)
    assert (moved / periods).max() == pytest.approx(5.0 if simulated else 1.0)  # rad/s
    assert periods == pytest.approx([0.004 + 0.05 * (at == 4) if simulated else 0.02 + 0.034 * (at == 4) for at in range(9)])


@pytest.mark.parametrize(("rate_hz", "outcome"), [(0.0, "truncated"), (50.0, "truncated"), (25.0, "error")])
def test_a_real_body_is_sent_no_chunk_that_was_made_for_another_rate(rate_hz: float, outcome: str) -> None:
    sent = []

    class Real(Arm):
        embodiment = replace(Arm.embodiment, rate_hz=50.0, simulated=False)

        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            sent.append(action)
            return super().step(action)

    class Two(Obey):
        def act(self, intent: Any, observation: Observation, belief: Belief) -> Action:
            return Action("joint_pos", np.zeros((2, 1)), rate_hz)

    agent = Agent(Watch(), Far(), Two(), max_steps=4, clock=lambda: 0.0, sleep=lambda seconds: None)
    episode = agent.run(Real(), ObjectGoal("there"))
    assert (episode.outcome, len(sent)) == (outcome, 0 if outcome == "error" else 4)
    if outcome == "error":
        assert "Two made a chunk of 25 commands a second, and arm takes 50: make it at that rate" in episode.error


def test_a_stop_while_the_body_is_not_due_yet_comes_before_its_next_command() -> None:
    sent = []

    class Logged(Arm):
        embodiment = replace(Arm.embodiment, rate_hz=50.0)

        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            sent.append(action)
            return super().step(action)

    estop = EStop(lambda: 0.0)
    agent = Agent(Watch(), Far(), Obey(), clock=lambda: 0.0, sleep=lambda seconds: estop.latch("key"), estop=estop)
    with pytest.raises(SafetyAbort, match=r"the emergency stop is latched \(key\)"):
        agent.run(Logged(), ObjectGoal("there"))
    assert len(sent) == 1


def test_a_stop_that_is_latched_already_lets_no_body_be_reset() -> None:
    resets = []

    class Homing(Arm):
        def reset(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            resets.append(options)
            return super().reset(**options)

    estop = EStop()
    estop.latch("key")
    with pytest.raises(SafetyAbort, match=r"the emergency stop is latched \(key\)"):
        Agent(Watch(), Far(), Obey(), estop=estop).run(Homing(), ObjectGoal("there"))
    assert not resets


def test_a_stop_and_its_reset_while_the_planner_thinks_end_the_run_and_hinder_no_later_one() -> None:
    sent = []
    estop = EStop()

    class Logged(Arm):
        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            sent.append(action)
            return super().step(action)

    class Thinks(Far):
        def plan(self, belief: Belief) -> Intent:
            if len(sent) == 2:
                estop.latch("key")
                estop.reset("key")
            return super().plan(belief)

    agent = Agent(Watch(), Thinks(), Obey(), max_steps=4, estop=estop)
    with pytest.raises(SafetyAbort, match=r"the emergency stop was latched \(key\), and reset: begin another run"):
        agent.run(Logged(), ObjectGoal("there"))
    assert len(sent) == 2
    sent.append("between the runs")
    assert agent.run(Logged(), ObjectGoal("there")).outcome == "truncated"
    assert len(sent) == 7


def test_a_reset_where_nothing_was_stopped_ends_no_run() -> None:
    estop = EStop()

    class Thinks(Far):
        def plan(self, belief: Belief) -> Intent:
            estop.reset("key")
            return super().plan(belief)

    agent = Agent(Watch(), Thinks(), Obey(), max_steps=4, estop=estop)
    assert agent.run(Arm(), ObjectGoal("there")).outcome == "truncated"
