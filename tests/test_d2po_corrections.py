"""Corrections of a policy's own ways: what they say is right where they say it, whatever the policy does."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.planners.d2po.corrections import corrections
from enactive.planners.d2po.demonstrate import demonstrate, said_by_expert
from enactive.planners.d2po.episodes import Episode, layout
from enactive.planners.d2po.examples import Demonstration, read_lines, write_lines
from enactive.planners.d2po.fit import Memory, Recipe
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.practice import Practice, practise
from enactive.planners.d2po.prompt import parse_command, parts, state_text, world_prompt
from enactive.planners.d2po.train import _Run
from enactive.planners.d2po.weights import WEIGHTS

SEED = load_tasks("train")[0].apartment_seed


class Says:
    """A policy that says the same wherever it is; `asked`: every prompt of every batch."""

    def __init__(self, answer: str) -> None:
        self.answer, self.asked = answer, list[list[str]]()

    def answers(self, prompts, count=1, temperature=0.0, seed=0):
        self.asked.append([*prompts])
        return [[self.answer] for _ in prompts]


@pytest.fixture(scope="module")
def places():
    return hiding_places([layout(SEED, None)])


@pytest.fixture(scope="module")
def episodes(places):
    """Those in which the expert reaches the goal in the agent's words."""
    own = [Episode(task, "visible") for task in practice_tasks(layout(SEED, None), 21, np.random.default_rng(0))]
    return [episode for episode in own if (demonstrate(episode, np.random.default_rng(0), places, 0.0) or [None])[-1]]


def corrected(policy, episode, places, states=0.0):
    return corrections(policy, [episode], np.random.default_rng(0), places, states)


@pytest.mark.parametrize("answer", ["done", "dance", ""])
def test_a_policy_that_leads_nowhere_is_shown_the_experts_whole_way(answer, episodes, places):
    for episode in episodes:
        shown = demonstrate(episode, np.random.default_rng(0), places, slips=0.0)
        assert corrected(Says(answer), episode, places) == shown


def test_what_was_said_in_the_same_state_before_is_not_carried_out_again(episodes, places):
    """Once it is carried out and refused; from then on the expert goes its way, in states that are all new but for `done`."""
    for episode in episodes:
        policy = Says("pick up floor")
        own = corrected(policy, episode, places)
        said = [parts(one.answer)[1] for one in own]
        histories = [prompt.partition(" done: ")[2].partition(". in view:")[0] for (prompt,) in policy.asked]
        assert histories[1].startswith("pick up floor failed because ")
        assert "; pick up floor" not in histories[2]
        assert len(policy.asked) <= MAX_COMMANDS
        moment = episode.start()
        for turn in histories[-1].split("; "):
            assert moment.prompt in [one.prompt for one in own]
            moment = episode.step(moment, parse_command(turn.partition(" failed because ")[0]))
        assert said[-1] == "done" or len(policy.asked) == MAX_COMMANDS
        assert episode.succeeded(moment) == (said[-1] == "done")


def test_every_correction_is_what_the_expert_says_there_and_every_state_what_came(episodes, places):
    """The policy that ships, in a handful of tasks side by side: each prompt is found again by carrying its history out."""
    from enactive.planners.d2po.models import load_policy

    some = episodes[:6]
    of = {episode.task.id: episode for episode in some}
    told = corrections(load_policy(WEIGHTS), some, np.random.default_rng(0), places, states=1.0)
    assert {one.task for one in told} == {*of}
    states = 0
    for one in told:
        episode, moment = of[one.task], of[one.task].start()
        history = one.prompt.partition(" done: ")[2].partition(". in view: ")[0]
        for turn in [] if history == "nothing" else history.split("; "):
            moment = episode.step(moment, parse_command(turn.partition(" failed because ")[0]))
        if one.prompt == moment.prompt:
            said, aim = said_by_expert(episode, moment, places)
            assert parts(one.answer) == ("" if said == aim else parts(one.answer)[0], parts(one.answer)[1])
            assert parse_command(one.answer) == said
        else:
            command = parse_command(one.prompt.removesuffix(". then:").rpartition("next: ")[2])
            after = episode.step(moment, command)
            assert one.prompt == world_prompt(moment.situation, command)
            assert one.answer == state_text(episode.layout, after.state, after.feedback[-1])
            states += 1
    assert 0.3 * len(told) < states < 0.6 * len(told)


def test_practice_with_a_policy_is_the_same_by_two_workers_and_other_tasks_in_another_round(places, tmp_path):
    practice = Practice(2, "visible", 0.3, places, WEIGHTS, round=1)
    alone = practise([4, 0], practice, tmp_path / "alone", None, "process")
    assert practise([4, 0], practice, tmp_path / "two", 2, "process") == alone
    shown = practise([4, 0], Practice(2, "visible", 0.3, places), tmp_path / "shown", None, "process")
    firsts = [next(one.prompt for one in own if one.task.startswith("practice-4-0")) for own in (alone, shown)]
    assert firsts[0] != firsts[1]


def test_each_round_copies_what_it_corrects_and_as_much_of_what_was_known(tmp_path, monkeypatch):
    """From the policy that ships and three demonstrations. The optimiser, tested elsewhere, notes what it gets alone."""
    learnt = list[list[Demonstration]]()

    def fit(policy, examples, *others):
        learnt.append(examples)
        return [{"loss": 1.0}]

    monkeypatch.setattr("enactive.planners.d2po.train.fit_demonstrations", fit)
    shown = [Demonstration("shown", f"goal: mug {i}. next:", "done") for i in range(3)]
    write_lines(tmp_path / "demonstrations.jsonl", shown)
    folder = tmp_path / "seed-0"
    shutil.copytree(WEIGHTS, folder / "sft")
    plan = SimpleNamespace(apartments=1, corrected=1, knowledge="visible", states=0.0, lora=False, sft=Recipe(1.0, 2, 1e-3))
    run = _Run(plan, tmp_path, lambda: False, None, "process", Memory())
    for _ in range(2):  # the second time all is there
        run._round(folder, "sft", "dagger-1", 1, 0)
        run._round(folder, "dagger-1", "dagger-2", 2, 0)
    first, second = (read_lines(folder / name / "corrections.jsonl", Demonstration) for name in ("dagger-1", "dagger-2"))
    assert {one.task for one in first} == {one.task for one in second} == {"practice-0-0"}
    assert first[0].prompt != second[0].prompt  # another task by the same number
    assert [len(own) for own in learnt] == [len(first) + min(3, len(first)), len(second) + min(3 + len(first), len(second))]
    assert learnt[0][: len(first)] == first
    assert learnt[1][: len(second)] == second
    assert all(one in shown for one in learnt[0][len(first) :])
    assert all(one in [*shown, *first] for one in learnt[1][len(second) :])
    assert (folder / "dagger-2" / "model.safetensors").exists()
    assert not (folder / "dagger-2" / "corrections").exists()
