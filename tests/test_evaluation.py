"""Evaluation under fire: killed in the middle, resumed, on Ray, and always the same rows."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enactive.agents.cli import main
from enactive.agents.component import Component, Method
from enactive.agents.evaluation import evaluate
from enactive.agents.table import COLUMNS, markdown, plot, summarise
from enactive.envs.household.suites import load_suite
from enactive.errors import ConfigError
from enactive.executors import Executor

CONTROLLER = Component("controllers", "NavigationController")
WALK = Method("RandomWalk", Component("perceivers", "OraclePerceiver"), Component("planners", "RandomWalk"), CONTROLLER)
FRONTIER = Method(
    "NearestFrontier", Component("perceivers", "OraclePerceiver"), Component("planners", "NearestFrontier"), CONTROLLER
)
EPISODES = load_suite("household/objectnav", "val_seen")[:4]
STEPS = 12
SETTINGS = {"suite": "household/objectnav", "split": "val_seen"}
COMMAND = [
    "eval", *("--suite", "household/objectnav", "--split", "val_seen", "--episodes", "4", "--max_steps", str(STEPS)),
    *("--planner", "RandomWalk", "--perceiver", "OraclePerceiver", "--compare", "[NearestFrontier]", "--workers", "2"),
]  # fmt: skip


def _timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what differs between two runs of the same thing: seconds."""
    return [{key: value for key, value in row.items() if not key.endswith("_s")} for row in rows]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of a run in one process that nobody disturbed."""
    return evaluate([WALK, FRONTIER], EPISODES, tmp_path_factory.mktemp("unbroken"), settings=SETTINGS, max_steps=STEPS)


def test_rows_come_by_method_and_episode(unbroken: list[dict[str, Any]]) -> None:
    assert [row["method"] for row in unbroken] == ["RandomWalk"] * 4 + ["NearestFrontier"] * 4
    assert [row["episode"] for row in unbroken] == [episode.id for episode in EPISODES] * 2
    assert all(0 < row["steps"] <= STEPS for row in unbroken)


def test_kill_9_in_the_middle_then_resume_gives_the_rows_of_an_unbroken_run(
    unbroken: list[dict[str, Any]], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "enactive.agents", *COMMAND, "--out", str(tmp_path)]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = tmp_path / "episodes.jsonl"
    deadline = time.monotonic() + 240
    while not (log.exists() and log.read_bytes().count(b"\n") >= 2):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = log.read_bytes()
    assert kept.count(b"\n") < 8
    subprocess.run(command, check=True, capture_output=True)
    lines = log.read_bytes().splitlines(keepends=True)
    assert b"".join(lines).startswith(kept[: kept.rfind(b"\n") + 1])  # nothing is run twice
    rows = {(row["method"], row["episode"]): row for row in map(json.loads, lines)}
    assert len(rows) == len(lines) == 8
    resumed = [rows[row["method"], row["episode"]] for row in unbroken]
    assert _timeless(resumed) == _timeless(unbroken)
    assert "| RandomWalk | 4 |" in (tmp_path / "table.md").read_text()
    failures = [row for row in rows.values() if row["failure"]]
    assert (tmp_path / "report.html").read_text().count("data:image/jpeg") == len(failures) > 0


def test_ray_gives_the_same_rows(unbroken: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    init, started = ray.init, list[dict[str, Any]]()
    monkeypatch.setattr(ray, "init", lambda **given: (started.append(given), init(**given)))
    one_method = ["--episodes", "2", "--compare", "[]", "--workers", "1"]  # the last word counts
    assert main([*COMMAND, *one_method, "--executor", "ray", "--out", str(tmp_path)]) == 0
    assert [given["num_cpus"] for given in started] == [1]
    rows = {row["episode"]: row for row in map(json.loads, (tmp_path / "episodes.jsonl").read_text().splitlines())}
    assert _timeless([rows[row["episode"]] for row in unbroken[:2]]) == _timeless(unbroken[:2])
    assert len(rows) == 2


@pytest.mark.parametrize("executor", ["process", "ray"])
def test_what_runs_beside_a_trial_that_raises_is_kept(executor: Executor, tmp_path: Path) -> None:
    slow = EPISODES[1]  # it comes second by apartment, and still runs when the first has raised
    wrong = replace(EPISODES[0], digest="of another apartment")
    with pytest.raises(ConfigError, match="another version of the apartment"):
        evaluate(
            [WALK], [wrong, slow], tmp_path, settings=SETTINGS, max_steps=60, workers=2, executor=executor
        )  # fmt: skip
    rows = [json.loads(line) for line in (tmp_path / "episodes.jsonl").read_text().splitlines()]
    assert [row["episode"] for row in rows] == [slow.id]


def test_the_table_says_n_intervals_radius_and_failures(unbroken: list[dict[str, Any]], tmp_path: Path) -> None:
    text = markdown(unbroken, "a title")
    assert "within 0.1 m" in text
    assert "## RandomWalk minus the others" in text
    assert summarise(unbroken[:4], COLUMNS)["success"].n == 4
    failures = sum(1 for row in unbroken[:4] if not row["success"])
    named = [line for line in text.splitlines() if line.startswith("| RandomWalk |")][-1]
    assert sum(int(word) for word in named.split("|")[-2].replace(",", " ").split() if word.isdigit()) == failures
    plot(unbroken, tmp_path / "plot.png")
    from PIL import Image

    assert Image.open(tmp_path / "plot.png").width > 600
