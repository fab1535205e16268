"""VisualPRM as critic: labels worked by hand, one pass against step by step, what is supervised, choosing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import ConfigError
from enactive.planners.critics.best_of import (
    choose_commands,
    most_said,
    rate_last,
)
from enactive.planners.critics.judge import CriticJudge
from enactive.planners.critics.rollouts import Walkers, root, step_labels
from enactive.planners.critics.train import to_learn
from enactive.planners.critics.trajectories import (
    to_search,
    turns_of,
    user_turn,
)
from enactive.planners.critics.visualprm import Critic, Trajectory, fit_critic, rating_net, shipped_critic
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.fit import OutOfTimeError, Place, Recipe
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.models import small_policy
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import Situation, parts, policy_prompt, prompt_pieces
from enactive.planners.d2po.weights import ship, shipped_policy

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
