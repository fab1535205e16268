"""The whole of D2PO in miniature: walks, demonstrations, search, DPO and D2PO in two apartments, and what must hold."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_vlm_hf import llava_model, qwen_model
from transformers import GPT2Config, GPT2LMHeadModel

from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.vlm import Message
from enactive.perception.vlm.hf import load_model
from enactive.planners.d2po.examples import Demonstration, Preference
from enactive.planners.d2po.fit import Memory, Objective, OutOfTimeError, Place, Recipe, fit_demonstrations, fit_preferences
from enactive.planners.d2po.models import load_policy, merged, save_policy, small_policy, with_lora
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.settings import Change, training
from enactive.planners.d2po.train import _Run, train_d2po
from enactive.planners.d2po.tree_search import SearchSettings
from enactive.planners.d2po.weights import WEIGHTS

torch.set_num_threads(1)
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
PAIRS = [
    Preference("t", "action", f"goal: {thing}. next:", f"find {thing}", ("find sofa", "done"))
    for thing in ("mug", "cup", "plate", "fork", "spoon", "knife")
] + [
    Preference("t", "state", f"next: find {thing}. then:", f"a {thing} is in view", ("no sofa is in view",))
    for thing in ("mug", "cup", "plate", "fork", "spoon", "knife")
]
DEMONSTRATIONS = [Demonstration("t", pair.prompt, pair.chosen) for pair in PAIRS]
RECIPE = Recipe(epochs=6.0, batch=2, rate=3e-3)


def tiny():
    return small_policy([f"{pair.prompt} {pair.chosen} no" for pair in PAIRS], seed=1, **TINY)


def weights(policy):
    return [p.detach().clone() for p in policy.model.parameters()]


def apart(some, others):
    """The largest difference of any weight."""
    return max(float((a - b).abs().max()) for a, b in zip(weights(some), weights(others), strict=True))


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_the_first_loss_is_ln_2_a_term_losses_fall_and_margins_grow(weight):
    log = fit_preferences(tiny(), PAIRS, RECIPE, Objective(0.1, weight, anchor=0.0), seed=0)
    assert log[0]["loss"] == pytest.approx((1 + weight) * math.log(2.0), rel=1e-5)
    assert log[-1]["loss"] < log[0]["loss"] - 0.05
    assert log[-1]["action_margin"] > log[0]["action_margin"] + 0.05
    assert ("state_margin" in log[0]) == (weight > 0.0)
    if weight:
        assert log[-1]["state_margin"] > log[0]["state_margin"] + 0.05


@pytest.mark.parametrize("anchor", [0.0, 1.0])
def test_preferences_alone_let_what_is_chosen_fall_and_the_anchor_holds_it(anchor):
    """A policy that knows both answers of pairs that differ in their last word alone."""
    alike = [replace(pair, rejected=(f"{pair.chosen.rsplit(' ', 1)[0]} sofa",)) for pair in PAIRS]
    policy = tiny()
    known = [Demonstration("t", pair.prompt, answer) for pair in alike for answer in (pair.chosen, *pair.rejected)]
    fit_demonstrations(policy, known, Recipe(epochs=30.0, batch=12, rate=3e-3), seed=0)
    log = fit_preferences(
        policy, alike, Recipe(epochs=20.0, batch=6, rate=3e-3), Objective(state_weight=1.0, anchor=anchor), seed=0
    )
    for kind in ("action", "state"):
        assert log[-1][f"{kind}_margin"] > 0.1
        change = log[-1][f"{kind}_nll"] - log[0][f"{kind}_nll"]
        assert change < -0.3 if anchor else change > 0.3


@pytest.mark.parametrize("replay", [0.0, 1.0])
def test_what_no_preference_is_about_is_forgotten_unless_demonstrations_are_replayed(replay):
    policy = tiny()
    known = [Demonstration("t", pair.prompt, pair.chosen) for pair in PAIRS]
    fit_demonstrations(policy, known, Recipe(epochs=60.0, batch=12, rate=3e-3), seed=0)
    others = [Preference("t", "action", pair.prompt, "done", (pair.chosen,)) for pair in PAIRS[:3]]
    before = -policy.score(PAIRS[5].prompt, [PAIRS[5].chosen])[0]
    recipe, objective = Recipe(epochs=30.0, batch=3, rate=3e-3), Objective(state_weight=0.0, replay=replay)
    fit_preferences(policy, others, recipe, objective, seed=0, demonstrations=known[3:])
    after = -policy.score(PAIRS[5].prompt, [PAIRS[5].chosen])[0]
    assert after < before + 0.5 if replay else after > before + 2.0


def test_the_first_nll_is_that_of_the_policy_worked_out_alone():
    policy = tiny()
    policy.bf16 = False
    action = PAIRS[:6]
    log = fit_preferences(policy, action, Recipe(epochs=1.0, batch=6, rate=0.0), Objective(), seed=0)
    each = [-policy.score(pair.prompt, [pair.chosen])[0] / len(policy.answer_ids(pair.chosen)) for pair in action]
    assert log[0]["action_nll"] == pytest.approx(sum(each) / 6, rel=1e-3)


@pytest.mark.parametrize("memory", [Memory(), Memory(1, True)])
def test_what_was_interrupted_and_resumed_has_the_weights_of_what_was_not(memory, tmp_path):
    whole = tiny()
    expected = fit_preferences(whole, PAIRS, RECIPE, Objective(), seed=5, memory=memory)
    checkpoint, asked = tmp_path / "checkpoint.safetensors", []

    def over() -> bool:
        asked.append(0)
        return len(asked) == 7

    with pytest.raises(OutOfTimeError):
        fit_preferences(tiny(), PAIRS, RECIPE, Objective(), seed=5, place=Place(checkpoint, over), memory=memory)
    again = tiny()
    log = fit_preferences(again, PAIRS, RECIPE, Objective(), seed=5, place=Place(checkpoint), memory=memory)
    assert log == expected
    assert all(torch.equal(a, b) for a, b in zip(weights(again), weights(whole), strict=True))


def gpt2():
    """A tiny GPT-2 of random weights, which drops one unit in ten where nobody forbids it."""
    tokenizer = tiny().tokenizer
    torch.manual_seed(0)
    size = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128}
    ends = {"eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    config = GPT2Config(vocab_size=len(tokenizer), **size, **ends)
    return Policy(GPT2LMHeadModel(config).eval(), tokenizer, "gpt2", bf16=False)


def test_a_base_with_dropout_drops_nothing_and_so_resumes_to_the_same_weights_and_begins_at_ln_2(tmp_path):
    whole, checkpoint, asked = gpt2(), tmp_path / "checkpoint.safetensors", []
    dropped = [module for module in whole.model.modules() if isinstance(module, torch.nn.Dropout)]
    assert {module.p for module in dropped} == {0.1}
    expected = fit_preferences(whole, PAIRS, RECIPE, Objective(state_weight=1.0, anchor=0.0), seed=5)
    assert expected[0]["loss"] == pytest.approx(2 * math.log(2.0), rel=1e-5)
    assert {module.p for module in dropped} == {0.1}

    def over() -> bool:
        asked.append(0)
        return len(asked) == 7

    with pytest.raises(OutOfTimeError):
        fit_preferences(gpt2(), PAIRS, RECIPE, Objective(state_weight=1.0, anchor=0.0), 5, Place(checkpoint, over))
    again = gpt2()
    assert fit_preferences(again, PAIRS, RECIPE, Objective(state_weight=1.0, anchor=0.0), 5, Place(checkpoint)) == expected
    assert apart(again, whole) == 0.0


def test_no_number_by_which_a_layer_drops_units_by_itself_is_left():
    policy = tiny()
    for layer in policy.model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    expected = fit_preferences(tiny(), PAIRS, RECIPE, Objective(), seed=5)
    assert fit_preferences(policy, PAIRS, RECIPE, Objective(), seed=5) == expected
    assert policy.model.model.layers[0].self_attn.attention_dropout == 0.5


def test_what_was_killed_goes_on_from_the_last_minutes(monkeypatch, tmp_path):
    monkeypatch.setattr("enactive.planners.d2po.fit.SAVE_AFTER_S", 0.0)
    whole, killed, again, checkpoint = tiny(), tiny(), tiny(), tmp_path / "checkpoint.safetensors"
    expected = fit_demonstrations(whole, DEMONSTRATIONS, RECIPE, seed=5)
    read, asked = killed.sibling_logprobs, []

    def until_killed(groups):
        asked.append(0)
        if len(asked) == 8:
            raise MemoryError
        return read(groups)

    monkeypatch.setattr(killed, "sibling_logprobs", until_killed)
    with pytest.raises(MemoryError):
        fit_demonstrations(killed, DEMONSTRATIONS, RECIPE, 5, Place(checkpoint))
    asked.clear()
    read = again.sibling_logprobs
    monkeypatch.setattr(again, "sibling_logprobs", lambda groups: asked.append(0) or read(groups))
    assert fit_demonstrations(again, DEMONSTRATIONS, RECIPE, 5, Place(checkpoint)) == expected
    assert len(asked) == len(expected) - 7
    assert apart(again, whole) == 0.0


def test_training_tells_how_far_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr("enactive.planners.d2po.fit.TELL_AFTER_S", 0.0)
    lines, checkpoint, over = [], tmp_path / "checkpoint.safetensors", iter([False, False, True])
    with pytest.raises(OutOfTimeError):
        fit_demonstrations(tiny(), DEMONSTRATIONS, RECIPE, 5, Place(checkpoint, over.__next__, lines.append))
    fit_demonstrations(tiny(), DEMONSTRATIONS, RECIPE, 5, Place(checkpoint, tell=lines.append))
    assert [line.partition(",")[0] for line in lines] == [f"update {n} of 36" for n in range(1, 37)]
    assert all("loss" in line and line.endswith("minutes left") for line in lines)


@pytest.mark.parametrize(("memory", "lora"), [(Memory(1), False), (Memory(2, True), False), (Memory(None, True), True)])
def test_what_is_read_in_parts_or_worked_out_again_is_learnt_as_from_the_whole_batch(memory, lora):
    """Preferences of commands and of states and replayed demonstrations, of unequal numbers: 5, 3 and 10 in a batch."""
    examples, recipe = [*PAIRS[:5], *PAIRS[6:9]], Recipe(epochs=4.0, batch=5, rate=3e-3)
    told = []
    fresh, *policies = [with_lora(tiny(), 0) if lora else tiny() for _ in range(3)]
    for policy, own in zip(policies, (Memory(), memory), strict=True):
        policy.bf16 = False
        told.append(fit_preferences(policy, examples, recipe, Objective(), 0, demonstrations=DEMONSTRATIONS, memory=own))
        told.append(fit_demonstrations(policy, DEMONSTRATIONS, recipe, 0, memory=own))
    assert apart(*policies) < 1e-4 < 1e-3 < apart(policies[0], fresh)
    for expected, got in zip((*told[0], *told[1]), (*told[2], *told[3]), strict=True):
        assert got == pytest.approx(expected, abs=1e-3)
    assert not policies[1].model.is_activation_checkpointing


def test_a_micro_batch_is_read_by_itself_and_lets_go_of_what_it_kept(monkeypatch):
    policy, seen = tiny(), []
    whole = policy.sibling_logprobs
    monkeypatch.setattr(policy, "sibling_logprobs", lambda groups: seen.append(len(groups)) or whole(groups))
    fit_preferences(policy, PAIRS, RECIPE, Objective(), 0, demonstrations=DEMONSTRATIONS, memory=Memory(1))
    assert set(seen) == {1, 2}  # twice as many demonstrations as preferences of a kind
    seen.clear()
    fit_preferences(policy, PAIRS, RECIPE, Objective(), 0, demonstrations=DEMONSTRATIONS)
    assert set(seen) == {2, 4}


def test_a_micro_batch_of_nothing_a_model_without_checkpointing_and_a_full_gpu_are_a_sentence_each(monkeypatch):
    with pytest.raises(ConfigError, match="at least 1 example, not 0"):
        Memory(0)
    policy = tiny()
    monkeypatch.setattr(type(policy.model), "supports_gradient_checkpointing", False)
    with pytest.raises(ConfigError, match="small has no gradient checkpointing: leave out"):
        fit_demonstrations(policy, DEMONSTRATIONS, RECIPE, 0, memory=Memory(gradient_checkpointing=True))

    def full(groups):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(policy, "sibling_logprobs", full)
    with pytest.raises(ConfigError, match="no memory for this update: give --micro_batch 1"):
        fit_demonstrations(policy, DEMONSTRATIONS, RECIPE, 0)


def test_adapters_train_alone_and_are_merged_into_the_same_answers():
    policy = tiny()
    before = {name: p.clone() for name, p in policy.model.state_dict().items()}
    adapted = with_lora(policy, seed=0)
    log = fit_preferences(adapted, PAIRS, RECIPE, Objective(state_weight=1.0, anchor=0.0), seed=0)
    assert log[0]["loss"] == pytest.approx(2 * math.log(2.0), rel=1e-5)
    assert log[-1]["loss"] < log[0]["loss"]
    adapted.bf16 = False
    rows = [(adapted.prompt_ids(pair.prompt), adapted.answer_ids(pair.chosen)) for pair in PAIRS]
    with torch.inference_mode():
        said = adapted.logprobs(rows)
        one = merged(adapted)
        assert torch.allclose(one.logprobs(rows), said, atol=1e-4)
    changed = {name for name, p in one.model.state_dict().items() if not torch.equal(p, before[name])}
    assert changed
    assert all("proj" in name for name in changed)


@pytest.mark.parametrize("kind", ["qwen", "llava"])
def test_a_policy_that_sees_keeps_what_prepares_its_pictures(kind, tmp_path):
    """Through adapters, merging, a folder and back: the folder is a chat model that sees, with the same inputs and answers."""
    seeing = qwen_model() if kind == "qwen" else llava_model()
    asked = [[Message("user", "what?", (np.random.default_rng(0).integers(0, 255, (56, 42, 3), dtype=np.uint8),))]]
    expected = seeing.inputs(asked)
    policy = Policy(seeing.model, seeing.tokenizer, seeing.name, bf16=False, sees_by=seeing.processor)
    save_policy(merged(with_lora(policy, seed=0)), tmp_path / "first")
    save_policy(load_policy(tmp_path / "first"), tmp_path / "second")
    again = load_model(str(tmp_path / "second"))
    assert again.capabilities.images
    inputs = again.inputs(asked)
    assert inputs.keys() == expected.keys()
    assert all(torch.equal(inputs[name], value) for name, value in expected.items())
    row = [(policy.prompt_ids(PAIRS[0].prompt), policy.answer_ids(PAIRS[0].chosen))]
    assert torch.equal(Policy(again.model, again.tokenizer, "again", bf16=False).logprobs(row), policy.logprobs(row))


def test_adapters_of_a_model_that_sees_are_on_its_language_model_alone():
    seeing = qwen_model()
    adapted = with_lora(Policy(seeing.model, seeing.tokenizer, seeing.name, bf16=False), seed=0)
    trained = {name for name, p in adapted.model.named_parameters() if p.requires_grad}
    kinds = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    assert {name.partition("language_model.")[2] for name in trained} == {
        f"layers.{layer}.{'mlp' if kind[0] in 'gud' else 'self_attn'}.{kind}.lora_{side}.default.weight"
        for layer in range(2)
        for kind in kinds
        for side in "AB"
    }
    seen = {name: p.clone() for name, p in seeing.model.named_parameters() if "visual" in name}
    assert seen
    log = fit_preferences(adapted, PAIRS, RECIPE, Objective(), seed=0)
    assert log[-1]["loss"] < log[0]["loss"]
    after = dict(merged(adapted).model.named_parameters())
    assert all(torch.equal(after[name], p) for name, p in seen.items())


@pytest.mark.parametrize(
    ("base", "lora", "told"),
    [
        ("small", None, (False, 1.5e-3, 64, 6e-4, 16)),
        ("small", True, (True, 1.5e-3, 64, 6e-4, 16)),
        (str(WEIGHTS), None, (False, 1.5e-3, 64, 6e-4, 16)),  # as small as "small"
        ("smollm2", None, (True, 1e-4, 32, 5e-6, 32)),
        ("Qwen/Qwen2-VL-7B-Instruct", None, (True, 1e-4, 32, 5e-6, 32)),
        ("Qwen/Qwen2-VL-7B-Instruct", False, (False, 3e-5, 32, 5e-7, 32)),  # as published
    ],
)
def test_how_a_base_is_trained_goes_with_it(base, lora, told):
    how = training(base, lora, Change(), Change())
    assert (how.lora, how.sft.rate, how.sft.batch, how.prefer.rate, how.prefer.batch) == told
    assert (how.sft.epochs, how.prefer.epochs) == (3.0, 1.0)
    given = training(base, lora, Change(rate=0.5, clip=2.0), Change(epochs=7.0))
    assert given.sft == replace(how.sft, rate=0.5, clip=2.0)
    assert given.prefer == replace(how.prefer, epochs=7.0)


def test_preferences_without_commands_are_refused():
    with pytest.raises(ConfigError, match="no pair of commands"):
        fit_preferences(tiny(), PAIRS[6:], RECIPE, Objective(), seed=0)


@pytest.mark.parametrize("part", ["base", "judge"])
def test_a_run_does_not_go_on_with_other_weights_in_the_same_folder(part, tmp_path, monkeypatch):
    monkeypatch.setattr("enactive.planners.d2po.train.require", lambda judge, executor: None)

    def spent(run, seed):
        raise OutOfTimeError("at once")

    monkeypatch.setattr(_Run, "seed", spent)
    folders = {"base": str(tmp_path / "base"), "judge": f"critic:{tmp_path / 'judge'}"}
    for name in folders:
        save_policy(tiny(), tmp_path / name)
    for _ in range(2):  # the second time it goes on
        with pytest.raises(OutOfTimeError):
            train_d2po(**folders, out=tmp_path / "run")
    save_policy(small_policy(["find mug"], seed=2, **TINY), tmp_path / part)
    with pytest.raises(ConfigError, match="holds a run with other weights"):
        train_d2po(**folders, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="holds a run of other settings"):
        train_d2po(**folders, out=tmp_path / "run", practice=3)


def test_a_run_that_noted_no_weights_goes_on_where_it_had_none_and_is_else_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(_Run, "seed", lambda run, seed: None)
    monkeypatch.setattr("enactive.planners.d2po.train.write_report", lambda out, seeds: "told")
    save_policy(tiny(), tmp_path / "base")

    def as_it_was(out, base):
        assert train_d2po(base, out=out) == "told"
        plan = json.loads((out / "plan.json").read_text())
        assert list(plan.pop("weights")) == ([] if base == "small" else ["base/model.safetensors"])
        (out / "plan.json").write_text(json.dumps(plan))
        return train_d2po(base, out=out)

    assert as_it_was(tmp_path / "small", "small") == "told"
    with pytest.raises(ConfigError, match="of a time when they were not noted"):
        as_it_was(tmp_path / "folder", str(tmp_path / "base"))


def test_a_run_by_a_version_that_had_other_settings_is_refused_as_such(tmp_path, monkeypatch):
    monkeypatch.setattr(_Run, "seed", lambda run, seed: None)
    monkeypatch.setattr("enactive.planners.d2po.train.write_report", lambda out, seeds: "told")
    train_d2po("small", out=tmp_path)
    plan = json.loads((tmp_path / "plan.json").read_text())
    del plan["rounds"]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ConfigError, match="holds a run by an earlier version, which had other settings"):
        train_d2po("small", out=tmp_path)


@pytest.mark.timeout(900)  # an old processor without bfloat16 takes more than five minutes
def test_the_whole_pipeline(tmp_path, monkeypatch):
    """Two apartments of train, where a small model learns by heart what its search then finds: practice is the suite itself."""
    suite = load_tasks("train")
    own = lambda place, count, rng: [task for task in suite if task.apartment_seed == place.apartment.seed]  # noqa: E731
    monkeypatch.setattr("enactive.planners.d2po.practice.practice_tasks", own)
    settings = {
        "out": tmp_path,
        "seeds": 1,
        "walks": 4,
        "apartments": 2,
        "practice": 12,
        "search_tasks": 24,
        "eval_tasks": 2,
        "ground": Change(2.0, 16, 3e-3),
        "sft": Change(20.0, 16, 3e-3),
        "prefer": Change(2.5, 8, 5e-4),
        "search": SearchSettings(nodes=20),
    }
    table = train_d2po(**settings)
    folder = tmp_path / "seed-0"
    logs = {name: json.loads((folder / name / "log.json").read_text()) for name in ("sft", "dpo", "d2po")}
    assert logs["sft"][-1]["loss"] < 0.5 * logs["sft"][0]["loss"]
    for name, parts in (("dpo", ("action",)), ("d2po", ("action", "state"))):
        first, early, last = logs[name][0], logs[name][:15], logs[name][-15:]  # batches of eight differ much
        for part in parts:
            assert first[f"{part}_loss"] == pytest.approx(math.log(2.0), rel=0.05)
            assert sum(row[f"{part}_margin"] for row in last) > 15 * 0.05
            assert sum(row[f"{part}_nll"] for row in last) < sum(row[f"{part}_nll"] for row in early)
        of_states = 0.2 * (first["state_loss"] + first["state_nll"]) if name == "d2po" else 0.0
        assert first["loss"] == pytest.approx(first["action_loss"] + first["action_nll"] + of_states + first["copied_loss"])
    card = json.loads((folder / "search.json").read_text())
    assert card["tasks"] == 24
    assert card["solved"] > 0
    assert card["judge"] == "OracleProgress"
    assert [table.count(f"| val_unseen | 2 | {name} |") for name in ("SFT", "DPO", "D2PO", "D2PO - DPO")] == [1] * 4
    shipped = tmp_path / "shipped"
    assert train_d2po(**settings, ship_to=shipped) == table  # all stages are there: nothing is done again
    card = json.loads((shipped / "card.json").read_text())
    for asked in (f"enactive train d2po --out {tmp_path} --seeds 1 --walks 4 --ap", "--sft.rate 0.003", f"--ship_to {shipped}"):
        assert asked in card["command"]
    assert card["plan"] == json.loads((tmp_path / "plan.json").read_text())
    with pytest.raises(ConfigError, match="other settings"):
        train_d2po(**{**settings, "walks": 5})
