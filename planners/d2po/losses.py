"""D2PO's losses (arXiv 2503.10480): two DPO terms (Rafailov 2023), one over commands and one over next states.

L = L_action + lambda L_state, each -log sigmoid(beta [(log pi(w|x) - log pi_ref(w|x)) - (log pi(l|x) - log pi_ref(l|x))]).
For L_action x is the policy's prompt, w the command of the successful path, l a sibling of it. For L_state x is the state
with the command taken (action-conditioned) or with the goal alone (goal-directed), w the state that follows, l one that
follows another command. Both terms train the same weights.

A margin grows as well where the rejected text falls further than the chosen one does, and both do. What holds the chosen text
where it is is not the paper's: the anchor, -log pi(w|x) / |w|, added to each term (Pang 2024, arXiv 2404.19733, equation 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Term:
    """One DPO term over N pairs that share M chosen texts, a batch or a part of one.

    loss: (N,); margin: (N,) implicit reward of w minus that of l, beta included; nll: (M,) -log pi(w|x) per token.
    pairs, chosen: N and M of the whole batch.
    """

    loss: torch.Tensor
    margin: torch.Tensor
    nll: torch.Tensor
    pairs: int
    chosen: int

    def total(self, anchor: float) -> torch.Tensor:
        """Mean loss of the pairs plus `anchor` times the mean of the chosen texts, as a scalar: a part's share of the means."""
        return self.loss.sum() / self.pairs + anchor * (self.nll.sum() / self.chosen)


def dpo(
    chosen: torch.Tensor, rejected: torch.Tensor, ref_chosen: torch.Tensor, ref_rejected: torch.Tensor, beta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(-log sigma of the margin, the margin) of N pairs. Arguments: (N,) summed log-probabilities by policy and reference.

    Where policy and reference agree the margin is 0 and the loss ln 2.
    """
    from torch.nn.functional import logsigmoid

    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return -logsigmoid(margin), margin


def d2po(action: Term | None, state: Term | None, weight: float, anchor: float) -> torch.Tensor | None:
    """L_action + weight * L_state as a scalar, both anchored; without state pairs it is plain DPO. None where neither is there,
    as in a part of a batch."""
    loss = None if action is None else action.total(anchor)
    if state is None or weight == 0.0:
        return loss
    of_states = weight * state.total(anchor)
    return of_states if loss is None else loss + of_states
