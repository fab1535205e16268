"""Path-length-weighted success of a plan (PL of D2PO and VoTa-Bench, after SPL of Anderson 2018)."""

from __future__ import annotations


def path_length_weighted(success: bool, commands: int, plan_length: int | None) -> float:
    """S L* / max(L*, L): 1 for success in no more commands than the expert, 0 for failure.

    commands: L, those given before `done`. plan_length: L*, those of the expert, None where it knows no plan: that scores 0.
    A task that is done at the start (L* = 0) scores 1 without a command and 0 after any, as SPL does at l = 0. Raises
    ValueError for negative lengths.
    """
    if commands < 0 or (plan_length is not None and plan_length < 0):
        raise ValueError("a plan has no negative length")
    if not success or plan_length is None:
        return 0.0
    if plan_length == 0:
        return float(commands == 0)
    return plan_length / max(plan_length, commands)
