"""PoseLess' language form: the published format, decoding that cannot leave it, and Qwen2.5-VL with random weights."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_vlm_hf import qwen_model, text_model

from enactive.controllers.poseless import finetune as fine_tuning
from enactive.controllers.poseless import xml_format
from enactive.controllers.poseless.finetune import finetune, teach
from enactive.controllers.poseless.language import LanguageEstimator, extend_vocabulary, prepared
from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError
from enactive.perception.vlm.hf import HFModel, load_model

torch.set_num_threads(1)
PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
SMALL = 56 * 56


@pytest.fixture(scope="module")
def model() -> HFModel:
    return qwen_model()


def test_the_format_is_the_published_one() -> None:
    pose = np.zeros(24)
    pose[:2] = (0.0648, 0.0117)
    text = xml_format.written(pose)
    assert text.startswith("<lh_WRJ2>0.0648</lh_WRJ2><lh_WRJ1>0.0117</lh_WRJ1><lh_FFJ4>0.0000</lh_FFJ4>")
    assert text.endswith("<lh_THJ1>0.0000</lh_THJ1>")
    assert "<lh_LFJ5>angle</lh_LFJ5><lh_LFJ4>angle</lh_LFJ4>" in xml_format.system_prompt()
    tokens = xml_format.new_tokens()
    assert tokens[:3] == ("<Pose>", "<lh_WRJ2>", "</lh_WRJ2>")
    assert len(set(tokens)) == 49


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=24, max_size=24))
def test_what_is_written_is_read_and_allowed(shares: list[float]) -> None:
    pose = LOW_RAD + np.array(shares) * (HIGH_RAD - LOW_RAD)
    text = xml_format.written(pose)
    back = xml_format.read(text)
    assert np.abs(back - pose).max() <= 1.0e-4
    assert ((back >= LOW_RAD) & (back <= HIGH_RAD)).all()
    assert regex.fullmatch(xml_format.pattern(), text)


def test_the_expression_allows_exactly_the_numbers_within_the_limits() -> None:
    """Every number of four decimals from -2 to 2, for a joint with a sign, one without, and the narrowest."""
    blank = xml_format.written(np.zeros(24))
    expression = regex.compile(xml_format.pattern())
    for joint in ("THJ1", "FFJ1", "THJ3"):
        index = JOINTS.index(joint)
        for steps in [
            *range(-20000, 20001, 7),
            *(round(1e4 * v) + d for v in (LOW_RAD[index], HIGH_RAD[index]) for d in (-1, 0, 1)),
        ]:
            number = f"{steps / 1e4:.4f}"
            text = blank.replace(f"<lh_{joint}>0.0000<", f"<lh_{joint}>{number}<")
            allowed = LOW_RAD[index] <= steps / 1e4 <= HIGH_RAD[index]
            assert (expression.fullmatch(text) is not None) == allowed, (joint, number)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text.replace("lh_MFJ2", "lh_MFJ3"),
        lambda text: text.replace("0.0000</lh_RFJ1>", "nan</lh_RFJ1>"),
        lambda text: text.replace("0.0000</lh_RFJ1>", "</lh_RFJ1>"),
        lambda text: "Sure! " + text,
        lambda text: text + text,
        lambda text: "",
    ],
)
def test_malformed_answers_are_not_read(spoil: object) -> None:
    text = xml_format.written(np.zeros(24))
    np.testing.assert_allclose(xml_format.read(text), np.zeros(24), atol=1e-4)
    assert xml_format.read(spoil(text)) is None  # type: ignore[operator]


def test_a_model_that_knows_nothing_still_writes_a_pose_within_the_limits(model: HFModel) -> None:
    held = LanguageEstimator(model, pixels=SMALL)
    poses = held.estimate([PICTURE, 255 - PICTURE])
    assert poses.shape == (2, 24)
    assert ((poses >= LOW_RAD) & (poses <= HIGH_RAD)).all()
    free = LanguageEstimator(model, pixels=SMALL, held=False, max_tokens=40)
    assert np.isnan(free.estimate([PICTURE])).all(), "left alone, it writes nothing that can be read"


def test_the_vocabulary_grows_once_by_49_tokens_that_stay_whole(model: HFModel) -> None:
    fresh = qwen_model()
    before = len(fresh.tokenizer)
    assert extend_vocabulary(fresh.model, fresh.tokenizer) == 49
    assert extend_vocabulary(fresh.model, fresh.tokenizer) == 0
    assert len(fresh.tokenizer) == before + 49
    ids = [fresh.tokenizer(token, add_special_tokens=False)["input_ids"] for token in xml_format.new_tokens()]
    assert all(len(one) == 1 for one in ids)
    assert [b[0] - a[0] for a, b in pairwise(ids)] == [1] * 48


def test_the_right_hand_is_shown_to_a_model_of_the_left_in_a_mirror(model: HFModel) -> None:
    mirrored = LanguageEstimator(model, pixels=SMALL, pictured="right").estimate([PICTURE])
    straight = LanguageEstimator(model, pixels=SMALL, pictured="left").estimate([np.ascontiguousarray(PICTURE[:, ::-1])])
    np.testing.assert_array_equal(mirrored, straight)
    assert prepared(PICTURE, 1_003_520, mirror=False).shape[:2] == (1002, 1002)


def test_fine_tuning_learns_from_the_answer() -> None:
    """From guessing evenly among all tokens; what the prompt says is given and costs nothing."""
    student = qwen_model()
    extend_vocabulary(student.model, student.tokenizer)
    torch.manual_seed(0)
    with HandViews("train", side="left", width=64, height=64) as views:
        losses = []
        for loss in teach(student, views, seconds=1e9, batch=1, rate=1e-2, pixels=SMALL):
            losses.append(loss)
            if len(losses) == 16:
                break
    assert losses[0] == pytest.approx(np.log(len(student.tokenizer)), abs=0.1)
    assert np.mean(losses[-3:]) < 0.75 * losses[0]


def ends_with(error: type[BaseException], after: int) -> Any:
    """`teach`, which an error ends after so many steps."""

    def short(*arguments: Any) -> Iterator[float]:
        for _, loss in zip(range(after), teach(*arguments), strict=False):
            yield loss
        raise error

    return short


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_fine_tuning_that_is_interrupted_keeps_what_was_learned_and_goes_on_from_it(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = qwen_model()
    with monkeypatch.context() as patched:
        patched.setattr(fine_tuning, "teach", ends_with(error, 2))
        with pytest.raises(error):
            finetune(student, 600.0, tmp_path, pixels=SMALL)
    before = {name: value.clone() for name, value in qwen_model().model.state_dict().items() if "visual" in name}
    again = load_model(str(tmp_path), whole=True)
    assert extend_vocabulary(again.model, again.tokenizer) == 0
    kept = again.model.state_dict()
    for name, value in student.model.state_dict().items():
        torch.testing.assert_close(kept[name], value, atol=0, rtol=0)
    assert any(not torch.equal(kept[name], value) for name, value in before.items()), "nothing was learned"
    assert finetune(again, 1e-6, tmp_path, seed=1, pixels=SMALL) == 1
    assert LanguageEstimator(str(tmp_path), pixels=SMALL).estimate([PICTURE]).shape == (1, 24)


def test_fine_tuning_is_saved_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_tuning, "SAVE_EVERY_S", 0.0)
    there: list[bool] = []

    def watched(*arguments: Any) -> Iterator[float]:
        for loss in teach(*arguments):
            there.append((tmp_path / "model.safetensors").exists())
            yield loss
            if len(there) == 3:
                return

    monkeypatch.setattr(fine_tuning, "teach", watched)
    assert finetune(qwen_model(), 600.0, tmp_path, pixels=SMALL) == 3
    assert there == [False, True, True]


def test_what_fails_before_it_learned_or_while_it_is_saved_leaves_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_text("of an earlier run")

    def full(processor: Any, folder: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(fine_tuning, "teach", ends_with(KeyboardInterrupt, 0))
    with pytest.raises(KeyboardInterrupt):
        finetune(qwen_model(), 600.0, tmp_path, pixels=SMALL)
    monkeypatch.setattr(fine_tuning, "teach", ends_with(KeyboardInterrupt, 1))
    monkeypatch.setattr(fine_tuning, "save_processor", full)
    with pytest.raises(OSError, match="no space left"):
        finetune(qwen_model(), 600.0, tmp_path, pixels=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert (tmp_path / "model.safetensors").read_text() == "of an earlier run"


def test_a_model_that_sees_no_pictures_is_not_fine_tuned(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tiny-llama-0 .* sees no pictures: take an image-text-to-text model"):
        finetune(text_model(), 1.0, tmp_path / "out")
    assert not (tmp_path / "out").exists()
