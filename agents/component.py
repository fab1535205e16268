"""Components as data: a class by name and the arguments that build it, so that a run can be written down and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .plugins import Group, load


@dataclass(frozen=True, slots=True)
class Component:
    """A class of a plug-in group, by entry-point name or dotted path, with its constructor's arguments."""

    group: Group
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Any:
        """A new instance. Raises ConfigError where the name is unknown."""
        return load(self.group, self.name)(**self.arguments)

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        return {"group": self.group, "name": self.name, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Component:
        """Read what `to_json` wrote."""
        return cls(data["group"], data["name"], data["arguments"])


@dataclass(frozen=True, slots=True)
class Method:
    """What is evaluated: a planner with the perceiver and the controller that serve it, under one label."""

    label: str
    perceiver: Component
    planner: Component
    controller: Component

    def to_json(self) -> dict[str, Any]:
        """Plain data that identifies the method."""
        parts = {key: getattr(self, key).to_json() for key in ("perceiver", "planner", "controller")}
        return {"label": self.label, **parts}
