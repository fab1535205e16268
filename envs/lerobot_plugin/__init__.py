"""Simulated bodies under `--robot.type`, for LeRobot's own tools. Importing this needs LeRobot.

Its tools find them with `--robot.discover_packages_path=enactive.envs.lerobot_plugin`; its factory looks for a robot's class
here, by the name of its configuration less `Config`.
"""

from .robots import EnactiveDeskArm, EnactiveDeskArmConfig, EnactiveHand, EnactiveHandConfig

__all__ = ["EnactiveDeskArm", "EnactiveDeskArmConfig", "EnactiveHand", "EnactiveHandConfig"]
