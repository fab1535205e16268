import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enactive.agents.metrics import NavigationMeter, soft_spl, spl
from enactive.agents.report.record import plain
from enactive.agents.table import COLUMNS, PARTS, markdown, summarise
from enactive.envs import Observation

METRES = st.floats(0.0, 1e3)


@pytest.mark.parametrize(
    ("success", "shortest_m", "walked_m", "expected"),
    [
        (True, 4.0, 8.0, 0.5),
        (True, 4.0, 4.0, 1.0),
        (True, 4.0, 3.0, 1.0),  # shorter than the grid's shortest path: never above 1
        (False, 4.0, 4.0, 0.0),
        (True, 0.0, 0.0, 1.0),
        (True, 0.0, 2.0, 0.0),
        (True, math.inf, 2.0, 0.0),
    ],
)
def test_spl_by_hand(success: bool, shortest_m: float, walked_m: float, expected: float) -> None:
    assert spl(success, shortest_m, walked_m) == expected


@pytest.mark.parametrize(
    ("d0", "d1", "l", "p", "expected"),
    [
        (4.0, 1.0, 4.0, 4.0, 0.75),
        (4.0, 1.0, 4.0, 8.0, 0.375),
        (4.0, 6.0, 4.0, 4.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0, 1.0, 0.0),
        (math.inf, 1.0, math.inf, 1.0, 0.0),
        (4.0, math.inf, 4.0, 1.0, 0.0),
    ],
)
def test_soft_spl_by_hand(d0: float, d1: float, l: float, p: float, expected: float) -> None:  # noqa: E741
    assert soft_spl(d0, d1, l, p) == expected


@given(st.booleans(), METRES, METRES)
def test_spl_is_a_fraction_and_never_above_success(success: bool, shortest_m: float, walked_m: float) -> None:
    assert 0.0 <= spl(success, shortest_m, walked_m) <= float(success)


class Line:
    """An oracle whose goal is a point on the x axis."""

    targets = (0,)
    collisions = 3

    def __init__(self) -> None:
        self.x = 0.0

    def distance_to_goal_m(self) -> float:
        return abs(2.0 - self.x)


def _at(x: float) -> Observation:
    pose = np.eye(4)
    pose[0, 3] = x
    return Observation(T_world_base=pose)


def test_a_detour_of_one_metre_each_way_halves_spl() -> None:
    oracle = Line()
    meter = NavigationMeter(oracle, _at(0.0), 0.1)
    for x in (-1.0, 0.0, 2.0):
        oracle.x = x
        meter.step(_at(x))
    oracle.collisions += 2
    result = meter.result(stopped=True)
    assert result["success"] is True
    assert result["walked_m"] == pytest.approx(4.0)
    assert result["spl"] == pytest.approx(0.5)
    assert result["collisions"] == 2
    assert meter.result(stopped=False)["success"] is False


def _blind() -> Observation:
    return Observation(T_world_base=None)


@pytest.mark.parametrize("at_m", [(None, None, None), (0.0, None, None), (None, None, 2.0)])
def test_the_way_of_a_body_that_does_not_know_its_pose_is_no_number(at_m: tuple[float | None, ...]) -> None:
    oracle, seen = Line(), [_blind() if x is None else _at(x) for x in at_m]
    meter = NavigationMeter(oracle, seen[0], 0.1)
    for observation in seen[1:]:
        meter.step(observation)
    oracle.x = 2.0
    for stopped in (True, False):
        result = meter.result(stopped)
        assert result["success"] is stopped
        assert result["distance_to_goal_m"] == 0.0
        assert all(math.isnan(float(result[name])) for name in ("walked_m", "spl", "soft_spl"))
        assert json.loads(json.dumps(plain(result), allow_nan=False))["spl"] == "nan"


def test_a_gap_in_the_poses_is_bridged_in_a_straight_line() -> None:
    oracle = Line()
    meter = NavigationMeter(oracle, _blind(), 0.1)
    for observation in (_at(0.0), _blind(), _at(1.0), _blind(), _blind(), _at(2.0)):
        meter.step(observation)
    oracle.x = 2.0
    assert meter.result(stopped=True)["walked_m"] == pytest.approx(2.0)
    assert meter.result(stopped=True)["spl"] == pytest.approx(1.0)


def test_who_never_moved_has_walked_nothing() -> None:
    assert NavigationMeter(Line(), _at(0.0), 0.1).result(stopped=False)["walked_m"] == 0.0


def test_a_way_that_is_not_known_counts_in_no_mean() -> None:
    row = {"method": "a", "success": True, "distance_to_goal_m": 0.0, "collisions": 0, "steps": 1, "failure": ""}
    row |= {f"{part}_s": 0.1 for part in PARTS}
    known, unknown = {"spl": 0.5, "soft_spl": 0.5}, {"spl": math.nan, "soft_spl": math.nan}
    rows = [row | {"episode": "1"} | known, row | {"episode": "2"} | unknown]
    estimate = summarise(rows, COLUMNS)
    assert (estimate["spl"].mean, estimate["spl"].n, estimate["success"].n) == (0.5, 1, 2)
    assert "(n=1)" in markdown([*rows, *(each | {"method": "b"} for each in rows)], "title")
