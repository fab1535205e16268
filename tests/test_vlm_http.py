"""Models over HTTP, against a server on this machine that misbehaves on purpose."""

from __future__ import annotations

import base64
import gzip
import http.server
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm import Message, Options, make_model
from enactive.perception.vlm import openai_http as module
from enactive.perception.vlm.openai_http import OpenAIModel

KEY = "sk-very-secret-key"
ASK = [Message("user", "where are mugs?")]
SCHEMA = {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"], "additionalProperties": False}

Misdeed = Callable[[http.server.BaseHTTPRequestHandler], None]


def answer(content: Any, finish: Any = "stop", **more: Any) -> Misdeed:
    """A whole, correct answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish, **more}
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return raw(json.dumps({**body, "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}).encode())


def raw(body: bytes, status: int = 200, **headers: str) -> Misdeed:
    def act(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return act


def dies_in_the_middle(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


def dies_at_once(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def hangs(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.server.released.wait(20)  # type: ignore[attr-defined]


def drips(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(0.05):  # type: ignore[attr-defined]
        handler.wfile.write(b" ")


def floods(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b" " * (1 << 20))
    except (BrokenPipeError, ConnectionResetError):
        return


@dataclass
class Endpoint:
    """Does one misdeed per request, the last one for ever."""

    misdeeds: list[Misdeed] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    def model(self, *misdeeds: Misdeed, **options: Any) -> OpenAIModel:
        self.misdeeds = list(misdeeds)
        return OpenAIModel(self.url, "m", **options)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("ENACTIVE_TEST_KEY", KEY)
    end = Endpoint()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            end.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            end.keys.append(self.headers["Authorization"])
            act = end.misdeeds.pop(0) if len(end.misdeeds) > 1 else end.misdeeds[0]
            try:
                act(self)
            except (BrokenPipeError, ConnectionResetError):
                return
            finally:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.released = threading.Event()  # type: ignore[attr-defined]
    server.daemon_threads = True
    end.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield end
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_arrives_with_its_counts(endpoint: Endpoint) -> None:
    reply = endpoint.model(answer("kitchen")).chat(ASK, Options(seed=3, stop=("x",), max_tokens=9))
    assert (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens) == ("kitchen", "stop", 5, 2)
    sent = endpoint.asked[0]
    assert (sent["seed"], sent["stop"], sent["max_tokens"], sent["temperature"]) == (3, ["x"], 9, 0.0)
    assert "response_format" not in sent
    assert "logprobs" not in sent


def test_the_factory_reaches_it(endpoint: Endpoint) -> None:
    endpoint.misdeeds = [answer("kitchen")]
    model = make_model(f"openai:{endpoint.url}#m")
    assert (model.chat(ASK).text, model.name) == ("kitchen", f"openai:{endpoint.url}#m")


def test_pictures_travel_whole(endpoint: Endpoint) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (7, 5, 3), dtype=np.uint8)
    endpoint.model(answer("a mug")).chat([Message("user", "what is this?", (picture,))])
    part = endpoint.asked[0]["messages"][0]["content"][0]
    sent = Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2])))
    assert np.array_equal(np.asarray(sent), picture)


def test_log_probabilities_are_read(endpoint: Endpoint) -> None:
    token = {"token": "yes", "logprob": -0.1, "bytes": None}
    told = {"content": [{**token, "top_logprobs": [token, {"token": "no", "logprob": -2.5, "bytes": None}]}]}
    reply = endpoint.model(answer("yes", logprobs=told)).chat(ASK, Options(top_logprobs=2))
    assert (reply.logprobs[0].logprob, dict(reply.logprobs[0].top)) == (-0.1, {"yes": -0.1, "no": -2.5})
    assert endpoint.asked[0]["top_logprobs"] == 2


def test_a_schema_is_sent_and_the_answer_checked_all_the_same(endpoint: Endpoint) -> None:
    reply = endpoint.model(answer('{"rom": "kitchen"}'), answer('{"room": "kitchen"}')).chat(ASK, schema=SCHEMA)
    assert (reply.structure, reply.tries) == ({"room": "kitchen"}, 2)
    assert endpoint.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "'room' is a required property" in endpoint.asked[1]["messages"][-1]["content"]


def test_an_endpoint_without_constraints_is_told_the_schema_in_the_prompt(endpoint: Endpoint) -> None:
    model = endpoint.model(answer('{"room": "kitchen"}'), structured=False)
    assert model.chat(ASK, schema=SCHEMA).structure == {"room": "kitchen"}
    assert "response_format" not in endpoint.asked[0]
    assert json.dumps(SCHEMA) in endpoint.asked[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("misdeed", "told"),
    [
        (raw(b"<html>hello</html>"), "something else than JSON: '<html>hello</html>'"),
        (raw(b""), "something else than JSON"),
        (raw(b"[" * 100_000), "something else than JSON"),
        (raw(b"{}"), "no chat completion"),
        (raw(b"[]"), "no chat completion"),
        (raw(b'{"choices": []}'), "no chat completion"),
        (raw(b'{"choices": [{"message": null}]}'), "no chat completion"),
        (answer(""), "empty answer"),
        (answer(" \n"), "empty answer"),
        (answer(None), "empty answer"),
        (answer(None, "length"), "empty answer"),
        (answer([1, 2]), "empty answer|no chat completion"),
        (answer("no", "content_filter"), "ended its answer for the reason 'content_filter'"),
        (answer("no", None), "ended its answer for the reason None"),
        (floods, "sent more than 8 MiB"),
        (raw(b"not gzip", Content_Encoding="gzip"), "do not decode"),
        (raw(gzip.compress(b"\0" * (9 << 20)), Content_Encoding="gzip"), "sent more than 8 MiB"),
        (dies_in_the_middle, "failed 4 times: the connection failed"),
        (dies_at_once, "failed 4 times: the connection failed"),
        (raw(b'{"error": {"message": "busy"}}', 503), "failed 4 times: the server is in trouble"),
        (raw(b'{"error": {"message": "no such model"}}', 404), "refused the request .status 404.*no such model"),
        (raw(b'{"error": {"message": "too long"}}', 400), "refused the request .status 400.*too long"),
    ],
)
def test_a_broken_answer_is_an_error(endpoint: Endpoint, misdeed: Misdeed, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        endpoint.model(misdeed).chat(ASK, Options(deadline_s=20.0))


@pytest.mark.parametrize("misdeed", [dies_in_the_middle, dies_at_once, raw(b"{}", 500), raw(b"{}", 429, Retry_After="0.1")])
def test_what_passes_is_tried_again(endpoint: Endpoint, misdeed: Misdeed) -> None:
    assert endpoint.model(misdeed, misdeed, answer("kitchen")).chat(ASK).text == "kitchen"
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize("misdeed", [hangs, drips])
def test_a_deadline_is_kept(endpoint: Endpoint, misdeed: Misdeed) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
        endpoint.model(misdeed).chat(ASK, Options(deadline_s=0.3))
    assert time.monotonic() - started < 3.0


def test_the_deadline_holds_for_all_tries_together(endpoint: Endpoint) -> None:
    with pytest.raises(ModelError, match=r"no answer within|no valid answer within"):
        endpoint.model(answer("nonsense"), hangs).chat(ASK, Options(deadline_s=1.0), SCHEMA)


def test_a_rate_limit_that_ends_after_the_deadline_is_not_waited_for(endpoint: Endpoint) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"rate-limited.*the next attempt is in 30 s"):
        endpoint.model(raw(b"{}", 429, Retry_After="30")).chat(ASK, Options(deadline_s=5.0))
    assert time.monotonic() - started < 4.0
    assert len(endpoint.asked) == 1


def test_a_text_that_was_cut_off_says_so(endpoint: Endpoint) -> None:
    assert endpoint.model(answer("in the", "length")).chat(ASK).finish == "length"
    with pytest.raises(ModelError, match="cut off after 7 tokens"):
        endpoint.model(answer('{"room": "kit', "length")).chat(ASK, Options(max_tokens=7), SCHEMA)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"connection failed|the next attempt"):
        OpenAIModel("http://127.0.0.1:9/v1", "m").chat(ASK, Options(deadline_s=3.0))


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(endpoint: Endpoint) -> None:
    model = endpoint.model(answer("kitchen"), key_variable="ENACTIVE_TEST_KEY")
    model.chat(ASK)
    assert endpoint.keys == [f"Bearer {KEY}"]
    assert KEY not in f"{model!r} {model.name} {model._client!r}"


@pytest.mark.parametrize("status", [401, 403, 400, 404, 429, 500])
def test_a_server_that_repeats_the_key_does_not_spread_it(endpoint: Endpoint, status: int) -> None:
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    model = endpoint.model(raw(said, status), key_variable="ENACTIVE_TEST_KEY")
    with pytest.raises((ModelError, ConfigError)) as caught:
        model.chat(ASK)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__
    if status in (401, 403):
        assert "refused the key in ENACTIVE_TEST_KEY" in str(caught.value)


def test_a_key_is_asked_for_where_one_is_needed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="environment variable OPENAI_API_KEY"):
        OpenAIModel("https://example.invalid/v1", "m")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint.model(answer("kitchen")).chat(ASK)
    assert endpoint.keys == ["Bearer no-key"], "a key for a hosted service is not sent over plain HTTP unless it is named"
