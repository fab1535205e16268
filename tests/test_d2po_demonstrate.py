"""What the expert demonstrates: every answer is right where it is given, and what went wrong before is no answer."""

from __future__ import annotations

import numpy as np
import pytest

from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.envs.household.tasks.suites import SPLITS, load_tasks
from enactive.envs.household.tasks.symbolic import Command, apply_command
from enactive.envs.household.tasks.task import TASK_TYPES, start_of
from enactive.envs.household.tasks.wording import belongs_to_val
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode, layout
from enactive.planners.d2po.prompt import parse_command

SEED = load_tasks("train")[0].apartment_seed


@pytest.fixture(scope="module")
def tasks():
    return practice_tasks(layout(SEED, None), 21, np.random.default_rng(0))


def history(prompt: str) -> list[str]:
    """Commands of the history that a prompt tells."""
    told = prompt.partition(" done: ")[2].partition(". in view: ")[0]
    return [] if told == "nothing" else [turn.partition(" failed because ")[0] for turn in told.split("; ")]


def test_practice_is_of_every_type_undone_at_the_start_and_in_sentences_of_train(tasks):
    place = layout(SEED, None)
    assert {task.type for task in tasks} == set(TASK_TYPES)
    assert not any(belongs_to_val(task.instruction) for task in tasks)
    assert not any(succeeded(place, start_of(place, task).world, task) for task in tasks)
    assert len({(task.type, task.object, task.receptacle, task.movable) for task in tasks}) == len(tasks)


def test_practice_ids_are_numbered_come_again_and_belong_to_no_split(tasks):
    assert [task.id for task in tasks] == [f"practice-{SEED}-{n}" for n in range(len(tasks))]
    assert practice_tasks(layout(SEED, None), 5, np.random.default_rng(0)) == practice_tasks(
        layout(SEED, None), 5, np.random.default_rng(0)
    )
    splits = {task.id for split in SPLITS for task in load_tasks(split)}
    assert not splits & {task.id for task in tasks}


@pytest.mark.parametrize("slips", [0.0, 0.3])
def test_carrying_out_what_a_demonstration_tells_reaches_the_goal(tasks, slips):
    rng, slipped, shown = np.random.default_rng(1), 0, 0
    for task in tasks:
        episode = Episode(task, "visible")
        steps = demonstrate(episode, rng, slips)
        if steps is None:
            continue
        shown += 1
        moment, prompts = episode.start(), {}
        for said in [*history(steps[-1].prompt), "done"]:
            prompts[moment.prompt] = said
            moment = episode.step(moment, parse_command(said))
        assert episode.succeeded(moment)
        assert all(prompts[step.prompt] == step.answer for step in steps)
        assert steps[-1].answer == "done"
        slipped += len(prompts) - len(steps)
    assert shown >= 0.7 * len(tasks)
    assert (slipped > 0) == (slips > 0.0)


def test_what_is_shut_away_is_looked_for_before_anything_is_opened(tasks):
    seen = 0
    for task in practice_tasks(layout(SEED, None), 60, np.random.default_rng(2)):
        episode = Episode(task, "visible")
        name = f"{task.attribute} {task.object}".strip()
        start = episode.start()
        if task.sliced or apply_command(episode.layout, start.state, Command("Find", name))[1].ok:
            continue
        looked, told, *_ = demonstrate(episode, np.random.default_rng(3), slips=0.0) or ()
        assert looked.answer == f"find {name}".lower()
        assert f"failed because no {name} is in view" in told.prompt
        seen += 1
    assert seen >= 3
