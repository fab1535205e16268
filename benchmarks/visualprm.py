"""VisualPRM as critic: best of N plans and best of N next commands on homes that nothing was trained on.

    python benchmarks/visualprm.py plans    [--run runs/critic] [--split val_unseen] [--tasks 660] [--plans 8]
    python benchmarks/visualprm.py commands [--run runs/critic] [--split val_unseen] [--tasks 660] [--sizes 8]
    python benchmarks/visualprm.py table    [--run runs/critic] [--split val_unseen]

`plans` draws plans of the shipped policy at temperature 0.7 and needs no critic; `commands` lets each method choose every next
command among common draws. Both write shard by shard into RUN, and the same command goes on. `table` lets the methods choose
among the plans and compares them, and tells of both: "voted" sums the scores of like plans, "ties voted" lets the critic choose
between the most frequent plans alone, "done voted" is the majority of the plans that said that they were done.

The critic is the better of the two starts of `enactive train critic`, the outcome model that of the same run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.task import Task
from enactive.files import write_whole
from enactive.planners.critics.best_of import SIZES, Drawn, choose_next, choose_plans, draw_plans
from enactive.planners.critics.rollouts import Walkers
from enactive.planners.critics.visualprm import Critic, plan_score
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.weights import shipped_policy
from enactive.statistics import compare, mean, rate

SHARD = 20
TEMPERATURE = 0.7
SCORES = {"process": plan_score, "outcome": lambda steps: float(steps[-1])}
Rows = list[dict[str, Any]]


def critics(run: Path) -> dict[str, Critic]:
    """The critic of a run on the policy that ships and, where it was trained, the outcome model."""
    if json.loads((run / "plan.json").read_text())["policy"] != shipped_policy().name:
        raise SystemExit(f"the critic of {run} was trained on another policy than the one that ships: train it again")
    start = json.loads((run / "card.json").read_text())["start"]
    return {kind: Critic(load_policy(run / f"{kind}-{start}")) for kind in SCORES if (run / f"{kind}-{start}").exists()}


def shards(
    folder: Path,
    tasks: Sequence[Task],
    settings: dict[str, Any],
    make: Callable[[Walkers, Sequence[Task]], Rows],
    console: Console,
) -> None:
    """Write the shards that are missing, all with the same settings."""
    settings = {"policy": shipped_policy().name, **settings}
    folder.mkdir(exist_ok=True, parents=True)
    if (noted := folder / "settings.json").exists() and json.loads(noted.read_text()) != settings:
        raise SystemExit(f"{folder} holds shards of other settings ({noted.name}): move it away")
    noted.write_text(json.dumps(settings))
    for number, begin in enumerate(range(0, len(tasks), SHARD)):
        path = folder / f"{number:03d}.jsonl"
        if not path.exists():
            made = make(Walkers(shipped_policy(), TEMPERATURE, number), tasks[begin : begin + SHARD])
            write_whole(path, "".join(json.dumps(row) + "\n" for row in made))
            console.print(f"{path}: {len(made)} tasks")


def found(folder: Path) -> Rows:
    """What the shards of a folder hold."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def drawn_in(folder: Path) -> list[Drawn]:
    """The plans of the shards of a folder."""
    return [
        Drawn(**{**row, "plans": tuple(map(tuple, row["plans"])), "success": tuple(row["success"])}) for row in found(folder)
    ]


def tell_plans(run: Path, split: str, console: Console) -> None:
    """Success of each method for each N, and what the critic gains on the same tasks."""
    rows = drawn_in(run / f"plans-{split}")
    plans = list(dict.fromkeys(plan for row in rows for plan in row.plans))
    raters = critics(run)
    rated = {
        kind: dict(zip(plans, map(SCORES[kind], critic.step_scores(plans)), strict=True)) for kind, critic in raters.items()
    }
    # what of it needs no ratings: the critic between equally frequent plans alone, and no critic but the last command
    rated["ties"] = {plan: 1.0 + 1e-6 * rated["process"][plan] for plan in plans}
    rated["done"] = {plan: 1.0 if plan[-1].endswith("next: done") else 1e-6 for plan in plans}
    picked = [choose_plans(row, rated) for row in rows]
    single = [sum(row.success) / len(row.success) for row in rows]
    console.print(f"{split}, n = {len(rows)} tasks; pass@1, or a random choice of any N: {mean(single)}")
    methods = ["majority", *(f"{kind}{votes}" for kind in raters for votes in ("", " voted")), "ties voted", "done voted"]
    out = Table("plans", *methods, "any succeeds")
    sizes = [n for n in SIZES if f"majority {n}" in picked[0]]
    for n in sizes:
        cells = [str(rate([own[f"{method} {n}"] for own in picked])) for method in methods]
        out.add_row(f"N = {n}", *cells, str(rate([any(row.success[:n]) for row in rows])))
    console.print(out)
    for n in sizes:
        tell_gains(picked, n, single, methods[1:], console)
        for one, other in (("process", "done voted"), ("outcome", "process")):
            if f"{one} {n}" in picked[0]:
                ours, theirs = ([float(own[f"{kind} {n}"]) for own in picked] for kind in (one, other))
                console.print(f"{one} over {other}, N = {n}: {compare(ours, theirs)}")


def tell_commands(run: Path, split: str, console: Console) -> None:
    """The same for next commands; pass@1 is that of the plans, which are drawn for all of these tasks."""
    rows = found(run / f"commands-{split}")
    alone = {row.task: sum(row.success) / len(row.success) for row in drawn_in(run / f"plans-{split}")}
    picked = [row["picked"] for row in rows]
    methods = list(dict.fromkeys(name.rpartition(" ")[0] for name in picked[0]))
    out = Table("next commands", *methods, title=f"{split}, n = {len(rows)}")
    for n in (n for n in SIZES if f"majority {n}" in picked[0]):
        out.add_row(f"N = {n}", *(str(rate([own[f"{method} {n}"] for own in picked])) for method in methods))
        tell_gains(picked, n, [alone[row["task"]] for row in rows], methods[1:], console)
    console.print(out)


def tell_gains(
    picked: Sequence[dict[str, bool]], n: int, single: Sequence[float], methods: Sequence[str], console: Console
) -> None:
    """What some methods gain over pass@1 and over the majority, paired."""
    for method in methods:
        ours = [float(own[f"{method} {n}"]) for own in picked]
        most = [float(own[f"majority {n}"]) for own in picked]
        console.print(f"{method}, N = {n}: over pass@1 {compare(ours, single)}; over the majority {compare(ours, most)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("plans", "commands", "table"))
    parser.add_argument("--run", type=Path, default=Path("runs/critic"))
    parser.add_argument("--split", default="val_unseen")
    parser.add_argument("--tasks", type=int, default=660)
    parser.add_argument("--plans", type=int, default=8)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8])
    chosen, console = parser.parse_args(), Console(width=160)
    torch.set_num_threads(1)
    tasks, run = load_tasks(chosen.split)[: chosen.tasks], chosen.run
    if chosen.what == "plans":
        count = chosen.plans
        shards(
            run / f"plans-{chosen.split}",
            tasks,
            {"plans": count},
            lambda walkers, part: [asdict(one) for one in draw_plans(walkers, part, count)],
            console,
        )
    elif chosen.what == "commands":
        raters = critics(run)
        shards(
            run / f"commands-{chosen.split}",
            tasks,
            {"sizes": chosen.sizes},
            lambda walkers, part: [
                {"task": task.id, "picked": picked}
                for task, picked in zip(part, choose_next(walkers, raters, part, chosen.sizes), strict=True)
            ],
            console,
        )
    else:
        tell_plans(run, chosen.split, console)
        if (run / f"commands-{chosen.split}").exists():
            tell_commands(run, chosen.split, console)


if __name__ == "__main__":
    main()
