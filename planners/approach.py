"""Walking up to things: where to stand before an object, and whether an intent is carried out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Observation
from enactive.perception.geodesic import DistanceField
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneNode

from .base import GoTo, LookAt

REACH_M = 0.8  # how near to an object's box counts as standing before it
WALL_COST = 3.0  # a metre of wall or of unseen between a place and the object counts as this many more


def yaw_of(T_world_base: NDArray[np.float64]) -> float:
    """Heading of a body, rad. T_world_base: (4, 4)."""
    return math.atan2(T_world_base[1, 0], T_world_base[0, 0])


def pitch_of(T_world_camera: NDArray[np.float64]) -> float:
    """Pitch of a camera, rad, up positive. T_world_camera: (4, 4), optical frame."""
    return math.asin(max(-1.0, min(1.0, float(T_world_camera[2, 2]))))


def turn_between(from_rad: float, to_rad: float) -> float:
    """The shorter turn from one heading to another, in (-pi, pi], left positive."""
    turn = (to_rad - from_rad) % (2.0 * math.pi)
    return turn - 2.0 * math.pi if turn > math.pi else turn


def reached(
    intent: GoTo | LookAt, observation: Observation, slack_m: float = 0.05, slack_rad: float = math.radians(16.0)
) -> bool:
    """Whether the body is where an intent wants it, or looks where it wants it to look.

    slack_m, slack_rad: what the body's moves cannot resolve; half a turn of 30 degrees by default.
    """
    if observation.T_world_base is None:
        return False
    here, yaw = observation.T_world_base[:2, 3], yaw_of(observation.T_world_base)
    if isinstance(intent, GoTo):
        if math.dist(here, intent.point_m) > intent.radius_m + slack_m:
            return False
        return intent.yaw_rad is None or abs(turn_between(yaw, intent.yaw_rad)) <= slack_rad
    towards = math.atan2(intent.point_m[1] - here[1], intent.point_m[0] - here[0])
    return abs(turn_between(yaw, towards)) <= slack_rad


def standing_place(grid: OccupancyMap, node: SceneNode, from_here: DistanceField, reach_m: float = REACH_M) -> GoTo | None:
    """Where to stand to have an object in reach: the best place from which there is a way, None where there is none.

    Nearest to the object's box counts first, then few walls and unseen cells between, then a short way. from_here:
    distances from the body. The intent ends facing the object.
    """
    centre, half = node.centre_m[:2], node.half_size_m[:2]
    low, high = grid.cell_of(centre - half - reach_m).clip(0), grid.cell_of(centre + half + reach_m) + 1
    cells = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1).reshape(-1, 2)
    places = grid.xy_of(cells)
    outside = np.linalg.norm(np.maximum(np.abs(places - centre) - half, 0.0), axis=1)
    ways = from_here.at(places)
    good = np.isfinite(ways) & (outside <= reach_m)
    if not good.any():
        return None
    places, outside, ways = places[good], outside[good], ways[good]
    score = outside + WALL_COST * _hidden_m(grid, places, centre, half) + 0.05 * ways
    best = places[int(score.argmin())]
    yaw = math.atan2(centre[1] - best[1], centre[0] - best[0])
    return GoTo((float(best[0]), float(best[1])), radius_m=0.15, yaw_rad=yaw)


def _hidden_m(
    grid: OccupancyMap, places: NDArray[np.float64], centre: NDArray[np.float64], half: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Length of wall and of unseen floor on the straight line from each place to the object, its own box left out. (N,)"""
    steps = np.linspace(0.0, 1.0, 24)[None, :, None]
    points = places[:, None] + steps * (centre - places)[:, None]
    cells = grid.cell_of(points)
    inside = grid.inside(cells)
    cells = np.where(inside[..., None], cells, 0)
    index = cells[..., 0], cells[..., 1]
    hidden = (grid.tall[index] | ~grid.explored[index]) & inside
    hidden &= (np.abs(points - centre) > half + 0.1).any(axis=-1)
    return hidden.mean(axis=1) * np.linalg.norm(centre - places, axis=1)
