"""Any endpoint that speaks OpenAI's chat completions, on this machine or far away, through the official client.

The client is asked for one try at a time and for the raw bytes: tries, waiting, the deadline and the size are kept here, so
that each way a server can misbehave ends in time and in one sentence.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from enactive.errors import ConfigError, ModelError

from .base import Capabilities, Message, Options, Reply, Schema, TokenLogprob, UnsaidAnswer, check
from .endpoint import KEY_VARIABLE, check_address, check_keyless, key_of
from .request import dispensable, refused_parts, request
from .secret import Secret
from .structure import validated

if TYPE_CHECKING:
    import httpx2

DEFAULTS = Options()
NO_KEY = "no-key"  # what servers without keys are sent, since the client insists on one
MOST_ATTEMPTS = 4
FIRST_WAIT_S = 0.5  # doubles with each attempt, where the server does not say how long
MOST_BYTES = 8 << 20
LOGGERS = ("openai._base_client", "httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "proxy", "socks")))
NO_ROOM = "output limit was reached"  # what OpenAI says of a model that reasoned until there was no token left
UNSAID = "gave an empty answer: its tokens ran out before the first word, as they may where a model reasons; raise max_tokens"
DEADLINE: ContextVar[float] = ContextVar("deadline")  # of the attempt that this thread makes
REFUSED = {400, 422}  # the request is not taken as it is
LATER = {408, 409, 429, 500, 502, 503, 504, 529}  # worth another attempt


class _Again(Exception):
    """An attempt failed in a way that may pass. wait_s: how long the server asks to wait, None where it does not say."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


class _RefusedError(ModelError):
    """A request is not taken as it is. parts: what in it may be the reason, and can be done without."""

    def __init__(self, what: str, parts: Sequence[str]) -> None:
        super().__init__(what)
        self.parts = parts


class OpenAIModel:
    """A model behind an endpoint.

    url: "http://localhost:8000/v1". model: its name there. key_variable: environment variable that holds the key; where not
    given, OPENAI_API_KEY over https and none over http. structured: the endpoint holds answers to `response_format`; where
    False, which it becomes once that is refused, the schema is told in the prompt only. logprobs, images: whether model and
    endpoint can. Raises ConfigError where the url is none, the key is missing, or the client is not installed.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key_variable: str | None = None,
        structured: bool = True,
        logprobs: bool = True,
        images: bool = True,
    ) -> None:
        check_address(url)
        try:
            import openai
        except ImportError as problem:
            raise ConfigError("models over HTTP need the client: pip install 'enactive[openai]'") from problem
        self.url, self.model = url.rstrip("/"), model
        self.capabilities = Capabilities(images=images, structured=structured, logprobs=logprobs)
        self._refused = frozenset[str]()  # parts of a request that the endpoint was found to answer only without
        self._key_variable = key_variable or (KEY_VARIABLE if url.startswith("https:") else None)
        self._secret = Secret(key_of(self._key_variable, url))
        check_keyless(self.name, self._key_variable)
        for logger in LOGGERS:  # they write down addresses and what the server answered
            logging.getLogger(logger).addFilter(self._secret)
        http = openai.DefaultHttpxClient(event_hooks={"response": [self._hold]})
        self._client = openai.OpenAI(base_url=self.url, api_key=self._secret.key or NO_KEY, max_retries=0, http_client=http)

    @property
    def name(self) -> str:
        """Its address, and from when it was found out on that it takes no temperature: its answers are draws then."""
        return f"openai:{self.url}#{self.model}" + " without temperature" * ("temperature" in self._refused)

    def __repr__(self) -> str:
        return f"OpenAIModel({self.url!r}, {self.model!r})"

    def chat(self, messages: Sequence[Message], options: Options = DEFAULTS, schema: Schema | None = None) -> Reply:
        check(messages, options, self.capabilities, self.name)
        return validated(self._answer, messages, options, schema)

    def _answer(self, messages: Sequence[Message], options: Options, schema: Mapping[str, Any] | None) -> Reply:
        """One answer, over as many attempts as the deadline and `MOST_ATTEMPTS` allow, without what is refused of the request.

        What it took to be answered is known from then on: that a refusal names a part does not yet mean that this was it.
        """
        started = time.monotonic()
        held = schema if self.capabilities.structured else None
        refused, attempt = self._refused, 1
        while True:
            body = request(self.model, messages, options, held, refused)
            try:
                payload = self._post(body, started + options.deadline_s, options.deadline_s)
            except _RefusedError as problem:
                part = dispensable(body, problem.parts)
                if part is None:
                    raise
                refused |= {part}
            except _Again as problem:
                self._wait(problem, attempt, max(started + options.deadline_s - time.monotonic(), 0.0))
                attempt += 1
            else:
                self._find_out(refused)
                return self._read(payload, options, time.monotonic() - started)

    def _find_out(self, refused: frozenset[str]) -> None:
        self._refused |= refused
        if "response_format" in refused:
            self.capabilities = replace(self.capabilities, structured=False)

    def _wait(self, problem: _Again, attempt: int, left_s: float) -> None:
        """Wait after an attempt that failed, the first being number 1. Raises ModelError where there is to be no other."""
        if attempt == MOST_ATTEMPTS:
            raise ModelError(f"{self.name} failed {attempt} times: {problem}") from None
        wait_s = problem.wait_s if problem.wait_s is not None else FIRST_WAIT_S * 2.0 ** (attempt - 1)
        if wait_s >= left_s:
            raise ModelError(
                f"{self.name}: {problem}; the next attempt is in {wait_s:.3g} s, the deadline in {left_s:.3g} s"
            ) from None
        time.sleep(wait_s)

    def _post(self, body: Mapping[str, Any], deadline: float, deadline_s: float) -> bytes:
        """The bytes of one answer. A thread waits for them, so that a server that drips bytes holds neither the caller nor,
        since the thread is a daemon, the end of the process.
        """
        came = Future[bytes]()
        threading.Thread(target=self._bring, args=(came, body, deadline), name="enactive-openai", daemon=True).start()
        try:
            return came.result(max(deadline - time.monotonic(), 0.0))
        except TimeoutError:
            raise ModelError(f"{self.name} gave no answer within {deadline_s:.3g} s") from None

    def _bring(self, came: Future[bytes], body: Mapping[str, Any], deadline: float) -> None:
        try:
            came.set_result(self._attempt(body, deadline))
        except Exception as problem:  # noqa: BLE001  # reason: whatever it is, it is raised where the bytes are awaited
            came.set_exception(problem)

    def _attempt(self, body: Mapping[str, Any], deadline: float) -> bytes:
        import httpx2
        import openai

        DEADLINE.set(deadline)
        left_s = max(deadline - time.monotonic(), 1e-3)
        try:
            with self._client.chat.completions.with_streaming_response.create(**body, timeout=left_s) as response:
                return self._drain(response.iter_bytes())
        except (openai.APITimeoutError, httpx2.TimeoutException):
            raise TimeoutError from None
        except (openai.APIConnectionError, httpx2.TransportError) as problem:
            raise _Again(f"the connection failed ({self._secret.short(problem.__cause__ or problem)})") from None

    def _hold(self, response: httpx2.Response) -> None:
        """Read a refusal here, since the client would read it to its end, and nothing of what stands beside a redirect."""
        import httpx2

        if response.has_redirect_location:
            assert isinstance(response.stream, httpx2.SyncByteStream)  # reason: the client is none that is awaited
            response.stream.close()
            response.stream = httpx2.ByteStream(b"")
        elif not response.is_success:
            raise self._refusal(response.status_code, response.headers, self._drain(response.iter_bytes()))

    def _drain(self, chunks: Iterator[bytes]) -> bytes:
        """A body, of at most `MOST_BYTES` and before the deadline of this thread."""
        import httpx2

        received = bytearray()
        try:
            for chunk in chunks:
                received += chunk
                if len(received) > MOST_BYTES:
                    raise ModelError(f"{self.name} sent more than {MOST_BYTES >> 20} MiB, which is no answer")
                if time.monotonic() > DEADLINE.get():
                    raise TimeoutError
        except httpx2.DecodingError as problem:
            raise ModelError(f"{self.name} sent bytes that do not decode ({self._secret.short(problem)})") from None
        return bytes(received)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        """What a status of 400 and above means."""
        said = f"status {status}: {self._secret.short(_reason(body))}"
        if status in (401, 403):
            where = f"in {self._key_variable}"
            if not self._key_variable:
                where = f"(none was sent: name its environment variable, as in openai:VARIABLE:{self.url}#{self.model})"
            return ConfigError(f"{self.name} refused the key {where} (status {status})")
        if status in LATER:
            what = "rate-limited" if status == 429 else "the server is in trouble"
            return _Again(f"{what} ({said})", _retry_after_s(headers))
        if status == 400 and NO_ROOM in _reason(body):
            return UnsaidAnswer(f"{self.name} {UNSAID} ({said})")
        parts = refused_parts(body.decode(errors="replace")) if status in REFUSED else ()
        return _RefusedError(f"{self.name} refused the request ({said})", parts)

    def _read(self, payload: bytes, options: Options, seconds: float) -> Reply:
        """The reply in a body. Raises ModelError where it is none."""
        try:
            body = json.loads(payload)
        except (ValueError, RecursionError):
            start = self._secret.short(payload.decode(errors="replace"))
            raise ModelError(f"{self.name} sent something else than JSON: {start!r}") from None
        if isinstance(body, dict) and body.get("error"):  # some servers send what went wrong with status 200
            raise ModelError(f"{self.name} sent an error in place of an answer: {self._secret.short(_reason(payload))}")
        try:
            choice, usage = body["choices"][0], body.get("usage") or {}
            text, finish = _text(choice["message"]["content"] or ""), choice["finish_reason"]
            logprobs = tuple(_token(one) for one in (choice.get("logprobs") or {}).get("content") or ())
            read, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as problem:
            said = self._secret.short(f"{type(problem).__name__}: {problem}")
            raise ModelError(f"{self.name} sent JSON that is no chat completion ({said})") from None
        if finish not in ("stop", "length"):
            raise ModelError(f"{self.name} ended its answer for the reason {self._secret.short(repr(finish))}")
        if not text.strip() and finish == "length":
            raise UnsaidAnswer(f"{self.name} {UNSAID}")
        if not text.strip():
            raise ModelError(f"{self.name} gave an empty answer (finish reason {finish!r})")
        told = (text, "".join(one.token for one in logprobs), *(token for one in logprobs for token in one.top))
        if any(map(self._secret.told_by, told)):
            raise ModelError(f"{self.name} repeats the key in {self._key_variable} in its answer: use a server that does not")
        if options.top_logprobs is not None and not logprobs:
            raise ModelError(f"{self.name} told no log-probabilities: make the model with logprobs=False")
        return Reply(text, finish, None, logprobs, read, written, seconds)


def _reason(body: bytes) -> str:
    """What a refusal says: the message in it where it is written as OpenAI does, else all of it."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, RecursionError, LookupError, TypeError):
        message = None
    return message if isinstance(message, str) and message else body.decode(errors="replace")


def _token(told: Mapping[str, Any]) -> TokenLogprob:
    """A token with its alternatives. Raises TypeError where one is no text."""
    top = {_text(one["token"]): float(one["logprob"]) for one in told["top_logprobs"]}
    return TokenLogprob(_text(told["token"]), float(told["logprob"]), top)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    """A number of tokens, None where it is not told. Raises TypeError where it is no number."""
    value = usage.get(name)
    if value is not None and not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}")
    return value


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header; None where there is none that is a number."""
    try:
        wait_s = float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return None if math.isnan(wait_s) else max(wait_s, 0.0)
