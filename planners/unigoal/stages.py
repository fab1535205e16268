"""Which of the three stages a matching score calls for (UniGoal, 3.4 and 3.5)."""

from __future__ import annotations

from enum import Enum

from .matching import Matching


class Stage(Enum):
    """ZERO: nothing fits yet, expand from sub-graphs. PARTIAL: some fits, infer where the rest is. PERFECT: verify."""

    ZERO = "1 zero matching"
    PARTIAL = "2 partial matching"
    PERFECT = "3 perfect matching"


def stage_of(matching: Matching, sigma_partial: float, sigma_perfect: float, target: int, multi_stage: bool = True) -> Stage:
    """The stage of a matching.

    S >= sigma_perfect with the target among the matched nodes is PERFECT; sigma_partial <= S with an anchor pair is PARTIAL;
    else ZERO. Without multi_stage there is no PARTIAL.
    """
    if matching.s >= sigma_perfect and target in matching.nodes:
        return Stage.PERFECT
    if multi_stage and matching.s >= sigma_partial and matching.has_anchor_pair():
        return Stage.PARTIAL
    return Stage.ZERO
