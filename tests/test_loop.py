"""The loop on a world small enough to work out by hand: a line of cells, the goal at x = 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.compat import check_compatibility
from enactive.agents.episode import Episode, Step
from enactive.agents.guard import Chain, EStop, Form
from enactive.controllers import Controller
from enactive.envs import Action, Embodiment, Goal, Interaction, ObjectGoal, Observation, TaskGoal
from enactive.errors import CompatibilityError, EmbodimentFault, PlannerError, SafetyAbort
from enactive.perception import Belief, Perceiver
from enactive.planners import GoTo, Intent, MoveJoints, Planner, Stop


class LineWorld(gym.Env[dict[str, Any], Any]):
    """A body on a line, commanded by a velocity along x."""

    observation_space = gym.spaces.Dict(
        {"T_world_base": gym.spaces.Box(-10, 10, (4, 4), np.float64), "text": gym.spaces.Text(20, min_length=0)}
    )
    action_space = gym.spaces.Box(-1.0, 1.0, (1,), np.float64)
    embodiment = Embodiment(
        "line",
        "base_twist",
        labels=("vx",),
        units=("m/s",),
        low=(-1.0,),
        high=(1.0,),
        frame="base",
        rate_hz=1.0,
        simulated=True,
    )

    def __init__(self, crash_at: float = np.inf) -> None:
        self.x, self.crash_at, self.sent = 0.0, crash_at, []
        self.targets, self.collisions = (0,), 0
        self.oracle = self

    def distance_to_goal_m(self) -> float:
        return abs(3.0 - self.x)

    def _observe(self) -> dict[str, Any]:
        pose = np.eye(4)
        pose[0, 3] = self.x
        return {"T_world_base": pose, "text": f"x={self.x:g}"}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        self.x, self.options = 0.0, options
        return self._observe(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.sent.append(float(action[0]))
        self.x += float(action[0])
        if self.x >= self.crash_at:
            raise RuntimeError("motor on fire")
        return self._observe(), 0.5, False, False, {"feedback": {"ok": True}}


class Where:
    needs, provides = frozenset({"pose"}), frozenset({"x"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self.count = 0

    def update(self, observation: Observation) -> Belief:
        self.count += 1
        return Belief(self.count, observation, extra={"x": observation.T_world_base[0, 3]})


class Towards:
    goals, needs, emits = (ObjectGoal,), frozenset({"x"}), (GoTo, Stop)
    trace: Mapping[str, Any] = {"stage": 1}

    def reset(self, goal: Goal, embodiment: Embodiment) -> None: ...

    def plan(self, belief: Belief) -> Intent:
        return Stop("there") if belief.extra["x"] >= 3.0 else GoTo((3.0, 0.0))


class Push:
    serves, control_modes = (GoTo,), frozenset({"base_twist"})

    def __init__(self, *speeds: float) -> None:
        self.chunk = np.array(speeds, dtype=np.float64)[:, np.newaxis]

    def reset(self, embodiment: Embodiment) -> None: ...

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        return Action("base_twist", self.chunk)


def at_once() -> Chain:
    """A guard that grants full speed with one command."""
    return Chain(off=("step",))


def test_the_parts_are_what_the_contracts_say() -> None:
    assert isinstance(Where(), Perceiver)
    assert isinstance(Towards(), Planner)
    assert isinstance(Push(1.0), Controller)


def test_the_loop_walks_to_the_goal_and_scores_it() -> None:
    env = LineWorld()
    episode = Agent(Where(), Towards(), Push(1.0), at_once()).run(env, ObjectGoal("end"), seed=1)
    assert (episode.outcome, episode.found, episode.reason) == ("stopped", True, "there")
    assert env.sent == [1.0, 1.0, 1.0]
    assert [step.action is None for step in episode.steps] == [False, False, False, True]
    assert episode.metrics["success"] is True
    assert episode.metrics["spl"] == 1.0
    assert episode.total_reward == 1.5
    assert env.options == {"goal": ObjectGoal("end")}


def test_a_chunk_is_played_out_before_the_planner_is_asked_again() -> None:
    env = LineWorld()
    episode = Agent(Where(), Towards(), Push(1.0, -0.5, 1.0), at_once()).run(env, ObjectGoal("end"))
    assert env.sent == [1.0, -0.5, 1.0] * 2
    assert [step.seconds["plan"] > 0 for step in episode.steps[:6]] == [True, False, False] * 2
    assert episode.metrics["walked_m"] == pytest.approx(5.0)


def test_the_guard_clips_counts_and_records_what_was_asked_for() -> None:
    env = LineWorld()
    episode = Agent(Where(), Towards(), Push(7.0), at_once()).run(env, ObjectGoal("end"))
    assert env.sent == [1.0, 1.0, 1.0]
    assert episode.interventions == 3
    requested = episode.steps[0].requested
    assert requested.values.tolist() == [[7.0]]


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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_command_that_is_not_finite_halts_before_it_is_sent(bad: float) -> None:
    env = LineWorld()
    with pytest.raises(SafetyAbort, match="not finite") as caught:
        Agent(Where(), Towards(), Push(bad)).run(env, ObjectGoal("end"))
    assert env.sent == []
    assert caught.value.episode.error_kind == "SafetyAbort"  # type: ignore[attr-defined]
    assert caught.value.episode.metrics["distance_to_goal_m"] == 3.0  # type: ignore[attr-defined]


def test_form_refuses_shapes_moves_and_verbs_that_the_body_does_not_have() -> None:
    guard = Form()
    guard.reset(LineWorld.embodiment)
    with pytest.raises(SafetyAbort, match=r"shape \(T, 1\)"):
        guard.review(Action("base_twist", np.zeros((1, 2))))
    with pytest.raises(SafetyAbort, match="cannot Open"):
        guard.review(Action.interact("base_twist", Interaction("Open", "fridge")))
    guard.reset(Embodiment("grid", "discrete", labels=("left", "right")))
    for index in (2.0, -1.0, 0.5):
        with pytest.raises(SafetyAbort, match="moves 0 to 1"):
            guard.review(Action("discrete", np.array([[index]])))
    fine = Action("discrete", np.array([[1.0]]))
    assert guard.review(fine) is fine


def test_a_crashing_environment_halts_with_the_record_so_far() -> None:
    with pytest.raises(EmbodimentFault, match="RuntimeError: motor on fire") as caught:
        Agent(Where(), Towards(), Push(1.0), at_once()).run(LineWorld(crash_at=2.0), ObjectGoal("end"))
    episode: Episode = caught.value.episode  # type: ignore[attr-defined]
    assert len(episode.steps) == 1
    assert episode.outcome == "error"
    with pytest.raises(EmbodimentFault) as caught:
        Agent(Where(), Towards(), Push(7.0), at_once()).run(LineWorld(crash_at=2.0), ObjectGoal("end"))
    assert caught.value.episode.interventions == 2  # type: ignore[attr-defined]  # the command of the crash was changed, too


def test_a_planner_that_fails_ends_the_trial_not_the_program() -> None:
    class Lost(Towards):
        def plan(self, belief: Belief) -> Intent:
            if belief.step == 2:
                raise PlannerError("no idea where to go")
            return super().plan(belief)

    episode = Agent(Where(), Lost(), Push(1.0), at_once()).run(LineWorld(), ObjectGoal("end"))
    assert (episode.outcome, episode.error_kind, episode.error) == ("error", "PlannerError", "no idea where to go")
    assert episode.metrics["success"] is False
    assert episode.metrics["distance_to_goal_m"] == pytest.approx(2.0)

    class Praises(LineWorld):
        """Has no oracle, and always says that it is well done."""

        def __init__(self) -> None:
            super().__init__()
            del self.oracle

        def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
            return *super().step(action)[:4], {"is_success": True}

    assert Agent(Where(), Towards(), Push(1.0), at_once()).run(Praises(), ObjectGoal("end")).metrics == {"success": True}
    assert Agent(Where(), Lost(), Push(1.0), at_once()).run(Praises(), ObjectGoal("end")).metrics == {"success": False}


def test_steps_and_deadline_cut_an_episode() -> None:
    episode = Agent(Where(), Towards(), Push(0.1), max_steps=4).run(LineWorld(), ObjectGoal("end"))
    assert (episode.outcome, len(episode.steps)) == ("truncated", 4)
    ticks = iter(range(10_000))
    episode = Agent(Where(), Towards(), Push(0.001), deadline_s=50.0, clock=lambda: float(next(ticks))).run(
        LineWorld(), ObjectGoal("end")
    )
    assert episode.outcome == "deadline"
    now_s = [0.0]

    class Broods(Towards):
        def plan(self, belief: Belief) -> Intent:
            now_s[0] += 100.0
            return super().plan(belief)

    env = LineWorld()
    episode = Agent(Where(), Broods(), Push(1.0), at_once(), deadline_s=50.0, clock=lambda: now_s[0]).run(
        env, ObjectGoal("end")
    )
    assert (episode.outcome, episode.reason, episode.seconds) == ("deadline", "50 s were over", 100.0)
    assert env.sent == [1.0]  # a step is not cut short


def test_a_full_disk_takes_the_recorder_off_and_the_run_goes_on() -> None:
    class FullDisk:
        def start(self, env: Any, goal: Any, embodiment: Any) -> None: ...

        def step(self, step: Step, belief: Belief) -> None:
            if step.index == 1:
                raise OSError(28, "No space left on device")

        def end(self, episode: Episode, belief: Belief | None) -> None:
            raise AssertionError("a recorder that was taken off is not called again")

    episode = Agent(Where(), Towards(), Push(1.0), at_once()).run(LineWorld(), ObjectGoal("end"), recorders=[FullDisk()])
    assert episode.metrics["success"] is True
    assert episode.warnings == ["FullDisk stopped recording: [Errno 28] No space left on device"]


def test_every_mismatch_is_named_before_anything_moves() -> None:
    class Blind(Towards):
        needs, emits = frozenset({"map"}), (GoTo, Stop)

    class Arm(Push):
        serves, control_modes = (), frozenset({"joint_pos"})

    env = LineWorld()
    env.embodiment = Embodiment("line", "base_twist", labels=("vx", "wz"), units=("deg/s",), frame="none")
    report = check_compatibility(env, Where(), Blind(), Arm(1.0), goal=TaskGoal("make tea"))
    sentences = [
        ("line names 2 action dimensions but its action space is Box", "give `labels` one name per dimension"),
        ("declares 1 units for 2", "declare one each"),
        ("declares 0 low for 2", "declare one each"),
        ("declares 0 high for 2", "declare one each"),
        ("takes commands in 'deg/s'", "convert to SI (1, N, N*m, m, m/s, rad, rad/s, s) in its adapter"),
        ("does not say in which frame", "set `frame`"),
        ("needs a belief with map", "choose a perceiver that does, such as EmbeddedPerceiver, or another planner"),
        ("commands in joint_pos", "choose another controller or make the environment with another control mode"),
        ("may ask for GoTo", "choose a controller that can, such as NavigationController, or another planner"),
        ("line would keep the velocity that it was told last", "where nothing real moves, say `simulated` in its embodiment"),
        ("cannot pursue a TaskGoal", "ask for one of those, or choose another planner, such as D2PO"),
    ]
    for said, (words, fix) in zip(report.mismatches, sentences, strict=True):
        assert words in said
        assert said.endswith(fix)
    with pytest.raises(CompatibilityError, match="needs a belief with map"):
        Agent(Where(), Blind(), Arm(1.0)).run(env, ObjectGoal("end"))
    assert env.sent == []


def test_a_perceiver_whose_sensor_is_missing_is_refused() -> None:
    class NeedsDepth(Where):
        needs = frozenset({"depth", "pose", "sonar"})

    report = check_compatibility(LineWorld(), NeedsDepth(), Towards(), Push(1.0))
    assert len(report.mismatches) == 2
    assert "a camera with depth" in report.mismatches[0]


def test_an_environment_without_an_embodiment_is_refused() -> None:
    with pytest.raises(CompatibilityError, match="does not say what body it has"):
        Agent(Where(), Towards(), Push(1.0)).run(gym.make("CartPole-v1"), ObjectGoal("end"))
