"""The table and the curves of a training run, from the files that it left."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from enactive.envs.household.tasks.task import TASK_TYPES

from .evaluate import Outcome, read_outcomes

SPLITS = ("val_seen", "val_unseen")
METHODS = ("sft", "dpo", "d2po")


def outcomes(out: Path, method: str, split: str, seeds: int) -> list[list[Outcome]]:
    """Per seed, the outcomes of a method on a split in the order of the tasks."""
    return [read_outcomes(out / f"seed-{seed}" / method / f"{split}.jsonl") for seed in range(seeds)]


def write_report(out: Path, seeds: int) -> str:
    """Write out/table.md and out/curves.png; returns the table."""
    lines = [
        f"| split, n tasks x {seeds} seeds | method | success % | PL % | refused per episode | not said done % | "
        + " | ".join(TASK_TYPES)
        + " |",
        "|" + "---|" * (6 + len(TASK_TYPES)),
    ]
    for split in SPLITS:
        for method in METHODS:
            rows = outcomes(out, method, split, seeds)
            lines.append(_line(split, method, rows))
    text = "\n".join(lines) + "\n"
    (out / "table.md").write_text(text)
    _curves(out, seeds)
    return text


def _line(split: str, method: str, runs: list[list[Outcome]]) -> str:
    flat = [outcome for run in runs for outcome in run]
    refused = float(np.mean([sum(error != "" for _, error in outcome.turns) for outcome in flat]))
    of_type = Counter[str]()
    for outcome in flat:
        of_type[outcome.type] += outcome.success
    sizes = Counter(outcome.type for outcome in flat)
    cells = [
        f"{split}, {len(runs[0])}",
        method.upper(),
        f"{100 * np.mean([o.success for o in flat]):.1f}",
        f"{100 * np.mean([o.pl for o in flat]):.1f}",
        f"{refused:.2f}",
        f"{100 * np.mean([not o.said_done for o in flat]):.1f}",
        *(f"{100 * of_type[kind] / sizes[kind]:.0f}" if sizes[kind] else "-" for kind in TASK_TYPES),
    ]
    return "| " + " | ".join(cells) + " |"


def _curves(out: Path, seeds: int) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), layout="constrained")
    panels: Any = figure.subplots(1, 3)
    for panel, (key, title) in zip(
        panels, (("loss", "loss"), ("action_margin", "margin of commands"), ("state_margin", "margin of states")), strict=True
    ):
        for method, colour in zip(METHODS, ("0.5", "tab:blue", "tab:orange"), strict=True):
            for seed in range(seeds):
                log = json.loads((out / f"seed-{seed}" / method / "log.json").read_text())
                values = [row[key] for row in log if key in row]
                if values and not (key == "loss" and method == "sft"):
                    panel.plot(_smooth(values), color=colour, label=method.upper() if seed == 0 else None, linewidth=1)
        panel.set_title(title, fontsize=9)
        panel.set_xlabel("update", fontsize=8)
        panel.legend(fontsize=8)
    figure.savefig(out / "curves.png", dpi=120)


def _smooth(values: list[float], width: int = 10) -> np.ndarray:
    kernel = np.ones(min(width, len(values))) / min(width, len(values))
    return np.convolve(values, kernel, mode="valid")
