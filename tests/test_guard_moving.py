"""The guard on bodies that are told to move: by twists of the base, joint velocities and displacements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from velocity_arm import VelocityArm

from enactive.agents.guard import Chain
from enactive.envs import Action, Embodiment, Observation
from enactive.errors import ConfigError

CART = Embodiment("cart", "base_twist", ("v", "w"), ("m/s", "rad/s"), (-0.5, -1.0), (0.5, 1.0), rate_hz=10.0)


def passed(chain: Chain, *values: float) -> list[float]:
    mode = chain.links[0].body.control_mode
    return [float(each) for each in chain.review(Action(mode, np.array([values]))).values[0]]


def ready(body: Embodiment, *off: str) -> Chain:
    chain = Chain(off=off)
    chain.reset(body)
    return chain


def test_each_link_on_a_twist_is_worked_out_by_hand() -> None:
    chain = ready(CART, "acceleration")
    assert passed(chain, 9.0, -0.4) == [0.25, -0.4]  # to its bound of 0.5, then 25 % of a range of 1.0; of 2.0 that is 0.5
    assert passed(chain, 0.5, -1.0) == [0.5, -0.9]
    assert passed(chain, -0.5, -1.0) == [-0.25, -1.0]  # through 0, and from there as if from rest
    assert chain.counts == {"limits": 1, "step": 3}
    fine = Action("base_twist", np.zeros((1, 2)))
    assert chain.review(fine) is fine  # standing still is granted at once
    chain = ready(replace(CART, acceleration_limits=(1.0, 20.0)), "step")
    assert [passed(chain, 0.5, 1.0) for _ in range(3)] == [[0.1, 1.0], [0.2, 1.0], [pytest.approx(0.3), 1.0]]
    assert ready(CART, "step").review(Action("base_twist", np.array([[0.5, 1.0]]))).values.tolist() == [
        [0.5, 1.0]
    ]  # 5/s * 0.1 s
    assert passed(ready(replace(CART, velocity_limits=(0.3, 0.6)), "step"), 0.5, -1.0) == [0.3, -0.6]


def test_each_link_on_displacements_is_worked_out_by_hand() -> None:
    body = replace(CART, control_mode="joint_delta", velocity_limits=(2.0, 2.0), acceleration_limits=(10.0, 10.0))
    assert passed(ready(body, "step", "acceleration"), 0.5, -0.5) == [0.2, -0.2]  # 2 rad/s at 10 Hz
    chain = ready(body, "step", "velocity")
    assert [passed(chain, 0.5, 0.05) for _ in range(2)] == [[0.1, 0.05], [0.2, 0.05]]  # 10 rad/s2 at 10 Hz


def test_a_gripper_among_velocities_is_a_place_that_a_hold_keeps() -> None:
    body = Embodiment("arm", "joint_vel", ("a", "gripper"), ("rad/s", "1"), (-2.0, 0.0), (2.0, 1.0), "joint", 100.0)
    assert body.moving.tolist() == [True, False]
    assert body.hold(np.array([1.5, 0.8])).tolist() == [0.0, 0.8]
    assert passed(ready(body), 2.0, 3.0) == [0.2, 1.0]  # 5 % of a range of 4 rad/s, at 100 Hz; the gripper within its bounds
    assert replace(body, labels=("a", "throttle")).moving.all()  # a velocity without a unit, one way
    assert not replace(body, control_mode="joint_pos").moving.any()
    assert not Embodiment("grid", "discrete", ("left", "right")).moving.any()


def test_a_joint_that_pushes_too_hard_may_only_be_driven_back() -> None:
    body = replace(VelocityArm.embodiment, effort_limits=(3.0, 3.0))
    chain = ready(body, "step", "acceleration")
    chain.observe(Observation(joint_positions_rad=np.zeros(2), extra={"joint_efforts": np.array([4.0, -4.0])}))
    assert passed(chain, 1.0, 1.0) == [0.0, 1.0]
    assert passed(chain, -1.0, -1.0) == [-1.0, 0.0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"low": (0.1, -1.0)}, "no 0 within its bounds"),
        ({"high": (0.5,)}, "bounds low <= high for each of its 2 entries"),
        ({"low": (np.nan, -1.0)}, "bounds low <= high for each of its 2 entries"),
        ({"acceleration_limits": (1.0, np.nan)}, "acceleration limits that are not above 0"),
        ({"velocity_limits": (1.0, 0.0)}, "velocity limits that are not above 0"),
        ({"effort_limits": (np.nan, 1.0)}, "effort limits that are not above 0"),
        ({"low": (-np.inf, -1.0)}, "declare low and high"),
    ],
)
def test_a_body_that_the_guard_could_not_stop_or_limit_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ready(replace(CART, **changed))


wild = st.floats(-20.0, 20.0) | st.floats(-1e300, 1e300) | st.just(0.0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(wild, wild), min_size=1, max_size=30))
def test_no_velocity_leaves_the_chain_outside_a_limit(commands: list[tuple[float, float]]) -> None:
    body = replace(CART, velocity_limits=(0.4, 2.0), acceleration_limits=(1.5, 4.0))
    chain, last = ready(body), np.zeros(2)
    for pair in commands:
        sent = np.array(passed(chain, *pair))
        assert (np.abs(sent) <= [0.4, 1.0]).all()
        gained = np.abs(sent) - np.where(sent * last > 0, np.abs(last), 0.0)  # speed, from rest where it turned round
        assert (gained <= np.array([0.15, 0.4]) + 1e-9).all()
        assert (sent * pair >= 0).all()  # none is turned round by the guard, and a 0 stays one
        last = sent
