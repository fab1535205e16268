"""Moving: from an intent to an action."""

from .base import Controller

__all__ = ["Controller"]
