"""Many episodes, several methods, many processes: the same episodes for everyone, each run once, nothing lost."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import gymnasium as gym

from enactive.envs import Goal, TaskGoal, TextGoal
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
    """A worker that dies takes its pool along, and of which trial it died cannot be told: each under way runs again, alone."""
    left = iter(trials)
    while suspects := (yield from _run_until_death(left, run, workers)):
        for trial in suspects:
            yield _run_alone(trial, run)


def _run_until_death(trials: Iterator[Trial], run: RunOne, workers: int) -> Generator[Ran, None, list[Trial]]:
    """Run to the end, or until a worker dies: then what was taken off `trials` and has not finished is returned."""
    running: dict[Future[Ran], Trial] = {}
    suspects: list[Trial] = []
    failures: list[BaseException] = []
    with _pool(workers) as pool:
        while True:
            while not (suspects or failures) and len(running) < 2 * workers and (trial := next(trials, None)) is not None:
                try:
                    running[pool.submit(run, trial)] = trial
                except BrokenProcessPool:
                    suspects.append(trial)
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                trial, error = running.pop(future), future.exception()
                if error is None:
                    yield future.result()
                elif isinstance(error, BrokenProcessPool):
                    suspects.append(trial)
                else:
                    failures.append(error)
            if failures:  # what runs beside the trial that raised is finished and kept
                running = {future: trial for future, trial in running.items() if not future.cancel()}
    if failures:
        raise failures[0]
    return suspects


def _run_alone(trial: Trial, run: RunOne) -> Ran:
    """Run a trial in a worker of its own; where that dies too, the trial has failed."""
    with _pool(1) as pool:
        try:
            pid = pool.submit(os.getpid).result()
        except BrokenProcessPool as error:  # it is not the trial's doing
            raise ConfigError(
                "worker processes die as they start: see what they print, make room in memory, or use one worker"
            ) from error
        children = {child.pid: child for child in multiprocessing.active_children()}
        with contextlib.suppress(BrokenProcessPool):
            return pool.submit(run, trial).result()
    code = children[pid].exitcode if pid in children else None  # known once the pool is closed
    if code is None:
        return _died(trial, "its exit status is not known")
    return _died(trial, f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit status {code}")


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a forked child would share the parent's graphics context and threads
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


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
        yield from _run_on_actors(trials, ray.remote(num_cpus=1)(Worker).remote, workers)
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _run_on_actors(trials: Sequence[Trial], start: Callable[[], Any], workers: int) -> Iterator[Ran]:
    import ray

    queue, idle = iter(trials), [start() for _ in range(workers)]
    running: dict[Any, tuple[Any, Trial]] = {}  # what comes, from which actor, and what that runs
    suspects: list[Trial] = []  # that an actor died of
    failures: list[Exception] = []
    while True:
        running |= {actor.run.remote(trial): (actor, trial) for actor, trial in zip(idle, queue, strict=False)}
        if not running:
            break
        [finished], _ = ray.wait(list(running))
        actor, trial = running.pop(finished)
        idle = [actor]
        try:
            ran: Ran = ray.get(finished)
        except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
            idle = [_started(start)]
            if trial in suspects:
                yield _died(trial, str(error).strip())
            else:
                suspects.append(trial)
                queue = itertools.chain([trial], queue)
        except ray.exceptions.RayError as error:  # what runs beside the trial that broke is finished and kept
            queue = iter(())
            failures.append(error)
        else:
            yield ran
    if failures:
        raise failures[0]


def _started(start: Callable[[], Any]) -> Any:
    """A new actor that lives. Raises ConfigError where it does not: that is no trial's doing."""
    import ray

    actor = start()
    try:
        ray.get(actor.__ray_ready__.remote())
    except ray.exceptions.RayError as error:
        raise ConfigError(f"a worker of Ray dies as it starts: {error}") from error
    return actor
