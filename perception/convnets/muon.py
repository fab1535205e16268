"""Muon (Jordan et al. 2024): momentum whose update of every matrix is made orthogonal, so that no direction is learned last.

Filters are matrices with one row per output channel. The update is scaled as Liu et al. 2025 ("Muon is scalable for LLM
training", section 2.2) propose, so that it is as large as AdamW's and both share one learning rate.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from enactive.precision import fastest_dtype

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # coefficients of the quintic that drives singular values towards 1
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """For parameters of two or more dimensions; give the others to AdamW."""

    def __init__(
        self, params: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Nesterov momentum, made orthogonal, and decoupled weight decay."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                mean = state.setdefault("momentum", torch.zeros_like(p))
                mean.mul_(group["momentum"]).add_(p.grad)
                ahead = p.grad.add(mean, alpha=group["momentum"])
                update = orthogonal(ahead.reshape(len(p), -1))
                p.mul_(1.0 - group["lr"] * group["weight_decay"])
                p.add_(update.reshape(p.shape), alpha=-0.2 * max(update.shape) ** 0.5 * group["lr"])


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The (N, M) matrix with singular values brought to about 1 (0.7 to 1.2), by Newton-Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    x = matrix.to(fastest_dtype())
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)
