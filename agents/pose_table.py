"""What readers of a hand's pose are off by, as people read it: by condition, by finger and joint, and a plot of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.conditions import CONDITIONS
from enactive.envs.shadow_hand.joints import FINGERS, JOINTS, group_of
from enactive.statistics import Estimate, compare, mean, median, rate

from .table import Row, by_method, versions

COLUMNS: Mapping[str, str] = {
    "mse_rad2": ".3f",
    "degrees": ".1f",
    "fingertip_mm": ".1f",
    "fingertip_median_mm": ".1f",
    "malformed": ".3f",
    "read_ms": ".2f",
}
"""How each is written."""
ERRORS = tuple(COLUMNS)[:3]
GROUPS: Mapping[str, Sequence[int]] = {
    group: [index for index, joint in enumerate(JOINTS) if group_of(joint) == group] for group in ("WR", *FINGERS)
}
"""Joints by number, of the wrist and of each finger."""


def by_condition(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    """Rows grouped by condition and reader, both in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["condition"], []).append(row)
    return {condition: by_method(group) for condition, group in groups.items()}


def summarise_poses(rows: Sequence[Row]) -> dict[str, Estimate]:
    """The table's columns over the readings of one reader under one condition."""
    means = {key: mean([row[key] for row in rows]) for key in (*ERRORS, "read_ms")}
    tips, malformed = median([row["tips_mm"] for row in rows]), rate([row["malformed"] for row in rows])
    return {**means, "fingertip_median_mm": tips, "malformed": malformed}


def poses_markdown(rows: Sequence[Row], title: str) -> str:
    """The report as Markdown: all about the first condition, then the others beside it, then its fingers and joints."""
    groups = by_condition(rows)
    first, *others = groups
    readers = groups[first]
    told = (
        "Mean [95 % interval], and the median of all fingertips; malformed readings count as the pose farthest from the truth."
    )
    lines = [f"# {title}", "", f"{told}{versions(rows)}", ""]
    lines += [f"## {first}", ""]
    summaries = {label: summarise_poses(group) for label, group in readers.items()}
    cells = {
        label: [len(readers[label]), *(format(summary[key], spec) for key, spec in COLUMNS.items())]
        for label, summary in summaries.items()
    }
    lines += _table(["reader", "n", *COLUMNS], cells)
    best, *rivals = readers
    if rivals:
        lines += [f"## {best} minus the others, on the same pictures", ""]
        lines += _table(["against", *ERRORS], {rival: _paired(readers[best], readers[rival]) for rival in rivals})
    if others:
        lines += _conditions(groups)
    return "\n".join([*lines, *_joints(readers, first)])


def _conditions(groups: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[str]:
    """Every error by condition and reader, and what each condition costs the first reader."""
    first, *others = groups
    best, labels = next(iter(groups[first])), list(groups[first])
    lines = []
    for key in ERRORS:
        cells = {
            condition: [len(group[best]), *(format(mean([row[key] for row in group[label]]), COLUMNS[key]) for label in labels)]
            for condition, group in groups.items()
        }
        lines += [f"## {key} by condition", "", *_table(["condition", "n", *labels], cells)]
    same = [condition for condition in others if CONDITIONS[condition].same_poses(CONDITIONS[first])]
    if same:
        lines += [f"## {best}: each condition minus {first}, in the same poses", ""]
        lines += _table(["condition", *ERRORS], {each: _paired(groups[each][best], groups[first][best]) for each in same})
    return lines


def _joints(readers: Mapping[str, Sequence[Row]], condition: str) -> list[str]:
    """Mean absolute error of each finger and joint in degrees, and of each fingertip in mm."""
    degrees = [joints_deg(group) for group in readers.values()]
    cells: dict[str, list[Any]] = {}
    for group, joints in GROUPS.items():
        cells[f"**{group}**"] = [f"{mean(off[:, joints].mean(axis=1)):.1f}" for off in degrees]
        cells |= {JOINTS[joint]: [f"{mean(off[:, joint]):.1f}" for off in degrees] for joint in joints}
    lines = [f"## Degrees by finger and joint, {condition}", "", *_table(["joint", *readers], cells)]
    tips = [np.array([row["tips_mm"] for row in group]) for group in readers.values()]
    cells = {finger: [f"{mean(off[:, number]):.1f}" for off in tips] for number, finger in enumerate(FINGERS)}
    return [*lines, f"## Millimetres by fingertip, {condition}", "", *_table(["finger", *readers], cells)]


def joints_deg(rows: Sequence[Row]) -> NDArray[np.float64]:
    """(N, 24) absolute errors of N readings."""
    return np.array([row["joints_deg"] for row in rows])


def _paired(rows: Sequence[Row], others: Sequence[Row]) -> list[str]:
    return [f"{compare([row[key] for row in rows], [row[key] for row in others]):+{COLUMNS[key]}}" for key in ERRORS]


def _table(head: Sequence[str], cells: Mapping[str, Sequence[Any]]) -> list[str]:
    """Lines of a table, and an empty one. cells: by the first column."""
    rows = [f"| {name} | " + " | ".join(map(str, row)) + " |" for name, row in cells.items()]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows, ""]


def plot_poses(rows: Sequence[Row], path: Path) -> None:
    """The first reader's error at every joint under every condition, and beside it the mean of the joints of every reader."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = by_condition(rows)
    first = next(iter(groups.values()))
    best = next(iter(first))
    figure, (joints, means) = pyplot.subplots(
        1, 2, figsize=(15, 1.8 + 0.36 * len(groups)), width_ratios=(3, 1), sharey=True, layout="constrained"
    )
    _draw_joints(joints, {condition: joints_deg(group[best]).mean(axis=0) for condition, group in groups.items()})
    joints.set_title(f"{best}: mean absolute error of each joint, degrees (n = {len(first[best])})", loc="left", fontsize=10)
    for number, label in enumerate(first):
        found = [mean([row["degrees"] for row in group[label]]) for group in groups.values()]
        centre, low, high = np.array([(each.mean, each.low, each.high) for each in found]).T
        places = np.arange(len(groups)) + 0.6 * ((number + 0.5) / len(first) - 0.5)
        means.errorbar(centre, places, xerr=(centre - low, high - centre), fmt="o", ms=3.5, capsize=2, label=label)
    means.set_xlabel("mean of the joints, degrees, 95 % interval")
    means.margins(x=0.1)
    means.grid(axis="x", alpha=0.3)
    means.set_xlim(left=0)
    means.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=8, frameon=False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _draw_joints(axis: Any, off_deg: Mapping[str, NDArray[np.float64]]) -> None:
    """Errors (24,) by condition as a map with their numbers, a gap between fingers."""
    grid = np.stack(list(off_deg.values()))
    axis.imshow(grid, aspect="auto", cmap="Reds", vmin=0.0, vmax=1.3 * grid.max())
    for row, column in np.ndindex(grid.shape):
        axis.text(column, row, f"{grid[row, column]:.0f}", ha="center", va="center", fontsize=8)
    for joints in list(GROUPS.values())[1:]:
        axis.axvline(joints[0] - 0.5, color="white", linewidth=3)
    axis.set_xticks(range(len(JOINTS)), JOINTS, rotation=90, fontsize=8)
    axis.set_yticks(range(len(grid)), list(off_deg), fontsize=9)
