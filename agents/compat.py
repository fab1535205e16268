"""Do environment, perceiver, planner and controller fit together? Asked before anything moves."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from enactive.controllers import Controller
from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, PoseGoal, TaskGoal, TextGoal
from enactive.envs.embodiment import VELOCITIES
from enactive.envs.gym_io import embodiment_of
from enactive.errors import CompatibilityError
from enactive.perception import Perceiver
from enactive.planners import GoTo, Intent, Interact, Look, LookAt, MatchPose, Move, MoveJoints, Planner, Stop

_WALKING: tuple[type[Intent], ...] = (GoTo, Look, LookAt, Move, MoveJoints)
UNITS = frozenset({"m", "rad", "s", "m/s", "rad/s", "N", "N*m", "1"})

# what a fix may name: parts of this package, with what they declare of themselves, told here since to import them takes seconds
PROVIDES: Mapping[str, Set[str]] = {
    "EmbeddedPerceiver": {"map", "scene_graph", "detections"},
    "TaskPerceiver": {"instruction", "known_objects", "holding", "message", "refused"},
    "WalkingTaskPerceiver": {"instruction", "known_objects", "holding", "message", "refused", "map"},
    "GridPerceiver": {"cells"},
}
SERVES: Mapping[str, Set[type[Intent]]] = {
    "NavigationController": {GoTo, Look, LookAt, Stop},
    "InteractionController": {GoTo, Look, LookAt, Stop, Interact},
    "NamedMoves": {Move},
    "PoseLess": {MatchPose, MoveJoints},
}
GOALS: Mapping[str, Set[type[Goal]]] = {
    "UniGoal": {ObjectGoal, TextGoal, ImageGoal},
    "D2PO": {TaskGoal},
    "PointNav": {PoseGoal},
}


@dataclass(frozen=True, slots=True)
class CompatibilityReport:
    """mismatches: one sentence each, with the fix; empty where all fits."""

    mismatches: tuple[str, ...]

    def raise_if_broken(self) -> None:
        """Raises CompatibilityError that lists every mismatch."""
        if self.mismatches:
            raise CompatibilityError("\n".join(self.mismatches))


def check_compatibility(
    env: gym.Env[Any, Any], perceiver: Perceiver, planner: Planner, controller: Controller, goal: Goal | None = None
) -> CompatibilityReport:
    """Check dimensions, control mode, joints, labels, units, frames, sensors, parts of the belief, intents, skills, knowledge,
    and goal."""
    body = embodiment_of(env)
    return CompatibilityReport(
        (
            *_body(env, body),
            *_senses(env, body, perceiver),
            *_parts(body, perceiver, planner, controller),
            *_commands(body, planner, controller),
            *_pace(body),
            *_told(env, body, planner),
            *_goal(planner, goal),
        )
    )


def check_policy(body: Embodiment, policy: Any, rate_hz: float) -> CompatibilityReport:
    """Does a policy (a controller that needs no planner) fit a body that is driven at `rate_hz`?

    policy: says in `control_modes` how it commands and, where it was made for one body, in `joints` and `units` what its
    numbers mean, in order, and in `rate_hz` how many commands a second it makes. A policy that names no joints takes them from
    the embodiment.
    """
    name, found = type(policy).__name__, []
    if body.control_mode not in policy.control_modes:
        modes = ", ".join(sorted(policy.control_modes))
        found.append(
            f"{name} commands in {modes}, but {body.name} takes {body.control_mode}: choose a policy that commands in "
            f"{body.control_mode}, or a robot that takes {modes}"
        )
    found += _joints(body, policy)
    if not np.isfinite(rate_hz) or rate_hz <= 0:
        found.append(f"the rate of the loop must be above 0 Hz, got {rate_hz:g}: give another --rate_hz")
    elif body.rate_hz and rate_hz > body.rate_hz:
        found.append(f"{body.name} takes {body.rate_hz:g} commands a second, not {rate_hz:g}: lower --rate_hz")
    elif body.simulated and rate_hz < body.rate_hz:
        found.append(
            f"{body.name} is simulated for {body.rate_hz:g} commands a second, and would move in slow motion at {rate_hz:g}: "
            "give --rate_hz and --robot.rate_hz the same value"
        )
    elif (makes := float(getattr(policy, "rate_hz", 0.0))) > rate_hz:
        found.append(f"{name} makes {makes:g} commands a second, more than the {rate_hz:g} sent: raise --rate_hz")
    return CompatibilityReport(tuple(found))


def _joints(body: Embodiment, commander: Any) -> list[str]:
    """Is the body the one that a policy or controller was made for, where it says in `joints` and `units` which that is?"""
    name = type(commander).__name__
    joints, units = tuple(getattr(commander, "joints", ())), tuple(getattr(commander, "units", ()))
    if not joints:
        return []
    if set(joints) != set(body.labels):
        missing, unknown = sorted(set(body.labels) - set(joints)), sorted(set(joints) - set(body.labels))
        return [
            f"{name} was made for other joints than {body.name} has: it lacks {missing} and has {unknown} besides; choose one "
            f"that was made for {body.name}, or, where the joints are the same by other names, rename them in an adapter"
        ]
    found = []
    if joints != body.labels:
        wrong = next(i for i, (a, b) in enumerate(zip(joints, body.labels, strict=True)) if a != b)
        found.append(
            f"{name} orders the joints differently from {body.name}: number {wrong} is {joints[wrong]!r} and not "
            f"{body.labels[wrong]!r}; sort its output in an adapter"
        )
    if units != body.units:
        found.append(
            f"{name} commands in {units or 'no stated units'}, but {body.name} takes {body.units}: convert in an adapter"
        )
    return found


def _body(env: gym.Env[Any, Any], body: Embodiment) -> list[str]:
    found = []
    space = env.action_space
    motion = space["motion"] if isinstance(space, gym.spaces.Dict) and "motion" in space.spaces else space
    if body.control_mode == "discrete":
        size = int(motion.n) if isinstance(motion, gym.spaces.Discrete) else None
        if size != len(body.labels):
            found.append(
                f"{body.name} names {len(body.labels)} discrete moves but its action space is {motion}: "
                "give `labels` one name per action"
            )
        return found
    if not isinstance(motion, gym.spaces.Box) or int(np.prod(motion.shape)) != body.action_dim:
        found.append(
            f"{body.name} names {body.action_dim} action dimensions but its action space is {motion}: "
            "give `labels` one name per dimension"
        )
    for name, values in (("units", body.units), ("low", body.low), ("high", body.high)):
        if len(values) != body.action_dim:
            found.append(f"{body.name} declares {len(values)} {name} for {body.action_dim} action dimensions: declare one each")
    for unit in sorted(set(body.units) - UNITS):
        found.append(f"{body.name} takes commands in {unit!r}; convert to SI ({', '.join(sorted(UNITS))}) in its adapter")
    if body.frame == "none":
        found.append(f"{body.name} does not say in which frame its commands are: set `frame`")
    return found


def _senses(env: gym.Env[Any, Any], body: Embodiment, perceiver: Perceiver) -> list[str]:
    keys = set(env.observation_space.spaces) if isinstance(env.observation_space, gym.spaces.Dict) else set()
    has = {
        "rgb": bool(body.cameras),
        "depth": any(camera.depth_range_m for camera in body.cameras),
        "pose": "T_world_base" in keys,
        "joints": "joint_positions_rad" in keys,
        "text": "text" in keys,
    }
    return [
        f"{type(perceiver).__name__} needs {sense}, which {body.name} does not give: use another perceiver, or add "
        f"{_KEY_OF.get(sense, repr(sense))} to the observation"
        for sense in sorted(perceiver.needs)
        if not has.get(sense, sense in keys)
    ]


_KEY_OF = {
    "rgb": "a camera",
    "depth": "a camera with depth",
    "pose": "`T_world_base`",
    "joints": "`joint_positions_rad`",
    "text": "`text`",
}


def _parts(body: Embodiment, perceiver: Perceiver, planner: Planner, controller: Controller) -> list[str]:
    found = []
    if missing := planner.needs - perceiver.provides:
        found.append(
            f"{type(planner).__name__} needs a belief with {', '.join(sorted(missing))}, which {type(perceiver).__name__} "
            f"does not provide (it provides {', '.join(sorted(perceiver.provides)) or 'nothing'}): choose a perceiver that "
            f"does{_such_as(PROVIDES, planner.needs)}, or another planner"
        )
    if body.control_mode not in controller.control_modes:
        found.append(
            f"{type(controller).__name__} commands in {', '.join(sorted(controller.control_modes))}, but {body.name} takes "
            f"{body.control_mode}: choose another controller or make the environment with another control mode"
        )
    if unserved := [kind.__name__ for kind in planner.emits if kind is not Stop and kind not in controller.serves]:
        found.append(
            f"{type(planner).__name__} may ask for {', '.join(unserved)}, which {type(controller).__name__} cannot carry out: "
            f"choose a controller that can{_such_as(SERVES, set(planner.emits) - {Stop})}, or another planner"
        )
    verbs: frozenset[str] = getattr(planner, "verbs", frozenset())
    if lacking := verbs - body.skills:
        found.append(
            f"{type(planner).__name__} uses the verbs {', '.join(sorted(lacking))}, which {body.name} does not have: make the "
            "environment with verbs=True"
        )
    if "Find" in verbs and set(body.labels) - {"stop"} and not any(kind in _WALKING for kind in planner.emits):
        name = type(planner).__name__
        found.append(
            f"{name} never walks, and {body.name} goes nowhere by Find: take a planner that does, such as OracleWalks, or a "
            "world whose Find goes there (HouseholdTask in the mode fast)"
        )
    return found


def _pace(body: Embodiment) -> list[str]:
    """Does the body wait while the next step is planned?"""
    if body.simulated or body.control_mode not in VELOCITIES:
        return []
    return [
        f"{body.name} would keep the velocity that it was told last while the next step is planned, whatever was latched "
        "meanwhile: drive it with a ControlLoop or enactive control (docs/systems/realtime.md) or, where nothing real moves, "
        "say `simulated` in its embodiment"
    ]


def _told(env: gym.Env[Any, Any], body: Embodiment, planner: Planner) -> list[str]:
    """Does the environment tell of what the planner says to its model that is told, as "in view"?"""
    asked, tells = getattr(planner, "knowledge", None), getattr(env.unwrapped, "knowledge", None)
    if asked is None or tells is None or asked == tells:
        return []
    return [
        f"{type(planner).__name__} is asked with what is {asked}, but {body.name} tells what is {tells}: make both with the "
        "same `knowledge`"
    ]


def _commands(body: Embodiment, planner: Planner, controller: Controller) -> list[str]:
    """Does the body take the controller's commands for what they are meant as?"""
    name = type(controller).__name__
    if body.control_mode == "discrete":
        moves: Mapping[type[Intent], tuple[str, ...]] = getattr(controller, "moves", {})
        needed = {move: kind.__name__ for kind in reversed(planner.emits) for move in moves.get(kind, ())}
        return [
            f"{name} needs the move {move!r} for {kind}, which {body.name} does not have (it has {', '.join(body.labels)}): "
            "give the action that does this that name in `labels`, or use another controller"
            for move, kind in sorted(needed.items())
            if move not in body.labels
        ]
    found = _joints(body, controller)
    twist: Mapping[str, str] = getattr(controller, "twist", {})
    if body.control_mode != "base_twist" or not twist:
        return found
    units = dict(zip(body.labels, body.units, strict=False))  # a wrong number of units is a mismatch by itself
    for label, unit in twist.items():
        if label not in body.labels:
            found.append(
                f"{name} commands {label!r} in {unit}, and {body.name} has no such entry (it has {', '.join(body.labels)}): "
                "give the entry that means this that name in `labels`"
            )
        elif units.get(label, unit) != unit:
            found.append(
                f"{name} commands {label!r} in {unit}, but {body.name} takes it in {units[label]}: convert in its adapter"
            )
    frame = getattr(controller, "frame", "base")
    if body.frame not in (frame, "none"):
        found.append(
            f"{name} commands twists in the frame {frame!r}, but {body.name} takes them in {body.frame!r}: "
            "rotate them in its adapter"
        )
    return found


def _goal(planner: Planner, goal: Goal | None) -> list[str]:
    if goal is None or isinstance(goal, planner.goals):
        return []
    kinds = ", ".join(kind.__name__ for kind in planner.goals)
    return [
        f"{type(planner).__name__} cannot pursue a {type(goal).__name__}; it takes {kinds}: ask for one of those, or choose "
        f"another planner{_such_as(GOALS, {type(goal)})}"
    ]


def _such_as(parts: Mapping[str, Set[Any]], wanted: Set[Any]) -> str:
    """The first part that has all that is wanted, as an example; "" where there is none."""
    name = next((name for name, has in parts.items() if wanted <= has), "")
    return f", such as {name}" if name else ""
