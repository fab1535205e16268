"""VisualPRM as critic: labels worked by hand, one pass against step by step, what is supervised, resuming, choosing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from enactive.envs import TaskGoal
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import ConfigError
from enactive.planners.critics.best_of import (
    Drawn,
    choose_commands,
    choose_next,
    choose_plans,
    draw_plans,
    most_said,
    rate_last,
)
from enactive.planners.critics.judge import CriticJudge
from enactive.planners.critics.rollouts import Walkers, root, step_labels
from enactive.planners.critics.train import auc, macro_f1, to_learn, train_critic
from enactive.planners.critics.trajectories import (
    SHARD,
    Collection,
    Solutions,
    collect,
    to_search,
    turns_of,
    user_turn,
    write_trajectories,
)
from enactive.planners.critics.visualprm import Critic, Trajectory, fit_critic, rating_net, shipped_critic
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.fit import OutOfTimeError, Place, Recipe
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.models import save_policy, small_policy
from enactive.planners.d2po.planner import D2PO
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import Situation, parts, policy_prompt, prompt_pieces
from enactive.planners.d2po.settings import Change
from enactive.planners.d2po.weights import WEIGHTS, ship, shipped_policy

torch.set_num_threads(1)
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
TASK = next(task for task in load_tasks("train") if task.type == "pick" and not task.sliced)
PLANS = (
    ("goal: put a mug on the sofa. in view: nothing. the hand is empty. next: find mug", "in view: mug. next: pick up mug"),
    ("goal: find the sofa. in view: mug, sofa. next: done",),
    ("goal: mug. next: find sofa", "failed because no sofa is in view. next: find mug", "next: done"),
)
EXAMPLES = tuple(
    Trajectory(f"t{i}", i, (f"goal: {thing}. next: find {said}", f"in view: {thing}. next: {last}"), labels, labels[-1] == "+")
    for i, (thing, said, last, labels) in enumerate(
        (
            ("mug", "mug", "done", "++"),
            ("sofa", "mug", "done", "--"),
            ("sofa", "sofa", "done", "++"),
            ("mug", "sofa", "find mug", "-+"),
            ("plate", "plate", "done", "++"),
            ("plate", "mug", "done", "--"),
        )
    )
)
RECIPE = Recipe(epochs=40.0, batch=2, rate=3e-3)


def tiny():
    texts = [*(turn for turns in PLANS for turn in turns), *(turn for one in EXAMPLES for turn in one.turns)]
    policy = small_policy(texts, seed=1, **TINY)
    policy.bf16 = False
    return policy


@pytest.fixture(scope="module")
def critic():
    return Critic(rating_net(tiny()))


class Scripted(Walkers):
    """Walkers whose draws are known: at each prefix the answers are gone through round and round."""

    def __init__(self, answers: dict[tuple[str, ...], list[str]]) -> None:
        self.told = answers

    def _draw(self, nodes, counts):
        for node, count in zip(nodes, counts, strict=True):
            said = tuple(one.answer for one in node.path())
            cycle = self.told[said]
            begin = len(node.drawn)
            node.drawn += [cycle[(begin + k) % len(cycle)] for k in range(count)]


@pytest.fixture(scope="module")
def episode():
    return Episode(TASK, "visible")


def grown(tree, answers):
    for answer in answers:
        tree = tree.after(answer)
    return tree


def by_expert(episode):
    return [step.answer for step in demonstrate(episode, np.random.default_rng(0), hiding_places([episode.layout]), slips=0.0)]


def test_labels_of_a_tree_worked_by_hand(episode):
    """After `a` one continuation in eight succeeds, after `b` none; the failed trajectory is a b done, the other a plan."""
    plan = by_expert(episode)
    a, rest = plan[0], plan[1:]
    told = {(): [a], (a,): ["done"] * 7 + [rest[0]], (a, "find mirror"): ["done"]}
    for k in range(1, len(rest)):
        told[(a, *rest[:k])] = [rest[k]]
    failed = grown(root(episode), [a, "find mirror", "done"])
    assert not failed.success
    assert step_labels(Scripted(told), [failed], [failed]) == ["+--"]
    hopeless = grown(root(episode), [a, "find mirror", "done"])
    assert step_labels(Scripted({**told, (a,): ["done"]}), [hopeless], [hopeless]) == ["---"]
    done = grown(root(episode), plan)
    assert done.success
    assert step_labels(Scripted({}), [done], [done]) == ["+" * len(plan)]  # its own rest is a roll-out: no other is asked for


def test_a_step_before_a_good_one_is_good_and_one_after_a_spoilt_one_is_not_asked(episode):
    """Three wrong looks and `done`. Success comes back after the first two alone, and draws after `find bed` would say so."""
    plan, looks = by_expert(episode), ["find mirror", "find bed", "find desk"]
    told = {tuple(looks[:1]): ["done"], tuple(looks): ["done"], tuple(looks[:2]): [plan[0]]}
    told |= {(*looks[:2], *plan[:k]): [plan[k]] for k in range(1, len(plan))}
    tree = root(episode)
    failed = grown(tree, [*looks, "done"])
    assert step_labels(Scripted(told), [failed], [failed]) == ["++--"]
    assert not tree.after("find mirror").drawn  # what comes after it was found good first
    again = root(episode)
    failed = grown(again, [*looks, "done"])
    assert step_labels(Scripted({**told, tuple(looks[:2]): ["done"]}), [failed], [failed]) == ["----"]
    assert not grown(again, looks).drawn


def test_a_step_that_seemed_spoilt_is_good_where_a_later_roll_out_succeeds_through_it(episode):
    """The first fifteen draws after `find bed` fail, the sixteenth, of a roll-out from the step before it, succeeds."""
    plan, looks = by_expert(episode), ["find mirror", "find bed", "find desk"]
    told = {tuple(looks[:1]): ["find bed"], tuple(looks[:2]): [*["done"] * 15, plan[0]], tuple(looks): ["done"]}
    told |= {(*looks[:2], *plan[:k]): [plan[k]] for k in range(1, len(plan))}
    failed = grown(root(episode), [*looks, "done"])
    assert step_labels(Scripted(told), [failed], [failed]) == ["++--"]


def test_of_a_task_that_always_ends_alike_one_trajectory_is_learnt_from():
    rows = [("a", True), ("a", True), ("b", False), ("b", True), ("b", False), ("c", False)]
    data = [Trajectory(task, i, ("next: done",), "?", success) for i, (task, success) in enumerate(rows)]
    assert [one.apartment for one in to_learn(data)] == [0, 2, 3, 4, 5]


def test_what_no_roll_out_tells_of_is_unknown(episode):
    """Of a failed trajectory that is not searched, the steps that a success shares are good and the last is bad."""
    plan, tree = by_expert(episode), root(episode)
    good, failed = grown(tree, plan), grown(tree, [plan[0], "find mirror", "find bed", "done"])
    assert step_labels(Scripted({}), [good, failed], []) == ["+" * len(plan), "+??-"]
    assert to_search([good, failed], 2) == [failed]
    assert to_search([failed, good, failed], 1) == [failed]
    assert to_search([failed, failed], 2) == to_search([good], 2) == []


def test_fifteen_are_drawn_from_a_prefix_that_never_succeeds_and_few_from_one_that_does(episode):
    tree = root(episode)
    failed = tree.after("find mirror").after("done")
    step_labels(Scripted({("find mirror",): ["done"]}), [failed], [failed])
    assert tree.after("find mirror").used == 15  # with the trajectory's own rest 16


def test_what_is_no_command_ends_the_episode_as_failed(episode):
    node = root(episode).after("dance with the mug")
    assert node.over
    assert not node.success
    assert turns_of(node)[-1].endswith("next: dance with the mug")


def test_walkers_say_what_the_policy_says_when_everything_is_read_anew():
    policy = shipped_policy()
    policy.bf16 = False
    trees = [root(Episode(task, "visible")) for task in load_tasks("train")[1000:1002]]
    for end in Walkers(policy, 0.0, 0).finish(trees):
        prompts = [node.before.moment.prompt for node in end.path()]
        assert [node.answer for node in end.path()] == [parts(answer)[1] for (answer,) in policy.answers(prompts)]
        situations = [node.before.moment.situation for node in end.path()]
        for k, situation in enumerate(situations):
            stays = "".join(prompt_pieces(one)[0] for one in situations[: k + 1])
            assert stays + prompt_pieces(situation)[1] == policy_prompt(situation)


def test_a_policy_whose_prompts_cannot_be_read_in_pieces_is_refused():
    policy = shipped_policy()
    Walkers(policy, 0.7, 0)  # it has single words
    first = Tokenizer.from_str(policy.tokenizer.backend_tokenizer.to_str())
    first.post_processor = TemplateProcessing(single="<end> $A", special_tokens=[("<end>", 1)])
    subwords = Tokenizer(BPE())
    subwords.pre_tokenizer = ByteLevel(add_prefix_space=False)
    text = "goal: put a mug on the sofa. done: find mug; find sofa. next:"
    subwords.train_from_iterator([text] * 10, BpeTrainer(initial_alphabet=ByteLevel.alphabet(), show_progress=False))
    for tokenizer in (first, subwords):
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
        with pytest.raises(ConfigError, match=r"the prompts of other cannot be read in pieces, as roll-outs do: take a policy"):
            Walkers(Policy(policy.model, fast, "other"), 0.7, 0)
    with pytest.raises(ConfigError, match="cannot be read in pieces"):
        Walkers(Policy(policy.model.model, policy.tokenizer, "headless"), 0.7, 0)


def test_draws_repeat_with_their_seed():
    policy, episodes = shipped_policy(), [Episode(task, "visible") for task in load_tasks("train")[:1]]
    runs = []
    for seed in (0, 0, 1):
        ends = Walkers(policy, 1.0, seed).finish([tree for tree in map(root, episodes) for _ in range(2)])
        runs.append([[node.answer for node in end.path()] for end in ends])
    assert runs[0] == runs[1] != runs[2]


def test_one_pass_gives_what_step_by_step_and_plain_passes_give(critic):
    told = critic.step_scores(PLANS)
    for turns, scores in zip(PLANS, told, strict=True):
        piece, ids = None, []
        for turn, score in zip(turns, scores, strict=True):
            ((grown, piece),) = critic.next_scores([(piece, turn)])
            assert grown == pytest.approx(score, abs=1e-5)
            ids += critic.net.prompt_ids(turn)
            logits = critic.net.model(input_ids=torch.tensor([ids])).logits[0, -1].detach()
            plus, minus = float(logits[critic.plus]), float(logits[critic.minus])
            assert score == pytest.approx(1 / (1 + math.exp(minus - plus)), abs=1e-5)
            ids.append(critic.plus)


def test_what_comes_later_does_not_change_the_score_of_a_step(critic):
    turns = PLANS[2]
    whole, cut, other = critic.step_scores([turns, turns[:2], (*turns[:2], "next: find mug, sofa, mug")])
    assert whole[:2] == pytest.approx(cut, abs=1e-5)
    assert other[:2] == pytest.approx(cut, abs=1e-5)


def test_the_first_loss_is_that_of_the_scores_over_the_supervised_answers_alone():
    """Against the scores: "process" counts every step of the batch, "outcome" the last of each plan with how it ended."""
    critic = Critic(rating_net(tiny()))
    scores = critic.step_scores([one.turns for one in EXAMPLES])
    every = [
        (p, mark == "+") for own, one in zip(scores, EXAMPLES, strict=True) for p, mark in zip(own, one.labels, strict=True)
    ]
    last = [(own[-1], one.success) for own, one in zip(scores, EXAMPLES, strict=True)]
    for supervision, counted in (("process", every), ("outcome", last)):
        expected = -sum(math.log(p if good else 1 - p) for p, good in counted) / len(counted)
        fresh = Critic(rating_net(tiny()))
        log = fit_critic(fresh, EXAMPLES, supervision, Recipe(1.0, len(EXAMPLES), 1e-3), seed=0)
        assert log[0]["loss"] == pytest.approx(expected, abs=1e-4)


def test_the_labels_are_learnt_and_an_interrupted_run_resumes_to_the_same_weights(tmp_path):
    whole = Critic(rating_net(tiny()))
    log = fit_critic(whole, EXAMPLES, "process", RECIPE, seed=3)
    assert log[-1]["loss"] < 0.3 * log[0]["loss"]
    said = whole.step_scores([one.turns for one in EXAMPLES])
    assert ["".join("+" if p > 0.5 else "-" for p in own) for own in said] == [one.labels for one in EXAMPLES]
    kept, asked = tmp_path / "checkpoint.safetensors", []

    def over() -> bool:
        asked.append(0)
        return len(asked) == 11

    with pytest.raises(OutOfTimeError):
        fit_critic(Critic(rating_net(tiny())), EXAMPLES, "process", RECIPE, 3, Place(kept, over))
    again = Critic(rating_net(tiny()))
    assert fit_critic(again, EXAMPLES, "process", RECIPE, 3, Place(kept)) == log
    pairs = zip(again.net.model.parameters(), whole.net.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_model_without_the_marks_is_refused():
    with pytest.raises(ConfigError, match="no token"):
        Critic(small_policy(["goal: mug"], 0, **TINY))


def test_a_critic_survives_its_folder(critic, tmp_path):
    ship(rating_net(tiny()), {}, tmp_path)
    again = shipped_critic(tmp_path)
    again.net.bf16 = False
    rough = [p for own in critic.step_scores(PLANS) for p in own]
    assert [p for own in again.step_scores(PLANS) for p in own] == pytest.approx(rough, abs=0.02)  # bfloat16 weights


def test_a_turn_tells_only_what_is_new_to_the_agent():
    first = Situation("put a mug on the sofa", "In view: nothing. The hand is empty.")
    assert user_turn(first, "find mug") == "goal: put a mug on the sofa. in view: nothing. the hand is empty. next: find mug"
    later = replace(first, scene="In view: mug.", turns=(("find mug", ""), ("find cup", "no cup is in view")))
    assert user_turn(later, "done") == "failed because no cup is in view. in view: mug. next: done"


def test_a_command_is_rated_without_carrying_it_out(critic, episode):
    """Two worlds in which the command would come out differently, and which look alike, get one rating."""
    here, there = root(episode), root(episode)
    good, bad = here.after("find mug"), there.after("find mug")
    bad.moment = episode.step(there.moment, Command("PickUp", "fridge"))
    assert rate_last("c", critic, [good]) == rate_last("c", critic, [bad])


def test_as_a_judge_of_search_it_rates_the_last_step_from_1_to_5(critic, episode):
    start = episode.start()
    refused = episode.step(start, Command("PickUp", "mirror"))
    found = episode.step(refused, Command("Find", TASK.object))
    judge, scenes = CriticJudge(critic), [one.situation.scene for one in (start, refused)]
    because = refused.situation.turns[-1][1]
    assert because
    ((first, read),) = critic.next_scores([(None, f"goal: {TASK.instruction}. {scenes[0]} next: pick up mirror".lower())])
    ((second, _),) = critic.next_scores([(read, f"failed because {because}. {scenes[1]} next: find {TASK.object}".lower())])
    assert abs(first - second) > 1e-4
    assert judge(episode, start, refused) == pytest.approx(1 + 4 * first, abs=1e-4)
    assert judge(episode, refused, found) == pytest.approx(1 + 4 * second, abs=1e-4)


class Prefers:
    """A critic that likes one command."""

    def __init__(self, liked: str) -> None:
        self.liked = liked

    def next_scores(self, rows):
        return [(float(turn.endswith(f"next: {self.liked}")), object()) for _, turn in rows]


def test_the_best_rated_command_is_taken_and_without_a_critic_the_most_frequent(episode):
    told = {(): ["find mirror", "done", "done", "find bed"], ("find mirror",): ["done"], ("find bed",): ["done"]}
    for critic, first in ((None, "done"), (("c", Prefers("find bed")), "find bed")):
        (end,) = choose_commands(Scripted(told), [root(episode)], 4, critic)
        assert end.path()[0].answer == first
    (end,) = choose_commands(Scripted(told), [root(episode)], 2, ("c", Prefers("find bed")))
    assert end.path()[0].answer == "find mirror"  # the liked one is not among the first two draws
    assert most_said(["a", "b", "b", "a"]) == "a"


def test_f1_and_auc_worked_by_hand():
    said, true = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert macro_f1(said, true) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert auc(np.array([0.9, 0.9, 0.1, 0.2]), true) == pytest.approx((0.5 + 1 + 1) / 3)
    assert auc(np.array([0.5]), np.array([True])) is None


def test_trajectories_are_drawn_labelled_and_found_again(tmp_path, monkeypatch):
    """Four tasks that the policy was shown: it succeeds at some of them, and not always."""
    policy, tasks = shipped_policy(), load_tasks("train")[:4]
    policy.bf16 = False  # what is drawn is then the same on every processor
    monkeypatch.setattr("enactive.planners.critics.trajectories.policy_in", lambda folder: policy)
    job = Collection(WEIGHTS, tuple(tasks), "visible", Solutions(drawn=4, searched=1), tmp_path)
    made = collect(job, None, over=lambda: False)
    assert made
    assert {one.success for one in made} == {True, False}
    for one in made:
        assert len(one.turns) == len(one.labels)
        assert one.labels[-1] == ("+" if one.success else "-")
        assert not one.success or set(one.labels) == {"+"}
    mixed = {one.task for one in made if one.success} & {one.task for one in made if not one.success}
    assert mixed
    for task in mixed:  # the first failed one is known in full
        assert "?" not in next(one.labels for one in made if one.task == task and not one.success)
    assert collect(job, None, over=lambda: True) == made
    with pytest.raises(OutOfTimeError):
        collect(replace(job, folder=tmp_path / "other"), None, over=lambda: True)


def test_workers_label_what_one_process_does(tmp_path):
    tasks = tuple(load_tasks("train")[: SHARD + 1])
    job = Collection(WEIGHTS, tasks, "visible", Solutions(drawn=1, searched=0), tmp_path / "alone")
    alone = collect(job, None, over=lambda: False)
    assert {one.task for one in alone} == {task.id for task in tasks}
    assert collect(replace(job, folder=tmp_path / "two"), 2, over=lambda: False) == alone


def test_a_run_does_not_go_on_with_a_policy_of_other_weights_in_the_same_folder(tmp_path):
    settings = {"minutes": 0.0, "out": tmp_path / "run", "policy": tmp_path / "policy", "tasks": 1}
    save_policy(tiny(), tmp_path / "policy")
    for _ in range(2):  # the second time it goes on
        with pytest.raises(OutOfTimeError):
            train_critic(**settings)
    save_policy(small_policy(["find mug"], seed=2, **TINY), tmp_path / "policy")
    with pytest.raises(ConfigError, match="holds a run with other weights"):
        train_critic(**settings)


def test_training_ships_the_better_start_and_a_choice_is_made_with_it(tmp_path):
    """From trajectories that are there already, in the shard of six tasks; the second call finds all done."""
    settings = {"out": tmp_path / "run", "tasks": 6, "recipe": Change(2.0, 2, 1e-3), "ship_to": tmp_path / "shipped"}
    write_trajectories(tmp_path / "run" / "data" / "trajectories-000.jsonl", EXAMPLES)
    card = json.loads(train_critic(**settings))
    assert (card["trained_on"]["trajectories"], card["held_out"]["trajectories"]) == (4, 2)
    quality = card["quality"]
    better = min(("policy", "scratch"), key=lambda start: quality[f"process from {start}"]["loss"])
    assert card["start"] == better
    shipped = json.loads((tmp_path / "shipped" / "card.json").read_text())
    assert shipped["quality"] == quality
    asked = "--tasks 6 --recipe.epochs 2.0 --recipe.batch 2 --recipe.rate 0.001"
    assert shipped["command"] == f"enactive train critic --out {tmp_path / 'run'} {asked} --ship_to {tmp_path / 'shipped'}"
    assert json.loads(train_critic(**settings)) == card
    with pytest.raises(ConfigError, match="other settings"):
        train_critic(**{**settings, "tasks": 3})
    critic, tasks = shipped_critic(tmp_path / "shipped"), load_tasks("val_seen")[:2]
    drawn = draw_plans(Walkers(shipped_policy(), 0.7, 0), tasks, 2)
    assert [(one.task, len(one.plans), len(one.success)) for one in drawn] == [(task.id, 2, 2) for task in tasks]
    for own in choose_next(Walkers(shipped_policy(), 0.7, 0), {"process": critic}, tasks, (2,)):
        assert set(own) == {"majority 2", "process 2"}


def test_methods_choose_among_plans_worked_by_hand():
    """a is drawn twice, b, c and d once."""
    a, b, c, d = plans = (("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"))
    rated = {
        "one": dict(zip(plans, (0.5, 0.7, 0.6, 0.1), strict=True)),
        "other": dict(zip(plans, (0.1, 0.1, 0.3, 0.9), strict=True)),
    }
    drawn = (a, b, c, a, d, d, d, d)
    for right, winners in (
        (a, {"majority 4", "one voted 4", "one voted 8"}),
        (b, {"one 2", "one 4", "one 8"}),
        (c, {"other 4", "other voted 4"}),
        (d, {"majority 8", "other 8", "other voted 8"}),
    ):
        chosen = choose_plans(Drawn("t", "pick", drawn, tuple(plan == right for plan in drawn)), rated)
        assert {name for name, success in chosen.items() if success and not name.endswith("2")} | (
            winners & {"one 2"}
        ) == winners
        assert chosen["one 2"] == (right == b)


def test_the_planner_takes_what_the_critic_rates_highest(tmp_path):
    ship(rating_net(tiny()), {}, tmp_path)
    planner = D2PO(critic=tmp_path, candidates=4)
    planner.critic = Prefers("find bed")
    planner.policy.answers_to = lambda reading, count, temperature, seed: ["done", "find bed", "done", "find mug"][:count]
    planner.reset(TaskGoal("put a mug on the bed"), embodiment=None)
    told = {"known_objects": (), "holding": "", "message": "", "refused": False}
    planner.predict = False
    assert planner.plan(SimpleNamespace(extra=told)).target == "bed"
    assert planner.trace["rated"] == {"done": 0.0, "find bed": 1.0, "find mug": 0.0}
    with pytest.raises(ConfigError, match="at least one"):
        D2PO(candidates=0)


def test_a_critic_that_cannot_judge_is_refused_before_the_first_task(tmp_path):
    ship(rating_net(tiny()), {}, tmp_path / "critic")
    with pytest.raises(ConfigError, match="needs a critic"):
        D2PO(candidates=2)
    with pytest.raises(ConfigError, match="nothing to choose from"):
        D2PO(critic=tmp_path / "critic")
    with pytest.raises(ConfigError, match="must be more than 0, for the critic to have a choice, not 0"):
        D2PO(critic=tmp_path / "critic", candidates=2, temperature=0.0)
    with pytest.raises(ConfigError, match="no folder of a critic"):
        D2PO(critic=tmp_path / "nowhere", candidates=2)
    with pytest.raises(ConfigError, match="no folder of a critic"):
        D2PO(critic=shipped_critic(tmp_path / "critic"), candidates=2)
    with pytest.raises(ConfigError, match="no token for"):
        D2PO(critic=WEIGHTS, candidates=2)  # the policy that ships rates nothing
    (tmp_path / "critic" / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="is missing"):
        D2PO(critic=tmp_path / "critic", candidates=2)
