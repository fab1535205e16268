"""How trials are spread: what is under way when a run ends early is kept, and nothing more begins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from enactive import executors as module
from enactive.errors import ModelError
from enactive.executors import Folder, Work, _room, run_all


class Workers:
    """Stands for a pool: keeps what each trial was begun with, to be ended by hand."""

    def __init__(self) -> None:
        self.begun: list[Future[str]] = []

    def submit(self, run: Callable[[int], str], trial: int) -> Future[str]:
        self.begun.append(Future())
        return self.begun[-1]

    def end(self, *outcomes: str | Exception) -> None:
        """Soon: the trials under way come to an end in their order, one after the other, while the run waits."""
        open_ = [i for i in range(8) if i >= len(self.begun) or not self.begun[i].done()]
        threading.Thread(target=self._end, args=(list(zip(open_, outcomes, strict=False)),)).start()

    def _end(self, outcomes: list[tuple[int, str | Exception]]) -> None:
        for trial, outcome in outcomes:
            while len(self.begun) <= trial:
                time.sleep(0.01)
            time.sleep(0.02)
            if isinstance(outcome, Exception):
                self.begun[trial].set_exception(outcome)
            else:
                self.begun[trial].set_result(outcome)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    own = Workers()

    @contextmanager
    def pool(count: int) -> Iterator[Workers]:
        yield own

    monkeypatch.setattr(module, "_pool", pool)
    return own


def work(kept: list[int]) -> Work[int, str]:
    def keep(trial: int, ran: str) -> None:
        assert ran == f"ran {trial}"
        kept.append(trial)

    return Work(lambda trial: f"ran {trial}", keep, lambda trial, cause: cause)


def test_as_many_are_under_way_as_there_are_workers_and_who_stops_keeps_those(workers: Workers) -> None:
    kept: list[int] = []
    with closing(run_all(range(8), work(kept), 2, "process")) as runs:
        for trial in range(3):
            workers.end(f"ran {trial}")
            assert next(runs) == (trial, f"ran {trial}")
        assert len(workers.begun) == 4  # the next begins when it is asked for
        workers.end("ran 3")
    assert len(workers.begun) == 4
    assert kept == [0, 1, 2, 3]


def test_after_a_trial_that_failed_no_other_begins_and_those_under_way_are_kept(workers: Workers) -> None:
    kept: list[int] = []
    runs = run_all(range(8), work(kept), 3, "process")
    workers.end(ModelError("the judge is gone"), ModelError("as before"), "ran 2")
    with pytest.raises(ModelError, match="the judge is gone"):
        next(runs)
    assert len(workers.begun) == 3
    assert kept == [2]


def test_in_this_process_a_trial_begins_when_it_is_asked_for() -> None:
    kept: list[int] = []
    with closing(run_all(range(8), work(kept), None, "process")) as runs:
        assert next(runs) == (0, "ran 0")
        assert next(runs) == (1, "ran 1")
    assert kept == [0, 1]


def test_a_worker_of_ray_asks_for_a_gpu_where_there_is_one_and_it_is_wanted() -> None:
    cluster = {"CPU": 8.0, "GPU": 2.0, "memory": 1e9}
    assert _room(cluster, gpu=True) == ({"num_cpus": 1, "num_gpus": 1}, 2)
    assert _room(cluster, gpu=False) == ({"num_cpus": 1}, 8)
    assert _room({"CPU": 4.0}, gpu=True) == ({"num_cpus": 1}, 4)
    assert _room({}, gpu=True) == ({"num_cpus": 1}, 1)


def test_more_workers_than_a_ray_cluster_has_room_for_do_not_keep_the_run_waiting() -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    kept: list[int] = []
    ran: list[tuple[int, str]] = []

    def keep(trial: int, ran: str) -> None:
        kept.append(trial)

    spread: Work[int, str] = Work(lambda trial: f"ran {trial}", keep, lambda trial, cause: cause)
    run = threading.Thread(target=lambda: ran.extend(run_all(range(4), spread, 3, "ray")), daemon=True)
    try:
        run.start()
        run.join(120.0)
        assert not run.is_alive()
    finally:
        ray.shutdown()
    assert kept == [0, 1, 2, 3]
    assert ran == [(trial, f"ran {trial}") for trial in range(4)]


def test_a_ray_worker_that_no_trial_is_for_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    asked: list[int] = []

    def run(trials: range, start: object, work: object, workers: int) -> Iterator[tuple[int, str]]:
        asked.append(workers)
        yield from ()

    monkeypatch.setattr(module, "_run_on_actors", run)
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 8.0})
    for trials, workers in ((2, None), (2, 4), (20, 4), (20, None), (20, 30)):
        list(run_all(range(trials), work([]), workers, "ray"))
    assert asked == [2, 2, 4, 8, 8]


def test_ray_takes_the_folder_of_each_trial_along_and_what_goes_wrong_there_is_what_is_raised(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"of {name}")
    here, kept = str(tmp_path), dict[Path, str]()

    def run(path: Path) -> str:
        if str(path).startswith(here):
            raise ModelError("that is the folder of another machine")
        return (path / "file").read_text()

    def keep(trial: Path, ran: str) -> None:
        kept[trial] = ran

    folder: Folder[Path] = Folder(lambda trial: trial, lambda trial, path: path)
    trials = [tmp_path / "first", tmp_path / "second"]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)  # once for both: to start it takes seconds
    try:
        list(run_all(trials, Work(run, keep, lambda trial, cause: cause, folder), 2, "ray"))
        assert kept == {trials[0]: "of first", trials[1]: "of second"}
        with pytest.raises(ModelError, match=r"^that is the folder of another machine$"):
            list(run_all(trials, Work(run, keep, lambda trial, cause: cause), 2, "ray"))
    finally:
        ray.shutdown()
