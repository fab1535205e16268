"""Simulated bodies as LeRobot's `Robot`, and the configurations that its command line makes them from.

A command moves simulated time on by 1/`rate_hz` s, however fast LeRobot's loop runs: give both the same.
"""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from lerobot.robots import Robot, RobotConfig

from ..desk_arm import DeskArm
from ..lerobot_robot import EnvAsLeRobot
from ..shadow_hand.env import ShadowHand
from ..shadow_hand.model import Side


@RobotConfig.register_subclass("enactive_hand")
@dataclass(kw_only=True)
class EnactiveHandConfig(RobotConfig):
    """A Shadow Hand before a camera. rate_hz: see above. camera_hz, width, height: of the pictures `front`."""

    left: bool = False
    rate_hz: float = 50.0
    camera_hz: float = 25.0
    width: int = 224
    height: int = 224


@RobotConfig.register_subclass("enactive_desk_arm")
@dataclass(kw_only=True)
class EnactiveDeskArmConfig(RobotConfig):
    """A four-jointed arm. rate_hz: see above. width, height: of the pictures of `side`; 0 for none."""

    rate_hz: float = 50.0
    width: int = 160
    height: int = 120


class _Simulated(EnvAsLeRobot, Robot):
    """Joins what LeRobot keeps of every robot (`id`, calibration folder, `robot_type`) with an environment."""

    def __init__(self, config: RobotConfig, env: gym.Env[Any, Any]) -> None:
        Robot.__init__(self, config)
        EnvAsLeRobot.__init__(self, env)
        self.config = config


class EnactiveHand(_Simulated):
    """`--robot.type=enactive_hand`"""

    config_class = EnactiveHandConfig
    name = "enactive_hand"

    def __init__(self, config: EnactiveHandConfig) -> None:
        side: Side = "left" if config.left else "right"
        hand = ShadowHand(side, config.rate_hz, config.camera_hz, config.width, config.height)
        super().__init__(config, hand)


class EnactiveDeskArm(_Simulated):
    """`--robot.type=enactive_desk_arm`"""

    config_class = EnactiveDeskArmConfig
    name = "enactive_desk_arm"

    def __init__(self, config: EnactiveDeskArmConfig) -> None:
        super().__init__(config, DeskArm(config.rate_hz, config.width, config.height))
