"""The chain of guards that stands between a policy and a body."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from enactive.envs import Action, Embodiment, Observation
from enactive.errors import ConfigError

from .base import Link
from .collision import PredictedState
from .effort import EffortLimit
from .form import Form
from .limits import Limits
from .motion import AccelerationLimit, StepLimit, VelocityLimit


@dataclass(frozen=True, slots=True, eq=False)
class Intervention:
    """A command that a link changed, or the robot after the last link (`robot`).

    index: which command since reset; requested, sent: (D,), before and after.
    """

    index: int
    link: str
    requested: NDArray[np.float64]
    sent: NDArray[np.float64]


class Chain:
    """Links in order; each takes what the one before lets pass.

    extra: links after the standing ones, which every chain has. off: names of links that are switched off, which the
    record of the run tells; `collision` may be named without a model of the body, too, and `form`, the first, cannot be
    switched off. kept: how many interventions are kept in full (`counts` counts them all).
    """

    def __init__(self, *extra: Link, off: Sequence[str] = (), kept: int = 1000) -> None:
        links = (Limits(), StepLimit(), VelocityLimit(), AccelerationLimit(), EffortLimit(), *extra)
        names = dict.fromkeys((*(link.name for link in links), PredictedState.name))
        if unknown := set(off) - set(names):
            known = ", ".join(names)
            raise ConfigError(f"the guard has no link {', '.join(sorted(unknown))} to switch off; known: {known}")
        self.links = (Form(), *(link for link in links if link.name not in off))
        self.off = tuple(sorted(off))
        self.counts: Counter[str] = Counter()
        self.interventions: deque[Intervention] = deque(maxlen=kept)
        self._news: deque[Intervention] = deque(maxlen=kept)

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare every link for a body and forget what was counted."""
        self.counts.clear()
        self.interventions.clear()
        self._news.clear()
        self._index = 0
        for link in self.links:
            link.reset(embodiment)

    def observe(self, observation: Observation) -> None:
        """Tell every link what the body measures."""
        for link in self.links:
            link.observe(observation)

    def review(self, action: Action) -> Action:
        """Pass an action through every link. Raises SafetyAbort where one refuses it.

        The commands of a chunk (T, D) are reviewed one after the other, as if each had been sent.
        """
        if len(action.values) > 1 and action.interaction is None:
            rows = [Action(action.control_mode, row[np.newaxis], action.rate_hz) for row in action.values]
            reviewed = [self._one(row) for row in rows]
            if all(after is before for after, before in zip(reviewed, rows, strict=True)):
                return action
            return Action(action.control_mode, np.concatenate([row.values for row in reviewed]), action.rate_hz)
        return self._one(action)

    def sent_instead(self, values: NDArray[np.float64]) -> None:
        """Tell every link that another command (D,) went out than the one that was approved last."""
        for link in self.links:
            link.sent_instead(values)

    def found(self, values: NDArray[np.float64]) -> None:
        """Tell every link that the next command starts from another place (D,) than the last one that went out."""
        for link in self.links:
            link.found(values)

    def note(self, name: str, requested: NDArray[np.float64], sent: NDArray[np.float64]) -> None:
        """Count and keep a change of a command (D,)."""
        self.counts[name] += 1
        change = Intervention(self._index, name, requested, sent)
        self.interventions.append(change)
        self._news.append(change)

    def news(self) -> tuple[Intervention, ...]:
        """What was changed since the last call."""
        news = tuple(self._news)
        self._news.clear()
        return news

    def _one(self, action: Action) -> Action:
        asked = action
        for link in self.links:
            passed = link.review(action)
            if passed is not action:
                self.note(link.name, action.values[0], passed.values[0])
                action = passed
        if action is not asked:  # what a link reckoned with may have been no number
            self.links[0].review(action)
        if action.interaction is None:
            for link in self.links:
                link.approved(action.values[0])
        self._index += 1
        return action

    def standing(self) -> dict[str, Any]:
        """Plain data: the links that stand, and those switched off."""
        return {"on": [link.name for link in self.links], "off": list(self.off)}

    def summary(self) -> dict[str, Any]:
        """Plain data for the record of a run: the links that stood, those switched off, and what each changed."""
        return {**self.standing(), "changed": dict(self.counts)}


def guard_of(env: gym.Env[Any, Any], off: Sequence[str] = ()) -> Chain:
    """The chain for a body, with a link that predicts where its environment has a `mujoco_model` of it.

    `model_joints` and `workspace` of the environment, where it has them, are those of `PredictedState`.
    """
    body = env.unwrapped
    model = getattr(body, "mujoco_model", None)
    if model is None or PredictedState.name in off:
        return Chain(off=off)
    joints, workspace = getattr(body, "model_joints", None), getattr(body, "workspace", None)
    return Chain(PredictedState(model, joints=joints, workspace=workspace), off=off)
