"""The desk arm: a command lasts as long as its rate says."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from enactive.envs.desk_arm import DeskArm
from enactive.errors import ConfigError


@pytest.mark.parametrize("rate_hz", [20.0, 100.0, 125.0, 250.0, 500.0])
def test_a_step_lasts_one_period(rate_hz: float) -> None:
    arm = DeskArm(rate_hz)
    arm.reset(seed=0)
    for _ in range(3):
        obs, *_ = arm.step(np.zeros(4))
    assert obs["stamp_s"] == pytest.approx(3.0 / rate_hz)


@pytest.mark.parametrize("rate_hz", [300.0, 1000.0, 1e9, 0.0, -100.0, math.nan, math.inf])
def test_a_rate_that_it_cannot_keep_is_refused(rate_hz: float) -> None:
    with pytest.raises(ConfigError, match="whole number of 2 ms steps, as 50, 100 or 125 do, not " + re.escape(str(rate_hz))):
        DeskArm(rate_hz)
