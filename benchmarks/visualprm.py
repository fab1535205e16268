"""VisualPRM as critic: best of N plans and best of N next commands on homes that nothing was trained on.

    python benchmarks/visualprm.py plans    [--split val_unseen] [--tasks 660] [--plans 8]
    python benchmarks/visualprm.py commands [--split val_unseen] [--tasks 660] [--sizes 8]
    python benchmarks/visualprm.py table    [--split val_unseen]

`plans` draws plans of the shipped policy at temperature 0.7 and needs no critic; `commands` lets each method choose every next
command among common draws. Both write shard by shard into RUN, and the same command goes on. `table` lets the methods choose
among the plans, and tells of both. The critic is the better of the two starts of `enactive train critic`, the outcome model
that of the same run.
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
from enactive.planners.critics.best_of import SIZES, Drawn, choose_next, choose_plans, draw_plans
from enactive.planners.critics.rollouts import Walkers
from enactive.planners.critics.visualprm import Critic
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.weights import shipped_policy
from enactive.statistics import compare, mean, rate

SHARD = 20
TEMPERATURE = 0.7
Rows = list[dict[str, Any]]


def critics(run: Path) -> tuple[Critic, Critic]:
    """The critic and the outcome model of a run on the policy that ships."""
    if json.loads((run / "plan.json").read_text())["policy"] != shipped_policy().name:
        raise SystemExit(f"the critic of {run} was trained on another policy than the one that ships: train it again")
    start = json.loads((run / "card.json").read_text())["start"]
    process, outcome = (Critic(load_policy(run / f"{kind}-{start}")) for kind in ("process", "outcome"))
    return process, outcome


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
            fresh = path.with_suffix(".fresh")
            fresh.write_text("".join(json.dumps(row) + "\n" for row in made))
            fresh.replace(path)
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
    process, outcome = critics(run)
    picked = [choose_plans(row, process, outcome) for row in rows]
    single = [sum(row.success) / len(row.success) for row in rows]
    console.print(f"{split}, n = {len(rows)} tasks; pass@1, or a random choice of any N: {mean(single)}")
    methods = ("majority", "outcome", "process", "voted")
    out = Table("plans", *methods, "any succeeds")
    sizes = [n for n in SIZES if all(f"process {n}" in own for own in picked)]
    for n in sizes:
        cells = [str(rate([own[f"{method} {n}"] for own in picked])) for method in methods]
        out.add_row(f"N = {n}", *cells, str(rate([any(row.success[:n]) for row in rows])))
    console.print(out)
    for n in sizes:
        tell_gains(picked, n, single, ("process", "voted"), console)


def tell_commands(run: Path, split: str, console: Console) -> None:
    """The same for next commands; pass@1 is that of the plans, where they were drawn for all of these tasks."""
    rows = found(run / f"commands-{split}")
    alone = {row.task: sum(row.success) / len(row.success) for row in drawn_in(run / f"plans-{split}")}
    methods = ("majority", "outcome", "process")
    out = Table("next commands", *methods, title=f"{split}, n = {len(rows)}")
    for n in (n for n in SIZES if all(f"process {n}" in row["picked"] for row in rows)):
        out.add_row(f"N = {n}", *(str(rate([row["picked"][f"{method} {n}"] for row in rows])) for method in methods))
        tell_gains([row["picked"] for row in rows], n, [alone[row["task"]] for row in rows], ("process",), console)
    console.print(out)


def tell_gains(
    picked: Sequence[dict[str, bool]], n: int, single: Sequence[float], methods: Sequence[str], console: Console
) -> None:
    """What some methods gain over pass@1 and over the rivals, paired."""
    for method in methods:
        ours = [float(own[f"{method} {n}"]) for own in picked]
        told = [f"over pass@1 {compare(ours, single)}"]
        for other in ("majority", "outcome"):
            told.append(f"over {other} {compare(ours, [float(own[f'{other} {n}']) for own in picked])}")
        console.print(f"{method}, N = {n}: {'; '.join(told)}")


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
        process, outcome = critics(run)
        shards(
            run / f"commands-{chosen.split}",
            tasks,
            {"sizes": chosen.sizes},
            lambda walkers, part: [
                {"task": task.id, "picked": picked}
                for task, picked in zip(part, choose_next(walkers, process, outcome, part, chosen.sizes), strict=True)
            ],
            console,
        )
    else:
        tell_plans(run, chosen.split, console)
        if (run / f"commands-{chosen.split}").exists():
            tell_commands(run, chosen.split, console)


if __name__ == "__main__":
    main()
