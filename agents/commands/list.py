"""`enactive list`: what is installed."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import get_args

from jsonargparse import ArgumentParser

from enactive.agents.plugins import GROUPS, available, load
from enactive.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Print every component by group, where it comes from, and its docstring's first line, or a warning if it does not load."""
    parser = ArgumentParser(prog="enactive list", description="What is installed, by kind of component.")
    parser.parse_args(list(argv))
    for group in GROUPS:
        print(group)
        for name, point in available(group).items():
            source = point.dist.name if point.dist is not None else "?"
            print(f"  {name:22} {point.value}{'' if source == 'enactive' else f'   from {source}'}")
            try:
                told = inspect.cleandoc(load(group, name).__doc__ or "")
            except ConfigError as error:
                print(f"    warning: {error}")
            else:
                for line in told.splitlines()[:1]:
                    print(f"    {line}")
    from enactive.envs.household.suites import SPLITS, SUITES

    print("suites")
    for suite in SUITES:
        print(f"  {suite:22} {', '.join(SPLITS)}")
    from enactive.envs.household.tasks.suites import SPLITS as TASK_SPLITS

    print(f"  {'household/tasks':22} {', '.join(TASK_SPLITS)}")
    from enactive.envs.shadow_hand.views import Split

    print(f"  {'hand/poses':22} {', '.join(get_args(Split))}")
    return 0
