"""D2PO's losses (arXiv 2503.10480): two DPO terms (Rafailov 2023), one over commands and one over next states.

L = L_action + lambda L_state, each -log sigmoid(beta [(log pi(w|x) - log pi_ref(w|x)) - (log pi(l|x) - log pi_ref(l|x))]).
For L_action x is the policy's prompt, w the command of the successful path, l a sibling of it. For L_state x is the state
with the command taken (action-conditioned) or with the goal alone (goal-directed), w the state that follows, l one that
follows another command. Both terms train the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Term:
    """One DPO term over a batch. loss: (N,); margin: (N,) implicit reward of w minus that of l, beta included."""

    loss: torch.Tensor
    margin: torch.Tensor


def dpo(
    chosen: torch.Tensor, rejected: torch.Tensor, ref_chosen: torch.Tensor, ref_rejected: torch.Tensor, beta: float
) -> Term:
    """-log sigma of the margin of N pairs. Arguments: (N,) summed log-probabilities by the policy and by the reference.

    Where policy and reference agree the margin is 0 and the loss ln 2.
    """
    from torch.nn.functional import logsigmoid

    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return Term(-logsigmoid(margin), margin)


def d2po(action: Term, state: Term | None, weight: float) -> torch.Tensor:
    """L_action + weight * L_state as a scalar; without state pairs it is plain DPO."""
    loss = action.loss.mean()
    return loss if state is None or weight == 0.0 else loss + weight * state.loss.mean()
