"""The expert: plans worked out by hand, none shorter by exhaustive search, and the tasks of the suites solved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kitchen import MUG
from test_tasks_policies import follow, kitchen_layout, orders, task_of

from enactive.envs import VERBS
from enactive.envs.household.state import changed
from enactive.envs.household.tasks.conditions import progress, succeeded
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command, apply_command
from enactive.envs.household.tasks.task import TASK_TYPES, Task, layout_of, start_of

BY_HAND: list[tuple[Task, str]] = [
    (task_of("pick", "egg", "dresser"), "Find egg, PickUp egg, Find dresser, PutDown dresser"),
    (
        task_of("pick", "apple", "kitchen counter"),
        "Find fridge, Open fridge, PickUp apple, Find kitchen counter, PutDown kitchen counter",
    ),
    (task_of("examine", "egg", "floor lamp"), "Find egg, PickUp egg, Find floor lamp, TurnOn floor lamp"),
    (task_of("stack", "egg", "dresser", movable="tray"), "Find tray, PickUp tray, Find dresser, PutDown dresser"),
    (
        task_of("clean", "mug", "stove"),
        "Find mug, PickUp mug, Find kitchen sink, PutDown kitchen sink, TurnOn kitchen sink, PickUp mug, "
        "Find stove, PutDown stove",
    ),
    (
        task_of("cool", "egg", "stove"),
        "Find egg, PickUp egg, Find fridge, Open fridge, PutDown fridge, PickUp egg, Find stove, PutDown stove",
    ),
    (
        task_of("heat", "egg", "dresser"),
        "Find egg, PickUp egg, Find stove, PutDown stove, TurnOn stove, PickUp egg, Find dresser, PutDown dresser",
    ),
    (
        task_of("pick_two", "mug", "dresser"),
        "Find mug, PickUp mug, Find dresser, PutDown dresser, Find mug, Find mug, PickUp mug, Find dresser, PutDown dresser",
    ),
    (
        task_of("pick", "bread", "dresser", sliced=True),
        "Find knife, PickUp knife, Find bread, Slice bread, Find kitchen counter, PutDown kitchen counter, "
        "Find bread, PickUp bread, Find dresser, PutDown dresser",
    ),
]


@pytest.mark.parametrize(("task", "plan"), BY_HAND)
def test_plans_are_no_longer_than_those_by_hand(task: Task, plan: str) -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), task)
    end, said = follow(layout, start, orders(*plan.split(", ")))
    assert [feedback.message for feedback in said if not feedback.ok] == []
    assert succeeded(layout, end.world, task)
    found = expert_plan(layout, start, task)
    assert len(found) <= len(plan.split(", "))
    end, said = follow(layout, start, list(found))
    assert all(feedback.ok for feedback in said)
    assert succeeded(layout, end.world, task)


@pytest.mark.parametrize("task", [task for task, plan in BY_HAND if len(plan.split(", ")) <= 5], ids=lambda task: task.type)
def test_no_plan_is_shorter(task: Task) -> None:
    """Breadth first over every command in the small kitchen, states told apart by their digests."""
    layout, start = kitchen_layout(), start_of(kitchen_layout(), task)
    found = expert_plan(layout, start, task)
    commands = [Command(verb, name) for verb in VERBS for name in sorted(set(layout.categories))]
    level, met = [start], {start.digest()}
    for _ in range(len(found) - 1):
        after = []
        for state in level:
            for command in commands:
                new, feedback = apply_command(layout, state, command)
                if feedback.ok and (digest := new.digest()) not in met:
                    met.add(digest)
                    after.append(new)
                    assert not succeeded(layout, new.world, task)
        level = after


def test_what_is_done_needs_no_plan_and_what_cannot_be_done_has_none() -> None:
    layout, task = kitchen_layout(), task_of("pick", "mug", "kitchen counter")
    assert expert_plan(layout, start_of(layout, task), task) == ()
    assert expert_plan(layout, start_of(layout, task_of("pick", "mug", "bed")), task_of("pick", "mug", "bed")) is None
    big = task_of("pick", "tray", "microwave")
    assert expert_plan(layout, start_of(layout, big), big) is None


def test_an_expert_may_start_in_the_middle() -> None:
    layout, task = kitchen_layout(), task_of("clean", "mug", "stove")
    start = start_of(layout, task)
    clean = replace(start, world=replace(start.world, dirty=changed(start.world.dirty, MUG, False)))
    plan = expert_plan(layout, clean, task)
    assert [f"{command.verb} {command.target}" for command in plan] == ["Find mug", "PickUp mug", "Find stove", "PutDown stove"]


def test_what_lies_in_a_machine_is_not_taken_out_to_be_put_in_and_a_full_hand_is_emptied() -> None:
    layout, task = kitchen_layout(), task_of("clean", "mug", "stove")
    into = orders("Find mug", "PickUp mug", "Find kitchen sink", "PutDown kitchen sink")
    there, _ = follow(layout, start_of(layout, task), into)
    plan = expert_plan(layout, there, task)
    assert [f"{command.verb} {command.target}" for command in plan] == [
        "TurnOn kitchen sink",
        "PickUp mug",
        "Find stove",
        "PutDown stove",
    ]
    holding, _ = follow(layout, start_of(layout, task), orders("Find egg", "PickUp egg"))
    end, said = follow(layout, holding, list(expert_plan(layout, holding, task)))
    assert all(feedback.ok for feedback in said)
    assert succeeded(layout, end.world, task)


@pytest.mark.parametrize("split", ["val_seen", "val_unseen"])
def test_every_command_of_a_plan_brings_the_goal_nearer(split: str) -> None:
    """From no state on its own way does the expert know of a longer way than the one it is on."""
    tasks = load_tasks(split)
    for kind in TASK_TYPES:
        task = max((task for task in tasks if task.type == kind), key=lambda task: task.plan_length)
        layout = layout_of(task)
        state = start_of(layout, task)
        plan = expert_plan(layout, state, task)
        for done, command in enumerate(plan, 1):
            state, _ = apply_command(layout, state, command)
            assert len(expert_plan(layout, state, task)) <= len(plan) - done


@pytest.mark.parametrize("split", ["val_seen", "val_unseen", "train"])
def test_tasks_of_the_suites_are_solved_in_the_length_that_the_file_says(split: str) -> None:
    for task in load_tasks(split)[::43][:12]:
        layout = layout_of(task)
        start = start_of(layout, task)
        assert 0 <= progress(layout, start.world, task) < 1
        plan = expert_plan(layout, start, task)
        assert len(plan) == task.plan_length
        end, said = follow(layout, start, list(plan))
        assert all(feedback.ok for feedback in said)
        assert succeeded(layout, end.world, task)
