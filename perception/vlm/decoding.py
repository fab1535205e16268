"""What is done to the scores of the next token: drawing with a seed of its own, holding to a pattern, stopping in time."""

from __future__ import annotations

import time
from typing import Any

import regex
import torch
from transformers import LogitsProcessor, StoppingCriteria

from enactive.errors import ModelError

LIKELY = 64  # tokens that are tried before all others


class Drawn(LogitsProcessor):
    """Adds Gumbel noise to scores/temperature, so that the largest is a draw from the softmax (Gumbel-max).

    A generator of its own keeps torch's global random state out of it: a seed gives the same draws whatever else runs.
    """

    def __init__(self, temperature: float, seed: int | None) -> None:
        self.temperature = temperature
        self.generator = torch.Generator()
        if seed is None:
            self.generator.seed()
        else:
            self.generator.manual_seed(seed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        uniform = torch.rand(scores.shape, generator=self.generator).clamp_(1e-20, 1.0 - 1e-7)
        return scores.float() / self.temperature - torch.log(-torch.log(uniform)).to(scores.device)


class Held(LogitsProcessor):
    """Leaves only the best token after which the text can still become a match of the pattern.

    Tokens are tried from the best down, so together with `Drawn` the result is a draw from the distribution over the tokens
    that are allowed. Raises ModelError where none is. For a batch of one.
    """

    def __init__(self, pattern: str, tokenizer: Any, prompt_length: int) -> None:
        self.pattern = regex.compile(pattern)
        self.tokenizer = tokenizer
        self.prompt_length = prompt_length
        self.never = set(tokenizer.all_special_ids)
        self.end = int(tokenizer.eos_token_id)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        chosen = self._choose(input_ids[0, self.prompt_length :].tolist(), scores[0])
        only = torch.full_like(scores, -torch.inf)
        only[0, chosen] = 0.0
        return only

    def _choose(self, written: list[int], scores: torch.Tensor) -> int:
        text = self._text(written)
        complete = self.pattern.fullmatch(text) is not None
        if complete and not text[-1].isdigit():  # only a number could go on
            return self.end
        likely = torch.topk(scores, min(LIKELY, scores.numel())).indices.tolist()
        for token in likely:
            if self._allowed(written, text, token, complete):
                return int(token)
        for token in torch.argsort(scores, descending=True).tolist()[LIKELY:]:
            if self._allowed(written, text, token, complete):
                return int(token)
        raise ModelError(f"no token of the vocabulary can follow {text!r} by the schema")

    def _allowed(self, written: list[int], text: str, token: int, complete: bool) -> bool:
        if token == self.end:
            return complete
        if token in self.never:
            return False
        longer = self._text([*written, token])  # a part of a character shows as U+FFFD, which strings may hold
        return longer != text and self.pattern.fullmatch(longer, partial=True) is not None

    def _text(self, tokens: list[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False))


class Deadline(StoppingCriteria):
    """Stops every sequence when time is up, and remembers that it did."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.passed = False

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        self.passed = time.monotonic() > self.at
        return torch.full((input_ids.shape[0],), self.passed, dtype=torch.bool, device=input_ids.device)
