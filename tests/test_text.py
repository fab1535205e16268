"""MiniLM's embeddings against transformers' own BERT, and what the encoder promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from enactive.errors import ConfigError
from enactive.perception import text
from enactive.perception.detector import TextEncoder
from enactive.perception.text import MiniLM
from enactive.pretrained import MINILM_TOKENIZER, MINILM_WEIGHTS, load_path

TEXTS = ["mug", "a red ceramic mug", "Sofa", "the potted plant next to the window, left of the door", "kühlschrank 冷蔵庫", ""]


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM()


def reference(texts: list[str]) -> np.ndarray:
    """Sentence-BERT's recipe on transformers' BERT, one text at a time, so that no padding is involved."""
    from tokenizers import Tokenizer
    from transformers.models.bert import BertConfig, BertModel

    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    bert = BertModel(config)
    missing, _ = bert.load_state_dict(load_file(load_path(MINILM_WEIGHTS)), strict=False)
    assert not missing
    tokenizer = Tokenizer.from_file(str(load_path(MINILM_TOKENIZER)))
    tokenizer.no_padding()
    vectors = []
    with torch.no_grad():
        for sentence in texts:
            tokens = torch.tensor([tokenizer.encode(sentence).ids[: text.MAX_TOKENS]])
            mean = bert.eval()(input_ids=tokens).last_hidden_state[0].mean(0)
            vectors.append((mean / mean.norm()).numpy())
    return np.stack(vectors)


def test_equals_transformers(encoder: MiniLM) -> None:
    np.testing.assert_allclose(encoder.encode(TEXTS), reference(TEXTS), atol=2e-6)


def test_order_repeats_and_unit_length(encoder: MiniLM) -> None:
    vectors = encoder.encode(["lamp", "a red mug", "lamp", "sofa"])
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[[3, 1]], encoder.encode(["sofa", "a red mug"]), atol=1e-6)
    assert encoder.encode([]).shape == (0, 384)
    assert isinstance(encoder, TextEncoder)


def test_knows_meaning(encoder: MiniLM) -> None:
    sofa, couch, mug, cup, fridge = encoder.encode(["sofa", "couch", "mug", "cup", "refrigerator"])
    assert sofa @ couch > 0.8 > sofa @ fridge
    assert mug @ cup > mug @ fridge


def test_a_text_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = MiniLM()
    first = encoder.encode(["spatula"])
    monkeypatch.setattr(encoder, "_forward", lambda texts: pytest.fail(f"encoded {texts} again"))
    np.testing.assert_array_equal(encoder.encode(["spatula", "spatula"])[1:], first)


def test_broken_weights_are_a_config_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00not a header at all")
    with pytest.raises(ConfigError, match="no readable safetensors file"):
        MiniLM(weights=broken)
    other = tmp_path / "other.safetensors"
    save_file({"embeddings": torch.zeros(3)}, other)
    with pytest.raises(ConfigError, match="does not hold the weights of MiniLM-L6"):
        MiniLM(weights=other)
