"""Structured answers, scripted models, the factory and the cache."""

from __future__ import annotations

import json
import multiprocessing
import re
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm import Message, Options, make_model
from enactive.perception.vlm.cache import CachedModel, key
from enactive.perception.vlm.scripted import ScriptedModel

ASK = [Message("user", "where are mugs?")]
SCHEMA = {
    "type": "object",
    "properties": {"room": {"enum": ["kitchen", "office"]}, "sure": {"type": "number", "maximum": 1}},
    "required": ["room", "sure"],
    "additionalProperties": False,
}
GOOD = '{"room": "kitchen", "sure": 0.5}'


class Place(BaseModel):
    room: str
    sure: float


def test_a_schema_gives_plain_values_and_a_model_an_instance() -> None:
    assert ScriptedModel([GOOD]).chat(ASK, schema=SCHEMA).structure == {"room": "kitchen", "sure": 0.5}
    assert ScriptedModel([f"```json\n{GOOD}\n```"]).chat(ASK, schema=Place).structure == Place(room="kitchen", sure=0.5)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("In the kitchen!", "it is not JSON"),
        ("", "it is not JSON"),
        ('{"room": "kitchen", "sure": 0.5', "it is not JSON"),
        ('{"room": "kitchen", "sure": NaN}', "NaN is not JSON"),
        ('{"room": "garage", "sure": 0.5}', "at $.room, 'garage' is not one of"),
        ('{"room": "kitchen", "sure": 7}', "at $.sure, 7 is greater than the maximum"),
        ('{"room": "kitchen"}', "'sure' is a required property"),
        ("[" * 5000 + "]" * 5000, "it is not JSON"),
    ],
)
def test_a_wrong_answer_is_shown_to_the_model_with_what_was_wrong(wrong: str, told: str) -> None:
    model = ScriptedModel([wrong, GOOD])
    reply = model.chat(ASK, schema=SCHEMA)
    assert (reply.structure["room"], reply.tries) == ("kitchen", 2)
    assert model.heard[1][-2].text == wrong
    assert told in model.heard[1][-1].text


def test_a_pydantic_model_says_what_was_wrong() -> None:
    model = ScriptedModel(['{"room": "kitchen", "sure": "very"}', GOOD])
    assert model.chat(ASK, schema=Place).tries == 2
    assert "at sure, Input should be a valid number" in model.heard[1][-1].text


def test_an_answer_that_stays_wrong_is_an_error_and_never_a_guess() -> None:
    model = ScriptedModel(lambda messages: "kitchen")
    with pytest.raises(ModelError, match=r"no valid answer in 3 tries; the last was wrong: it is not JSON"):
        model.chat(ASK, schema=SCHEMA)
    assert len(model.heard) == 3


def test_what_makes_no_sense_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match="no JSON schema"):
        ScriptedModel([GOOD]).chat(ASK, schema={"type": "objekt"})
    with pytest.raises(ConfigError, match="end with a message of the user"):
        ScriptedModel([GOOD]).chat([])
    with pytest.raises(ConfigError, match="no log-probabilities"):
        ScriptedModel([GOOD]).chat(ASK, Options(top_logprobs=2))
    with pytest.raises(ConfigError, match="uint8"):
        Message("user", "this?", (np.zeros((4, 4)),))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="max_tokens"):
        Options(max_tokens=0)
    with pytest.raises(ConfigError, match="deadline_s"):
        Options(deadline_s=float("nan"))


def test_a_script_that_is_used_up_is_an_error() -> None:
    model = ScriptedModel(["one"])
    assert model.chat(ASK).text == "one"
    with pytest.raises(ModelError, match="was given 1 answers"):
        model.chat(ASK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("opanai:http://localhost:8000/v1#m", "did you mean 'openai:http://localhost:8000/v1#name'"),
        ("embeded", "did you mean 'embedded'"),
        ("hf", "did you mean 'hf:NAME'"),
        ("zzzzzz", "the forms are"),
        ("", "the forms are"),
        ("openai:http://localhost:8000/v1", "lacks the model's name"),
        ("openai:localhost#m", "no address of an endpoint"),
        ("openai:http://me:secret@localhost/v1#m", "must not hold a user, a password"),
    ],
)
def test_nonsense_is_answered_with_what_was_meant(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        make_model(text)
    assert "secret" not in str(caught.value)


def test_an_answer_is_kept_and_read_again(tmp_path: Path) -> None:
    first = CachedModel(ScriptedModel([GOOD]), tmp_path)
    told = first.chat(ASK, schema=SCHEMA)
    again = CachedModel(ScriptedModel([]), tmp_path).chat(ASK, Options(deadline_s=1.0), SCHEMA)
    assert (again.structure, again.cached, told.cached) == (told.structure, True, False)
    assert (first.hits, first.misses) == (0, 1)


def test_the_key_tells_all_that_matters_apart() -> None:
    picture = np.zeros((2, 3, 3), dtype=np.uint8)
    other = picture.copy()
    other[1, 2, 0] = 1
    keys = [
        key("a", ASK, Options(), None, False),
        key("b", ASK, Options(), None, False),
        key("a", [Message("user", "where are cups?")], Options(), None, False),
        key("a", [Message("system", "where are mugs?")], Options(), None, False),
        key("a", [Message("user", "where are mugs?", (picture,))], Options(), None, False),
        key("a", [Message("user", "where are mugs?", (other,))], Options(), None, False),
        key("a", [Message("user", "where are mugs?", (picture.reshape(3, 2, 3),))], Options(), None, False),
        key("a", ASK, Options(max_tokens=3), None, False),
        key("a", ASK, Options(temperature=0.5, seed=1), None, False),
        key("a", ASK, Options(stop=("x",)), None, False),
        key("a", ASK, Options(), SCHEMA, False),
        key("a", ASK, Options(), SCHEMA, True),
        key("a", ASK, Options(), Place, False),
    ]
    assert len(set(keys)) == len(keys)
    assert key("a", ASK, Options(deadline_s=1.0), None, False) == keys[0]
    assert key("a", ASK, Options(), None, True) == keys[0]


def test_draws_and_failures_are_not_kept(tmp_path: Path) -> None:
    model = CachedModel(ScriptedModel(["one", "two"]), tmp_path)
    assert [model.chat(ASK, Options(temperature=1.0)).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(ModelError):
        model.chat(ASK)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_no_half_an_answer_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    model = CachedModel(ScriptedModel(["one"]), tmp_path)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="cannot be written"):
        model.chat(ASK)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"version": 1}', '{"version": 0}', '{"version": 1, "text": 3, "logprobs": [4]}']
)
def test_a_broken_file_is_asked_for_anew(tmp_path: Path, broken: str) -> None:
    path = tmp_path / f"{key('scripted', ASK, Options(), None, False)}.json"
    path.write_text(broken)
    assert CachedModel(ScriptedModel(["whole"]), tmp_path).chat(ASK).text == "whole"
    assert json.loads(path.read_text())["text"] == "whole"


def _write_often(folder: Path) -> None:
    for round_ in range(40):
        model = CachedModel(ScriptedModel(lambda messages: messages[0].text * 500), folder)
        question = [Message("user", str(round_ % 4))]
        if model.chat(question).text != str(round_ % 4) * 500:
            raise SystemExit(1)


def test_many_writers_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_often, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 4
