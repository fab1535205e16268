"""The contract of generative skills: a typed call in, an artefact with its measured cost and quality out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call made. cost_s: measured seconds; quality: measured score by name (empty where nothing was measured)."""

    artefact: Any
    cost_s: float
    quality: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Tool(Protocol):
    """A typed skill. input_schema: JSON schema of the arguments, units in the names (`timeout_s`, `x_m`)."""

    name: str
    description: str
    input_schema: Mapping[str, Any]

    def __call__(self, **arguments: Any) -> ToolResult:
        """Run the skill. Raises EnactiveError with the reason where it cannot."""
        ...
