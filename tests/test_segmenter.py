"""The segmenter: its features and network by hand, its detector on made-up pictures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hashed_text import HashedText

from enactive.envs import CameraFrame, Observation
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.errors import ConfigError, PerceptionError
from enactive.perception import vocabulary
from enactive.perception.detector import Detector
from enactive.perception.segmenter import weights
from enactive.perception.segmenter.detector import Segmenter
from enactive.perception.segmenter.features import features
from enactive.perception.segmenter.network import PixelEmbedder, fused
from enactive.perception.segmenter.quality import Quality, judge
from enactive.perception.segmenter.regions import mean_by_region, regions

HEIGHT_M = 0.88


def seen_floor(pitch_deg: float = -40.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(depth, K, T_world_camera) of an endless floor, by ray casting."""
    K, pose = intrinsics(320, 240), camera_pose(np.array([1.0, 2.0, 0.7]), np.deg2rad(pitch_deg))
    v, u = np.mgrid[0:240, 0:320]
    rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(u.shape)], axis=-1)
    depth = HEIGHT_M / -(rays @ pose[2, :3])
    return depth.astype(np.float32), K, pose


def as_batch(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(np.asarray(array)[None]) for array in arrays]


# ---- features


def test_features_of_a_floor() -> None:
    depth, K, pose = seen_floor()
    rgb = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    out = features(*as_batch(rgb, depth, K, pose))[0]
    assert out.shape == (20, 120, 160)
    # channel c * 4 + 2 * row + column of the 2x2 cell
    np.testing.assert_allclose(out[1 * 4 + 2 * 1 + 0], rgb[1::2, ::2, 1] / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(out[12 + 3], 1 / depth[1::2, 1::2], rtol=1e-5)
    height, upward, facing, valid = out[16:]
    np.testing.assert_allclose(height, -1.0, atol=1e-3)  # the floor, measured from 1 m
    np.testing.assert_allclose(upward, 1.0, atol=1e-3)
    # the floor faces the camera by the sine of the angle under which it is seen
    v, u = np.mgrid[0:240:2, 0:320:2]
    rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(u.shape)], axis=-1)
    slant = rays @ pose[2, :3] / np.linalg.norm(rays, axis=-1)
    np.testing.assert_allclose(facing, slant, atol=1e-3)
    assert (valid == 1).all()


def test_means_by_region_worked_out_one_by_one() -> None:
    """Of values as the network gives them; region 2 has no cell."""
    rng = np.random.default_rng(0)
    region = rng.choice([0, 1, 3], size=(6, 7))
    for kind, tolerance in ((torch.float32, 1e-6), (torch.bfloat16, 1e-2)):
        values = torch.from_numpy(rng.normal(size=(42, 5))).to(kind)
        means = mean_by_region(values, region)
        assert means.dtype == kind
        for number in range(4):
            inside = values.float().numpy()[region.ravel() == number]
            expected = inside.mean(axis=0) if len(inside) else np.zeros(5)
            np.testing.assert_allclose(means[number].float(), expected, atol=tolerance)


def test_missing_depth_is_marked_and_finite() -> None:
    depth, K, pose = seen_floor()
    depth[:, 100:200] = 0.0
    out = features(*as_batch(np.zeros((240, 320, 3), dtype=np.uint8), depth, K, pose))[0]
    assert torch.isfinite(out).all()
    assert (out[19, :, 50:100] == 0).all()
    assert (out[19, :, :50] == 1).all()
    assert (out[12:16, :, 50:100] == 0).all()


# ---- network


def randomised() -> PixelEmbedder:
    """A network whose normalisation has statistics to fold."""
    torch.manual_seed(0)
    net = PixelEmbedder()
    net.train()
    with torch.no_grad():
        for _ in range(2):
            net(torch.randn(2, 20, 64, 64))
    return net.eval()


def test_fused_network_equals_the_trained_one(monkeypatch: pytest.MonkeyPatch) -> None:
    net = randomised()
    x = torch.randn(1, 20, 48, 64)
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    with torch.inference_mode():
        expected, got = net(x), fused(net)(x)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(expected.norm(dim=1), torch.ones(1, 48, 64))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    with torch.inference_mode():
        rough = fused(net)(x.bfloat16()).float()
    assert (rough * expected).sum(dim=1).mean() > 0.99


def test_drawn_pixels_get_the_embeddings_of_the_whole_picture() -> None:
    torch.manual_seed(0)
    net, x = PixelEmbedder().eval(), torch.randn(1, 20, 32, 32)
    with torch.inference_mode():
        whole = net(x)[0].flatten(1).T
        drawn = net.project(net.pixels(x)[0].flatten(1).T[[3, 500]])
    torch.testing.assert_close(torch.nn.functional.normalize(drawn, dim=1), whole[[3, 500]], atol=1e-5, rtol=1e-4)


def test_weights_round_trip_and_refuse_damage(tmp_path: Path) -> None:
    net, path = randomised(), tmp_path / "net.safetensors"
    weights.save_weights(net, path, "a command", Quality({"mug": 0.5, "sofa": 0.7}, {}), 10)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["mean_iou"] == pytest.approx(0.6)
    assert path.stat().st_size <= 20e6
    x = torch.randn(1, 20, 32, 32)
    with torch.inference_mode():
        assert (weights.load_weights(path)(x) * net(x)).sum(dim=1).min() > 0.999
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"corrupt .*: restore it .* or make it with `enactive train segmenter`"):
        Segmenter(path, HashedText())
    with pytest.raises(ConfigError, match="are missing: restore it"):
        Segmenter(tmp_path / "none.safetensors", HashedText())


# ---- quality


def test_iou_by_hand() -> None:
    count = len(vocabulary.names())
    mug, cup, sofa = (vocabulary.names().index(name) for name in ("mug", "cup", "sofa"))
    confusion = np.zeros((count, count), dtype=np.int64)
    confusion[mug, mug], confusion[mug, cup], confusion[cup, mug], confusion[cup, cup] = 600, 200, 100, 500
    confusion[sofa, sofa] = 399  # too little to judge
    found = judge(confusion)
    assert found.iou == pytest.approx({"mug": 600 / 900, "cup": 500 / 800})
    assert found.mean_iou == pytest.approx((600 / 900 + 500 / 800) / 2)
    assert str(found) == "mean IoU 0.646 over 2 categories; the worst are cup 0.62, mug 0.67"


# ---- detector, with made-up answers of the network


@pytest.fixture
def segmenter(tmp_path: Path) -> Segmenter:
    path = tmp_path / "net.safetensors"
    weights.save_weights(randomised(), path, "", Quality({}, {}), 0)
    return Segmenter(path, HashedText())


def answer_with(monkeypatch: pytest.MonkeyPatch, segmenter: Segmenter, names: np.ndarray, probability: np.ndarray) -> None:
    embeddings = torch.from_numpy(segmenter.text.encode([segmenter.words[i] for i in names.ravel()]))
    monkeypatch.setattr(segmenter, "look", lambda frame: (embeddings, names, probability.astype(np.float32)))
    monkeypatch.setattr(segmenter, "embed", lambda mean: torch.nn.functional.normalize(mean, dim=-1))


def picture(depth: np.ndarray | None = None, size: tuple[int, int] = (240, 320)) -> Observation:
    depth = np.full(size, 2.0, dtype=np.float32) if depth is None else depth
    rgb = np.zeros((*size, 3), dtype=np.uint8)
    return Observation(cameras={"head": CameraFrame(rgb, depth, intrinsics(320, 240), np.eye(4), 0.0)})


def test_segments_by_name_with_scores_and_masks(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    wall, floor, mug, sofa = (segmenter.words.index(name) for name in ("wall", "floor", "mug", "sofa"))
    names = np.full((120, 160), wall)
    names[80:] = floor
    names[10:14, 10:16] = mug  # 24 cells
    names[10:14, 30:36] = mug
    names[40:60, 50:90] = sofa
    names[0, 150:153] = mug  # 3 cells: too small
    names[20:30, 100:110] = mug  # too unsure
    probability = np.full(names.shape, 0.9)
    probability[10:14, 10:16], probability[10:14, 10:13] = 0.8, 0.6
    probability[20:30, 100:110] = 0.1
    answer_with(monkeypatch, segmenter, names, probability)
    found = segmenter.detect(picture())
    answers = sorted((round(d.score, 3), d.name, int(d.mask.sum())) for d in found)
    assert answers == [(0.7, "mug", 96), (0.9, "mug", 96), (0.9, "sofa", 3200)]
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    assert all(d.even_score == d.score for d in found)
    segmenter.reset(["mug"])
    assert {(d.name, d.raised) for d in segmenter.detect(picture())} == {("mug", 4.0), ("sofa", 1.0)}
    left = found[-1]
    assert left.score == pytest.approx(0.7)
    rows, columns = np.nonzero(left.mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 27, 20, 31)
    assert left.embedding @ segmenter.text.encode(["mug"])[0] == pytest.approx(1, abs=1e-3)
    assert isinstance(segmenter, Detector)


def test_a_jump_in_depth_parts_two_small_things(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    wall, mug, sofa = (segmenter.words.index(name) for name in ("wall", "mug", "sofa"))
    depth = np.full((240, 320), 2.0, dtype=np.float32)
    depth[:, 160:] = 2.4
    for name, parts in ((mug, 2), (sofa, 1)):  # 0.4 m is within one sofa, but not within one mug
        names = np.full((120, 160), wall)
        names[50:60, 70:90] = name
        answer_with(monkeypatch, segmenter, names, np.ones(names.shape))
        assert len(segmenter.detect(picture(depth))) == parts


def test_a_steep_plane_is_one_thing(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table top seen at a grazing angle: neighbouring cells are far apart in depth, yet it is one surface."""
    inverse = np.linspace(0.05, 0.8, 240)[:, None].repeat(320, axis=1)  # a plane is linear in inverse depth
    table = segmenter.words.index("dining table")
    answer_with(monkeypatch, segmenter, np.full((120, 160), table), np.ones((120, 160)))
    depth = (1 / inverse).astype(np.float32)
    assert np.abs(np.diff(depth[::2], axis=0)).max() > 0.6
    assert len(segmenter.detect(picture(depth))) == 1


def test_regions_end_where_colour_or_depth_does() -> None:
    rgb, depth = np.full((96, 128, 3), 90, dtype=np.uint8), np.full((96, 128), 2.0, dtype=np.float32)
    rgb[20:60, 20:60] = (200, 30, 30)
    depth[30:70, 80:120] = 1.0  # of the wall's colour, but nearer
    found = regions(rgb, depth)
    assert found.shape == (48, 64)
    assert sorted(np.bincount(found.ravel())) == [400, 400, 48 * 64 - 800]
    assert len(np.unique(found[10:30, 10:30])) == len(np.unique(found[15:35, 40:60])) == 1


def test_a_region_gets_one_name_from_all_its_pixels(segmenter: Segmenter) -> None:
    frame = picture().cameras["head"]
    rgb = frame.rgb.copy()
    rgb[60:160, 80:200] = (30, 160, 30)
    frame = dataclasses.replace(frame, rgb=rgb)
    hidden, names, probability = segmenter.look(frame)
    box = np.zeros(names.shape, dtype=bool)
    box[30:80, 40:100] = True
    for part in (box, ~box):
        mean = segmenter.embed(hidden[torch.from_numpy(part.ravel())].float().mean(0, keepdim=True))[0]
        cosines = torch.from_numpy(segmenter.text.encode(segmenter.words)) @ mean
        assert set(names[part]) == {int(cosines.argmax())}
        assert len(np.unique(probability[part])) == 1


def test_what_is_looked_for_is_taken_at_better_odds(segmenter: Segmenter) -> None:
    frame = picture().cameras["head"]
    _, names, probability = segmenter.look(frame)
    before = float(probability[0, 0])
    segmenter.reset([segmenter.words[names[0, 0]]])
    _, again, raised = segmenter.look(frame)
    assert again[0, 0] == names[0, 0]
    assert raised[0, 0] / (1.0 - raised[0, 0]) == pytest.approx(4.0 * before / (1.0 - before), rel=1e-3)
    with pytest.raises(ConfigError, match="goal_odds"):
        Segmenter(goal_odds=0.0)


def test_goal_words_join_the_vocabulary_once(segmenter: Segmenter) -> None:
    known = vocabulary.names()
    sofa = vocabulary.synonyms("sofa")[0]
    segmenter.reset(["spaceship", sofa, "mug", "spaceship"])
    assert segmenter.words == (*known, "spaceship")
    segmenter.reset([])
    assert segmenter.words == known


def test_attributes_prefer_the_nearer_phrase(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    from enactive.perception import Detection

    red = Detection("mug", 1.0, np.ones((2, 2), dtype=bool), segmenter.text.encode(["red mug"])[0])
    scores = segmenter.attributes(red, ["blue", "red", "green"])
    assert max(scores, key=lambda word: scores[word]) == "red"
    assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
    assert segmenter.attributes(red, []) == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rgb": np.zeros((240, 320, 3), dtype=np.float32)}, r"sent float32 rgb of shape \(240, 320, 3\)"),
        ({"rgb": np.zeros((240, 320), dtype=np.uint8)}, r"rgb of shape \(240, 320\)"),
        ({"depth": np.ones((120, 160), dtype=np.float32)}, "does not fit its rgb"),
        ({"depth": np.full((240, 320), np.nan, dtype=np.float32)}, "is not finite"),
    ],
)
def test_broken_pictures_are_perception_errors(segmenter: Segmenter, change: dict, sentence: str) -> None:
    frame = dataclasses.replace(picture().cameras["head"], **change)
    with pytest.raises(PerceptionError, match=sentence):
        segmenter.detect(Observation(cameras={"head": frame}))
    with pytest.raises(PerceptionError, match="no camera"):
        segmenter.detect(Observation())


def test_odd_sizes_are_cropped(segmenter: Segmenter) -> None:
    for detection in segmenter.detect(picture(size=(101, 135))):
        assert detection.mask.shape == (101, 135)
