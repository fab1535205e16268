"""`enactive run GOAL`: one episode with the embedded defaults, and a folder that shows it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from jsonargparse import ArgumentParser

from enactive.agents.compat import check_compatibility
from enactive.agents.component import Component
from enactive.agents.guard import EStop
from enactive.agents.guard.stop_sources import listening, stop_server
from enactive.agents.loop import Agent
from enactive.agents.plugins import load, named
from enactive.agents.progress import LiveLine
from enactive.agents.results import fresh_folder
from enactive.envs import Goal, ImageGoal, PoseGoal, TaskGoal, parse_goal
from enactive.envs.gym_io import embodiment_of
from enactive.errors import ConfigError

from ._components import CACHE_HELP, MODEL_HELP, add_components, component, option, read_config, with_knowledge, with_model

DEMO_SEED = 449  # a red mug in the kitchen, a pink one near it, another red one in the office
DEFAULTS = {
    "env": "Household",
    "perceiver": "EmbeddedPerceiver",
    "planner": "UniGoal",
    "controller": "NavigationController",
}
TASK_DEFAULTS = {
    "env": "HouseholdTask",
    "perceiver": "TaskPerceiver",
    "planner": "D2PO",
    "controller": "InteractionController",
}
DESCRIPTION = 'Pursue a goal: "find the red mug in the kitchen", or a household task: "put a clean mug on the coffee table"'
MODES = {  # of a household task, in a line for who runs one
    "fast": "Find puts the body before the thing",
    "symbolic": "Find puts the body before the thing, and nothing is drawn",
    "physical": "the body walks, and its Find goes nowhere",
}
TASK_WORLDS = ("HouseholdTask", "AlfWorld")


def main(argv: Sequence[str]) -> int:
    """Run, record, print where the report is. Exit status 0 whether or not the goal was found, 1 where a part failed."""
    parser = ArgumentParser(prog="enactive run", description=DESCRIPTION)
    parser.add_argument("--config", action="config")
    parser.add_argument("goal", type=str, nargs="?", default="", help="what to find or to do, in words")
    parser.add_argument("--goal_image", type=Path, default=None, help="a picture of what is meant; words then name the run")
    parser.add_argument("--seed", type=int, default=0, help="where the body starts, where the environment draws it")
    parser.add_argument("--max_steps", type=int, default=500)
    parser.add_argument("--model", type=str, default="", help=MODEL_HELP)
    parser.add_argument("--model_cache", type=Path, default=None, help=CACHE_HELP)
    parser.add_argument("--stop_file", type=Path, default=None, help="of a real body: it is stopped while this file exists")
    parser.add_argument("--stop_port", type=int, default=-1, help="of a real body: HTTP stop on this port; 0 takes a free one")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where the run's folder is made")
    arguments, defaults = list(argv), _defaults(argv)
    if defaults["env"] == DEFAULTS["env"] and not any(word.startswith(("--env", "--config")) for word in arguments):
        arguments += ["--env.seed", str(DEMO_SEED)]
    chosen = parser.parse_args(add_components(parser, arguments, defaults))
    words = chosen.goal or str(read_config(argv).get("goal") or "")  # the parser forgets a positional of the file
    goal: Goal = read_goal_image(chosen.goal_image) if chosen.goal_image is not None else parse_goal(words)
    parts = {role: component(role, chosen[role]) for role in DEFAULTS}
    _require_pursuit(parts["planner"], goal)
    parts["planner"] = with_model(parts["planner"], chosen.model, chosen.model_cache)
    told = parts["env"].arguments if parts["env"].name.rpartition(".")[2] in TASK_WORLDS else {}
    if "knowledge" in told:
        parts["planner"] = with_knowledge(parts["planner"], told["knowledge"])
    if "mode" in told:
        print(f"mode {told['mode']}: {MODES[told['mode']]}")

    import torch

    from enactive.agents.report import RunFolder

    slug = re.sub(r"[^a-z0-9]+", "-", (words or chosen.goal_image.stem).lower()).strip("-")[:40]
    config = {"seed": chosen.seed, "max_steps": chosen.max_steps, "goal_image": chosen.goal_image}
    config |= {role: part.to_json() for role, part in parts.items()}
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # threads of one process that fight for busy cores collapse
    estop = EStop()
    with ExitStack() as opened:
        env, controller = (opened.enter_context(parts[role].opened()) for role in ("env", "controller"))
        perceiver, planner = (parts[role].build() for role in ("perceiver", "planner"))
        agent = Agent(perceiver, planner, controller, max_steps=chosen.max_steps, estop=estop)
        if not embodiment_of(env).simulated:
            server = opened.enter_context(stop_server(estop, chosen.stop_port))
            opened.enter_context(listening(estop, file=chosen.stop_file, server=server))
        elif chosen.stop_file is not None or chosen.stop_port >= 0:
            raise ConfigError("--stop_file and --stop_port are for real bodies, and this one is simulated: leave them out")
        check_compatibility(env, perceiver, planner, controller, goal).raise_if_broken()  # before there is a folder
        folder = opened.enter_context(fresh_folder(chosen.out / f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}"))
        episode = agent.run(env, goal, seed=chosen.seed, recorders=[LiveLine(), RunFolder(folder, config)])
    for warning in episode.warnings:
        print(f"warning: {warning}")
    for name, value in episode.metrics.items():
        print(f"  {name:20} {value if isinstance(value, bool | str) else format(value, '.3g')}")
    print(f"  {'first_action_s':20} {episode.first_action_s:.2f}\n  {'seconds':20} {episode.seconds:.1f}")
    report = folder / "report.html"
    print(f"report: {report}" if report.exists() else "no report was written")
    return int(episode.outcome == "error")


def _defaults(argv: Sequence[str]) -> dict[str, str]:
    """The parts that are meant where none are named: those of household tasks where the goal or the environment is one."""
    config = read_config(argv)
    given = config.get("env")
    world = option(argv, "--env") or (str(given.get("class_path", "")) if isinstance(given, Mapping) else "")
    world = named("envs", world.rpartition(".")[2] if world.startswith("enactive.") else world)
    if option(argv, "--goal_image"):
        words = ""
    else:
        words = _goal_words(argv) or str(config.get("goal") or "")
    goal = parse_goal(words) if words else None
    asks = isinstance(goal, TaskGoal)
    if asks and world == DEFAULTS["env"]:
        raise ConfigError(f"{words!r} is a household task, and {DEFAULTS['env']} is for finding things: leave --env out")
    if not (world in TASK_WORLDS or (asks and not world)):
        return DEFAULTS | ({"planner": "PointNav"} if isinstance(goal, PoseGoal) else {})
    return TASK_DEFAULTS | ({"planner": "LanguagePlanner"} if option(argv, "--model") else {})


def _require_pursuit(planner: Component, goal: Goal) -> None:
    """Raises ConfigError where a planner is for other kinds of goal than the one that is asked for."""
    kinds = getattr(load("planners", planner.name), "goals", None)
    if isinstance(kinds, tuple) and not isinstance(goal, kinds):
        name, takes = planner.name.rpartition(".")[2], ", ".join(kind.__name__ for kind in kinds)
        fix = "leave --env and --planner out, or ask for one of those"
        raise ConfigError(f"{name} takes {takes}, and {str(goal)!r} is a {type(goal).__name__}: {fix}")


def _goal_words(argv: Sequence[str]) -> str:
    """The positional word of the command line, which is needed before the options can be made; "" where there is none."""
    value = False
    for word in argv:
        if value:
            value = False
        elif word.startswith("-"):
            value = "=" not in word and word not in ("--", "--print_config", "--help", "-h") and not word.endswith(".help")
        else:
            return word
    return ""


def read_goal_image(path: Path) -> ImageGoal:
    """A picture file as a goal, the way up that its EXIF says. Raises ConfigError where it is missing or is not a picture."""
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            return ImageGoal(np.asarray(ImageOps.exif_transpose(picture).convert("RGB")))
    except FileNotFoundError:
        raise ConfigError(f"there is no picture {str(path)!r}") from None
    except Exception as error:  # reason: a damaged file makes Pillow raise anything: SyntaxError, struct.error, TypeError
        raise ConfigError(f"{str(path)!r} is not a picture that can be read: {error}") from error
