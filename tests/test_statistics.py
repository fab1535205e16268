import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from enactive.statistics import compare, mean, median, rate


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_wilson_equals_scipys(successes: list[bool]) -> None:
    ours = rate(successes)
    theirs = binomtest(sum(successes), len(successes)).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert ours.n == len(successes)


def test_wilson_half_width_at_one_half_is_the_published_one() -> None:
    interval = rate([True, False] * 50)
    assert (interval.high - interval.low) / 2 == pytest.approx(0.096, abs=5e-4)


def test_bootstrap_of_a_constant_has_no_width_and_of_nothing_no_value() -> None:
    assert (mean([0.3] * 9).low, mean([0.3] * 9).high) == pytest.approx((0.3, 0.3))
    assert np.isnan(mean([]).mean)
    with pytest.raises(ValueError, match="not finite"):
        mean([1.0, np.inf])


def test_the_median_is_of_all_values_and_its_interval_over_views() -> None:
    whole = median([[0.0, 1.0, 9.0], [2.0, 3.0, 4.0]])
    assert (whole.mean, whole.n) == (2.5, 2)
    assert (whole.low, whole.high) == (1.0, 3.0)  # of the one view alone, and of the other
    alone = median([[5.0, 100.0, 1.0]])
    assert (alone.low, alone.mean, alone.high) == (5.0, 5.0, 5.0)
    with pytest.raises(ValueError, match="not finite"):
        median([[1.0, np.nan]])


def test_bootstrap_width_matches_the_normal_one() -> None:
    sample = np.random.default_rng(1).normal(size=400)
    interval = mean(sample)
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * sample.std() / 20, rel=0.05)


def test_mcnemar_by_hand() -> None:
    a, b = [1] * 8 + [0] * 2 + [1] * 5, [0] * 8 + [1] * 2 + [1] * 5  # 8 wins, 2 losses: 2 * sum(C(10, k), k >= 8) / 2^10
    result = compare(a, b)
    assert result.p == pytest.approx(2 * (45 + 10 + 1) / 1024)
    assert result.difference.mean == pytest.approx(6 / 15)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100))
def test_permutation_finds_a_shift_and_not_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base, noise = rng.normal(size=80), rng.normal(scale=0.3, size=80)
    assert compare(base + 1.0 + noise, base).p < 1e-3
    assert compare(base, base).p == 1.0


def test_different_episodes_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same episodes"):
        compare([1.0, 0.5], [1.0])
