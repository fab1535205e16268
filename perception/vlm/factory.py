"""A model from one line of text, as a person types it on a command line."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from enactive.errors import ConfigError, ModelError

from .base import ChatModel, Message, Options, UnsaidAnswer
from .endpoint import SHORTEST_KEY

QUESTION = Options(max_tokens=64, deadline_s=60.0)
FORMS = ("openai:http://localhost:8000/v1#name", "hf:NAME", "embedded")


def make_model(text: str, cache: Path | None = None) -> ChatModel:
    """The model that a line names: "openai:URL#NAME", "hf:NAME or folder", or "embedded" (SmolLM2-135M-Instruct).

    An endpoint whose key is in another environment variable than `OpenAIModel` takes by itself is "openai:VARIABLE:URL#NAME".
    cache: folder in which its answers are kept and found again (`CachedModel`). Raises ConfigError where the line names
    none, or the folder cannot be made.
    """
    if cache is not None:
        from .cache import CachedModel

        return CachedModel(make_model(text), cache)
    kind, _, rest = text.partition(":")
    if text == "embedded":
        from .hf import embedded_model

        return embedded_model()
    if kind == "hf" and rest:
        from .hf import load_model

        return load_model(rest)
    if kind == "openai" and rest:
        from .openai_http import OpenAIModel

        variable, address = _apart(rest)
        url, _, model = address.partition("#")
        if not model:
            raise ConfigError("the address lacks the model's name: write it as openai:http://localhost:8000/v1#NAME")
        return OpenAIModel(url, model, variable)
    near = difflib.get_close_matches(kind.lower(), ("openai", "hf", "embedded"), n=1, cutoff=0.4)
    form = next((form for form in FORMS if near and form.startswith(near[0])), None)
    hint = f"did you mean {form!r}?" if form else f"the forms are {', '.join(FORMS)}"
    said = f"model {kind + ':...' * bool(rest)!r}" if len(kind) < SHORTEST_KEY else "such model"  # a key is not repeated
    raise ConfigError(f"there is no {said}; {hint}")


def _apart(text: str) -> tuple[str | None, str]:
    """The variable of the key, None where none is named, and the address. Raises ConfigError for what may be a key itself."""
    variable, _, address = text.partition(":")
    if not address.startswith(("http:", "https:")):
        return None, text
    if not re.fullmatch("[A-Z][A-Z0-9_]*", variable):
        raise ConfigError("before an address stands the environment variable of its key, in capitals, and never the key")
    return variable, address


def chat_model(model: ChatModel | str, cache: Path | None = None) -> ChatModel:
    """The model itself, or what `make_model` makes of a line. Raises ConfigError for a cache of one that is made already."""
    if isinstance(model, str):
        return make_model(model, cache)
    if cache is not None:
        raise ConfigError("a cache goes with a model that is named: wrap this one in perception.vlm.cache.CachedModel instead")
    return model


def require_answer(text: str, option: str = "--model") -> None:
    """Ask a served model one short question, so that a server that is not there is found before anything moves.

    Models in this process are not asked: making them is the check. One that reasons longer than it may here has shown that it
    is there. option: what names it. Raises ConfigError where the model does not answer.
    """
    if not text.startswith("openai:"):
        return
    try:
        make_model(text).chat([Message("user", "Say yes.")], QUESTION)
    except UnsaidAnswer:
        return
    except ModelError as problem:
        raise ConfigError(f"the model does not answer: {problem}; start its server, or name another with {option}") from problem
