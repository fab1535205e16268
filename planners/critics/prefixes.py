"""Texts that grow from a common beginning, read by a language model without reading anything twice (keys and values are kept).

An episode's prompt grows by one command a step, and every sibling shares all that came before: with the keys and values of
each piece kept where it was read, a step costs its own new tokens alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from ..d2po.policy import Ids


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


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading N rows. hidden: (N, W, size), the last column is each row's last token; mask: (N, P + W)."""

    hidden: torch.Tensor
    cache: Any
    mask: torch.Tensor
    starts: tuple[int, ...]

    def piece(self, row: int, parent: Piece | None, tokens: int) -> Piece:
        """The first `tokens` of what was new in a row, to read on from."""
        import torch

        begin = self.starts[row]
        parts = [
            torch.stack([layer.keys[row, :, begin : begin + tokens], layer.values[row, :, begin : begin + tokens]])
            for layer in self.cache.layers
        ]
        return Piece(parent, torch.stack(parts))


def read(model: Any, rows: Sequence[tuple[Piece | None, Ids]], pad: int) -> Reading:
    """Read new tokens after what was read before, N rows at once. model: a transformers decoder without its head."""
    import torch

    device = next(model.parameters()).device
    cache, before = _cache([piece for piece, _ in rows], device)
    width = max(len(ids) for _, ids in rows)
    ids = torch.full((len(rows), width), pad, device=device)
    new = torch.zeros((len(rows), width), dtype=torch.long, device=device)
    for row, (_, own) in enumerate(rows):
        ids[row, width - len(own) :] = torch.tensor(own, device=device)
        new[row, width - len(own) :] = 1
    mask = torch.cat([before, new], 1)
    places = (mask.cumsum(1) - 1).clamp(min=0)[:, -width:]
    out = model(input_ids=ids, attention_mask=mask, position_ids=places, cache=cache, use_cache=True)
    starts = tuple(mask.shape[1] - len(own) for _, own in rows)
    return Reading(out.last_hidden_state, out.cache, mask, starts)


def _cache(pieces: Sequence[Piece | None], device: torch.device) -> tuple[Any, torch.Tensor]:
    """The keys and values of N beginnings side by side, filled up on the left, and (N, P) what is no filling."""
    import torch
    from transformers import DynamicCache

    kept = [piece.kept_so_far() if piece is not None else [] for piece in pieces]
    lengths = [sum(part.shape[3] for part in parts) for parts in kept]
    width, cache = max(lengths), DynamicCache()
    mask = torch.zeros((len(pieces), width), dtype=torch.long, device=device)
    if width == 0:
        return cache, mask
    like = next(parts[0] for parts in kept if parts)
    layers, two, heads, _, size = like.shape
    joined = like.new_zeros((layers, two, len(pieces), heads, width, size))
    for row, (parts, length) in enumerate(zip(kept, lengths, strict=True)):
        if parts:
            joined[:, :, row, :, width - length :] = torch.cat(parts, 3)
            mask[row, width - length :] = 1
    for layer in range(layers):
        cache.update(joined[layer, 0], joined[layer, 1], layer)
    return cache, mask
