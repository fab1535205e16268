"""`enactive eval --suite hand/poses`: what a reading costs, conditions, resuming, tables and plot, and the command."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from enactive.agents.cli import main
from enactive.agents.component import Component
from enactive.agents.plugins import load
from enactive.agents.pose_evaluation import evaluate_poses, read_view
from enactive.agents.pose_table import plot_poses, poses_markdown
from enactive.controllers.poseless.baselines import MeanPose, MiddlePose
from enactive.controllers.poseless.small_language import WRITER_WEIGHTS
from enactive.controllers.poseless.weights import WEIGHTS, load_weights
from enactive.envs.shadow_hand.conditions import CONDITIONS, USUAL, Condition
from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD, MIDDLE_RAD
from enactive.envs.shadow_hand.look import Randomisation
from enactive.envs.shadow_hand.views import MAKING, HandViews
from enactive.errors import ConfigError, ControllerError
from enactive.perception.convnets.shipped import save_weights
from enactive.statistics import compare, mean

HERE = "test_pose_evaluation"
SETTINGS = {"suite": "hand/poses"}


class Says:
    """Says the same to every picture, and counts how often it is asked. what: the middle of the ranges, something that is
    malformed in one of several ways, or nothing."""

    asked = 0
    seen: list[NDArray[np.uint8]] = []  # noqa: RUF012  # reason: of the class, since the evaluation makes the object

    def __init__(self, what: str = "middle") -> None:
        self.what = what

    def estimate(self, pictures: Any) -> NDArray[np.float64]:
        type(self).asked += len(pictures)
        type(self).seen += pictures
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
    np.testing.assert_allclose(row["joints_deg"], np.rad2deg(np.abs(view.joints_rad - MIDDLE_RAD)), atol=1e-3)
    np.testing.assert_allclose(row["tips_mm"], 1e3 * np.linalg.norm(tips[0] - tips[1], axis=1), atol=1e-3)


@pytest.mark.parametrize("what", ["nothing", "beyond", "short", "nan"])
def test_what_is_malformed_counts_as_the_farthest_pose(what: str, views: HandViews) -> None:
    view = views[1]
    row = read_view(Says(what), view, views.poses)
    assert row["malformed"] is True
    farthest = np.maximum(view.joints_rad - LOW_RAD, HIGH_RAD - view.joints_rad)
    assert row["mse_rad2"] == pytest.approx(float((farthest**2).mean()))


@pytest.fixture
def says() -> Any:
    """The class as the evaluation imports it, with nothing counted yet."""
    made = load("controllers", f"{HERE}.Says")
    made.asked, made.seen = 0, []
    return made


def test_an_evaluation_goes_on_where_it_ended(says: Any, tmp_path: Path) -> None:
    readers = {
        "middle": Component("controllers", f"{HERE}.Says"),
        "none": Component("controllers", f"{HERE}.Says", {"what": "nan"}),
    }
    evaluate_poses(readers, ["randomised"], "test", 3, tmp_path, settings=SETTINGS)
    assert says.asked == 6
    log = tmp_path / "episodes.jsonl"
    log.write_bytes(log.read_bytes()[:-20])  # killed in the middle of a line
    told: list[tuple[int, int]] = []
    both = ["randomised", "clean"]
    rows = evaluate_poses(readers, both, "test", 5, tmp_path, settings=SETTINGS, on_result=lambda *now: told.append(now))
    assert says.asked == 6 + 5 + 10
    assert told == [(done, 20) for done in range(5, 21)]
    assert [row["method"] for row in rows] == 2 * (["middle"] * 5 + ["none"] * 5)
    assert [row["condition"] for row in rows] == ["randomised"] * 10 + ["clean"] * 10
    assert [row["episode"] for row in rows[:5]] == [f"randomised-test-{index:06d}" for index in range(5)]
    whole = evaluate_poses(readers, both, "test", 5, tmp_path / "unbroken", settings=SETTINGS)
    timeless = [[{key: row[key] for key in row if key != "read_ms"} for row in each] for each in (rows, whole)]
    assert timeless[0] == timeless[1]
    with pytest.raises(ConfigError, match="results of another suite"):
        evaluate_poses(readers, both, "test", 5, tmp_path, settings={"suite": "other"})
    with pytest.raises(ConfigError, match="there is no condition dirty; there are randomised, clean"):
        evaluate_poses(readers, ["clean", "dirty"], "test", 5, tmp_path / "none", settings=SETTINGS)
    assert not (tmp_path / "none").exists()


def test_readings_of_pictures_of_another_making_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = {"middle": Component("controllers", f"{HERE}.Says")}
    evaluate_poses(readers, ["clean"], "test", 1, tmp_path, settings=SETTINGS)
    monkeypatch.setattr("enactive.agents.pose_evaluation.MAKING", MAKING + 1)
    with pytest.raises(ConfigError, match="holds results of another making of pictures; choose another --out"):
        evaluate_poses(readers, ["clean"], "test", 2, tmp_path, settings=SETTINGS)


def test_readers_see_the_pictures_of_the_condition_and_left_hands_in_a_mirror(says: Any, tmp_path: Path) -> None:
    readers = {"middle": Component("controllers", f"{HERE}.Says")}
    evaluate_poses(readers, ["left", "adroit-poses", "640x480"], "test", 1, tmp_path, settings=SETTINGS)
    with HandViews("test", side="left") as left, HandViews("test", morphology="adroit") as adroit, HandViews("test") as right:
        mirrored, posed = left[0].rgb[:, ::-1], right.renderer.picture(adroit[0].joints_rad, adroit[0].look)
    np.testing.assert_array_equal(says.seen[0], mirrored)
    np.testing.assert_array_equal(says.seen[1], posed)  # the Shadow Hand as Adroit is posed and looked at
    assert says.seen[2].shape == (480, 640, 3)


def test_each_randomisation_is_switched_off_and_on_alone_and_poses_are_the_same_where_that_is_said() -> None:
    for part in ("camera", "lens", "light", "textures", "skin", "background", "clutter", "blur", "noise"):
        off, alone = CONDITIONS[f"without-{part}"].parts, CONDITIONS[f"only-{part}"].parts
        for name in Randomisation.__dataclass_fields__:
            assert getattr(off, name) == (name not in (part, "occluders"))
            assert getattr(alone, name) == (name == part)
    assert {"clean", "occluded", "640x480", "adroit", "without-camera"} < set(USUAL)
    first = CONDITIONS["randomised"]
    small: dict[str, Condition] = {name: CONDITIONS[name] for name in ("clean", "left", "adroit", "settled")}
    for name, condition in small.items():
        with first.views("test") as one, condition.views("test") as other:
            equal = np.array_equal(one[0].joints_rad, other[0].joints_rad)
        assert equal == condition.same_poses(first), name


def row_of(reader: str, condition: str, index: int, off_deg: float) -> dict[str, Any]:
    """What an evaluation would keep of a reader that is off by `off_deg` at FFJ1, and by 1 degree at the other joints."""
    joints = np.where(np.array(JOINTS) == "FFJ1", off_deg, 1.0)
    return {
        "method": reader, "condition": condition, "episode": f"{condition}-{index}", "malformed": False, "read_ms": 1.0,
        "mse_rad2": float((np.deg2rad(joints) ** 2).mean()), "degrees": float(joints.mean()),
        "fingertip_mm": 4.0, "joints_deg": joints.tolist(), "tips_mm": [0.0, 1.0, 2.0, 3.0, 14.0],
    }  # fmt: skip


def test_the_report_tells_conditions_joints_and_fingers_with_intervals(tmp_path: Path) -> None:
    more = {("a", "clean"): 10.0, ("a", "adroit"): 30.0, ("b", "clean"): 15.0, ("b", "adroit"): 30.0, ("a", "occluded"): 20.0}
    rows = [row_of(*key, index, off + index) for key, off in (more | {("b", "occluded"): 40.0}).items() for index in range(4)]
    text = poses_markdown(rows, "a title")
    finger = [mean([(3 + off + index) / 4 for index in range(4)]) for off in (10.0, 15.0)]
    assert f"| **FF** | {finger[0]:.1f} | {finger[1]:.1f} |" in text
    assert f"| FFJ1 | {mean([10.0, 11.0, 12.0, 13.0]):.1f} | {mean([15.0, 16.0, 17.0, 18.0]):.1f} |" in text
    assert "| WRJ2 | 1.0 [1.0, 1.0] | 1.0 [1.0, 1.0] |" in text
    assert "| LF | 3.0 [3.0, 3.0] | 3.0 [3.0, 3.0] |" in text
    assert "| fingertip_mm | fingertip_median_mm | malformed |" in text
    assert "| 4.0 [4.0, 4.0] | 2.0 [2.0, 2.0] | 0.000" in text
    degrees = {key: mean([(23 + off + index) / 24 for index in range(4)]) for key, off in more.items()}
    assert f"| adroit | 4 | {degrees['a', 'adroit']:.1f} | {degrees['b', 'adroit']:.1f} |" in text
    same = text.partition("## a: each condition minus clean, in the same poses")[2].partition("##")[0]
    wider = compare([(20.0 + index) / 24 for index in range(4)], [(10.0 + index) / 24 for index in range(4)])
    assert f" | {wider:+.1f} | " in same
    assert "occluded" in same
    assert "adroit" not in same  # its poses are others
    assert "## a minus the others, on the same pictures" in text
    plot_poses(rows, tmp_path / "table.png")
    plot_poses(rows[:16], tmp_path / "less.png")  # without `occluded`
    assert Image.open(tmp_path / "table.png").height > Image.open(tmp_path / "less.png").height


def test_malformed_readings_are_counted_with_wilsons_interval() -> None:
    rows = [row_of("a", "clean", index, 5.0) | {"malformed": True} for index in range(5)]
    assert "| 1.000 [0.566, 1.000] |" in poses_markdown(rows, "a title")


def test_the_mean_is_that_of_the_training_poses() -> None:
    with HandViews("train", width=32, height=32) as shown:
        true = np.stack([shown[index].joints_rad for index in range(6)])
    found = MeanPose(views=6).estimate([np.zeros((32, 32, 3), np.uint8)] * 2)
    np.testing.assert_allclose(found, np.tile(true.mean(axis=0), (2, 1)))
    np.testing.assert_array_equal(MiddlePose().estimate([np.zeros((32, 32, 3), np.uint8)])[0], (LOW_RAD + HIGH_RAD) / 2)


def test_weights_that_changed_in_place_are_not_mixed_with_earlier_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, net = tmp_path / "mine.safetensors", load_weights()
    save_weights(net, weights, {})
    asked = ["eval", "--suite", "hand/poses", "--reader", f"PoseLess(weights={weights})", "--compare", "[]"]
    asked += ["--conditions", "[clean]", "--out", str(tmp_path / "out"), "--episodes"]
    assert main([*asked, "1"]) == 0
    assert main([*asked, "2"]) == 0  # the same weights go on
    next(net.parameters()).data.mul_(0.5)
    save_weights(net, weights, {})
    assert main([*asked, "2"]) == 2
    assert "results of another weights of PoseLess(weights=" in capsys.readouterr().err


def test_the_command_compares_and_writes_the_tables_and_the_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["eval", "--suite", "hand/poses", "--episodes", "3", "--out", str(tmp_path)]
    few = [*asked, "--conditions", "[clean, adroit]"]
    assert main([*few, "--compare", "[MiddlePose, MeanPose(views=3)]"]) == 0
    table = (tmp_path / "table.md").read_text()
    assert all(f"| {name} | 3 |" in table for name in ("PoseLess", "MiddlePose", "MeanPose(views=3)", "clean", "adroit"))
    assert (tmp_path / "table.png").stat().st_size > 0
    assert len((tmp_path / "episodes.jsonl").read_text().splitlines()) == 18
    told = json.loads((tmp_path / "settings.json").read_text())
    for key, file in (("weights", WEIGHTS), ("language_weights", WRITER_WEIGHTS)):
        assert told[key] == hashlib.sha256(file.read_bytes()).hexdigest()
    for words, complaint in (
        (["--compare", "[PoseLess]"], "names a reader twice"),
        (["--conditions", "[]"], "name at least one"),
        (["--conditions", "[dirty]"], "there is no condition dirty"),
    ):
        assert main([*asked, *words]) == 2
        assert complaint in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*asked, "--split", "tests"])
    assert "Got value: tests" in capsys.readouterr().err
