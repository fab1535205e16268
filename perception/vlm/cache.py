"""Answers kept on disk, so that an experiment that is repeated costs nothing and says the same.

One JSON file per answer, under a hash of everything that the answer depends on. A file appears under its name only when it is
whole, so any number of processes may share a folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from enactive.errors import ConfigError
from enactive.files import write_whole

from .base import Capabilities, ChatModel, Message, Options, Reply, Schema, TokenLogprob
from .structure import InvalidAnswer, json_schema, read

DEFAULTS = Options()
VERSION = 1  # of the files; those of another version are not read


class CachedModel:
    """A model that remembers its answers in a folder.

    Answers that are drawn (temperature above 0 without a seed) are never kept: the next draw has to differ. Raises ConfigError
    where the folder cannot be written.
    """

    def __init__(self, model: ChatModel, folder: Path | str) -> None:
        self.model, self.folder = model, Path(folder)
        self.hits = self.misses = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigError(f"the cache folder {folder} cannot be made ({problem.strerror})") from problem

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def capabilities(self) -> Capabilities:
        """Of chat alone: scores and hidden states are asked of the model itself."""
        return replace(self.model.capabilities, hidden_states=False, prefix_reuse=False)

    def chat(self, messages: Sequence[Message], options: Options = DEFAULTS, schema: Schema | None = None) -> Reply:
        if options.temperature > 0.0 and options.seed is None:
            return self.model.chat(messages, options, schema)
        path = self._path(messages, options, schema)
        found = _load(path, schema, options.max_tokens)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        reply = self.model.chat(messages, options, schema)
        found_out = self._path(messages, options, schema)  # what its endpoint refused may have changed what the model is
        first = _load(found_out, schema, options.max_tokens) if found_out != path else None
        if first is not None:
            return first  # so that a repetition goes on as the first time
        self._keep(found_out, reply)
        return reply

    def _path(self, messages: Sequence[Message], options: Options, schema: Schema | None) -> Path:
        return self.folder / f"{key(self.name, messages, options, schema, self.capabilities.structured)}.json"

    def _keep(self, path: Path, reply: Reply) -> None:
        kept = {"version": VERSION, **asdict(replace(reply, structure=None))}
        try:
            write_whole(path, json.dumps(kept), shared=True)
        except OSError as problem:
            raise ConfigError(f"the cache folder {self.folder} cannot be written ({problem.strerror})") from problem


def key(name: str, messages: Sequence[Message], options: Options, schema: Schema | None, structured: bool) -> str:
    """Hex digest of all that an answer depends on. The deadline is left out: an answer is the same however long it took.

    structured: the answer is held to the schema while it is written; where there is no schema it changes nothing.
    """
    asked = {
        "model": name,
        "messages": [[m.role, m.text, [_digest(image) for image in m.images]] for m in messages],
        "options": {**asdict(options), "deadline_s": None},
        "schema": None if schema is None else [structured, json_schema(schema)],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _digest(image: Any) -> list[Any]:
    return [list(image.shape), hashlib.sha256(image.tobytes()).hexdigest()]


def _load(path: Path, schema: Schema | None, max_tokens: int) -> Reply | None:
    """The answer in a file; None where there is none, or a broken or no longer valid one, which is asked for anew."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.pop("version") != VERSION:
            return None
        kept["logprobs"] = tuple(TokenLogprob(**one) for one in kept["logprobs"])
        reply = Reply(**{**kept, "cached": True})
        return reply if schema is None else replace(reply, structure=read(reply, schema, max_tokens))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, InvalidAnswer):
        return None
