"""Sentence embeddings from MiniLM-L6, computed with torch alone.

The network is BERT's encoder (Devlin et al. 2018, section 3) with six layers of width 384; a sentence's embedding is the
mean of its token vectors, scaled to unit length, as in Sentence-BERT (Reimers and Gurevych 2019, section 3). It is written
out here because importing transformers' own takes four seconds, half the time in which an agent has to take its first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer

from enactive.errors import ConfigError
from enactive.pretrained import MINILM_TOKENIZER, MINILM_WEIGHTS, load_path

LAYERS = 6
HEADS = 12
WIDTH = 384
MAX_TOKENS = 256
LAYER_NORM_EPS = 1e-12
BATCH = 64


class MiniLM:
    """The embedded text encoder: (N, 384) unit vectors whose cosine is likeness of meaning.

    Every text is encoded once and kept. weights, tokenizer: files in place of the ones in the cache. Raises ConfigError where
    they cannot be fetched or read.
    """

    def __init__(self, weights: Path | None = None, tokenizer: Path | None = None) -> None:
        self._weights = _read_weights(weights or load_path(MINILM_WEIGHTS))
        self._tokenizer = Tokenizer.from_file(str(tokenizer or load_path(MINILM_TOKENIZER)))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, 384) float32 unit vectors, one per text, in order."""
        fresh = sorted({text for text in texts if text not in self._known}, key=len)
        for start in range(0, len(fresh), BATCH):
            batch = fresh[start : start + BATCH]
            vectors = self._forward(batch).numpy()
            self._known.update(zip(batch, vectors, strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, WIDTH), dtype=np.float32)

    @torch.inference_mode()
    def _forward(self, texts: list[str]) -> torch.Tensor:
        encodings = self._tokenizer.encode_batch(texts)
        ids = torch.tensor([encoding.ids for encoding in encodings])
        mask = torch.tensor([encoding.attention_mask for encoding in encodings], dtype=torch.bool)
        w = self._weights
        hidden = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
        hidden = self._norm(hidden + w["embeddings.position_embeddings.weight"][: ids.shape[1]], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}")
        weight = mask.unsqueeze(-1).float()
        return F.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)

    def _layer(self, hidden: torch.Tensor, mask: torch.Tensor, name: str) -> torch.Tensor:
        batch, length, _ = hidden.shape
        query, key, value = (
            self._linear(hidden, f"{name}.attention.self.{part}").view(batch, length, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        mixed = self._linear(mixed.transpose(1, 2).reshape(batch, length, WIDTH), f"{name}.attention.output.dense")
        hidden = self._norm(hidden + mixed, f"{name}.attention.output.LayerNorm")
        wide = F.gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, (WIDTH,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], LAYER_NORM_EPS)


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError

    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as problem:
        raise ConfigError(
            f"{path} is no readable safetensors file ({problem}): delete it, and it is fetched again"
        ) from problem
    if f"encoder.layer.{LAYERS - 1}.output.dense.weight" not in weights:
        raise ConfigError(f"{path} does not hold the weights of MiniLM-L6: delete it, and it is fetched again")
    return weights
