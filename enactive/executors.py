"""Trials in a pool of processes or on a Ray cluster; a worker that dies costs the trial that it died of, and no other.

A trial is what is done as a whole and kept as a whole: an episode of an evaluation, a shard of a collection.
"""

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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, Literal, TypeVar

from enactive.errors import ConfigError

Executor = Literal["process", "ray"]
Trial = TypeVar("Trial")
Ran = TypeVar("Ran")


@dataclass(frozen=True, slots=True)
class Folder(Generic[Trial]):
    """A folder that a trial reads, whose files Ray takes to machines that share no disk with this one.

    of(trial): where it is here. moved(trial, path): the trial that reads it there.
    """

    of: Callable[[Trial], Path]
    moved: Callable[[Trial, Path], Trial]


@dataclass(frozen=True, slots=True)
class Work(Generic[Trial, Ran]):
    """What is done with each trial. run(trial): in a worker, so that it has to pickle. keep(trial, ran): here, as soon as it is
    there. died(trial, cause): here, once a second worker has died of a trial as well; what it gives is kept in its place.

    folder: what trials read. gpu: each worker of a Ray cluster that has any GPU is given one, which Ray hides from the others.
    """

    run: Callable[[Trial], Ran]
    keep: Callable[[Trial, Ran], None]
    died: Callable[[Trial, str], Ran]
    folder: Folder[Trial] | None = None
    gpu: bool = False


Runs = Generator[tuple[Trial, Ran], None, None]


def require(executor: Executor) -> None:
    """Raises ConfigError where the executor is not installed."""
    if executor == "ray":
        try:
            import ray  # noqa: F401  # reason: whether it is there is all that is asked
        except ImportError as error:
            raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error


def run_all(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int | None, executor: Executor) -> Runs[Trial, Ran]:
    """Each trial and what came of it, once that is kept, as they finish.

    workers: as many trials are under way at most, and on a Ray cluster no more than it has room for. One process runs them in
    this one, which nobody outlives. None: one process, or as many workers as a Ray cluster has room for.

    The next trial begins when it is asked for. Whoever closes the generator, and so does what goes wrong, waits for what is
    under way, and that is kept. Raises ConfigError where workers die as they start or Ray is not installed, and what a trial
    raised.
    """
    if executor == "ray":
        return _run_on_ray(trials, work, workers)
    if workers is None or workers == 1:
        return _run_here(trials, work)
    return _run_in_pool(trials, work, workers)


def _run_here(trials: Sequence[Trial], work: Work[Trial, Ran]) -> Runs[Trial, Ran]:
    for trial in trials:
        yield _kept(trial, work.run(trial), work)


def _kept(trial: Trial, ran: Ran, work: Work[Trial, Ran]) -> tuple[Trial, Ran]:
    work.keep(trial, ran)
    return trial, ran


def _keep_the_rest(running: Mapping[Future[Ran], Trial], work: Work[Trial, Ran]) -> None:
    """Wait for what is under way when the run ends early, and keep what comes of it; what fails now is not the reason."""
    for future, trial in running.items():
        if future.exception() is None:
            work.keep(trial, future.result())


def _run_in_pool(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int) -> Runs[Trial, Ran]:
    """A worker that dies takes its pool along, and of which trial it died cannot be told: each under way runs again, alone."""
    left = iter(trials)
    while suspects := (yield from _run_until_death(left, work, workers)):
        for trial in suspects:
            yield _kept(trial, _run_alone(trial, work), work)


def _run_until_death(
    trials: Iterator[Trial], work: Work[Trial, Ran], workers: int
) -> Generator[tuple[Trial, Ran], None, list[Trial]]:
    """Run to the end, or until a worker dies: then what was taken off `trials` and has not finished is returned."""
    running: dict[Future[Ran], Trial] = {}
    suspects: list[Trial] = []
    with _pool(workers) as pool:
        try:
            while True:
                while not suspects and len(running) < workers and (trial := next(trials, None)) is not None:
                    try:
                        running[pool.submit(work.run, trial)] = trial
                    except BrokenProcessPool:
                        suspects.append(trial)
                if not running:
                    return suspects
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    trial = running.pop(future)
                    try:
                        ran = future.result()
                    except BrokenProcessPool:
                        suspects.append(trial)
                    else:
                        yield _kept(trial, ran, work)
        finally:
            _keep_the_rest(running, work)


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


def _run_on_ray(trials: Sequence[Trial], work: Work[Trial, Ran], workers: int | None) -> Runs[Trial, Ran]:
    """On the Ray of RAY_ADDRESS, or on this machine's."""
    require("ray")
    if not trials:
        return
    import ray

    run, folder = work.run, work.folder  # the rest of the work stays here, and need not pickle

    class Worker:
        def __init__(self) -> None:
            import torch

            torch.set_num_threads(1)

        def run(self, trial: Trial, files: Mapping[str, bytes] | None) -> Ran:
            if folder is None or files is None:
                return run(trial)
            with TemporaryDirectory() as path:
                for name, content in files.items():
                    (Path(path) / name).write_bytes(content)
                return run(folder.moved(trial, Path(path)))

    started = not ray.is_initialized()
    if started:
        ray.init(num_cpus=workers if "RAY_ADDRESS" not in os.environ else None, include_dashboard=False, log_to_driver=False)
    try:
        needs, room = _room({name: float(count) for name, count in ray.cluster_resources().items()}, work.gpu)
        count = min(room if workers is None else workers, room, len(trials))  # one more would wait for its place for ever
        yield from _run_on_actors(trials, ray.remote(**needs)(Worker).remote, work, count)
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _room(cluster: Mapping[str, float], gpu: bool) -> tuple[dict[str, float], int]:
    """What of a cluster each worker asks for, and for how many of them there is room."""
    gpus = int(cluster.get("GPU", 0)) if gpu else 0
    return ({"num_cpus": 1, "num_gpus": 1}, gpus) if gpus else ({"num_cpus": 1}, max(1, int(cluster.get("CPU", 1))))


def _run_on_actors(trials: Sequence[Trial], start: Callable[[], Any], work: Work[Trial, Ran], workers: int) -> Runs[Trial, Ran]:
    import ray

    sent: dict[Path, Any] = {}  # each folder goes to the cluster once

    def submit(actor: Any, trial: Trial) -> Future[Ran]:
        if work.folder is None:
            return actor.run.remote(trial, None).future()
        path = work.folder.of(trial)
        if path not in sent:
            sent[path] = ray.put({file.name: file.read_bytes() for file in path.iterdir() if file.is_file()})
        return actor.run.remote(trial, sent[path]).future()

    queue, idle = iter(trials), [start() for _ in range(workers)]
    running: dict[Future[Ran], Trial] = {}
    on: dict[Future[Ran], Any] = {}  # which actor
    suspects: list[Trial] = []  # that an actor died of
    try:
        while True:
            for actor, trial in zip(idle, queue, strict=False):
                future = submit(actor, trial)
                running[future], on[future] = trial, actor
            idle = []
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                trial, actor = running.pop(future), on.pop(future)
                try:
                    ran = future.result()
                except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
                    idle.append(_started(start))
                    if trial not in suspects:
                        suspects.append(trial)
                        queue = itertools.chain([trial], queue)
                        continue
                    ran = work.died(trial, str(error).strip())
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from error
                else:
                    idle.append(actor)
                yield _kept(trial, ran, work)
    finally:
        _keep_the_rest(running, work)


def _started(start: Callable[[], Any]) -> Any:
    """A new actor that lives. Raises ConfigError where it does not: that is no trial's doing."""
    import ray

    actor = start()
    try:
        ray.get(actor.__ray_ready__.remote())
    except ray.exceptions.RayError as error:
        raise ConfigError(f"a worker of Ray dies as it starts: {error}") from error
    return actor
