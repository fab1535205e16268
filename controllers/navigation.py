"""Moving over the floor: intents to go, look and stop, as discrete moves or base twists."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np

from enactive.envs import Action, CameraFrame, ControlMode, Embodiment, Observation
from enactive.envs.observation import HELD
from enactive.errors import CompatibilityError, ControllerError
from enactive.perception.base import Belief
from enactive.perception.geodesic import DistanceField, distance_field, traversable
from enactive.perception.mapping import LIMIT_M, OccupancyMap
from enactive.planners.approach import pitch_of, turn_between, yaw_of
from enactive.planners.base import GoTo, Intent, Look, LookAt, Stop

from .lattice import Moves, Pose, next_move
from .twist import Twist

UNKNOWN_COST = 2.0  # a way may lead through the unknown, but rather not
KEEP_FIELD = 4  # steps for which a distance field serves; forward moves are checked against the newest map all the same
STUCK_M = 0.05
PATIENCE = 25  # steps of turning in place without a way, before giving up: planners may choose otherwise until then
PINCH_M = 1.5
STALL_M, STALL_STEPS, STALL_S = 0.4, 16, 8.0
BUMPS_KEPT = 40
SAME_RAD = math.radians(10.0)
CONTACT_RAD = math.radians(75.0)
CONTACT_M = 0.15
TURNS = ("turn_left", "turn_right")
PARDONS = 3  # how often bumps on the map are forgotten when they leave no way


class NavigationController:
    """Goes where the map allows, by the geodesic way, and never into a known obstacle.

    A forward move that gets the body less than 5 cm on counts as a collision: it is written into the map as a bump and the
    way is planned anew. `GoTo` raises ControllerError when no place within its radius can be reached on the map, unknown
    cells taken for passable, and turning in place has not changed that, and at once beyond what a map covers. A discrete body
    cannot do nothing: an intent that is already carried out makes it turn left, so the planner decides when a place is reached
    (`planners.approach.reached`).
    """

    serves: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Stop)
    control_modes: frozenset[ControlMode] = frozenset({"discrete", "base_twist"})
    moves: Mapping[type[Intent], tuple[str, ...]] = {GoTo: ("move_forward", *TURNS), Look: TURNS, LookAt: TURNS}
    twist: Mapping[str, str] = {"v": "m/s", "w": "rad/s"}
    frame: str = "base"

    def reset(self, embodiment: Embodiment) -> None:
        """Prepare for a body. Raises CompatibilityError for a control mode that it cannot command."""
        if embodiment.control_mode not in self.control_modes:
            raise CompatibilityError(
                f"NavigationController commands discrete moves and base twists, and {embodiment.name} takes "
                f"{embodiment.control_mode}: give it another controller"
            )
        self._body = embodiment
        self._moves = Moves(embodiment.forward_m, embodiment.turn_rad)
        self._twist = Twist(embodiment) if embodiment.control_mode == "base_twist" else None
        self._field: tuple[GoTo, int, DistanceField] | None = None
        self._forward: tuple[Pose, float] | None = None  # where the last forward command began, and how far it should lead
        self._nod: tuple[str, float] | None = None  # the last look command, and the pitch that it began from
        self._limits: set[str] = set()  # look commands that no longer change anything
        self._bumped: deque[Pose] = deque(maxlen=BUMPS_KEPT)  # where going ahead has failed
        self._idle = self._short = self._pardons = 0
        self._spot, self._stay = (math.inf, math.inf), 0
        self._target: Intent | None = None

    def act(self, intent: Intent, observation: Observation, belief: Belief) -> Action:
        """The next command. Raises ControllerError where there is no way, or no pose or map to go by."""
        if isinstance(intent, Stop):
            return self._action("stop")
        if observation.T_world_base is None:
            raise ControllerError("navigation needs the pose of the base, and the observation has none: add odometry")
        T = observation.T_world_base
        pose = float(T[0, 3]), float(T[1, 3]), yaw_of(T)
        if intent != self._target:
            self._target, self._idle, self._pardons = intent, 0, 0
        if observation.extra.get(HELD) is True:  # who is not let on has not run into anything, nor is there no way
            self._forward, self._idle, self._short, self._stay = None, 0, 0, 0
        if belief.map is not None:
            self._learn(belief.map, pose)
        self._forward = None
        camera = next(iter(observation.cameras.values()), None)
        match intent:
            case GoTo():
                if belief.map is None:
                    raise ControllerError("navigation needs a map, and the belief has none: use a perceiver that provides one")
                return self._go(intent, belief.map, pose, camera)
            case Look():
                return self._nodding(camera, intent.pitch_rad) or self._turn(intent.yaw_rad)
            case LookAt():
                return self._face(intent, pose, camera)
        raise ControllerError(
            f"NavigationController does not serve {type(intent).__name__}; it serves GoTo, Look, LookAt and Stop"
        )

    def _go(self, intent: GoTo, grid: OccupancyMap, pose: Pose, camera: CameraFrame | None) -> Action:
        if math.dist(pose[:2], intent.point_m) <= intent.radius_m:
            return self._turn(0.0 if intent.yaw_rad is None else turn_between(pose[2], intent.yaw_rad))
        if not grid.reserve(intent.point_m, intent.radius_m):
            raise ControllerError(
                f"no way to {_place(intent)}: it lies beyond the {LIMIT_M:.0f} m around the origin that a map covers"
            )
        field = self._way_there(intent, grid, pose)
        if field is None:
            return self._wait(f"no way to {_place(intent)}: nothing within {intent.radius_m:.2f} m of it can be reached")
        level = self._nodding(camera, 0.0)
        if level is not None:
            return level
        if self._twist is not None:
            return self._drive(field, grid, pose, self._twist)
        goal = intent.point_m, intent.radius_m
        onward = not any(_same(pose, bumped) for bumped in self._bumped)
        name = next_move(grid, field, pose, self._moves, *goal, forward_now=onward)
        stay = self._stay_here(pose)
        if name is None or stay > STALL_STEPS:
            name = next_move(grid, field, pose, self._moves, *goal, thorough=True, forward_now=onward)
        if name is None or stay > 2 * STALL_STEPS:
            self._shut(grid, field, pose)
            return self._wait(f"no way to {_place(intent)}: from here no move of the body leads on")
        self._idle = 0
        if name == "move_forward":
            self._forward = pose, self._body.forward_m
        return self._action(name)

    def _stay_here(self, pose: Pose) -> int:
        """For how many steps the body has been about one spot, however busily."""
        if math.dist(pose[:2], self._spot) > STALL_M:
            self._spot, self._stay = pose[:2], 0
        self._stay += 1
        return self._stay

    def _shut(self, grid: OccupancyMap, field: DistanceField, pose: Pose) -> None:
        """Close the tightest place of the way ahead, since the body's moves do not get through it."""
        begin = field.near(pose[:2])
        way = field.way(begin) if begin is not None else np.zeros((0, 2))
        gaps = np.linalg.norm(way - np.array(pose[:2]), axis=1)
        ahead = way[(gaps > grid.body_radius_m) & (gaps < PINCH_M)]
        if len(ahead):
            cells = grid.cell_of(ahead)
            grid.bump(ahead[int(grid.clearance_m()[cells[:, 0], cells[:, 1]].argmin())])
        self._field, self._stay = None, 0

    def _wait(self, why: str) -> Action:
        """Turn in place, which may show a way, and give up after some steps of it."""
        self._idle += 1
        if self._idle > PATIENCE:
            raise ControllerError(why)
        return self._turn(self._body.turn_rad)

    def _drive(self, field: DistanceField, grid: OccupancyMap, pose: Pose, twist: Twist) -> Action:
        begin = field.near(pose[:2])
        way = field.way(begin) if begin is not None else np.zeros((0, 2))
        if len(way) == 1:  # in a cell that will do, beside its middle, and not yet near enough
            way = np.vstack([pose[:2], way])
        command = twist.follow(grid, way, pose) if len(way) else twist.turn(self._body.turn_rad)
        if not command.any():
            return self._wait("no way on: the body has no room to move ahead, and none to turn for")
        self._idle = 0
        if self._stay_here(pose) > STALL_S / twist.period_s:
            self._shut(grid, field, pose)
        if (speed := float(command[0, twist.ahead])) > 0.0:
            self._forward = pose, speed * twist.period_s
        return Action("base_twist", command)

    def _way_there(self, intent: GoTo, grid: OccupancyMap, pose: Pose) -> DistanceField | None:
        if self._field is not None and self._field[0] == intent and self._field[1] < KEEP_FIELD:
            kept, age, field = self._field
            if np.array_equal(field.origin_m, grid.origin_m) and field.near(pose[:2]) is not None:
                self._field = kept, age + 1, field
                return field
        while True:
            places = _places(grid, intent)
            if len(places):
                field = distance_field(grid, places, unknown_cost=UNKNOWN_COST)
                if field.near(pose[:2]) is not None:
                    self._field = intent, 0, field
                    return field
            if self._pardons >= PARDONS or not grid.forget_bumps():
                return None
            self._pardons += 1

    def _learn(self, grid: OccupancyMap, pose: Pose) -> None:
        """Write a collision into the map when the last command to go ahead did not lead on."""
        if self._forward is None:
            return
        (x, y, yaw), length = self._forward
        gained = (pose[0] - x) * math.cos(yaw) + (pose[1] - y) * math.sin(yaw)
        self._short = self._short + 1 if gained < min(STUCK_M, 0.2 * length) else 0
        if self._short < (1 if self._twist is None else 3):
            return
        self._short = 0
        grid.bump(_contact(grid, pose, yaw))
        self._bumped.append(pose)
        self._field = None

    def _face(self, intent: LookAt, pose: Pose, camera: CameraFrame | None) -> Action:
        x, y, z = intent.point_m
        turn = turn_between(pose[2], math.atan2(y - pose[1], x - pose[0]))
        if abs(turn) > self._body.turn_rad / 2.0:
            return self._turn(turn)
        if camera is not None:
            eye = camera.T_world_camera[:3, 3]
            up = self._nodding(camera, math.atan2(z - eye[2], math.hypot(x - eye[0], y - eye[1])))
            if up is not None:
                return up
        return self._turn(turn)

    def _turn(self, turn_rad: float) -> Action:
        if self._twist is not None:
            return Action("base_twist", self._twist.turn(turn_rad))
        return self._action("turn_right" if turn_rad < -1e-6 else "turn_left")

    def _nodding(self, camera: CameraFrame | None, pitch_rad: float) -> Action | None:
        """A look command towards a pitch of the camera, None where it is as near as the body's steps and limits allow."""
        if camera is None or self._twist is not None:
            return None
        pitch = pitch_of(camera.T_world_camera)
        if self._nod is not None:
            name, before = self._nod
            self._limits = self._limits | {name} if abs(pitch - before) < 0.02 else set()
            self._nod = None
        name = "look_up" if pitch_rad > pitch else "look_down"
        if abs(pitch_rad - pitch) <= self._body.look_rad / 2.0 + 1e-6 or name in self._limits or name not in self._body.labels:
            return None
        self._nod = name, pitch
        return self._action(name)

    def _action(self, name: str) -> Action:
        if self._twist is not None:
            return Action("base_twist", self._twist.command())
        return Action.discrete(self._body, name)


def _same(a: Pose, b: Pose) -> bool:
    """Whether two poses are so near that a move that failed from one will fail from the other."""
    return math.dist(a[:2], b[:2]) < STUCK_M and abs(turn_between(a[2], b[2])) < SAME_RAD


def _contact(grid: OccupancyMap, pose: Pose, yaw_rad: float) -> tuple[float, float]:
    """Where a body that was stopped has most likely touched something: beside a known obstacle at its front, else straight on.

    Things are often a little larger than they look; a bump in the middle of a doorway would shut it.
    """
    reach = grid.body_radius_m + 1.2 * grid.resolution_m
    angles = yaw_rad + CONTACT_RAD * np.linspace(-1.0, 1.0, 11)
    points = np.array(pose[:2]) + reach * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    cells = grid.cell_of(points).clip(0, np.array(grid.shape) - 1)
    air = grid.clearance_m()[cells[:, 0], cells[:, 1]]
    best = int(air.argmin()) if air.min() < CONTACT_M else len(angles) // 2
    return float(points[best, 0]), float(points[best, 1])


def _places(grid: OccupancyMap, intent: GoTo) -> np.ndarray:
    """Middles of the cells within an intent's radius where the body can stand, (N, 2)."""
    low, high = (
        grid.cell_of(np.array(intent.point_m) - intent.radius_m),
        grid.cell_of(np.array(intent.point_m) + intent.radius_m),
    )
    span = (np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
    cells = np.stack(np.meshgrid(*span, indexing="ij"), axis=-1).reshape(-1, 2)
    cells = cells[grid.inside(cells)]
    middles = grid.xy_of(cells)
    near = np.linalg.norm(middles - intent.point_m, axis=1) <= max(intent.radius_m, 0.75 * grid.resolution_m)
    stand = traversable(grid, through_unknown=True)[cells[:, 0], cells[:, 1]]
    return middles[near & stand]


def _place(intent: GoTo) -> str:
    return f"({intent.point_m[0]:.2f}, {intent.point_m[1]:.2f})"
