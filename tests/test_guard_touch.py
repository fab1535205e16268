"""The guard's limit on how hard a pad presses, by hand and on the simulated hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from enactive.agents.guard import Chain
from enactive.envs import Action, ControlMode, Embodiment, Observation
from enactive.envs.shadow_hand.env import ShadowHand
from enactive.envs.shadow_hand.joints import JOINTS
from enactive.errors import ConfigError, SafetyAbort

BODY = Embodiment(
    "two joints", "joint_pos", labels=("a", "b"), units=("rad", "rad"), low=(-1.0, -1.0), high=(1.0, 1.0), frame="joint",
    rate_hz=10.0, touch_limit_N=2.0,
)  # fmt: skip
OPEN = np.zeros(24)
PINCH = {"FFJ3": 1.3, "FFJ2": 1.2, "FFJ1": 0.9, "THJ5": 0.53, "THJ4": 1.07, "THJ1": 0.6}  # further than where the tips meet


def felt(joints: tuple[float, ...], *touch_N: float) -> Observation:
    return Observation(joint_positions_rad=np.array(joints), extra={"touch_N": np.array(touch_N)})


def command(*values: float) -> Action:
    return Action("joint_pos", np.array([values]))


def test_while_a_pad_presses_too_hard_a_joint_goes_back_only() -> None:
    chain = Chain(off=("step", "velocity", "acceleration"))
    chain.reset(BODY)
    chain.observe(felt((0.0, 0.0), 0.0, 1.9))
    assert chain.review(command(0.5, -0.5)).values.tolist() == [[0.5, -0.5]]
    chain.observe(felt((0.4, -0.4), 2.1, 0.0))  # what is in the way keeps both from where they were sent
    assert chain.review(command(0.6, -0.6)).values.tolist() == [[0.5, -0.5]]
    assert chain.counts == {"effort": 1}
    assert chain.review(command(0.3, -0.1)).values.tolist() == [[0.3, -0.1]]
    chain.observe(felt((0.4, -0.4), 1.9, 1.9))
    assert chain.review(command(0.6, -0.6)).values.tolist() == [[0.6, -0.6]]


@pytest.mark.parametrize("extra", [{}, {"touch_N": np.array([0.0, np.nan])}, {"touch_N": np.array([])}])
def test_a_body_that_declares_the_limit_must_feel(extra: dict[str, Any]) -> None:
    chain = Chain()
    chain.reset(BODY)
    with pytest.raises(SafetyAbort, match=r"two joints .* has no usable 'touch_N' .* off="):
        chain.observe(Observation(joint_positions_rad=np.zeros(2), extra=extra))
    with pytest.raises(SafetyAbort, match="has no usable 'joint_positions_rad'"):
        chain.observe(Observation(extra={"touch_N": np.zeros(5)}))


@pytest.mark.parametrize(("limit_N", "mode"), [(-1.0, "joint_pos"), (np.nan, "joint_pos"), (2.0, "joint_vel")])
def test_a_limit_that_cannot_be_kept_is_refused(limit_N: float, mode: ControlMode) -> None:
    with pytest.raises(ConfigError, match=f"touch_limit_N = {limit_N}: it takes a force above 0 N"):
        Chain().reset(replace(BODY, touch_limit_N=limit_N, control_mode=mode))


@pytest.fixture(scope="module", params=[0.0, 2.0])
def hand(request: pytest.FixtureRequest) -> Iterator[ShadowHand]:
    with closing(ShadowHand(width=16, height=16, camera_hz=1.0, touch_limit_N=request.param)) as hand:
        yield hand


def test_a_hand_that_presses_too_hard_holds_and_can_be_opened(hand: ShadowHand) -> None:
    """What the commands of first finger and thumb were ahead of their joints when the limit was met still comes on top."""
    limit_N, pinch = hand.embodiment.touch_limit_N, OPEN.copy()
    for joint, angle in PINCH.items():
        pinch[JOINTS.index(joint)] = angle
    chain = Chain()
    chain.reset(hand.embodiment)
    obs, info = hand.reset(seed=0)

    def drive(goal: NDArray[np.float64]) -> float:
        """Towards a pose for 1.5 s; the greatest force on a pad in the last half of a second."""
        nonlocal obs, info
        forces = []
        for _ in range(150):
            chain.observe(Observation.from_gym(obs, info))
            obs, _, _, _, info = hand.step(chain.review(Action("joint_pos", goal[np.newaxis])).values[0])
            forces.append(float(obs["touch_N"].max()))
        return max(forces[100:])

    force_N = drive(pinch)
    assert (force_N > 7.0) if limit_N == 0.0 else (limit_N < force_N < 3.5)
    assert ("effort" in chain.counts) == (limit_N > 0.0)
    assert drive(OPEN) == 0.0
    np.testing.assert_allclose(obs["joint_positions_rad"], OPEN, atol=0.01)
