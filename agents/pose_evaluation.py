"""Readers of a hand's pose over held-out pictures: the same pictures for everyone, each read once, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.controllers.poseless.estimator import PoseEstimator, pictured_as_right
from enactive.controllers.poseless.quality import errors
from enactive.envs.shadow_hand.conditions import CONDITIONS
from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import MAKING, Split, View
from enactive.errors import ConfigError, ControllerError

from .component import Component
from .results import Results

SLACK_RAD = 1e-6  # beyond a limit that rounding explains


def evaluate_poses(
    readers: Mapping[str, Component],
    conditions: Sequence[str],
    split: Split,
    count: int,
    folder: Path,
    *,
    settings: Mapping[str, Any],
    on_result: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Let every reader (a `PoseEstimator` by label) read the first `count` pictures of conditions named as in `CONDITIONS`.

    The rows come condition by condition, reader by reader, in order. What was read is appended to `folder` at once; the same
    call resumes where an earlier one ended, however it ended. on_result(done, total) is called at the start and after each.
    Raises ConfigError for a condition that does not exist, where `folder` holds readings of other settings or of pictures that
    were made otherwise (`views.MAKING`), and where it cannot be written.
    """
    if unknown := [name for name in conditions if name not in CONDITIONS]:
        raise ConfigError(f"there is no condition {', '.join(unknown)}; there are {', '.join(CONDITIONS)}")
    identities = {f"method {label}": reader.to_json() for label, reader in readers.items()}
    identities |= {f"weights of {label}": weights for label, reader in readers.items() if (weights := reader.weights())}
    results = Results(folder, {**settings, "making of pictures": MAKING, **identities})
    names = {condition: [f"{condition}-{split}-{index:06d}" for index in range(count)] for condition in conditions}
    wanted = [(label, name) for condition in names for label in readers for name in names[condition]]
    left = set(wanted) - results.done

    def keep(row: Mapping[str, Any]) -> None:
        results.append(row)
        left.remove((row["method"], row["episode"]))
        on_result(len(wanted) - len(left), len(wanted))

    on_result(len(wanted) - len(left), len(wanted))
    try:
        built: dict[str, PoseEstimator] = {label: readers[label].build() for label in readers if label in dict(left)}
        for condition in names:
            asked = [[label for label in built if (label, name) in left] for name in names[condition]]
            _read_condition(built, condition, split, dict(zip(names[condition], asked, strict=True)), keep)
    finally:
        results.close()
    rows = {(row["method"], row["episode"]): row for row in results.rows}
    return [rows[pair] for pair in wanted]


def _read_condition(
    built: Mapping[str, PoseEstimator],
    condition: str,
    split: Split,
    asked: Mapping[str, Sequence[str]],
    keep: Callable[[Mapping[str, Any]], None],
) -> None:
    """Make the pictures of a condition that anybody is asked for. asked: labels of readers by picture, from the first on.

    Readers know right hands: a left one is shown to them in a mirror, since equal angles make mirrored poses.
    """
    if not any(asked.values()):
        return
    maker, side = PoseMaker(), CONDITIONS[condition].side
    with CONDITIONS[condition].views(split) as views:
        for index, (name, labels) in enumerate(asked.items()):
            if not labels:
                continue
            view = views[index]
            view = replace(view, rgb=pictured_as_right([view.rgb], side)[0])
            for label in labels:
                keep({"method": label, "episode": name, "condition": condition, **read_view(built[label], view, maker)})


def read_view(reader: PoseEstimator, view: View, maker: PoseMaker) -> dict[str, Any]:
    """Errors of one reading, those of each joint (24) in degrees and of each fingertip (5) in mm among them.

    What is not 24 finite angles within the limits is malformed, as is a reader that gives up, and counts
    as the pose farthest from the truth.
    """
    began = time.perf_counter()
    try:
        found = reader.estimate([view.rgb])
    except ControllerError:
        found = np.empty((0, 0))
    seconds = time.perf_counter() - began
    off = errors(maker, _well_formed(found), view.joints_rad[np.newaxis])
    joints_deg, tips_mm = np.rad2deg(off.joints_rad[0]), off.tips_mm[0]
    return {
        "mse_rad2": float(off.mse_rad2[0]),
        "degrees": float(joints_deg.mean()),
        "fingertip_mm": float(tips_mm.mean()),
        "malformed": bool(off.malformed[0]),
        "read_ms": 1e3 * seconds,
        "joints_deg": joints_deg.round(3).tolist(),
        "tips_mm": tips_mm.round(3).tolist(),
    }


def _well_formed(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """(1, 24) rad; NaN where that is not what was found."""
    whole = found.shape == (1, len(LOW_RAD)) and ((found >= LOW_RAD - SLACK_RAD) & (found <= HIGH_RAD + SLACK_RAD)).all()
    return found if whole else np.full((1, len(LOW_RAD)), np.nan)
