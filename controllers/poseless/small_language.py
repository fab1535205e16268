"""The paper's form at the size of a laptop: the encoder of the parallel form, a projection, and a small decoder that writes.

Everything the parallel head is told becomes 22 embeddings, one for each keypoint and one for the whole picture; after them a
LLaMA writes 24 tags with their numbers, character by character, held to the format as any language form is. So the two forms
can be compared: they see the same, and only how they say it differs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from enactive.envs.shadow_hand.model import Side
from enactive.errors import ConfigError
from enactive.perception.convnets.shipped import Shipped
from enactive.pretrained import sha256_of

from . import xml_format
from .decoding import Tagged
from .estimator import pictured_as_right
from .glances import AT_ONCE, shown, squares_of_hands
from .network import KEYPOINTS, NARROW, Described, JointNetwork, fused
from .weights import WEIGHTS, load_weights

WRITER_WEIGHTS = WEIGHTS.with_name("poseless_language.safetensors")
SHIPPED = Shipped("the small language form of PoseLess", WRITER_WEIGHTS, "enactive train poseless --model small")
SIDE: Side = "right"
WIDTH, LAYERS, HEADS = 128, 3, 4
DRAWS = 8
MAX_TOKENS = 256  # an answer takes at most 24 * (2 tags and 7 characters) and its end


class PoseWriter(nn.Module):
    """From what is known of the keypoints to an answer in tokens."""

    def __init__(self) -> None:
        from transformers import LlamaConfig, LlamaForCausalLM

        super().__init__()
        words = tokenizer()
        self.point, self.overall = nn.Linear(NARROW + 3, WIDTH), nn.Linear(NARROW, WIDTH)
        self.which = nn.Parameter(torch.zeros(KEYPOINTS, WIDTH))
        self.decoder = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(words), hidden_size=WIDTH, intermediate_size=3 * WIDTH, num_hidden_layers=LAYERS,
                num_attention_heads=HEADS, max_position_embeddings=512, tie_word_embeddings=False,
                bos_token_id=None, eos_token_id=words.eos_token_id, pad_token_id=words.eos_token_id,
            )
        )  # fmt: skip

    def prefix(self, found: Described) -> torch.Tensor:
        """(B, 22, WIDTH) embeddings before the answer."""
        told = torch.cat([found.looked_at, found.places, found.depths[..., None]], dim=2)
        return torch.cat([self.overall(found.overall)[:, None], self.point(told) + self.which], dim=1)

    def loss(self, found: Described, answers: torch.Tensor) -> torch.Tensor:
        """Mean negative log-likelihood of answers (B, T) in tokens, padded by -100 where they have ended."""
        before = self.prefix(found)
        told = self.decoder.get_input_embeddings()(answers.clamp_min(0))
        labels = torch.cat([answers.new_full(before.shape[:2], -100), answers], dim=1)
        out: Any = self.decoder(inputs_embeds=torch.cat([before, told], dim=1), labels=labels, use_cache=False)
        return torch.as_tensor(out.loss)

    @torch.inference_mode()
    def write(self, found: Described, draws: int = 1, held: bool = True) -> list[str]:
        """`draws` answers to each of B pictures, one picture after the other; one alone is the likeliest, token by token.

        held: only what continues a complete answer within the limits may follow. The same pictures, read together, get the same
        answers again.
        """
        before, words = self.prefix(found).repeat_interleave(draws, dim=0), tokenizer()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            ids: Any = self.decoder.generate(
                inputs_embeds=before, attention_mask=torch.ones(before.shape[:2], dtype=torch.long),
                max_new_tokens=MAX_TOKENS, logits_processor=[Tagged(words, SIDE, 0)] if held else [],
                **({"do_sample": True, "top_k": 0} if draws > 1 else {"do_sample": False}),
            )  # fmt: skip
        return [words.decode(row, skip_special_tokens=True) for row in ids]


class SmallLanguageEstimator:
    """Reads poses by having a small decoder write them; needs no download.

    weights: a file that `enactive train poseless --model small` wrote, the one that ships where not given; it goes with the
    weights of the parallel form. pictured: which hand the pictures show. draws: how many answers are drawn and averaged, since
    the likeliest answer, which the paper takes and 1 gives, is far from the mean where a picture leaves two poses open. held:
    keep decoding to the format; without it, an answer that is malformed comes back as NaN. Raises ConfigError where weights
    are missing or corrupt.
    """

    def __init__(self, weights: Path | None = None, pictured: Side = "right", draws: int = DRAWS, held: bool = True) -> None:
        if draws < 1:
            raise ConfigError(f"draws must be at least 1, not {draws}")
        self._net = fused(load_weights())
        self._writer = SHIPPED.load(PoseWriter(), weights)
        card = json.loads((weights or WRITER_WEIGHTS).with_suffix(".json").read_text())
        if card["goes_with"] != sha256_of(WEIGHTS):
            raise ConfigError(
                f"{weights or WRITER_WEIGHTS} goes with other weights of the parallel form than those of {WEIGHTS}: train it "
                "again with `enactive train poseless --model small`"
            )
        self.pictured, self.draws, self.held = pictured, draws, held

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`."""
        return written_poses(self._net, self._writer, pictured_as_right(pictures, self.pictured), self.draws, self.held)


def written_poses(
    net: JointNetwork, writer: PoseWriter, pictures: Sequence[NDArray[np.uint8]], draws: int = DRAWS, held: bool = True
) -> NDArray[np.float64]:
    """(N, 24) rad of pictures of right hands, in groups; NaN where an answer is malformed."""
    groups = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
    texts = [text for group in groups for text in writer.write(described(net, group), draws, held)]
    read = [xml_format.read(text, SIDE) for text in texts]
    answers = np.stack([np.full(len(xml_format.tags()), np.nan) if angles is None else angles for angles in read])
    return np.asarray(answers.reshape(len(pictures), draws, -1).mean(axis=1))


@torch.inference_mode()
def described(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]]) -> Described:
    """What the second look tells of pictures of right hands."""
    return Described(*(part.float() for part in net.describe(shown(net, pictures, squares_of_hands(net, pictures)))))


@cache
def tokenizer() -> Any:
    """The vocabulary: the 49 tokens that are published, the characters of numbers, and an end."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [*xml_format.new_tokens(SIDE), *"0123456789.-", "<end>"]
    table = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<end>"))
    table.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    table.decoder = decoders.Fuse()
    make: Any = PreTrainedTokenizerFast
    fast = make(tokenizer_object=table, eos_token="<end>", pad_token="<end>")
    fast.add_tokens([*xml_format.new_tokens(SIDE)])
    return fast
