"""The expert: the shortest plan of those that goal regression gives, worked out with the whole truth (hierarchical regression).

A goal is broken into "have this thing", "do this to it" and "put it there", each with what must be true before: a closed
thing around it is opened, the body looks at what it acts on. Every choice of things, appliances and places is carried out
in the symbolic executor, and the shortest plan that succeeds is kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import permutations, product

from ..effects import COLD, HOT, RUN_CLOSED
from ..feedback import Refusal
from .conditions import around, succeeded
from .layout import Layout
from .symbolic import Command, TaskState, apply_command, meant
from .task import Task, objects_of, of_category, words_of

_LOOKS = 12  # times that one Find is said again to come to another thing of the same name


def expert_plan(layout: Layout, state: TaskState, task: Task) -> tuple[Command, ...] | None:
    """Commands, without `done`, that take a state to one in which the task has succeeded; None where regression finds none."""
    best: tuple[Command, ...] | None = None
    for choice in _choices(layout, task):
        run = _Run(layout, state, task, limit=None if best is None else len(best) - 1)
        try:
            run.carry_out(choice)
        except _Solved:
            best = tuple(run.commands)
        except _DeadEnd:
            continue
    return best


class _Solved(Exception):
    """The goal conditions are met."""


class _DeadEnd(Exception):
    """This choice of things does not lead to the goal, or not on a shorter way than is known."""


def _choices(layout: Layout, task: Task) -> Iterator[dict[str, tuple[int, ...]]]:
    """Which things, which knife, which appliance or carrier, and which place, by role."""
    objects = objects_of(layout, task)
    things = list(permutations(objects, 2)) if task.type == "pick_two" else [(o,) for o in objects]
    does = {"clean": "cleans", "heat": "heats", "cool": "cools"}.get(task.type)
    means = [machine.id for machine in layout.appliances if does in machine.skills] if does else []
    if task.type == "stack":
        means = list(of_category(layout, task.movable))
    knives = [i for i, skills in enumerate(layout.skills) if "cuts" in skills and "pickup" in skills] if task.sliced else []
    for thing, place in product(things, of_category(layout, task.receptacle)):
        for mean, knife in product(means or [-1], knives or [-1]):
            yield {"things": thing, "place": (place,), "means": (mean,), "knife": (knife,)}


class _Run:
    """Carries a choice out and writes the commands down; ends with _Solved or _DeadEnd."""

    def __init__(self, layout: Layout, state: TaskState, task: Task, limit: int | None) -> None:
        self.layout, self.state, self.task, self.limit = layout, state, task, limit
        self.commands: list[Command] = []

    def carry_out(self, choice: dict[str, tuple[int, ...]]) -> None:
        """The skeleton of each type of task. Never returns: raises _Solved or _DeadEnd."""
        (place,), (means,), (knife,), kind = choice["place"], choice["means"], choice["knife"], self.task.type
        if succeeded(self.layout, self.state.world, self.task):
            raise _Solved
        if knife >= 0:
            for thing in choice["things"]:
                self._cut(knife, thing)
        for thing in choice["things"]:
            if kind == "pick_two" and place in around(self.state.world, thing):
                continue
            if kind == "stack" and means in around(self.state.world, thing):
                self._have(means)
                self._put(place)
                continue
            if kind in ("clean", "heat", "cool"):
                self._treat(thing, means)
            self._have(thing)
            if kind == "stack":
                self._put(means)
                self._have(means)
            if kind == "examine":
                self._do("TurnOn", place)
                self._look_at(place)
            else:
                self._put(place)
        raise _DeadEnd

    def _treat(self, thing: int, machine: int) -> None:
        """Clean, heat or cool a thing, where it lies if it lies in the machine and that will do."""
        if self._treated(thing) or (machine in around(self.state.world, thing) and self._treats_in_place(thing, machine)):
            return
        self._have(thing)
        self._put(machine)
        self._run(machine)

    def _treats_in_place(self, thing: int, machine: int) -> bool:
        before, count = self.state, len(self.commands)
        with contextlib.suppress(_DeadEnd):
            self._run(machine)
            if self._treated(thing):
                return True
        self.state = before
        del self.commands[count:]
        return False

    def _run(self, machine: int) -> None:
        if self.layout.categories[machine] in RUN_CLOSED and any(
            self.state.world.opening[k] >= 0.5 for k, _ in self.layout.leaves[machine]
        ):
            self._do("Close", machine)
        if "toggle" in self.layout.skills[machine] and not self.state.world.on[machine]:
            self._do("TurnOn", machine)

    def _treated(self, thing: int) -> bool:
        world = self.state.world
        if self.task.type == "clean":
            return not world.dirty[thing]
        return bool(world.temperature[thing] == (HOT if self.task.type == "heat" else COLD))

    def _cut(self, knife: int, thing: int) -> None:
        if not self.state.world.sliced[thing]:
            if self.state.world.held != knife:
                self._have(knife)
            self._uncover(thing)
            self._do("Slice", thing)

    def _lay_aside(self) -> None:
        """Empty the hand where the body is or, where there is no room, at the first place that has some."""
        if self.state.world.held < 0:
            return
        root = self.layout.where(self.state.world, self.state.at)[0]
        others = [i for i, placed in enumerate(self.layout.apartment.objects) if placed.asset.surfaces and placed.parent < 0]
        for place in (root, *others):
            before, count = self.state, len(self.commands)
            try:
                return self._put(place)
            except _DeadEnd:
                self.state = before
                del self.commands[count:]
        raise _DeadEnd

    def _have(self, thing: int) -> None:
        if self.state.world.held != thing:
            self._lay_aside()
            self._uncover(thing)
            self._do("PickUp", thing)

    def _put(self, place: int) -> None:
        """On or in a place; what is closed or full is opened, leaf by leaf."""
        self._uncover(place)
        for _ in range(1 + len(self.layout.leaves[place])):
            if self._tried("PutDown", place):
                return
            self._do("Open", place)
        raise _DeadEnd

    def _uncover(self, thing: int) -> None:
        """Open what is closed around a thing, from the outside in; drawers from the top one down."""
        while (closed := self.layout.where(self.state.world, thing)[1]) >= 0:
            self._do("Open", closed)

    def _do(self, verb: str, thing: int) -> None:
        if not self._tried(verb, thing):
            raise _DeadEnd

    def _tried(self, verb: str, thing: int) -> bool:
        """Look at a thing unless its name means it already, and do something to it; False where that is refused."""
        names = self._names(thing)
        name = next((name for name in names if self._means(verb, name, thing)), None)
        if name is None:
            self._look_at(thing)
            name = names[0]
        after, feedback = apply_command(self.layout, self.state, Command(verb, name))
        if not feedback.ok:
            return False
        self._went(Command(verb, name), after)
        return True

    def _means(self, verb: str, name: str, thing: int) -> bool:
        if self.state.at < 0:
            return False
        try:
            return meant(self.layout, self.state, verb, name) == thing
        except Refusal:
            return False

    def _look_at(self, thing: int) -> None:
        """Find a thing, by the name that takes the fewest looks."""
        if self.state.at == thing:
            return
        best, most = list[tuple[Command, TaskState]](), _LOOKS
        for name in self._names(thing):
            if way := self._looks(name, thing, most):
                best, most = way, len(way) - 1  # another name must do with fewer
        if not best:
            raise _DeadEnd
        for command, after in best:
            self._went(command, after)

    def _looks(self, name: str, thing: int, most: int) -> list[tuple[Command, TaskState]]:
        """The looks, so many at most, by which a name leads to a thing, [] where it does not."""
        state, way = self.state, list[tuple[Command, TaskState]]()
        for _ in range(most):
            state, feedback = apply_command(self.layout, state, Command("Find", name))
            if not feedback.ok:
                return []
            way.append((Command("Find", name), state))
            if state.at == thing:
                return way
        return []

    def _names(self, thing: int) -> list[str]:
        category = self.layout.categories[thing]
        return [category, *(f"{word} {category}" for word in words_of(self.layout, thing))]

    def _went(self, command: Command, after: TaskState) -> None:
        self.commands.append(command)
        self.state = after
        if self.limit is not None and len(self.commands) > self.limit:
            raise _DeadEnd
        if succeeded(self.layout, after.world, self.task):
            raise _Solved
