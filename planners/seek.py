"""What the baselines share: reading the goal as one name, and walking up to the nearest thing that is called so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from enactive.envs import Embodiment, Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import PlannerError
from enactive.perception.base import Belief
from enactive.perception.detector import Detector
from enactive.perception.room_table import ROOM_KINDS, shows
from enactive.perception.scene_graph import SceneNode

from .approach import Approach, pace, turn_between, yaw_of
from .base import Intent, Look, Stop, surroundings
from .unigoal.grammar import parse_description
from .unigoal.nouns import category_node
from .unigoal.vocabulary import ANY_OBJECT, canonical


def goal_name(goal: Goal, describer: Detector | None = None) -> str:
    """The category that a goal asks for, attributes and relations left out.

    describer: detector that reads goal pictures, the embedded segmenter where not given. Raises PlannerError where the goal
    names nothing, or a picture shows nothing that is recognised.
    """
    if isinstance(goal, ObjectGoal):
        name = category_node(goal.category).name
    elif isinstance(goal, TextGoal):
        graph = parse_description(goal.text)
        name = graph.nodes[graph.target].name
    elif isinstance(goal, ImageGoal):
        from .unigoal.picture import describe

        graph = describe(goal.image, describer)
        name = graph.nodes[graph.target].name
    else:
        raise PlannerError(
            f"this planner finds things, and {type(goal).__name__} names none: give it a category or a description"
        )
    if name == ANY_OBJECT:
        raise PlannerError("this planner finds things by their names, and the goal tells none: use UniGoal")
    return canonical(name)


class Seeker:
    """Looks around at the start, then walks up to the nearest node with the goal's name as soon as one is believed in.

    min_score, min_sightings: what makes a node believed in; the score is that at even odds, as UniGoal's is, since the odds of
    what is looked for are raised.
    """

    def __init__(self, min_score: float = 0.5, min_sightings: int = 2) -> None:
        self.min_score, self.min_sightings = min_score, min_sightings

    def reset(self, name: str, embodiment: Embodiment) -> None:
        self.name, self._body = name, embodiment
        self._turns_left = 2 * round(2.0 * math.pi / embodiment.turn_rad) * pace(embodiment)
        self._turned_rad, self._heading_rad = 0.0, math.nan
        self._approach: tuple[int, Approach] | None = None
        self._given_up: set[int] = set()
        self._retried = False
        self.trace: dict[str, Any] = {}

    def plan(self, belief: Belief) -> Intent | None:
        """What to do about the goal, None where nothing is known of it. Raises PlannerError without map or scene graph."""
        node = self._candidate(belief)
        while node is not None:
            if self._approach is None or self._approach[0] != node.id:
                self._approach = node.id, Approach(self._body)
            intent = self._approach[1].next(belief, node)
            self.trace = {"stage": "approach", "goal": self.name, "node": node.id, "score": node.score}
            if intent is not None:
                return intent
            if not self._approach[1].failed:
                return Stop(f"standing before a {node.name}")
            self._given_up.add(node.id)
            self._approach = None
            node = self._candidate(belief)
        self.trace = {"stage": "look around", "goal": self.name}
        return Look(yaw_rad=self._body.turn_rad) if self._looking_around(belief) else None

    def retry(self) -> bool:
        """Once, when the whole floor is known, try what could not be reached before; says whether there is such a thing."""
        worth_it = bool(self._given_up) and not self._retried
        self._retried = True
        if worth_it:
            self._given_up = set()
        return worth_it

    def _looking_around(self, belief: Belief) -> bool:
        """Whether the turn on the spot at the start is still incomplete. A body that cannot turn gives it up in time."""
        pose = belief.observation.T_world_base
        if pose is None or self._turns_left <= 0:
            return False
        heading = yaw_of(pose)
        if not math.isnan(self._heading_rad):
            self._turned_rad += abs(turn_between(self._heading_rad, heading))
        self._heading_rad = heading
        done = self._turned_rad > 2.0 * math.pi - 1.5 * self._body.turn_rad  # the width of the picture covers the rest
        self._turns_left = 0 if done else self._turns_left - 1
        return not done

    def _candidate(self, belief: Belief) -> SceneNode | None:
        """The node that is being walked up to, else the nearest believed one that answers to the goal's name."""
        grid, scene = surroundings(belief)
        nodes = [
            node
            for node in scene
            if node.id not in self._given_up
            and answers_to(node.name, self.name)
            and node.even_score >= self.min_score
            and node.sightings >= self.min_sightings
        ]
        here = grid.position_m
        current = self._approach[0] if self._approach is not None else -1
        nodes.sort(key=lambda node: (node.id != current, float(np.linalg.norm(node.centre_m[:2] - here)), node.id))
        return nodes[0] if nodes else None


def answers_to(name: str, wanted: str) -> bool:
    """Whether a node of one name is what another asks for: "mug" is asked for by "mug", and answered by "coffee mug". A room is
    asked for by its kind, and answered by what stands in no other."""
    name = canonical(name)
    return name == wanted or name.endswith(" " + wanted) or (wanted in ROOM_KINDS and shows(name, wanted))
