"""The chain of guards: what leaves it is inside every limit, whatever goes in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from enactive.agents.guard import Chain, EStop, FrozenJoints, PredictedState, StepLimit, Watchdog
from enactive.agents.guard.estop import StopEvent
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.desk_arm import DeskArm, make_model
from enactive.errors import ConfigError, SafetyAbort

BODY = Embodiment(
    "two joints", "joint_pos", labels=("a", "b"), units=("rad", "rad"), low=(-1.0, 0.0), high=(1.0, 4.0), frame="joint",
    rate_hz=10.0, velocity_limits=(1.0, 3.0), acceleration_limits=(5.0, 10.0),
)  # fmt: skip


def command(*values: float) -> Action:
    return Action("joint_pos", np.array([values]))


def standing(chain: Chain, *joints: float, body: Embodiment = BODY) -> Chain:
    """A chain whose body was measured at rest."""
    chain.reset(body)
    chain.observe(Observation(joint_positions_rad=np.array(joints)))
    return chain


def test_a_command_within_every_limit_is_the_same_object() -> None:
    chain = standing(Chain(), 0.0, 2.0)
    fine = command(0.04, 2.09)  # joint a: 0.4 rad/s and 4 rad/s2 below 1 and 5; joint b: 0.9 and 9 below 3 and 10
    assert chain.review(fine) is fine
    assert chain.counts == {}


def test_each_link_is_worked_out_by_hand() -> None:
    chain = standing(Chain(off=("velocity", "acceleration")), 0.0, 2.0)
    assert chain.review(command(9.0, 2.1)).values.tolist() == [[0.1, 2.1]]  # bounds to 1.0, then 5 % of a range of 2
    chain = standing(Chain(off=("step", "acceleration")), 0.0, 2.0)
    assert chain.review(command(0.5, 0.0)).values.tolist() == [[0.1, 1.7]]  # 1 and 3 rad/s at 10 Hz
    chain = standing(Chain(off=("step", "velocity")), 0.0, 2.0)
    assert chain.review(command(0.5, 0.0)).values == pytest.approx(np.array([[0.05, 1.9]]))  # 5 and 10 rad/s2 at 10 Hz
    assert chain.review(command(0.5, 0.0)).values == pytest.approx(np.array([[0.15, 1.7]]))  # 0.5 then 1.0 rad/s


def test_a_hold_is_never_limited_and_turning_round_is() -> None:
    chain = standing(Chain(off=("step", "velocity")), 0.0, 2.0)
    for _ in range(4):
        chain.review(command(1.0, 2.0))
    moving = chain.review(command(1.0, 2.0)).values[0]
    hold = Action("joint_pos", moving[np.newaxis])
    assert chain.review(hold) is hold
    chain.review(command(float(moving[0]) + 0.04, 2.0))
    assert chain.review(command(-1.0, 2.0)).values[0, 0] == pytest.approx(moving[0] + 0.04 - 0.05)


def test_interventions_keep_what_was_asked_for_and_what_was_sent() -> None:
    chain = standing(Chain(), 0.0, 2.0)
    chain.review(command(7.0, 2.0))
    assert chain.counts == {"limits": 1, "step": 1, "acceleration": 1}
    assert [(each.link, each.requested[0], round(float(each.sent[0]), 9)) for each in chain.interventions] == [
        ("limits", 7.0, 1.0),
        ("step", 1.0, 0.1),
        ("acceleration", 0.1, 0.05),
    ]


def test_a_link_that_is_off_is_named_in_the_record() -> None:
    chain = standing(Chain(off=("step",)), 0.0, 2.0)
    on = ["form", "limits", "velocity", "acceleration", "effort"]
    assert chain.summary() == {"on": on, "off": ["step"], "changed": {}}
    with pytest.raises(ConfigError, match="no link speed to switch off; known: limits, step"):
        Chain(off=("speed",))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_aborts(bad: float) -> None:
    with pytest.raises(SafetyAbort, match="not finite"):
        standing(Chain(), 0.0, 2.0).review(command(0.0, bad))
    with pytest.raises(SafetyAbort, match=r"shape \(T, 2\)"):
        standing(Chain(), 0.0, 2.0).review(Action("joint_pos", np.zeros((0, 2))))


@pytest.mark.parametrize("values", [[np.nan, 0.0], [np.inf, 0.0], [0.0, 0.0, 0.0], []])
def test_form_is_looked_at_with_every_link_switched_off(values: list[float]) -> None:
    every = ("limits", "step", "velocity", "acceleration", "effort")
    with pytest.raises(SafetyAbort, match=r"not finite|shape \(T, 2\)"):
        standing(Chain(off=every), 0.0, 2.0).review(Action("joint_pos", np.array([values])))
    assert standing(Chain(off=every), 0.0, 2.0).review(command(99.0, -99.0)).values.tolist() == [[99.0, -99.0]]
    with pytest.raises(ConfigError, match="no link form to switch off"):
        Chain(off=("form",))


def test_joints_without_bounds_need_declared_limits() -> None:
    free = replace(BODY, high=(np.inf, np.inf))
    with pytest.raises(ConfigError, match="declare low and high"):
        Chain().reset(free)
    standing(Chain(off=("step",)), 0.0, 0.0, body=free)


wild = st.floats(-20.0, 20.0) | st.floats(-1e300, 1e300)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(wild, wild), min_size=1, max_size=30), st.tuples(st.floats(-3, 3), st.floats(-3, 8)))
def test_no_command_leaves_the_chain_outside_a_limit(commands: list[tuple[float, float]], start: tuple[float, float]) -> None:
    """From wherever the body is found: what is out of bounds comes in at the pace of everything else, and never goes out."""
    low, high = np.array(BODY.low), np.array(BODY.high)
    chain = standing(Chain(), *start)
    last, moved = np.array(start), np.zeros(2)
    for pair in commands:
        sent = chain.review(command(*pair)).values[0]
        assert (sent >= np.minimum(low, last)).all()
        assert (sent <= np.maximum(high, last)).all()
        step = sent - last
        assert (np.abs(step) <= 0.05 * (high - low) + 1e-9).all()
        assert (np.abs(step) <= np.array(BODY.velocity_limits) / 10 + 1e-9).all()
        gained = np.abs(step) - np.where(step * moved > 0, np.abs(moved), 0.0)  # speed gained, from rest where it turned round
        assert (gained <= np.array(BODY.acceleration_limits) / 100 + 1e-9).all()
        last, moved = sent, step


@settings(max_examples=50, deadline=None)
@given(st.floats(1.0, 2.0), st.sampled_from([-1, 1]), wild)
def test_a_body_found_out_of_bounds_comes_in_and_a_hold_leaves_it_where_it_is(out: float, side: int, wanted: float) -> None:
    start = (side * out, 2.0 + 2.0 * side * out)  # up to twice as far out as the bounds are
    chain = standing(Chain(), *start)
    assume(wanted not in start)  # which is a hold
    assert chain.review(command(*start)).values.tolist() == [[*start]]
    for _ in range(100):
        sent = chain.review(command(wanted, wanted)).values[0]
    assert (sent >= BODY.low).all()
    assert (sent <= BODY.high).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(wild, wild), min_size=2, max_size=8))
def test_a_chunk_is_reviewed_as_if_it_had_been_sent_command_by_command(commands: list[tuple[float, float]]) -> None:
    whole = standing(Chain(), 0.0, 1.0).review(Action("joint_pos", np.array(commands))).values
    single = standing(Chain(), 0.0, 1.0)
    assert whole.tolist() == [single.review(command(*pair)).values[0].tolist() for pair in commands]


def test_a_joint_that_pushes_too_hard_may_only_go_back() -> None:
    body = replace(BODY, effort_limits=(2.0, 2.0))
    chain = Chain(off=("step", "velocity", "acceleration"))
    chain.reset(body)

    def feel(*efforts: float) -> None:
        chain.observe(Observation(joint_positions_rad=np.array([0.0, 2.0]), extra={"joint_efforts": np.array(efforts)}))

    feel(3.0, -3.0)
    assert chain.review(command(0.5, 1.0)).values.tolist() == [[0.0, 2.0]]
    assert chain.review(command(-0.5, 3.0)).values.tolist() == [[-0.5, 3.0]]
    feel(1.0, 1.0)
    assert chain.review(command(0.5, 1.0)).values.tolist() == [[0.5, 1.0]]
    with pytest.raises(SafetyAbort, match="no usable 'joint_efforts'"):
        chain.observe(Observation(joint_positions_rad=np.zeros(2)))


def test_a_sweep_stops_before_the_arm_hits_the_desk() -> None:
    from enactive.envs.household.engine import mujoco

    model = make_model()
    body = DeskArm().embodiment
    link = PredictedState(model, stride_rad=0.01)
    chain = standing(Chain(link, off=("step", "velocity", "acceleration", "effort")), 0.0, 1.2, 0.0, 0.0, body=body)
    sent = chain.review(command(0.0, 1.8, 1.2, 0.0)).values[0]
    assert chain.counts == {"collision": 1}

    def lowest(q: NDArray[np.float64]) -> float:
        data = mujoco.MjData(model)
        data.qpos[:] = q
        mujoco.mj_forward(model, data)
        return min((float(contact.dist) for contact in data.contact[: data.ncon]), default=0.0)

    assert lowest(sent) >= -0.001
    start, goal = np.array([0.0, 1.2, 0.0, 0.0]), np.array([0.0, 1.8, 1.2, 0.0])
    assert lowest(sent + 0.011 * (goal - start) / np.abs(goal - start).max()) < -0.001  # not a waypoint too early
    back = command(0.0, 1.0, 0.0, 0.0)
    assert chain.review(back) is back


def test_the_workspace_is_kept_and_may_be_come_back_to_from_outside() -> None:
    box = {"tip": ((-1.0, -1.0, 0.3), (1.0, 1.0, 1.0))}
    body = DeskArm().embodiment
    chain = Chain(PredictedState(make_model(), workspace=box), off=("step", "velocity", "acceleration", "effort"))
    standing(chain, 0.0, 0.0, 0.0, 0.0, body=body)
    data_height = 0.16 + (0.24 + 0.22) * np.cos(chain.review(command(0.0, 1.7, 0.0, 0.0)).values[0, 1])
    assert 0.3 <= data_height < 0.31
    standing(chain, 0.0, 1.6, 0.0, 0.0, body=body)  # the tip starts below the box
    worse, better = command(0.0, 1.7, 0.0, 0.0), command(0.0, 1.5, 0.0, 0.0)
    assert chain.review(worse).values[0, 1] == 1.6
    assert chain.review(better) is better


def test_a_model_that_lacks_a_joint_is_refused() -> None:
    with pytest.raises(ConfigError, match="no joint 'a'"):
        Chain(PredictedState(make_model())).reset(BODY)
    with pytest.raises(ConfigError, match="no body 'nose'"):
        Chain(PredictedState(make_model(), workspace={"nose": ((0, 0, 0), (1, 1, 1))})).reset(DeskArm().embodiment)


@pytest.mark.parametrize(("limits", "refused"), [("", True), ('range="0 0.04"', False)])
def test_a_gripper_needs_a_range_in_the_model(limits: str, refused: bool) -> None:
    from enactive.envs.household.engine import mujoco

    joint = f'<joint name="grip" type="slide" {limits}/>'
    model = mujoco.MjModel.from_xml_string(
        f'<mujoco><worldbody><body name="finger">{joint}<geom size="0.01"/></body></worldbody></mujoco>'
    )
    body = Embodiment("gripper", "joint_pos", ("grip",), ("1",), (0.0,), (1.0,), "joint")
    link = PredictedState(model)
    if refused:
        with pytest.raises(ConfigError, match="gives the joint 'grip' no range"):
            link.reset(body)
    else:
        link.reset(body)
        link.violation_m(np.array([0.5]))
        assert link._data.qpos.tolist() == [0.02]


def test_a_watchdog_bites_after_its_bound_and_lets_go_when_fed() -> None:
    dog = Watchdog("command", 0.1)
    assert dog.cause(0.0) == "no command yet"
    dog.feed(1.0)
    dog.feed(0.5)  # a late message about the past does not make anything fresh
    assert [dog.cause(now) for now in (1.05, 1.09, 1.11)] == ["", "", "no command for 0.1 s"]
    dog.feed(2.0)
    assert dog.cause(2.05) == ""
    with pytest.raises(ConfigError, match="bound in seconds above 0"):
        Watchdog("command", float("inf"))


def test_a_watchdog_that_is_asked_often_bites_before_its_bound_passes() -> None:
    """Asked every 10 ms it bites at 95 ms, since at 105 ms it would be late; asked every 200 ms it waits for 250 ms to pass."""
    often, seldom = Watchdog("command", 0.1, period_s=0.01), Watchdog("command", 0.25, period_s=0.2)
    often.feed(1.0)
    seldom.feed(1.0)
    assert [bool(often.cause(now)) for now in (1.075, 1.085, 1.095)] == [False, False, True]
    assert [bool(seldom.cause(now)) for now in (1.2, 1.4)] == [False, True]


def test_readings_may_stand_still_only_while_the_commands_do() -> None:
    frozen, still = FrozenJoints(0.1), FrozenJoints(0.1)
    reading = np.array([0.3])
    for tick in range(30):
        frozen.feed(0.01 * tick, reading, np.array([0.3 + 0.01 * tick]))
        still.feed(0.01 * tick, reading, np.array([0.3]))
        assert still.cause(0.01 * tick) == ""
        assert bool(frozen.cause(0.01 * tick)) == (tick > 10)
    frozen.feed(0.3, reading + 1e-9, np.array([0.6]))
    assert frozen.cause(0.3) == ""


def test_readings_of_a_body_that_was_long_at_rest_may_follow_its_first_command_as_late_as_all_others() -> None:
    frozen, reading = FrozenJoints(0.105), np.array([0.3])
    for tick in range(100):
        frozen.feed(0.01 * tick, reading, np.array([0.3]))
    for tick in range(100, 120):
        frozen.feed(0.01 * tick, reading, np.array([0.4]))
        assert bool(frozen.cause(0.01 * tick)) == (tick > 109)


def test_the_latch_keeps_the_first_cause_until_it_is_reset() -> None:
    heard: list[str] = []
    times = iter((1.0, 2.0, 3.0))
    estop = EStop(lambda: next(times))
    estop.listen(lambda event: heard.append(event.cause))
    estop.latch("key")
    estop.latch("file")
    assert estop.cause == "key"
    estop.reset("operator")
    assert heard == ["key", "file", "operator"]
    assert estop.cause == ""
    assert [(event.kind, event.cause, event.at_s) for event in estop.events] == [
        ("latch", "key", 1.0),
        ("latch", "file", 2.0),
        ("reset", "operator", 3.0),
    ]


def test_a_stop_that_comes_while_a_reset_is_told_is_what_everybody_hears_last() -> None:
    estop, heard = EStop(lambda: 0.0), list[str]()

    def another_thread(event: StopEvent) -> None:
        if event.kind == "reset":
            estop.latch("key")

    estop.listen(another_thread)
    estop.listen(lambda event: heard.append(event.kind))  # the line to a robot
    estop.latch("file")
    estop.reset("operator")
    assert estop.cause == "key"
    assert heard[0] == "latch"
    assert heard[-1] == "latch"
    assert "reset" in heard


def test_a_body_that_measures_no_numbers_is_sent_none() -> None:
    chain = standing(Chain(), np.nan, 2.0)
    with pytest.raises(SafetyAbort, match="not finite"):
        chain.review(command(0.0, 2.0))


def test_the_step_limit_alone_follows_the_ranges() -> None:
    link = StepLimit(ranges=0.5)
    link.reset(BODY)
    link.observe(Observation(joint_positions_rad=np.array([5.0, 2.0])))  # measured beyond a bound: starts from there
    assert link.review(command(-1.0, 4.0)).values.tolist() == [[4.0, 4.0]]
