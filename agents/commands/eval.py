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
from enactive.agents.evaluation import HOUSEHOLD, AnyEpisode, evaluate
from enactive.agents.plugins import Group, named
from enactive.agents.results import writing
from enactive.agents.table import markdown, plot, scored
from enactive.envs.household.tasks.env import Mode
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.errors import ConfigError
from enactive.executors import Executor
from enactive.pretrained import sha256_of

from ._components import CACHE_HELP, MODEL_HELP, add_components, component, option, read_config, with_knowledge, with_model

_CLOSING = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}
TASK_SUITE, POSE_SUITE, ALFWORLD = "household/tasks", "hand/poses", "alfworld"
NAVIGATION_DEFAULTS = {"perceiver": "EmbeddedPerceiver", "planner": "UniGoal", "controller": "NavigationController"}
TASK_DEFAULTS = {"perceiver": "TaskPerceiver", "planner": "D2PO", "controller": "InteractionController"}


def main(argv: Sequence[str]) -> int:
    """Evaluate, resume where an earlier run ended, print the table and write it beside the results, with a page for people."""
    if _suite(argv) == POSE_SUITE:
        from ._eval_poses import main as evaluate_poses

        return evaluate_poses(argv)
    parser = ArgumentParser(prog="enactive eval", description="Run planners over a suite of episodes and compare them.")
    parser.add_argument("--config", action="config")
    parser.add_argument("--suite", type=str, default="household/objectnav")
    parser.add_argument("--split", type=str, default="val_unseen")
    parser.add_argument("--episodes", type=int, default=100, help="the first so many episodes of the split")
    parser.add_argument(
        "--compare",
        type=read_names,
        default=[],
        help="further planners, with arguments where wanted: '[NearestFrontier, UniGoal(blacklist=false)]'",
    )
    parser.add_argument(
        "--max_steps",
        type=int | None,
        default=None,
        help="default 500, and 25 commands of a household task that is not physical",
    )
    parser.add_argument(
        "--mode", type=Mode, default="symbolic", help="of household/tasks alone; physical needs a planner that walks"
    )
    parser.add_argument("--knowledge", type=Knowledge, default="visible", help="what the agent of a household task is told")
    parser.add_argument("--workers", type=int, default=1, help="processes; from two on, one that dies costs its trial alone")
    parser.add_argument("--executor", type=Executor, default="process")
    parser.add_argument("--model", type=str, default="", help=f"{MODEL_HELP}; not of those compared with")
    parser.add_argument("--model_cache", type=Path, default=None, help=CACHE_HELP)
    parser.add_argument("--out", type=Path, default=None, help="folder of the results; default runs/eval/SUITE-SPLIT-PLANNER")
    defaults = TASK_DEFAULTS if _suite(argv) in (TASK_SUITE, ALFWORLD) else NAVIGATION_DEFAULTS
    chosen = parser.parse_args(add_components(parser, argv, defaults))
    if chosen.workers < 1 or chosen.episodes < 1:
        raise ConfigError("--workers and --episodes must be at least 1")

    from enactive.agents.report.evaluation import write_evaluation_page
    from enactive.envs.alfworld.problems import make_problem, problems_path
    from enactive.envs.household.suites import load_suite, suite_path
    from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks, tasks_path
    from enactive.perception.segmenter.weights import WEIGHTS

    episodes: Sequence[AnyEpisode]
    if chosen.suite == TASK_SUITE:
        episodes = load_tasks(chosen.split)[: chosen.episodes]
        path, limit = tasks_path(chosen.split), 500 if chosen.mode == "physical" else MAX_COMMANDS
        told = {"mode": chosen.mode, "knowledge": chosen.knowledge}
        world = Component("envs", "HouseholdTask", told)
        title = f"{chosen.suite}, {chosen.split}, {chosen.mode}, the agent is told what is {chosen.knowledge}"
    elif chosen.suite == ALFWORLD:
        episodes = [make_problem(chosen.split, number) for number in range(chosen.episodes)]
        path, limit = problems_path(), MAX_COMMANDS
        world = Component("envs", "AlfWorld", {"knowledge": chosen.knowledge})
        title = f"{chosen.suite}, {chosen.split}, the agent is told what is {chosen.knowledge}"
    else:
        episodes = load_suite(chosen.suite, chosen.split)[: chosen.episodes]
        path, limit, world = suite_path(chosen.suite, chosen.split), 500, HOUSEHOLD
        title = f"{chosen.suite}, {chosen.split}"
    perceiver, controller = component("perceiver", chosen.perceiver), component("controller", chosen.controller)
    planner = with_model(component("planner", chosen.planner), chosen.model, chosen.model_cache)
    others = [read_component(text, "planners") for text in chosen.compare]
    if chosen.suite in (TASK_SUITE, ALFWORLD):
        planner, *others = (with_knowledge(each, chosen.knowledge) for each in (planner, *others))
    name = planner.name.rpartition(".")[2]
    label = f"{name} on {chosen.model}" if chosen.model else name
    methods = [Method(label, perceiver, planner, controller)]
    methods += [Method(text, perceiver, each, controller) for text, each in zip(chosen.compare, others, strict=True)]
    if len({method.label for method in methods}) < len(methods):
        raise ConfigError(
            f"--compare names a planner twice, or {label} again: tell them apart by their arguments, {name}(argument=value)"
        )
    folder = chosen.out or Path("runs/eval") / f"{chosen.suite.replace('/', '-')}-{chosen.split}-{name}"
    file = f"{crc32(path.read_bytes()):08x}"
    settings = {
        "suite": chosen.suite,
        "split": chosen.split,
        "file": file,
        "version": __version__,
    }
    if chosen.suite not in (TASK_SUITE, ALFWORLD):
        settings["weights"] = sha256_of(WEIGHTS)  # what perceives where nothing else is named
    with progress_bar() as progress:
        bar = progress.add_task("", total=len(episodes) * len(methods), tally="")
        successes: list[bool] = []

        def show(row: Mapping[str, Any], done: int, total: int) -> None:
            successes.extend(bool(row["success"]) for row in scored([row]))
            progress.update(bar, completed=done, tally=f"success {sum(successes)}/{len(successes)}")

        rows = evaluate(
            methods,
            episodes,
            folder,
            settings=settings,
            world=world,
            max_steps=limit if chosen.max_steps is None else chosen.max_steps,
            workers=chosen.workers,
            executor=chosen.executor,
            on_result=show,
        )
    text = markdown(rows, title)
    with writing(folder):
        (folder / "table.md").write_text(text)
        plot(rows, folder / "table.png")
        write_evaluation_page(folder, rows, title)
    Console().print(Markdown(text))
    print(f"{folder}/report.html, table.md, table.png, episodes.jsonl")
    return 0


def _suite(argv: Sequence[str]) -> str:
    """The suite that the command line or the file behind it names, "" where none does."""
    return option(argv, "--suite") or str(read_config(argv).get("suite", ""))


def read_component(text: str, group: Group) -> Component:
    """`Name` or `Name(argument=value, ...)`, values as in YAML. Raises ConfigError where it is written otherwise."""
    written = re.fullmatch(r"\s*([\w.]+)\s*(?:\((.*)\))?\s*", text)
    if written is None:
        raise ConfigError(f"--compare takes names like UniGoal or UniGoal(blacklist=false), not {text!r}")
    arguments = {}
    for pair in _between_commas(written[2] or ""):
        key, equals, value = pair.partition("=")
        try:
            arguments[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ""
        if not (equals and key.strip()):
            raise ConfigError(f"{pair!r} in {text!r} is not argument=value with a value as in YAML: UniGoal(blacklist=false)")
    return Component(group, named(group, written[1]), arguments)


def read_names(given: str | Sequence[str]) -> list[str]:
    """What `--compare` lists, each with its arguments: "[D2PO(critic=F, candidates=8), OracleExpert]", brackets as wanted.

    given: as typed, or as YAML made it, which splits at every comma. Raises ConfigError where brackets or quotes do not match.
    """
    text = given.strip() if isinstance(given, str) else ", ".join(given)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [each[1:-1] if each[0] in "'\"" and each[-1] == each[0] else each for each in _between_commas(text)]


def _between_commas(text: str) -> list[str]:
    """The parts of a text between the commas that stand in no brackets and no quotes."""
    parts, closing = [""], ""
    for letter in text:
        if letter == closing[-1:]:
            closing = closing[:-1]
        elif closing[-1:] not in ("'", '"'):
            closing += _CLOSING.get(letter, "")
        if letter == "," and not closing:
            parts.append("")
        else:
            parts[-1] += letter
    if closing:
        raise ConfigError(f"{closing[-1]} is missing in {text!r}")
    return [part.strip() for part in parts if part.strip()]


def progress_bar() -> Progress:
    words = TextColumn("{task.fields[tally]}")
    return Progress(BarColumn(), MofNCompleteColumn(), words, TimeElapsedColumn(), TimeRemainingColumn())
