"""The weights of the segmenter that ship."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import vocabulary
from ..convnets import shipped
from .network import PixelEmbedder
from .quality import Quality

WEIGHTS = Path(__file__).parents[1] / "weights" / "segmenter.safetensors"
SHIPPED = shipped.Shipped("the segmenter", WEIGHTS, "enactive train segmenter")
MADE = ("command", "sha256", "date")  # what a history tells of weights


def save_weights(
    net: PixelEmbedder, path: Path, command: str, quality: Quality, views: int, history: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the weights, and beside them the command that made them and the quality on so many unseen views.

    history: how the weights that they were started from came about, as `history_of` those gives it.
    """
    card = {
        "command": command,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "history": list(history),
        "mean_iou": round(quality.mean_iou, 4),
        "unseen_views": views,
        "iou": {name: round(value, 4) for name, value in sorted(quality.iou.items(), key=lambda item: -item[1])},
        "names": list(vocabulary.names()),
    }
    shipped.save_weights(net, path, card)


def history_of(path: Path) -> list[dict[str, Any]]:
    """Command, SHA-256 and date of the weights of a file and of all that they go back to, oldest first.

    What the card beside the file does not tell, as those of earlier versions do not tell the date, is left out.
    """
    card = json.loads(path.with_suffix(".json").read_text())
    return [*card.get("history", []), {key: card[key] for key in MADE if key in card}]


def load_weights(path: Path = WEIGHTS) -> PixelEmbedder:
    """The network with the weights of a file. Raises ConfigError as `Shipped.load` does."""
    return SHIPPED.load(PixelEmbedder(), path)
