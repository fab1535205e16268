"""What newer or smaller endpoints refuse of a request is left out of it, and the model says so of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unruly_endpoint import Endpoint, Misdeed, answer, raw, serving

from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm import Message, Options, require_answer
from enactive.perception.vlm.cache import CachedModel

ASK = [Message("user", "where are mugs?")]
SCHEMA = {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"], "additionalProperties": False}
OLD_LIMIT = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
NO_FORMAT = "This response_format type is unavailable now"
NO_ROOM = "Could not finish the message because max_tokens or model output limit was reached. Please try again."
NO_ZERO = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving(monkeypatch) as server:
        yield server


def refuses(message: str, param: str | None = None, status: int = 400) -> Misdeed:
    told = {"message": message, "type": "invalid_request_error", "param": param, "code": "unsupported_value"}
    return raw(json.dumps({"error": told}).encode(), status)


def sent(endpoint: Endpoint, *names: str) -> list[dict[str, Any]]:
    """Of each request what it had under these names."""
    return [{name: each[name] for name in names if name in each} for each in endpoint.asked]


@pytest.mark.parametrize(
    "refusal",
    [
        refuses(OLD_LIMIT, "max_tokens"),
        refuses("Unsupported parameter", "max_completion_tokens"),
        raw(json.dumps({"detail": OLD_LIMIT}).encode(), 422),
    ],
)
def test_a_model_that_wants_the_newer_limit_of_tokens_gets_it_from_then_on(endpoint: Endpoint, refusal: Misdeed) -> None:
    model = endpoint.model(refusal, answer("kitchen"))
    assert [model.chat(ASK, Options(max_tokens=9)).text for _ in range(2)] == ["kitchen", "kitchen"]
    limits = sent(endpoint, "max_tokens", "max_completion_tokens")
    assert limits == [{"max_tokens": 9}, {"max_completion_tokens": 9}, {"max_completion_tokens": 9}]
    assert model.name == f"openai:{endpoint.url}#m"  # it changes no answer


def test_a_model_that_takes_neither_limit_is_asked_with_each_once(endpoint: Endpoint) -> None:
    with pytest.raises(ModelError, match="refused the request"):
        endpoint.model(refuses(OLD_LIMIT)).chat(ASK)
    assert sent(endpoint, "max_tokens", "max_completion_tokens") == [{"max_tokens": 256}, {"max_completion_tokens": 256}]


def test_a_model_that_reasons_is_asked_without_a_temperature_and_says_so(endpoint: Endpoint) -> None:
    model = endpoint.model(refuses(OLD_LIMIT, "max_tokens"), refuses(NO_ZERO, "temperature"), answer("kitchen"))
    assert model.name == f"openai:{endpoint.url}#m"
    assert [model.chat(ASK, Options(max_tokens=9)).text for _ in range(2)] == ["kitchen", "kitchen"]
    newer = {"max_completion_tokens": 9}
    assert sent(endpoint, "max_tokens", "max_completion_tokens", "temperature") == [
        {"max_tokens": 9, "temperature": 0.0},
        {**newer, "temperature": 0.0},
        newer,
        newer,
    ]
    assert model.name == f"openai:{endpoint.url}#m without temperature"


def test_refusals_use_up_no_attempts(endpoint: Endpoint) -> None:
    busy = raw(b"{}", 503)
    model = endpoint.model(busy, refuses(OLD_LIMIT), busy, refuses(NO_ZERO), busy, answer("kitchen"))
    assert model.chat(ASK).text == "kitchen"


@pytest.mark.parametrize(
    ("refusal", "options"),
    [
        (refuses(NO_ZERO), Options()),  # without a temperature too
        (refuses("'temperature' must be at most 2", "temperature"), Options(temperature=7.0)),  # what is asked is wrong
        (refuses("the prompt is too long"), Options()),
    ],
)
def test_a_refusal_that_is_of_something_else_changes_nothing(endpoint: Endpoint, refusal: Misdeed, options: Options) -> None:
    model = endpoint.model(refusal)
    with pytest.raises(ModelError, match=r"refused the request .status 400"):
        model.chat(ASK, options)
    assert model.name == f"openai:{endpoint.url}#m"
    endpoint.misdeeds = [answer("kitchen")]
    model.chat(ASK, Options(temperature=0.5))
    assert endpoint.asked[-1]["temperature"] == 0.5


def test_an_answer_without_a_temperature_is_not_kept_as_a_greedy_one(endpoint: Endpoint, tmp_path: Path) -> None:
    drawn = CachedModel(endpoint.model(refuses(NO_ZERO), answer("drawn")), tmp_path)
    assert drawn.chat(ASK).text == "drawn"
    assert CachedModel(endpoint.model(answer("greedy")), tmp_path).chat(ASK).text == "greedy"
    assert (drawn.chat(ASK).text, drawn.hits) == ("drawn", 1)


def test_the_first_answer_without_a_temperature_is_the_one_that_stays(endpoint: Endpoint, tmp_path: Path) -> None:
    for said in ("one", "two"):
        model = CachedModel(endpoint.model(refuses(NO_ZERO), answer(said)), tmp_path)
        assert [model.chat(ASK).text for _ in range(2)] == ["one", "one"]
    assert len(endpoint.asked) == 4


def test_an_endpoint_that_cannot_hold_answers_to_a_schema_is_asked_without(endpoint: Endpoint) -> None:
    good = '{"room": "kitchen"}'
    model = endpoint.model(answer("yes"), refuses(NO_FORMAT), answer("in the kitchen"), answer(good))
    assert (model.chat(ASK).text, model.capabilities.structured) == ("yes", True)
    assert [model.chat(ASK, schema=SCHEMA).structure for _ in range(2)] == [{"room": "kitchen"}] * 2
    assert ["response_format" in each for each in endpoint.asked] == [False, True, False, False, False]
    assert "'in the kitchen'" in endpoint.asked[3]["messages"][-1]["content"]  # validated, and asked for again
    assert model.capabilities.structured is False


def test_an_answer_that_no_endpoint_held_to_the_schema_is_kept_as_such(endpoint: Endpoint, tmp_path: Path) -> None:
    free, held = ('{"room": "kitchen"}', '{"room": "office"}')
    assert CachedModel(endpoint.model(refuses(NO_FORMAT), answer(free)), tmp_path).chat(ASK, schema=SCHEMA).text == free
    assert CachedModel(endpoint.model(answer(held)), tmp_path).chat(ASK, schema=SCHEMA).text == held
    assert CachedModel(endpoint.model(structured=False), tmp_path).chat(ASK, schema=SCHEMA).text == free


@pytest.mark.parametrize("misdeed", [answer(None, "length"), answer("\n", "length"), refuses(NO_ROOM)])
def test_a_model_that_reasons_longer_than_it_may_is_there_and_told_of_the_limit(endpoint: Endpoint, misdeed: Misdeed) -> None:
    model = endpoint.model(misdeed)
    require_answer(f"openai:{endpoint.url}#m")
    assert [each["messages"][0]["content"] for each in endpoint.asked] == ["Say yes."]
    with pytest.raises(ModelError, match=r"its tokens ran out before the first word.*raise max_tokens"):
        model.chat(ASK)


@pytest.mark.parametrize("misdeed", [answer(""), answer(None, "content_filter"), answer([1], "length"), refuses("no")])
def test_a_model_that_says_nothing_for_another_reason_does_not_answer(endpoint: Endpoint, misdeed: Misdeed) -> None:
    endpoint.misdeeds = [misdeed]
    with pytest.raises(ConfigError, match="the model does not answer"):
        require_answer(f"openai:{endpoint.url}#m")
