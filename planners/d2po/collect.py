"""Tree search over many tasks, in shards that are written once and found again.

Shards, those of an evaluation too, are made in this process, in a pool, or on a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.vlm.factory import make_model, require_answer

from ..critics.judge import CriticJudge
from ..critics.visualprm import shipped_critic
from .episodes import Episode
from .evaluate import Evaluation
from .examples import Demonstration, Preference, read_lines, write_lines
from .models import load_policy
from .pairs import data_card, demonstrations, preferences
from .rewards import LLMJudge, OracleProgress, ProcessReward
from .settings import is_small
from .tree_search import SearchSettings, search

SHARD = 50  # tasks that are searched side by side and written together
Taught = tuple[list[Demonstration], list[Preference], dict[str, Any]]  # by a shard, and its card
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Collection:
    """What to collect. policy: folder of `save_policy`. tasks: ids of the train split. judge: see `process_reward`."""

    policy: Path
    tasks: tuple[str, ...]
    knowledge: Knowledge
    settings: SearchSettings
    judge: str
    seed: int
    folder: Path

    def shards(self) -> list[int]:
        """Numbers of the shards that are not on disk yet."""
        count = -(-len(self.tasks) // SHARD)
        return [k for k in range(count) if not card_path(self, k).exists()]


Job = TypeVar("Job", Collection, Evaluation)


def card_path(job: Collection, shard: int) -> Path:
    """The file that is written last: where it lies, its shard is whole."""
    return job.folder / f"shard-{shard:03d}.json"


def require(judge: str, executor: str) -> None:
    """Raises ConfigError where the judge is none or does not answer, or Ray is wanted and not there or without the critic."""
    if executor == "ray":
        _ray()
        if judge.startswith("critic:"):
            raise ConfigError(
                "a critic is not sent to Ray: judge in this process (--executor process), or name another --judge"
            )
    if judge.startswith("openai:"):
        require_answer(judge, "--judge")
    else:
        process_reward(judge)


def process_reward(judge: str) -> ProcessReward:
    """The judge that a line names: "oracle", "critic:FOLDER" of `enactive train critic --ship_to`, or a chat model's line.

    Raises ConfigError where it names none.
    """
    if judge == "oracle":
        return OracleProgress()
    kind, _, folder = judge.partition(":")
    return CriticJudge(shipped_critic(Path(folder))) if kind == "critic" else LLMJudge(make_model(judge))


def search_shard(job: Collection, shard: int) -> Taught:
    """Search the tasks of one shard: what they teach.

    A task that the judge failed at is counted in the card with its cause. Raises ModelError where it failed at more than a
    tenth of them: the same call makes the shard anew.
    """
    import torch

    torch.set_num_threads(1)
    reward = process_reward(job.judge)
    known = {task.id: task for task in load_tasks("train")}
    names = job.tasks[shard * SHARD : (shard + 1) * SHARD]
    episodes = [Episode(known[name], job.knowledge) for name in names]
    trees = search(load_policy(job.policy), episodes, reward, job.settings, job.seed * 10_000 + shard)
    copied = [example for tree in trees for example in demonstrations(tree)]
    preferred = [example for tree in trees for example in preferences(tree)]
    settings = {"judge": reward.name, "knowledge": job.knowledge, "settings": asdict(job.settings), "seed": job.seed}
    return copied, preferred, {**data_card(trees, copied, preferred), **settings}


def write_shard(job: Collection, shard: int, taught: Taught) -> None:
    """Write what a shard teaches, its card last."""
    path, (copied, preferred, card) = card_path(job, shard), taught
    write_lines(path.with_suffix(".demonstrations.jsonl"), copied)
    write_lines(path.with_suffix(".preferences.jsonl"), preferred)
    path.write_text(json.dumps(card, indent=1) + "\n")


def collect(job: Collection, workers: int = 1, executor: str = "process") -> Iterator[int]:
    """Make the missing shards, write them, and yield the number of each as it is done; see `each_shard`."""
    yield from each_shard(search_shard, write_shard, [(job, shard) for shard in job.shards()], workers, executor)


def each_shard(
    make: Callable[[Job, int], Made],
    write: Callable[[Job, int, Made], None],
    left: Sequence[tuple[Job, int]],
    workers: int,
    executor: str,
) -> Iterator[int]:
    """Make each (job, number of a shard), write it here, and yield its number as it is done. executor: "process" or "ray".

    As many are under way as there are workers. Who stops asking waits for those, and they are kept. Raises ConfigError where
    Ray is wanted and not installed, and what went wrong with a shard, once those under way are done.
    """
    if executor == "ray":
        yield from _on_ray(make, write, left)
    elif workers == 1:
        for job, shard in left:
            write(job, shard, make(job, shard))
            yield shard
    else:
        try:
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                yield from _side_by_side(lambda job, shard: pool.submit(make, job, shard), write, left, workers)
        except BrokenProcessPool as error:
            raise ConfigError(
                "a worker process died: make room in memory or give fewer --workers; the same command goes on"
            ) from error


def _side_by_side(
    submit: Callable[[Job, int], Future[Made]],
    write: Callable[[Job, int, Made], None],
    left: Sequence[tuple[Job, int]],
    workers: int,
) -> Iterator[int]:
    queue, failures = iter(left), list[BaseException]()
    running = {submit(*one): one for one in islice(queue, workers)}
    try:
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job, shard = running.pop(future)
                if (failure := future.exception()) is not None:
                    failures.append(failure)
                    continue
                write(job, shard, future.result())
                yield shard
                if not failures:
                    running |= {submit(*one): one for one in islice(queue, 1)}
        if failures:
            raise failures[0]
    finally:
        for future, (job, shard) in running.items():
            if future.exception() is None:
                write(job, shard, future.result())


def _on_ray(
    make: Callable[[Job, int], Made], write: Callable[[Job, int, Made], None], left: Sequence[tuple[Job, int]]
) -> Iterator[int]:
    """The shards on Ray, that of RAY_ADDRESS or of this machine, to which the policies are sent: no folder is shared."""
    ray, folders = _ray(), list(dict.fromkeys(job.policy for job, _ in left))
    for folder in folders:
        if not (folder / "config.json").exists():
            raise ConfigError(f"there is no policy in {folder}: make one with `enactive train d2po`")
    if not left:
        return
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        each, workers = _share({name: float(count) for name, count in ray.cluster_resources().items()}, folders)
        there: Any = ray.remote(**each)(_make_with) if each else ray.remote(_make_with)
        sent = {
            folder: ray.put({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}) for folder in folders
        }
        yield from _side_by_side(
            lambda job, shard: there.remote(sent[job.policy], make, job, shard).future(), write, left, workers
        )
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _share(cluster: Mapping[str, float], policies: Sequence[Path]) -> tuple[dict[str, float], int]:
    """What of a cluster one shard asks for, and how many are made side by side.

    Ray hides the GPUs from what does not ask for one; a small policy stays on the processor and needs none.
    """
    gpus = int(cluster.get("GPU", 0)) if any(map(_is_large, policies)) else 0
    return ({"num_gpus": 1}, gpus) if gpus else ({}, max(1, int(cluster.get("CPU", 1))))


def _is_large(policy: Path) -> bool:
    from safetensors import SafetensorError

    try:
        return not is_small(str(policy))
    except SafetensorError:
        return False  # it is damaged, which loading it says better


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error
    return ray


def _make_with(policy: Mapping[str, bytes], make: Callable[[Job, int], Made], job: Job, shard: int) -> Made:
    """Make a shard with the files of its policy, on a machine that does not have them."""
    with TemporaryDirectory() as folder:
        for name, content in policy.items():
            (Path(folder) / name).write_bytes(content)
        return make(replace(job, policy=Path(folder)), shard)


def collected(folder: Path) -> tuple[list[Demonstration], list[Preference], list[dict[str, Any]]]:
    """Everything in the shards of a folder, in their order, and the card of each."""
    paths = sorted(folder.glob("shard-*.json"))
    copied = [e for path in paths for e in read_lines(path.with_suffix(".demonstrations.jsonl"), Demonstration)]
    preferred = [e for path in paths for e in read_lines(path.with_suffix(".preferences.jsonl"), Preference)]
    return copied, preferred, [json.loads(path.read_text()) for path in paths]


def total(cards: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One card for many shards: counts are added, settings are those of the first."""
    out = dict(cards[0])
    for card in cards[1:]:
        out = {key: _added(out[key], card.get(key, type(out[key])())) if key in _COUNTS else out[key] for key in out}
    return out


_COUNTS = frozenset(
    {
        "tasks",
        "failed",
        "failures",
        "solved",
        "types_solved",
        "nodes_expanded",
        "answers_that_were_no_command",
        "demonstrations",
        "preferences",
        "pairs",
    }
)


def _added(a: Any, b: Any) -> Any:
    return {k: a.get(k, 0) + b.get(k, 0) for k in sorted({*a, *b})} if isinstance(a, dict) else a + b
