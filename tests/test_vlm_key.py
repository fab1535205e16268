"""The key of an endpoint: where it comes from, and that nothing which is written or raised has it, whatever the server says."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from unruly_endpoint import KEY, Endpoint, Misdeed, answer, blurts, raw, serving

from enactive.agents.commands.eval import read_component
from enactive.errors import ConfigError, EnactiveError, ModelError
from enactive.perception.vlm import Message, Options, make_model
from enactive.perception.vlm.cache import CachedModel
from enactive.perception.vlm.openai_http import OpenAIModel
from enactive.perception.vlm.secret import Secret

ASK = [Message("user", "where are mugs?")]
SCHEMA = {"type": "object", "properties": {"room": {"enum": ["kitchen"]}}, "required": ["room"]}
TELLING = 8  # letters of the key in a row that are too much


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving(monkeypatch) as server:
        yield server


def said(text: str, status: int) -> Misdeed:
    return raw(json.dumps({"error": {"message": text}}).encode(), status)


def spelt(*, in_top: bool) -> Misdeed:
    """An answer whose tokens spell the key, or have it among what they might have been."""
    pieces = ["yes"] if in_top else [KEY[i : i + 3] for i in range(0, len(KEY), 3)]
    tops = [{"token": KEY if in_top else "no", "logprob": -1.0}]
    told = [{"token": piece, "logprob": -0.5, "top_logprobs": tops} for piece in pieces]
    return answer("yes", logprobs={"content": told})


def redirects(to: str) -> Misdeed:
    return raw(b"", 307, Location=to)


SPREADING = {
    **{f"status {status}": said(f"Incorrect API key provided: {KEY}", status) for status in (400, 401, 403, 404, 429, 500)},
    **{f"no JSON, {n} letters before it": raw(("x" * n + KEY + " is wrong").encode()) for n in (0, 170, 180, 190, 199)},
    **{f"an error, {n} letters before it": said("x" * n + KEY, 400) for n in (130, 140, 150, 160, 170, 180, 190)},
    "no JSON, cut off in the key": raw(f"you sent {KEY[:-3]}".encode()),
    "no JSON, in capitals": raw(KEY.upper().encode()),
    "as an address": raw(f"http://x/?key={quote(KEY, safe='')}".encode()),
    "as HTML": raw(html.escape(KEY).encode()),
    "as JSON that is cut off": raw(b'{"key": ' + json.dumps(KEY).encode()),
    "as basic authentication": said("Authorization: Basic " + base64.b64encode(f"user:{KEY}".encode()).decode(), 400),
    "as basic authentication of nobody": said("Basic " + base64.b64encode(f":{KEY}".encode()).decode(), 400),
    "as the reason to end": answer("no", KEY),
    "in the reason to end": answer("no", {"reason": ["x" * 190 + KEY]}),
    "as a log-probability": answer("no", logprobs={"content": [{"token": "a", "logprob": KEY, "top_logprobs": []}]}),
    "as a token": answer("no", logprobs={"content": [{"token": [KEY], "logprob": 0, "top_logprobs": []}]}),
    "spelt by tokens": spelt(in_top=False),
    "among other tokens": spelt(in_top=True),
    "as a count": raw(
        json.dumps(
            {"choices": [{"message": {"content": "no"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": KEY}}
        ).encode()
    ),
    "as the answer": answer(f"your key is {KEY}, is it not?"),
    "as an answer that was cut off": answer(f"your key is {KEY[:-4]}", "length"),
    "as an answer by the schema": answer(json.dumps({"room": KEY})),
    "as the reason of a refusal": raw(b"{}", 401, KEY),
    "as the reason of an error": raw(b"{}", 500, KEY),
    "in a header": raw(b"{}", 400, X_Echo=KEY),
    "in a line that is no HTTP": blurts(f"{KEY}\r\n\r\n"),
    "in a line that is no header": blurts(f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n"),
    "in a redirect": redirects(f"/v1/chat/completions?key={quote(KEY)}"),
    "in a redirect to nowhere": redirects(f"{KEY}://nowhere"),
    "in a redirect to no address": redirects(f"http://[{KEY}"),
}


def no_piece_of_the_key(text: str) -> bool:
    """Whether a text has not even `TELLING` letters in a row of the key, nor of what base64 makes of it."""
    basic = [base64.b64encode(f"{user}:{KEY}".encode()).decode()[8:-4] for user in ("user", "")]
    pieces = [form[i : i + TELLING] for form in (KEY, *basic) for i in range(len(form) - TELLING + 1)]
    known = html.unescape(text).replace("%2F", "/").replace("%2B", "+").replace("%3D", "=")
    return not any(piece.lower() in known.lower() for piece in pieces)


@pytest.mark.parametrize("schema", [None, SCHEMA])
@pytest.mark.parametrize("misdeed", SPREADING.values(), ids=SPREADING)
def test_a_server_that_repeats_the_key_does_not_spread_it(
    endpoint: Endpoint, misdeed: Misdeed, schema: dict[str, Any] | None, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    model = CachedModel(endpoint.model(misdeed, key_variable="ENACTIVE_TEST_KEY"), tmp_path)
    with pytest.raises((ModelError, ConfigError)) as caught:
        model.chat(ASK, Options(deadline_s=20.0), schema)
    assert set(endpoint.keys) == {f"Bearer {KEY}"}
    assert no_piece_of_the_key("".join(traceback.format_exception(caught.value)))
    assert "receive_response_headers" in caplog.text, "the client's log was not looked at"
    assert no_piece_of_the_key(caplog.text)
    assert list(tmp_path.iterdir()) == []


def test_the_reason_phrase_of_a_good_answer_is_not_logged(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    good = json.dumps({"id": KEY, "choices": [{"message": {"content": "kitchen"}, "finish_reason": "stop"}]})
    model = endpoint.model(raw(good.encode(), 200, KEY), key_variable="ENACTIVE_TEST_KEY")
    assert model.chat(ASK).text == "kitchen"
    assert "200 <key>" in caplog.text
    assert no_piece_of_the_key(caplog.text)


def test_what_is_said_beside_the_key_is_told(endpoint: Endpoint) -> None:
    model = endpoint.model(said(f"the key {KEY} may not use m", 400), key_variable="ENACTIVE_TEST_KEY")
    with pytest.raises(ModelError, match="the key <key> may not use m"):
        model.chat(ASK)


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(endpoint: Endpoint) -> None:
    model = endpoint.model(answer("kitchen"), key_variable="ENACTIVE_TEST_KEY")
    model.chat(ASK)
    assert endpoint.keys == [f"Bearer {KEY}"]
    assert no_piece_of_the_key(f"{model!r} {model.name} {model._client!r} {vars(model)}")


def test_a_key_that_is_refused_is_named_by_its_variable(endpoint: Endpoint) -> None:
    with pytest.raises(ConfigError, match=r"refused the key in ENACTIVE_TEST_KEY \(status 401\)"):
        endpoint.model(said("no", 401), key_variable="ENACTIVE_TEST_KEY").chat(ASK)


def test_a_line_names_the_variable_of_a_key_as_a_refusal_says(endpoint: Endpoint) -> None:
    endpoint.misdeeds = [said("no", 401), answer("kitchen")]
    with pytest.raises(ConfigError, match=r"none was sent: .*, as in openai:VARIABLE:http.*/v1#m\)") as caught:
        make_model(f"openai:{endpoint.url}#m").chat(ASK)
    (form,) = re.findall(r"as in (\S+)\) ", str(caught.value))
    for line in (form.replace("VARIABLE", "ENACTIVE_TEST_KEY"), f"openai:ENACTIVE_TEST_KEY:{endpoint.url}#m"):
        assert make_model(line).chat(ASK).text == "kitchen"
        assert endpoint.keys[-1] == f"Bearer {KEY}"
    planner = read_component(f"LanguagePlanner(model={line})", "planners").build()
    assert planner.model.name == f"openai:{endpoint.url}#m"  # the key changes no answer
    planner.model.chat(ASK)
    assert endpoint.keys[1:] == [f"Bearer {KEY}"] * 3


def test_a_key_is_asked_for_where_one_is_needed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="environment variable OPENAI_API_KEY"):
        OpenAIModel("https://example.invalid/v1", "m")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint.model(answer("kitchen")).chat(ASK)
    assert endpoint.keys == ["Bearer no-key"], "a key for a hosted service is not sent over plain HTTP unless it is named"


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sk-one\nsk-two-more", "a line break"),
        ("sk-one sk-two", "a space"),
        ("sk-schlüssel-eins", "beyond ASCII"),
        ("ollama", "shorter than 8 letters"),
    ],
)
def test_a_key_that_could_not_be_sent_or_kept_secret_is_refused(monkeypatch: pytest.MonkeyPatch, key: str, told: str) -> None:
    monkeypatch.setenv("ENACTIVE_TEST_KEY", key)
    with pytest.raises(ConfigError, match=told) as caught:
        OpenAIModel("http://localhost:9/v1", "m", "ENACTIVE_TEST_KEY")
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        f"openai:https://user:{KEY}@host/v1#m",
        f"openai:https://user:{KEY}@host/v1",
        f"openai:https://host/v1?key={KEY}#m",
        f"openai:ftp://user:{KEY}@host/v1#m",
        f"openai:https://host:{KEY}@[/v1#m",
        f"openai:https://host/{KEY}/v1#m",
        f"openai:https://host/v1#{KEY}",
        f"https://user:{KEY}@host/v1#m",
        f"opnai:https://host/v1?key={KEY}#m",
        f"openai:{KEY}:http://localhost:8000/v1#m",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(EnactiveError) as caught:
        make_model(line)
    assert no_piece_of_the_key("".join(traceback.format_exception(caught.value)))


PLAIN_KEY = "sk-verysecret1234"  # without a sign that no address has


@pytest.mark.parametrize(
    "line",
    [
        PLAIN_KEY,
        f"{PLAIN_KEY}:m",
        f"opnai:{PLAIN_KEY}",
        f"openai:{PLAIN_KEY}",
        f"openai:{PLAIN_KEY}#m",
        f"openai:{PLAIN_KEY}/v1#m",
        f"openai:ftp://{PLAIN_KEY}/v1#m",
        f"openai:http://{PLAIN_KEY}:port/v1#m",
    ],
)
def test_what_may_be_a_key_and_is_no_address_is_not_repeated(line: str) -> None:
    with pytest.raises(
        ConfigError, match=r"there is no (such )?model|no address of an endpoint|lacks the model's name"
    ) as caught:
        make_model(line)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("line", [f"openai:http://{PLAIN_KEY}#m", f"openai:http://localhost:9/v1#{PLAIN_KEY}"])
def test_the_key_of_hosted_services_is_not_taken_for_a_part_of_another_address(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLAIN_KEY)
    with pytest.raises(ConfigError, match="holds the key in OPENAI_API_KEY") as caught:
        make_model(line)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", "local")  # no key that a service has given
    assert make_model("openai:http://localhost:9/v1#m").name == "openai:http://localhost:9/v1#m"


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://host:port/v1", "host/v1", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address of an endpoint"):
        OpenAIModel(url, "m")


def test_texts_without_a_key_stay_as_they_are() -> None:
    assert Secret("").short("no\n key  here") == "no key here"
    assert Secret(KEY).clean("sk-very is no key") == "sk-very is no key"


@pytest.mark.parametrize("cut", [12, 13, len(KEY) - 1])
@pytest.mark.parametrize("space", ["\n", " ", "\r\n\t"])
def test_a_key_that_is_broken_by_white_space_is_taken_out_as_a_whole(cut: int, space: str) -> None:
    assert Secret(KEY).clean(f"it is {KEY[:cut]}{space}{KEY[cut:]}, is it") == "it is <key>, is it"
    assert Secret(KEY).clean(f"it is {space.join(KEY)}, is it") == "it is <key>, is it"


@pytest.mark.parametrize("write", [str, str.upper, html.escape, lambda text: quote(text, safe=""), lambda text: " ".join(text)])
def test_the_end_of_a_key_is_a_secret_as_well(write: Callable[[str], str]) -> None:
    assert Secret(KEY).clean(f"...{write(KEY[-12:])} is wrong") == "...<key> is wrong"
    assert Secret(KEY).clean(f"...{KEY[-11:]} is wrong") == f"...{KEY[-11:]} is wrong"


def test_a_long_run_of_white_space_costs_no_more_than_its_length() -> None:
    """4 MB take a moment; were each place looked at from every other one, they would take days."""
    text = " " * (1 << 21) + KEY[:5] + " " * (1 << 21)
    assert Secret(KEY).clean(text) == text
