"""The whole of D2PO: demonstrations, SFT, corrections, tree search, DPO, D2PO, and all of them on seen and unseen homes.

`enactive train d2po` calls `train_d2po`. Every stage writes what it made and is skipped where that is there, so that a run
which ends early, by the clock or otherwise, goes on where it was; what comes out does not depend on where it paused.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.task import Task
from enactive.envs.household.tasks.wording import nouns
from enactive.executors import Executor
from enactive.files import write_whole
from enactive.pretrained import weights_of

from . import limits
from .collect import Collection, Shards, collect, collected, each_shard, require, total
from .command_line import command_line
from .episodes import layout
from .evaluate import Evaluation, evaluate_shard, write_part
from .examples import Demonstration, read_lines, write_lines
from .fit import Batch, Memory, Objective, OutOfTimeError, Place, Recipe, fit_demonstrations, fit_preferences
from .grounding import told_texts, walk
from .hiding_places import Places, hiding_places
from .limits import Asked
from .models import base_policy, load_policy, merged, require_base, save_policy, with_lora
from .pairs import balanced
from .practice import Practice, practise
from .report import SPLITS, write_report
from .run_folder import same_plan
from .settings import GROUND, Change, training
from .stages import DEMONSTRATIONS, HIDING_PLACES, copied_by, copies, corrections_of, methods, places_in, write_places
from .tree_search import Preset, SearchSettings, search_settings
from .weights import ship

if TYPE_CHECKING:
    from .policy import Policy


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was asked for; see `train_d2po`. It is written beside what comes of it, and another one is refused there.

    weights: SHA-256 of each file of weights in the folders of base and judge.
    """

    base: str
    lora: bool
    knowledge: Knowledge
    judge: str
    walks: int
    apartments: int
    practice: int
    states: float
    rounds: int
    corrected: int
    search_tasks: int
    eval_tasks: int
    ground: Recipe
    sft: Recipe
    prefer: Recipe
    objective: Objective
    search: SearchSettings
    weights: Mapping[str, str]


def train_d2po(
    base: str = "small",
    minutes: float = 60.0,
    out: Path = Path("runs/d2po"),
    seeds: int = 3,
    lora: bool | None = None,
    knowledge: Knowledge = "visible",
    judge: str = "oracle",
    walks: int = 60,
    apartments: int = 120,
    practice: int = 20,
    states: float = 0.5,
    rounds: int = 0,
    corrected: int = 20,
    search_tasks: int = 480,
    eval_tasks: int = 0,
    ground: Change = Change(),  # noqa: B008 (frozen)
    sft: Change = Change(),  # noqa: B008 (frozen)
    prefer: Change = Change(),  # noqa: B008 (frozen)
    objective: Objective = Objective(),  # noqa: B008 (frozen)
    preset: Preset = "default",
    search: SearchSettings = SearchSettings(),  # noqa: B008 (frozen)
    workers: int | None = None,
    executor: Executor = "process",
    micro_batch: int | None = None,
    gradient_checkpointing: bool = False,
    ship_to: Path | None = None,
) -> str:
    """Train and compare SFT, rounds of corrections, DPO and D2PO; returns the tables of out/table.md (`report`).

    base: "small" (from random weights, after walks through the apartments of train), "smollm2", or a name or folder of
    transformers. seeds: runs of all from SFT on, with other draws. lora: train adapters instead of all weights; where
    not given, for every base but a small one. knowledge: what the agent is told of. judge: "oracle", "critic:FOLDER" of
    `enactive train critic --ship_to`, or a chat model's line as in `--model`. walks: single skills per apartment of train, for
    "small" alone. apartments: of the train split, 0 = all of its 200. practice: tasks drawn in each of them for the expert to
    demonstrate. states: share of the commands after which the next state is shown, too, as after every refusal; 0 = none.
    rounds: of corrections (DAgger) after SFT, in each of which the policy goes about more tasks, the expert says what it would
    have said there, and SFT goes on with that and as much of what it learnt from before. corrected: such tasks per apartment.
    search_tasks: of the train split, other than what is demonstrated, 0 = all. eval_tasks: of each val split, 0 = all. ground:
    what is to be other than 2 epochs, batches of 64 and a rate of 3e-3 in how "small" learns from its walks. sft, prefer: what
    is to be other than what goes with the base (`settings`). objective: what preferences are learnt by. preset: how tasks are
    searched, "paper" and "code" by the published settings. search: how tasks are searched with the default preset. workers: of
    practice, search and evaluation; where not given, one process, or as many as Ray has room for. executor: "process", or
    "ray", which needs `enactive[ray]`. micro_batch: demonstrations, or preferences of each kind, that are read at once, so that
    an update needs less memory; where not given, all of it. gradient_checkpointing: an update needs less memory and more time.
    Neither changes what is learnt by more than rounding. ship_to: folder for the D2PO policy of the first seed in half
    precision, with its card. out: folder of all that is made. minutes: when they are over it ends after what is under way: the
    update, or in each worker an apartment of practice or a shard of 50 searched or 110 evaluated tasks. Walks are made whole.

    Raises ConfigError for a setting that nothing comes of, and where `out` holds a run of other settings or weights, a preset
    has settings of the search beside it, what is still to come has a base that is not there, a judge that does not answer or an
    executor that is not installed; OutOfTimeError where the minutes are spent before the end: the same command goes on.
    """
    import torch

    torch.set_num_threads(1)
    memory = Memory(micro_batch, gradient_checkpointing)
    how = training(base, lora, sft, prefer)
    plan = Plan(
        base,
        how.lora,
        knowledge,
        judge,
        walks,
        apartments,
        practice,
        states,
        rounds,
        corrected,
        search_tasks,
        eval_tasks,
        ground.of(GROUND),
        how.sft,
        how.prefer,
        objective,
        search_settings(preset, search),
        _weights(base, judge),
    )
    limits.refuse(_asked(plan, minutes, seeds, workers))
    end = time.monotonic() + 60.0 * minutes
    run = _Run(plan, out, lambda: time.monotonic() > end, workers, executor, memory)
    if not all(_there(out / f"seed-{seed}" / "sft") for seed in range(seeds)):
        require_base(base)
    if any(run.collection(seed).shards() for seed in range(seeds)):
        require(judge, executor)
    same_plan(plan, out)
    for seed in range(seeds):
        run.seed(seed)
    table = write_report(out, seeds)
    if ship_to is not None:
        _, _, cards = collected(out / "seed-0" / "search")
        command = command_line("enactive train d2po", train_d2po, locals())
        card = {"command": command, "plan": json.loads((out / "plan.json").read_text())}
        card |= {"search": total(cards), "table": table.splitlines()}
        ship(load_policy(out / "seed-0" / "d2po"), card, ship_to)
    return table


@dataclass(frozen=True, slots=True)
class _Run:
    """The stages, each with its folder. over: whether the time is up."""

    plan: Plan
    out: Path
    over: Callable[[], bool]
    workers: int | None
    executor: Executor
    memory: Memory

    def seed(self, seed: int) -> None:
        """All stages of one seed."""
        folder = self.out / f"seed-{seed}"
        self._sft(folder, seed)
        for number, (before, after) in enumerate(pairwise(copies(self.plan.rounds)), 1):
            self._round(folder, before, after, number, seed)
        self._search(seed)
        wanted = self.plan.objective
        for name, objective in (("dpo", replace(wanted, state_weight=0.0)), ("d2po", wanted)):
            self._prefer(folder, name, objective, seed)
        self._measure(folder)

    def _tasks(self) -> list[Task]:
        """The tasks of train that are in the chosen apartments, in the order of the suite."""
        seeds = set(self._homes())
        return [task for task in load_tasks("train") if task.apartment_seed in seeds]

    def _homes(self) -> list[int]:
        """The seeds of the chosen apartments."""
        return sorted({task.apartment_seed for task in load_tasks("train")})[: self.plan.apartments or None]

    def _base(self) -> Policy:
        """Random weights that have learnt words and single skills, or a model that was trained by others."""
        plan, folder = self.plan, self.out / "base"
        if plan.base != "small":
            return base_policy(plan.base, (), 0, whole=not plan.lora)
        if not _there(folder):
            walked = [e for s in self._homes() for e in walk(s, plan.walks, plan.knowledge, np.random.default_rng([0, s]))]
            texts = [f"{example.prompt} {example.answer}" for example in walked]
            policy = base_policy("small", [*texts, *(task.instruction for task in self._tasks()), *nouns(), *told_texts()], 0)
            self._keep(policy, fit_demonstrations(policy, walked, plan.ground, 0, self._place(folder), self.memory), folder)
        return load_policy(folder)

    def _sft(self, folder: Path, seed: int) -> None:
        path = self.out / DEMONSTRATIONS
        self._practise(path, self._practice(self.plan.practice))
        if not _there(folder / "sft"):
            self._copy(self._base(), read_lines(path, Demonstration), folder / "sft", seed)

    def _round(self, folder: Path, before: str, after: str, number: int, seed: int) -> None:
        """What a round corrects, and as much drawn from what was learnt from before, is copied."""
        path = corrections_of(folder, after)
        self._practise(path, replace(self._practice(self.plan.corrected), policy=folder / before, round=number))
        if not _there(folder / after):
            known, own = copied_by(self.out, seed, number - 1), read_lines(path, Demonstration)
            again = random.Random(f"{seed} {number}").sample(known, min(len(own), len(known)))
            self._copy(load_policy(folder / before, whole=not self.plan.lora), [*own, *again], folder / after, seed)

    def _practice(self, tasks: int) -> Practice:
        return Practice(tasks, self.plan.knowledge, self.plan.states, self._places())

    def _practise(self, path: Path, practice: Practice) -> None:
        making = path.with_suffix("")
        if not path.exists():
            write_lines(path, practise(self._homes(), practice, making, self.workers, self.executor, self._in_time))
        shutil.rmtree(making, ignore_errors=True)

    def _copy(self, policy: Policy, examples: list[Demonstration], folder: Path, seed: int) -> None:
        policy = self._trainable(policy, seed)
        log = fit_demonstrations(policy, examples, self.plan.sft, seed, self._place(folder), self.memory)
        self._keep(policy, log, folder)

    def _places(self) -> Places:
        if not (self.out / HIDING_PLACES).exists():
            write_places(self.out, hiding_places(layout(home, None) for home in self._homes()))
        return places_in(self.out)

    def _search(self, seed: int) -> None:
        if (job := self.collection(seed)).shards():
            shards = collect(replace(job, places=self._places()), self.workers, self.executor)
            self._until_over(shards, f"{job.folder}: searches done, shards:", len(job.shards()))

    def _until_over(self, shards: Shards, what: str, count: int) -> None:
        """Have shards made as long as there is time; those under way when it is over are waited for and kept."""
        with closing(shards):
            for made, _ in enumerate(shards, 1):
                print(f"{what} {made} of {count}", flush=True)
                self._in_time()

    def _in_time(self) -> None:
        if self.over():
            raise OutOfTimeError("the minutes are spent: the same command goes on from here")

    def collection(self, seed: int) -> Collection:
        """What the search of a seed has to make."""
        plan, folder = self.plan, self.out / f"seed-{seed}"
        tasks = tuple(task.id for task in self._tasks()[: plan.search_tasks or None])
        return Collection(
            folder / copies(plan.rounds)[-1], tasks, plan.knowledge, plan.search, plan.judge, seed, folder / "search"
        )

    def _prefer(self, folder: Path, name: str, objective: Objective, seed: int) -> None:
        if _there(folder / name):
            return
        _, preferred, cards = collected(folder / "search")
        (folder / "search.json").write_text(json.dumps(total(cards), indent=1) + "\n")
        policy = self._trainable(load_policy(folder / copies(self.plan.rounds)[-1], whole=not self.plan.lora), seed)
        examples = balanced(preferred, seed)
        again = copied_by(self.out, seed, self.plan.rounds)
        place = self._place(folder / name)
        log = fit_preferences(policy, examples, self.plan.prefer, objective, seed, place, again, self.memory)
        self._keep(policy, log, folder / name)

    def _measure(self, folder: Path) -> None:
        """All methods on both splits; what comes out does not depend on who makes which shard, nor when."""
        tasks = {split: tuple(task.id for task in load_tasks(split)[: self.plan.eval_tasks or None]) for split in SPLITS}
        names = methods(self.plan.rounds)
        jobs = [Evaluation(folder / name, split, own, self.plan.knowledge) for name in names for split, own in tasks.items()]
        left = [(job, shard) for job in jobs for shard in job.shards()]
        if left:
            self._in_time()
        shards = each_shard(evaluate_shard, write_part, left, self.workers, self.executor)
        self._until_over(shards, f"{folder}: measurements done, shards:", len(left))
        for job in jobs:
            job.join()

    def _trainable(self, policy: Policy, seed: int) -> Policy:
        return with_lora(policy, seed) if self.plan.lora else policy

    def _place(self, folder: Path) -> Place:
        tell = partial(print, f"{folder}:", flush=True)
        return Place(folder / "checkpoint.safetensors", self.over, tell)

    def _keep(self, policy: Policy, log: list[Batch], folder: Path) -> None:
        """Write a trained policy; then the log, which tells that the stage is done and needs its checkpoint no more."""
        save_policy(merged(policy), folder)
        write_whole(folder / "log.json", json.dumps(log) + "\n")
        (folder / "checkpoint.safetensors").unlink(missing_ok=True)
        print(f"{folder}: {len(log)} updates, loss {log[0]['loss']:.3f} to {log[-1]['loss']:.3f}", flush=True)


def _asked(plan: Plan, minutes: float, seeds: int, workers: int | None) -> list[Asked]:
    """The options of a run with what each may be."""
    some = {"seeds": seeds, "workers": 1 if workers is None else workers}
    some |= {"practice": plan.practice, **({"corrected": plan.corrected} if plan.rounds else {})}
    some |= {"walks": plan.walks} if plan.base == "small" else {}
    some |= {f"search.{name}": getattr(plan.search, name) for name in ("candidates", "width", "depth", "nodes")}
    all_or_some = {"apartments": plan.apartments, "search_tasks": plan.search_tasks, "eval_tasks": plan.eval_tasks}
    weights = ("state_weight", "anchor", "replay")
    searched = ("temperature", "process_weight", "executable_weight", "parent_share")
    return [
        *((name, count, limits.SOME) for name, count in some.items()),
        *((name, count, limits.ALL_OR_SOME) for name, count in all_or_some.items()),
        ("minutes", minutes, limits.NONE_OR_SOME),
        ("states", plan.states, limits.SHARE),
        ("rounds", plan.rounds, limits.NONE_OR_SOME),
        ("search.lead", plan.search.lead, limits.NONE_OR_SOME),
        *((f"search.{name}", getattr(plan.search, name), limits.NOT_NEGATIVE) for name in searched),
        ("objective.beta", plan.objective.beta, limits.POSITIVE),
        *((f"objective.{name}", getattr(plan.objective, name), limits.NOT_NEGATIVE) for name in weights),
        *limits.of_recipe("ground", plan.ground),
        *limits.of_recipe("sft", plan.sft),
        *limits.of_recipe("prefer", plan.prefer),
    ]


def _weights(base: str, judge: str) -> dict[str, str]:
    """SHA-256 of what lies in the folders of base and judge; "small" and "oracle" have none, and embedded ones are pinned."""
    kind, _, folder = judge.partition(":")
    named = {"base": base if base not in ("small", "smollm2") else "", "judge": folder if kind in ("critic", "hf") else ""}
    return {f"{part}/{file}": digest for part, name in named.items() if name for file, digest in weights_of(name).items()}


def _there(folder: Path) -> bool:
    return (folder / "log.json").exists()
