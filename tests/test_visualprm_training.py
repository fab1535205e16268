"""`enactive train critic`: measures worked by hand, trajectories, workers, resuming, what ships and what takes it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_visualprm import EXAMPLES, TINY, Prefers, tiny

from enactive.envs import TaskGoal
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.planners.critics.best_of import (
    Drawn,
    choose_next,
    choose_plans,
    draw_plans,
)
from enactive.planners.critics.rollouts import Walkers
from enactive.planners.critics.train import auc, macro_f1, train_critic
from enactive.planners.critics.trajectories import (
    SHARD,
    Collection,
    Solutions,
    collect,
    write_trajectories,
)
from enactive.planners.critics.visualprm import rating_net, shipped_critic
from enactive.planners.d2po.fit import OutOfTimeError
from enactive.planners.d2po.models import save_policy, small_policy
from enactive.planners.d2po.planner import D2PO
from enactive.planners.d2po.settings import Change
from enactive.planners.d2po.weights import WEIGHTS, ship, shipped_policy

torch.set_num_threads(1)


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
