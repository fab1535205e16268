"""The zero-shot detector on tiny models with random weights: its plumbing, against transformers' own where it has one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import Owlv2Config, Owlv2ForObjectDetection, PreTrainedTokenizerFast, Sam2Config, Sam2Model

from enactive.agents.cli import main
from enactive.agents.component import Component
from enactive.envs import CameraFrame, Observation
from enactive.errors import ConfigError, PerceptionError
from enactive.perception.detector import Detector
from enactive.perception.zero_shot import PROMPT, ZeroShotDetector, suppress

WORDS = ["mug", "red mug", "sofa"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    words = ["<pad>", "a", "photo", "of", "mug", "red", "sofa", "<end>"]
    model = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
    model.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=model, pad_token="<pad>", eos_token="<end>", unk_token="<end>")


@pytest.fixture(scope="module")
def owl() -> Owlv2ForObjectDetection:
    torch.manual_seed(0)
    tower = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = Owlv2Config(
        text_config={**tower, "vocab_size": 8, "max_position_embeddings": 8, "eos_token_id": 7},
        vision_config={**tower, "image_size": 64, "patch_size": 8},
        projection_dim=32,
    )
    model = Owlv2ForObjectDetection(config).eval()
    heads = (model.box_head, model.class_head.logit_scale, model.class_head.logit_shift)
    for weight in (weight for head in heads for weight in head.parameters()):
        weight.data.mul_(0.02)  # as drawn they throw every box off the picture and every score to 0 or 1
    return model


@pytest.fixture(scope="module")
def sam() -> Sam2Model:
    torch.manual_seed(0)
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 12,
        "embed_dim_per_stage": [12, 24, 48, 96],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "blocks_per_stage": [1, 2, 3, 1],
        "global_attention_blocks": [4],
        "image_size": [128, 128],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [96, 48, 24, 12],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 4, "iou_head_hidden_dim": 32}
    config = Sam2Config(
        vision_config=vision, prompt_encoder_config={"hidden_size": 32, "image_size": 128}, mask_decoder_config=decoder
    )
    return Sam2Model(config).eval()


@pytest.fixture(scope="module")
def folders(owl, sam, tokenizer, tmp_path_factory) -> dict[str, str]:
    """The models as they lie in the hub's cache: a folder of the detector with its tokenizer, and one of the segmenter."""
    kept = {name: str(tmp_path_factory.mktemp(name)) for name in ("detector", "segmenter")}
    owl.save_pretrained(kept["detector"])
    tokenizer.save_pretrained(kept["detector"])
    sam.save_pretrained(kept["segmenter"])
    return kept


@pytest.fixture
def observation() -> Observation:
    rgb = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return Observation(cameras={"head": CameraFrame(rgb, None, np.eye(3), np.eye(4), 0.0)})


def test_detects_through_the_contract(owl, sam, tokenizer, observation) -> None:
    detector = ZeroShotDetector(owl, sam, tokenizer, score_min=0.0, overlap_max=0.3)
    assert isinstance(detector, Detector)
    assert detector.reset(WORDS) is None
    found = detector.detect(observation)
    assert found
    for detection in found:
        assert detection.name in WORDS
        assert detection.mask.shape == (48, 64)
        assert detection.mask.dtype == bool
        assert 0 <= detection.score <= 1
        assert np.linalg.norm(detection.embedding) == pytest.approx(1, abs=1e-5)
    scores = [detection.score for detection in found]
    assert scores == sorted(scores, reverse=True)


def test_scores_and_boxes_equal_transformers_own(owl, sam, tokenizer, observation) -> None:
    """The whole of OWLv2's forward, with its own text path, against the split one with cached words."""
    detector = ZeroShotDetector(owl, sam, tokenizer, score_min=0.0)
    detector.reset(WORDS)
    rgb = np.ascontiguousarray(observation.cameras["head"].rgb)
    boxes, scores, names, _ = detector._find(rgb)
    square = torch.full((1, 3, 64, 64), round(255 * 0.5) / 255)
    square[0, :, :48] = torch.from_numpy(rgb).permute(2, 0, 1) / 255.0
    mean, std = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
    pixels = (square - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    tokens = tokenizer([PROMPT.format(w) for w in WORDS], padding="max_length", max_length=8, return_tensors="pt")
    with torch.inference_mode():
        expected = owl(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], pixel_values=pixels)
    probability, best = expected.logits[0].sigmoid().max(dim=-1)
    centre, size = (expected.pred_boxes[0] * 64).split(2, dim=-1)
    corners = torch.cat([centre - size / 2, centre + size / 2], dim=-1).clamp(min=0)
    corners = corners.minimum(torch.tensor([64.0, 48.0, 64.0, 48.0]))
    good = (corners[:, 2:] - corners[:, :2] >= 1).all(dim=-1)
    torch.testing.assert_close(scores, probability[good], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(boxes, corners[good], atol=1e-2, rtol=1e-3)
    assert (names == best[good]).all()


def test_words_are_comparable_with_boxes(owl, sam, tokenizer, observation) -> None:
    detector = ZeroShotDetector(owl, sam, tokenizer, score_min=0.0)
    detector.reset(WORDS)
    words = detector.text.encode(WORDS)
    found = detector.detect(observation)
    assert words.shape == (3, found[0].embedding.shape[0])
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-5)
    # OWLv2's scores of one box are its cosines up to a positive scale and a shift: the best word has the largest cosine
    best = [WORDS[int(np.argmax(words @ detection.embedding))] for detection in found]
    assert best == [detection.name for detection in found]


def test_high_bar_or_no_words_find_nothing(owl, sam, tokenizer, observation) -> None:
    detector = ZeroShotDetector(owl, sam, tokenizer, score_min=1.0)
    detector.reset(WORDS)
    assert detector.detect(observation) == ()
    detector.reset([])
    assert detector.detect(observation) == ()


def test_broken_pictures_are_perception_errors(owl, sam, tokenizer) -> None:
    detector = ZeroShotDetector(owl, sam, tokenizer)
    detector.reset(WORDS)
    with pytest.raises(PerceptionError, match="no camera"):
        detector.detect(Observation())
    grey = CameraFrame(np.zeros((48, 64), dtype=np.uint8), None, np.eye(3), np.eye(4), 0.0)
    with pytest.raises(PerceptionError, match=r"must be \(H, W, 3\) uint8"):
        detector.detect(Observation(cameras={"head": grey}))


def test_missing_models_are_one_sentence(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=r"could not be loaded .*: go online once, or name folders"):
        ZeroShotDetector.from_pretrained(str(tmp_path / "owl"), str(tmp_path / "sam"))


def test_suppression_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [20, 20, 30, 30], [0, 0, 10, 4]])
    scores = torch.tensor([0.8, 0.9, 0.7, 0.1, 0.6])
    names = torch.tensor([0, 0, 1, 0, 0])
    # 1 beats 0 (overlap 90/110); 2 has another name; 4 overlaps 1 by 36/104 only
    assert suppress(boxes, scores, names, 0.5).tolist() == [1, 2, 4, 3]


PATH = "enactive.perception.zero_shot.ZeroShotDetector.from_pretrained"


def test_the_command_line_makes_an_agent_see_with_it(folders, tmp_path) -> None:
    options = {**folders, "score_min": "0.0", "device": "cpu"}
    words = [word for name, value in options.items() for word in (f"--perceiver.detector.{name}", value)]
    run = ["run", "find a red mug", "--env.rooms", "3", "--max_steps", "2", "--out", str(tmp_path)]
    assert main([*run, "--perceiver.detector", PATH, *words]) == 0
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("*/episode.json"))
    assert record["config"]["perceiver"]["arguments"]["detector"]["class_path"] == PATH
    assert {node["name"] for node in record["scene_graph"]["nodes"]} == {"mug"}  # the goal's word, and no other


def test_an_evaluation_knows_its_weights(folders) -> None:
    perceiver = Component("perceivers", "EmbeddedPerceiver", {"detector": {"class_path": PATH, "init_args": folders}})
    assert perceiver.weights().keys() == {f"detector.{name}/model.safetensors" for name in folders}
