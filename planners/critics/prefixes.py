"""Texts that grow from a common beginning, read by a small Llama without reading anything twice (keys and values are kept).

An episode's prompt grows by one command a step, and every sibling shares all that came before: with the keys and values of
each piece kept where it was read, a step costs its own new tokens alone. Many texts are read at once: the tokens of all go
through the matrix products one after the other without filling, and each text looks back at its own keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from ..d2po.policy import Ids

_ROOM = 64  # places of a text for what will be written behind it; more are made where they do not do


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Tokens that were read after others. kept: (layers, 2, heads, tokens, size) keys and values."""

    parent: Piece | None
    kept: torch.Tensor

    def kept_so_far(self) -> list[torch.Tensor]:
        """Keys and values of all pieces up to this one, in the order of the text."""
        out, piece = list[Any](), self
        while True:
            out.append(piece.kept)
            if piece.parent is None:
                return out[::-1]
            piece = piece.parent


@dataclass(slots=True, eq=False)
class Text:
    """What a model has read of one text. kept: (layers, 2, heads, places, size), of which the first `length` are filled."""

    kept: torch.Tensor
    length: int
    begin: int  # where what was new in it begins

    def piece(self, parent: Piece | None, tokens: int) -> Piece:
        """The first `tokens` of what was new, to read on from."""
        return Piece(parent, self.kept[:, :, :, self.begin : self.begin + tokens].clone())

    def make_room(self, tokens: int) -> None:
        """Have places for `tokens` more."""
        if self.length + tokens > self.kept.shape[3]:
            wider = self.kept.new_empty((*self.kept.shape[:3], self.length + tokens + _ROOM, self.kept.shape[4]))
            wider[:, :, :, : self.length] = self.kept[:, :, :, : self.length]
            self.kept = wider


def fits(model: Any) -> bool:
    """Whether `read` gives what the model gives: a Llama with a head, without biases, and a key of its own for each head."""
    config: Any = getattr(model, "config", None)
    return (
        getattr(config, "model_type", "") == "llama"
        and all(hasattr(model, part) for part in ("model", "lm_head"))
        and not (config.attention_bias or config.mlp_bias)
        and config.num_key_value_heads == config.num_attention_heads
    )


def read(model: Any, rows: Sequence[tuple[Piece | None, Ids]], last: int = 1) -> tuple[torch.Tensor, list[Text]]:
    """Read new tokens after what was read before, N texts at once. model: a Llama decoder without its head (`fits`).

    Returns (N, last, size) float32, what the decoder gives for the last tokens of each, and the texts.
    """
    import torch

    device = model.embed_tokens.weight.device
    texts = [_begun(model, piece, len(ids)) for piece, ids in rows]
    ends = [text.begin + len(ids) for text, (_, ids) in zip(texts, rows, strict=True)]
    later = torch.full((max(ends), max(ends)), -torch.inf, device=device).triu(1)
    looks = [later[text.begin : end, :end] for text, end in zip(texts, ends, strict=True)]
    places = [place for text, end in zip(texts, ends, strict=True) for place in range(text.begin, end)]
    hidden = forward(model, texts, [token for _, ids in rows for token in ids], places, looks, last)
    return hidden.view(len(rows), last, -1), texts


def forward(
    model: Any, texts: Sequence[Text], tokens: Sequence[int], places: Sequence[int], looks: Sequence[torch.Tensor], last: int
) -> torch.Tensor:
    """Put tokens behind texts, behind each as many as its `looks` has rows; (N * last, size) of the last ones of each.

    places: the position of each token. looks: (new, length + new) per text, what is added to the attention of its new tokens
    to all tokens: 0, or minus infinity where one is not seen. last: 0 = all are told of.
    """
    import torch

    device, sizes = model.embed_tokens.weight.device, [look.shape[0] for look in looks]
    for text, size in zip(texts, sizes, strict=True):
        text.make_room(size)
    x = model.embed_tokens(torch.tensor(tokens, device=device))
    turn = [one[0, :, None] for one in model.rotary_emb(x[None], torch.tensor(places, device=device)[None])]
    for number, layer in enumerate(model.layers):
        own, normed = layer.self_attn, layer.input_layernorm(x)
        keys, values = _turned(_heads(own.k_proj(normed), own.head_dim), turn), _heads(own.v_proj(normed), own.head_dim)
        new = torch.stack([keys, values]).transpose(1, 2)
        for text, size, part in zip(texts, sizes, torch.split(new, sizes, 2), strict=True):
            text.kept[number, :, :, text.length : text.length + size] = part
        if last and number + 1 == len(model.layers):  # nobody asks what comes of the others
            told = [end - last + i for end in accumulate(sizes) for i in range(last)]
            x, normed, turn, looks = x[told], normed[told], [one[told] for one in turn], [look[-last:] for look in looks]
        queries = _turned(_heads(own.q_proj(normed), own.head_dim), turn)
        x = x + own.o_proj(_attended(texts, number, queries, looks))
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    for text, size in zip(texts, sizes, strict=True):
        text.length += size
    out: torch.Tensor = model.norm(x).float()
    return out


def _attended(texts: Sequence[Text], layer: int, queries: torch.Tensor, looks: Sequence[torch.Tensor]) -> torch.Tensor:
    """(M, heads * size): what the tokens of each text see in it. looks: as in `forward`, which tells how far a text goes."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    out = []
    asked = queries.to(texts[0].kept.dtype).transpose(0, 1)[None]
    for text, own, look in zip(texts, torch.split(asked, [look.shape[0] for look in looks], 2), looks, strict=True):
        keys, values = text.kept[layer, :, None, :, : look.shape[1]].unbind()
        out.append(scaled_dot_product_attention(own, keys, values, look))
    return torch.cat(out, 2)[0].transpose(0, 1).flatten(1)


def _heads(x: torch.Tensor, size: int) -> torch.Tensor:
    return x.view(len(x), -1, size)


def _turned(x: torch.Tensor, turn: Sequence[torch.Tensor]) -> torch.Tensor:
    """(M, heads, size) turned by the place of each token (RoPE). turn: (M, 1, size) cosines and sines."""
    import torch

    first, second = x.chunk(2, -1)
    return (x * turn[0] + torch.cat([-second, first], -1) * turn[1]).to(x.dtype)


def _begun(model: Any, piece: Piece | None, new: int) -> Text:
    """A text with what was read before in it, and room for what is new and an answer."""
    import torch

    parts = piece.kept_so_far() if piece is not None else []
    begin, config = sum(part.shape[3] for part in parts), model.config
    shape = (config.num_hidden_layers, 2, config.num_attention_heads, begin + new + _ROOM, config.head_dim)
    kept = model.embed_tokens.weight.new_empty(shape)
    if parts:
        kept[:, :, :, :begin] = torch.cat(parts, 3)
    return Text(kept, begin, begin)
