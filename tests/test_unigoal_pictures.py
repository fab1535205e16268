"""Goal pictures: recognised in views by keypoints, and read into goal graphs."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from unigoal_scenes import Letters, clutter, warped

from enactive.envs import CameraFrame, Observation
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief, Detection
from enactive.planners.unigoal.keypoints import LightGlueMatcher, SiftMatcher, locate
from enactive.planners.unigoal.picture import NotRecognised, describe
from enactive.planners.unigoal.spotting import Spotter
from enactive.planners.unigoal.verification import (
    MANY_INLIERS,
    SOME_INLIERS,
)


@pytest.mark.parametrize(
    ("scale", "angle", "tilt"), [(1.0, 0.0, 0.0), (0.7, 10.0, 0.0), (1.3, -8.0, 0.0005), (0.8, 0.0, 0.001)]
)
def test_the_same_place_from_elsewhere_is_recognised(scale: float, angle: float, tilt: float) -> None:
    image = clutter(0)
    assert locate(SiftMatcher(), warped(image, scale, angle, tilt), image).inliers >= MANY_INLIERS


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_pictures_are_not(seed: int) -> None:
    assert locate(SiftMatcher(), clutter(seed), clutter(0)).inliers < SOME_INLIERS


def test_a_mirrored_picture_is_not_the_same() -> None:
    assert locate(SiftMatcher(), np.ascontiguousarray(clutter(0)[:, ::-1]), clutter(0)).inliers < SOME_INLIERS


def test_pictures_without_texture_share_nothing() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert locate(SiftMatcher(), grey, grey) == (0, None)


def _save_lightglue(folder: Path) -> None:
    """A small one with random weights."""
    import torch
    import transformers

    torch.manual_seed(0)
    detector = transformers.SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 16, 16], decoder_hidden_size=16, keypoint_decoder_dim=65, descriptor_decoder_dim=16,
        keypoint_threshold=0.0, max_keypoints=32,
    )  # fmt: skip
    config = transformers.LightGlueConfig(
        keypoint_detector_config=detector, descriptor_dim=16, num_hidden_layers=2, num_attention_heads=2
    )
    transformers.LightGlueForKeypointMatching(config).save_pretrained(folder)
    transformers.LightGlueImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)


def test_lightglue_runs_behind_the_same_interface(tmp_path: Path) -> None:
    _save_lightglue(tmp_path)
    matcher = LightGlueMatcher.load(str(tmp_path))
    view, goal = matcher.match(clutter(0), clutter(1))
    assert view.shape == goal.shape == (len(view), 2)
    assert len(view) <= 32
    assert locate(matcher, clutter(0), clutter(1)).inliers <= len(view)


@pytest.mark.parametrize("what", ["nothing", "of another detector", "damaged", "a pickle"])
def test_lightglue_without_weights_is_one_sentence_with_the_way_out(what: str, tmp_path: Path) -> None:
    if what != "nothing":
        _save_lightglue(tmp_path)
    config, weights = tmp_path / "config.json", tmp_path / "model.safetensors"
    if what == "of another detector":  # the hub's lightglue_disk
        told = json.loads(config.read_text())
        config.write_text(json.dumps({**told, "keypoint_detector_config": {"model_type": "disk"}}))
    elif what == "damaged":
        weights.write_bytes(weights.read_bytes()[:500])
    elif what == "a pickle":
        import torch
        from safetensors.torch import load_file

        torch.save(load_file(weights), tmp_path / "pytorch_model.bin")
        weights.unlink()
    with pytest.raises(ConfigError, match=r"could not be loaded from .*: go online once, .* or use SiftMatcher"):
        LightGlueMatcher.load(str(tmp_path))


def test_the_lightglue_that_is_loaded_by_default_needs_no_code_of_the_hub() -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_KEYPOINT_DETECTION_MAPPING_NAMES

    name = inspect.signature(LightGlueMatcher.load).parameters["name"].default
    assert name.rpartition("_")[2] in MODEL_FOR_KEYPOINT_DETECTION_MAPPING_NAMES


def test_the_middle_of_the_goal_picture_is_found_in_the_view() -> None:
    image = clutter(0)
    view = np.full((240, 320, 3), 90, np.uint8)
    view[:, 60:300] = image  # the goal picture's middle (120, 120) lies at (180, 120)
    count, place = locate(SiftMatcher(), view, image)
    assert count >= MANY_INLIERS
    assert place == pytest.approx((180.0, 120.0), abs=2.0)
    left, right = np.zeros((240, 320), dtype=bool), np.zeros((240, 320), dtype=bool)
    left[:, :175], right[:, 175:] = True, True
    segments = tuple(Detection("thing", 0.9, mask, Letters().encode(["thing"])[0], k) for k, mask in ((3, left), (4, right)))
    frames = {"head": CameraFrame(view, None, np.eye(3), np.eye(4), 0.0)}
    spotter, shown = Spotter(image, SiftMatcher()), Belief(1, Observation(frames), detections=segments)
    assert spotter.look(shown) == 4
    assert spotter.in_the_middle(shown) == 4  # whose segment has more pixels near than its neighbour's
    other = {"head": CameraFrame(clutter(7), None, np.eye(3), np.eye(4), 0.0)}
    assert spotter.look(Belief(2, Observation(other), detections=segments)) is None


class Cutter:
    """A detector that knows where things are in one picture."""

    def __init__(self, *found: tuple[str, tuple[int, int, int, int]]) -> None:
        self.found, self.text = found, Letters()

    def reset(self, words: list[str]) -> None: ...

    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        frame = observation.cameras["goal"]
        assert frame.depth is None
        out = []
        for name, (top, left, bottom, right) in self.found:
            mask = np.zeros(frame.rgb.shape[:2], dtype=bool)
            mask[top:bottom, left:right] = True
            out.append(Detection(name, 0.9, mask, self.text.encode([name])[0]))
        return tuple(out)


def test_a_picture_is_read_into_a_goal_graph() -> None:
    image = np.full((120, 160, 3), 200, np.uint8)
    image[40:80, 60:100] = (190, 20, 20)
    graph = describe(image, Cutter(("wall", (0, 0, 120, 160)), ("table", (70, 20, 110, 140)), ("mug", (40, 60, 80, 100)),
                                   ("kettle", (40, 104, 80, 130)), ("painting", (0, 0, 10, 10))))  # fmt: skip
    assert [node.name for node in graph.nodes] == ["mug", "table", "kettle"]
    assert graph.nodes[0].attributes["colour"] == "red"
    assert {(graph.nodes[e.a].name, e.relation, graph.nodes[e.b].name) for e in graph.edges} == {
        ("mug", "on", "table"),
        ("mug", "next to", "kettle"),
    }


def test_pictures_that_show_nothing_are_refused() -> None:
    with pytest.raises(PlannerError, match="nothing is recognised"):
        describe(np.zeros((120, 160, 3), np.uint8), Cutter(("mug", (0, 0, 10, 10))))
    with pytest.raises(PlannerError, match="goal picture"):
        describe(np.zeros((8, 8, 3), np.uint8), Cutter())
    with pytest.raises(NotRecognised, match="less than 32 pixels"):
        describe(np.zeros((20, 40, 3), np.uint8), Cutter())
