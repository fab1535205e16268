"""Results as people read them: a table with intervals, paired comparisons, failure counts, and a plot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from enactive.statistics import Comparison, Estimate, compare, mean, rate

Row = Mapping[str, Any]
PARTS = ("perceive", "plan", "control", "act")
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


def summarise(rows: Sequence[Row], columns: Sequence[str]) -> dict[str, Estimate]:
    """The table's columns, those of `columns_of` the whole table, over the episodes of one method.

    An episode whose world broke is left out of all means, one from whose end the goal cannot be reached out of that of the
    distance, and one whose way is not known out of those of `spl` and `soft_spl`; n says so.
    """
    rows = scored(rows)
    values = {key: [row[key] for row in rows] for key in columns[1:-1]}
    if "distance_to_goal_m" in values:
        values["distance_to_goal_m"] = [metres for metres in values["distance_to_goal_m"] if metres != float("inf")]
    for key in {"spl", "soft_spl"} & values.keys():  # NaN where the body does not know its pose
        values[key] = [share for share in values[key] if not math.isnan(share)]
    return {
        "success": rate([row["success"] for row in rows]),
        **{key: mean(each) for key, each in values.items()},
        "s_per_step": _seconds_per_step(rows, PARTS),
    }


def scored(rows: Sequence[Row]) -> list[Row]:
    """Rows of episodes whose world lasted to the end."""
    return [row for row in rows if "success" in row]


def _seconds_per_step(rows: Sequence[Row], parts: Sequence[str]) -> Estimate:
    """Over episodes: what these parts together take of a step."""
    return mean([sum(row[f"{part}_s"] for part in parts) / max(1, row["steps"]) for row in rows])


def by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows grouped by method, in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["method"], []).append(row)
    return groups


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report. title: "" for the first."""

    title: str
    head: Sequence[str]
    cells: Sequence[Sequence[str]]


def tables(rows: Sequence[Row]) -> list[Table]:
    """What an evaluation is reported by: means, paired comparisons where there are several methods, seconds and failures."""
    groups, columns = by_method(rows), columns_of(rows)
    summaries = {method: summarise(group, columns) for method, group in groups.items()}
    means = [
        [method, str(len(groups[method])), *(_cell(summary[column], len(groups[method])) for column in columns)]
        for method, summary in summaries.items()
    ]
    first, *others = groups
    paired = [_comparison(other, groups[first], groups[other], columns[:2]) for other in others]
    comparison = Table(f"{first} minus the others, on the same episodes", ["against", "n", *columns[:2]], paired)
    costs = [[method, str(len(group)), *_seconds_by_part(group), _failure_counts(group)] for method, group in groups.items()]
    return [
        Table("", ["method", "n", *columns], means),
        *([comparison] if others else []),
        Table("Seconds per step by part, and kinds of failure", ["method", "n", *PARTS, "failures"], costs),
    ]


def preamble(rows: Sequence[Row]) -> str:
    """How the first table is to be read."""
    if columns_of(rows) == TASK_COLUMNS:
        success = "all goal conditions of the task are met at the end"
    else:
        radius = next((row["success_radius_m"] for row in rows if "success_radius_m" in row), float("nan"))
        success = f"STOP within {radius:g} m of a view point of the goal"
    left_out = len(rows) - len(scored(rows))
    broke = f" Episodes that the world broke in, which no mean counts: {left_out}." if left_out else ""
    lost = "".join(f" {sentence}" for sentence in all_errors(rows))
    return f"Mean [95 % interval]; success: {success}.{broke}{lost}{versions(rows)}"


def all_errors(rows: Sequence[Row]) -> list[str]:
    """A sentence for each method all of whose episodes ended with an error: its own, a mistake in it, or a world that broke."""
    groups = by_method(rows).items()
    failed = {method: group[0] for method, group in groups if all(row.get("failure") in ("crash", "error") for row in group)}
    first = {method: " ".join(row["error"].split()) for method, row in failed.items()}
    return [f"Every episode of {method} ended with an error, the first: `{error}`." for method, error in first.items()]


def versions(rows: Sequence[Row]) -> str:
    """A sentence where the rows come from more than one version of the code, "" else."""
    counts = Counter(row.get("code", "unknown") for row in rows)
    if len(counts) < 2:
        return ""
    parts = ", ".join(f"{count} by {code}" for code, count in counts.most_common())
    return f" These rows come from {len(counts)} versions of the code ({parts}): another --out runs all by one."


def markdown(rows: Sequence[Row], title: str) -> str:
    """The tables of an evaluation as Markdown."""
    lines = [f"# {title}", "", preamble(rows)]
    for table in tables(rows):
        lines += ["", *([f"## {table.title}", ""] if table.title else [])]
        lines += [f"| {' | '.join(line)} |" for line in (table.head, ["---"] * len(table.head), *table.cells)]
    return "\n".join(lines) + "\n"


def _cell(estimate: Estimate, n: int, spec: str = "") -> str:
    """The estimate, each number by `spec`; its own n where it is not that of the row."""
    return f"{estimate:{spec}}" if estimate.n == n else f"{estimate:{spec}} (n={estimate.n})"


def _seconds_by_part(rows: Sequence[Row]) -> list[str]:
    return [_cell(_seconds_per_step(scored(rows), [part]), len(rows), ".4f") for part in PARTS]


def _failure_counts(rows: Sequence[Row]) -> str:
    kinds = Counter(row["failure"] for row in rows if row["failure"])
    return ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()) or "none"


def _comparison(name: str, first: Sequence[Row], second: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """A line of the paired comparisons; n: of the first column."""
    found = [_paired(first, second, key) for key in columns]
    return [name, str(found[0].difference.n), *map(str, found)]


def _paired(first: Sequence[Row], second: Sequence[Row], key: str) -> Comparison:
    """Compare on the episodes that both ran to the end, in one order."""
    others = {row["episode"]: float(row[key]) for row in scored(second)}
    pairs = [(float(row[key]), others[row["episode"]]) for row in scored(first) if row["episode"] in others]
    pairs = [(a, b) for a, b in pairs if not (math.isnan(a) or math.isnan(b))]
    return compare([a for a, _ in pairs], [b for _, b in pairs])


def plot(rows: Sequence[Row], path: Path) -> None:
    """Success and SPL of each method with their intervals, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups, columns = by_method(rows), columns_of(rows)
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 1.2 + 0.5 * len(groups)), sharey=True)
    for axis, key in zip(axes, columns[:2], strict=True):
        for place, group in enumerate(groups.values()):
            estimate = summarise(group, columns)[key]
            error = np.maximum([[estimate.mean - estimate.low], [estimate.high - estimate.mean]], 0.0)  # Wilson's end, rounded
            axis.barh(place, estimate.mean, xerr=error, color=f"C{place}", alpha=0.8, capsize=4)
            axis.text(1.01, place, f"{estimate.mean:.2f}, n = {estimate.n}", va="center", fontsize=9)
        axis.set(xlim=(0, 1), title=key, yticks=range(len(groups)), yticklabels=list(groups))
    axes[0].invert_yaxis()  # for both: they share it
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
