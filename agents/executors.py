"""Trials in a pool of processes or on a Ray cluster; a worker that dies costs the trial that it died of, and no other."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from enactive.errors import ConfigError

Executor = Literal["process", "ray"]
Trial = TypeVar("Trial")
Ran = TypeVar("Ran")


@dataclass(frozen=True, slots=True)
class Work(Generic[Trial, Ran]):
    """What is done with each trial. run(trial): in a worker, so that it has to pickle. died(trial, cause): here, once a second
    worker has died of a trial as well."""

    run: Callable[[Trial], Ran]
    died: Callable[[Trial, str], Ran]


def run_all(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int, executor: Executor) -> Iterator[Ran]:
    """What comes of each trial, as it finishes. One process runs them in this one, which nobody outlives.

    Raises ConfigError where workers die as they start or Ray is not installed, and what a trial raised once those beside it are
    finished.
    """
    if executor == "ray":
        return _run_on_ray(trials, work, workers)
    if workers == 1:
        return (work.run(trial) for trial in trials)
    return _run_in_pool(trials, work, workers)


def _run_in_pool(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int) -> Iterator[Ran]:
    """A worker that dies takes its pool along, and of which trial it died cannot be told: each under way runs again, alone."""
    left = iter(trials)
    while suspects := (yield from _run_until_death(left, work, workers)):
        for trial in suspects:
            yield _run_alone(trial, work)


def _run_until_death(trials: Iterator[Trial], work: Work[Trial, Ran], workers: int) -> Generator[Ran, None, list[Trial]]:
    """Run to the end, or until a worker dies: then what was taken off `trials` and has not finished is returned."""
    running: dict[Future[Ran], Trial] = {}
    suspects: list[Trial] = []
    failures: list[BaseException] = []
    with _pool(workers) as pool:
        while True:
            while not (suspects or failures) and len(running) < 2 * workers and (trial := next(trials, None)) is not None:
                try:
                    running[pool.submit(work.run, trial)] = trial
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


def _run_alone(trial: Trial, work: Work[Trial, Ran]) -> Ran:
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
            return pool.submit(work.run, trial).result()
    code = children[pid].exitcode if pid in children else None  # known once the pool is closed
    if code is None:
        return work.died(trial, "its exit status is not known")
    return work.died(trial, f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit status {code}")


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


def _run_on_ray(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int) -> Iterator[Ran]:
    try:
        import ray
    except ImportError as error:
        raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error

    run = work.run

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
        yield from _run_on_actors(trials, ray.remote(num_cpus=1)(Worker).remote, work.died, workers)
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _run_on_actors(
    trials: Sequence[Trial], start: Callable[[], Any], died: Callable[[Trial, str], Ran], workers: int
) -> Iterator[Ran]:
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
                yield died(trial, str(error).strip())
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
