"""Tree search over many tasks, in shards that are written once and found again.

Shards, those of an evaluation too, are made where the executor says: in this process, in a pool, or on a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from enactive import executors
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.executors import Executor, Folder, Work
from enactive.files import write_whole
from enactive.perception.vlm.factory import make_model, require_answer

from ..critics.judge import CriticJudge
from ..critics.visualprm import shipped_critic
from .episodes import Episode
from .evaluate import Evaluation
from .examples import Demonstration, Preference, read_lines, write_lines
from .hiding_places import Places
from .models import MAKE_ONE, load_policy
from .pairs import data_card, demonstrations, preferences
from .rewards import LLMJudge, OracleProgress, ProcessReward
from .settings import is_large
from .tree_search import SearchSettings, search

SHARD = 50  # tasks that are searched side by side and written together
Taught = tuple[list[Demonstration], list[Preference], dict[str, Any]]  # by a shard, and its card
Made = TypeVar("Made")
Shards = Generator[int, None, None]  # numbers of shards as they are done


@dataclass(frozen=True, slots=True)
class Collection:
    """What to collect. policy: folder of `save_policy`. tasks: ids of the train split. judge: see `process_reward`.

    places: where the expert's candidate looks for what is hidden.
    """

    policy: Path
    tasks: tuple[str, ...]
    knowledge: Knowledge
    settings: SearchSettings
    judge: str
    seed: int
    folder: Path
    places: Places = field(default_factory=dict)

    def shards(self) -> list[int]:
        """Numbers of the shards that are not on disk yet."""
        count = -(-len(self.tasks) // SHARD)
        return [k for k in range(count) if not card_path(self, k).exists()]


Job = TypeVar("Job", Collection, Evaluation)


def card_path(job: Collection, shard: int) -> Path:
    """The file that is written last: where it lies, its shard is whole."""
    return job.folder / f"shard-{shard:03d}.json"


def require(judge: str, executor: Executor) -> None:
    """Raises ConfigError where the judge is none or does not answer, or Ray is wanted and not there or without the critic."""
    executors.require(executor)
    if executor == "ray" and judge.startswith("critic:"):
        raise ConfigError("a critic is not sent to Ray: judge in this process (--executor process), or name another --judge")
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
    reward = process_reward(job.judge)
    known = {task.id: task for task in load_tasks("train")}
    names = job.tasks[shard * SHARD : (shard + 1) * SHARD]
    episodes = [Episode(known[name], job.knowledge) for name in names]
    trees = search(load_policy(job.policy), episodes, reward, job.settings, job.seed * 10_000 + shard, job.places)
    copied = [example for tree in trees for example in demonstrations(tree)]
    preferred = [example for tree in trees for example in preferences(tree)]
    settings = {"judge": reward.name, "knowledge": job.knowledge, "settings": asdict(job.settings), "seed": job.seed}
    return copied, preferred, {**data_card(trees, copied, preferred), **settings}


def write_shard(job: Collection, shard: int, taught: Taught) -> None:
    """Write what a shard teaches, its card last."""
    path, (copied, preferred, card) = card_path(job, shard), taught
    write_lines(path.with_suffix(".demonstrations.jsonl"), copied)
    write_lines(path.with_suffix(".preferences.jsonl"), preferred)
    write_whole(path, json.dumps(card, indent=1) + "\n")


def collect(job: Collection, workers: int | None = None, executor: Executor = "process") -> Shards:
    """Make the missing shards, write them, and yield the number of each as it is done; see `each_shard`."""
    return each_shard(search_shard, write_shard, [(job, shard) for shard in job.shards()], workers, executor)


def each_shard(
    make: Callable[[Job, int], Made],
    write: Callable[[Job, int, Made], None],
    left: Sequence[tuple[Job, int]],
    workers: int | None,
    executor: Executor,
) -> Shards:
    """Make each (job, number of a shard), write it here, and yield its number as it is done; see `executors.run_all`.

    Ray gets the files of the policies, so that no folder is shared, and gives one GPU to a worker where a policy is large.
    Raises ConfigError where a policy is not there, and where a second worker has died of a shard.
    """
    policies = {job.policy for job, _ in left}
    for policy in policies:
        if not (policy / "config.json").exists():
            raise ConfigError(f"there is no policy in {policy}: {MAKE_ONE}")
    work: Work[tuple[Job, int], Made] = Work(
        run=partial(_made, make),
        keep=lambda one, made: write(*one, made),
        died=_died,
        folder=Folder(lambda one: one[0].policy, lambda one, policy: (replace(one[0], policy=policy), one[1])),
        gpu=any(map(is_large, policies)),
    )
    with closing(executors.run_all(left, work, workers, executor)) as runs:
        for (_, shard), _ in runs:
            yield shard


def _made(make: Callable[[Job, int], Made], one: tuple[Job, int]) -> Made:
    return make(*one)


def _died(one: tuple[Job, int], cause: str) -> NoReturn:
    job, shard = one
    raise ConfigError(
        f"a worker died of shard {shard} of {job.policy}, and so did another that made it again ({cause}): make room in memory "
        "or give fewer --workers; the same command goes on"
    )


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
