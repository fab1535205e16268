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
from enactive.planners.d2po.fit import Memory, Objective, OutOfTimeError, Recipe
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.practice import Practice, practise
from enactive.planners.d2po.prompt import answer_text, parse_command, parts, state_text, world_prompt
from enactive.planners.d2po.stages import copied_by, corrections_of
from enactive.planners.d2po.train import _Run
from enactive.planners.d2po.tree_search import SearchSettings
from enactive.planners.d2po.weights import WEIGHTS

SEED = load_tasks("train")[0].apartment_seed


class Says:
    """A policy that says the same wherever it is, or one after the other; `asked`: every prompt of every batch."""

    def __init__(self, *said: str) -> None:
        self.said, self.asked = said, list[list[str]]()

    def answers(self, prompts, count=1, temperature=0.0, seed=0):
        self.asked.append([*prompts])
        return [[self.said[(len(self.asked) - 1) % len(self.said)]] for _ in prompts]


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


def test_the_expert_leads_out_of_a_state_in_which_all_that_the_policy_says_is_refused(episodes, places):
    """However many there are: what the expert said there without being heard is no circle of its own."""
    refused = [f"{verb} floor" for verb in ("pick up", "open", "close", "turn on")]
    for episode in episodes[:5]:
        own = corrected(Says(*refused), episode, places)
        first = [one for one in own if one.prompt.count("failed because") < len(refused) and "; find" not in one.prompt]
        assert len({one.answer for one in first[: len(refused)]}) == 1
        assert own[-1].answer == "done" or len([one for one in own if not one.prompt.endswith("then:")]) == MAX_COMMANDS


def test_an_episode_in_which_the_expert_goes_round_in_a_circle_tells_nothing():
    """As in the demonstration of the same task."""
    place = layout(23, None)
    task = practice_tasks(place, 40, np.random.default_rng(4))[34]
    assert task.instruction == "refrigerate a lemon and move it to the hamper"
    assert corrected(Says("done"), Episode(task, "visible"), hiding_places([place]), states=1.0) == []


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
            assert one.answer == answer_text(*said_by_expert(episode, moment, places))
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
    learnt, begun = list[list[Demonstration]](), list[str]()

    def fit(policy, examples, *others):
        learnt.append(examples)
        begun.append(policy.name)
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
    assert begun == [str(folder / "sft"), str(folder / "dagger-1")]
    first, second = (read_lines(corrections_of(folder, name), Demonstration) for name in ("dagger-1", "dagger-2"))
    assert {one.task for one in first} == {one.task for one in second} == {"practice-0-0"}
    assert first[0].prompt != second[0].prompt  # another task by the same number
    assert [len(own) for own in learnt] == [len(first) + min(3, len(first)), len(second) + min(3 + len(first), len(second))]
    assert learnt[0][: len(first)] == first
    assert learnt[1][: len(second)] == second
    assert all(one in shown for one in learnt[0][len(first) :])
    assert all(one in [*shown, *first] for one in learnt[1][len(second) :])
    assert (folder / "dagger-2" / "model.safetensors").exists()
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"sft", "dagger-1", "dagger-2"}


def test_search_and_preferences_begin_from_the_last_round_and_replay_all_that_was_copied(tmp_path, monkeypatch):
    plan = SimpleNamespace(rounds=2, apartments=1, search_tasks=1, knowledge="visible", judge="oracle", lora=False)
    plan.search, plan.objective = SearchSettings(), Objective()
    run = _Run(plan, tmp_path, lambda: False, None, "process", Memory())
    called, prefer = list[tuple[str, ...]](), _Run._prefer
    for name in ("_sft", "_search", "_prefer", "_measure"):
        monkeypatch.setattr(_Run, name, lambda run, *asked, name=name: called.append((name,)))
    monkeypatch.setattr(_Run, "_round", lambda run, folder, before, after, *others: called.append(("_round", before, after)))
    run.seed(0)
    assert called[:4] == [("_sft",), ("_round", "sft", "dagger-1"), ("_round", "dagger-1", "dagger-2"), ("_search",)]
    assert run.collection(0).policy == tmp_path / "seed-0" / "dagger-2"
    shown = [Demonstration("shown", f"goal: mug {i}. next:", "done") for i in range(3)]
    write_lines(tmp_path / "demonstrations.jsonl", shown[:1])
    for number in (1, 2):
        write_lines(corrections_of(tmp_path / "seed-0", f"dagger-{number}"), shown[number : number + 1])
    assert [copied_by(tmp_path, 0, rounds) for rounds in range(3)] == [shown[:1], shown[:2], shown]

    def load(folder, whole):
        raise OutOfTimeError(folder.name)

    for name, stub in (("load_policy", load), ("collected", lambda folder: ([], [], [])), ("total", lambda cards: {})):
        monkeypatch.setattr(f"enactive.planners.d2po.train.{name}", stub)
    with pytest.raises(OutOfTimeError, match="dagger-2"):
        prefer(run, tmp_path / "seed-0", "dpo", plan.objective, 0)


def test_the_minutes_end_practice_after_the_apartment_under_way(places, tmp_path):
    practice = Practice(1, "visible", 0.0, places)

    def over():
        raise OutOfTimeError("the minutes are spent")

    with pytest.raises(OutOfTimeError):
        practise([4, 0, 3], practice, tmp_path, None, "process", over)
    assert [path.name for path in tmp_path.iterdir()] == ["apartment-4.jsonl"]
