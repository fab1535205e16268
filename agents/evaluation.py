"""Many episodes, several methods, many processes: the same episodes for everyone, each run once, nothing lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gymnasium as gym

from enactive.envs import Goal, TaskGoal, TextGoal
from enactive.envs.alfworld.problems import Problem
from enactive.envs.gym_io import call_world, embodiment_of
from enactive.envs.household.episode import NavigationEpisode, View
from enactive.envs.household.suites import ready
from enactive.envs.household.tasks.task import Task
from enactive.errors import EmbodimentFault, HaltError
from enactive.executors import Executor, Work, run_all

from .component import Component, Method
from .episode import Episode
from .failures import FailureWatch
from .loop import Agent, Recorder
from .report.failure import FailurePicture
from .results import Results
from .table import PARTS

AnyEpisode = NavigationEpisode | Task | Problem
Trial = tuple[Method, AnyEpisode]
Ran = tuple[dict[str, Any], bytes]  # a row, and a picture of the failure
HOUSEHOLD = Component("envs", "Household")


def evaluate(
    methods: Sequence[Method],
    episodes: Sequence[AnyEpisode],
    folder: Path,
    *,
    settings: Mapping[str, Any],
    world: Component = HOUSEHOLD,
    max_steps: int = 500,
    workers: int = 1,
    executor: Executor = "process",
    on_result: Callable[[Mapping[str, Any], int, int], None] = lambda row, done, total: None,
) -> list[dict[str, Any]]:
    """Run every method on every episode and return the rows, methods in order, episodes in order.

    world: the environment, without its `max_steps`. Finished episodes are appended to `folder` at once, with a picture in
    `failures/` of navigation that failed; the same call resumes where an earlier one ended, however it ended.
    on_result(row, done, total) is called after each. A simulated world (`Embodiment.simulated`) that breaks, or a command
    that the guard refuses there, ends its trial alone: the row says why, and the world is made anew. So does what a part of a
    method raises by mistake, which counts as its failure; its parts are made anew. Raises EmbodimentFault, SafetyAbort or such
    a mistake where a real body is at stake, MemoryError, OSError or ImportError where the machine lacks something, and
    ConfigError where `folder` cannot be written: what is finished is kept.
    A trial whose worker process dies (a segmentation fault, no memory left) runs once more; where that one dies too, the row
    says so, as of a world that breaks. One process (`workers=1`) has nobody to outlive it.
    """
    identities = {f"method {method.label}": method.to_json() for method in methods}
    identities |= {f"weights of {method.label}": weights for method in methods if (weights := method.weights())}
    results = Results(folder, {**settings, "max_steps": max_steps, "environment": world.to_json(), **identities})
    trials = [(method, episode) for method in methods for episode in episodes]
    wanted = {(method.label, episode.id) for method, episode in trials}
    left = [trial for trial in trials if (trial[0].label, trial[1].id) not in results.done]
    left.sort(key=lambda trial: trial[1].apartment_seed)  # the same apartment comes in a row: workers keep it compiled

    def keep(trial: Trial, ran: Ran) -> None:
        row, picture = ran
        if picture:
            _keep_picture(folder, row, picture)
        results.append(row)

    work = Work(partial(run_trial, max_steps=max_steps, world=world), keep, _died)
    try:
        with contextlib.closing(run_all(left, work, workers, executor)) as runs:
            for _, (row, _) in runs:
                on_result(row, len(wanted & results.done), len(trials))
    finally:
        results.close()
    by_key = {(row["method"], row["episode"]): row for row in results.rows}
    return [by_key[method.label, episode.id] for method, episode in trials]


def run_trial(trial: Trial, max_steps: int, world: Component = HOUSEHOLD) -> Ran:
    """Run one method on one episode: what happened in one flat row, and a picture of navigation that failed (JPEG, else b"").

    A row without `success` is of a world that broke, which says nothing of the method.
    """
    method, episode = trial
    goal, options = _asked(episode)
    watch, picture = FailureWatch(), FailurePicture()
    recorders: list[Recorder] = [watch, picture] if isinstance(episode, NavigationEpisode) else [watch]
    record = _pursue(method, goal, options, max_steps, world, recorders)
    return _row(trial, record, watch), picture.jpeg


def _row(trial: Trial, record: Episode, watch: FailureWatch) -> dict[str, Any]:
    method, episode = trial
    watch.end(record, None)  # a world that breaks in its reset tells no recorder
    return {
        "method": method.label,
        "episode": episode.id,
        "goal": str(record.goal),
        "outcome": record.outcome,
        "found": record.found,
        "reason": record.reason,
        "error": record.error,
        "failure": watch.kind,
        "picture": "",
        "warnings": record.warnings,
        "seen_at_step": watch.seen_at_step,
        "steps": len(record.steps),
        "interventions": record.interventions,
        **record.metrics,
        **{f"{part}_s": sum(step.seconds[part] for step in record.steps) for part in PARTS},
    }


def _died(trial: Trial, cause: str) -> Ran:
    """The row of a trial that two processes died of."""
    _, episode = trial
    goal: Goal
    if isinstance(episode, Task | Problem):
        goal = TaskGoal(episode.instruction)
    elif isinstance(episode.goal, View):  # taking the picture may be what kills
        goal = TextGoal(f"what {episode.goal} shows")
    else:
        goal = episode.goal
    error = f"the process that ran it died, and so did another that ran it again: {cause}"
    return _row(trial, Episode(goal, error=error, error_kind="EmbodimentFault"), FailureWatch()), b""


def _pursue(
    method: Method, goal: Goal, options: Mapping[str, Any], max_steps: int, world: Component, recorders: Sequence[Recorder]
) -> Episode:
    """Run an episode. What halts the agent is raised on a real body; a simulated world is closed, and the next one is new.

    So are the next parts of a method that raised by mistake: nobody knows what that left them with.
    """
    env = _environment(world, max_steps)
    try:
        return _agent(method, max_steps).run(env, goal, seed=0, options=options, recorders=recorders)
    except HaltError as error:
        if not embodiment_of(env).simulated:
            raise
        del _ENVIRONMENTS[repr(_limited(world, max_steps))]
        with contextlib.suppress(EmbodimentFault):  # what is broken may not even close
            call_world(env.close)
        record: Episode = error.episode  # type: ignore[attr-defined]
        return record
    except (MemoryError, OSError, ImportError):  # what the machine lacks, it lacks at every trial
        raise
    except Exception as error:  # reason: a method may raise anything; what none of its parts raised goes on
        failed: Episode | None = getattr(error, "episode", None)
        if failed is None or not embodiment_of(env).simulated:
            raise
        del _AGENTS[repr(method), max_steps]
        return failed


def _keep_picture(folder: Path, row: dict[str, Any], picture: bytes) -> None:
    """Write the picture of a failure, and its name into the row; where the disk refuses it the row has a warning instead."""
    name = f"failures/{quote(row['episode'], safe='')}-{quote(row['method'], safe='()=,')}.jpg"
    path = folder / name
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture)
    except OSError as error:
        with contextlib.suppress(OSError):  # half a picture would keep its room
            path.unlink(missing_ok=True)
        row["warnings"].append(f"its picture was not written: {error}")
    else:
        row["picture"] = name


def _asked(episode: AnyEpisode) -> tuple[Goal, dict[str, Any]]:
    """What the agent is asked for, and the options of the reset that starts the episode."""
    if isinstance(episode, Task | Problem):
        return TaskGoal(episode.instruction), {"task": episode}
    episode = ready(episode)
    assert not isinstance(episode.goal, View)  # `ready` has taken the picture
    return episode.goal, {"episode": episode}


_AGENTS: dict[tuple[str, int], Agent] = {}


def _agent(method: Method, max_steps: int) -> Agent:
    """One agent per method and process: models load once."""
    key = (repr(method), max_steps)
    if key not in _AGENTS:
        _AGENTS[key] = Agent(method.perceiver.build(), method.planner.build(), method.controller.build(), max_steps=max_steps)
    return _AGENTS[key]


_ENVIRONMENTS: dict[str, gym.Env[Any, Any]] = {}


def _environment(world: Component, max_steps: int) -> gym.Env[Any, Any]:
    """One environment per process."""
    limited = _limited(world, max_steps)
    if repr(limited) not in _ENVIRONMENTS:
        _ENVIRONMENTS[repr(limited)] = limited.build()
    return _ENVIRONMENTS[repr(limited)]


def _limited(world: Component, max_steps: int) -> Component:
    """The world with a limit of its own, which the agent's comes before."""
    return Component(world.group, world.name, {**world.arguments, "max_steps": max_steps + 1})
