"""The truth about a running problem: the plan and the figures of the episode, for metrics and `Oracle...` components only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from enactive.errors import ConfigError

from ..household.feedback import Feedback
from ..household.tasks.metrics import (
    KIND_OF_ERROR,
    ErrorKind,
    Turn,
    most_frequent,
    num_commands,
    num_invalid_actions,
    planner_output_error,
    with_last,
)
from ..household.tasks.path_length import path_length_weighted
from ..household.tasks.symbolic import Command
from .body import Body, plain
from .engine import Engine
from .problems import Problem

_IN_OUR_WORDS = (  # AlfWorld's commands, and the verb that makes the body say them
    (r"go to (?P<target>.+)", "Find"),
    (r"take (?P<target>.+) from .+", "PickUp"),
    (r"move .+ to (?P<target>.+)", "PutDown"),
    (r"open (?P<target>.+)", "Open"),
    (r"close (?P<target>.+)", "Close"),
    (r"use (?P<target>.+)", "TurnOn"),
    (r"(?:heat|cool|clean) .+ with (?P<target>.+)", "TurnOn"),
    (r"slice (?P<target>.+) with .+", "Slice"),
)


class _Running(Protocol):
    """What the oracle reads of the environment."""

    @property
    def problem(self) -> Problem: ...
    @property
    def body(self) -> Body: ...
    @property
    def turns(self) -> Sequence[Turn]: ...


class AlfWorldOracle:
    """Fast Downward's plan in the nine verbs, and how the episode went. It has no targets in metres."""

    targets: tuple[int, ...] = ()
    collisions = 0

    def __init__(self, env: _Running) -> None:
        self._env = env
        self._plan_length: int | None = None

    def start(self) -> None:
        """Take the length of the plan of a problem that has just begun."""
        plan = self.expert_plan()
        self._plan_length = None if plan is None else len(plan)

    def expert_plan(self) -> tuple[Command, ...] | None:
        """The commands that do the task from here on, without `done`; None where Fast Downward finds none."""
        plan = self._env.body.engine.plan()
        return None if plan is None else tuple(in_our_words(said) for said in plan)

    def metrics(self, error: Exception | None = None) -> dict[str, Any]:
        """The figures that `TaskMetrics` has, the type of the task, and how many commands AlfWorld itself was given."""
        env, turns = self._env, with_last(self._env.turns, error)
        success = env.body.engine.won and error is None
        return {
            "success": success,
            "path_length_weighted_success": path_length_weighted(success, num_commands(turns), self._plan_length),
            "task_progress": progress(env.problem, env.body.engine),
            "num_invalid_actions": num_invalid_actions(turns),
            "planner_output_error": planner_output_error(turns),
            "error_kind": "" if success else _error_kind(env.body, turns, error),
            "task_type": env.problem.type,
            "alfworld_commands": len(env.body.said),
        }


def in_our_words(said: str) -> Command:
    """One of AlfWorld's commands as a verb and a name: "heat mug 1 with microwave 1" is to turn on the microwave, mug in hand.

    Raises ConfigError for a command that no verb stands for (`look`, `inventory`, `examine`), which no plan needs.
    """
    for pattern, verb in _IN_OUR_WORDS:
        if match := re.fullmatch(pattern, said):
            return Command(verb, match["target"])
    raise ConfigError(f"no verb says {said!r}")


def progress(problem: Problem, engine: Engine) -> float:
    """The share of goal conditions that are met, with the conditions that household tasks have (ALFRED's).

    At the place: `pick` one thing, `pick_two` two at the same place. `clean`, `heat`, `cool`: a thing at the place, one that
    is clean, hot or cold, and the same one both. `examine`: the thing in the hand, and a lamp used where the body stands.
    """
    facts = set(engine.facts())
    things = {args[0] for name, args in facts if name == "objecttype" and args[1] == f"{problem.object.lower()}type"}
    places = {args[0] for name, args in facts if name == "receptacletype" and args[1] == f"{problem.receptacle.lower()}type"}
    there = {thing: place for thing, place in _pairs(facts, "inreceptacle") if thing in things and place in places}
    if problem.type == "examine":
        held = any(thing in things for _, thing in _pairs(facts, "holds"))
        return (held + _lamp_here(facts, problem.receptacle)) / 2
    if problem.type == "pick":
        return float(bool(there))
    if problem.type == "pick_two":
        return min(2, max(Counter(there.values()).values(), default=0)) / 2
    state = {"clean": "isclean", "heat": "ishot", "cool": "iscool"}[problem.type]
    treated = {args[0] for name, args in facts if name == state} & things
    return (bool(there) + bool(treated) + bool(treated & set(there))) / 3


def _pairs(facts: set[tuple[str, tuple[str, ...]]], predicate: str) -> list[tuple[str, str]]:
    return [(args[0], args[1]) for name, args in facts if name == predicate]


def _lamp_here(facts: set[tuple[str, tuple[str, ...]]], lamp: str) -> bool:
    here = {place for _, place in _pairs(facts, "atlocation")}
    near = {piece for piece, place in _pairs(facts, "receptacleatlocation") if place in here}
    lamps = {args[0] for name, args in facts if name == "objecttype" and args[1] == f"{lamp.lower()}type"}
    used = {args[0] for name, args in facts if name == "istoggled"} & lamps
    return any(thing in used and piece in near for thing, piece in _pairs(facts, "inreceptacle"))


def _error_kind(body: Body, turns: Sequence[Turn], error: Exception | None) -> ErrorKind:
    """The rule of household tasks without its first case: refusals that were not made good, never `done`, or other."""
    left = set[tuple[ErrorKind, Command | None]]()
    for command, feedback in turns:
        said = None if command is None else Command(command.verb, plain(command.target))
        if feedback.ok:
            left = {(kind, refused) for kind, refused in left if refused != said}
        else:
            left.add((_kind_of_refusal(body, said, feedback), said))
    return most_frequent((kind for kind, _ in left), turns, error)


def _kind_of_refusal(body: Body, command: Command | None, feedback: Feedback) -> ErrorKind:
    """The kind of one refused command, or of an answer that was none. What the problem does not have cannot come into view."""
    if command is None:
        return "other"
    unseen = feedback.error == "not_visible" and command.target != ""
    if unseen and not any(map(body.named(command.verb, command.target), body.engine.names.values())):
        return "other"
    return KIND_OF_ERROR[feedback.error]
