"""Models over HTTP, against a server on this machine that misbehaves on purpose."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unruly_endpoint import (
    Endpoint,
    Misdeed,
    answer,
    dies_at_once,
    dies_in_the_middle,
    drips,
    drips_headers,
    floods,
    hangs,
    raw,
    serving,
)

from enactive.errors import ModelError
from enactive.perception.vlm import Message, Options, make_model
from enactive.perception.vlm.cache import CachedModel
from enactive.perception.vlm.openai_http import OpenAIModel

ASK = [Message("user", "where are mugs?")]
SCHEMA = {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"], "additionalProperties": False}
WITH_COUNT = b'{"choices": [{"message": {"content": "no"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": %s}}'


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving(monkeypatch) as server:
        yield server


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


def test_an_answer_that_was_held_to_a_schema_is_not_taken_for_one_that_was_not(endpoint: Endpoint, tmp_path: Path) -> None:
    rooms = [f'{{"room": "{room}"}}' for room in ("kitchen", "office")]
    for _ in range(2):  # the second time nothing is asked
        for room, structured in zip(rooms, (True, False), strict=True):
            model = CachedModel(endpoint.model(answer(room), structured=structured), tmp_path)
            assert model.chat(ASK, schema=SCHEMA).text == room
    assert ["response_format" in sent for sent in endpoint.asked] == [True, False]


@pytest.mark.parametrize(
    ("misdeed", "told"),
    [
        (raw(b"<html>hello</html>"), "something else than JSON: '<html>hello</html>'"),
        (raw(b""), "something else than JSON"),
        (raw(b"[" * 100_000), "something else than JSON"),
        (raw(b"{}"), "no chat completion"),
        (raw(b"[]"), "no chat completion"),
        (raw(b'{"error": {"message": "no such model"}}'), "an error in place of an answer: no such model"),
        (raw(b'{"error": "busy"}'), "an error in place of an answer: .*busy"),
        (raw(b'{"choices": []}'), "no chat completion"),
        (raw(b'{"choices": [{"message": null}]}'), "no chat completion"),
        (answer(""), "empty answer"),
        (answer(" \n"), "empty answer"),
        (answer(None), "empty answer"),
        (answer(None, "length"), "empty answer"),
        (answer([1, 2]), "empty answer|no chat completion"),
        (raw(WITH_COUNT % b'"five"'), "no chat completion .TypeError: prompt_tokens is 'five'"),
        (answer("no", "content_filter"), "ended its answer for the reason 'content_filter'"),
        (answer("no", None), "ended its answer for the reason None"),
        (floods(), "sent more than 8 MiB"),
        (floods(400), "sent more than 8 MiB"),
        (floods(500), "sent more than 8 MiB"),
        (raw(b"not gzip", Content_Encoding="gzip"), "do not decode"),
        (raw(b"not gzip", 400, Content_Encoding="gzip"), "do not decode"),
        (raw(gzip.compress(b"\0" * (9 << 20)), Content_Encoding="gzip"), "sent more than 8 MiB"),
        (raw(gzip.compress(b"\0" * (9 << 20)), 400, Content_Encoding="gzip"), "sent more than 8 MiB"),
        (dies_in_the_middle, "failed 4 times: the connection failed"),
        (dies_at_once, "failed 4 times: the connection failed"),
        (raw(b'{"error": {"message": "busy"}}', 503), "failed 4 times: the server is in trouble"),
        (raw(b'{"error": {"message": "no such model"}}', 404), "refused the request .status 404.*no such model"),
        (raw(b'{"error": {"message": "too long"}}', 400), "refused the request .status 400: too long"),
        (raw(b"Bad Request", 400), "refused the request .status 400: Bad Request"),
        (raw(b'{"error": {"message": null, "code": "E7"}}', 400), "refused the request .status 400: .*E7"),
    ],
)
def test_a_broken_answer_is_an_error(endpoint: Endpoint, misdeed: Misdeed, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        endpoint.model(misdeed).chat(ASK, Options(deadline_s=20.0))


@pytest.mark.parametrize(
    "misdeed",
    [
        dies_in_the_middle,
        dies_at_once,
        raw(b"{}", 500),
        raw(b"{}", 429, Retry_After="0.1"),
        raw(b"{}", 429, Retry_After="nan"),
    ],
)
def test_what_passes_is_tried_again(endpoint: Endpoint, misdeed: Misdeed) -> None:
    assert endpoint.model(misdeed, misdeed, answer("kitchen")).chat(ASK).text == "kitchen"
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize("misdeed", [hangs, drips_headers, drips(), drips(400), drips(500)])
def test_a_deadline_is_kept(endpoint: Endpoint, misdeed: Misdeed) -> None:
    model, started = endpoint.model(misdeed), time.monotonic()
    with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
        model.chat(ASK, Options(deadline_s=0.3))
    assert time.monotonic() - started < 3.0


@pytest.mark.parametrize("misdeed", [hangs, drips(), drips(400), drips(500)])
def test_nothing_waits_on_after_the_deadline(endpoint: Endpoint, misdeed: Misdeed) -> None:
    model, before = endpoint.model(misdeed), set(threading.enumerate())
    with pytest.raises(ModelError):
        model.chat(ASK, Options(deadline_s=0.3))
    waiting = [each for each in set(threading.enumerate()) - before if each.name.startswith("enactive-openai")]
    for each in waiting:
        each.join(3.0)
    assert not any(each.is_alive() for each in waiting)


def test_a_process_ends_though_a_server_has_not(endpoint: Endpoint) -> None:
    """Of headers that drip the client is not told before they are whole: whoever waits for them must not be waited for."""
    endpoint.misdeeds = [drips_headers]
    asks = "chat([Message('user', 'hello')], Options(deadline_s=0.3))"
    program = f"from enactive.perception.vlm import *; make_model('openai:{endpoint.url}#m').{asks}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "gave no answer within 0.3 s" in ended.stderr) == (1, True), ended.stderr


def test_nothing_is_read_of_what_stands_beside_a_redirect(endpoint: Endpoint) -> None:
    model, started = endpoint.model(drips(307)), time.monotonic()
    with pytest.raises(ModelError, match=r"failed 4 times: the connection failed .Exceeded maximum allowed redirects"):
        model.chat(ASK, Options(deadline_s=20.0))
    assert time.monotonic() - started < 10.0


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
