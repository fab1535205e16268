"""The loop: one way round from observation to action, on any body."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

import gymnasium as gym
import numpy as np

from enactive.controllers import Controller
from enactive.envs import Action, Embodiment, Goal, Observation
from enactive.envs.gym_io import call_world, embodiment_of, to_gym
from enactive.envs.robot import sent_of
from enactive.errors import ConfigError, ControllerError, EnactiveError, HaltError, SafetyAbort, TrialError, place_of, words_of
from enactive.perception import Belief, Perceiver
from enactive.planners import Intent, Planner, Stop

from .compat import check_compatibility
from .episode import Episode, Step
from .guard import Chain, EStop, Guard, guard_of
from .metrics import NavigationMeter
from .odometry import OdometryWatch
from .realtime.cadence import Cadence

Answer = TypeVar("Answer")
_NOTHING: Mapping[str, Any] = {}


class Recorder(Protocol):
    """Watches a run. A recorder that raises OSError (a full disk, say) is taken off and the run goes on, with a warning."""

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None: ...

    def step(self, step: Step, belief: Belief) -> None: ...

    def end(self, episode: Episode, belief: Belief | None) -> None: ...


class Agent:
    """Perceiver, planner, controller and guard, joined.

    guard: `guard_of(env)` where none is given, anew for each run. max_steps: turns of the loop before the episode is cut.
    deadline_s: wall time of an episode, looked at after each step: a part that takes longer, or hangs, is waited for, and what
    it then says is carried out (a `ControlLoop` waits for none). success_radius_m: how near to a view point of the goal a stop
    counts as success. clock, sleep: monotonic seconds. estop: a latch that halts the run with SafetyAbort before the reset, and
    before the next command; a stop that was reset before anybody looked halts it, too.

    Where the perceiver needs the pose, one that stands still while views pass by ends the run (`OdometryWatch`).

    A body that states its rate and does not say that it is simulated gets its commands no faster than that, since what it
    declares per second (a velocity, say) is granted per command. One that takes velocities is refused: it would go on while the
    planner thinks, whatever was latched meanwhile.
    """

    def __init__(
        self,
        perceiver: Perceiver,
        planner: Planner,
        controller: Controller,
        guard: Guard | None = None,
        *,
        max_steps: int = 500,
        deadline_s: float = 3600.0,
        success_radius_m: float = 0.1,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
        estop: EStop | None = None,
    ) -> None:
        self.perceiver, self.planner, self.controller = perceiver, planner, controller
        self._guard, self.guard = guard, guard if guard is not None else Chain()
        self.max_steps, self.deadline_s, self.clock, self.sleep = max_steps, deadline_s, clock, sleep
        self.success_radius_m = success_radius_m
        self.estop = estop if estop is not None else EStop(clock)

    def run(
        self,
        env: gym.Env[Any, Any],
        goal: Goal,
        *,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        recorders: Sequence[Recorder] = (),
    ) -> Episode:
        """Pursue a goal until the planner stops, the environment ends, or time is up.

        A method that fails (TrialError) ends the episode with the outcome `error`. Raises CompatibilityError before anything
        moves where the parts do not fit together, EmbodimentFault or SafetyAbort where the body is at stake, and whatever
        else a part of the method raises; the partial record rides on the exception as `error.episode`.
        """
        self.guard = guard_of(env) if self._guard is None else self._guard
        episode = Episode(goal)
        run = _Run(self, env, goal, episode, list(recorders))
        try:
            run.reset(seed, {"goal": goal} | dict(options or {}))
            run.loop()
        except TrialError as error:
            episode.outcome, episode.error, episode.error_kind = "error", str(error), type(error).__name__
            run.score(stopped=False, error=error)
        except HaltError as error:
            episode.outcome, episode.error, episode.error_kind = "error", words_of(error), type(error).__name__
            error.episode = episode  # type: ignore[attr-defined]
            if isinstance(error, SafetyAbort):  # the world stands, and can still be asked
                run.score(stopped=False, error=error)
            raise
        finally:
            run.end()
        return episode


class _Run:
    """One episode under way."""

    def __init__(self, agent: Agent, env: gym.Env[Any, Any], goal: Goal, episode: Episode, recorders: list[Recorder]) -> None:
        self.agent, self.env, self.goal, self.episode, self.recorders = agent, env, goal, episode, recorders
        self.started, self.stops_before = False, len(agent.estop.events)
        self.info: Mapping[str, Any] = _NOTHING
        self.body = replace(embodiment_of(env), max_steps=agent.max_steps)
        paced = self.body.rate_hz > 0 and not self.body.simulated
        self.cadence = Cadence(self.body.rate_hz, agent.clock, agent.sleep) if paced else None
        self.odometry = OdometryWatch(self.body) if "pose" in agent.perceiver.needs else None
        self.belief: Belief | None = None
        self.meter: NavigationMeter | None = None
        self.metrics: Callable[[Exception | None], dict[str, Any]] | None = None
        self.began = agent.clock()
        check_compatibility(env, agent.perceiver, agent.planner, agent.controller, goal).raise_if_broken()

    def reset(self, seed: int | None, options: dict[str, Any]) -> None:
        agent, env = self.agent, self.env
        self._require_open()  # a real body may move in its reset
        obs, info = call_world(env.reset, seed=seed, options=options)
        self.observation = Observation.from_gym(obs, info)
        oracle = env.get_wrapper_attr("oracle") if env.has_wrapper_attr("oracle") else None
        if oracle is not None and oracle.targets:
            self.meter = NavigationMeter(oracle, self.observation, agent.success_radius_m)
        self.metrics = getattr(oracle, "metrics", None)
        for part in (agent.perceiver, agent.planner, agent.controller):
            if (bind := getattr(part, "bind", None)) is not None:
                if not type(part).__name__.startswith("Oracle"):
                    raise ConfigError(f"{type(part).__name__} wants the simulator's truth: call it Oracle{type(part).__name__}")
                if oracle is None:
                    raise ConfigError(f"{type(part).__name__} needs the simulator's oracle, and {env.unwrapped} has none")
                self._ask(bind, oracle)
        self.started = True
        self._tell(lambda recorder: recorder.start(env, self.goal, self.body))
        self._ask(agent.perceiver.reset, self.body, self.goal)
        self._ask(agent.planner.reset, self.goal, self.body)
        self._ask(agent.controller.reset, self.body)
        agent.guard.reset(self.body)

    def loop(self) -> None:
        agent, env, episode, clock = self.agent, self.env, self.episode, self.agent.clock
        space, feedback = env.action_space, _NOTHING
        queue: list[Action] = []
        intent = None
        for index in range(agent.max_steps):
            t0 = clock()
            self.belief = belief = self._ask(agent.perceiver.update, self.observation)
            t1 = t2 = t3 = clock()
            if not queue:
                intent = self._ask(agent.planner.plan, belief)
                t2 = clock()
                if not isinstance(intent, Stop) or "stop" in self.body.labels:
                    queue = self._ask(self._commands, intent, belief)
                t3 = clock()
            requested = queue.pop(0) if queue else None
            agent.guard.observe(self.observation)
            action = None if requested is None else agent.guard.review(requested)
            if action is not None and self.cadence is not None:
                self.cadence.wait()
            self._require_open()
            if index == 0:
                episode.first_action_s = t3 - self.began
            pose, reward, ended, truncated = self.observation.T_world_base, 0.0, False, False
            episode.interventions += action is not requested
            if action is not None:
                approved = action
                obs, reward, ended, truncated, self.info = call_world(env.step, to_gym(action, space))
                feedback = self.info.get("feedback", _NOTHING)
                self.observation = Observation.from_gym(obs, self.info)
                action = self._sent(approved)
                episode.interventions += approved is requested and action is not requested
                if self.meter is not None:
                    self.meter.step(self.observation)
            seconds = {"perceive": t1 - t0, "plan": t2 - t1, "control": t3 - t2, "act": clock() - t3}
            changed = requested if action is not requested else None
            step = Step(index, intent, action, changed, pose, agent.planner.trace, feedback, float(reward), seconds)
            episode.steps.append(step)
            if self.recorders:
                self._tell(partial(_show, step=step, belief=belief))
            if isinstance(intent, Stop) and not queue:
                episode.outcome, episode.found, episode.reason = "stopped", intent.found, intent.reason
                return self.score(stopped=intent.found)
            if ended or truncated:
                episode.outcome = "terminated" if ended else "truncated"
                return self.score(stopped=False)
            if clock() - self.began > agent.deadline_s:
                episode.outcome, episode.reason = "deadline", f"{agent.deadline_s:g} s were over"
                return self.score(stopped=False)
            if self.odometry is not None:
                self.odometry.see(action, self.observation)
        episode.outcome, episode.reason = "truncated", f"{agent.max_steps} steps were over"
        self.score(stopped=False)

    def _ask(self, call: Callable[..., Answer], *args: Any) -> Answer:
        """What a part of the method answers. What it raises by mistake goes on, with the record of the episode on it."""
        try:
            return call(*args)
        except EnactiveError:
            raise
        except Exception as error:  # reason: a part may raise anything; it goes on, and the record with it
            episode, kind = self.episode, type(error).__name__
            episode.outcome, episode.error, episode.error_kind = "error", f"{kind}: {error} ({place_of(error)})", kind
            self.score(stopped=False, error=error)
            error.episode = episode  # type: ignore[attr-defined]
            raise

    def _commands(self, intent: Intent, belief: Belief) -> list[Action]:
        """The single commands that the controller makes of an intent, in order.

        Raises ControllerError for a chunk of another rate than a real body's.
        """
        action = self.agent.controller.act(intent, self.observation, belief)
        if action.interaction is not None or len(action.values) == 1:
            return [action]
        if self.cadence is not None and action.rate_hz and not math.isclose(action.rate_hz, self.body.rate_hz):
            raise ControllerError(
                f"{type(self.agent.controller).__name__} made a chunk of {action.rate_hz:g} commands a second, and "
                f"{self.body.name} takes {self.body.rate_hz:g}: make it at that rate, or drive the body with the control loop, "
                "which plays a chunk at its own"
            )
        return [Action(action.control_mode, row[np.newaxis], action.rate_hz) for row in action.values]

    def _require_open(self) -> None:
        """Raises SafetyAbort where the emergency stop is latched, or was since the run began."""
        estop = self.agent.estop
        if cause := estop.cause:
            raise SafetyAbort(f"the emergency stop is latched ({cause}): reset it before the next run")
        if len(estop.events) != self.stops_before:  # a stop and its reset may both come while a planner thinks
            for event in estop.events[self.stops_before :]:
                if event.kind == "latch":
                    raise SafetyAbort(f"the emergency stop was latched ({event.cause}), and reset: begin another run")

    def _sent(self, action: Action) -> Action:
        """What went out: the action, or what the body says that it made of it."""
        sent = sent_of(self.info, action, self.body)
        if sent is action:
            return action
        values = sent.values[0]
        if isinstance(self.agent.guard, Chain):
            self.agent.guard.note("robot", action.values[0], values)
        self.agent.guard.sent_instead(values)
        return sent

    def score(self, stopped: bool, error: Exception | None = None) -> None:
        """Fill the metrics from the oracle, by the way walked or by its own measure, or the environment's word.

        error: what ended the trial, which then is no success, whatever it had reached.
        """
        if self.meter is not None:
            self.episode.metrics = self.meter.result(stopped)
        elif self.metrics is not None:
            self.episode.metrics = self.metrics(error)
        elif "is_success" in self.info:
            self.episode.metrics = {"success": bool(self.info["is_success"]) and error is None}

    def end(self) -> None:
        self.episode.seconds = self.agent.clock() - self.began
        if isinstance(self.agent.guard, Chain):
            self.episode.guard = self.agent.guard.summary()
        if self.started:
            self._tell(lambda recorder: recorder.end(self.episode, self.belief))

    def _tell(self, call: Callable[[Recorder], None]) -> None:
        for recorder in list(self.recorders):
            try:
                call(recorder)
            except OSError as error:
                self.recorders.remove(recorder)
                self.episode.warnings.append(f"{type(recorder).__name__} stopped recording: {error}")


def _show(recorder: Recorder, step: Step, belief: Belief) -> None:
    recorder.step(step, belief)
