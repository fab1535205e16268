"""Training in several processes that share every batch, each with one thread.

Threads of one process wait for each other at every layer, and on cores that others use too they lose nearly everything.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import torch
import torch.distributed

from enactive.errors import ConfigError

Plan = TypeVar("Plan")
Result = TypeVar("Result")
GRACE_S = 10.0  # for the others to end by themselves once the first has


@dataclass(frozen=True, slots=True)
class Team:
    """The processes of a training. rank: number of this one, 0 for the first, which logs and saves; size: how many."""

    rank: int = 0
    size: int = 1

    def average(self, parameters: Iterable[torch.nn.Parameter], seconds: float) -> float:
        """Average the gradients over the processes, in place, and the clock with them, so that all stop at the same step.

        Returns the mean of the seconds. Raises RuntimeError where another process has ended.
        """
        if self.size == 1:
            return seconds
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([*(gradient.ravel() for gradient in gradients), torch.tensor([seconds])])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()
        return float(flat[-1])


ALONE = Team()


def train_together(work: Callable[[Plan, Team], Result], plan: Plan, size: int) -> Result:
    """What `work(plan, team)` returns in this process, which is the first of a team of `size`; the others run it beside.

    work: a function of a module; plan: what can be pickled. An exception of this process ends the others too. Raises
    ConfigError for a team of none.
    """
    if size < 1:
        raise ConfigError(f"--workers must be at least 1, not {size}")
    with tempfile.TemporaryDirectory() as folder:
        context = get_context("spawn")
        teams = [Team(rank, size) for rank in range(size)]
        others = [context.Process(target=_join, args=(work, plan, team, folder), daemon=True) for team in teams[1:]]
        for process in others:
            process.start()
        try:
            return _join(work, plan, teams[0], folder)
        finally:
            for process in others:
                process.join(GRACE_S)
                process.terminate()


def _join(work: Callable[[Plan, Team], Result], plan: Plan, team: Team, folder: str) -> Result:
    torch.set_num_threads(1)
    if team.size == 1:
        return work(plan, team)
    torch.distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=team.rank, world_size=team.size)
    try:
        return work(plan, team)
    finally:
        torch.distributed.destroy_process_group()
