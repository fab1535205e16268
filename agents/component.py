"""Components as data: a class (or a function that makes one's instance) by name and the arguments that build it, so that a
run can be written down and repeated."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enactive.errors import ConfigError

from .plugins import Group, group_taken, load


@dataclass(frozen=True, slots=True)
class Component:
    """A class of a plug-in group, or a function that returns an instance, by entry-point name or dotted path, and arguments."""

    group: Group
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Any:
        """A new instance; arguments that are objects may be written as `{"class_path": ..., "init_args": {...}}`.

        Raises ConfigError where the name is unknown or the arguments do not fit the constructor.
        """
        from jsonargparse import ArgumentError, ArgumentParser

        parser, maker = ArgumentParser(exit_on_error=False), load(self.group, self.name)
        is_class = inspect.isclass(maker)
        if is_class:
            parser.add_class_arguments(maker, "component")
        else:
            parser.add_function_arguments(maker, "component")
        arguments = {name: _by_path(maker, name, value) for name, value in self.arguments.items()}
        try:
            made = parser.instantiate(parser.parse_object({"component": arguments})).get("component")
            return made if is_class else maker(**(made.as_dict() if made else {}))
        except (ArgumentError, ValueError) as error:  # the latter where an argument's own constructor refuses its arguments
            raise ConfigError(f"{self.name} cannot be built from {dict(self.arguments)}: {error}") from error

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """A new instance, closed at the end, however that comes, where it has a `close`. Raises as `build`."""
        made = self.build()
        try:
            yield made
        finally:
            if hasattr(made, "close"):
                made.close()

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file that its arguments, given or by default, name, and of the weights in each folder they name.

        Raises ConfigError where the component does not load.
        """
        from enactive.pretrained import weights_of

        kind = load(self.group, self.name)
        found: dict[str, str] = {}
        defaults = {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}
        for name, value in {**defaults, **self.arguments}.items():
            part = _by_path(kind, name, value)
            if isinstance(part, Mapping) and "class_path" in part:
                inner = Component(self.group, part["class_path"], part.get("init_args", {})).weights()
                found |= {f"{name}.{file}": digest for file, digest in inner.items()}
            elif isinstance(part, str | Path):
                found |= {f"{name}/{file}": digest for file, digest in weights_of(part).items()}
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        return {"group": self.group, "name": self.name, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Component:
        """Read what `to_json` wrote."""
        return cls(data["group"], data["name"], data["arguments"])


def class_path(group: Group, name: str) -> str:
    """Import path of a named component."""
    kind = load(group, name)
    return f"{kind.__module__}.{kind.__qualname__}"


def _by_path(kind: Any, parameter: str, value: Any) -> Any:
    """A part that an argument gives by its short name, by its import path; any other value as it is."""
    group = group_taken(kind, parameter) if isinstance(value, str) else None
    return value if group is None else {"class_path": class_path(group, value)}


def _without(data: Any, name: str) -> Any:
    """Plain data without what stands under a name, however deep."""
    return {key: _without(value, name) for key, value in data.items() if key != name} if isinstance(data, Mapping) else data


@dataclass(frozen=True, slots=True)
class Method:
    """What is evaluated: a planner with the perceiver and the controller that serve it, under one label."""

    label: str
    perceiver: Component
    planner: Component
    controller: Component

    def to_json(self) -> dict[str, Any]:
        """Plain data that identifies the method. Where answers of a chat model are kept (`cache`) changes none of them."""
        parts = {key: _without(getattr(self, key).to_json(), "cache") for key in ("perceiver", "planner", "controller")}
        return {"label": self.label, **parts}

    def weights(self) -> dict[str, str]:
        """What `Component.weights` says of its parts, each after the part's name."""
        parts = {key: getattr(self, key).weights() for key in ("perceiver", "planner", "controller")}
        return {f"{part}.{file}": digest for part, found in parts.items() for file, digest in found.items()}
