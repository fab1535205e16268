"""PoseLess' small language form: what it learns from, what it may write, and how it compares."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import regex
import torch

from enactive.controllers.poseless import xml_format
from enactive.controllers.poseless.decoding import Tagged
from enactive.controllers.poseless.network import KEYPOINTS, NARROW, Described
from enactive.controllers.poseless.small_language import SIDE, WRITER_WEIGHTS, PoseWriter, SmallLanguageEstimator, tokenizer
from enactive.controllers.poseless.train_small_language import in_tokens, update
from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD, MIDDLE_RAD
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError

torch.set_num_threads(1)


def knowledge(count: int, seed: int = 0) -> Described:
    rng = torch.Generator().manual_seed(seed)
    shapes = ((KEYPOINTS, NARROW), (KEYPOINTS, 2), (KEYPOINTS,), (NARROW,), (KEYPOINTS, 12, 12))
    return Described(*(torch.randn(count, *shape, generator=rng) for shape in shapes))


def poses(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(LOW_RAD, HIGH_RAD, (count, 24))


def test_answers_in_tokens_are_read_back() -> None:
    words, angles = tokenizer(), poses(3)
    for row, ids in zip(angles, in_tokens(angles), strict=True):
        ids = ids[ids >= 0]
        assert ids[-1] == words.eos_token_id
        assert words.decode(ids[:-1]) == xml_format.written(row, SIDE)
    tags, numbers = 48 * 3, sum(len(f"{value:.4f}") for value in angles.ravel())
    assert int((in_tokens(angles) >= 0).sum()) == pytest.approx(tags + numbers + 3, abs=3), "tags and characters are tokens"


def test_the_loss_is_of_the_answer_alone() -> None:
    torch.manual_seed(0)
    writer, found, answers = PoseWriter().eval(), knowledge(2), in_tokens(poses(2))
    before = writer.prefix(found)
    told = writer.decoder.get_input_embeddings()(answers.clamp_min(0))
    logits = writer.decoder(inputs_embeds=torch.cat([before, told], dim=1)).logits[:, before.shape[1] - 1 : -1]
    by_hand = -logits.log_softmax(dim=2).gather(2, answers.clamp_min(0)[..., None])[..., 0]
    by_hand = by_hand.detach()
    assert float(writer.loss(found, answers).detach()) == pytest.approx(float(by_hand[answers >= 0].mean()), rel=1e-4)


def test_whatever_the_weights_an_answer_is_complete_and_within_the_limits() -> None:
    torch.manual_seed(1)
    writer = PoseWriter().eval()
    for text in writer.write(knowledge(3)):
        assert regex.fullmatch(xml_format.pattern(SIDE), text)
    assert all(xml_format.read(text, SIDE) is None for text in writer.write(knowledge(2), held=False))


def test_draws_differ_and_are_the_same_again() -> None:
    torch.manual_seed(1)
    writer = PoseWriter().eval()
    texts = writer.write(knowledge(2), draws=3)
    assert len(set(texts)) == 6
    assert texts == writer.write(knowledge(2), draws=3)
    assert all(xml_format.read(text, SIDE) is not None for text in texts)


def test_numbers_are_written_one_character_at_a_time_within_the_range() -> None:
    """The wrist bends sideways by 10 degrees at most, which is 0.1745 rad."""
    words = tokenizer()
    held = Tagged(words, SIDE, 0)
    text = "<rh_WRJ2>0.1"
    ids = words(text, add_special_tokens=False)["input_ids"]
    free = torch.isfinite(held(torch.tensor([ids]), torch.zeros(1, len(words))))[0]
    assert {words.decode([index]) for index in torch.nonzero(free)[:, 0].tolist()} == set("01234567")


def test_teaching_lowers_the_loss_of_what_was_learned() -> None:
    torch.manual_seed(0)
    writer, found, answers = PoseWriter(), knowledge(4), in_tokens(poses(4))
    optimizer = torch.optim.AdamW(writer.parameters(), lr=3e-3)
    losses = [update(writer, optimizer, found, answers) for _ in range(20)]
    assert losses[-1] < 0.6 * losses[0]


def test_weights_that_go_with_another_encoder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(WRITER_WEIGHTS.read_bytes())
    card = json.loads(WRITER_WEIGHTS.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(card | {"goes_with": "0" * 64}))
    with pytest.raises(ConfigError, match="train it again"):
        SmallLanguageEstimator(path)


def test_the_weights_that_ship_write_poses() -> None:
    """Better than predicting the middle, on views that training never saw, and than the likeliest answer; a left hand is read
    in a mirror."""
    with HandViews("test", seed=1) as views:
        shown = [views[index] for index in range(16)]
    true = np.stack([view.joints_rad for view in shown])
    found = SmallLanguageEstimator().estimate([view.rgb for view in shown])
    likeliest = SmallLanguageEstimator(draws=1).estimate([view.rgb for view in shown])
    assert ((found - true) ** 2).mean() < 0.85 * ((true - MIDDLE_RAD) ** 2).mean()
    assert ((found - true) ** 2).mean() < ((likeliest - true) ** 2).mean()
    mirrored = np.ascontiguousarray(shown[0].rgb[:, ::-1])
    left, right = SmallLanguageEstimator(pictured="left"), SmallLanguageEstimator()
    np.testing.assert_array_equal(left.estimate([mirrored]), right.estimate([shown[0].rgb]))
