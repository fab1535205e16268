"""Household tasks: what the symbolic executor costs, what the expert solves, and what chance does.

    python benchmarks/household_tasks.py [--tasks 0] [--physical 60]

Speeds are commands per processor second on one core: of the expert's plans as they come ("first time"), of the same plans
again, of commands at random and of accepted commands at random (the refused draws counted too, and the time of drawing).
Chance draws 25 commands and succeeds where the goal conditions are met at the end. The last line tells how often the verbs
of the physical body, given the picture from where `Find` puts it, carry out the expert's commands too.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rich.console import Console
from rich.table import Table

from enactive.envs import VERBS, Interaction
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.envs.household.render import Renderer
from enactive.envs.household.targets import View
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command
from enactive.envs.household.tasks.task import TASK_TYPES, Task, layout_of, start_of
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import World
from enactive.statistics import mean, rate

Draw = Callable[[Layout, TaskState, np.random.Generator], tuple[TaskState, int]]


@dataclass
class Speed:
    """Commands and the processor seconds that they took."""

    commands: int = 0
    seconds: float = 0.0

    def per_second(self) -> float:
        """Commands per processor second."""
        return self.commands / self.seconds


@lru_cache(maxsize=2)
def names_of(layout: Layout) -> tuple[str, ...]:
    """The categories of an apartment."""
    return tuple(sorted(set(layout.categories)))


def any_command(layout: Layout, rng: np.random.Generator) -> Command:
    """A verb and a name of the apartment, both uniform."""
    names = names_of(layout)
    return Command(VERBS[int(rng.integers(len(VERBS)))], names[int(rng.integers(len(names)))])


def wild(layout: Layout, state: TaskState, rng: np.random.Generator) -> tuple[TaskState, int]:
    """One command at random."""
    return apply_command(layout, state, any_command(layout, rng))[0], 1


def willing(layout: Layout, state: TaskState, rng: np.random.Generator) -> tuple[TaskState, int]:
    """One of the commands that are accepted, at random, and how many were tried."""
    tried = 0
    while True:
        after, feedback = apply_command(layout, state, any_command(layout, rng))
        tried += 1
        if feedback.ok:
            return after, tried


def chance(layout: Layout, task: Task, draw: Draw, rng: np.random.Generator, speed: Speed) -> bool:
    """Whether 25 drawn commands do a task."""
    state = start_of(layout, task)
    begun = time.process_time()
    for _ in range(MAX_COMMANDS):
        state, tried = draw(layout, state, rng)
        speed.commands += tried
    speed.seconds += time.process_time() - begun
    return succeeded(layout, state.world, task)


def follow(layout: Layout, task: Task, plan: Sequence[Command], speed: Speed) -> bool:
    """Whether a plan does a task with every command accepted."""
    state, accepted = start_of(layout, task), True
    begun = time.process_time()
    for command in plan:
        state, feedback = apply_command(layout, state, command)
        accepted &= feedback.ok
    speed.seconds += time.process_time() - begun
    speed.commands += len(plan)
    return accepted and succeeded(layout, state.world, task)


def by_the_body(layout: Layout, task: Task, plan: Sequence[Command]) -> list[bool]:
    """For every command of a plan but `Find`: whether the physical verbs carry it out, by the picture, in the same state."""
    K, state, out = intrinsics(320, 240), start_of(layout, task), []
    world = World(layout.apartment)
    with Renderer(world.compiled, 320, 240) as renderer:
        for command in plan:
            if command.verb != "Find":
                pose = camera_pose(state.world.base, state.world.pitch_rad)
                view = View(renderer.segmentation(state.world, pose), K, pose)
                out.append(apply_verb(world, state.world, view, Interaction(command.verb, command.target))[1].ok)
            state, _ = apply_command(layout, state, command)
    return out


def measure(split: str, count: int, physical: int, speeds: dict[str, Speed]) -> list[tuple[str, ...]]:
    """Rows of the table of one split; speeds are added up."""
    tasks = load_tasks(split)[: count or None]
    solved, weighted, lengths, random_done, accepted_done, agreed = [], [], [], [], [], []
    for k, task in enumerate(sorted(tasks, key=lambda task: task.apartment_seed)):
        layout, rng = Layout(layout_of(task).apartment), np.random.default_rng(k)  # a new one: nothing is remembered yet
        plan = expert_plan(layout, start_of(layout, task), task)
        fresh = Layout(layout.apartment)
        for name in names_of(fresh):
            fresh.named(name)
        for thing in fresh.apartment.objects:
            if thing.parent < 0:
                fresh.stands.at(thing.id)
        done = plan is not None and follow(fresh, task, plan, speeds["expert, first time"])
        if plan is not None:
            follow(fresh, task, plan, speeds["expert, again"])
        solved.append(done)
        lengths.append(float(task.plan_length))
        weighted.append(path_length_weighted(done, len(plan or ()), task.plan_length))
        random_done.append(chance(fresh, task, wild, rng, speeds["at random"]))
        accepted_done.append(chance(fresh, task, willing, rng, speeds["accepted, at random"]))
        if plan is not None and k % max(len(tasks) // physical, 1) == 0:
            agreed += by_the_body(layout, task, plan)
    counts = ", ".join(f"{kind} {sum(task.type == kind for task in tasks)}" for kind in TASK_TYPES)
    return [
        (split, "tasks", str(len(tasks)), counts),
        (split, "expert solves", str(rate(solved)), f"n = {len(solved)}, PL {mean(weighted)}"),
        (split, "expert's commands", str(mean(lengths)), f"{min(lengths):.0f} to {max(lengths):.0f}"),
        (split, "chance", str(rate(random_done)), f"{sum(random_done)} of {len(random_done)}"),
        (split, "chance, accepted commands", str(rate(accepted_done)), f"{sum(accepted_done)} of {len(accepted_done)}"),
        (split, "done by the body's verbs too", str(rate(agreed)), f"{sum(agreed)} of {len(agreed)} commands"),
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=0, help="tasks of each split, 0 = all")
    parser.add_argument("--physical", type=int, default=60, help="tasks of each split that are compared with the body's verbs")
    options = parser.parse_args()
    speeds = {name: Speed() for name in ("expert, first time", "expert, again", "at random", "accepted, at random")}
    table = Table(title=f"Household tasks, {MAX_COMMANDS} commands; 95 % intervals: Wilson for rates, bootstrap for means")
    for heading in ("split", "figure", "value", "of"):
        table.add_column(heading)
    for split in ("val_seen", "val_unseen"):
        for row in measure(split, options.tasks, options.physical, speeds):
            table.add_row(*row)
    console = Console(width=160)
    console.print(table)
    for name, speed in speeds.items():
        console.print(f"{name}: {speed.per_second():,.0f} commands/s ({speed.commands} commands)")
    console.print(f"{platform.processor() or platform.machine()}, one core of {os.cpu_count()}")


if __name__ == "__main__":
    main()
