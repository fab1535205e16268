"""The tables, the bars and the curves of a training run, from the files that it left.

A task counts once, as its mean over the seeds, so that intervals and paired tests do not take seeds for tasks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs.household.tasks.metrics import ERROR_KINDS, TaskMetrics, task_metrics
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.task import TASK_TYPES, Task
from enactive.errors import ConfigError
from enactive.statistics import Estimate, compare, mean, rate

from .episodes import Episode
from .evaluate import Outcome, read_outcomes
from .prompt import AnswerError, parse_command
from .stages import PREFERRED, methods, rounds_of

SPLITS = ("val_seen", "val_unseen")
COLOURS: Mapping[str, str] = {"dpo": "tab:blue", "d2po": "tab:orange"}
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a method did on the N tasks of a split. success, pl, refused, dependency: (N,) means over the seeds.

    dependency: whether an error of that kind was the cause of failure. errors, no_command: episodes of all seeds that ended so.
    """

    tasks: tuple[str, ...]
    types: tuple[str, ...]
    success: Values
    pl: Values
    refused: Values
    dependency: Values
    errors: Counter[str]
    no_command: int


def figures(out: Path, method: str, split: str, seeds: int) -> Figures:
    """Read the outcomes of a method and carry its commands out again, for the kinds of error.

    Raises ConfigError where its seeds were not run on the same tasks.
    """
    runs = [read_outcomes(out / f"seed-{seed}" / method / f"{split}.jsonl") for seed in range(seeds)]
    tasks, known = tuple(row.task for row in runs[0]), {task.id: task for task in load_tasks(split)}
    if any(tuple(row.task for row in run) != tasks for run in runs):
        raise ConfigError(f"the seeds of {method} in {out} were not run on the same tasks of {split}: make them anew")
    told = [[replayed(known[row.task], row) for row in run] for run in runs]
    kinds = [
        ["" if row.success else one.error_kind for row, one in zip(run, own, strict=True)]
        for run, own in zip(runs, told, strict=True)
    ]
    return Figures(
        tasks,
        tuple(row.type for row in runs[0]),
        _over_seeds([[row.success for row in run] for run in runs]),
        _over_seeds([[row.pl for row in run] for run in runs]),
        _over_seeds([[one.num_invalid_actions for one in own] for own in told]),
        _over_seeds([[kind == "dependency" for kind in own] for own in kinds]),
        Counter(kind for own in kinds for kind in own),
        sum(row.output_error is not None for run in runs for row in run),
    )


def replayed(task: Task, outcome: Outcome) -> TaskMetrics:
    """The figures of an episode from carrying its commands out again."""
    episode = Episode(task, "visible")
    moment = episode.start()
    for said, _ in outcome.turns:
        moment = episode.step(moment, parse_command(said))
    turns = [*zip(moment.commands, moment.feedback, strict=True)]
    error = None if outcome.output_error is None else AnswerError(outcome.output_error)
    return task_metrics(episode.layout, task, episode.start().state.world, moment.state.world, turns, error)


def write_report(out: Path, seeds: int, splits: Sequence[str] = SPLITS) -> str:
    """Write out/table.md, out/table.png and out/curves.png; returns the tables.

    Raises ConfigError where there is no run, and where methods or seeds were not run on the same tasks.
    """
    names = methods(rounds_of(out))
    of = {split: {method: figures(out, method, split, seeds) for method in names} for split in splits}
    for split, own in of.items():
        if len({one.tasks for one in own.values()}) > 1:
            raise ConfigError(f"the methods in {out} were not run on the same tasks of {split}: make them anew")
    head = f"Mean [95 % interval] over tasks, greedy, seeds: {seeds}. Errors are of the failed episodes of all seeds."
    lines = [head, "", *_means(of), "", "## Paired, on the same tasks", "", *_comparisons(of)]
    text = "\n".join([*lines, "", "## By type of task", "", *_by_type(of)]) + "\n"
    (out / "table.md").write_text(text)
    _bars(of, out / "table.png")
    _curves(out, names, seeds)
    return text


def _over_seeds(values: Sequence[Sequence[float]]) -> Values:
    """(N,) means over the first axis of (seeds, N)."""
    return np.asarray(values, dtype=np.float64).mean(axis=0)


def _share(values: Values) -> Estimate:
    """The mean of successes: a rate, but where a task is done with some seeds only."""
    return rate(values) if np.isin(values, (0.0, 1.0)).all() else mean(values)


def _means(of: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    kinds = [f"{kind} errors" for kind in ERROR_KINDS]
    rows = []
    for split, own in of.items():
        for method, one in own.items():
            estimates = [str(_share(one.success)), str(mean(one.pl)), str(mean(one.refused))]
            errors = [str(one.errors[kind]) for kind in ERROR_KINDS]
            rows.append([split, str(len(one.tasks)), method.upper(), *estimates, *errors, str(one.no_command)])
    return _table(["split", "n", "method", "success", "PL", "refused per episode", *kinds, "no command"], rows)


def _comparisons(of: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    rows = []
    for split, own in of.items():
        copied = [method for method in own if method not in PREFERRED]
        rounds = [(after, before) for before, after in pairwise(copied)]
        first = [("d2po", copied[0])] if rounds else []
        for better, worse in [*rounds, ("dpo", copied[-1]), ("d2po", copied[-1]), *first, ("d2po", "dpo")]:
            a, b = own[better], own[worse]
            base = float(b.success.mean())
            relative = f"{100 * (float(a.success.mean()) / base - 1):+.1f} %" if base else "-"
            paired = [compare(a.pl, b.pl), compare(a.dependency, b.dependency)]
            gain = [str(compare(a.success, b.success)), relative, *map(str, paired)]
            rows.append([split, str(len(a.tasks)), f"{better.upper()} - {worse.upper()}", *gain])
    return _table(["split", "n", "methods", "success", "relative", "PL", "dependency errors"], rows)


def _by_type(of: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    rows = []
    for split, own in of.items():
        for kind in TASK_TYPES:
            alike = np.array([each == kind for each in next(iter(own.values())).types])
            if alike.any():
                told = [str(each) for one in own.values() for each in (_share(one.success[alike]), mean(one.pl[alike]))]
                rows.append([split, kind, str(int(alike.sum())), *told])
    names = [f"{method.upper()} {figure}" for method in next(iter(of.values())) for figure in ("success", "PL")]
    return _table(["split", "type", "n", *names], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def _bars(of: Mapping[str, Mapping[str, Figures]], path: Path) -> None:
    """Success and PL of every method with their intervals, side by side for each split."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels: Any = figure.subplots(1, 2, sharey=True)
    names = [*next(iter(of.values()))]
    width = 0.81 / len(names)
    for panel, title in zip(panels, ("success", "PL"), strict=True):
        for place, method in enumerate(names):
            own = [told[method] for told in of.values()]
            told = [_share(one.success) if title == "success" else mean(one.pl) for one in own]
            centre, low, high = np.array([(each.mean, each.low, each.high) for each in told]).T
            error = np.maximum([centre - low, high - centre], 0.0)  # Wilson's end, rounded
            at = np.arange(len(of)) + width * (place - (len(names) - 1) / 2)
            panel.bar(at, centre, 0.93 * width, yerr=error, color=_colour(method), capsize=4, label=method.upper())
        splits = [f"{split}, n = {len(told['sft'].tasks)}" for split, told in of.items()]
        panel.set(title=f"{title}, 95 % interval", ylim=(0, 1), xticks=range(len(of)), xticklabels=splits)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=120)


def _colour(method: str) -> str:
    """A grey for what copies, the darker the later."""
    return COLOURS.get(method) or f"{0.5 * 0.7 ** int(method.partition('-')[2] or 0):.2f}"


def _curves(out: Path, names: Sequence[str], seeds: int) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), layout="constrained")
    panels: Any = figure.subplots(1, 3)
    for panel, (key, title) in zip(
        panels, (("loss", "loss"), ("action_margin", "margin of commands"), ("state_margin", "margin of states")), strict=True
    ):
        for method in names:
            for seed in range(seeds):
                log = json.loads((out / f"seed-{seed}" / method / "log.json").read_text())
                values = [row[key] for row in log if key in row]
                if values and not (key == "loss" and method not in PREFERRED):
                    panel.plot(_smooth(values), color=_colour(method), label=method.upper() if seed == 0 else None, linewidth=1)
        panel.set_title(title, fontsize=9)
        panel.set_xlabel("update", fontsize=8)
        panel.legend(fontsize=8)
    figure.savefig(out / "curves.png", dpi=120)


def _smooth(values: list[float], width: int = 10) -> np.ndarray:
    kernel = np.ones(min(width, len(values))) / min(width, len(values))
    return np.convolve(values, kernel, mode="valid")
