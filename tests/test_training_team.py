"""Training in several processes: real ones, which meet over loopback."""

from __future__ import annotations

import pytest
import torch
from shared_descent import descend, stumble

from enactive.errors import ConfigError
from enactive.perception.convnets.team import ALONE, train_together


@pytest.fixture
def problem() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(12, 3, generator=generator), torch.randn(12, generator=generator)


def test_processes_that_share_a_batch_learn_what_one_learns_from_all_of_it(problem: tuple[torch.Tensor, torch.Tensor]) -> None:
    whole, own_clock = descend(problem, ALONE)
    shared, clock = train_together(descend, problem, 2)
    torch.testing.assert_close(shared, whole)
    assert not torch.equal(whole, torch.zeros(3))
    assert (own_clock, clock) == (1.0, 1.5), "all stop by the mean of the clocks"


def test_a_process_that_ends_ends_the_training(problem: tuple[torch.Tensor, torch.Tensor]) -> None:
    with pytest.raises(RuntimeError):
        train_together(stumble, problem, 2)


def test_a_team_of_none_is_one_sentence(problem: tuple[torch.Tensor, torch.Tensor]) -> None:
    with pytest.raises(ConfigError, match="--workers must be at least 1, not 0"):
        train_together(descend, problem, 0)
