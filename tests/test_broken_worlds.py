"""What breaks in the middle of an episode costs an evaluation the trial alone: a simulated world, or a part of a method."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import fragile
import pytest
from fragile import CRASH_AT, FragileHousehold
from small_evaluation import EPISODES, FRONTIER, SETTINGS, Rows

from enactive.agents.cli import main
from enactive.agents.component import Component, Method
from enactive.agents.evaluation import evaluate
from enactive.agents.failures import FailureWatch
from enactive.agents.table import markdown
from enactive.errors import EmbodimentFault
from enactive.executors import Executor


def _fragile(**arguments: Any) -> Component:
    return Component("envs", "fragile.FragileHousehold", {"crash_in": EPISODES[1].id, **arguments})


def _rows_in(folder: Path) -> Rows:
    return [json.loads(line) for line in (folder / "episodes.jsonl").read_text().splitlines()]


def test_a_simulated_world_that_crashes_costs_its_trial_alone_and_is_made_anew(tmp_path: Path) -> None:
    FragileHousehold.made = 0
    ran: list[str] = []

    def run() -> Rows:
        return evaluate(
            [FRONTIER], EPISODES, tmp_path, settings=SETTINGS, world=_fragile(), max_steps=5,
            on_result=lambda row, done, total: ran.append(row["episode"]),
        )  # fmt: skip

    rows = run()
    assert [row["failure"] == "crash" for row in rows] == [False, True, False]
    assert [row["steps"] for row in rows] == [5, CRASH_AT - 1, 5]
    assert rows[1]["outcome"] == "error"
    assert "RuntimeError: the physics exploded" in rows[1]["error"]
    assert "success" not in rows[1]  # it says nothing of the method
    assert FragileHousehold.made == 2
    assert sorted(ran) == sorted(episode.id for episode in EPISODES)
    assert run() == rows
    assert len(ran) == 3  # nothing ran twice
    text = markdown(rows, "a title")
    assert "| NearestFrontier | 3 | 0.000 [0.000, 0.658] (n=2) |" in text
    assert "no mean counts: 1." in text


def _deadly(kills: int, folder: Path) -> Component:
    arguments = {"crash_in": EPISODES[1].id, "kills": kills, "killed": str(folder / "killed")}
    return Component("envs", "fragile.DeadlyHousehold", arguments)


@pytest.mark.parametrize(("executor", "cause"), [("process", "signal 11, Segmentation fault"), ("ray", "actor died")])
def test_a_process_that_dies_is_replaced_and_its_trial_fails_when_it_dies_again(
    executor: Executor, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the workers of Ray find the deadly world
    world = _deadly(2, tmp_path)
    arguments: dict[str, Any] = {"settings": SETTINGS, "world": world, "max_steps": 5, "workers": 2, "executor": executor}
    rows = evaluate([FRONTIER], EPISODES, tmp_path, **arguments)
    assert [row["failure"] == "crash" for row in rows] == [False, True, False]
    assert [row["steps"] for row in rows] == [5, 0, 5]
    assert cause in rows[1]["error"]
    assert "success" not in rows[1]
    assert len(set((tmp_path / "killed").read_text().split())) == 2
    assert {row["episode"]: row for row in _rows_in(tmp_path)} == {row["episode"]: row for row in rows}
    assert "no mean counts: 1." in markdown(rows, "a title")


def test_a_real_body_that_breaks_ends_the_evaluation(tmp_path: Path) -> None:
    with pytest.raises(EmbodimentFault, match="the physics exploded"):
        evaluate([FRONTIER], EPISODES, tmp_path, settings=SETTINGS, world=_fragile(real=True), max_steps=5)
    assert EPISODES[1].id not in {row["episode"] for row in _rows_in(tmp_path)}


def test_a_command_that_the_guard_refuses_in_a_simulation_is_a_failed_trial(tmp_path: Path) -> None:
    broken = Method("broken", FRONTIER.perceiver, FRONTIER.planner, Component("controllers", "fragile.NaNController"))
    rows = evaluate([broken, FRONTIER], EPISODES[:1], tmp_path, settings=SETTINGS, max_steps=2)
    assert rows[0]["failure"] == "error"
    assert "not finite" in rows[0]["error"]
    assert rows[0]["success"] is False  # the method's own doing
    assert rows[1]["steps"] == 2


@pytest.mark.parametrize(
    ("part", "name"),
    [("perceiver", "OracleFaultyPerceiver"), ("planner", "FaultyPlanner"), ("controller", "FaultyController")],
)
def test_a_part_that_raises_by_mistake_fails_its_trial_alone_and_is_made_anew(part: str, name: str, tmp_path: Path) -> None:
    faulty: Any = getattr(fragile, name)
    faulty.made = faulty.started = 0
    method = replace(FRONTIER, **{part: Component(f"{part}s", f"fragile.{name}")})
    rows = evaluate([method], EPISODES, tmp_path, settings=SETTINGS, max_steps=5)
    bad = rows.index(next(row for row in rows if row["outcome"] == "error"))
    assert [row["failure"] == "error" for row in rows] == [index == bad for index in range(3)]
    assert [row["steps"] for row in rows] == [CRASH_AT - 1 if index == bad else 5 for index in range(3)]
    assert "IndexError: list index out of range (" in rows[bad]["error"]
    assert re.search(r"tests/fragile\.py:\d+ > tests/fragile\.py:\d+\)$", rows[bad]["error"])
    assert rows[bad]["success"] is False  # the method's own doing
    assert faulty.made == 2
    text = markdown(rows, "a title")
    assert "error 1" in text
    assert "no mean counts" not in text
    assert "Every episode" not in text


def test_what_the_machine_lacks_ends_the_evaluation_and_counts_for_nobody(tmp_path: Path) -> None:
    starved = replace(FRONTIER, planner=Component("planners", "fragile.StarvedPlanner"))
    with pytest.raises(FileNotFoundError, match=r"weights\.bin"):
        evaluate([starved], EPISODES, tmp_path, settings=SETTINGS, max_steps=5)
    assert _rows_in(tmp_path) == []


def test_a_mistake_with_a_real_body_ends_the_evaluation(tmp_path: Path) -> None:
    hopeless = replace(FRONTIER, planner=Component("planners", "fragile.HopelessPlanner"))
    with pytest.raises(ZeroDivisionError):
        evaluate([hopeless], EPISODES, tmp_path, settings=SETTINGS, world=_fragile(real=True), max_steps=5)
    assert _rows_in(tmp_path) == []


def test_an_evaluation_of_a_method_that_always_raises_ends_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["eval", "--suite", "household/objectnav", "--split", "val_seen", "--episodes", "2", "--max_steps", "5"]
    words += ["--perceiver", "OraclePerceiver", "--planner", "fragile.HopelessPlanner", "--out", str(tmp_path)]
    assert main([*words, "--compare", "[NearestFrontier]"]) == 0
    said = "Every episode of HopelessPlanner ended with an error, the first: `ZeroDivisionError: division by zero (tests/"
    table = (tmp_path / "table.md").read_text()
    assert said in table
    assert "Every episode of NearestFrontier" not in table
    assert "Every episode of HopelessPlanner" in " ".join(capsys.readouterr().out.split())
    assert len(_rows_in(tmp_path)) == 4


def test_what_no_part_of_a_method_raised_is_not_laid_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError("a fault of the harness")

    monkeypatch.setattr(FailureWatch, "step", fail)
    with pytest.raises(ZeroDivisionError, match="a fault of the harness"):
        evaluate([FRONTIER], EPISODES[:1], tmp_path, settings=SETTINGS, max_steps=2)
    assert _rows_in(tmp_path) == []
