"""What an evaluation keeps of its failures for a person: a picture of each, and a page."""

import base64
import io
import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from small_evaluation import EPISODES, FRONTIER, SETTINGS, Rows

from enactive.agents.commands.eval import main as evaluate_command
from enactive.agents.episode import Episode, Step
from enactive.agents.evaluation import evaluate
from enactive.agents.failures import KINDS, FailureKind, FailureWatch
from enactive.agents.report.evaluation import SHOWN, write_evaluation_page
from enactive.agents.report.failure import MOST_BYTES, _jpeg
from enactive.agents.report.views import BODY, GOAL, PATH, MapFrame, map_view
from enactive.agents.table import PARTS, plot
from enactive.envs import Embodiment, ObjectGoal
from enactive.perception.mapping import OccupancyMap

STEPS = 20
CAMERA_WIDTH, MAP_SIDE = 480, 360


def _short(folder: Path, episodes: int) -> Rows:
    return evaluate([FRONTIER], EPISODES[:episodes], folder, settings=SETTINGS, max_steps=STEPS)


def _page(folder: Path, rows: Rows) -> str:
    plot(rows, folder / "table.png")
    write_evaluation_page(folder, rows, "a title")
    return (folder / "report.html").read_text()


def _embedded(page: str) -> list[bytes]:
    return [base64.b64decode(data) for data in re.findall(r"data:image/jpeg;base64,([^']+)'", page)]


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    """A folder with two episodes that are cut before they can succeed, and their rows."""
    folder = tmp_path_factory.mktemp("failed")
    return folder, _short(folder, 2)


def test_the_picture_of_a_failure_shows_the_way_and_the_goal_on_the_map(failed: tuple[Path, Rows]) -> None:
    folder, rows = failed
    assert any(row["walked_m"] > 0.5 for row in rows)
    for row in rows:
        assert row["success"] is False
        file = folder / row["picture"]
        assert file.name == f"{row['episode']}-NearestFrontier.jpg"
        assert file.stat().st_size <= MOST_BYTES
        picture = np.asarray(Image.open(file)).astype(int)
        assert picture.shape[1] == CAMERA_WIDTH + MAP_SIDE
        on_map = picture[:MAP_SIDE, CAMERA_WIDTH:]
        for colour in (GOAL, BODY, *([PATH] if row["walked_m"] > 0.5 else [])):
            assert (np.abs(on_map - colour).max(axis=-1) < 40).sum() >= 10, colour
        assert picture[:MAP_SIDE, :CAMERA_WIDTH].std() > 10  # the camera saw something


def test_the_map_shows_a_goal_outside_of_what_is_known_in_its_place() -> None:
    known = OccupancyMap()
    known.explored[200:280, 220:260] = True
    known._known = np.array([[200, 220], [280, 260]])
    way, goal = [(-1.0, 0.0), (1.0, 0.0)], (3.0, 9.0)
    picture = map_view(known, way, 0.0, goals_m=[goal])
    frame = MapFrame.around(known, 360, [goal])
    for xy, colour in ((goal, GOAL), ((0.0, 0.0), PATH), ((1.0, 0.0), BODY)):
        u, v = frame.pixel(xy)
        assert tuple(picture[v, u]) == colour
    assert np.hypot(*np.subtract(frame.pixel(goal), frame.pixel((0.0, 0.0)))) > 200
    assert not (map_view(known, way, 0.0) == GOAL).all(axis=-1).any()


class Passing:
    """A world whose oracle sees the goal, number 7, in the pictures that are named."""

    targets = frozenset({7})

    def __init__(self, *seen: int) -> None:
        self.oracle, self.pictures = self, (np.full((10, 10), 7 if index in seen else 0) for index in range(9))

    def segmentation(self) -> np.ndarray:
        return next(self.pictures)

    def has_wrapper_attr(self, name: str) -> bool:
        return True

    def get_wrapper_attr(self, name: str) -> "Passing":
        return self


@pytest.mark.parametrize(("seen", "at", "kind"), [((), -1, "exploration"), ((0,), 0, "perception"), ((2, 3), 2, "perception")])
def test_a_goal_that_was_in_view_from_the_first_picture_on_was_not_missed_by_exploration(
    seen: tuple[int, ...], at: int, kind: FailureKind
) -> None:
    watch, goal = FailureWatch(), ObjectGoal("mug")
    watch.start(Passing(*seen), goal, Embodiment("base", "discrete", ("stop",)))  # type: ignore[arg-type]
    for index in range(3):
        watch.step(Step(index, None, None, None, None, {}, {}, 0.0, {}), None)  # type: ignore[arg-type]
    watch.end(Episode(goal, outcome="truncated", metrics={"success": False}), None)
    assert (watch.seen_at_step, watch.kind) == (at, kind)


def test_no_picture_is_larger_than_the_limit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (416, 1160, 3), dtype=np.uint8)
    file = _jpeg(noise)
    assert len(file) <= MOST_BYTES
    assert Image.open(io.BytesIO(file)).size == (1160, 416)


def test_the_page_lists_every_failure_with_its_picture_and_is_self_contained(failed: tuple[Path, Rows]) -> None:
    folder, rows = failed
    page = _page(folder, rows)
    assert "http" not in page
    assert "NearestFrontier: 2 of 2 failed" in page
    for row in rows:
        assert row["episode"] in page
        assert f"<b>{row['goal']}</b>" in page
        assert f"<h3>{row['failure']}: " in page
        assert f"{STEPS} steps; {row['distance_to_goal_m']:.1f} m from the goal" in page
    assert sorted(_embedded(page)) == sorted((folder / row["picture"]).read_bytes() for row in rows)
    assert "data:image/png;base64," in page  # the plot


def test_a_page_shows_so_many_pictures_of_a_method_and_names_the_others(failed: tuple[Path, Rows]) -> None:
    folder, (row, _) = failed
    rows = [row | {"episode": f"episode-{number}", "failure": "exploration"} for number in range(SHOWN + 4)]
    rows.append(row | {"episode": "the-only-one-of-its-kind", "failure": "control"})
    page = _page(folder, rows)
    assert len(_embedded(page)) == SHOWN
    assert f"{SHOWN} pictures of a method; 5 more lie in failures/" in page
    assert all(row["episode"] in page for row in rows)
    assert "alt='the-only-one-of-its-kind'" in page


def test_pictures_of_an_earlier_run_are_in_the_page_of_a_resumed_one(tmp_path: Path) -> None:
    (first,) = _short(tmp_path, 1)
    before = (tmp_path / first["picture"]).stat().st_mtime_ns
    rows = _short(tmp_path, 2)
    assert (tmp_path / first["picture"]).stat().st_mtime_ns == before
    assert len(_embedded(_page(tmp_path, rows))) == 2
    (tmp_path / first["picture"]).unlink()
    page = _page(tmp_path, rows)
    assert len(_embedded(page)) == 1
    assert f"{first['picture']} is gone from the folder" in page


def test_a_picture_that_cannot_be_written_is_a_warning_in_the_row(tmp_path: Path) -> None:
    (tmp_path / "failures").write_text("in the way")
    (row,) = _short(tmp_path, 1)
    assert row["picture"] == ""
    assert "its picture was not written" in row["warnings"][0]
    assert json.loads((tmp_path / "episodes.jsonl").read_text()) == row
    assert "its picture was not written" in _page(tmp_path, [row])


def test_the_page_of_household_tasks_lists_failures_without_pictures(tmp_path: Path) -> None:
    command = ["--suite", "household/tasks", "--split", "train", "--episodes", "3", "--planner", "RandomCommands"]
    assert evaluate_command([*command, "--out", str(tmp_path)]) == 0
    rows = [json.loads(line) for line in (tmp_path / "episodes.jsonl").read_text().splitlines()]
    page = (tmp_path / "report.html").read_text()
    failures = [row for row in rows if row["failure"]]
    assert f"RandomCommands: {len(failures)} of 3 failed" in page
    assert failures
    for row in failures:
        assert f"<td>{row['episode']}</td><td>{row['goal']}</td>" in page
    assert _embedded(page) == []


def test_the_page_tells_what_broke_an_episode(failed: tuple[Path, Rows]) -> None:
    folder, rows = failed
    broken = {key: value for key, value in rows[0].items() if key not in ("success", "distance_to_goal_m")}
    broken |= {"outcome": "error", "failure": "crash", "error": "the environment crashed: RuntimeError: <no> physics"}
    page = _page(folder, [broken, rows[1]])
    assert "<h3>crash: 1</h3>" in page
    assert "RuntimeError: &lt;no&gt; physics" in page


def test_every_kind_of_failure_is_told_in_words() -> None:
    assert set(KINDS) == set(get_args(FailureKind))


def test_a_world_that_broke_is_not_counted_as_a_failure_of_the_method(failed: tuple[Path, Rows]) -> None:
    folder, rows = failed
    told = ("method", "episode", "goal", "outcome", "reason", "steps", *(f"{part}_s" for part in PARTS))
    crash = {**{key: rows[0][key] for key in told}, "episode": "broken", "failure": "crash", "error": "the physics exploded"}
    page = _page(folder, [*rows, crash])
    assert "NearestFrontier: 2 of 2 failed, and in 1 the world broke" in page
    assert "the physics exploded" in page
