"""Practice: tasks drawn in many apartments that the expert demonstrates, an apartment at a time, by one or more workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np

from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.errors import ConfigError
from enactive.executors import Executor, Work, run_all

from .demonstrate import demonstrate
from .episodes import Episode, layout
from .examples import Demonstration, read_lines, write_lines
from .hiding_places import Places

TELL_EVERY = 20  # apartments


@dataclass(frozen=True, slots=True)
class Practice:
    """tasks: drawn in each apartment. knowledge: what the agent is told of. states: share of the commands after which the next
    state is shown, beside all that were refused. places: where the expert looks for what is hidden."""

    tasks: int
    knowledge: Knowledge
    states: float
    places: Places


def practise(
    homes: Sequence[int], practice: Practice, folder: Path, workers: int | None, executor: Executor
) -> list[Demonstration]:
    """What is demonstrated in the apartments of some seeds, in their order, whoever made it.

    folder: where that of each apartment is written once it is there, and found again after an interruption.
    """
    path = {home: folder / f"apartment-{home}.jsonl" for home in homes}
    left = [home for home in homes if not path[home].exists()]
    work: Work[int, list[Demonstration]] = Work(
        partial(_in_home, practice), keep=lambda home, shown: write_lines(path[home], shown), died=_died
    )
    with closing(run_all(left, work, workers, executor)) as runs:
        for made, _ in enumerate(runs, len(homes) - len(left) + 1):
            if made % TELL_EVERY == 0:
                print(f"{folder}: {made} of {len(homes)} apartments demonstrated in", flush=True)
    return [example for home in homes for example in read_lines(path[home], Demonstration)]


def _in_home(practice: Practice, home: int) -> list[Demonstration]:
    return list(_shown(practice, home))


def _shown(practice: Practice, home: int) -> Iterator[Demonstration]:
    rng = np.random.default_rng([1, home])
    for task in practice_tasks(layout(home, None), practice.tasks, rng):
        yield from demonstrate(Episode(task, practice.knowledge), rng, practice.places, states=practice.states) or ()


def _died(home: int, cause: str) -> NoReturn:
    raise ConfigError(
        f"a worker died of the demonstrations in apartment {home}, and so did another that made them again ({cause}): make "
        "room in memory or give fewer --workers; the same command goes on"
    )
