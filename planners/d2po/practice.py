"""Practice: tasks drawn in many apartments, which the expert shows from beginning to end, or goes through with a policy that it
corrects; an apartment at a time, by one or more workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.errors import ConfigError
from enactive.executors import Executor, Folder, Work, run_all

from .corrections import corrections
from .demonstrate import demonstrate
from .episodes import Episode, layout
from .examples import Demonstration, read_lines, write_lines
from .hiding_places import Places
from .models import load_policy
from .settings import is_large

TELL_EVERY = 20  # apartments


@dataclass(frozen=True, slots=True)
class Practice:
    """tasks: drawn in each apartment. knowledge: what the agent is told of. states: share of the commands after which the next
    state is shown, beside all that were refused. places: where the expert looks for what is hidden.

    policy: folder of the policy whose ways are corrected; None = the expert shows its own. round: other tasks in each.
    """

    tasks: int
    knowledge: Knowledge
    states: float
    places: Places
    policy: Path | None = None
    round: int = 0


Trial = tuple[Practice, int]  # the seed of an apartment


def practise(
    homes: Sequence[int],
    practice: Practice,
    folder: Path,
    workers: int | None,
    executor: Executor,
    in_time: Callable[[], None] = lambda: None,
) -> list[Demonstration]:
    """What is to be copied in the apartments of some seeds, in their order, whoever made it.

    folder: where that of each apartment is written once it is there, and found again after an interruption. in_time: called
    after each; what it raises ends the practice, and what is under way then is kept.
    """
    path, policy = {home: folder / f"apartment-{home}.jsonl" for home in homes}, practice.policy
    left = [(practice, home) for home in homes if not path[home].exists()]
    work: Work[Trial, list[Demonstration]] = Work(
        run=_in_home,
        keep=lambda trial, shown: write_lines(path[trial[1]], shown),
        died=_died,
        folder=None if policy is None else Folder(lambda _: policy, lambda trial, to: (replace(trial[0], policy=to), trial[1])),
        gpu=policy is not None and is_large(policy),
    )
    with closing(run_all(left, work, workers, executor)) as runs:
        for made, _ in enumerate(runs, len(homes) - len(left) + 1):
            if made % TELL_EVERY == 0:
                print(f"{folder}: {made} of {len(homes)} apartments", flush=True)
            in_time()
    return [example for home in homes for example in read_lines(path[home], Demonstration)]


def _in_home(trial: Trial) -> list[Demonstration]:
    practice, home = trial
    rng = np.random.default_rng([1 + practice.round, home])
    episodes = [Episode(task, practice.knowledge) for task in practice_tasks(layout(home, None), practice.tasks, rng)]
    if practice.policy is None:
        return list(_shown(practice, episodes, rng))
    return corrections(load_policy(practice.policy), episodes, rng, practice.places, practice.states)


def _shown(practice: Practice, episodes: Sequence[Episode], rng: np.random.Generator) -> Iterator[Demonstration]:
    for episode in episodes:
        yield from demonstrate(episode, rng, practice.places, states=practice.states) or ()


def _died(trial: Trial, cause: str) -> NoReturn:
    raise ConfigError(
        f"a worker died of practice in apartment {trial[1]}, and so did another that made it again ({cause}): make room in "
        "memory or give fewer --workers; the same command goes on"
    )
