"""Holding a language model to the 24 tags: at each step only what continues an answer within the limits may follow."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import regex
import torch
from transformers import LogitsProcessor

from enactive.envs.shadow_hand.joints import RANGES_RAD
from enactive.envs.shadow_hand.model import Side

from . import xml_format

_CHARACTERS = "0123456789.-"


class Tagged(LogitsProcessor):
    """Masks scores so that every row becomes a match of `xml_format.pattern`.

    Tags are whole tokens and follow by themselves; within a number the model chooses among the tokens of single characters
    that keep it within its joint's range. The tokenizer must hold `xml_format.new_tokens`. prompt_length: tokens before.
    """

    def __init__(self, tokenizer: Any, side: Side, prompt_length: int) -> None:
        self.tokenizer, self.side, self.prompt_length = tokenizer, side, prompt_length
        self.end = int(tokenizer.eos_token_id)
        names = xml_format.tags(side)
        self.opening = tokenizer.convert_tokens_to_ids([f"<{name}>" for name in names])
        self.closing = tokenizer.convert_tokens_to_ids([f"</{name}>" for name in names])
        ranges = RANGES_RAD.values()
        self._numbers = [regex.compile(xml_format.number_pattern(low, high)) for low, high in ranges]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        masked = torch.full_like(scores, -torch.inf)
        for row, ids in enumerate(input_ids[:, self.prompt_length :].tolist()):
            allowed = self._allowed(ids)
            masked[row, allowed] = scores[row, allowed]
        return masked

    def _allowed(self, ids: list[int]) -> list[int]:
        """Tokens that may follow what is written."""
        done = sum(1 for token in ids if token in self._closed)
        if done == len(self.opening):
            return [self.end]
        if not ids or ids[-1] in self._closed:
            return [self.opening[done]]
        number = self.tokenizer.decode(ids[ids.index(self.opening[done]) + 1 :])
        expression = self._numbers[done]
        if expression.fullmatch(number):
            return [self.closing[done]]
        return [token for token, c in self._characters.items() if expression.fullmatch(number + c, partial=True)]

    @cached_property
    def _closed(self) -> set[int]:
        return set(self.closing)

    @cached_property
    def _characters(self) -> dict[int, str]:
        """The tokens of the single characters that numbers are made of."""
        return {self.tokenizer(c, add_special_tokens=False)["input_ids"][0]: c for c in _CHARACTERS}
