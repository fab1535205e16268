"""A model whose answers are written down beforehand, for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from enactive.errors import ModelError

from .base import Capabilities, Message, Options, Reply, Schema, check
from .structure import validated

DEFAULTS = Options()


class ScriptedModel:
    """Answers from a list, in order, or from a function of the conversation. `heard` keeps what it was asked.

    Raises ModelError when the list is used up.
    """

    capabilities = Capabilities(images=True)

    def __init__(self, answers: Sequence[str] | Callable[[Sequence[Message]], str], name: str = "scripted") -> None:
        self.name = name
        self.answers = answers
        self.heard: list[tuple[Message, ...]] = []

    def chat(self, messages: Sequence[Message], options: Options = DEFAULTS, schema: Schema | None = None) -> Reply:
        check(messages, options, self.capabilities, self.name)
        return validated(self._answer, messages, options, schema)

    def _answer(self, messages: Sequence[Message], options: Options, schema: Mapping[str, Any] | None) -> Reply:
        self.heard.append(tuple(messages))
        if callable(self.answers):
            return Reply(self.answers(messages))
        if len(self.heard) > len(self.answers):
            raise ModelError(f"{self.name} was given {len(self.answers)} answers and asked for one more")
        return Reply(self.answers[len(self.heard) - 1])
