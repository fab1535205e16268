"""Readers of a hand's pose over held-out pictures: the same pictures for everyone, each read once, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.controllers.poseless.estimator import PoseEstimator
from enactive.controllers.poseless.quality import errors
from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import HandViews, View
from enactive.errors import ControllerError

from .component import Component
from .results import Results
from .statistics import Estimate, compare, mean, rate
from .table import Row, by_method

COLUMNS = ("mse_rad2", "degrees", "fingertip_mm", "malformed", "read_ms")
SLACK_RAD = 1e-6  # beyond a limit that rounding explains


def evaluate_poses(
    readers: Mapping[str, Component],
    views: HandViews,
    count: int,
    folder: Path,
    *,
    settings: Mapping[str, Any],
    on_result: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Let every reader (a `PoseEstimator` by label) read the first `count` views; the rows come reader by reader, in order.

    Read views are appended to `folder` at once; the same call resumes where an earlier one ended, however it ended.
    on_result(done, total) is called after each.
    """
    results = Results(folder, {**settings, **{f"method {label}": reader.to_json() for label, reader in readers.items()}})
    names = [f"{views.split}-{views.seed}-{index:06d}" for index in range(count)]
    wanted = [(label, name) for label in readers for name in names]
    try:
        left = [pair for pair in wanted if pair not in results.done]
        built: dict[str, PoseEstimator] = {label: readers[label].build() for label in dict(left)}
        for index, name in enumerate(names):
            asked = [label for label in readers if (label, name) not in results.done]
            if not asked:
                continue
            view = views[index]
            for label in asked:
                results.append({"method": label, "episode": name, **read_view(built[label], view, views.poses)})
                on_result(len(results.done & set(wanted)), len(wanted))
    finally:
        results.close()
    rows = {(row["method"], row["episode"]): row for row in results.rows}
    return [rows[pair] for pair in wanted]


def read_view(reader: PoseEstimator, view: View, maker: PoseMaker) -> dict[str, float | bool]:
    """Errors of one reading.

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
    return {
        "mse_rad2": float(off.mse_rad2[0]),
        "degrees": float(np.rad2deg(off.joints_rad[0].mean())),
        "fingertip_mm": float(off.tips_mm[0].mean()),
        "malformed": bool(off.malformed[0]),
        "read_ms": 1e3 * seconds,
    }


def _well_formed(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """(1, 24) rad; NaN where that is not what was found."""
    whole = found.shape == (1, len(LOW_RAD)) and ((found >= LOW_RAD - SLACK_RAD) & (found <= HIGH_RAD + SLACK_RAD)).all()
    return found if whole else np.full((1, len(LOW_RAD)), np.nan)


def summarise_poses(rows: Sequence[Row]) -> dict[str, Estimate]:
    """The table's columns over the readings of one reader."""
    means = {key: mean([row[key] for row in rows]) for key in COLUMNS if key != "malformed"}
    return {**means, "malformed": rate([row["malformed"] for row in rows])}


def poses_markdown(rows: Sequence[Row], title: str) -> str:
    """The report as Markdown: means with intervals, and the first reader less the others on the same pictures."""
    groups = by_method(rows)
    lines = [f"# {title}", "", "Mean [95 % interval]; malformed readings count as the pose farthest from the truth.", ""]
    lines += ["| reader | n | " + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for label, group in groups.items():
        summary = summarise_poses(group)
        lines.append(f"| {label} | {len(group)} | " + " | ".join(str(summary[column]) for column in COLUMNS) + " |")
    first, *others = groups
    if others:
        lines += [
            "",
            f"## {first} minus the others, on the same pictures",
            "",
            "| against | mse_rad2 | degrees | fingertip_mm |",
        ]
        lines.append("|---|---|---|---|")
    for other in others:
        cells = [str(compare([row[key] for row in groups[first]], [row[key] for row in groups[other]])) for key in COLUMNS[:3]]
        lines.append(f"| {other} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
