"""The weights of the segmenter that ship."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import vocabulary
from ..convnets import shipped
from .network import PixelEmbedder
from .quality import Quality

WEIGHTS = Path(__file__).parents[1] / "weights" / "segmenter.safetensors"
SHIPPED = shipped.Shipped("the segmenter", WEIGHTS, "enactive train segmenter")


def save_weights(
    net: PixelEmbedder, path: Path, command: str, quality: Quality, views: int, history: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the weights, and beside them the command that made them and the quality on so many unseen views.

    history: how the weights that they were started from came about, as `shipped.history_of` those gives it.
    """
    card = {
        "command": command,
        "history": list(history),
        "mean_iou": round(quality.mean_iou, 4),
        "unseen_views": views,
        "iou": {name: round(value, 4) for name, value in sorted(quality.iou.items(), key=lambda item: -item[1])},
        "names": list(vocabulary.names()),
    }
    shipped.save_weights(net, path, card)


def load_weights(path: Path = WEIGHTS) -> PixelEmbedder:
    """The network with the weights of a file. Raises ConfigError as `Shipped.load` does."""
    return SHIPPED.load(PixelEmbedder(), path)
