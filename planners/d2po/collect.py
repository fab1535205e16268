"""Tree search over many tasks: in this process, in a pool, or on a cluster, in shards that are written once and found again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.vlm.factory import make_model, require_answer

from .episodes import Episode
from .examples import Demonstration, Preference, read_lines, write_lines
from .models import load_policy
from .pairs import data_card, demonstrations, preferences
from .rewards import LLMJudge, OracleProgress, ProcessReward
from .tree_search import SearchSettings, search

SHARD = 50  # tasks that are searched side by side and written together
Made = tuple[list[Demonstration], list[Preference], dict[str, Any]]  # of a shard, and its card


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


def require(judge: str, executor: str) -> None:
    """Raises ConfigError where the judge is no model or does not answer, or where Ray is wanted and not installed."""
    if executor == "ray":
        _ray()
    if judge.startswith("openai:"):
        require_answer(judge, "--judge")
    elif judge != "oracle":
        make_model(judge)


def search_shard(job: Collection, shard: int) -> Made:
    """Search the tasks of one shard: what they teach.

    A task that the judge failed at is counted in the card with its cause. Raises ModelError where it failed at more than a
    tenth of them: the same call makes the shard anew.
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
    settings = {"judge": reward.name, "knowledge": job.knowledge, "settings": asdict(job.settings), "seed": job.seed}
    return copied, preferred, {**data_card(trees, copied, preferred), **settings}


def collect(job: Collection, workers: int = 1, executor: str = "process") -> Iterator[int]:
    """Make the missing shards, write them, and yield the number of each as it is done. executor: "process" or "ray".

    As many are under way as there are workers. Who stops asking waits for those, and they are kept. Raises ConfigError where
    Ray is wanted and not installed, and what went wrong with a shard, once those under way are done.
    """
    left = job.shards()
    if executor == "ray":
        yield from _on_ray(job, left)
    elif workers == 1:
        for shard in left:
            yield _written(job, shard, search_shard(job, shard))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield from _side_by_side(job, left, partial(pool.submit, search_shard, job), workers)


def _written(job: Collection, shard: int, made: Made) -> int:
    """Write what a shard teaches, its card last; returns its number."""
    path, (copied, preferred, card) = card_path(job, shard), made
    write_lines(path.with_suffix(".demonstrations.jsonl"), copied)
    write_lines(path.with_suffix(".preferences.jsonl"), preferred)
    path.write_text(json.dumps(card, indent=1) + "\n")
    return shard


def _side_by_side(job: Collection, left: Sequence[int], submit: Callable[[int], Future[Made]], workers: int) -> Iterator[int]:
    queue, failures = iter(left), list[BaseException]()
    running = {submit(shard): shard for shard in islice(queue, workers)}
    try:
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                shard = running.pop(future)
                if (failure := future.exception()) is not None:
                    failures.append(failure)
                    continue
                yield _written(job, shard, future.result())
                if not failures:
                    running |= {submit(shard): shard for shard in islice(queue, 1)}
        if failures:
            raise failures[0]
    finally:
        for future, shard in running.items():
            if future.exception() is None:
                _written(job, shard, future.result())


def _on_ray(job: Collection, left: Sequence[int]) -> Iterator[int]:
    """The shards on Ray, that of RAY_ADDRESS or of this machine, to which the policy is sent: no folder is shared."""
    ray = _ray()
    if not (job.policy / "config.json").exists():
        raise ConfigError(f"there is no policy in {job.policy}: make one with `enactive train d2po`")
    started = not ray.is_initialized()
    if started:
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        there: Any = ray.remote(_search_with)
        policy = ray.put({path.name: path.read_bytes() for path in job.policy.iterdir() if path.is_file()})
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield from _side_by_side(job, left, lambda shard: there.remote(policy, job, shard).future(), workers)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    finally:
        if started:  # a later call may want other workers
            ray.shutdown()


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError('--executor ray needs Ray: pip install "enactive[ray]"') from error
    return ray


def _search_with(policy: Mapping[str, bytes], job: Collection, shard: int) -> Made:
    """`search_shard` with the files of the policy, on a machine that does not have them."""
    with TemporaryDirectory() as folder:
        for name, content in policy.items():
            (Path(folder) / name).write_bytes(content)
        return search_shard(replace(job, policy=Path(folder)), shard)


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
