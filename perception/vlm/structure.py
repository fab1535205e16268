"""Structure out of a model that writes text: reading it by a schema, and asking again with what was wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from enactive.errors import ConfigError, ModelError

from .base import Message, Options, Reply, Schema

MOST_TRIES = 3
QUOTED = 200  # characters of a wrong answer or an error that are passed on

Answer = Callable[[Sequence[Message], Options, Mapping[str, Any] | None], Reply]


class InvalidAnswer(ModelError):
    """A text, or the last of several, is not what the schema asks for. The message tells the model what to do better."""


def validated(answer: Answer, messages: Sequence[Message], options: Options, schema: Schema | None) -> Reply:
    """The first of at most `MOST_TRIES` answers that is valid by the schema; any answer where there is no schema.

    answer: one try of a backend; its third argument is the JSON schema that it may hold the text to. Each try after a wrong
    one shows the model its answer and what was wrong. Raises InvalidAnswer where the last is wrong too.
    """
    if schema is None:
        return answer(messages, options, None)
    started, asked, wrong = time.monotonic(), _with_schema(messages, schema), "no time for a single try"
    for number in range(1, MOST_TRIES + 1):
        left_s = options.deadline_s - (time.monotonic() - started)
        if left_s <= 0.0:
            raise InvalidAnswer(f"no valid answer within {options.deadline_s:g} s; the last was wrong: {wrong}")
        reply = answer(asked, replace(options, deadline_s=left_s), json_schema(schema))
        try:
            structure = read(reply, schema, options.max_tokens)
        except InvalidAnswer as problem:
            wrong = str(problem)
            asked = [
                *_with_schema(messages, schema),
                Message("assistant", reply.text),
                Message("user", f"That was not valid: {wrong}. Answer again, with the corrected JSON alone."),
            ]
            continue
        return replace(reply, structure=structure, seconds=time.monotonic() - started, tries=number)
    raise InvalidAnswer(f"no valid answer in {MOST_TRIES} tries; the last was wrong: {wrong}")


def json_schema(schema: Schema) -> Mapping[str, Any]:
    """The JSON schema of a pydantic model, or the one given. Raises ConfigError where it is none."""
    from jsonschema import Draft202012Validator, SchemaError

    plain = schema if isinstance(schema, Mapping) else schema.model_json_schema()
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError as problem:
        raise ConfigError(f"that is no JSON schema: {problem.message}") from problem
    return plain


def read(reply: Reply, schema: Schema, max_tokens: int) -> Any:
    """The structure in an answer. Raises InvalidAnswer."""
    text = _unfenced(reply.text)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        if reply.finish == "length":
            raise InvalidAnswer(f"it was cut off after {max_tokens} tokens; be shorter") from problem
        raise InvalidAnswer(f"it is not JSON ({problem}): {text[:QUOTED]!r}") from problem
    if isinstance(schema, Mapping):
        from jsonschema import Draft202012Validator

        wrong = next(iter(Draft202012Validator(schema).iter_errors(value)), None)
        if wrong is not None:
            raise InvalidAnswer(f"at {wrong.json_path}, {wrong.message[:QUOTED]}")
        return value
    from pydantic import ValidationError

    try:
        return schema.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the top"
        raise InvalidAnswer(f"at {place}, {first['msg'][:QUOTED]}") from problem


def _with_schema(messages: Sequence[Message], schema: Schema) -> list[Message]:
    """The conversation with the schema told at its end: what decoding enforces, the model should know."""
    last = messages[-1]
    told = f"{last.text}\n\nAnswer with JSON alone, by this schema: {json.dumps(json_schema(schema))}"
    return [*messages[:-1], replace(last, text=told)]


def _unfenced(text: str) -> str:
    """The text without the Markdown fence that many models put around JSON."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") + 1 : -3].strip()
    return text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
