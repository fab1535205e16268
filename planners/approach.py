"""Walking up to things: where to stand before an object, and whether an intent is carried out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Embodiment, Observation
from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField, distance_field, traversable
from enactive.perception.mapping import OccupancyMap
from enactive.perception.scene_graph import SceneNode

from .base import GoTo, LookAt, surroundings

REACH_M = 0.8  # how near to an object's box counts as standing before it
MOST_STEPS = 200  # moves before giving up
PATIENCE = 12  # moves without getting anywhere before another place is tried
STILL_M = 0.1
REVISE = 10  # moves after which the place is chosen anew, the map being better known
MOVED_M = 0.3  # an object that turns out to be so far from where it was taken to be wants another place
FACING_STEPS = 9  # half a turn and the camera's way down
PLACES = 3
ELSEWHERE_M = 0.4  # how far the next place is from those that showed nothing
UNKNOWN_COST = 2.0  # what is seen from afar often stands on floor that is not known yet
BEHIND = -0.2  # cosine between the directions from an object of a place and of where it was seen from
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


def pace(embodiment: Embodiment) -> int:
    """How many commands of a body do what one discrete move does: patience is counted in moves."""
    if embodiment.control_mode == "discrete" or not embodiment.high:
        return 1
    return max(1, round(embodiment.forward_m * (embodiment.rate_hz or 10.0) / embodiment.high[0]))


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


def standing_place(
    grid: OccupancyMap,
    node: SceneNode,
    from_here: DistanceField,
    reach_m: float = REACH_M,
    elsewhere_m: Sequence[tuple[float, float]] = (),
    seen_from_m: tuple[float, float] | None = None,
) -> GoTo | None:
    """Where to stand to have an object in reach: the best place from which there is a way, None where there is none.

    Nearest to the object's box counts first, then few walls and unseen cells between, then a short way. from_here:
    distances from the body. elsewhere_m: places to keep 0.4 m away from. seen_from_m: where the object was seen from; the place
    is then on the same side of the object and of the walls around it. The intent ends facing the object.
    """
    centre, half = node.centre_m[:2], node.half_size_m[:2]
    low, high = grid.cell_of(centre - half - reach_m).clip(0), grid.cell_of(centre + half + reach_m) + 1
    cells = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1).reshape(-1, 2)
    if not len(cells):  # all of it lies beyond the map
        return None
    places = grid.xy_of(cells)
    outside = np.linalg.norm(np.maximum(np.abs(places - centre) - half, 0.0), axis=1)
    ways = from_here.at(places)
    good = np.isfinite(ways) & (outside <= reach_m)
    for spot in elsewhere_m:
        good &= np.linalg.norm(places - spot, axis=1) > ELSEWHERE_M
    if seen_from_m is not None:
        good &= _on_the_seen_side(grid, cells, node, np.array(seen_from_m))
    if not good.any():
        return None
    places, outside, ways = places[good], outside[good], ways[good]
    score = outside + WALL_COST * _hidden_m(grid, places, centre, half) + 0.05 * ways
    best = places[int(score.argmin())]
    yaw = math.atan2(centre[1] - best[1], centre[0] - best[0])
    return GoTo((float(best[0]), float(best[1])), radius_m=0.15, yaw_rad=yaw)


def _on_the_seen_side(
    grid: OccupancyMap, cells: NDArray[np.int64], node: SceneNode, seen_from_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(N,) which cells of a box around an object are on the side of it that it was seen from, or beside it.

    cells: (N, 2), the whole box in row-major order. A way that stays in the box and passes no wall has to lead from a cell to
    the front of the object: the first cell towards where it was seen from over which nothing tall stands.
    """
    from scipy import ndimage

    centre = node.centre_m[:2]
    here, there = grid.xy_of(cells) - centre, (seen_from_m - centre) / max(float(np.linalg.norm(seen_from_m - centre)), 1e-9)
    facing = here @ there >= BEHIND * np.linalg.norm(here, axis=1)
    low, shape = cells[0], cells[-1] - cells[0] + 1
    inside = grid.inside(cells)
    walls = grid.tall[tuple(np.where(inside[:, None], cells, 0).T)] & inside
    parts, _ = ndimage.label(~walls.reshape(shape))
    towards = 0.5 * grid.resolution_m * np.arange(2 * shape.sum())[:, None] * there
    line = grid.cell_of(centre + towards) - low
    front = parts[tuple(line[((line >= 0) & (line < shape)).all(axis=1)].T)]
    front = front[front > 0][:1]
    return facing & (parts.ravel() == front) if front.size else facing


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


class Approach:
    """Walks up to one object, faces it and says when it stands before it.

    `next` gives the intent of this step, or None once there is nothing left to do: then `failed` says whether the object
    could not be reached. Where the object does not show up in the picture from the chosen place, up to two others are tried.
    """

    def __init__(self, embodiment: Embodiment, reach_m: float = REACH_M) -> None:
        self.failed = False
        self._look_rad, self._reach_m, self._pace = embodiment.look_rad, reach_m, pace(embodiment)
        self._nods = "look_down" in embodiment.labels
        self._place: GoTo | None = None
        self._tried: list[tuple[float, float]] = []
        self._facing = self._steps = self._waited = 0
        self._stood = False
        self._centre, self._spot = np.full(3, np.inf), np.full(2, np.inf)

    def next(self, belief: Belief, node: SceneNode) -> GoTo | LookAt | None:
        """The intent towards a node, which may move a little while it gets better known."""
        grid, _ = surroundings(belief)
        self._steps += 1
        if self._steps > MOST_STEPS * self._pace:
            self.failed = not self._stood
            return None
        if not self._facing:
            self._choose(grid, node)
        if self._place is None:
            self.failed = not self._stood
            return None
        place = GoTo(self._place.point_m, self._place.radius_m)
        if not self._facing and not reached(place, belief.observation):
            return place
        self._facing, self._stood = self._facing + 1, True
        x, y, z = (float(value) for value in node.centre_m)
        look = LookAt((x, y, z))
        if self._facing <= FACING_STEPS * self._pace and not self._faces(look, belief.observation):
            return look
        if len(self._tried) + 1 < PLACES and belief.detections and not in_view(belief, node):
            self._elsewhere()
            return self.next(belief, node)
        return None

    def _elsewhere(self) -> None:
        if self._place is not None:
            self._tried.append(self._place.point_m)
        self._place, self._facing, self._waited = None, 0, 0

    def _choose(self, grid: OccupancyMap, node: SceneNode) -> None:
        """Keep to the place, unless body or map say that it cannot be reached, or the object turns out to be elsewhere."""
        here = grid.position_m
        self._waited = 0 if np.linalg.norm(here - self._spot) > STILL_M else self._waited + 1
        if self._waited == 0:
            self._spot = here.copy()
        if self._waited > PATIENCE * self._pace:
            self._elsewhere()
        blocked = (
            self._place is not None and not traversable(grid, through_unknown=True)[tuple(grid.cell_of(self._place.point_m))]
        )
        moved = np.linalg.norm(node.centre_m - self._centre) > MOVED_M
        if self._place is None or blocked or moved or self._steps % (REVISE * self._pace) == 0:
            from_here = distance_field(grid, here, unknown_cost=UNKNOWN_COST)
            self._place = standing_place(grid, node, from_here, self._reach_m, self._tried)
            self._centre = node.centre_m.copy()

    def _faces(self, look: LookAt, observation: Observation) -> bool:
        """Base and camera turned towards the point, as near as the camera's steps allow."""
        camera = next(iter(observation.cameras.values()), None)
        if camera is None or not self._nods or not reached(look, observation):
            return reached(look, observation)
        to = np.array(look.point_m) - camera.T_world_camera[:3, 3]
        wanted = math.atan2(to[2], math.hypot(to[0], to[1]))
        return abs(wanted - pitch_of(camera.T_world_camera)) <= self._look_rad / 2.0 + 1e-6


def in_view(belief: Belief, node: SceneNode) -> bool:
    """Whether a segment of the current picture belongs to a node."""
    return any(detection.node_id == node.id for detection in belief.detections)
