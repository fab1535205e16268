"""Means with their uncertainty, and paired comparisons. Every mean carries n and a 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n episodes with its 95 % interval. n = 0 gives NaN."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return format(self, ".3f")

    def __format__(self, spec: str) -> str:
        """Each of the three numbers by `spec`; as `str` where there is none."""
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]" if spec else str(self)


def rate(successes: ArrayLike) -> Estimate:
    """A share, with Wilson's score interval."""
    values = np.asarray(successes, dtype=bool)
    n = len(values)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    z = 1.959963984540054
    p, centre = values.mean(), (values.sum() + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(n * p * (1 - p) + z * z / 4)
    return Estimate(float(p), float(max(0.0, centre - half)), float(min(1.0, centre + half)), n)


def mean(values: ArrayLike, seed: int = 0) -> Estimate:
    """A mean, with the percentile bootstrap. Infinite and missing values are refused: say what they mean before averaging."""
    sample = np.asarray(values, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("cannot average values that are not finite")
    if len(sample) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    low, high = np.quantile(_resampled_means(sample, seed), [0.025, 0.975])
    return Estimate(float(sample.mean()), float(low), float(high), len(sample))


def median(values: ArrayLike, seed: int = 0) -> Estimate:
    """The median of all values of (N, K), K of them from each of N views, with the percentile bootstrap over views.

    Infinite and missing values are refused, as by `mean`.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("cannot take the median of values that are not finite")
    if len(sample) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    draws = np.random.default_rng(seed).integers(len(sample), size=(RESAMPLES // 5, len(sample)))
    low, high = np.quantile([np.median(sample[draw]) for draw in draws], [0.025, 0.975])
    return Estimate(float(np.median(sample)), float(low), float(high), len(sample))


@dataclass(frozen=True, slots=True)
class Comparison:
    """a minus b on the same episodes: mean difference, its 95 % bootstrap interval and the p-value of a paired test."""

    difference: Estimate
    p: float

    def __str__(self) -> str:
        return format(self, "+.3f")

    def __format__(self, spec: str) -> str:
        """The difference and its interval by `spec`; as `str` where there is none."""
        return f"{self.difference:{spec}}, p = {self.p:.2g}" if spec else str(self)


def compare(a: ArrayLike, b: ArrayLike, seed: int = 0) -> Comparison:
    """Compare two methods on the same episodes, in the same order.

    Two-sided: exact McNemar (a sign test on the discordant pairs) where all values are 0 or 1, else a sign-flip permutation
    test on the mean difference.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"a paired comparison needs the same episodes, got {len(first)} and {len(second)}")
    difference = first - second
    if np.isin(np.concatenate([first, second]), (0.0, 1.0)).all():
        from scipy.stats import binomtest

        wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
        p = float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
    else:
        p = _sign_flip(difference, seed)
    return Comparison(mean(difference, seed), p)


def _sign_flip(difference: NDArray[np.float64], seed: int) -> float:
    moving = difference[difference != 0.0]
    if len(moving) == 0:
        return 1.0
    signs = np.random.default_rng(seed).integers(0, 2, (RESAMPLES, len(moving)), dtype=np.int8) * 2 - 1
    extreme = np.abs(signs @ moving) >= abs(moving.sum()) - 1e-12
    return float((extreme.sum() + 1) / (RESAMPLES + 1))


def _resampled_means(sample: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return sample[rng.integers(0, len(sample), (RESAMPLES, len(sample)))].mean(axis=1)
