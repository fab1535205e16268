"""D2PO's parts: what is read and written, the losses, the policy's numbers against brute force, and the search."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import Qwen3Config, Qwen3ForCausalLM

from enactive.envs.household.tasks.knowledge import in_view, known_objects, scene_text, told
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import TASK_VERBS, Command, apply_command
from enactive.envs.household.tasks.task import objects_of
from enactive.errors import ModelError
from enactive.perception.vlm.scripted import ScriptedModel
from enactive.planners.d2po.collect import total
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.fit import Order
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.losses import Term, d2po, dpo
from enactive.planners.d2po.models import load_policy, save_policy, small_policy
from enactive.planners.d2po.pairs import data_card, demonstrations, preferences
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import AnswerError, answer_text, command_text, parse_command, parts, state_text
from enactive.planners.d2po.rewards import AGAIN, LLMJudge, OracleProgress, judgement
from enactive.planners.d2po.tree_search import PRESETS, SearchSettings, search

TEXTS = ("goal: put a mug on the sofa. done: nothing. in view: nothing. the hand is empty. next:", "then: find done")
OWN = SearchSettings(lead=0, oracle_candidate=False)  # what the policy says is all that is tried
PROMPTS = ("goal: put a mug on the sofa. next:", "goal: mug. done: find mug; find sofa. in view: sofa, mug. next:", "next:")


@pytest.fixture(scope="module")
def policy():
    return small_policy(TEXTS, seed=0, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)


@pytest.fixture(scope="module")
def episode():
    return Episode(next(task for task in load_tasks("train") if task.type == "heat" and not task.sliced), "visible")


def by_expert(episode: Episode):
    """The demonstration of an agent that knows where things are in this very apartment."""
    return demonstrate(episode, np.random.default_rng(0), hiding_places([episode.layout]), slips=0.0)


@given(st.sampled_from(TASK_VERBS), st.sampled_from(["mug", "kitchen counter", "red mug", "chef's knife"]))
def test_a_command_is_read_back_from_its_words(verb, target):
    command = Command(verb, "" if verb == "done" else target)
    assert parse_command(command_text(command)) == command
    aim = Command("PutDown", "kitchen counter")
    assert parse_command(answer_text(command, aim)) == command
    assert parts(answer_text(command, aim))[0] == ("" if command == aim else "put down kitchen counter")


@pytest.mark.parametrize("text", ["", "find", "finder mug", "done mug", "mug", "walk to the mug", "please find mug"])
def test_what_is_no_command_is_refused(text):
    with pytest.raises(AnswerError):
        parse_command(text)


def test_an_agent_is_told_the_scene_in_the_environments_words(episode):
    rng, layout, state = random.Random(0), episode.layout, episode.start().state
    names = sorted(set(layout.categories))
    for _ in range(1500):
        command = Command(rng.choice(TASK_VERBS[:-1]), rng.choice([*names, "unicorn"]))
        state, _ = apply_command(layout, state, command)
        known = known_objects(layout, state.world, in_view(layout, state), frozenset())
        holding = layout.categories[state.world.held] if state.world.held >= 0 else ""
        assert told("visible", known, holding) == scene_text(layout, state.world, in_view(layout, state), frozenset())


def test_the_next_state_in_words_names_what_changed(episode):
    shown = by_expert(episode)
    moment, texts = episode.start(), []
    for step in shown[:-1]:
        moment = episode.step(moment, parse_command(step.answer))
        texts.append(state_text(episode.layout, moment.state, moment.feedback[-1]))
    assert any(f"hot {episode.task.object}" in text for text in texts)
    assert episode.succeeded(moment)


def test_the_loss_is_ln_2_where_policy_and_reference_agree():
    values = torch.tensor([-3.0, -0.5]), torch.tensor([-7.0, -0.1])
    loss, margin = dpo(*values, *values, beta=0.3)
    assert torch.allclose(loss, torch.full((2,), math.log(2.0)))
    assert torch.equal(margin, torch.zeros(2))


def test_the_loss_worked_by_hand():
    one = [torch.tensor([value]) for value in (-1.0, -4.0, -2.0, -3.0)]
    loss, margin = dpo(*one, beta=0.5)  # (-1 + 2) - (-4 + 3) = 2, times beta = 1
    assert float(margin) == pytest.approx(1.0)
    assert float(loss) == pytest.approx(-math.log(1 / (1 + math.exp(-1.0))))


def test_the_joint_loss_is_the_weighted_sum_of_the_two_anchored_terms():
    action = Term(torch.tensor([1.0, 3.0]), torch.zeros(2), torch.tensor([4.0, 8.0]), 2, 2)  # means 2 and 6
    state = Term(torch.tensor([0.5]), torch.zeros(1), torch.tensor([1.0]), 1, 1)
    assert float(d2po(action, state, 1.0, 0.0)) == 2.5
    assert float(d2po(action, state, 0.5, 0.0)) == 2.25
    assert float(d2po(action, None, 1.0, 0.0)) == 2.0
    assert float(d2po(action, state, 0.5, 0.1)) == pytest.approx(2.0 + 0.6 + 0.5 * (0.5 + 0.1))
    parts = [Term(action.loss[i : i + 1], action.margin[i : i + 1], action.nll[i : i + 1], 2, 2) for i in (0, 1)]
    apart = d2po(parts[0], state, 0.5, 0.1) + d2po(parts[1], None, 0.5, 0.1)
    assert float(apart) == pytest.approx(float(d2po(action, state, 0.5, 0.1)))
    assert float(d2po(None, state, 0.5, 0.1)) == pytest.approx(0.5 * (0.5 + 0.1))


def test_only_the_tokens_of_the_answer_count(policy):
    """Against one forward pass per row without padding, in single precision."""
    exact = replace_precision(policy)
    rows = [
        (exact.prompt_ids(p), exact.answer_ids(a)) for p, a in zip(PROMPTS, ("find mug", "done", "pick up sofa"), strict=True)
    ]
    got = exact.logprobs(rows)
    for (prompt, answer), value in zip(rows, got.tolist(), strict=True):
        logits = exact.model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0].log_softmax(-1)
        by_hand = sum(float(logits.detach()[len(prompt) + i - 1, token]) for i, token in enumerate(answer))
        assert value == pytest.approx(by_hand, abs=1e-4)


def of_qwen(policy):
    """A tiny random model of another architecture with the same words: grouped heads, biases, another place of its norms."""
    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = Qwen3Config(vocab_size=len(policy.tokenizer), num_key_value_heads=2, head_dim=8, initializer_range=0.4, **sizes)
    return Policy(Qwen3ForCausalLM(config).eval(), policy.tokenizer, "qwen", bf16=False)


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_a_prompt_that_was_read_before_gives_the_scores_of_whole_texts(policy, kind):
    """Against one forward pass per text without padding, mask or cache; twice, since what was read must stay as it was."""
    exact = replace_precision(policy) if kind == "llama" else of_qwen(policy)
    texts = ["find mug", "done", "pick up sofa", "", "turn on sofa"]
    for prompt in PROMPTS:
        start, whole = exact.prompt_ids(prompt), []
        for answer in map(exact.answer_ids, texts):
            with torch.inference_mode():
                told = exact.model(input_ids=torch.tensor([[*start, *answer]])).logits[0].log_softmax(-1)
            whole.append(sum(float(told[len(start) + i - 1, token]) for i, token in enumerate(answer)))
        reading = exact.read(prompt)
        assert exact.score(reading, texts) == pytest.approx(whole, abs=1e-4)
        assert exact.score(reading, texts[::-1]) == pytest.approx(whole[::-1], abs=1e-4)
        assert exact.score(reading, [""]) == pytest.approx(whole[3:4], abs=1e-4)
        assert exact.score(prompt, texts) == pytest.approx(whole, abs=1e-4)
        assert len({round(value, 3) for value in whole}) == len(texts)


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_answers_to_a_prompt_that_was_read_are_those_to_the_prompt_and_it_is_gone_on_from(policy, kind):
    exact = replace_precision(policy) if kind == "llama" else of_qwen(policy)
    for prompt in PROMPTS:
        reading = exact.read(prompt)
        for draw in ((1, 0.0, 0), (4, 1.0, 3)):
            assert exact.answers_to(reading, *draw) == exact.answers([prompt], *draw)[0]
        longer = f"{prompt} find mug. then:"
        on = exact.read(longer, reading)
        assert on.ids == exact.prompt_ids(longer)
        assert torch.allclose(on.logits, exact.read(longer).logits, atol=1e-4)
        assert exact.answers_to(on) == exact.answers([longer])[0]
        assert torch.equal(exact.read(prompt, on).logits, reading.logits)  # no beginning of it: read from its own
        assert exact.answers_to(reading) == exact.answers([prompt])[0]


def test_beams_that_begin_behind_the_prompt_find_what_beams_over_the_whole_find(policy):
    exact = replace_precision(policy)
    for prompt in PROMPTS:
        ids = torch.tensor([exact.prompt_ids(prompt)])
        settings = {"num_beams": 4, "num_return_sequences": 4, "max_new_tokens": 16, "do_sample": False}
        rows = exact.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), pad_token_id=exact.pad, eos_token_id=exact.end, **settings
        )
        found = [exact._text(row) for row in rows[:, ids.shape[1] :].tolist()]
        assert {text for text, _ in exact.likely(prompt, 4)} == set(found)


def test_reading_the_prompt_once_gives_the_same_scores(policy):
    """Siblings of several prompts in one batch, against one forward pass per answer."""
    exact, texts = replace_precision(policy), ["find mug", "done", "pick up sofa", "turn on sofa"]
    groups = [(exact.prompt_ids(p), [exact.answer_ids(text) for text in texts[k:]]) for k, p in enumerate(PROMPTS)]
    apart = [exact.logprobs([(prompt, answer)]).item() for prompt, answers in groups for answer in answers]
    assert exact.sibling_logprobs(groups).tolist() == pytest.approx(apart, abs=1e-4)
    for prompt in PROMPTS:
        assert exact.score(prompt, texts) == pytest.approx(exact.score(prompt, texts, reuse=False), abs=1e-4)


def test_batched_answers_are_the_likeliest_tokens_and_repeat_with_their_seed(policy):
    exact = replace_precision(policy)
    batched = exact.answers(PROMPTS, tokens=6)
    assert batched == [exact.answers([prompt], tokens=6)[0] for prompt in PROMPTS]
    ids = list(exact.prompt_ids(PROMPTS[0]))
    for _ in range(6):
        ids.append(int(exact.model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    written = ids[len(exact.prompt_ids(PROMPTS[0])) :]
    assert batched[0][0] == exact._text(written)
    drawn = exact.answers(PROMPTS, 4, 1.0, seed=3)
    assert drawn == exact.answers(PROMPTS, 4, 1.0, seed=3) != exact.answers(PROMPTS, 4, 1.0, seed=4)


def test_a_policy_survives_its_folder(policy, tmp_path):
    save_policy(policy, tmp_path)
    rows = [(policy.prompt_ids(PROMPTS[0]), policy.answer_ids("find mug"))]
    again = load_policy(tmp_path)
    assert torch.equal(again.logprobs(rows), policy.logprobs(rows))
    assert again.answer_ids("find mug") == policy.answer_ids("find mug")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.integers(1, 9), st.integers(0, 3))
def test_every_epoch_takes_every_example_once(lengths, size, seed):
    order = Order(lengths, size, seed)
    for epoch in (1, 0):
        steps = range(epoch * order.per_epoch, (epoch + 1) * order.per_epoch)
        assert sorted(i for step in steps for i in Order(lengths, size, seed).batch(step)) == list(range(len(lengths)))
        assert [order.batch(step) for step in steps] == [Order(lengths, size, seed).batch(step) for step in steps]


class Told:
    """Answers that are known beforehand: the expert's next command among wrong ones."""

    def __init__(self, episode: Episode) -> None:
        self.right = {step.prompt: step.answer for step in by_expert(episode)}

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        wrong = ["find mirror", "pick up fridge", "find mirror", "nonsense"]
        return [[*wrong, self.right.get(prompt, "done")][-count:] for prompt in prompts]


@pytest.mark.parametrize("settings", [*PRESETS.values(), OWN, replace(OWN, strategy="best_first")])
def test_search_finds_the_plan_and_every_node_is_what_replaying_its_commands_gives(episode, settings):
    (tree,) = search(Told(episode), [episode], OracleProgress(), settings, seed=0)
    assert [step.answer for step in demonstrations(tree)][-1] == "done"
    assert episode.succeeded(tree.goal.moment)
    assert tree.unreadable > 0
    for node in tree.path():
        assert len({child.command for child in node.children}) == len(node.children)
        for child in node.children:
            moment = episode.start()
            for command in child.moment.commands:
                moment = episode.step(moment, command)
            assert moment.state.digest() == child.moment.state.digest()
            assert moment.prompt == child.moment.prompt


def test_preferences_are_true_next_states_and_better_commands(episode):
    (tree,) = search(Told(episode), [episode], OracleProgress(), OWN, seed=0)
    made = list(preferences(tree))
    assert {example.kind for example in made} == {"action", "state", "goal_state"}
    right = Told(episode).right
    for example in made:
        assert example.chosen not in example.rejected
        if example.kind == "action":
            assert example.chosen == right[example.prompt]
            assert "pick up fridge" in example.rejected or "done" in example.chosen
        if example.kind == "state" and "pick up fridge. then:" in example.prompt:
            assert example.chosen.startswith("failed because")


class Stubborn(Told):
    """Says by itself, again and again, what is refused; the right command is among what is drawn."""

    def __init__(self, episode: Episode) -> None:
        shown, start = by_expert(episode), episode.start()
        self.right = {}
        for _ in range(5):
            moment = start
            for step in shown:
                self.right[moment.prompt] = step.answer
                moment = episode.step(moment, parse_command(step.answer))
            start = episode.step(start, Command("PickUp", "fridge"))

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        return [["pick up fridge"] for _ in prompts] if count == 1 else super().answers(prompts, count, temperature, seed)


class Clueless(Told):
    """Says nothing that helps."""

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        return [["find mirror", "pick up fridge"][:count] for _ in prompts]


def test_the_experts_command_is_a_candidate_where_it_is_asked_for(episode):
    plain, helped = (SearchSettings(lead=0, oracle_candidate=wanted) for wanted in (False, True))
    (lost,) = search(Clueless(episode), [episode], OracleProgress(), plain, seed=0)
    (tree,) = search(Clueless(episode), [episode], OracleProgress(), helped, 0, hiding_places([episode.layout]))
    assert lost.goal is None
    assert episode.succeeded(tree.goal.moment)
    shown = by_expert(episode)
    assert [(step.prompt, step.answer) for step in demonstrations(tree)] == [(step.prompt, step.answer) for step in shown]


class Rambling(Told):
    """Says the right commands for reasons that are none."""

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        return [[f"slice mirror: {parts(self.right[prompt])[1]}"] for prompt in prompts]


def test_what_the_expert_says_too_is_taught_with_the_experts_reasoning(episode):
    settings = SearchSettings(lead=0)
    (tree,) = search(Rambling(episode), [episode], OracleProgress(), settings, 0, hiding_places([episode.layout]))
    assert [step.answer for step in demonstrations(tree)] == [step.answer for step in by_expert(episode)]
    assert any(":" in step.answer for step in demonstrations(tree))


class Mumbling(Told):
    """Says the right commands in other letters, for a reason that is no command."""

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        return [[f"well well: {parts(self.right[prompt])[1].upper()}."] for prompt in prompts]


def test_what_is_drawn_is_taught_as_answers_are_written_without_reasons_that_are_none(episode):
    (tree,) = search(Mumbling(episode), [episode], OracleProgress(), SearchSettings(lead=0, oracle_candidate=False), seed=0)
    assert [step.answer for step in demonstrations(tree)] == [parts(step.answer)[1] for step in by_expert(episode)]


def test_a_search_that_begins_where_the_policy_came_by_itself_prefers_another_command_to_its_own(episode):
    lengths = set()
    for seed in range(6):
        (tree,) = search(Stubborn(episode), [episode], OracleProgress(), SearchSettings(lead=4, oracle_candidate=False), seed)
        led = tree.root.moment
        lengths.add(len(led.commands))
        assert set(led.commands) <= {Command("PickUp", "fridge")}
        first = next(example for example in preferences(tree) if example.kind == "action")
        assert first.prompt == led.prompt
        assert "pick up fridge" in first.rejected
        assert episode.succeeded(tree.goal.moment)
    assert len(lengths) > 1
    assert max(lengths) <= 4


def test_the_oracle_rates_by_what_is_left_of_the_plan(episode):
    reward, start = OracleProgress(), episode.start()
    first = parse_command(by_expert(episode)[0].answer)
    assert reward(episode, start, episode.step(start, first)) == 5.0
    assert reward(episode, start, episode.step(start, Command("Find", "mirror"))) <= 3.0
    assert reward(episode, start, episode.step(start, Command("PickUp", "fridge"))) == 1.0
    assert reward(episode, start, episode.step(start, Command("done"))) == 1.0


def test_the_oracle_rates_a_look_into_a_wrong_place_as_high_as_into_the_right_one(episode):
    """Where a hidden thing is cannot be known: it has to be missed first, and what is looked into is open after that."""
    reward, here, start = OracleProgress(), episode.layout, episode.start()
    name = f"{episode.task.attribute} {episode.task.object}".strip()
    hidden = here.where(start.state.world, objects_of(here, episode.task)[0])[1]
    right = here.categories[hidden]
    wrong = next(n for n, leaves in zip(here.categories, here.leaves, strict=True) if leaves and n not in (right, "door"))
    assert reward(episode, start, episode.step(start, Command("Find", wrong))) <= 3.0
    missed = episode.step(start, Command("Find", name))
    for place in (right, wrong):
        there = episode.step(missed, Command("Find", place))
        opened = episode.step(there, Command("Open", place))
        again = episode.step(there, Command("Find", place))
        assert reward(episode, missed, there) == reward(episode, there, opened) == 5.0
        assert reward(episode, there, again) <= 3.0
    assert reward(episode, missed, episode.step(missed, Command("Find", "mirror"))) <= 3.0


def replace_precision(policy):
    """The same policy in single precision throughout."""
    return Policy(policy.model, policy.tokenizer, policy.name, bf16=False)


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("Analysis: of 3 things 2 are done. Judgement: 4", 4.0),
        ("4", 4.0),
        ("4/5", 4.0),
        ("Judgement: 4/5.", 4.0),
        ("judgment is 4 out of 5", 4.0),
        ("Judgement: 4 (on the scale from 1 to 5)", 4.0),
        ("**Judgement:** [3.5]", 3.5),
        ("Judgement: 2\nThe judgement is 5: fully executable.", 5.0),
        ("Analysis: it helps, as 4 of 5 steps did.", None),  # no judgement
        ("Step 4 helps.", None),
        ("Judgement: 10", None),
        ("Judgement: 0.5", None),
        ("Judgement: -4", None),
        ("Judgement: 4/10", None),
        ("Judgement: 4/50", None),
        ("Judgement: 2 or 3", None),
        ("Judgement: [1-5]", None),  # what it was told to write
        ("Judgement: three of 4 criteria are met", None),
        ("Judgement: good", None),
        ("", None),
    ],
)
def test_a_judgement_is_one_number_of_the_scale(text, rating):
    assert judgement(text) == rating


def test_a_judge_that_chats_is_told_what_happened(episode):
    model = ScriptedModel(["Analysis: fine. Judgement: 4", *["Analysis: 5 things. Judgement: none"] * 3])
    judge, start = LLMJudge(model), episode.start()
    refused = episode.step(start, Command("PickUp", "fridge"))
    assert judge(episode, start, refused) == 4.0
    assert "pick up fridge (refused: no fridge is in view)" in model.heard[0][-1].text
    with pytest.raises(ModelError, match="no judgement from 1 to 5 in 3 tries; the last was 'Analysis: 5 things"):
        judge(episode, start, refused)
    assert [turn.text for turn in model.heard[-1]][2:] == ["Analysis: 5 things. Judgement: none", AGAIN]


def test_a_judge_that_gives_a_number_when_asked_again_is_heard(episode):
    model, start = ScriptedModel(["4 of 5 steps did so.", "Judgement: 2 or 3", "Judgement: 5"]), episode.start()
    judge = LLMJudge(model)
    assert judge(episode, start, episode.step(start, Command("Find", "mirror"))) == 5.0


def test_a_task_that_cannot_be_judged_is_given_up_and_the_others_go_on(episode):
    other = Episode(next(task for task in load_tasks("train") if task.id != episode.task.id), "visible")
    oracle, silent = OracleProgress(), LLMJudge(ScriptedModel(lambda turns: "I cannot say."))
    reward = lambda at, *moments: (silent if at is other else oracle)(at, *moments)  # noqa: E731
    alone = search(Told(episode), [episode], oracle, OWN, seed=0)
    trees = search(Told(episode), [episode, other], reward, OWN, seed=0)
    assert [tree.failure for tree in trees] == [
        "",
        "scripted gave no judgement from 1 to 5 in 3 tries; the last was 'I cannot say.'",
    ]
    assert [len(list(preferences(tree))) for tree in trees] == [len(list(preferences(alone[0]))), 0]
    assert demonstrations(trees[0]) == demonstrations(alone[0]) != []
    card = data_card(trees, demonstrations(trees[0]), list(preferences(trees[0])))
    assert (card["tasks"], card["failed"], card["failures"]) == (2, 1, {trees[1].failure: 1})
    assert total([card, card])["failures"] == {trees[1].failure: 2}


def test_a_judge_that_is_not_there_ends_the_search(episode):
    judge = LLMJudge(ScriptedModel([]))
    with pytest.raises(ModelError, match="the judge failed at 2 of 3 tasks, the last time so: scripted was given 0 answers"):
        search(Told(episode), [episode] * 3, judge, OWN, seed=0)
