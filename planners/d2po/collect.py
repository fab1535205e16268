"""Tree search over many tasks: in this process, in a pool, or on a cluster, in shards that are written once and found again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.perception.vlm.factory import make_model, require_answer

from ..critics.judge import CriticJudge
from ..critics.visualprm import shipped_critic
from .episodes import Episode
from .examples import Demonstration, Preference, read_lines, write_lines
from .models import load_policy
from .pairs import data_card, demonstrations, preferences
from .rewards import LLMJudge, OracleProgress, ProcessReward
from .tree_search import SearchSettings, search

SHARD = 50  # tasks that are searched side by side and written together
Job = TypeVar("Job")


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
    reward = process_reward(job.judge)
    known = {task.id: task for task in load_tasks("train")}
    names = job.tasks[shard * SHARD : (shard + 1) * SHARD]
    episodes = [Episode(known[name], job.knowledge) for name in names]
    trees = search(load_policy(job.policy), episodes, reward, job.settings, job.seed * 10_000 + shard)
    copied = [example for tree in trees for example in demonstrations(tree)]
    preferred = [example for tree in trees for example in preferences(tree)]
    settings = {"judge": reward.name, "knowledge": job.knowledge, "settings": asdict(job.settings), "seed": job.seed}
    return copied, preferred, {**data_card(trees, copied, preferred), **settings}


def process_reward(judge: str) -> ProcessReward:
    """The judge that a line names: "oracle", "critic:FOLDER" of `enactive train critic --ship_to`, or a chat model's line.

    Raises ConfigError where it names none.
    """
    if judge == "oracle":
        return OracleProgress()
    kind, _, folder = judge.partition(":")
    return CriticJudge(shipped_critic(Path(folder))) if kind == "critic" else LLMJudge(make_model(judge))


def collect(job: Collection, workers: int = 1, executor: str = "process") -> Iterator[int]:
    """Make the missing shards and yield the number of each as it is done; see `each_shard`."""
    yield from each_shard(collect_shard, [(job, shard) for shard in job.shards()], workers, executor)


def each_shard(make: Callable[[Job, int], int], left: Sequence[tuple[Job, int]], workers: int, executor: str) -> Iterator[int]:
    """Call a function of a module on each (job, number of a shard) and yield what it returns. executor: "process" or "ray".

    As many are under way as there are workers. Who stops asking waits for those, and they are kept. Raises ConfigError where
    Ray is wanted and not installed, and what went wrong with a shard, once those under way are done.
    """
    if executor == "ray":
        yield from _on_ray(make, left)
    elif workers == 1:
        for job, shard in left:
            yield make(job, shard)
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for future in as_completed([pool.submit(make, job, shard) for job, shard in left]):
                yield future.result()


def _on_ray(make: Callable[[Job, int], int], left: Sequence[tuple[Job, int]]) -> Iterator[int]:
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
        remote: Any = ray.remote(make)
        waiting = [remote.remote(job, shard) for job, shard in left]
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
