"""Answers drawn behind texts that were read: what several draws have in common is worked out once.

Of eight draws at temperature 0.7 most are the same command. Their tokens stand behind the prompt once, each seeing the prompt
and its own beginning alone, so that each draw comes from the same distribution as if it had been written by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..d2po.policy import MAX_ANSWER_TOKENS
from .prefixes import Text, forward

if TYPE_CHECKING:
    import torch

    from ..d2po.policy import Ids, Policy


@dataclass(slots=True)
class _Beginning:
    """What some draws at one prompt have written so far. draws: which; sees: (length,) of the text, 0 or minus infinity."""

    written: Ids
    draws: list[int]
    sees: torch.Tensor


def write(
    policy: Policy,
    hidden: torch.Tensor,
    texts: Sequence[Text],
    counts: Sequence[int],
    temperature: float,
    generator: torch.Generator,
    tokens: int = MAX_ANSWER_TOKENS,
) -> list[list[str]]:
    """`counts` answers to each of N prompts that were read, cut after `tokens`. hidden: (N, size) after their last tokens.

    At temperature 0 all are the likeliest tokens. What is written is put behind the texts.
    """
    out = [[""] * count for count in counts]
    open_ = [
        [_Beginning((), list(range(count)), hidden.new_zeros(text.length))] for text, count in zip(texts, counts, strict=True)
    ]
    prompts = [text.length for text in texts]
    while rows := [(i, one) for i, own in enumerate(open_) for one in own]:
        drawn = _drawn(policy.model.lm_head(hidden).float(), max(len(one.draws) for _, one in rows), temperature, generator)
        open_ = [[] for _ in texts]
        for (i, one), said in zip(rows, drawn, strict=True):
            of_token: dict[int, list[int]] = {}
            for draw, token in zip(one.draws, said, strict=False):
                of_token.setdefault(token, []).append(draw)
            for token, draws in of_token.items():
                written = one.written if token == policy.end else (*one.written, token)
                if token == policy.end or len(written) == tokens:
                    answer = str(policy.tokenizer.decode(written, skip_special_tokens=True)).strip()
                    for draw in draws:
                        out[i][draw] = answer
                else:
                    open_[i].append(_Beginning(written, draws, one.sees))
        if any(open_):
            hidden = _grown(policy, texts, prompts, open_)
    return out


def _drawn(logits: torch.Tensor, most: int, temperature: float, generator: torch.Generator) -> list[list[int]]:
    """`most` tokens for each of M beginnings. logits: (M, vocabulary)."""
    import torch

    if temperature == 0.0:
        return logits.argmax(-1, keepdim=True).expand(-1, most).tolist()
    return torch.multinomial((logits / temperature).softmax(-1), most, replacement=True, generator=generator).tolist()


def _grown(policy: Policy, texts: Sequence[Text], prompts: Sequence[int], open_: Sequence[list[_Beginning]]) -> torch.Tensor:
    """(M, size) after the last token of each beginning, which is put behind its text and sees its own beginning alone."""
    import torch

    grown, looks, tokens, places = [], [], [], []
    for text, prompt, own in zip(texts, prompts, open_, strict=True):
        if own:
            others = torch.full((len(own), len(own)), -torch.inf, device=own[0].sees.device).fill_diagonal_(0.0)
            look = torch.cat([torch.stack([one.sees for one in own]), others], 1)
            for one, sees in zip(own, look.unbind(), strict=True):
                one.sees = sees
            grown.append(text)
            looks.append(look)
            tokens += [one.written[-1] for one in own]
            places += [prompt + len(one.written) - 1 for one in own]
    return forward(policy.model.model, grown, tokens, places, looks, 0)
