"""`report.html` of an evaluation: the tables, the plot, and the failures with the pictures that were kept of them."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from enactive.agents.failures import KINDS
from enactive.agents.table import Row, Table, by_method, preamble, scored, tables

from .failure import distance_words
from .page import section, tiles, write_html
from .pictures import file_uri

SHOWN = 40  # pictures of failures in a page, of each method
TOLD = ("suite", "split", "max_steps", "version")  # of the settings, the others are folded away


def write_evaluation_page(folder: Path, rows: Sequence[Row], title: str) -> None:
    """Write `report.html` from the rows and from what lies in `folder`: `settings.json`, `table.png` and the pictures."""
    settings = json.loads((folder / "settings.json").read_text())
    means, *others = tables(rows)
    told = {name: settings[name] for name in TOLD if name in settings}
    plot = file_uri((folder / "table.png").read_bytes(), "PNG")
    sections = [
        f"<header><p class='kind'>evaluation</p><h1>{escape(title)}</h1></header>",
        tiles({**told, "episodes": len({row["episode"] for row in rows})}),
        section("Results", f"<p class='note'>{escape(preamble(rows))}</p>{_table(means)}<img class='plot' src='{plot}'>"),
        *(section(escape(table.title), _table(table)) for table in others),
        *(_failures(folder, method, group) for method, group in by_method(rows).items()),
        "<section><details><summary>Settings and methods</summary>"
        f"<pre>{escape(json.dumps(settings, indent=2))}</pre></details></section>",
    ]
    write_html(folder / "report.html", title, sections)


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in table.head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in table.cells)
    return f"<div class='wide'><table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>"


def _failures(folder: Path, method: str, rows: Sequence[Row]) -> str:
    """The failures of one method, the commonest kind first; pictures of the first SHOWN, taken from all kinds in turn."""
    failed = [row for row in rows if row["failure"]]
    kinds = [kind for kind, _ in Counter(row["failure"] for row in failed).most_common()]
    groups = {kind: [row for row in failed if row["failure"] == kind] for kind in kinds}
    pictured = {kind: [row["episode"] for row in groups[kind] if row.get("picture")] for kind in kinds}
    in_turn = [episode for each in itertools.zip_longest(*pictured.values()) for episode in each if episode is not None]
    shown = set(in_turn[:SHOWN])
    lost = len(rows) - len(scored(rows))
    broke = f", and in {lost} the world broke" if lost else ""
    title = f"{escape(method)}: {len(failed) - lost} of {len(rows) - lost} failed{broke}"
    body = "".join(_kind(folder, kind, group, shown) for kind, group in groups.items())
    return section(title, body or "<p class='note'>No failure.</p>")


def _kind(folder: Path, kind: str, rows: Sequence[Row], shown: set[str]) -> str:
    """Failures of one kind: cards for those with a picture, a list for the others."""
    pictured = [row for row in rows if row.get("picture") and row["episode"] in shown]
    others = [row for row in rows if row not in pictured]
    parts = [f"<h3>{escape(kind)}: {len(rows)}</h3><p class='note'>{escape(KINDS[kind])}</p>"]
    if pictured:
        parts.append(f"<div class='cards large'>{''.join(_card(folder, row) for row in pictured)}</div>")
    if folded := sum(bool(row.get("picture")) for row in others):
        words = f"This page shows {SHOWN} pictures of a method; {folded} more lie in failures/ beside it."
        parts.append(f"<p class='note'>{words}</p>")
    if others:
        parts.append(_list(others))
    return "".join(parts)


def _card(folder: Path, row: Row) -> str:
    path = folder / row["picture"]
    if path.exists():
        picture = f"<img src='{file_uri(path.read_bytes(), 'JPEG')}' alt='{escape(row['episode'], quote=True)}'>"
    else:
        picture = f"<p class='verdict bad'>{escape(row['picture'])} is gone from the folder.</p>"
    words = f"<b>{escape(row['goal'])}</b>, {escape(row['episode'])}: {escape(_ending(row))}"
    return f"<figure>{picture}<figcaption>{words}</figcaption></figure>"


def _list(rows: Sequence[Row]) -> str:
    lines = [
        f"<tr><td>{escape(row['episode'])}</td><td>{escape(row['goal'])}</td><td>{escape(_ending(row))}</td></tr>"
        for row in rows
    ]
    head = "<tr><th>episode</th><th>goal</th><th>how it ended</th></tr>"
    return f"<table class='steps'>{head}{''.join(lines)}</table>"


def _ending(row: Mapping[str, Any]) -> str:
    """How an episode ended, in words: steps, distance or progress, why, and what went wrong beside it."""
    far = [distance_words(row["distance_to_goal_m"])] if "distance_to_goal_m" in row else []
    done = [f"{row['task_progress']:.0%} of the conditions met"] if "task_progress" in row else []
    return "; ".join(
        [f"{row['steps']} steps", *far, *done, row["error"] or row["reason"] or row["outcome"], *row.get("warnings", ())]
    )
