"""The command line as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonargparse import ArgumentParser
from PIL import Image

from enactive.agents.cli import COMMANDS, main
from enactive.agents.commands._components import add_components, component, with_knowledge, with_model
from enactive.agents.commands.eval import read_component, read_names
from enactive.agents.commands.run import read_goal_image
from enactive.agents.commands.train import MODELS
from enactive.agents.component import Component, Method
from enactive.agents.failures import KINDS
from enactive.errors import ConfigError

ORACLE = ["--perceiver", "OraclePerceiver", "--env.rooms", "3"]


def test_the_report_names_what_a_run_failed_by(tmp_path: Path) -> None:
    main(["run", "find a toilet", *ORACLE, "--max_steps", "2", "--out", str(tmp_path)])
    folder = next(tmp_path.iterdir())
    failure = json.loads((folder / "episode.json").read_text())["result"]["failure"]
    assert failure in ("exploration", "perception")
    assert f"The oracle says: no success ({failure}: {KINDS[failure]})" in (folder / "report.html").read_text()


def test_the_printed_configuration_repeats_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", "find a toilet", *ORACLE, "--planner", "NearestFrontier", "--max_steps", "15"]
    with pytest.raises(SystemExit):
        main([*command, "--print_config"])
    config = tmp_path / "run.yaml"
    config.write_text(capsys.readouterr().out)
    main([*command, "--out", str(tmp_path / "a")])
    main(["run", "--config", str(config), "--out", str(tmp_path / "b")])
    first, second = (json.loads(next(tmp_path.glob(f"{x}/*/episode.json")).read_text()) for x in "ab")
    assert first["config"] == second["config"]
    assert [step["xy_yaw"] for step in first["steps"]] == [step["xy_yaw"] for step in second["steps"]]


def test_a_place_is_gone_to_by_the_planner_that_takes_places(tmp_path: Path) -> None:
    assert main(["run", "go to 5.5, 3", "--max-steps", "2", "--out", str(tmp_path)]) == 0
    told = json.loads(next(tmp_path.glob("*/episode.json")).read_text())
    assert told["config"]["planner"]["name"].endswith("PointNav")
    assert [step["trace"]["stage"] for step in told["steps"]] == ["walk", "walk"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["run", ""], "names nothing to look for"),
        (["run", "find a mug", "--planner", "UniGaol"], "did you mean UniGoal"),
        (["eval", "--planner", "NearestFrontier(min_score=0.3)"], "say --planner NearestFrontier, and each argument as"),
        (["run", "--goal-image", "nowhere.png"], "there is no picture 'nowhere.png'"),
        (["run", "find a mug", "--config", "nowhere.yaml"], "there is no configuration file"),
        (["eval", "--suite", "household/lost"], "there is no suite"),
        (["eval", "--workers", "0"], "at least 1"),
        (["eval", "--compare", "[UniGoal(blacklist=false, RandomWalk]"], ") is missing"),
        (["eval", "--compare", "[UniGoal(weights={near: 0.3)]"], "} is missing"),
        (["eval", "--compare", "[UniGoal(blacklist)]"], "is not argument=value"),
        (["eval", "--compare", "[UniGoal(blacklist=: a: b)]"], "is not argument=value"),
        (["eval", "--compare", "[UniGoal]"], "twice, or UniGoal again"),
        (["train", "brain"], "there is no model 'brain'"),
        (["models", "burn"], "there is no action 'burn'"),
        (["models", "get", "nothing"], "there is no pretrained file"),
        (["dance"], "there is no command 'dance'"),
        (
            ["control", "--robot", "desk_arm", "--policy=joint-sweep", "--rate-hz", "200"],
            "takes 100 commands a second, not 200",
        ),
        (["eval", "--planner", "nearest_frontier", "--max-steps", "5", "--suite", "lost"], "there is no suite"),
    ],
)
def test_what_a_user_gets_wrong_is_one_sentence_and_exit_status_2(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_a_corrupt_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "goal.png"
    Image.fromarray(np.zeros((40, 40, 3), dtype=np.uint8)).save(path)
    assert read_goal_image(path).image.shape == (40, 40, 3)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ConfigError, match="is not a picture that can be read"):
        read_goal_image(path)


@pytest.mark.parametrize("how", ["second chunk", "EXIF", "bomb"])
def test_a_picture_that_pillow_chokes_on_is_refused(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "goal.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)  # too much for one chunk
    Image.fromarray(noise).save(path, exif=exif)
    whole = path.read_bytes()
    if how == "second chunk":  # SyntaxError
        second = whole.index(b"IDAT", whole.index(b"IDAT") + 4)
        path.write_bytes(whole[:second] + b"\0\1\2\3" + whole[second + 4 :])
    elif how == "EXIF":  # struct.error
        Image.fromarray(noise).save(path, exif=exif.tobytes()[:12])
    else:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ConfigError, match="is not a picture that can be read"):
        read_goal_image(path)


def test_a_picture_is_read_the_way_up_that_its_camera_noted(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (20, 40, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(stored).save(tmp_path / "goal.png", exif=exif)
    assert np.array_equal(read_goal_image(tmp_path / "goal.png").image, np.rot90(stored, -1))


def test_planners_to_compare_are_read_with_their_arguments() -> None:
    plain, ablated = (
        read_component(text, "planners") for text in ("NearestFrontier", "UniGoal(blacklist=false, sigma_partial=0.4)")
    )
    assert (plain.name, dict(plain.arguments)) == ("NearestFrontier", {})
    built = ablated.build()
    assert (type(built).__name__, built.blacklist, built.sigma_partial) == ("UniGoal", False, 0.4)
    rows = read_names("[UniGoal(frontier_selection=nearest), UniGoal(frontier_selection=unscored)]")
    assert [read_component(row, "planners").build().frontier_selection for row in rows] == ["nearest", "unscored"]
    with pytest.raises(ConfigError, match="--compare takes names"):
        read_component("UniGoal(blacklist=false", "planners")
    with pytest.raises(ConfigError, match="UniGoal cannot be built from"):
        read_component("UniGoal(blacklists=false)", "planners").build()


def test_commas_and_brackets_inside_the_arguments_of_planners_to_compare() -> None:
    typed = "[D2PO(critic=F, candidates=8), UniGoal(weights={near: 0.3, size: 0}), 'RandomWalk(seed=1)', NearestFrontier]"
    listed = ["D2PO(critic=F, candidates=8)", "UniGoal(weights={near: 0.3, size: 0})", "RandomWalk(seed=1)", "NearestFrontier"]
    assert read_names(typed) == listed
    assert read_names(["D2PO(critic=F", "candidates=8)", "NearestFrontier"]) == [listed[0], listed[3]]  # as YAML splits it
    assert read_component(listed[0], "planners").arguments == {"critic": "F", "candidates": 8}
    assert read_component(listed[1], "planners").arguments == {"weights": {"near": 0.3, "size": 0}}


def test_a_planner_on_a_model_is_compared_with_itself_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []

    def stop(methods: list[Method], *_: object, **__: object) -> None:
        labels.extend(method.label for method in methods)
        raise ConfigError("enough")

    monkeypatch.setattr("enactive.perception.vlm.require_answer", lambda text: None)
    monkeypatch.setattr("enactive.agents.commands.eval.evaluate", stop)
    assert main(["eval", "--planner", "UniGoal", "--model", "hf:NAME", "--compare", "[UniGoal]"]) == 2
    assert labels == ["UniGoal on hf:NAME", "UniGoal"]


def test_arguments_that_are_objects_are_built_from_their_class_paths() -> None:
    matcher = {"class_path": "enactive.planners.unigoal.keypoints.SiftMatcher", "init_args": {"features": 700}}
    built = Component("planners", "UniGoal", {"keypoints": matcher, "weights": {"near": 0.3}}).build()
    assert built.keypoints.features == 700
    assert built.weights.near == 0.3


def test_paths_of_arguments_that_are_objects_become_text() -> None:
    parser = ArgumentParser(exit_on_error=False)
    reader = "enactive.controllers.poseless.estimator.ParallelEstimator"
    words = ["--controller", "PoseLess", "--controller.estimator", reader, "--controller.estimator.weights", "w.safetensors"]
    chosen = parser.parse_args(add_components(parser, words, {"controller": "PoseLess"}))
    record = json.loads(json.dumps(component("controller", chosen.controller).to_json()))
    assert record["arguments"]["estimator"]["init_args"]["weights"] == "w.safetensors"


@pytest.mark.parametrize("name", ["ParallelEstimator", "enactive.controllers.poseless.estimator.ParallelEstimator"])
def test_what_reads_left_hands_is_chosen_by_name_or_by_import_path(name: str) -> None:
    parser = ArgumentParser(exit_on_error=False)
    words = ["--policy", "PoseLess", "--policy.estimator", name, "--policy.estimator.pictured", "left"]
    chosen = parser.parse_args(add_components(parser, words, {"policy": "PoseLess"}))
    estimator = component("policy", chosen.policy).build().estimator
    assert type(estimator).__name__ == "ParallelEstimator"
    assert estimator.pictured == "left"


def test_a_planner_is_asked_with_what_the_environment_tells() -> None:
    told = with_knowledge(Component("planners", "D2PO", {}), "remembered")
    assert told.arguments == {"knowledge": "remembered"}
    assert with_knowledge(Component("planners", "OracleExpert", {}), "remembered").arguments == {}
    with pytest.raises(ConfigError, match="tells what is visible"):
        with_knowledge(Component("planners", "D2PO", {"knowledge": "remembered"}), "visible")


def test_a_model_is_named_once() -> None:
    with pytest.raises(ConfigError, match="leave one out"):
        with_model(Component("planners", "LanguagePlanner", {"model": "hf:NAME"}), "hf:OTHER")


def test_list_names_every_component_and_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for name in ("UniGoal", "NearestFrontier", "OraclePerceiver", "NavigationController", "Household", "household/textnav"):
        assert name in out
    lines = out.splitlines()
    hand = next(place for place, line in enumerate(lines) if line.startswith("  ShadowHand "))
    assert lines[hand + 1].startswith("    A Shadow Hand, or an Adroit hand, ")


def test_a_reader_that_has_enough_ends_the_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "enactive.agents", "list"]
    listing = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writing)
    assert (listing.returncode, listing.stderr) == (141, "")


def test_help_is_there_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)
    for name in COMMANDS:
        if name != "train":
            with pytest.raises(SystemExit) as left:
                main([name, "--help"])
            assert left.value.code == 0
            assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize("model", sorted(MODELS))
def test_what_can_be_trained_tells_its_settings(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["train", model, "--help"])
    assert "--out" in capsys.readouterr().out
