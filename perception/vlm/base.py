"""The contract of a model that chats: messages with pictures in, text or validated structure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from pydantic import BaseModel

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length"]
Schema: TypeAlias = "Mapping[str, Any] | type[BaseModel]"


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One turn. images: (H, W, 3) uint8 RGB each, shown before the text. Raises ConfigError for any other array."""

    role: Role
    text: str
    images: tuple[NDArray[np.uint8], ...] = ()

    def __post_init__(self) -> None:
        for image in self.images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
                raise ConfigError(f"a picture in a message must be (H, W, 3) uint8, not {image.shape} {image.dtype}")


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer. temperature 0 takes the likeliest token. seed: of the sampling, None = the backend's own. stop: strings
    that end the answer and are not part of it. deadline_s: for the whole call, retries included. top_logprobs: alternatives
    that are told of each token, None = no log-probabilities at all. Raises ConfigError for what makes no sense.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    deadline_s: float = 60.0
    top_logprobs: int | None = None

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or not self.temperature >= 0.0 or not self.deadline_s > 0.0:
            raise ConfigError(f"max_tokens and deadline_s must be above 0 and temperature at least 0, not {self}")
        if "" in self.stop or not 0 <= (self.top_logprobs or 0) <= 20:
            raise ConfigError(f"stop strings must not be empty, top_logprobs must lie between 0 and 20, not {self}")


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of an answer with its natural log-probability. top: the likeliest tokens at its place."""

    token: str
    logprob: float
    top: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    finish: "length" where max_tokens cut the text off. structure: the text read by the schema (plain values for a JSON
    schema, an instance for a pydantic model), None without schema. logprobs: one per token of the text, empty unless asked for.
    prompt_tokens, completion_tokens: None where the backend does not count. seconds: of all tries. tries: answers that were
    asked for until one was valid. cached: it was read from disk.
    """

    text: str
    finish: Finish = "stop"
    structure: Any = None
    logprobs: tuple[TokenLogprob, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    tries: int = 1
    cached: bool = False


class UnsaidAnswer(ModelError):
    """The tokens ran out before the first word of an answer, as where a model reasons first: it is there, and needs more."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do.

    images: pictures in messages. structured: answers are held to a schema while they are written; without it, they are
    checked afterwards. logprobs: log-probabilities of tokens. hidden_states: a method `hidden_states`. prefix_reuse: a method
    `score` that reads a prompt once for many continuations.
    """

    images: bool = False
    structured: bool = False
    logprobs: bool = False
    hidden_states: bool = False
    prefix_reuse: bool = False


@runtime_checkable
class ChatModel(Protocol):
    """A model that answers.

    name: what tells it from every other model, without secrets; responses are cached under it.
    """

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def chat(self, messages: Sequence[Message], options: Options = ..., schema: Schema | None = None) -> Reply:
        """The answer to a conversation, as text, or as a structure that is valid by the schema.

        Raises ModelError where there is none in time or none that is valid, ConfigError for what the model cannot do.
        """
        ...


def check(messages: Sequence[Message], options: Options, can: Capabilities, name: str) -> None:
    """Raises ConfigError where a conversation or its options ask for what a model cannot do."""
    if not messages or messages[-1].role != "user":
        raise ConfigError("a conversation must end with a message of the user")
    if not can.images and any(message.images for message in messages):
        raise ConfigError(f"{name} does not see pictures: use a vision-language model, or leave them out")
    if not can.logprobs and options.top_logprobs is not None:
        raise ConfigError(f"{name} tells no log-probabilities: leave top_logprobs at None")
