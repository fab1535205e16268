"""What the expert demonstrates: every answer is right where it is given, and what went wrong before is no answer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from enactive.envs.household.state import initial_state
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.envs.household.tasks.suites import SPLITS, load_tasks
from enactive.envs.household.tasks.symbolic import Command, apply_command
from enactive.envs.household.tasks.task import TASK_TYPES, start_of
from enactive.envs.household.tasks.wording import belongs_to_val
from enactive.planners.d2po.demonstrate import agent_command, demonstrate
from enactive.planners.d2po.episodes import Episode, layout
from enactive.planners.d2po.hiding_places import hiding_places, look_into, places_for
from enactive.planners.d2po.practice import Practice, practise
from enactive.planners.d2po.prompt import parse_command, parts, state_text, world_prompt

SEED = load_tasks("train")[0].apartment_seed


@pytest.fixture(scope="module")
def tasks():
    return practice_tasks(layout(SEED, None), 21, np.random.default_rng(0))


@pytest.fixture(scope="module")
def places():
    return hiding_places([layout(SEED, None)])


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
def test_carrying_out_what_a_demonstration_tells_reaches_the_goal(tasks, places, slips):
    rng, slipped, shown, cut = np.random.default_rng(1), 0, 0, 0
    for task in tasks:
        episode = Episode(task, "visible")
        steps = demonstrate(episode, rng, places, slips)
        if steps is None:
            continue
        shown += 1
        moment, prompts = episode.start(), {}
        for said in [*history(steps[-1].prompt), parts(steps[-1].answer)[1]]:
            prompts[moment.prompt] = said
            moment = episode.step(moment, parse_command(said))
        assert all(prompts[step.prompt] == parts(step.answer)[1] for step in steps)
        finished = steps[-1].answer == "done"
        assert episode.succeeded(moment) or not finished
        cut += not finished
        slipped += len(prompts) - len(steps)
    assert shown >= 0.85 * len(tasks)
    assert cut <= 0.25 * len(tasks)
    assert (slipped > 0) == (slips > 0.0)


def test_the_states_shown_are_those_that_the_commands_lead_to(tasks, places):
    refused = shown = 0
    for task in tasks[:7]:
        episode = Episode(task, "visible")
        steps = demonstrate(episode, np.random.default_rng(1), places, 0.3, states=1.0) or []
        moment = episode.start()
        for step in (step for step in steps if step.prompt.endswith(" then:")):
            command = parse_command(step.prompt.removesuffix(". then:").rpartition("next: ")[2])
            assert step.prompt == world_prompt(moment.situation, command)
            moment = episode.step(moment, command)
            assert step.answer == state_text(episode.layout, moment.state, moment.feedback[-1])
            refused += step.answer.startswith("failed because ")
            shown += 1
    assert shown > 40
    assert refused > 3


def test_some_states_are_shown_and_after_every_refusal(tasks, places):
    rng, every, some = np.random.default_rng(1), [], []
    for told, share in ((every, 1.0), (some, 0.3)):
        for task in tasks:
            steps = demonstrate(Episode(task, "visible"), rng, places, 0.3, share) or []
            told += [step.answer.startswith("failed because ") for step in steps if step.prompt.endswith(" then:")]
    assert 0.2 < some.count(False) / every.count(False) < 0.4
    assert some.count(True) / every.count(True) > 0.8


def test_workers_demonstrate_what_one_process_does_and_go_on_where_one_was_interrupted(places, tmp_path):
    homes, practice = [4, 0, 3], Practice(2, "visible", 0.5, places)
    alone = practise(homes, practice, tmp_path / "alone", None, "process")
    assert list(dict.fromkeys(one.task.split("-")[1] for one in alone)) == ["4", "0", "3"]
    assert practise(homes, practice, tmp_path / "two", 2, "process") == alone
    (tmp_path / "two" / "apartment-0.jsonl").write_text("")
    (tmp_path / "two" / "apartment-3.jsonl").unlink()
    assert practise(homes, practice, tmp_path / "two", 2, "process") == [one for one in alone if "-0-" not in one.task]


def hidden_tasks(places):
    """Practice about one thing that is behind something closed: episode, the agent's name of it, what is demonstrated."""
    for task in practice_tasks(layout(SEED, None), 60, np.random.default_rng(2)):
        episode = Episode(task, "visible")
        name = f"{task.attribute} {task.object}".strip()
        start = episode.start()
        if not task.sliced and not apply_command(episode.layout, start.state, Command("Find", name))[1].ok:
            yield episode, name, demonstrate(episode, np.random.default_rng(3), places, slips=0.0) or []


def test_what_is_shut_away_is_looked_for_before_anything_is_opened(places):
    seen = 0
    for _, name, (looked, told, *_) in hidden_tasks(places):
        assert looked.answer == f"pick up {name}: find {name}".lower()
        assert f"failed because no {name} is in view" in told.prompt
        seen += 1
    assert seen >= 3


def test_a_search_is_one_that_does_not_know_where_the_thing_is(places):
    """Each step of it is the next of a search through the same places that looks at nothing but what is open by then."""
    searched, wrong = 0, 0
    for episode, name, steps in hidden_tasks(places):
        here, moment = episode.layout, episode.step(episode.start(), parse_command(steps[0].answer))
        for step in steps[1:]:
            if apply_command(here, moment.state, Command("Find", name))[1].ok:
                break
            expected = look_into(here, moment.state, places_for(places, episode.task.object))
            assert parse_command(step.answer) == expected
            moment = episode.step(moment, expected)
            searched += 1
            wrong += expected.verb == "Open" and not apply_command(here, moment.state, Command("Find", name))[1].ok
    assert searched > 10
    assert wrong > 3


def test_looking_into_everything_opens_all_there_is_and_ends(places):
    here = layout(SEED, None)
    order, state, said = places_for(places, "nothing of this name"), start_of(here, load_tasks("train")[0]), 0
    while (command := look_into(here, state, order)) is not None:
        state, feedback = apply_command(here, state, command)
        assert feedback.ok
        assert command.verb in ("Find", "Open")
        said += 1
    inside = [i for i, name in enumerate(here.categories) if name in order and here.shows(state.world, i)]
    assert inside
    assert all(state.world.opening[k] >= 0.5 for i in inside for k, _ in here.leaves[i])
    assert said <= 3 * sum(len(here.leaves[i]) for i in inside)


def looks_and_finds(here, place: str, category: str) -> tuple[int, int]:
    """Commands that it takes to look into all furniture of a name, and things of a category ("" = any) that this shows."""
    world = initial_state(here.apartment)
    finds = sum(
        "pickup" in here.skills[i]
        and category in ("", name)
        and (closed := here.where(world, i)[1]) >= 0
        and here.categories[closed] == place
        for i, name in enumerate(here.categories)
    )
    inside = [[mover.kind for _, mover in here.leaves[i]] for i in here.of_category.get(place, ()) if here.leaves[i]]
    return sum(1 + len(kinds) - max(kinds.count("hinge") - 1, 0) for kinds in inside), finds


def test_a_place_with_more_of_a_kind_and_less_to_open_comes_first():
    homes = [layout(SEED, None), layout(7, None)]
    for category, order in hiding_places(homes).items():
        worth = []
        for place in order:
            looks, finds = np.sum([looks_and_finds(here, place, category) for here in homes], axis=0)
            worth.append(finds / looks)
        assert worth == sorted(worth, reverse=True)
        assert worth[0] > 0


@pytest.mark.parametrize("left", [("TurnOn", "Open", "PickUp"), ("Open", "PickUp")])
def test_what_the_agent_has_shut_away_itself_is_not_looked_for(left):
    """The egg was missed at first, and is shut into the microwave."""
    here = layout(7, None)
    episode = Episode(practice_tasks(here, 60, np.random.default_rng(2))[19], "visible")
    moment = episode.start()
    for text in ("find egg", "find fridge", "open fridge", "pick up egg", "find microwave", "open microwave"):
        moment = episode.step(moment, parse_command(text))
    for text in ("put down microwave", "close microwave"):
        moment = episode.step(moment, parse_command(text))
    assert moment.feedback[-1].ok
    plan = [Command(verb, "egg" if verb == "PickUp" else "microwave") for verb in left]
    assert agent_command(episode, moment, plan, hiding_places([here])) == plan[0]


def test_the_second_of_two_is_looked_for_where_the_first_alone_is_in_sight():
    """The place of the first is no place to look for the second, though a search would show it there."""
    searched = 0
    for home in range(12):
        own = hiding_places([layout(home, None)])
        for task in practice_tasks(layout(home, None), 40, np.random.default_rng(4)):
            if task.type != "pick_two" or task.sliced:
                continue
            episode = Episode(task, "visible")
            steps = demonstrate(episode, np.random.default_rng(0), own, slips=0.0) or []
            moment, put = episode.start(), Command("PutDown", task.receptacle)
            for step in steps:
                aim, said = parts(step.answer)
                if put in moment.commands and said.startswith("open ") and aim.startswith("pick up "):
                    shown, feedback = apply_command(episode.layout, moment.state, Command("Find", task.object))
                    root = episode.layout.where(shown.world, shown.at)[0]
                    searched += feedback.ok and episode.layout.categories[root] == task.receptacle
                moment = episode.step(moment, parse_command(step.answer))
            assert not steps or episode.succeeded(moment) == (steps[-1].answer == "done")
    assert searched > 0


def test_what_goes_round_in_a_circle_is_not_demonstrated():
    """Of two lemons beside each other the expert wants the one that "pick up lemon" does not take: no word would say it."""
    place = layout(23, None)
    task = practice_tasks(place, 40, np.random.default_rng(4))[34]
    assert task.instruction == "refrigerate a lemon and move it to the hamper"
    assert demonstrate(Episode(task, "visible"), np.random.default_rng(0), hiding_places([place]), slips=0.0) is None


def test_what_has_no_room_is_tried_first():
    """The expert goes on to the second nightstand; an agent, which cannot know why, puts the thing down at the first."""
    tried = 0
    for seed in sorted({task.apartment_seed for task in load_tasks("train")})[:12]:
        rng = np.random.default_rng(seed)
        for task in practice_tasks(layout(seed, None), 20, rng):
            steps = demonstrate(Episode(task, "visible"), rng, {}, slips=0.0) or []
            for step, after in pairwise(steps):
                refused = f"{step.answer} failed because there is no room"
                if refused in after.prompt.rpartition("; ")[2]:
                    assert step.answer.startswith("put down")
                    assert parts(after.answer)[1].startswith("find")
                    tried += 1
    assert tried >= 1


def test_what_a_command_is_said_for_is_said_later(tasks, places):
    """Going somewhere and opening something have a reason, which is the next thing done that is neither."""
    reasoned = 0
    for task in tasks:
        said = [
            parts(step.answer) for step in demonstrate(Episode(task, "visible"), np.random.default_rng(1), places, 0.0) or ()
        ]
        done = [command for _, command in said if not command.startswith(("find", "open"))]
        for thought, command in said:
            if command.startswith(("find", "open")):
                assert thought == done[0]
                reasoned += 1
            else:
                assert not thought
                done.pop(0)
    assert reasoned > 2 * len(tasks)
