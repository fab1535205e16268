"""Between Enactive's `Action` and what a Gymnasium environment takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from enactive.errors import CompatibilityError, ConfigError, EmbodimentFault

from .embodiment import VERBS, Action, Embodiment


def to_gym(action: Action, space: gym.Space[Any]) -> Any:
    """The first command of `action` as a member of `space`.

    `Discrete` takes the index, `Box` the vector, and a `Dict` with `motion` and `verb` (0 = none) either of them or an
    interaction. Raises CompatibilityError for any other space, or an interaction that the space has no place for.
    """
    if isinstance(space, gym.spaces.Dict) and "motion" in space.spaces:
        interaction = action.interaction
        motion = space["motion"]
        return {
            "motion": _motion(action, motion) if interaction is None else np.zeros(motion.shape or (), motion.dtype),
            "verb": 0 if interaction is None else 1 + VERBS.index(interaction.verb),
            "target": "" if interaction is None else interaction.target,
            "pixel_uv": np.array((interaction and interaction.pixel_uv) or (-1, -1), dtype=np.int64),
        }
    if action.interaction is not None:
        raise CompatibilityError(f"the action space {space} has no interactions; make the environment with verbs=True")
    return _motion(action, space)


def _motion(action: Action, space: gym.Space[Any]) -> Any:
    if isinstance(space, gym.spaces.Discrete):
        return int(action.values[0, 0]) + int(space.start)
    if isinstance(space, gym.spaces.Box):
        return action.values[0].astype(space.dtype).reshape(space.shape)
    raise CompatibilityError(f"Enactive cannot send commands to an action space of type {type(space).__name__}")


def embodiment_of(env: gym.Env[Any, Any]) -> Embodiment:
    """The `embodiment` attribute of the environment under all its wrappers.

    Raises CompatibilityError where there is none.
    """
    body = env.get_wrapper_attr("embodiment") if env.has_wrapper_attr("embodiment") else None
    if not isinstance(body, Embodiment):
        raise CompatibilityError(
            f"{env.unwrapped} does not say what body it has: give the environment (or a wrapper) an attribute "
            "`embodiment` of type enactive.envs.Embodiment"
        )
    return body


def call_world(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call into an environment that others wrote: whatever it raises is a fault of the body, but for what already says so."""
    try:
        return call(*args, **kwargs)
    except (ConfigError, EmbodimentFault):
        raise
    except Exception as error:  # reason: foreign code may raise anything, and nothing is swallowed
        raise EmbodimentFault(f"the environment crashed: {type(error).__name__}: {error}") from error
