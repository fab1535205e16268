"""Worlds and bodies: Gymnasium environments, and the types that cross into the loop.

`Observation` leaves an environment, `Action` enters it, `Embodiment` says what both mean, a `Goal` says what for.
"""

import gymnasium

from .embodiment import DISCRETE_ACTIONS, VERBS, Action, CameraInfo, ControlMode, Embodiment, Interaction
from .goal import Goal, ImageGoal, ObjectGoal, PoseGoal, TaskGoal, TextGoal
from .observation import CameraFrame, Observation
from .parse_goal import parse_goal

__all__ = [
    "DISCRETE_ACTIONS",
    "VERBS",
    "Action",
    "CameraFrame",
    "CameraInfo",
    "ControlMode",
    "Embodiment",
    "Goal",
    "ImageGoal",
    "Interaction",
    "ObjectGoal",
    "Observation",
    "PoseGoal",
    "TaskGoal",
    "TextGoal",
    "parse_goal",
]

gymnasium.register(id="enactive/AlfWorld-v0", entry_point="enactive.envs.alfworld.env:AlfWorld")
gymnasium.register(id="enactive/DeskArm-v0", entry_point="enactive.envs.desk_arm:DeskArm")
gymnasium.register(id="enactive/Household-v0", entry_point="enactive.envs.household.env:Household")
gymnasium.register(id="enactive/HouseholdTask-v0", entry_point="enactive.envs.household.tasks.env:HouseholdTask")
gymnasium.register(id="enactive/ShadowHand-v0", entry_point="enactive.envs.shadow_hand.env:ShadowHand")
