"""The grid of ticks and its report, on a clock that only the test moves."""

from __future__ import annotations

import numpy as np
import pytest
from realtime_bench import Clock

from enactive.agents.realtime import Cadence


def test_the_grid_does_not_drift_and_a_late_tick_is_not_followed_by_a_hurried_one() -> None:
    clock = Clock()
    cadence = Cadence(100.0, clock, clock.sleep)
    clock.oversleep = lambda asked: asked + 0.0005  # always half a millisecond late, within a tenth of the period
    began = [cadence.wait() for _ in range(5)]
    assert np.diff(began) == pytest.approx([0.0105, 0.01, 0.01, 0.01])
    assert (cadence.late, cadence.missed) == (0, 0)
    clock.now += 0.027  # work that runs over two slots
    began.append(cadence.wait())
    assert (cadence.late, cadence.missed) == (1, 1)
    clock.oversleep = lambda asked: asked
    began.append(cadence.wait())
    assert np.diff(began)[-1] == pytest.approx(0.01)


def test_the_cadence_report_is_worked_out_by_hand() -> None:
    clock = Clock()
    cadence = Cadence(100.0, clock, clock.sleep)
    for work in (0.001, 0.001, 0.004):
        cadence.wait()
        clock.now += work
        cadence.mark("observe")
        clock.now += 0.002
        cadence.mark("send")
    report = cadence.report()
    assert report["ticks"] == 3
    assert report["rate_hz"] == pytest.approx(100.0)
    assert report["sections"]["observe"]["mean_s"] == pytest.approx(0.002)
    assert report["sections"]["observe"]["worst_s"] == pytest.approx(0.004)
    assert report["sections"]["send"]["p99_s"] == pytest.approx(0.002)
    assert report["sections"]["wait"]["worst_s"] == pytest.approx(0.007)
