"""MiniGrid and BabyAI worlds, as they come from PyPI, with the standard keys.

`MiniGridBody("BabyAI-GoToLocal-v0")` says its mission in `text`, gives its partial view as `grid_view`
and its odometry as `T_world_base` (one cell = 1 m, the start cell is the origin, x = the heading at the start).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from enactive.errors import ConfigError

from .embodiment import Embodiment
from .goal import Goal
from .parse_goal import parse_goal

MOVES = ("left", "right", "forward", "pickup", "drop", "toggle", "done")


class MiniGridBody(gym.Wrapper[dict[str, Any], int, dict[str, Any], int], gym.utils.RecordConstructorArgs):
    """A world of MiniGrid or BabyAI with the standard keys.

    env: the environment, or the name of one that MiniGrid registers. The mission is the world's own, and so is its word of
    success: a run that is given another goal is refused at its reset. Raises ConfigError where MiniGrid is not installed or
    has no world of that name.
    """

    partners: ClassVar[Mapping[str, str]] = {
        "perceiver": "GridPerceiver",
        "planner": "GridSearch",
        "controller": "NamedMoves",
    }
    embodiment = Embodiment(
        name="MiniGrid agent",
        control_mode="discrete",
        labels=MOVES,
        forward_m=1.0,
        turn_rad=math.pi / 2,
        radius_m=0.5,
        simulated=True,
    )

    def __init__(self, env: gym.Env[Any, Any] | str = "BabyAI-GoToRedBall-v0") -> None:
        gym.utils.RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, _made(env) if isinstance(env, str) else env)
        view = self.env.observation_space["image"]  # type: ignore[index]
        self.observation_space = gym.spaces.Dict(
            {
                "grid_view": view,
                "text": gym.spaces.Text(max_length=512, charset=_CHARSET),
                "T_world_base": gym.spaces.Box(-np.inf, np.inf, (4, 4), np.float64),
                "stamp_s": gym.spaces.Box(0.0, np.inf, (), np.float64),
            }
        )

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """A new mission; the start cell becomes the origin. Raises ConfigError where the options name another "goal"."""
        obs, info = self.env.reset(seed=seed, options=options)
        goal: Goal | None = (options or {}).get("goal")
        if goal is not None and str(goal) != obs["mission"] and goal != parse_goal(obs["mission"]):
            raise ConfigError(f"the mission here is {obs['mission']!r}, not {str(goal)!r}: ask for that, or take another seed")
        self._steps = 0
        self._start = (*self._grid_xy(), int(obs["direction"]))
        return self._observe(obs), info

    def step(self, action: int) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One move; `info["is_success"]` is MiniGrid's own reward being positive."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        return self._observe(obs), float(reward), terminated, truncated, {**info, "is_success": float(reward) > 0}

    def _grid_xy(self) -> tuple[int, int]:
        x, y = self.env.get_wrapper_attr("agent_pos")
        return int(x), int(y)

    def _observe(self, obs: dict[str, Any]) -> dict[str, Any]:
        x0, y0, direction0 = self._start
        x, y = self._grid_xy()
        # MiniGrid's y points down and its directions turn clockwise: negate both for a right-handed frame.
        turn0 = -direction0 * math.pi / 2
        dx, dy = x - x0, -(y - y0)
        cos, sin = round(math.cos(turn0)), round(math.sin(turn0))
        yaw = -(int(obs["direction"]) - direction0) * math.pi / 2
        pose = np.eye(4)
        pose[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
        pose[:2, 3] = [cos * dx + sin * dy, -sin * dx + cos * dy]
        return {
            "grid_view": obs["image"],
            "text": obs["mission"],
            "T_world_base": pose,
            "stamp_s": np.array(float(self._steps)),
        }


def _made(name: str) -> gym.Env[Any, Any]:
    try:
        import minigrid.minigrid_env  # registers its worlds
    except ImportError as error:
        raise ConfigError("MiniGrid is not installed: pip install 'enactive[minigrid]'") from error
    try:
        env = gym.make(name)
    except (gym.error.Error, ImportError) as error:
        raise ConfigError(f"MiniGrid makes no world of {name!r}: {error}") from error
    if not isinstance(env.unwrapped, minigrid.minigrid_env.MiniGridEnv):
        raise ConfigError(f"{name!r} is no world of MiniGrid: take one of its names, such as BabyAI-GoToRedBall-v0")
    return env


_CHARSET = "".join(chr(code) for code in range(32, 127))
