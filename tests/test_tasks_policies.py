"""Tasks in the small kitchen and policies that walk through its commands, and how rarely chance does a task."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from small_kitchen import BODY, kitchen

from enactive.envs import VERBS
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command
from enactive.envs.household.tasks.task import Task, TaskType, layout_of, start_of


@cache
def kitchen_layout() -> Layout:
    return Layout(kitchen())


def task_of(kind: TaskType, thing: str, place: str, **more: Any) -> Task:
    known = {"id": "t", "apartment_seed": 5, "rooms": None, "start": BODY, "instruction": "", "plan_length": 0}
    return Task(**known | {"type": kind, "object": thing, "receptacle": place} | more)  # type: ignore[arg-type]


def orders(*said: str) -> list[Command]:
    """ "PickUp mug" and the like."""
    return [Command(*(each.split(" ", 1) if " " in each else (each,))) for each in said]


def follow(layout: Layout, state: TaskState, commands: list[Command]) -> tuple[TaskState, list[Feedback]]:
    said = []
    for command in commands:
        state, feedback = apply_command(layout, state, command)
        said.append(feedback)
    return state, said


def any_command(layout: Layout, rng: np.random.Generator) -> Command:
    """A verb at random with a name of the apartment, or none."""
    names = ("", *sorted(set(layout.categories)))
    return Command(VERBS[int(rng.integers(len(VERBS)))], names[int(rng.integers(len(names)))])


def accepted_command(layout: Layout, state: TaskState, rng: np.random.Generator) -> tuple[TaskState, Command]:
    """One of the commands that can be carried out, all equally likely, and where it leads."""
    while True:
        command = any_command(layout, rng)
        after, feedback = apply_command(layout, state, command)
        if feedback.ok:
            return after, command


def test_a_random_policy_of_accepted_commands_rarely_succeeds() -> None:
    done = 0
    tasks = load_tasks("val_unseen")[:30]
    for k, task in enumerate(tasks):
        layout, rng = layout_of(task), np.random.default_rng(k)
        state = start_of(layout, task)
        for _ in range(MAX_COMMANDS):
            state, _ = accepted_command(layout, state, rng)
        done += succeeded(layout, state.world, task)
    assert done <= 2


def test_the_same_seed_gives_the_same_walk() -> None:
    layout, digests = kitchen_layout(), []
    for _ in range(2):
        rng, state = np.random.default_rng(4), start_of(layout, task_of("pick", "egg", "dresser"))
        for _ in range(30):
            state, _ = accepted_command(layout, state, rng)
        digests.append(state.digest())
    assert digests[0] == digests[1]
