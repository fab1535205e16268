"""Where an answer in process ends at a stop string: its text, and the log-probabilities of that text alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from test_vlm_hf import text_model

from enactive.perception.vlm import Message, Options
from enactive.perception.vlm.hf import HFModel

torch.set_num_threads(1)
ASK = [Message("user", "where are mugs?")]
Scored = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def spelling(model: HFModel, text: str) -> Callable[[int], Scored]:
    """A logits processor that lets the model write this text and nothing else."""
    tokens = model.tokenizer(text, add_special_tokens=False)["input_ids"]

    def held(length: int) -> Scored:
        def step(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            only = torch.full_like(scores, -torch.inf)
            only[:, tokens[ids.shape[1] - length]] = 0.0
            return only

        return step

    return held


@pytest.mark.parametrize("stop", [("\nUser",), ("\nUser", "never"), ("\n",), ("ú.",), ("!",)])
def test_log_probabilities_end_where_the_text_does(stop: tuple[str, ...]) -> None:
    model, written = text_model(), "el ñandú.\nUser: no"
    count = len(model.tokenizer(written, add_special_tokens=False)["input_ids"])
    reply = model.write(ASK, spelling(model, written), Options(max_tokens=count, top_logprobs=1, stop=stop))
    said = written[: min((written.index(one) for one in stop if one in written), default=len(written))]
    assert reply.text == said
    assert len(reply.logprobs) == len(model.tokenizer(said, add_special_tokens=False)["input_ids"])
    assert "".join(one.token for one in reply.logprobs if one.token.isascii()) == "".join(x for x in said if x.isascii())
    assert len(reply.logprobs) <= (reply.completion_tokens or 0) <= count  # what was written is counted, the stop string too


def test_a_token_in_which_the_stop_string_begins_is_told() -> None:
    model = text_model()
    model.tokenizer.add_tokens([".\nUser"])
    model.model.resize_token_embeddings(len(model.tokenizer))
    reply = model.write(ASK, spelling(model, "a mug.\nUser"), Options(max_tokens=6, top_logprobs=0, stop=("\nUser",)))
    assert (reply.text, [one.token for one in reply.logprobs]) == ("a mug.", ["a", " ", "m", "u", "g", ".\nUser"])
