"""The slow side: perception, planning and control, each at its own rate, beside the loop that must not wait for them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

from enactive.controllers import Controller
from enactive.envs import Action, Embodiment, Goal, Observation
from enactive.errors import ConfigError, ControllerError
from enactive.perception import Belief, Perceiver
from enactive.planners import Intent, Planner

from .chunks import Chunk


class Policy(Protocol):
    """Observation in, chunk out.

    One that looks at pictures beside the observation says in `picture_s` when the one of its last chunk was taken, in monotonic
    seconds.
    """

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body."""
        ...

    def act(self, observation: Observation) -> Action:
        """The next chunk (T, D). May take its time. Raises a TrialError where it cannot."""
        ...


class Paced:
    """Calls `step` on a thread of its own, at most `rate_hz` times a second, until closed or until it raises.

    error: what `step` raised; nothing is swallowed, since whoever reads the results is told by `check`.
    """

    def __init__(self, name: str, step: Callable[[], None], rate_hz: float) -> None:
        self._step, self._period_s = step, 1.0 / rate_hz
        self._closing = threading.Event()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises what ended the thread, if anything did."""
        if self.error is not None:
            raise self.error

    def close(self, timeout_s: float = 2.0) -> None:
        """Ask the thread to end and wait for it for at most `timeout_s`."""
        self._closing.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            began = time.perf_counter()
            try:
                self._step()
            except Exception as error:  # noqa: BLE001  # reason: kept, and raised where the results are read
                self.error = error
                return
            self._closing.wait(max(0.0, began + self._period_s - time.perf_counter()))


class Stack:
    """Perceiver, planner and controller as one policy.

    The controller is asked at the rate of whoever calls `act`; it gets the newest belief and the newest intent, which a
    perceiver and a planner renew beside it at `perceive_hz` and `plan_hz`. Without a perceiver the belief is the observation
    alone; without a planner the intent is the controller's own `standing_intent(observation)`, which it follows when nobody
    plans. A belief in an observation that is older than `max_belief_age_s` is not acted on: the body holds until perception has
    caught up. An intent has no age: it stands until the planner has another.
    """

    def __init__(
        self,
        controller: Controller,
        *,
        perceiver: Perceiver | None = None,
        planner: Planner | None = None,
        goal: Goal | None = None,
        perceive_hz: float = 10.0,
        plan_hz: float = 1.0,
        max_belief_age_s: float = 1.0,
    ) -> None:
        self.controller, self.perceiver, self.planner, self.goal = controller, perceiver, planner, goal
        self.perceive_hz, self.plan_hz, self.max_belief_age_s = perceive_hz, plan_hz, max_belief_age_s
        self._intent: Intent | None = None
        self._standing: Callable[[Observation], Intent] | None = getattr(controller, "standing_intent", None)
        if planner is None and self._standing is None:
            raise ConfigError(
                f"{type(controller).__name__} has no `standing_intent` to follow on its own: give it a planner, or give the "
                "class a method `standing_intent(observation)`"
            )
        if planner is not None and (perceiver is None or goal is None):
            raise ConfigError("a planner needs a perceiver and a goal")
        self._observation: Observation | None = None
        self._perceived: Observation | None = None
        self._belief: Belief | None = None
        self._planned: Belief | None = None
        self._threads: list[Paced] = []

    def reset(self, embodiment: Embodiment) -> None:
        """Reset every part and start the slow ones."""
        self.close()
        self.controller.reset(embodiment)
        if self.perceiver is not None:
            self._observation = self._belief = self._perceived = self._planned = None
            self.perceiver.reset(embodiment, self.goal)
            self._threads.append(Paced("perception", self.perceive, self.perceive_hz))
        if self.planner is not None and self.goal is not None:
            self.planner.reset(self.goal, embodiment)
            self._intent = None
            self._threads.append(Paced("planning", self.plan, self.plan_hz))

    @property
    def picture_s(self) -> float:
        """When the picture was taken that the controller looked at beside the observation, where it says so."""
        return float(getattr(self.controller, "picture_s", math.nan))

    def perceive(self) -> None:
        """Renew the belief from the newest observation, once."""
        observation = self._observation
        if self.perceiver is not None and observation is not None and observation is not self._perceived:
            self._perceived = observation
            self._belief = self.perceiver.update(observation)

    def plan(self) -> None:
        """Renew the intent from the newest belief, once."""
        belief = self._belief
        if self.planner is not None and belief is not None and belief is not self._planned:
            self._planned = belief
            self._intent = self.planner.plan(belief)

    def act(self, observation: Observation) -> Action:
        """The controller's next chunk. Raises ControllerError while there is no belief or intent yet."""
        self._observation = observation
        for thread in self._threads:
            thread.check()
        belief = self._belief if self.perceiver is not None else Belief(0, observation)
        if self.planner is None and self._standing is not None:
            self._intent = self._standing(observation)
        if belief is None or self._intent is None:
            raise NotYet("perception and planning have not come to a first result yet")
        if observation.stamp_s - belief.observation.stamp_s > self.max_belief_age_s:
            raise NotYet(f"perception is more than {self.max_belief_age_s:g} s behind")
        return self.controller.act(self._intent, observation, belief)

    def close(self) -> None:
        """End the threads."""
        for thread in self._threads:
            thread.close()
        self._threads.clear()


class NotYet(ControllerError):
    """There is no chunk yet, and that is no failure: the body holds and the policy is asked again."""


class PolicyThread:
    """A policy on a thread of this process, as the source of a control loop.

    rate_hz: at most this many chunks a second. It is alive as long as its thread is: what hangs inside `act` shows in the
    watchdog on fresh commands. Stalls of Python's interpreter lock are shared with the loop; a policy in a process of its own
    (`PolicyProcess`) has none.
    """

    def __init__(
        self, policy: Policy, embodiment: Embodiment, *, rate_hz: float = 30.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._policy, self._clock = policy, clock
        self._observation: Observation | None = None
        self._chunk: Chunk | None = None
        policy.reset(embodiment)
        self._thread = Paced("policy", self._step, rate_hz)

    def offer(self, observation: Observation) -> None:
        """Leave the newest observation for the policy."""
        self._observation = observation

    def take(self) -> Chunk | None:
        """The newest chunk, once. Raises what the policy raised."""
        self._thread.check()
        chunk, self._chunk = self._chunk, None
        return chunk

    def heard_s(self) -> float:
        """Now, since a thread lives as long as its process."""
        return self._clock()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _step(self) -> None:
        observation, self._observation = self._observation, None
        if observation is not None and (chunk := make_chunk(self._policy, observation, self._clock)) is not None:
            self._chunk = chunk


def make_chunk(policy: Policy, observation: Observation, clock: Callable[[], float]) -> Chunk | None:
    """Ask a policy once, with the time that it takes; None while it has nothing to say yet."""
    began = clock()
    try:
        action = policy.act(observation)
    except NotYet:
        return None
    return Chunk(action, observation.stamp_s, clock() - began, getattr(policy, "picture_s", math.nan))
