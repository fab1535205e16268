"""`enactive list`: what is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from jsonargparse import ArgumentParser

from enactive.agents.plugins import GROUPS, available, load
from enactive.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Print every component by group, with where it comes from, and a warning under each that does not load."""
    parser = ArgumentParser(prog="enactive list", description="What is installed, by kind of component.")
    parser.parse_args(list(argv))
    for group in GROUPS:
        print(group)
        for name, point in available(group).items():
            source = point.dist.name if point.dist is not None else "?"
            print(f"  {name:22} {point.value}{'' if source == 'enactive' else f'   from {source}'}")
            try:
                load(group, name)
            except ConfigError as error:
                print(f"    warning: {error}")
    from enactive.envs.household.suites import SPLITS, SUITES

    print("suites")
    for suite in SUITES:
        print(f"  {suite:22} {', '.join(SPLITS)}")
    from enactive.envs.household.tasks.suites import SPLITS as TASK_SPLITS

    print(f"  {'household/tasks':22} {', '.join(TASK_SPLITS)}")
    from enactive.envs.shadow_hand.views import Split

    print(f"  {'hand/poses':22} {', '.join(get_args(Split))}")
    return 0
