"""What the network is asked for: every pixel nearest to its name, every thing nearest to its colour and material."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from enactive.precision import fast_products

from .batches import Batch
from .network import PixelEmbedder
from .phrases import PhraseBank

MIN_PIXELS = 12  # of an instance whose attributes are learned
ATTRIBUTE_WEIGHT = 0.3


def loss(net: PixelEmbedder, batch: Batch, bank: PhraseBank, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Named terms, each a scalar; their sum is to be minimised.

    `names`: cross-entropy over the names of all categories, mean over the drawn pixels (LSeg's equation 1, with pixels drawn
    by class frequency). `attributes`: cross-entropy of the mean embedding of each instance over phrases of its own category
    that differ in colour or in material.
    """
    with fast_products():
        maps = net.pixels(batch.features)
        drawn = net.project(maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])[batch.pixels])
    embeddings = F.normalize(drawn.float(), dim=-1)
    words = net.embed_text(bank.draw_names(rng))
    names = F.cross_entropy(net.scale * embeddings @ words.T, batch.labels)
    return {"names": names, "attributes": ATTRIBUTE_WEIGHT * _attribute_loss(net, embeddings, batch, bank)}


def _attribute_loss(net: PixelEmbedder, embeddings: torch.Tensor, batch: Batch, bank: PhraseBank) -> torch.Tensor:
    count = len(batch.attributes)
    inside = batch.instances >= 0
    rows = batch.instances[inside]
    enough = (torch.bincount(rows, minlength=count) >= MIN_PIXELS).tolist()
    spans: dict[tuple[int, int], int] = {}  # (category, contrast) -> its first phrase
    texts: list[torch.Tensor] = []
    asked: list[tuple[int, int, int, int]] = []  # instance, first and last + 1 phrase, the right one
    total = 0
    for row, (category, *words) in enumerate(batch.attributes):
        for number, contrast in enumerate(bank.contrasts[category] if enough[row] else ()):
            if (place := contrast.place_of(*words)) is None:
                continue
            if (category, number) not in spans:
                spans[category, number] = total
                texts.append(contrast.texts)
                total += len(contrast.texts)
            first = spans[category, number]
            asked.append((row, first, first + len(contrast.texts), first + place))
    if not asked:
        return embeddings.sum() * 0.0
    instance, first, end, right = torch.tensor(asked).T
    pooled = F.normalize(torch.zeros(count, embeddings.shape[1]).index_add_(0, rows, embeddings[inside]), dim=-1)
    cosines = pooled[instance] @ net.embed_text(torch.cat(texts)).T
    index = torch.arange(total)
    others = (index < first[:, None]) | (index >= end[:, None])
    return F.cross_entropy((net.scale * cosines).masked_fill(others, -1e9), right)
