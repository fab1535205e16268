"""Many episodes, several methods, many processes: the same episodes for everyone, each run once, nothing lost."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import gymnasium as gym

from enactive.envs import Goal, TaskGoal
from enactive.envs.alfworld.problems import Problem
from enactive.envs.gym_io import call_world, embodiment_of
from enactive.envs.household.episode import NavigationEpisode, View
from enactive.envs.household.suites import ready
from enactive.envs.household.tasks.task import Task
from enactive.errors import ConfigError, EmbodimentFault, HaltError

from .component import Component, Method
from .episode import Episode
from .failures import FailureWatch
from .loop import Agent, Recorder
from .report.failure import FailurePicture
from .results import Results
from .table import PARTS

Executor = Literal["process", "ray"]
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
    that the guard refuses there, ends its trial alone: the row says why, and the world is made anew. Raises EmbodimentFault or
    SafetyAbort where a real body is at stake, and ConfigError where `folder` cannot be written: what is finished is kept.
    """
    identities = {f"method {method.label}": method.to_json() for method in methods}
    results = Results(folder, {**settings, "max_steps": max_steps, "environment": world.to_json(), **identities})
    trials = [(method, episode) for method in methods for episode in episodes]
    wanted = {(method.label, episode.id) for method, episode in trials}
    left = [trial for trial in trials if (trial[0].label, trial[1].id) not in results.done]
    left.sort(key=lambda trial: trial[1].apartment_seed)  # the same apartment comes in a row: workers keep it compiled
    try:
        for row, picture in _run_all(left, partial(run_trial, max_steps=max_steps, world=world), workers, executor):
            if picture:
                _keep_picture(folder, row, picture)
            results.append(row)
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
    watch.end(record, None)  # a world that breaks in its reset tells no recorder
    row = {
        "method": method.label,
        "episode": episode.id,
        "goal": str(goal),
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
    return row, picture.jpeg


def _pursue(
    method: Method, goal: Goal, options: Mapping[str, Any], max_steps: int, world: Component, recorders: Sequence[Recorder]
) -> Episode:
    """Run an episode. What halts the agent is raised on a real body; a simulated world is closed, and the next one is new."""
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


RunOne = Callable[[Trial], Ran]


def _run_all(trials: Sequence[Trial], run: RunOne, workers: int, executor: Executor) -> Iterator[Ran]:
    if executor == "ray":
        return _run_on_ray(trials, run, workers)
    if workers == 1:
        return (run(trial) for trial in trials)
    return _run_in_pool(trials, run, workers)


def _run_in_pool(trials: Sequence[Trial], run: RunOne, workers: int) -> Iterator[Ran]:
    queue = iter(trials)
    failures: list[Future[Ran]] = []
    context = multiprocessing.get_context("spawn")  # a forked child would share the parent's graphics context and threads
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        running = {pool.submit(run, trial) for trial in itertools.islice(queue, 2 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            broken = [future for future in finished if future.exception() is not None]
            if broken:  # what runs beside the trial that broke is finished and kept
                queue = iter(())
                running = {future for future in running if not future.cancel()}
            running |= {pool.submit(run, trial) for trial in itertools.islice(queue, len(finished))}
            yield from (future.result() for future in finished if future not in broken)
            failures += broken
        if failures:
            failures[0].result()


def _start_worker() -> None:
    """One thread a process (two fight for the cores), and no life after the parent's."""
    import torch

    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _run_on_ray(trials: Sequence[Trial], run: RunOne, workers: int) -> Iterator[Ran]:
    try:
        import ray
    except ImportError as error:
        raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error

    class Worker:
        def __init__(self) -> None:
            import torch

            torch.set_num_threads(1)

        def run(self, trial: Trial) -> Ran:
            return run(trial)

    started = not ray.is_initialized()
    if started:
        ray.init(num_cpus=workers if "RAY_ADDRESS" not in os.environ else None, include_dashboard=False, log_to_driver=False)
    try:
        actors = [ray.remote(num_cpus=1)(Worker).remote() for _ in range(workers)]
        yield from _run_on_actors(trials, actors)
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _run_on_actors(trials: Sequence[Trial], actors: Sequence[Any]) -> Iterator[Ran]:
    import ray

    queue, idle = iter(trials), list(actors)
    running: dict[Any, Any] = {}  # the actor that each result comes from
    failures: list[Exception] = []
    while True:
        running |= {actor.run.remote(trial): actor for actor, trial in zip(idle, queue, strict=False)}
        if not running:
            break
        [finished], _ = ray.wait(list(running))
        idle = [running.pop(finished)]
        try:
            ran: Ran = ray.get(finished)
        except ray.exceptions.RayError as error:  # what runs beside the trial that broke is finished and kept
            queue = iter(())
            failures.append(error)
        else:
            yield ran
    if failures:
        raise failures[0]
