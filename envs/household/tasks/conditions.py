"""When a task is done: ALFRED's goal conditions, read from the state of the world alone.

ALFRED counts conditions apart, and then the whole: a heated apple and another apple in the right place are two conditions
of three. Events that ALFRED remembers (cleaned, heated, cooled) are properties of things here, and stay. A thing is "in" what
it stands on or in, directly or on something else.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from ..camera import HFOV_RAD
from ..effects import COLD, HOT
from ..rectangles import distance_m, rectangle_of
from ..state import WorldState
from ..targets import REACH_M
from .layout import Layout
from .task import Task, objects_of, of_category


@dataclass(frozen=True, slots=True)
class Condition:
    """One goal condition in words, and whether it is met."""

    text: str
    met: bool


def conditions(layout: Layout, state: WorldState, task: Task, seen: Set[int] | None = None) -> tuple[Condition, ...]:
    """The goal conditions of a task in a state: 1 for pick, 2 for pick_two and examine, 3 for the others; sliced ones extra.

    seen: ids of what a picture shows, for a body that looks by itself; None for one that `Find` puts before things.
    """
    objects, places = objects_of(layout, task), of_category(layout, task.receptacle)
    name, place = task.object, task.receptacle
    holds = {o: around(state, o) & set(places) for o in objects}
    out = [Condition(text, met) for text, met in _sliced(state, task, objects)]
    usable = [o for o in objects if not task.sliced or state.sliced[o]]
    placed = [o for o in usable if holds[o]]
    if task.type == "pick":
        return (*out, Condition(f"a {name} is at a {place}", bool(placed)))
    if task.type == "pick_two":
        most = max((sum(r in holds[o] for o in placed) for r in places), default=0)
        return (
            *out,
            Condition(f"a {name} is at a {place}", most >= 1),
            Condition(f"two {name}s are at the same {place}", most >= 2),
        )
    if task.type == "stack":
        return (*out, *_stacked(layout, state, task, usable))
    if task.type == "examine":
        return (
            *out,
            Condition(f"a {name} is in the hand", state.held in usable),
            Condition(f"a {place} is lit and looked at", any(lit_and_seen(layout, state, lamp, seen) for lamp in places)),
        )
    done = {"clean": ~state.dirty, "heat": state.temperature == HOT, "cool": state.temperature == COLD}[task.type]
    words = {"clean": "clean", "heat": "hot", "cool": "cold"}[task.type]
    return (
        *out,
        Condition(f"a {name} is at a {place}", bool(placed)),
        Condition(f"a {name} is {words}", any(done[o] for o in usable)),
        Condition(f"the same {name} is {words} and at a {place}", any(done[o] for o in placed)),
    )


def progress(layout: Layout, state: WorldState, task: Task, seen: Set[int] | None = None) -> float:
    """The share of goal conditions that are met."""
    return float(np.mean([condition.met for condition in conditions(layout, state, task, seen)]))


def succeeded(layout: Layout, state: WorldState, task: Task, seen: Set[int] | None = None) -> bool:
    """Whether all goal conditions are met."""
    return all(condition.met for condition in conditions(layout, state, task, seen))


def begun(layout: Layout, state: WorldState, task: Task) -> bool:
    """Whether something is done at the start that should be the agent's work: all of it, or the cleaning, heating, cooling."""
    if succeeded(layout, state, task):
        return True
    things = objects_of(layout, task)
    treated = {"clean": ~state.dirty, "heat": state.temperature == HOT, "cool": state.temperature == COLD}.get(task.type)
    return treated is not None and any(bool(treated[i]) for i in things)


def around(state: WorldState, object_id: int) -> set[int]:
    """Ids of what a thing stands on or in, directly or not."""
    out = set[int]()
    while (object_id := int(state.parent[object_id])) >= 0:
        out.add(object_id)
    return out


def lit_and_seen(layout: Layout, state: WorldState, lamp: int, seen: Set[int] | None = None) -> bool:
    """Whether a lamp is on, within the hand's reach of the body (1.5 m, as in ALFRED), and ahead within the field of view.

    Where there is a picture it has to show the lamp as well: the head may be bent away, or a wall between.
    """
    if not state.on[lamp] or lamp == state.held or (seen is not None and lamp not in seen):
        return False
    rectangle = rectangle_of(layout.apartment.objects[lamp].asset.bounds, state.pose[lamp])
    x, y = rectangle[0] - state.base[:2]
    aside = (np.arctan2(y, x) - state.base[2] + np.pi) % (2 * np.pi) - np.pi
    return bool(distance_m(state.base[:2], rectangle) <= REACH_M and abs(aside) <= HFOV_RAD / 2)


def _sliced(state: WorldState, task: Task, objects: tuple[int, ...]) -> list[tuple[str, bool]]:
    """One condition more for a sliced thing, two for two of them."""
    if not task.sliced:
        return []
    count = sum(bool(state.sliced[o]) for o in objects)
    first = (f"a {task.object} is sliced", count >= 1)
    return [first, (f"two {task.object}s are sliced", count >= 2)] if task.type == "pick_two" else [first]


def _stacked(layout: Layout, state: WorldState, task: Task, usable: list[int]) -> tuple[Condition, ...]:
    carriers, places = of_category(layout, task.movable), set(of_category(layout, task.receptacle))
    there = {m for m in carriers if around(state, m) & places}
    loaded = {m for m in carriers if any(m in around(state, o) for o in usable)}
    return (
        Condition(f"a {task.object} is in a {task.movable}", bool(loaded)),
        Condition(f"a {task.movable} is at a {task.receptacle}", bool(there)),
        Condition(f"the {task.movable} with the {task.object} is at the {task.receptacle}", bool(loaded & there)),
    )
