"""Results as people read them: a table with intervals, paired comparisons, failure counts, and a plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .statistics import Estimate, compare, mean, rate

Row = Mapping[str, Any]
COLUMNS = ("success", "spl", "soft_spl", "distance_to_goal_m", "collisions", "steps", "s_per_step")
TASK_COLUMNS = (
    "success",
    "path_length_weighted_success",
    "task_progress",
    "num_invalid_actions",
    "planner_output_error",
    "steps",
    "s_per_step",
)


def columns_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns of a table: those of household tasks where the rows are of some, else those of navigation."""
    return TASK_COLUMNS if any("task_progress" in row for row in rows) else COLUMNS


def summarise(rows: Sequence[Row]) -> dict[str, Estimate]:
    """The table's columns over the episodes of one method.

    Where the goal cannot be reached from the end of an episode its distance is left out of the mean (and n says so).
    """
    if columns_of(rows) == TASK_COLUMNS:
        return {
            "success": rate([row["success"] for row in rows]),
            **{key: mean([row[key] for row in rows]) for key in TASK_COLUMNS[1:-1]},
            "s_per_step": mean([_seconds(row) / max(1, row["steps"]) for row in rows]),
        }
    distances = [row["distance_to_goal_m"] for row in rows if row.get("distance_to_goal_m", float("inf")) != float("inf")]
    return {
        "success": rate([row["success"] for row in rows]),
        "spl": mean([row["spl"] for row in rows]),
        "soft_spl": mean([row["soft_spl"] for row in rows]),
        "distance_to_goal_m": mean(distances),
        "collisions": mean([row["collisions"] for row in rows]),
        "steps": mean([row["steps"] for row in rows]),
        "s_per_step": mean([_seconds(row) / max(1, row["steps"]) for row in rows]),
    }


def _seconds(row: Row) -> float:
    return float(sum(row[f"{part}_s"] for part in ("perceive", "plan", "control", "act")))


def by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows grouped by method, in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["method"], []).append(row)
    return groups


def markdown(rows: Sequence[Row], title: str) -> str:
    """The whole report of an evaluation as Markdown."""
    groups = by_method(rows)
    radius = next((row["success_radius_m"] for row in rows if "success_radius_m" in row), float("nan"))
    columns = columns_of(rows)
    if columns == TASK_COLUMNS:
        success = "all goal conditions of the task are met at the end"
    else:
        success = f"STOP within {radius:g} m of a view point of the goal"
    lines = [f"# {title}", "", f"Mean [95 % interval]; success: {success}.", ""]
    lines += ["| method | n | " + " | ".join(columns) + " |", "|---|---|" + "---|" * len(columns)]
    for method, group in groups.items():
        summary = summarise(group)
        lines.append(
            f"| {method} | {len(group)} | " + " | ".join(_cell(summary[column], len(group)) for column in columns) + " |"
        )
    first, *others = groups
    if others:
        lines += [
            "",
            f"## {first} minus the others, on the same episodes",
            "",
            f"| against | success | {columns[1]} |",
            "|---|---|---|",
        ]
        for other in others:
            cells = [str(_paired(groups[first], groups[other], key)) for key in columns[:2]]
            lines.append(f"| {other} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Seconds per step by part, and kinds of failure",
        "",
        "| method | perceive | plan | control | act | failures |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for method, group in groups.items():
        steps = max(1, sum(row["steps"] for row in group))
        parts = [f"{sum(row[f'{part}_s'] for row in group) / steps:.4f}" for part in ("perceive", "plan", "control", "act")]
        kinds = Counter(row["failure"] for row in group if row["failure"])
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()) or "none"
        lines.append(f"| {method} | " + " | ".join(parts) + f" | {told} |")
    return "\n".join(lines) + "\n"


def _cell(estimate: Estimate, n: int) -> str:
    """The estimate; its own n where it is not that of the row."""
    return str(estimate) if estimate.n == n else f"{estimate} (n={estimate.n})"


def _paired(first: Sequence[Row], second: Sequence[Row], key: str) -> Any:
    """Compare on the episodes that both ran, in one order."""
    others = {row["episode"]: float(row[key]) for row in second}
    pairs = [(float(row[key]), others[row["episode"]]) for row in first if row["episode"] in others]
    return compare([a for a, _ in pairs], [b for _, b in pairs])


def plot(rows: Sequence[Row], path: Path) -> None:
    """Success and SPL of each method with their intervals, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = by_method(rows)
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 1.2 + 0.5 * len(groups)), sharey=True)
    for axis, key in zip(axes, columns_of(rows)[:2], strict=True):
        for place, group in enumerate(groups.values()):
            estimate = summarise(group)[key]
            error = np.maximum([[estimate.mean - estimate.low], [estimate.high - estimate.mean]], 0.0)  # Wilson's end, rounded
            axis.barh(place, estimate.mean, xerr=error, color=f"C{place}", alpha=0.8, capsize=4)
            axis.text(1.01, place, f"{estimate.mean:.2f}, n = {estimate.n}", va="center", fontsize=9)
        axis.set(xlim=(0, 1), title=key, yticks=range(len(groups)), yticklabels=list(groups))
    axes[0].invert_yaxis()  # for both: they share it
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
