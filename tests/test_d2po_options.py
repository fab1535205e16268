"""What is asked of a training: what nothing can come of is refused first, and what is asked is in the card as a command."""

from __future__ import annotations

import torch

from enactive.planners.d2po.models import base_policy
from enactive.planners.d2po.weights import WEIGHTS, shipped_policy

torch.set_num_threads(1)


def test_a_small_policy_that_was_trained_here_is_a_base_by_its_folder() -> None:
    policy, shipped = base_policy(str(WEIGHTS), (), 0), shipped_policy()
    assert policy.name == str(WEIGHTS)
    assert policy.score("goal: find the mug. next:", ["find mug"]) == shipped.score("goal: find the mug. next:", ["find mug"])
