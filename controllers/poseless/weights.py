"""The weights of PoseLess that ship."""

from __future__ import annotations

from pathlib import Path

from enactive.perception.convnets.shipped import Shipped

from .network import JointNetwork

WEIGHTS = Path(__file__).parents[1] / "weights" / "poseless.safetensors"
SHIPPED = Shipped("PoseLess", WEIGHTS, "enactive train poseless")


def load_weights(path: Path = WEIGHTS) -> JointNetwork:
    """The network with the weights of a file. Raises ConfigError as `Shipped.load` does."""
    return SHIPPED.load(JointNetwork(), path)
