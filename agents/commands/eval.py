"""`enactive eval`: planners over a suite of episodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from enactive import __version__
from enactive.agents.component import Component, Method
from enactive.agents.evaluation import Executor, evaluate
from enactive.agents.table import markdown, plot
from enactive.errors import ConfigError
from enactive.pretrained import sha256_of

from ._components import add_components, component


def main(argv: Sequence[str]) -> int:
    """Evaluate, resume where an earlier run ended, print the table and write it beside the results."""
    parser = ArgumentParser(prog="enactive eval", description="Run planners over a suite of episodes and compare them.")
    parser.add_argument("--config", action="config")
    parser.add_argument("--suite", type=str, default="household/objectnav")
    parser.add_argument("--split", type=str, default="val_unseen")
    parser.add_argument("--episodes", type=int, default=100, help="the first so many episodes of the split")
    parser.add_argument(
        "--compare",
        type=list[str],
        default=[],
        help="further planners, with arguments where wanted: '[NearestFrontier, UniGoal(blacklist=false)]'",
    )
    parser.add_argument("--max_steps", type=int, default=500)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--executor", type=Executor, default="process")
    parser.add_argument("--out", type=Path, default=None, help="folder of the results; default runs/eval/SUITE-SPLIT-PLANNER")
    defaults = {"perceiver": "EmbeddedPerceiver", "planner": "UniGoal", "controller": "NavigationController"}
    chosen = parser.parse_args(add_components(parser, argv, defaults))
    if chosen.workers < 1 or chosen.episodes < 1:
        raise ConfigError("--workers and --episodes must be at least 1")

    from enactive.envs.household.suites import load_suite, suite_path
    from enactive.perception.segmenter.weights import WEIGHTS

    episodes = load_suite(chosen.suite, chosen.split)[: chosen.episodes]
    perceiver, controller = component("perceiver", chosen.perceiver), component("controller", chosen.controller)
    planner = component("planner", chosen.planner)
    label = planner.name.rpartition(".")[2]
    methods = [Method(label, perceiver, planner, controller)]
    methods += [Method(text, perceiver, read_planner(text), controller) for text in chosen.compare]
    if len({method.label for method in methods}) < len(methods):
        raise ConfigError("--compare names a planner twice")
    folder = chosen.out or Path("runs/eval") / f"{chosen.suite.replace('/', '-')}-{chosen.split}-{label}"
    file = f"{crc32(suite_path(chosen.suite, chosen.split).read_bytes()):08x}"
    settings = {
        "suite": chosen.suite,
        "split": chosen.split,
        "file": file,
        "version": __version__,
        "weights": sha256_of(WEIGHTS),
    }
    with _progress() as progress:
        bar = progress.add_task("", total=len(episodes) * len(methods), tally="")
        successes: list[bool] = []

        def show(row: Mapping[str, Any], done: int, total: int) -> None:
            successes.append(bool(row["success"]))
            progress.update(bar, completed=done, tally=f"success {sum(successes)}/{len(successes)}")

        rows = evaluate(
            methods,
            episodes,
            folder,
            settings=settings,
            max_steps=chosen.max_steps,
            workers=chosen.workers,
            executor=chosen.executor,
            on_result=show,
        )
    text = markdown(rows, f"{chosen.suite}, {chosen.split}")
    (folder / "table.md").write_text(text)
    plot(rows, folder / "table.png")
    Console().print(Markdown(text))
    print(f"{folder}/table.md, table.png, episodes.jsonl")
    return 0


def read_planner(text: str) -> Component:
    """`Name` or `Name(argument=value, ...)`, values as in YAML. Raises ConfigError where it is written otherwise."""
    written = re.fullmatch(r"\s*([\w.]+)\s*(?:\((.*)\))?\s*", text)
    if written is None:
        raise ConfigError(f"--compare takes names like UniGoal or UniGoal(blacklist=false), not {text!r}")
    pairs = [pair.partition("=") for pair in (written[2] or "").split(",") if pair.strip()]
    return Component("planners", written[1], {key.strip(): yaml.safe_load(value) for key, _, value in pairs})


def _progress() -> Progress:
    words = TextColumn("{task.fields[tally]}")
    return Progress(BarColumn(), MofNCompleteColumn(), words, TimeElapsedColumn(), TimeRemainingColumn())
