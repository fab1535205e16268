"""Does a third party's component keep the contract? One call each, made to be used in other people's tests.

`check_environment(env)` drives an environment through Gymnasium's own checker and the contract of the loop,
`check_planner(planner, ...)` a planner through one short episode. Both raise AssertionError with what is wrong.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence

from enactive.controllers import Controller
from enactive.envs import Goal, Observation
from enactive.envs.gym_io import embodiment_of
from enactive.errors import TrialError
from enactive.perception import Perceiver
from enactive.planners import Planner, Stop

from .compat import check_compatibility
from .loop import Agent
from .report.record import step_json

STEPS = 20


def check_environment(env: gym.Env[Any, Any], seed: int = 0) -> None:
    """Check spaces and determinism (Gymnasium's `check_env`), the embodiment, and the standard keys over some steps.

    Poses must be rigid, depth float32 and not negative, pictures uint8, stamps must never run back. What the wrappers of `env`
    make of its observations must be in the space that they declare, and the same again from the same seed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Gymnasium warns of unbounded boxes, which poses are
        check_env(env.unwrapped, skip_render_check=True)
    first, again = _course(env, seed), _course(env, seed)
    for step, (one, other) in enumerate(zip(first, again, strict=True)):
        odd = [name for name in one if not data_equivalence(one[name], other.get(name))]
        said = f"the same seed and actions gave another {' and another '.join(odd)} at step {step}"
        assert not odd, f"{said}: draw whatever is random from np_random"


def _course(env: gym.Env[Any, Any], seed: int) -> list[dict[str, Any]]:
    """Drive an environment from a seed and check what it shows; returns the parts of that by name, turn by turn."""
    cameras, space = {camera.name for camera in embodiment_of(env).cameras}, env.action_space
    space.seed(seed)
    obs, info = env.reset(seed=seed)
    before = _check_observation(obs, info, cameras, -np.inf)
    course = [_within(env.observation_space, obs)]
    for step in range(1, 1 + STEPS):
        obs, reward, terminated, truncated, info = env.step(space.sample())
        before = _check_observation(obs, info, cameras, before)
        told = {"reward": float(reward), "terminated": bool(terminated), "truncated": bool(truncated)}
        course.append(_within(env.observation_space, obs) | told)
        if terminated or truncated:
            obs, info = env.reset(seed=seed + step)
            before = _check_observation(obs, info, cameras, -np.inf)
            course.append(_within(env.observation_space, obs))
    return course


def _within(space: gym.Space[Any], part: Any, name: str = "") -> dict[str, Any]:
    """The parts of an observation by name ("cameras.head.rgb"), copied, each of which its space must hold."""
    if not isinstance(space, gym.spaces.Dict) or not isinstance(part, Mapping):
        assert space.contains(part), f"{name or 'the observation'} is outside its own observation_space: {part!r:.80}"
        return {name: deepcopy(part)}
    odd = sorted(map(str, space.spaces.keys() ^ part.keys()))
    assert not odd, f"{name or 'the observation'} and its observation_space do not both have {', '.join(odd)}"
    parts: dict[str, Any] = {}
    for key, each in space.spaces.items():
        parts |= _within(each, part[key], f"{name}.{key}" if name else str(key))
    return parts


def _check_observation(obs: Any, info: Any, cameras: set[str], not_before_s: float) -> float:
    """Check one observation; returns its stamp."""
    observation = Observation.from_gym(obs, info)
    assert set(observation.cameras) == cameras, f"the embodiment names cameras {cameras}, seen: {set(observation.cameras)}"
    assert observation.stamp_s >= not_before_s, f"the stamp ran back from {not_before_s} to {observation.stamp_s}"
    if observation.T_world_base is not None:
        _check_pose(observation.T_world_base, "T_world_base")
    for name, frame in observation.cameras.items():
        height, width = frame.rgb.shape[:2]
        assert frame.rgb.dtype == np.uint8, f"camera {name!r}: rgb is {frame.rgb.dtype}, it must be uint8"
        assert frame.rgb.shape == (height, width, 3), f"camera {name!r}: rgb has shape {frame.rgb.shape}, it must be (H, W, 3)"
        assert frame.K.shape == (3, 3), f"camera {name!r}: K has shape {frame.K.shape}, it must be (3, 3)"
        assert 0 <= frame.K[0, 2] <= width, f"camera {name!r}: the principal point {frame.K[0, 2]} is outside the picture"
        _check_pose(frame.T_world_camera, f"T_world_camera of {name!r}")
        if frame.depth is not None:
            assert frame.depth.dtype == np.float32, f"camera {name!r}: depth is {frame.depth.dtype}, it must be float32 metres"
            assert frame.depth.shape == (height, width), f"camera {name!r}: depth has shape {frame.depth.shape}"
            assert np.isfinite(frame.depth).all(), f"camera {name!r}: depth is not finite; 0 means no return"
            assert (frame.depth >= 0).all(), f"camera {name!r}: depth is negative"
    return observation.stamp_s


def _check_pose(T: np.ndarray, name: str) -> None:
    assert T.shape == (4, 4), f"{name} has shape {T.shape}, it must be (4, 4)"
    assert np.isfinite(T).all(), f"{name} is not finite"
    assert np.allclose(T[3], [0, 0, 0, 1]), f"{name}: the last row must be 0 0 0 1"
    rotation = T[:3, :3]
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4), f"{name} is not rigid"
    assert np.linalg.det(rotation) > 0, f"{name} mirrors: use a right-handed frame"


def check_planner(
    planner: Planner,
    env: gym.Env[Any, Any],
    perceiver: Perceiver,
    controller: Controller,
    goal: Goal,
    steps: int = STEPS,
    seed: int = 0,
) -> None:
    """Run a planner twice for some steps: it must emit what it declares, trace plain values, and repeat itself."""
    assert isinstance(planner, Planner), f"{type(planner).__name__} lacks a part of the protocol enactive.planners.Planner"
    check_compatibility(env, perceiver, planner, controller, goal).raise_if_broken()
    courses = []
    for _ in range(2):
        episode = Agent(perceiver, planner, controller, max_steps=steps).run(env, goal, seed=seed)
        for step in episode.steps:
            kind = type(step.intent)
            declared = isinstance(step.intent, (*planner.emits, Stop, type(None)))
            assert declared, f"{type(planner).__name__} emits {kind.__name__}, which `emits` does not name"
            json.dumps(step_json(step))
        courses.append([json.dumps({**step_json(step), "seconds": 0}) for step in episode.steps])
    assert courses[0] == courses[1], f"{type(planner).__name__} does not repeat itself from the same start"
    try:
        planner.reset(goal, embodiment_of(env))
    except TrialError as error:
        raise AssertionError(f"{type(planner).__name__} cannot be reset to the same goal again: {error}") from error
