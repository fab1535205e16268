"""`enactive train forms`: the table of how large things of each name and form are."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from enactive.envs.household.apartment import make_apartment
from enactive.errors import ConfigError

from .forms import TABLE, measures
from .segmenter.data import FIRST_UNSEEN_SEED

LEAST = 3  # things of a form that must have been seen


def train_forms(apartments: int = 600, out: Path = TABLE) -> str:
    """Write the table of forms.

    apartments: so many of the train split, the first ones. out: file of the table.

    Names that come in one form, or of which fewer than two forms were seen three times, are left out.
    """
    if not 1 <= apartments <= FIRST_UNSEEN_SEED:
        raise ConfigError(f"--apartments must be from 1 to {FIRST_UNSEEN_SEED}, not {apartments}")
    seen: dict[str, dict[str, list[NDArray[np.float64]]]] = defaultdict(lambda: defaultdict(list))
    for seed in track(range(apartments), "apartments"):
        for placed in make_apartment(seed).objects:
            asset = placed.asset
            seen[asset.category][asset.shape].append(measures(2.0 * np.asarray(asset.bounds.half_size)))
    names = {}
    for name, forms in sorted(seen.items()):
        known = {form: np.array(sizes) for form, sizes in sorted(forms.items()) if len(sizes) >= LEAST}
        if len(known) > 1:
            names[name] = {form: _summary(sizes) for form, sizes in known.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(forms)}" for name, forms in names.items())
    command = json.dumps(f"enactive train forms --apartments {apartments}")
    out.write_text(f'{{"command": {command}, "names": {{\n{lines}\n}}}}\n')
    return f"{sum(map(len, names.values()))} forms of {len(names)} names: {out}"


def _summary(sizes: NDArray[np.float64]) -> dict[str, list[float]]:
    return {"mean": sizes.mean(axis=0).round(3).tolist(), "spread": sizes.std(axis=0).round(3).tolist()}
