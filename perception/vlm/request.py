"""What an endpoint is asked for a chat completion, and what of it newer models and smaller servers do not take."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Message, Options

NEWER_LIMIT = "max_completion_tokens"
REFUSABLE: Mapping[str, str] = {"max_tokens": NEWER_LIMIT, "response_format": "response_format", "temperature": "temperature"}
"""Parts of a request that can be done without, each with the word by which a refusal tells that it is the reason."""
COMMON_TEMPERATURE = 1.0  # who takes temperatures takes those up to here; a higher one may be refused for what it is


def request(
    model: str, messages: Sequence[Message], options: Options, schema: Mapping[str, Any] | None, refused: frozenset[str]
) -> dict[str, Any]:
    """The body of a request. schema: what the answer is to be held to. refused: the parts of `REFUSABLE` to do without."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_turn(message) for message in messages],
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
    }
    if options.seed is not None:
        body["seed"] = options.seed
    if options.stop:
        body["stop"] = list(options.stop)
    if options.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": options.top_logprobs}
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
    if "max_tokens" in refused:
        body[NEWER_LIMIT] = options.max_tokens
    return {name: value for name, value in body.items() if name not in refused}


def refused_parts(refusal: str) -> tuple[str, ...]:
    """The parts of a request that a refusal may be about, by the words in it: as a message or the name of a parameter."""
    return tuple(part for part, word in REFUSABLE.items() if word in refusal)


def dispensable(body: Mapping[str, Any], parts: Sequence[str]) -> str | None:
    """The first of these parts that a request has and can do without; None where there is none."""
    usual = [part for part in parts if part != "temperature" or body.get(part, 0.0) <= COMMON_TEMPERATURE]
    return next((part for part in usual if part in body), None)


def _turn(message: Message) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.text}
    pictures = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in message.images]
    return {"role": message.role, "content": [*pictures, {"type": "text", "text": message.text}]}


def _data_url(image: NDArray[np.uint8]) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
