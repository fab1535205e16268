"""`enactive train critic`: trajectories with labels, the critic and the outcome model, and how well both tell steps apart.

Every stage writes what it made and is skipped where that is there: a run that ends early goes on with the same command.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.files import write_whole
from enactive.pretrained import weights_of

from ..d2po import limits
from ..d2po.command_line import command_line
from ..d2po.fit import Place, Recipe
from ..d2po.models import load_policy, save_policy
from ..d2po.run_folder import same_plan
from ..d2po.settings import Change
from ..d2po.weights import WEIGHTS as POLICY
from ..d2po.weights import policy_in, ship
from .rollouts import MINUS, PLUS, UNKNOWN
from .trajectories import Collection, Solutions, collect
from .visualprm import Critic, Supervision, Trajectory, fit_critic, plan_score, rating_net

RECIPE = Recipe(epochs=3.0, batch=8, rate=1e-3, warmup=0.05, weight_decay=0.05)
HELD_OUT = 5  # apartments whose seed is divisible by this are not trained on
Start = Literal["policy", "scratch"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was asked for; see `train_critic`. Another one is refused where its files lie.

    weights: SHA-256 of each file of weights in the policy's folder.
    """

    policy: str
    knowledge: Knowledge
    tasks: int
    solutions: Solutions
    recipe: Recipe
    weights: Mapping[str, str]


def train_critic(
    minutes: float = 60.0,
    out: Path = Path("runs/critic"),
    policy: Path = POLICY,
    knowledge: Knowledge = "visible",
    tasks: int = 2400,
    solutions: Solutions = Solutions(),  # noqa: B008 (frozen)
    recipe: Change = Change(),  # noqa: B008 (frozen)
    workers: int | None = None,
    ship_to: Path | None = None,
) -> str:
    """Train the critic of a policy and its outcome model for at most `minutes`; returns their quality in lines.

    minutes: at most. out: folder of all that is made. policy: folder of the weights. knowledge: what the agent is told of.
    tasks: how many of the train split, one apartment after the other. solutions: how trajectories are drawn. recipe: what
    is to be other than 3 epochs, batches of 8 and a rate of 1e-3 in how both models learn. workers: processes that draw and
    label; where not given, one. ship_to: folder for the critic in half precision.

    The critic begins from the policy's weights and, a second time, from random ones; what has the lower loss on steps of
    held-out apartments is kept, and the outcome model begins likewise. Raises ConfigError for a setting that nothing comes of
    and where `out` holds a run of other settings or of a policy of other weights, and OutOfTimeError where the minutes are
    spent before the end: the same command goes on.
    """
    import torch

    torch.set_num_threads(1)
    limits.refuse(
        [
            ("minutes", minutes, limits.NONE_OR_SOME),
            ("tasks", tasks, limits.SOME),
            ("workers", 1 if workers is None else workers, limits.SOME),
            ("solutions.temperature", solutions.temperature, limits.NOT_NEGATIVE),
            ("solutions.drawn", solutions.drawn, limits.SOME),
            ("solutions.searched", solutions.searched, limits.NONE_OR_SOME),
            *limits.of_recipe("recipe", recipe.of(RECIPE)),
        ]
    )
    name = policy_in(policy).name
    plan = Plan(name, knowledge, tasks, solutions, recipe.of(RECIPE), weights_of(policy))
    same_plan(plan, out)
    end = time.monotonic() + 60.0 * minutes
    over: Callable[[], bool] = lambda: time.monotonic() > end  # noqa: E731
    chosen = sorted(load_tasks("train"), key=lambda task: task.apartment_seed)[:tasks]
    data = collect(Collection(policy, tuple(chosen), knowledge, solutions, out / "data"), workers, over)
    learnt, held_out = split(to_learn(data))
    if not learnt or not held_out:
        raise ConfigError(
            f"{len(chosen)} tasks gave {len(learnt)} trajectories to learn from and {len(held_out)} to measure with: take more"
        )
    run = _Run(out, policy, plan.recipe, over, learnt, held_out)
    starts: tuple[Start, ...] = ("policy", "scratch")
    found = {start: run.fit("process", start) for start in starts}
    best = min(starts, key=lambda start: float(found[start]["loss"]))
    found_outcome = run.fit("outcome", best)
    card = run.card(best, {**{f"process from {k}": v for k, v in found.items()}, f"outcome from {best}": found_outcome})
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    if ship_to is not None:
        told = {"command": command_line("enactive train critic", train_critic, locals()), "policy": name, **card}
        ship(load_policy(out / f"process-{best}"), told, ship_to)
    return json.dumps(card, indent=1)


def to_learn(data: Sequence[Trajectory]) -> list[Trajectory]:
    """All trajectories of tasks in which some succeed and some fail, and one of each other task."""
    ends: dict[str, set[bool]] = {}
    for one in data:
        ends.setdefault(one.task, set()).add(one.success)
    first = {one.task: one for one in reversed(data)}
    return [one for one in data if len(ends[one.task]) > 1 or one is first[one.task]]


def split(data: Sequence[Trajectory]) -> tuple[list[Trajectory], list[Trajectory]]:
    """Those to learn from, and those of the held-out apartments."""
    return [one for one in data if one.apartment % HELD_OUT], [one for one in data if one.apartment % HELD_OUT == 0]


def step_quality(critic: Critic, held_out: Sequence[Trajectory]) -> dict[str, float | None]:
    """How well the known labels are told: loss, macro F1 at P("+") > 0.5, and the area under the ROC curve, if any.

    macro F1 is the mean of the F1 of good and of bad steps, as in VisualProcessBench.
    """
    marks = "".join(one.labels for one in held_out)
    told = [p for own in critic.step_scores([one.turns for one in held_out]) for p in own]
    scores = np.array([p for p, mark in zip(told, marks, strict=True) if mark != UNKNOWN])
    good = np.array([mark == PLUS for mark in marks if mark != UNKNOWN])
    safe = np.clip(scores, 1e-6, 1 - 1e-6)
    loss = -np.mean(np.log(np.where(good, safe, 1 - safe)))
    return {"loss": float(loss), "macro_f1": macro_f1(scores > 0.5, good), "auc": auc(scores, good)}


def plan_quality(critic: Critic, held_out: Sequence[Trajectory], supervision: Supervision) -> dict[str, float | None]:
    """How often a plan that succeeded is rated above one of the same task that failed; a tie counts half, None: no pairs."""
    told = critic.step_scores([one.turns for one in held_out])
    scores = [own[-1] if supervision == "outcome" else plan_score(own) for own in told]
    wins = [
        0.5 + 0.5 * float(np.sign(a - b))
        for a, one in zip(scores, held_out, strict=True)
        for b, other in zip(scores, held_out, strict=True)
        if one.task == other.task and one.success and not other.success
    ]
    return {"pairs": len(wins), "pairs_right": float(np.mean(wins)) if wins else None}


def macro_f1(said: np.ndarray, true: np.ndarray) -> float:
    """The mean of the F1 of the two classes; that of a class that neither has is 0."""
    out = []
    for kind in (True, False):
        both = int(((said == kind) & (true == kind)).sum())
        all_ = int((said == kind).sum() + (true == kind).sum())
        out.append(2 * both / all_ if all_ else 0.0)
    return sum(out) / 2


def auc(scores: np.ndarray, good: np.ndarray) -> float | None:
    """The share of pairs of a good and a bad step in which the good one has the higher score, None without pairs."""
    from scipy.stats import rankdata

    positive, negative = int(good.sum()), int((~good).sum())
    if not positive or not negative:
        return None
    ranks = float(rankdata(scores)[good].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


@dataclass(frozen=True, slots=True)
class _Run:
    out: Path
    policy: Path
    recipe: Recipe
    over: Callable[[], bool]
    train: list[Trajectory]
    held_out: list[Trajectory]

    def fit(self, supervision: Supervision, start: Start) -> dict[str, Any]:
        """Train one model unless it is there, and measure it on the held-out apartments."""
        folder = self.out / f"{supervision}-{start}"
        if not (folder / "quality.json").exists():
            critic = Critic(rating_net(policy_in(self.policy), None if start == "policy" else 0))
            checkpoint = folder / "checkpoint.safetensors"
            place = Place(checkpoint, self.over, partial(print, f"{folder}:", flush=True))
            log = fit_critic(critic, self.train, supervision, self.recipe, 0, place)
            quality = {**step_quality(critic, self.held_out), **plan_quality(critic, self.held_out, supervision)}
            save_policy(critic.net, folder)
            write_whole(folder / "log.json", json.dumps(log) + "\n")
            write_whole(folder / "quality.json", json.dumps(quality) + "\n")  # it tells that the stage is done
            checkpoint.unlink(missing_ok=True)
        told: dict[str, Any] = json.loads((folder / "quality.json").read_text())
        return told

    def card(self, best: Start, quality: dict[str, Any]) -> dict[str, Any]:
        """What the critic was made of, and how well it and the others do on held-out apartments."""
        good = np.array([mark == PLUS for one in self.held_out for mark in one.labels if mark != UNKNOWN])
        chance = {"always +": macro_f1(np.ones_like(good), good), "always -": macro_f1(np.zeros_like(good), good)}
        return {
            "licence": "Apache-2.0",
            "made_from": "the apartments and tasks of the train split alone",
            "start": best,
            "trained_on": _counts(self.train),
            "held_out": {**_counts(self.held_out), "macro_f1": chance},
            "quality": quality,
        }


def _counts(data: Sequence[Trajectory]) -> dict[str, int]:
    return {
        "tasks": len({one.task for one in data}),
        "apartments": len({one.apartment for one in data}),
        "trajectories": len(data),
        "succeeded": sum(one.success for one in data),
        "good_steps": sum(one.labels.count(PLUS) for one in data),
        "bad_steps": sum(one.labels.count(MINUS) for one in data),
    }
