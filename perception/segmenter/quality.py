"""How good a segmenter is: intersection over union of every category, over the views of unseen apartments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.precision import fast_products

from .. import vocabulary
from .batches import sense, view_features
from .network import PixelEmbedder
from .regions import mean_by_region, regions
from .views import View

MIN_TRUE_PIXELS = 400  # a category with less truth in all views together is not judged


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """iou: category -> intersection over union of all pixels of all views. pixels: category -> how many are true."""

    iou: dict[str, float]
    pixels: dict[str, int]

    @property
    def mean_iou(self) -> float:
        """Mean over categories; NaN where none was judged."""
        return float(np.mean(list(self.iou.values()))) if self.iou else float("nan")

    def __str__(self) -> str:
        worst = sorted(self.iou, key=lambda name: self.iou[name])[:5]
        told = ", ".join(f"{name} {self.iou[name]:.2f}" for name in worst) or "none was judged"
        return f"mean IoU {self.mean_iou:.3f} over {len(self.iou)} categories; the worst are {told}"


def judge(confusion: NDArray[np.int64]) -> Quality:
    """Quality from a (C, C) table of counted pixels, rows = truth, columns = answers, by `vocabulary.names()`."""
    both, truth, answers = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    judged = [(i, name) for i, name in enumerate(vocabulary.names()) if truth[i] >= MIN_TRUE_PIXELS]
    iou = {name: float(both[i] / (truth[i] + answers[i] - both[i])) for i, name in judged}
    return Quality(iou, {name: int(truth[i]) for i, name in judged})


def measure(
    answer: Callable[[View], NDArray[np.integer]], views: Sequence[View], indices: Sequence[int], within_range: bool = False
) -> Quality:
    """Judge answers at full resolution on some views, seen through a depth sensor of 0.5 to 5 m.

    answer: from a view to (H, W) indices into `vocabulary.names()`. within_range: judge only pixels whose depth returns.
    """
    count = len(vocabulary.names())
    confusion = np.zeros(count * count, dtype=np.int64)
    for index in indices:
        view = sense(views[index])
        labels = view.labels.astype(np.int64)
        judged = labels >= 0
        if within_range:
            judged &= view.depth_m > 0
        pairs = labels[judged] * count + answer(view)[judged]
        confusion += np.bincount(pairs, minlength=count * count)
    return judge(confusion.reshape(count, count))


@torch.inference_mode()
def labels_of(net: PixelEmbedder, words: torch.Tensor, view: View) -> NDArray[np.int64]:
    """(H, W) index of the nearest of some words, (C, 192) unit embeddings, by region, as the detector names them."""
    with fast_products():
        hidden = net.hidden(view_features([view]))[0]
    region = regions(view.rgb, view.depth_m)
    embeddings = net.embed(mean_by_region(hidden.flatten(1).T, region))
    nearest = (embeddings @ words.T).argmax(1).numpy()[region]
    return np.asarray(nearest.repeat(2, axis=0).repeat(2, axis=1))
