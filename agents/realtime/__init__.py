"""Control in real time: a loop at a fixed rate, with slower minds beside it and watchers that can never hold it up."""

from .cadence import Cadence, Spread, settle, take_priority
from .chunks import Chunk, ChunkPlayer
from .loop import ControlLoop, Source, Tick
from .policy import NotYet, Policy, PolicyThread, Stack
from .tap import Tap

__all__ = [
    "Cadence",
    "Chunk",
    "ChunkPlayer",
    "ControlLoop",
    "NotYet",
    "Policy",
    "PolicyThread",
    "Source",
    "Spread",
    "Stack",
    "Tap",
    "Tick",
    "settle",
    "take_priority",
]
