"""From a sentence to a task that can be done: the apartment that has what is asked for, always the same for the same words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from zlib import crc32

from enactive.errors import ConfigError

from .conditions import begun
from .expert import expert_plan
from .layout import Layout, load_layout
from .reading import Request, read_task
from .suites import MAX_COMMANDS
from .task import DOES, Task, is_place, start_of

MOST_APARTMENTS = 40  # that are looked through for a task that no suite has; one takes 0.2 s
HEADINGS = 12


def task_asked_for(sentence: str, tasks: Sequence[Task], seed: int | None = None) -> Task:
    """A task that a sentence asks for, in its own words.

    tasks: of a split. One of them that asks for the same is taken, the first in their order; else the task is made, in the
    first apartment of theirs in which the expert can do it, those first whose tasks name most of what is asked for. seed: the
    only apartment that comes into question. Raises ConfigError where the sentence cannot be read, and where the apartments
    lack something, with what is missing.
    """
    asked = read_task(sentence)
    known = [task for task in tasks if seed in (None, task.apartment_seed)]
    for task in known:
        if _asks(asked, task):
            return replace(task, instruction=sentence)
    missing = ""
    for number in _apartments(asked, tasks) if seed is None else [seed]:
        layout = load_layout(number, None)
        lacks = [
            " or ".join(names)
            for names in (asked.objects, asked.receptacles, asked.movables)
            if names and not _has(layout, names)
        ]
        if not lacks and (made := _made(layout, asked, sentence)) is not None:
            return made
        missing = missing or (f"has no {' and no '.join(lacks)}" if lacks else "has it all, but it cannot be done there")
    where = (
        f"the apartment of seed {seed} {missing}"
        if seed is not None
        else f"of the {MOST_APARTMENTS} likeliest, the first {missing}"
    )
    fix = "leave --env.seed out, or ask for something else" if seed is not None else "ask for something else"
    raise ConfigError(f"no apartment was found for {sentence!r}: {where}; {fix}")


def _asks(asked: Request, task: Task) -> bool:
    return (
        (asked.type, asked.attribute, asked.sliced) == (task.type, task.attribute, task.sliced)
        and task.object in asked.objects
        and task.receptacle in asked.receptacles
        and (task.movable in asked.movables if asked.movables else not task.movable)
    )


def _apartments(asked: Request, tasks: Sequence[Task]) -> list[int]:
    """The apartments whose tasks tell that most of what is asked for is there, likeliest first."""
    named: dict[int, set[str]] = {}
    for task in tasks:
        named.setdefault(task.apartment_seed, set()).update({task.object, task.receptacle, task.movable})
    wanted = [set(names) for names in (asked.objects, asked.receptacles, asked.movables) if names]
    order = sorted(named, key=lambda seed: (-sum(bool(names & named[seed]) for names in wanted), seed))
    return order[:MOST_APARTMENTS]


def _has(layout: Layout, names: Sequence[str]) -> bool:
    return any(name in layout.of_category for name in names)


def _made(layout: Layout, asked: Request, sentence: str) -> Task | None:
    """The task in an apartment, with a start that the sentence decides; None where it is begun or cannot be done."""
    pick = crc32(sentence.lower().encode())
    x, y = layout.stands.cells[pick % len(layout.stands.cells)]
    start = (round(float(x), 4), round(float(y), 4), round(pick % HEADINGS * 2 * math.pi / HEADINGS - math.pi, 4))
    for name, place, movable in _choices(layout, asked):
        task = Task(
            id=f"asked-{layout.apartment.seed}",
            apartment_seed=layout.apartment.seed,
            rooms=None,
            start=start,
            type=asked.type,
            object=name,
            receptacle=place,
            instruction=sentence,
            plan_length=0,
            attribute=asked.attribute,
            movable=movable,
            sliced=asked.sliced,
            digest=layout.digest,
        )
        state = start_of(layout, task)
        plan = None if begun(layout, state.world, task) else expert_plan(layout, state, task)
        if plan and len(plan) < MAX_COMMANDS:
            return replace(task, plan_length=len(plan))
    return None


def _choices(layout: Layout, asked: Request) -> Iterator[tuple[str, str, str]]:
    """Object, receptacle and movable of the apartment, three different things, that the nouns may mean."""
    for name, place, movable in product(asked.objects, asked.receptacles, asked.movables or ("",)):
        there = all(each in layout.of_category for each in (name, place, movable) if each)
        fits = asked.type == "examine" or any(is_place(layout, i) for i in layout.of_category.get(place, ()))
        works = any(DOES.get(asked.type) in layout.skills[i] for i in layout.of_category.get(place, ()))
        if there and fits and not works and len({name, place, movable}) == 3:
            yield name, place, movable
