"""Deciding: from a belief and a goal to an intent."""

from .base import CallTool, GoTo, Intent, Interact, Look, LookAt, MatchPose, Move, MoveJoints, Planner, Stop

__all__ = ["CallTool", "GoTo", "Intent", "Interact", "Look", "LookAt", "MatchPose", "Move", "MoveJoints", "Planner", "Stop"]
