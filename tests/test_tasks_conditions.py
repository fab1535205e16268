"""Goal conditions of every type, worked out by hand in the small kitchen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_kitchen import APPLE, BREAD, COUNTER, DRESSER, EGG, FAR_MUG, LAMP, MUG, SINK, TRAY
from test_tasks_policies import kitchen_layout, task_of

from enactive.envs.household.state import WorldState, changed
from enactive.envs.household.tasks.conditions import conditions, progress, succeeded
from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.task import Task, start_world

T, F = True, False


def given(task: Task, facts: Mapping[str, Mapping[int, Any]], **scalars: Any) -> WorldState:
    """The start of a task with some entries of its arrays replaced."""
    state = start_world(kitchen_layout(), task)
    for name, entries in facts.items():
        for index, value in entries.items():
            state = replace(state, **{name: changed(getattr(state, name), index, value)})
    return replace(state, **scalars)


CASES: list[tuple[Task, Mapping[str, Mapping[int, Any]], tuple[bool, ...]]] = [
    (task_of("pick", "mug", "dresser"), {}, (F,)),
    (task_of("pick", "mug", "dresser"), {"parent": {FAR_MUG: DRESSER}}, (T,)),
    (task_of("pick", "egg", "dresser"), {"parent": {TRAY: DRESSER}}, (T,)),  # on the tray, on the dresser
    (task_of("pick_two", "mug", "kitchen counter"), {}, (T, F)),
    (task_of("pick_two", "mug", "kitchen counter"), {"parent": {FAR_MUG: COUNTER}}, (T, T)),
    (task_of("pick_two", "mug", "kitchen counter"), {"parent": {FAR_MUG: DRESSER}}, (T, F)),
    (task_of("pick_two", "mug", "dresser"), {}, (F, F)),
    (task_of("stack", "egg", "dresser", movable="tray"), {}, (T, F, F)),
    (task_of("stack", "egg", "dresser", movable="tray"), {"parent": {TRAY: DRESSER}}, (T, T, T)),
    (task_of("stack", "egg", "dresser", movable="tray"), {"parent": {TRAY: DRESSER, EGG: COUNTER}}, (F, T, F)),
    (task_of("stack", "egg", "dresser", movable="tray"), {"parent": {EGG: DRESSER}}, (F, F, F)),
    (task_of("clean", "mug", "dresser"), {}, (F, F, F)),
    (task_of("clean", "mug", "dresser"), {"parent": {MUG: DRESSER}, "dirty": {FAR_MUG: F}}, (T, T, F)),
    (task_of("clean", "mug", "dresser"), {"parent": {MUG: DRESSER}, "dirty": {MUG: F}}, (T, T, T)),
    (task_of("clean", "mug", "dresser"), {"dirty": {MUG: F}}, (F, T, F)),
    (task_of("heat", "apple", "kitchen counter"), {}, (F, F, F)),
    (task_of("heat", "apple", "kitchen counter"), {"temperature": {APPLE: 1}}, (F, T, F)),
    (task_of("heat", "apple", "kitchen counter"), {"parent": {APPLE: COUNTER}}, (T, F, F)),
    (task_of("heat", "apple", "kitchen counter"), {"parent": {APPLE: COUNTER}, "temperature": {APPLE: 1}}, (T, T, T)),
    (task_of("cool", "apple", "kitchen counter"), {}, (F, T, F)),  # it lies in the fridge
    (task_of("cool", "apple", "kitchen counter"), {"parent": {APPLE: COUNTER}}, (T, T, T)),
    (task_of("cool", "mug", "kitchen counter"), {"temperature": {FAR_MUG: -1}}, (T, T, F)),  # the cold one is not there
    (task_of("pick", "bread", "kitchen sink", sliced=True), {}, (F, F)),
    (task_of("pick", "bread", "kitchen sink", sliced=True), {"sliced": {BREAD: T}}, (T, F)),
    (task_of("pick", "bread", "kitchen sink", sliced=True), {"parent": {BREAD: SINK}}, (F, F)),
    (task_of("pick", "bread", "kitchen sink", sliced=True), {"sliced": {BREAD: T}, "parent": {BREAD: SINK}}, (T, T)),
    (task_of("pick_two", "bread", "kitchen sink", sliced=True), {"sliced": {BREAD: T}, "parent": {BREAD: SINK}}, (T, F, T, F)),
    (task_of("heat", "bread", "kitchen sink", sliced=True), {"temperature": {BREAD: 1}}, (F, F, F, F)),
]


@pytest.mark.parametrize(("task", "facts", "met"), CASES)
def test_conditions(task: Task, facts: Mapping[str, Mapping[int, Any]], met: tuple[bool, ...]) -> None:
    layout, state = kitchen_layout(), given(task, facts)
    assert tuple(condition.met for condition in conditions(layout, state, task)) == met
    assert progress(layout, state, task) == pytest.approx(sum(met) / len(met))
    assert succeeded(layout, state, task) == all(met)
    assert all(5 < len(condition.text) < 80 for condition in conditions(layout, state, task))


@pytest.mark.parametrize(
    ("held", "on", "base", "met"),
    [
        (-1, F, (3.5, 2.7, np.pi / 2), (F, F)),
        (EGG, F, (3.5, 2.7, np.pi / 2), (T, F)),
        (MUG, T, (3.5, 2.7, np.pi / 2), (F, T)),
        (EGG, T, (3.5, 2.7, np.pi / 2), (T, T)),  # the lamp stands at (3.5, 3.5)
        (EGG, T, (3.5, 2.7, np.pi / 2 + 0.6), (T, T)),
        (EGG, T, (3.5, 2.7, np.pi / 2 + 0.8), (T, F)),  # out of the 79 degrees that it sees
        (EGG, T, (3.5, 2.7, -np.pi / 2), (T, F)),
        (EGG, T, (3.5, 1.5, np.pi / 2), (T, F)),  # too far away
    ],
)
def test_conditions_of_looking_in_the_light(held: int, on: bool, base: tuple[float, ...], met: tuple[bool, ...]) -> None:
    task = task_of("examine", "egg", "floor lamp")
    state = given(task, {"on": {LAMP: on}}, held=held, base=np.array(base))
    assert tuple(condition.met for condition in conditions(kitchen_layout(), state, task)) == met


def test_a_body_that_looks_by_itself_has_to_see_the_light() -> None:
    state = given(task_of("examine", "egg", "floor lamp"), {"on": {LAMP: T}}, held=EGG, base=np.array((3.5, 2.7, np.pi / 2)))
    for type_, met in ((task_of("examine", "egg", "floor lamp"), (T, F)), (task_of("pick", "egg", "dresser"), (F,))):
        assert tuple(one.met for one in conditions(kitchen_layout(), state, type_, frozenset())) == met
        assert not succeeded(kitchen_layout(), state, type_, frozenset({EGG}))
    assert succeeded(kitchen_layout(), state, task_of("examine", "egg", "floor lamp"), frozenset({LAMP}))
    assert progress(kitchen_layout(), state, task_of("examine", "egg", "floor lamp"), frozenset()) == 0.5


def test_an_attribute_tells_one_of_two() -> None:
    layout, name = kitchen_layout(), kitchen_layout().apartment.objects[MUG].asset.colour
    facts = {"parent": {MUG: DRESSER}}
    for attribute, met in ((name, True), ("pink" if name != "pink" else "red", False)):
        task = task_of("pick", "mug", "dresser", attribute=attribute)
        assert succeeded(layout, given(task, facts), task) == met


def test_a_task_starts_with_what_it_is_about_undone() -> None:
    layout = kitchen_layout()
    clean = start_world(layout, task_of("clean", "mug", "dresser"))
    assert clean.dirty[[MUG, FAR_MUG]].all()
    assert not clean.dirty[EGG]
    assert not start_world(layout, task_of("examine", "egg", "floor lamp")).on[LAMP]
    assert start_world(layout, task_of("pick", "egg", "dresser")).temperature[APPLE] == -1  # the fridge works from the start


@pytest.mark.parametrize(
    ("success", "commands", "plan_length", "score"),
    [
        (True, 4, 4, 1.0),
        (True, 8, 4, 0.5),
        (True, 3, 4, 1.0),  # shorter than the expert counts as its length
        (False, 4, 4, 0.0),
        (False, 0, 0, 0.0),
        (True, 0, 0, 1.0),
        (True, 1, 0, 0.0),
        (True, 4, None, 0.0),
    ],
)
def test_path_length_weighting(success: bool, commands: int, plan_length: int | None, score: float) -> None:
    assert path_length_weighted(success, commands, plan_length) == score


def test_a_plan_has_no_negative_length() -> None:
    with pytest.raises(ValueError, match="negative"):
        path_length_weighted(True, -1, 4)
    with pytest.raises(ValueError, match="negative"):
        path_length_weighted(True, 1, -4)
