"""`enactive run GOAL`: one episode with the embedded defaults, and a folder that shows it."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from jsonargparse import ArgumentParser

from enactive.agents.guard import EStop
from enactive.agents.guard.stop_sources import listening
from enactive.agents.loop import Agent
from enactive.agents.plugins import named as registered
from enactive.agents.progress import LiveLine
from enactive.envs import Goal, ImageGoal, parse_goal
from enactive.envs.gym_io import embodiment_of
from enactive.errors import ConfigError

from ._components import MODEL_HELP, add_components, component, read_config, with_knowledge, with_model

DEMO_SEED = 449  # a red mug in the kitchen, a pink one near it, another red one in the office
DEFAULTS = {
    "env": "Household",
    "perceiver": "EmbeddedPerceiver",
    "planner": "UniGoal",
    "controller": "NavigationController",
}
TASK_PARTS = {"perceiver": "TaskPerceiver", "planner": "D2PO", "controller": "InteractionController"}


def main(argv: Sequence[str]) -> int:
    """Run, record, print where the report is. Exit status 0 whether or not the goal was found, 1 where a part failed."""
    parser = ArgumentParser(prog="enactive run", description='Pursue a goal: enactive run "find the red mug in the kitchen"')
    parser.add_argument("--config", action="config")
    parser.add_argument("goal", type=str, nargs="?", default="", help="what to find, in words")
    parser.add_argument("--goal_image", type=Path, default=None, help="a picture of what to find, in place of words")
    parser.add_argument("--seed", type=int, default=0, help="where the body starts, where the environment draws it")
    parser.add_argument("--max_steps", type=int, default=500)
    parser.add_argument("--model", type=str, default="", help=MODEL_HELP)
    parser.add_argument("--stop_file", type=Path, default=None, help="of a real body: it is stopped while this file exists")
    parser.add_argument("--stop_port", type=int, default=-1, help="of a real body: HTTP stop on this port; 0 takes a free one")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where the run's folder is made")
    arguments = list(argv)
    if not any(word.startswith(("--env", "--config")) for word in arguments):
        arguments += ["--env.seed", str(DEMO_SEED)]
    defaults = DEFAULTS | (TASK_PARTS if _is_task(arguments) else {})
    if _is_task(arguments) and any(word.partition("=")[0] == "--model" for word in arguments):
        defaults["planner"] = "LanguagePlanner"
    chosen = parser.parse_args(add_components(parser, arguments, defaults))
    words = chosen.goal or str(read_config(argv).get("goal") or "")  # the parser forgets a positional of the file
    goal: Goal = read_goal_image(chosen.goal_image) if chosen.goal_image is not None else parse_goal(words)
    parts = {role: component(role, chosen[role]) for role in DEFAULTS}
    parts["planner"] = with_model(parts["planner"], chosen.model)
    if (knowledge := parts["env"].arguments.get("knowledge")) is not None:
        parts["planner"] = with_knowledge(parts["planner"], knowledge)

    import torch

    from enactive.agents.report import RunFolder

    slug = re.sub(r"[^a-z0-9]+", "-", (words or chosen.goal_image.stem).lower()).strip("-")[:40]
    folder = chosen.out / f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}"
    config = {"seed": chosen.seed, "max_steps": chosen.max_steps, "goal_image": chosen.goal_image}
    config |= {role: part.to_json() for role, part in parts.items()}
    record = RunFolder(folder, config)
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # threads of one process that fight for busy cores collapse
    estop = EStop()
    with ExitStack() as opened:
        env, controller = (opened.enter_context(parts[role].opened()) for role in ("env", "controller"))
        perceiver, planner = (parts[role].build() for role in ("perceiver", "planner"))
        agent = Agent(perceiver, planner, controller, max_steps=chosen.max_steps, estop=estop)
        if not embodiment_of(env).simulated:
            opened.enter_context(listening(estop, file=chosen.stop_file, port=chosen.stop_port))
        episode = agent.run(env, goal, seed=chosen.seed, recorders=[LiveLine(), record])
    for warning in episode.warnings:
        print(f"warning: {warning}")
    for name, value in episode.metrics.items():
        print(f"  {name:20} {value if isinstance(value, bool | str) else format(value, '.3g')}")
    print(f"  {'first_action_s':20} {episode.first_action_s:.2f}\n  {'seconds':20} {episode.seconds:.1f}")
    report = folder / "report.html"
    print(f"report: {report}" if report.exists() else "no report was written")
    return int(episode.outcome == "error")


def _is_task(argv: Sequence[str]) -> bool:
    """Whether the environment that the command line names is one of household tasks, whose agent reads words."""
    named = [after for word, after in itertools.pairwise(argv) if word == "--env"]
    named += [word.partition("=")[2] for word in argv if word.startswith("--env=")]
    return bool({"HouseholdTask", "AlfWorld"} & {registered("envs", name) for name in named})


def read_goal_image(path: Path) -> ImageGoal:
    """A picture file as a goal. Raises ConfigError where it is missing or is not a picture."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return ImageGoal(np.asarray(picture.convert("RGB")))
    except FileNotFoundError:
        raise ConfigError(f"there is no picture {str(path)!r}") from None
    except (UnidentifiedImageError, OSError) as error:
        raise ConfigError(f"{str(path)!r} is not a picture that can be read: {error}") from error
