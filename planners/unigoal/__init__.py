"""UniGoal: universal zero-shot goal navigation by matching a goal graph with the scene graph (arXiv 2503.10630)."""

from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .planner import UniGoal
from .reasoner import EmbeddedReasoner, Reasoner

__all__ = ["EmbeddedReasoner", "GoalEdge", "GoalGraph", "GoalNode", "Reasoner", "UniGoal"]
