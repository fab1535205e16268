"""Words for the form of a measured box: how large things of one name are that people call long, tall, small or square.

The measures of a box are compared with a table of those that things of the name have in each form, which `enactive train
forms` makes from apartments of the train split. What differs in looks alone (a slatted chair, a padded one) is not told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).with_name("weights") / "forms.json"
NOISE = np.array([0.15, 0.5, 0.2])  # of the logarithms of a measured box: how deep a thing is shows from few places
FAR_OFF = 2.0  # standard deviations beyond which a measure is an error of the box and says no more


def measures(size_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 3) logarithms of the longer horizontal side, the shorter one and the height. size_m: (..., 3) boxes, z up."""
    flat = np.sort(size_m[..., :2], axis=-1)
    return np.log(np.maximum(np.stack([flat[..., 1], flat[..., 0], size_m[..., 2]], axis=-1), 1e-3))


def name_form(name: str, size_m: NDArray[np.float64]) -> dict[str, float]:
    """How probable each form is that things of a name come in; sums to 1, and is empty for names that the table lacks.

    size_m: (3,) metres, the box along the axes of the world.
    """
    forms = _table().get(name)
    if forms is None:
        return {}
    words, mean, variance = forms
    gap = np.minimum((measures(size_m) - mean) ** 2 / variance, FAR_OFF**2)
    log_likelihood = -0.5 * (gap + np.log(variance)).sum(axis=1)
    share = np.exp(log_likelihood - log_likelihood.max())
    return dict(zip(words, (share / share.sum()).tolist(), strict=True))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]]:
    """By name: F words, (F, 3) means and (F, 3) variances of the logarithms of the measures."""
    names: Mapping[str, Mapping[str, Mapping[str, list[float]]]] = json.loads(TABLE.read_text())["names"]
    return {
        name: (
            tuple(forms),
            np.array([form["mean"] for form in forms.values()]),
            np.array([form["spread"] for form in forms.values()]) ** 2 + NOISE**2,
        )
        for name, forms in names.items()
    }
