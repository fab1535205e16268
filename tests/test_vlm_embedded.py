"""The embedded language model, in process and behind the server that transformers brings."""

from __future__ import annotations

import copy
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers.modeling_gguf_pytorch_utils as gguf_files
from gguf.tensor_mapping import TensorNameMap
from transformers import AutoConfig

from enactive.errors import ModelError
from enactive.perception.vlm import Message, Options, make_model
from enactive.perception.vlm.hf import HFModel
from enactive.perception.vlm.openai_http import OpenAIModel
from enactive.planners.unigoal import GoalGraph, GoalNode
from enactive.planners.unigoal.llm_reasoner import LLMReasoner
from enactive.pretrained import SMOLLM2, load_path

torch.set_num_threads(1)
ASK = [Message("user", "What is the capital of France? Answer in one short sentence.")]
START_S = 120.0


parsed: list[bool] = []  # whether with the weights, each time that transformers parsed the file of the embedded model
tables: list[tuple[Any, ...]] = []  # for what each table of names was made


@pytest.fixture(scope="module")
def smollm() -> HFModel:
    parse, mapped = gguf_files.load_gguf_checkpoint, TensorNameMap.__init__

    def counted(path: str, return_tensors: bool = False, **more: Any) -> Any:
        parsed.append(return_tensors)
        return parse(path, return_tensors, **more)

    def told(table: TensorNameMap, *of: Any) -> None:
        tables.append(of)
        mapped(table, *of)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TensorNameMap, "__init__", told)
        patched.setattr(gguf_files, "load_gguf_checkpoint", counted)
        model = make_model("embedded")
    assert isinstance(model, HFModel)
    return model


def test_its_file_is_parsed_once_and_says_what_is_known_of_it(smollm: HFModel) -> None:
    assert parsed == [True]
    assert len(tables) == 1
    path = load_path(SMOLLM2)
    told = AutoConfig.from_pretrained(path.parent, gguf_file=path.name).to_dict()
    known = smollm.model.config.to_dict()
    apart = {name for name in told.keys() | known.keys() if told.get(name) != known.get(name)}
    assert apart <= {"_model_name_or_path", "dtype"}, {name: (told.get(name), known.get(name)) for name in apart}


def test_it_answers_the_same_every_time(smollm: HFModel) -> None:
    reply = smollm.chat(ASK, Options(max_tokens=24))
    assert "Paris" in reply.text
    assert reply.text == smollm.chat(ASK, Options(max_tokens=24)).text
    assert smollm.name.startswith("embedded:smollm2@b179c9523d0e")


def test_it_is_held_to_a_schema(smollm: HFModel) -> None:
    city = {"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}, "sure": {"type": "boolean"}}}
    schema = {**city, "required": ["city", "sure"], "additionalProperties": False}
    reply = smollm.chat(ASK, Options(max_tokens=40), schema)
    assert (set(reply.structure), reply.tries) == ({"city", "sure"}, 1)


def test_it_prefers_the_right_continuation(smollm: HFModel) -> None:
    right, wrong = smollm.score(ASK, ["The capital of France is Paris.", "The capital of France is Tokyo."])
    assert right > wrong


def test_it_serves_as_a_reasoner_where_the_question_is_small(smollm: HFModel) -> None:
    mind = LLMReasoner(smollm)
    assert 0.0 <= mind.related("mug", "kettle") <= 1.0
    assert mind.decompose(GoalGraph((GoalNode("mug"), GoalNode("counter")))) in ([[0, 1]], [[0], [1]])


@pytest.fixture(scope="module")
def served(smollm: HFModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAIModel]:
    """The same weights behind `transformers serve` on this machine."""
    folder = tmp_path_factory.mktemp("smollm")
    copy.deepcopy(smollm.model).to(torch.bfloat16).save_pretrained(folder)
    smollm.tokenizer.save_pretrained(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder), "--host", "127.0.0.1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([*command, "--port", str(port), "--device", "cpu"], stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + START_S
        while not answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.2)
        yield OpenAIModel(f"http://127.0.0.1:{port}/v1", str(folder), structured=False, logprobs=False)
    finally:
        server.terminate()
        server.wait(30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def test_transformers_own_server_gives_the_answer_too(served: OpenAIModel) -> None:
    reply = served.chat(ASK, Options(max_tokens=24))
    assert "Paris" in reply.text
    assert reply.completion_tokens


def test_what_that_server_leaves_out_is_an_error(served: OpenAIModel) -> None:
    with pytest.raises(ModelError, match="told no log-probabilities"):
        OpenAIModel(served.url, served.model).chat(ASK, Options(top_logprobs=1))
