"""Imagining: generative models offered to planners and agents as tools."""

from .base import Tool, ToolResult

__all__ = ["Tool", "ToolResult"]
