"""Seeing: from observations to a belief (map, scene graph, detections)."""

from .base import Belief, Detection, Perceiver

__all__ = ["Belief", "Detection", "Perceiver"]
