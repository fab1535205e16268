"""The loop on a world small enough to work out by hand: a line of cells, the goal at x = 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.compat import check_compatibility
from enactive.agents.episode import Episode, Step
from enactive.agents.guard import Chain, Form
from enactive.controllers import Controller
from enactive.envs import Action, Embodiment, Goal, Interaction, ObjectGoal, Observation, TaskGoal
from enactive.errors import CompatibilityError, EmbodimentFault, PlannerError, SafetyAbort
from enactive.perception import Belief, Perceiver
from enactive.planners import GoTo, Intent, Planner, Stop


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
