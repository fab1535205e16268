"""`enactive suite`: make the episodes of the suites, or show what is in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jsonargparse import ArgumentParser

from enactive.envs.household.suites import SPLITS, SUITES, load_suite, suite_path
from enactive.errors import ConfigError

TASKS = "household/tasks"


def main(argv: Sequence[str]) -> int:
    """`make` writes the files of a split (all splits where left out); `show` counts what the files hold."""
    parser = ArgumentParser(prog="enactive suite", description="Make or show the episodes of the suites.")
    parser.add_argument("action", type=str, help="make or show")
    parser.add_argument("--suite", type=str, default="", help=f"`{TASKS}`, or the navigation suites where left out")
    parser.add_argument("--split", type=str, default="", help=f"one of {', '.join(SPLITS)}; all where left out")
    parser.add_argument("--episodes", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(list(argv))
    if chosen.action not in ("make", "show") or chosen.split not in ("", *SPLITS):
        raise ConfigError(f"usage: enactive suite make|show [--split {'|'.join(SPLITS)}]")
    if chosen.suite not in ("", TASKS):
        raise ConfigError(f"--suite takes {TASKS!r}, or is left out for the navigation suites, which are made together")
    if chosen.suite == TASKS:
        for split in [chosen.split] if chosen.split else SPLITS:
            _tasks(chosen.action, split, chosen.workers)
        return 0
    for split in [chosen.split] if chosen.split else SPLITS:
        if chosen.action == "make":
            from enactive.envs.household.make_suites import make_split

            make_split(split, chosen.episodes, workers=chosen.workers)
        for suite in SUITES:
            episodes = load_suite(suite, split)
            lengths = sorted(episode.distance_m for episode in episodes)
            kinds = Counter(str(episode.goal) for episode in episodes)
            print(
                f"{suite} {split}: {len(episodes)} episodes in {len({e.apartment_seed for e in episodes})} apartments, "
                f"{len(kinds)} goals, way {lengths[0]:.1f} to {lengths[-1]:.1f} m, median {lengths[len(lengths) // 2]:.1f} m, "
                f"{suite_path(suite, split).stat().st_size / 1e3:.0f} kB"
            )
    return 0


def _tasks(action: str, split: str, workers: int) -> None:
    """The household tasks of a split; their number is fixed, since it is what papers are compared by."""
    from enactive.envs.household.tasks.suites import load_tasks, save_tasks, tasks_path

    if action == "make":
        from enactive.envs.household.tasks.make_tasks import make_split

        save_tasks(split, make_split(split, workers))
    tasks = load_tasks(split)
    kinds = Counter(task.type for task in tasks)
    lengths = sorted(task.plan_length for task in tasks)
    print(
        f"{TASKS} {split}: {len(tasks)} tasks in {len({task.apartment_seed for task in tasks})} apartments, "
        f"{', '.join(f'{kind} {count}' for kind, count in kinds.items())}, expert plans of {lengths[0]} to {lengths[-1]} "
        f"commands, median {lengths[len(lengths) // 2]}, {tasks_path(split).stat().st_size / 1e3:.0f} kB"
    )
