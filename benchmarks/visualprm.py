"""VisualPRM as critic: best of N plans and best of N next commands on homes that nothing was trained on.

    python benchmarks/visualprm.py choose [--split val_unseen] [--tasks 660] [--plans 16] [--commands 2 4 8 16]
    python benchmarks/visualprm.py table  [--split val_unseen]

`choose` draws plans and commands of the shipped policy at temperature 0.7 and lets every method choose among the same draws,
shard by shard into RUN/choices-SPLIT; the same command goes on. `table` reads what is there. The critic is the better of the
two starts of `enactive train critic`, the outcome model that of the same run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from enactive.envs.household.tasks.suites import load_tasks
from enactive.planners.critics.best_of import SIZES, Choices, choose
from enactive.planners.critics.rollouts import Walkers
from enactive.planners.critics.visualprm import Critic
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.weights import shipped_policy
from enactive.statistics import compare, mean, rate

SHARD = 20
METHODS = ("majority", "outcome", "process")


def draw(run: Path, split: str, tasks: int, plans: int, commands: list[int], console: Console) -> None:
    """Choose in each task and write the shards that are missing."""
    torch.set_num_threads(1)
    start = json.loads((run / "card.json").read_text())["start"]
    process, outcome = (Critic(load_policy(run / f"{kind}-{start}")) for kind in ("process", "outcome"))
    chosen, folder = load_tasks(split)[:tasks], run / f"choices-{split}"
    folder.mkdir(exist_ok=True)
    settings = {"policy": shipped_policy().name, "plans": plans, "commands": commands}
    if json.loads((run / "plan.json").read_text())["policy"] != settings["policy"]:
        raise SystemExit(f"the critic of {run} was trained on another policy than the one that ships: train it again")
    if (noted := folder / "settings.json").exists() and json.loads(noted.read_text()) != settings:
        raise SystemExit(f"{folder} holds choices of other settings ({noted.name}): move it away")
    noted.write_text(json.dumps(settings))
    for number, begin in enumerate(range(0, len(chosen), SHARD)):
        path = folder / f"choices-{number:03d}.jsonl"
        if path.exists():
            continue
        walkers = Walkers(shipped_policy(), 0.7, number)
        made = choose(walkers, process, outcome, chosen[begin : begin + SHARD], plans=plans, commands=commands)
        fresh = path.with_suffix(".fresh")
        fresh.write_text("".join(json.dumps(asdict(one)) + "\n" for one in made))
        fresh.replace(path)
        console.print(f"{path.name}: {len(made)} tasks")


def table(run: Path, split: str, console: Console) -> None:
    """Success of each method for each N, and what the critic gains on the same tasks."""
    paths = sorted((run / f"choices-{split}").glob("choices-*.jsonl"))
    rows = [Choices(**json.loads(line)) for path in paths for line in path.read_text().splitlines()]
    single = [sum(row.plans) / len(row.plans) for row in rows]
    console.print(f"{split}, n = {len(rows)} tasks; pass@1, or a random choice of any N: {mean(single)}")
    for step, title in (("", "plans"), ("step ", "next commands")):
        out = Table(title, *METHODS, *(() if step else ("any succeeds",)))
        sizes = [n for n in SIZES if all(f"{step}process {n}" in row.picked for row in rows)]
        for n in sizes:
            cells = [str(rate([row.picked[f"{step}{method} {n}"] for row in rows])) for method in METHODS]
            out.add_row(f"N = {n}", *cells, *(() if step else (str(rate([any(row.plans[:n]) for row in rows])),)))
        console.print(out)
        for n in sizes:
            ours = [float(row.picked[f"{step}process {n}"]) for row in rows]
            told = [f"over pass@1 {compare(ours, single)}"]
            for other in ("majority", "outcome"):
                told.append(f"over {other} {compare(ours, [float(row.picked[f'{step}{other} {n}']) for row in rows])}")
            console.print(f"critic, N = {n}: {'; '.join(told)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("choose", "table"))
    parser.add_argument("--run", type=Path, default=Path("runs/critic"))
    parser.add_argument("--split", default="val_unseen")
    parser.add_argument("--tasks", type=int, default=660)
    parser.add_argument("--plans", type=int, default=16)
    parser.add_argument("--commands", type=int, nargs="*", default=list(SIZES))
    chosen, console = parser.parse_args(), Console(width=160)
    if chosen.what == "choose":
        draw(chosen.run, chosen.split, chosen.tasks, chosen.plans, chosen.commands, console)
    table(chosen.run, chosen.split, console)


if __name__ == "__main__":
    main()
