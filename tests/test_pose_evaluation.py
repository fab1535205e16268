"""`enactive eval --suite hand/poses`: what a reading costs, malformed ones, resuming, the table, and the command."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from enactive.agents.cli import main
from enactive.agents.component import Component
from enactive.agents.plugins import load
from enactive.agents.pose_evaluation import evaluate_poses, poses_markdown, read_view
from enactive.agents.statistics import mean
from enactive.controllers.poseless.baselines import MeanPose, MiddlePose
from enactive.controllers.poseless.small_language import WRITER_WEIGHTS
from enactive.controllers.poseless.weights import WEIGHTS
from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD, MIDDLE_RAD
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError, ControllerError

HERE = "test_pose_evaluation"
SETTINGS = {"suite": "hand/poses"}


class Says:
    """Says the same to every picture, and counts how often it is asked. what: the middle of the ranges, something that is
    malformed in one of several ways, or nothing."""

    asked = 0

    def __init__(self, what: str = "middle") -> None:
        self.what = what

    def estimate(self, pictures: Any) -> NDArray[np.float64]:
        type(self).asked += len(pictures)
        if self.what == "nothing":
            raise ControllerError("no tags in what was written")
        answers = {"middle": MIDDLE_RAD, "beyond": HIGH_RAD + 0.01, "short": MIDDLE_RAD[:23], "nan": MIDDLE_RAD * np.nan}
        return answers[self.what][np.newaxis]


@pytest.fixture(scope="module")
def views() -> Any:
    with HandViews("test", width=64, height=64) as made:
        yield made


def test_a_reading_worked_by_hand(views: HandViews) -> None:
    view = views[0]
    row = read_view(Says(), view, views.poses)
    assert row["mse_rad2"] == pytest.approx(float(((view.joints_rad - MIDDLE_RAD) ** 2).mean()))
    assert row["degrees"] == pytest.approx(float(np.rad2deg(np.abs(view.joints_rad - MIDDLE_RAD)).mean()))
    tips = views.poses.fingertips(np.stack([view.joints_rad, MIDDLE_RAD]))
    assert row["fingertip_mm"] == pytest.approx(1e3 * np.linalg.norm(tips[0] - tips[1], axis=1).mean())
    assert row["malformed"] is False


@pytest.mark.parametrize("what", ["nothing", "beyond", "short", "nan"])
def test_what_is_malformed_counts_as_the_farthest_pose(what: str, views: HandViews) -> None:
    view = views[1]
    row = read_view(Says(what), view, views.poses)
    assert row["malformed"] is True
    farthest = np.maximum(view.joints_rad - LOW_RAD, HIGH_RAD - view.joints_rad)
    assert row["mse_rad2"] == pytest.approx(float((farthest**2).mean()))


def test_an_evaluation_goes_on_where_it_ended(views: HandViews, tmp_path: Path) -> None:
    readers = {
        "middle": Component("controllers", f"{HERE}.Says"),
        "none": Component("controllers", f"{HERE}.Says", {"what": "nan"}),
    }
    says = load("controllers", f"{HERE}.Says")  # the class as the evaluation imports it
    says.asked = 0
    evaluate_poses(readers, views, 3, tmp_path, settings=SETTINGS)
    assert says.asked == 6
    log = tmp_path / "episodes.jsonl"
    log.write_bytes(log.read_bytes()[:-20])  # killed in the middle of a line
    told: list[tuple[int, int]] = []
    rows = evaluate_poses(readers, views, 5, tmp_path, settings=SETTINGS, on_result=lambda *now: told.append(now))
    assert says.asked == 6 + 5
    assert told[-1] == (10, 10)
    assert [row["method"] for row in rows] == ["middle"] * 5 + ["none"] * 5
    assert [row["episode"] for row in rows[:5]] == [f"test-0-{index:06d}" for index in range(5)]
    whole = evaluate_poses(readers, views, 5, tmp_path / "unbroken", settings=SETTINGS)
    timeless = [[{key: row[key] for key in row if key != "read_ms"} for row in each] for each in (rows, whole)]
    assert timeless[0] == timeless[1]
    with pytest.raises(ConfigError, match="results of another suite"):
        evaluate_poses(readers, views, 5, tmp_path, settings={"suite": "other"})
    text = poses_markdown(rows, "a title")
    assert f"| none | 5 | {mean([row['mse_rad2'] for row in rows[5:]])}" in text
    assert "1.000 [0.566, 1.000]" in text  # Wilson's interval of five malformed of five
    assert "## middle minus the others" in text


def test_the_mean_is_that_of_the_training_poses() -> None:
    with HandViews("train", width=32, height=32) as shown:
        true = np.stack([shown[index].joints_rad for index in range(6)])
    found = MeanPose(views=6).estimate([np.zeros((32, 32, 3), np.uint8)] * 2)
    np.testing.assert_allclose(found, np.tile(true.mean(axis=0), (2, 1)))
    np.testing.assert_array_equal(MiddlePose().estimate([np.zeros((32, 32, 3), np.uint8)])[0], (LOW_RAD + HIGH_RAD) / 2)


def test_the_command_compares_and_writes_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["eval", "--suite", "hand/poses", "--episodes", "4", "--out", str(tmp_path)]
    assert main([*asked, "--compare", "[MiddlePose, MeanPose(views=3)]"]) == 0
    table = (tmp_path / "table.md").read_text()
    assert all(f"| {name} | 4 |" in table for name in ("PoseLess", "MiddlePose", "MeanPose(views=3)"))
    assert len((tmp_path / "episodes.jsonl").read_text().splitlines()) == 12
    told = json.loads((tmp_path / "settings.json").read_text())
    for key, file in (("weights", WEIGHTS), ("language_weights", WRITER_WEIGHTS)):
        assert told[key] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert main([*asked, "--compare", "[PoseLess]"]) == 2
    assert "names a reader twice" in capsys.readouterr().err
    assert main([*asked[:-1], str(tmp_path / "other"), "--split", "tests"]) == 2
    assert "the splits are" in capsys.readouterr().err
