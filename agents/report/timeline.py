"""The course of a run: bands for the stages, curves for the matching score and its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

WIDTH, HEIGHT, LEFT, TOP = 940, 210, 40, 24
LETTER = 7  # about the width of one
CURVES = {"S": ("#f0a014", 2.5), "S_N": ("#4a78b8", 1.2), "S_E": ("#2a9d5c", 1.2), "S_T": ("#a05ac0", 1.2)}
BANDS = ("#7b8794", "#4a78b8", "#f0a014", "#2a9d5c", "#d1495b", "#a05ac0")


def timeline(steps: Sequence[Mapping[str, Any]]) -> str:
    """An SVG of `stage` and, where they are, of S, S_N, S_E, S_T in the steps' traces; "" where there is no stage."""
    if len(steps) < 2 or not any("stage" in step["trace"] for step in steps):
        return ""
    inner_width, inner_height = WIDTH - LEFT - 10, HEIGHT - TOP - 30

    def x(index: float) -> float:
        return LEFT + inner_width * index / (len(steps) - 1)

    def y(value: float) -> float:
        return TOP + inner_height * (1.0 - value)

    parts: list[str] = []
    colours: dict[str, str] = {}
    for stage, run in groupby(enumerate(steps), key=lambda item: str(item[1]["trace"].get("stage", ""))):
        indices = [index for index, _ in run]
        colour = colours.setdefault(stage, BANDS[len(colours) % len(BANDS)])
        span = x(min(indices[-1] + 1, len(steps) - 1)) - x(indices[0])
        parts.append(
            f'<rect x="{x(indices[0]):.1f}" y="{TOP}" width="{max(1.0, span):.1f}" height="{inner_height}" fill="{colour}" '
            f'opacity="0.16"><title>{escape(stage)}</title></rect>'
        )
    drawn = [name for name in CURVES if any(isinstance(step["trace"].get(name), float) for step in steps)]
    for value in (0.0, 0.5, 1.0) if drawn else ():
        parts.append(f'<text x="8" y="{y(value) + 4:.1f}">{value:.1f}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#8884"/>')
    for name in drawn:
        colour, width = CURVES[name]
        values = [
            (index, step["trace"][name]) for index, step in enumerate(steps) if isinstance(step["trace"].get(name), float)
        ]
        points = " ".join(f"{x(index):.1f},{y(value):.1f}" for index, value in values)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    legend = [(name, CURVES[name][0]) for name in drawn] + [(f"stage {stage}", c) for stage, c in colours.items()]
    left = LEFT
    for name, colour in legend:
        parts.append(f'<text x="{left}" y="14" style="fill:{colour}">{escape(name)}</text>')
        left += LETTER * len(name) + 24
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">step 1</text>')
    parts.append(f'<text x="{WIDTH - 10}" y="{HEIGHT - 8}" text-anchor="end">step {len(steps)}</text>')
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
