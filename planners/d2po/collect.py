"""Tree search over many tasks: in this process, in a pool, or on a cluster, in shards that are written once and found again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.vlm.factory import make_model

from .episodes import Episode
from .examples import Demonstration, Preference, read_lines, write_lines
from .models import load_policy
from .pairs import data_card, demonstrations, preferences
from .rewards import LLMJudge, OracleProgress, ProcessReward
from .tree_search import SearchSettings, search

SHARD = 50  # tasks that are searched side by side and written together


@dataclass(frozen=True, slots=True)
class Collection:
    """What to collect. policy: folder of `save_policy`. tasks: ids of the train split. judge: "oracle" or a model's line."""

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


def card_path(job: Collection, shard: int) -> Path:
    """The file that is written last: where it lies, its shard is whole."""
    return job.folder / f"shard-{shard:03d}.json"


def collect_shard(job: Collection, shard: int) -> int:
    """Search the tasks of one shard and write what they teach; returns its number.

    A task that the judge failed at is counted in the card with its cause. Raises ModelError, and writes nothing, where it
    failed at more than a tenth of them: the same call makes the shard anew.
    """
    import torch

    torch.set_num_threads(1)
    reward: ProcessReward = OracleProgress() if job.judge == "oracle" else LLMJudge(make_model(job.judge))
    known = {task.id: task for task in load_tasks("train")}
    names = job.tasks[shard * SHARD : (shard + 1) * SHARD]
    episodes = [Episode(known[name], job.knowledge) for name in names]
    trees = search(load_policy(job.policy), episodes, reward, job.settings, job.seed * 10_000 + shard)
    copied = [example for tree in trees for example in demonstrations(tree)]
    preferred = [example for tree in trees for example in preferences(tree)]
    path = card_path(job, shard)
    write_lines(path.with_suffix(".demonstrations.jsonl"), copied)
    write_lines(path.with_suffix(".preferences.jsonl"), preferred)
    settings = {"judge": reward.name, "knowledge": job.knowledge, "settings": asdict(job.settings), "seed": job.seed}
    path.write_text(json.dumps({**data_card(trees, copied, preferred), **settings}, indent=1) + "\n")
    return shard


def collect(job: Collection, workers: int = 1, executor: str = "process") -> Iterator[int]:
    """Make the missing shards and yield the number of each as it is done. executor: "process" or "ray".

    Raises ConfigError where Ray is wanted and not installed, and what went wrong with a shard, once the others are done.
    """
    left = job.shards()
    if executor == "ray":
        yield from _on_ray(job, left)
    elif workers == 1:
        for shard in left:
            yield collect_shard(job, shard)
    else:
        from concurrent.futures import ProcessPoolExecutor, as_completed
        from multiprocessing import get_context

        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for future in as_completed([pool.submit(collect_shard, job, shard) for shard in left]):
                yield future.result()


def _on_ray(job: Collection, left: Sequence[int]) -> Iterator[int]:
    """The shards on Ray, that of RAY_ADDRESS or of this machine; one that fails is told when the others are done."""
    try:
        import ray
    except ImportError as error:
        raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False)
    failures = list[Exception]()
    try:
        remote: Any = ray.remote(collect_shard)
        waiting = [remote.remote(job, shard) for shard in left]
        while waiting:
            [ready], waiting = ray.wait(waiting)
            try:
                shard: int = ray.get(ready)
            except ray.exceptions.RayError as error:
                failures.append(error.cause if isinstance(error, ray.exceptions.RayTaskError) else error)
            else:
                yield shard
        if failures:
            raise failures[0]
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


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
