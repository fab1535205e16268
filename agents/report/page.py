"""`report.html`: one self-contained page that a person can read without any tool."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.agents.failures import KINDS

from .pictures import data_uri
from .timeline import timeline

METRICS = (
    *("success", "spl", "soft_spl", "distance_to_goal_m", "walked_m", "start_distance_m", "collisions", "success_radius_m"),
    *("path_length_weighted_success", "task_progress", "num_invalid_actions", "planner_output_error", "error_kind"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A key frame: the step, why it is kept, and the picture."""

    step: int
    words: str
    picture: NDArray[np.uint8]


def write_page(
    path: Path,
    record: Mapping[str, Any],
    video: Path,
    drawing: str | None,
    moments: Sequence[Moment],
    goal_image: NDArray[np.uint8] | None,
    pose: str = "",
) -> None:
    """Write the page from `episode_json`'s record, the finished video and the drawings; pose: what `hand_section` wrote."""
    result, goal = record["result"], record["goal"]
    verdict, mood = _verdict(result)
    clip = base64.b64encode(video.read_bytes()).decode() if video.exists() else ""
    settings = json.dumps({key: record[key] for key in ("config", "versions", "platform")}, indent=2)
    sections = [
        f"<header><p class='kind'>{escape(goal['kind'])}</p><h1>{escape(goal['words'])}</h1>"
        f"<p class='verdict {mood}'>{escape(verdict)}</p></header>",
        _tiles(record),
        "" if goal_image is None else f"<section><h2>The goal</h2><img class='goal' src='{data_uri(goal_image)}'></section>",
        ""
        if not clip
        else f"<section><h2>Video</h2><video controls muted loop src='data:video/mp4;base64,{clip}'></video></section>",
        ""
        if drawing is None
        else f"<section><h2>Map, scene graph and goal graph</h2>{drawing}<p class='note'>Blue: the way "
        "walked. Orange: goal nodes and relations and what they are matched with at the end; rings, and dashes between things: "
        "what was matched before. Dotted: next to each other. Hover for attributes, scores and relations.</p></section>",
        section("Commands and what came of them", _commands(record["steps"])),
        section("The pose", pose),
        section("Stages", timeline(record["steps"])),
        section("Key frames", _moments(moments) if moments else ""),
        section("Where the time went", _seconds(record["steps"])),
        f"<section><details><summary>Every step</summary>{_steps(record['steps'], record['body'])}</details>"
        f"<details><summary>Configuration and versions</summary><pre>{escape(settings)}</pre></details></section>",
    ]
    write_html(path, goal["words"], sections)


def write_html(path: Path, title: str, sections: Sequence[str]) -> None:
    """Write a page of finished sections in the style of all reports."""
    style = f"<style>{(Path(__file__).parent / 'page.css').read_text()}</style>"
    page = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(title)}</title>{style}"
    path.write_text(page + f"<main>{''.join(sections)}</main></html>", encoding="utf-8")


def _verdict(result: Mapping[str, Any]) -> tuple[str, str]:
    """What came of it, in words: what the agent says, and what the oracle says where there is one."""
    if result["outcome"] == "error":
        return f"failed: {result['error_kind']}: {result['error']}", "bad"
    claim = f"the agent says: {'done' if result['found'] else 'not done'} ({result['reason'] or result['outcome']})."
    if "success" not in result["metrics"]:
        return claim, "plain"
    if result["metrics"]["success"]:
        return f"{claim} The oracle says: success.", "good"
    why = f" ({result['failure']}: {KINDS[result['failure']]})" if result["failure"] else ""
    return f"{claim} The oracle says: no success{why}.", "bad"


def _tiles(record: Mapping[str, Any]) -> str:
    result = record["result"]
    values = {name: result["metrics"][name] for name in METRICS if result["metrics"].get(name, "") != ""}
    values |= {"steps": len(record["steps"]), "first action s": result["first_action_s"], "seconds": result["seconds"]}
    warnings = "".join(f"<p class='verdict bad'>{escape(words)}</p>" for words in result["warnings"])
    return tiles(values) + warnings


def tiles(values: Mapping[str, Any]) -> str:
    """Figures with their names, side by side."""
    cells = "".join(
        f"<div><b>{_number(value)}</b><span>{escape(name.replace('_', ' '))}</span></div>" for name, value in values.items()
    )
    return f"<section class='tiles'>{cells}</section>"


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else escape(str(value))


def section(title: str, body: str) -> str:
    """A titled part of a page; "" where there is nothing in it."""
    return f"<section><h2>{title}</h2>{body}</section>" if body else ""


def _moments(moments: Sequence[Moment]) -> str:
    cards = (
        f"<figure><img src='{data_uri(moment.picture)}'><figcaption>{escape(moment.words)}</figcaption></figure>"
        for moment in moments
    )
    return f"<div class='cards'>{''.join(cards)}</div>"


TOLD = {"seen": "what it saw", "thought": "what it thought", "predicted": "what it expected"}  # by their keys in the trace


def _commands(steps: Sequence[Mapping[str, Any]]) -> str:
    """What was asked of the hand in words, and the answer, with what the planner tells of each; "" where nothing was asked.

    Whether a prediction came true is the planner's to say, with its next command.
    """
    asked = [step for step in steps if "verb" in (step["intent"] or {})]
    if not asked:
        return ""
    asked += [step for step in steps[-1:] if (step["intent"] or {}).get("kind") == "Stop"]
    traces = [step["trace"] for step in asked]
    told = [key for key in TOLD if any(key in trace for trace in traces)]
    before, after = [key for key in told if key != "predicted"], [key for key in told if key == "predicted"]
    sure, judged = any("probability" in trace for trace in traces), any("came_true" in trace for trace in traces)
    rows = []
    for step, following in zip(asked, (*traces[1:], {}), strict=True):
        intent, answer, trace = step["intent"], step["feedback"], step["trace"]
        stops = "verb" not in intent
        cells = [step["index"] + 1, *(trace.get(key, "") for key in before)]
        cells.append("done" if stops else f"{intent['verb']} {intent['target']}")
        cells += [_sureness(trace)] if sure else []
        cells += [trace.get(key) or ("(nothing)" if key in trace else "") for key in after]
        cells += [("done" if answer.get("ok") else "refused"), intent["reason"] if stops else answer.get("message", "")]
        cells += [{True: "yes", False: "no"}.get(following.get("came_true"), "")] if judged else []
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    heads = ["step", *(TOLD[key] for key in before), "command", *(["how likely, and what else"] if sure else [])]
    heads += [*(TOLD[key] for key in after), "", "answer", *(["as expected, word for word"] if judged else [])]
    return f"<table class='steps'><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{''.join(rows)}</table>"


def _sureness(trace: Mapping[str, Any]) -> str:
    """The probability that the model gives its command, the likeliest others, and what was barred; "" where it told none."""
    if "probability" not in trace:
        return ""
    others = ", ".join(f"{text} {value:.1%}" for text, value in trace.get("alternatives", {}).items() if value >= 0.001)
    barred = f"; instead of {trace['instead_of']}, which was refused here before" if "instead_of" in trace else ""
    return f"{trace['probability']:.1%}{f'; else {others}' if others else ''}{barred}"


def _seconds(steps: Sequence[Mapping[str, Any]]) -> str:
    if not steps:
        return ""
    rows = []
    for part in ("perceive", "plan", "control", "act"):
        values = np.array([step["seconds"][part] for step in steps]) * 1e3
        cells = "".join(f"<td>{value:.1f}</td>" for value in (values.mean(), np.quantile(values, 0.99), values.max()))
        rows.append(f"<tr><td>{part}</td>{cells}</tr>")
    head = "<tr><th>part</th><th>mean ms</th><th>p99 ms</th><th>worst ms</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _steps(steps: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> str:
    """A row for each step. body: `control_mode` and `labels`, which give commands their names."""
    rows = []
    for step in steps:
        intent, trace = step["intent"] or {}, step["trace"]
        told = {key: value for key, value in trace.items() if key not in ("goal_graph", "similarities", "step", "reason")}
        cells = [step["index"] + 1, intent.get("kind", ""), _command(step["action"], body), _place(step["xy_yaw"])]
        cells += [step["feedback"].get("message", ""), trace.get("reason", ""), json.dumps(_short(told)) if told else ""]
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    titles = ("step", "intent", "command", "x m, y m, heading", "answer", "why", "trace")
    return f"<table class='steps'><tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>{''.join(rows)}</table>"


def _command(action: Any, body: Mapping[str, Any]) -> str:
    """A command in words: its name, its numbers with their labels, or what the hand does to what."""
    if action is None:
        return "none"
    if isinstance(action, Mapping):
        return f"{action['verb']} {action['target']}".strip()
    if body["control_mode"] == "discrete":
        return str(body["labels"][int(action[0])])
    numbers = [format(value, ".3g") if isinstance(value, float) else str(value) for value in action]
    return ", ".join(f"{label} {number}" for label, number in zip(body["labels"], numbers, strict=True))


def _place(xy_yaw: Sequence[float] | None) -> str:
    return "" if xy_yaw is None else f"{xy_yaw[0]:.2f}, {xy_yaw[1]:.2f}, {math.degrees(xy_yaw[2]):.0f}°"


def _short(value: Any) -> Any:
    """The same with numbers of three digits."""
    if isinstance(value, float):
        return float(format(value, ".3g"))
    if isinstance(value, Mapping):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value
