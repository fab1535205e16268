"""MediaPipe's hand landmarker: anchors, decoding and squares worked by hand, and its networks on photographs of a hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from enactive.agents.cli import main
from enactive.agents.pose_evaluation import read_view
from enactive.controllers.poseless.hand_landmarks import LANDMARKS, HandLandmarker, in_pixels
from enactive.controllers.poseless.keypoint_ik import KeypointSolver
from enactive.controllers.poseless.mediapipe_ik import MediaPipeEstimator, framed
from enactive.controllers.poseless.palm_detection import Palm, anchors, best_palm
from enactive.controllers.poseless.turned_square import TurnedSquare
from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.views import KEYPOINTS, HandViews
from enactive.errors import ConfigError, ControllerError
from enactive.pretrained import HAND_LANDMARKS, PALM_DETECTION, verify

PHOTOGRAPHS = Path(__file__).parent / "photographs"
needs_networks = pytest.mark.skipif(
    any(verify(file).state != "good" for file in (PALM_DETECTION, HAND_LANDMARKS)),
    reason="MediaPipe's networks are not in the cache: enactive models get mediapipe-palm, and mediapipe-hand",
)


def photograph(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(PHOTOGRAPHS / f"{name}.jpg").convert("RGB"))


def test_anchors_are_the_middles_of_cells_fine_ones_first() -> None:
    places = anchors()
    assert places.shape == (24 * 24 * 2 + 12 * 12 * 6, 2)
    of_cells = {0: (0.5, 0.5), 1: (0.5, 0.5), 2: (1.5, 0.5), 48: (0.5, 1.5), 1151: (23.5, 23.5)}
    coarse = {1152: (0.5, 0.5), 1157: (0.5, 0.5), 1158: (1.5, 0.5), 1224: (0.5, 1.5), 2015: (11.5, 11.5)}
    for index, cell in of_cells.items():
        np.testing.assert_allclose(places[index], np.array(cell) / 24)
    for index, cell in coarse.items():
        np.testing.assert_allclose(places[index], np.array(cell) / 12)


def test_a_palm_decoded_by_hand() -> None:
    told, logits = np.zeros((2016, 18)), np.full(2016, -9.0)
    assert best_palm(told, logits) is None
    told[2, :4], told[2, 4:6], told[2, 8:10] = (8.0, 4.0, 48.0, 96.0), (12.0, 96.0), (12.0, 0.0)
    logits[2] = np.log(3.0)  # a score of 3/4; the anchor is at (12, 4) pixels
    palm = best_palm(told, logits)
    assert palm is not None  # reason: for the type checker; what it holds is asserted below
    assert palm.score == pytest.approx(0.75)
    np.testing.assert_allclose(palm.centre * 192, (20.0, 8.0))
    np.testing.assert_allclose(palm.size * 192, (48.0, 96.0))
    np.testing.assert_allclose(palm.points[[0, 1, 2]] * 192, [(24.0, 100.0), (12.0, 4.0), (24.0, 4.0)])


def test_what_tells_of_the_same_palm_is_averaged_by_its_scores_and_the_rest_left_out() -> None:
    told, logits = np.zeros((2016, 18)), np.full(2016, -9.0)
    told[[2, 3, 1152, 2015], 2:4] = 60.0
    told[3, 0] = 7.0  # same anchor as 2, seven pixels further to the right
    logits[[2, 3]] = np.log(3.0), 0.0  # 3/4 and 1/2
    logits[2015] = 0.5  # sure, but in the other corner
    logits[1152] = -0.01  # on the palm, but not sure
    palm = best_palm(told, logits)
    assert palm is not None  # reason: for the type checker; what it holds is asserted below
    np.testing.assert_allclose(palm.centre * 192, (12.0 + 7.0 * 0.5 / 1.25, 4.0))


def test_the_hands_square_goes_where_the_palm_points() -> None:
    points = np.zeros((7, 2))
    points[0], points[2] = (100.0, 150.0), (100.0, 100.0)
    up = Palm(np.array([100.0, 120.0]), np.array([40.0, 50.0]), points, 1.0).hand()
    assert up == TurnedSquare((100.0, 95.0), pytest.approx(130.0), 0.0)
    points[2] = (150.0, 150.0)
    right = Palm(np.array([100.0, 120.0]), np.array([40.0, 50.0]), points, 1.0).hand()
    assert right.turn_rad == pytest.approx(np.pi / 2)
    assert right.centre == pytest.approx((125.0, 120.0))


def test_a_turned_square_there_and_back() -> None:
    square = TurnedSquare((30.0, 50.0), 20.0, np.pi / 2)
    np.testing.assert_allclose(square.pixels(np.array([[0.5, 0.0], [1.0, 0.5]])), [(40.0, 50.0), (30.0, 60.0)], atol=1e-12)
    places = np.random.default_rng(0).random((5, 2))
    square = TurnedSquare((3.0, -5.0), 7.0, 0.4)
    np.testing.assert_allclose(square.shares(square.pixels(places)), places)
    palm = in_pixels(Palm(places[0], places[1], places, 0.9), TurnedSquare((96.0, 64.0), 192.0))
    np.testing.assert_allclose(palm.centre, places[0] * 192.0 - (0.0, 32.0))
    np.testing.assert_allclose(palm.size, places[1] * 192.0)


def test_what_a_turned_square_shows() -> None:
    picture = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype=np.uint8)
    whole = TurnedSquare((4.0, 4.0), 8.0)
    np.testing.assert_array_equal(whole.seen(picture, 8, cv2.BORDER_CONSTANT), picture)
    lying = replace(whole, turn_rad=np.pi / 2)  # its upper side is the picture's right one
    np.testing.assert_array_equal(lying.seen(picture, 8, cv2.BORDER_CONSTANT), np.rot90(picture))
    wide = TurnedSquare((4.0, 4.0), 16.0).seen(picture, 16, cv2.BORDER_CONSTANT)
    np.testing.assert_array_equal(wide[4:12, 4:12], picture)
    assert wide.sum() == picture.sum(dtype=int)
    assert (TurnedSquare((-8.0, 4.0), 8.0).seen(picture, 8, cv2.BORDER_REPLICATE) == picture[:, :1]).all()


def test_every_landmark_has_its_keypoint() -> None:
    names = list(LANDMARKS)
    assert len(names) == 21
    assert sorted(LANDMARKS.values()) == sorted(KEYPOINTS)
    numbers = {
        "WRIST": 0,
        "THUMB_TIP": 4,
        "INDEX_FINGER_MCP": 5,
        "INDEX_FINGER_TIP": 8,
        "MIDDLE_FINGER_PIP": 10,
        "PINKY_TIP": 20,
    }
    assert {name: names.index(name) for name in numbers} == numbers  # as MediaPipe numbers them
    assert LANDMARKS["INDEX_FINGER_TIP"] == "FFtip"
    assert LANDMARKS["RING_FINGER_DIP"] == "RFend"
    assert LANDMARKS["PINKY_MCP"] == "LFbase"
    assert LANDMARKS["THUMB_CMC"] == "THbase"


def test_a_hand_anywhere_in_any_size_is_framed_the_same() -> None:
    usual = KeypointSolver().usual()
    assert ((usual > 0.0) & (usual < 1.0)).all()
    seen = np.random.default_rng(0).random((21, 2))
    np.testing.assert_allclose(framed(usual * 300.0 + (90.0, -20.0), usual), usual)
    np.testing.assert_allclose(framed(seen * 0.01 - 5.0, usual), framed(seen, usual))


def test_the_solver_bends_the_finger_whose_keypoints_are_bent() -> None:
    solver = KeypointSolver()
    camera = np.array([0.6, 0.22, 0.0, 0.08, 0.0, 0.0, 0.0])
    pose = np.zeros(len(JOINTS))
    pose[[JOINTS.index("MFJ3"), JOINTS.index("MFJ2")]] = 1.2, 0.9
    found = solver.solve(solver.project(np.concatenate([pose, camera])))
    bends = {f: sum(found[JOINTS.index(f"{f}J{j}")] for j in (3, 2, 1)) for f in ("FF", "MF", "RF", "LF")}
    assert bends["MF"] == pytest.approx(2.1, abs=0.35)
    assert max(bends["FF"], bends["RF"], bends["LF"]) < 0.9  # the middles of their ranges would add up to 2.2


def test_files_that_cannot_be_had_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENACTIVE_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        ConfigError, match=r"mediapipe-palm could not be had .*, or copy \S+/palm_detection_full\.tflite of the"
    ):
        HandLandmarker()


@needs_networks
def test_landmarks_lie_where_the_photograph_shows_them() -> None:
    found = dict(zip(KEYPOINTS, HandLandmarker().keypoints(photograph("straight")), strict=True))
    for name, place in {"FFtip": (110, 55), "FFbase": (103, 180), "THtip": (177, 160), "THend": (188, 185)}.items():
        assert np.linalg.norm(found[name] - place) < 12.0, name


@needs_networks
def test_the_first_finger_bends_from_photograph_to_photograph() -> None:
    shown = [photograph(name) for name in ("straight", "half_bent", "bent")]
    poses = np.rad2deg(MediaPipeEstimator("left").estimate(shown))
    bends = {finger: poses[:, [JOINTS.index(f"{finger}J{j}") for j in (3, 2, 1)]].sum(axis=1) for finger in ("FF", "MF", "RF")}
    assert bends["FF"][0] < 40.0
    assert 70.0 < bends["FF"][1] < 150.0
    assert bends["FF"][2] > 180.0
    assert (bends["MF"] > 180.0).all()
    assert (bends["RF"] > 180.0).all()
    in_a_mirror = [np.ascontiguousarray(picture[:, ::-1]) for picture in shown]
    np.testing.assert_array_equal(np.rad2deg(MediaPipeEstimator().estimate(in_a_mirror)), poses)


@needs_networks
def test_a_picture_without_a_hand_is_a_malformed_reading() -> None:
    reader = MediaPipeEstimator()
    with pytest.raises(ControllerError, match="no palm was found"):
        reader.estimate([np.full((240, 320, 3), 128, np.uint8)])
    with HandViews("test", width=64, height=64) as views:
        view = replace(views[0], rgb=np.full((64, 64, 3), 128, np.uint8))
        assert read_view(reader, view, views.poses)["malformed"] is True


@needs_networks
def test_it_is_compared_by_its_name(tmp_path: Path) -> None:
    asked = ["eval", "--suite", "hand/poses", "--episodes", "1", "--conditions", "[clean]", "--out", str(tmp_path)]
    assert main([*asked, "--reader", "MiddlePose", "--compare", "[MediaPipe]"]) == 0
    assert "| MediaPipe | 1 |" in (tmp_path / "table.md").read_text()
