"""A causal language model as policy and world model: it writes commands, and rates texts after a prompt, many at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enactive.errors import ConfigError

if TYPE_CHECKING:
    import torch

MAX_ANSWER_TOKENS = 16
DECODE_BATCH = 128  # rows that are decoded at once
Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A prompt of T tokens that was read. cache: its keys and values; logits: (1, vocabulary) float32, of what follows it.

    It holds for the weights that read it: read again after an update.
    """

    ids: Ids
    cache: Any
    logits: torch.Tensor


class Policy:
    """A transformers model that generates, its tokenizer, and a name. model may see pictures: it is given text alone.

    bf16: matrix products in bfloat16, for weights that are kept in single precision; where not given, as the processor likes.
    sees_by: the processor of a model that sees, which is kept in its folder.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str, bf16: bool | None = None, sees_by: Any = None) -> None:
        from enactive.precision import multiplies_bfloat16

        self.model, self.tokenizer, self.name, self.sees_by = model, tokenizer, name, sees_by
        self.bf16 = multiplies_bfloat16(self.device.type) if bf16 is None else bf16
        if tokenizer.eos_token_id is None:
            raise ConfigError(f"the tokenizer of {name} has no token that ends a text: use another base")
        self.end = int(tokenizer.eos_token_id)
        self.pad = self.end if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)
        self._known: dict[str, Ids] = {}

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def prompt_ids(self, prompt: str) -> Ids:
        """Tokens of a prompt."""
        return tuple(self.tokenizer(prompt)["input_ids"])

    def answer_ids(self, answer: str) -> Ids:
        """Tokens of a text that follows a prompt, its end included. They never merge with those of the prompt."""
        if answer not in self._known:
            self._known[answer] = (*self.tokenizer(f" {answer}", add_special_tokens=False)["input_ids"], self.end)
        return self._known[answer]

    def logprobs(self, rows: Sequence[tuple[Ids, Ids]]) -> torch.Tensor:
        """(N,) float32 log pi(answer | prompt), summed over the answer's tokens; no token of a prompt counts."""
        return self.sibling_logprobs([(prompt, [answer]) for prompt, answer in rows])

    def sibling_logprobs(self, groups: Sequence[tuple[Ids, Sequence[Ids]]]) -> torch.Tensor:
        """What `logprobs` gives for every answer of every prompt, one after the other.

        A prompt is read once, however many answers it has: they stand behind it one after the other, none sees another, and
        each begins at the position where the prompt ends.
        """
        import torch

        width = max(sum(map(len, answers)) for _, answers in groups)
        ids, _ = self._padded([(*prompt, *(token for answer in answers for token in answer)) for prompt, answers in groups])
        blocks, places = self._packed(groups, ids.shape[1])
        sees = (blocks[:, None, :] == 0) | (blocks[:, None, :] == blocks[:, :, None])
        sees &= torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=self.device).tril()
        mask = torch.zeros(sees.shape, dtype=self._mask_type, device=self.device).masked_fill(~sees, -torch.inf)[:, None]
        kept = torch.arange(ids.shape[1] - width - 1, ids.shape[1], device=self.device)  # a slice would copy the whole head
        with self.autocast():
            out = self.model(input_ids=ids, attention_mask=mask, position_ids=places, logits_to_keep=kept, use_cache=False)
        row, source, target, owner = self._targets(groups, width)
        each = out.logits[row, source].float().log_softmax(-1).gather(1, target[:, None])[:, 0]
        count = sum(len(answers) for _, answers in groups)
        return torch.zeros(count, device=self.device).index_add(0, owner, each)

    @property
    def _mask_type(self) -> torch.dtype:
        import torch

        kind: torch.dtype = torch.bfloat16 if self.bf16 else self.model.dtype
        return kind

    def _packed(self, groups: Sequence[tuple[Ids, Sequence[Ids]]], length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, T) block of each token (-1 padding, 0 prompt, k its k-th answer) and its position."""
        import torch

        blocks, places = [], []
        for prompt, answers in groups:
            fill = length - len(prompt) - sum(map(len, answers))
            blocks.append([-1] * fill + [0] * len(prompt) + [k for k, one in enumerate(answers, 1) for _ in one])
            ends = (len(prompt) + i for one in answers for i in range(len(one)))
            places.append([*([0] * fill), *range(len(prompt)), *ends])
        return torch.tensor(blocks, device=self.device), torch.tensor(places, device=self.device)

    def _targets(self, groups: Sequence[tuple[Ids, Sequence[Ids]]], width: int) -> torch.Tensor:
        """(4, M) per token of an answer: its row, which of the last `width + 1` places tells it, the token, and whose it is."""
        import torch

        out, owner = [], 0
        for row, (_, answers) in enumerate(groups):
            prompt_end = place = width - sum(map(len, answers))
            for answer in answers:
                for i, token in enumerate(answer):
                    out.append((row, place if i else prompt_end, token, owner))
                    place += 1
                owner += 1
        return torch.tensor(out, device=self.device).T

    def read(self, prompt: str, before: Reading | None = None) -> Reading:
        """A prompt, read once for all that is asked about it. Of one that goes on from what was read before, which stays as it
        was, the rest alone is read."""
        import torch

        start = self.prompt_ids(prompt)
        known, cache = 0, None
        if before is not None and len(before.ids) < len(start) and start[: len(before.ids)] == before.ids:
            known, cache = len(before.ids), deepcopy(before.cache)
        ids, mask = self._padded([start])
        with torch.inference_mode(), self.autocast():
            logits, cache = self._read(ids[:, known:], mask, 1, cache)
        return Reading(start, cache, logits)

    def score(self, prompt: str | Reading, texts: Sequence[str], reuse: bool = True) -> list[float]:
        """log pi(text | prompt) of each text. reuse: the prompt, unless it was read before, is read once for all of them."""
        import torch

        answers = [self.answer_ids(text) for text in texts]
        with torch.inference_mode():
            if isinstance(prompt, Reading) and prompt.cache.is_croppable:
                return [float(value) for value in self._logprobs_after(prompt, answers)]
            start = prompt.ids if isinstance(prompt, Reading) else self.prompt_ids(prompt)
            groups = [(start, answers)] if reuse else [(start, [answer]) for answer in answers]
            return [float(value) for value in self.sibling_logprobs(groups)]

    def _logprobs_after(self, reading: Reading, answers: Sequence[Ids]) -> torch.Tensor:
        """(K,) what `sibling_logprobs` gives, from the keys and values of the prompt; they are left as they were.

        The last token of an answer is told by those before it, so it is not read.
        """
        import torch

        groups, known = [((), [answer[:-1] for answer in answers])], len(reading.ids)
        logits, ids = reading.logits, [token for answer in answers for token in answer[:-1]]
        if ids:
            blocks, places = self._packed(groups, len(ids))
            sees = (blocks[:, None, :] == blocks[:, :, None]).tril()
            mask = torch.zeros(1, len(ids), known + len(ids), dtype=self._mask_type, device=self.device)
            mask[:, :, known:].masked_fill_(~sees, -torch.inf)
            with self.autocast():
                out = self.model(
                    input_ids=torch.tensor([ids], device=self.device),
                    attention_mask=mask[:, None],
                    position_ids=places + known,
                    cache=reading.cache,
                    use_cache=True,
                )
            reading.cache.crop(-len(ids))
            logits = torch.cat([logits, out.logits[0].float()])
        place, source, target, owner = 0, list[int](), list[int](), list[int]()
        for k, answer in enumerate(answers):
            source += [0, *range(place + 1, place + len(answer))]
            target += answer
            owner += [k] * len(answer)
            place += len(answer) - 1
        told = logits.log_softmax(-1)[source, target]
        return torch.zeros(len(answers), device=self.device).index_add(0, torch.tensor(owner, device=self.device), told)

    def answers(
        self,
        prompts: Sequence[str],
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        tokens: int = MAX_ANSWER_TOKENS,
    ) -> list[list[str]]:
        """`count` answers to each prompt: the likeliest tokens at temperature 0, drawn ones above it; cut after `tokens`."""
        import torch

        rows = [self.prompt_ids(prompt) for prompt in prompts]
        generator = torch.Generator(self.device).manual_seed(seed)
        out: list[list[str]] = [[] for _ in prompts]
        for part in _by_length(rows, max(1, DECODE_BATCH // count)):
            with torch.inference_mode(), self.autocast():
                written = self._write([rows[i] for i in part], count, temperature, generator, tokens)
            for place, i in enumerate(part):
                out[i] = written[place * count : (place + 1) * count]
        return out

    def answers_to(
        self, reading: Reading, count: int = 1, temperature: float = 0.0, seed: int = 0, tokens: int = MAX_ANSWER_TOKENS
    ) -> list[str]:
        """What `answers` gives to one prompt, from what was read of it, which stays as it was."""
        import torch

        generator = torch.Generator(self.device).manual_seed(seed)
        cache = deepcopy(reading.cache)
        _, mask = self._padded([reading.ids] * count)
        with torch.inference_mode(), self.autocast():
            if count > 1:
                cache.batch_repeat_interleave(count)
            return self.write(reading.logits.repeat_interleave(count, 0), cache, mask, temperature, generator, tokens)

    def likely(self, prompt: str | Reading, count: int, tokens: int = MAX_ANSWER_TOKENS) -> list[tuple[str, float]]:
        """The likeliest answers to a prompt that a search with `count` beams finds, and their probabilities; best first."""
        import torch

        reading = prompt if isinstance(prompt, Reading) else self.read(prompt)
        ids, mask = self._padded([reading.ids])
        with torch.inference_mode(), self.autocast():
            written = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                cache=self._begun(reading, count),
                num_beams=count,
                num_return_sequences=count,
                do_sample=False,
                max_new_tokens=tokens,
                pad_token_id=self.pad,
                eos_token_id=self.end,
            )
        texts = list(dict.fromkeys(self._text(row) for row in written[:, ids.shape[1] :].tolist()))
        rated = zip(texts, self.score(reading, texts), strict=True)
        return sorted(((text, math.exp(score)) for text, score in rated), key=lambda pair: -pair[1])

    def _begun(self, reading: Reading, count: int) -> Any:
        """The keys and values of a prompt but for its last token, `count` times; None where they cannot be cut back."""
        if not reading.cache.is_croppable or len(reading.ids) == 1:
            return None
        cache = deepcopy(reading.cache)
        cache.crop(-1)
        cache.batch_repeat_interleave(count)
        return cache

    def _write(self, rows: list[Ids], count: int, temperature: float, generator: torch.Generator, tokens: int) -> list[str]:
        ids, mask = self._padded(rows)
        logits, cache = self._read(ids, mask, count)
        return self.write(logits, cache, mask.repeat_interleave(count, 0), temperature, generator, tokens)

    def write(
        self,
        logits: torch.Tensor,
        cache: Any,
        mask: torch.Tensor,
        temperature: float,
        generator: torch.Generator,
        tokens: int = MAX_ANSWER_TOKENS,
    ) -> list[str]:
        """An answer to each of N prompts that were read. logits: (N, vocabulary) now; mask: (N, T) so far."""
        import torch

        done = torch.zeros(len(mask), dtype=torch.bool, device=self.device)
        written: list[torch.Tensor] = []
        while len(written) < tokens:
            if temperature > 0.0:
                token = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
            else:
                token = logits.argmax(-1, keepdim=True)
            token = token.masked_fill(done[:, None], self.end)
            written.append(token)
            done |= token[:, 0] == self.end
            if bool(done.all()):
                break
            mask = torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
            places = mask.sum(1, keepdim=True) - 1
            out = self.model(input_ids=token, attention_mask=mask, position_ids=places, cache=cache, use_cache=True)
            logits = out.logits[:, -1].float()
        return [self._text(row) for row in torch.cat(written, 1).tolist()]

    def _read(self, ids: torch.Tensor, mask: torch.Tensor, repeats: int, cache: Any = None) -> tuple[torch.Tensor, Any]:
        """(N * repeats, vocabulary) logits of the next token and the cache, each row repeated. ids: (N, new) tokens, behind
        those that the cache holds; mask: (N, T) of all."""
        out = self.model(**_placed(ids, mask), cache=cache, use_cache=True, logits_to_keep=1)
        cache = out.cache
        if repeats > 1:
            cache.batch_repeat_interleave(repeats)
        return out.logits[:, -1].float().repeat_interleave(repeats, 0), cache

    def _text(self, tokens: list[int]) -> str:
        kept = tokens[: tokens.index(self.end)] if self.end in tokens else tokens
        return str(self.tokenizer.decode(kept, skip_special_tokens=True)).strip()

    def _padded(self, rows: Sequence[Ids]) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, T) int64 tokens, padded before their beginning, and mask of what is no padding."""
        import torch

        width = max(len(row) for row in rows)
        fill = [[self.pad] * (width - len(row)) for row in rows]
        ids = [[*f, *row] for f, row in zip(fill, rows, strict=True)]
        mask = [[0] * len(f) + [1] * len(row) for f, row in zip(fill, rows, strict=True)]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)

    def autocast(self) -> Any:
        """The context of a forward pass: bfloat16 matrix products where `bf16` says so."""
        from enactive.device import products

        return products(self.device.type, self.bf16)


def _placed(ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    places = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    return {"input_ids": ids, "attention_mask": mask, "position_ids": places}


def _by_length(rows: Sequence[Ids], size: int) -> Iterator[list[int]]:
    """Indices in batches of rows of similar length, so that little is padding."""
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]), i))
    for start in range(0, len(order), size):
        yield order[start : start + size]
