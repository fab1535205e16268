"""How the body stands to a thing of the scene graph: whether it sees it, faces it, and from how far."""

from __future__ import annotations

import math

import numpy as np

from enactive.perception.base import Belief
from enactive.perception.scene_graph import SceneNode

from ..approach import turn_between, yaw_of

FACING_RAD = math.radians(16.0)


def facing(belief: Belief, node: SceneNode) -> bool:
    """Whether the body is turned towards a node."""
    pose = belief.observation.T_world_base
    if pose is None:
        return True
    towards = math.atan2(node.centre_m[1] - pose[1, 3], node.centre_m[0] - pose[0, 3])
    return abs(turn_between(yaw_of(pose), towards)) <= FACING_RAD


def in_sight(belief: Belief, node: SceneNode) -> bool:
    """Whether a segment of the current frame belongs to a node."""
    return any(detection.node_id == node.id for detection in belief.detections)


def distance_m(belief: Belief, node: SceneNode) -> float:
    """Straight distance on the floor from the body to a node's box."""
    pose = belief.observation.T_world_base
    here = pose[:2, 3] if pose is not None else node.centre_m[:2]
    return float(np.linalg.norm(np.maximum(np.abs(here - node.centre_m[:2]) - node.half_size_m[:2], 0.0)))
