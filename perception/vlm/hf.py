"""Models of transformers in this process: chat models of text and of text with pictures.

Beyond chat: `chat_many` answers a batch, `score` rates many continuations after reading their prompt once, `hidden_states`
gives what a layer holds of a conversation. Answers to a schema are held to it token by token where `schema_pattern` covers it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError, ModelError

from .base import Capabilities, Message, Options, Reply, Schema, TokenLogprob, check
from .schema_pattern import IrregularError, pattern
from .structure import QUOTED, validated

if TYPE_CHECKING:
    import torch

DEFAULTS = Options()
SMOLLM2_CONFIG: Mapping[str, Any] = {
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 8192,
    "rms_norm_eps": float(np.float32(1e-5)),
    "rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"},
    "tie_word_embeddings": True,
    "unk_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
"""What the pinned file of the embedded model says of itself: transformers would parse all of the file once more to tell it."""


class HFModel:
    """A causal language model, or an image-text-to-text model, with what prepares its input. It runs where the model is.

    model: a transformers model that generates. processor: its tokenizer, or its processor where it sees pictures. name: what
    tells it from others; it has to change when the weights do. Raises ConfigError where there is no chat template.
    """

    def __init__(self, model: Any, processor: Any, name: str) -> None:
        self.model, self.processor, self._weights = model.eval(), processor, name
        self.tokenizer = getattr(processor, "tokenizer", processor)
        _require_template(processor, name)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        sees = getattr(processor, "image_processor", None) is not None
        self.capabilities = Capabilities(images=sees, structured=True, logprobs=True, hidden_states=True, prefix_reuse=True)

    @property
    def name(self) -> str:
        """Its weights, and where and in which numbers they are: another device or format answers otherwise."""
        return f"{self._weights} on {self.model.device.type} in {str(self.model.dtype).removeprefix('torch.')}"

    def chat(self, messages: Sequence[Message], options: Options = DEFAULTS, schema: Schema | None = None) -> Reply:
        check(messages, options, self.capabilities, self.name)
        return validated(self._answer, messages, options, schema)

    def chat_many(self, conversations: Sequence[Sequence[Message]], options: Options = DEFAULTS) -> list[Reply]:
        """One answer per conversation, all written at once. seconds: of the whole batch. Raises like `chat`."""
        for messages in conversations:
            check(messages, options, self.capabilities, self.name)
        return self._generate(conversations, options, None) if conversations else []

    def write(self, messages: Sequence[Message], held: Callable[[int], Any], options: Options = DEFAULTS) -> Reply:
        """One answer whose tokens a logits processor holds to a form of its own. Raises like `chat`.

        held: makes the processor, told how many tokens the prompt has.
        """
        check(messages, options, self.capabilities, self.name)
        return self._generate([messages], options, held)[0]

    def _answer(self, messages: Sequence[Message], options: Options, schema: Mapping[str, Any] | None) -> Reply:
        from .decoding import Held

        try:
            form = None if schema is None else pattern(schema)
        except IrregularError:
            form = None  # checked afterwards, as for a backend that cannot constrain
        held = None if form is None else partial(Held, form, self.tokenizer)
        return self._generate([messages], options, held)[0]

    def _generate(
        self, conversations: Sequence[Sequence[Message]], options: Options, held: Callable[[int], Any] | None
    ) -> list[Reply]:
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        from .decoding import Deadline, Drawn

        started = time.monotonic()
        inputs = self.inputs(conversations)
        length = int(inputs["input_ids"].shape[1])
        steps = LogitsProcessorList()
        if options.temperature > 0.0:
            steps.append(Drawn(options.temperature, options.seed))
        if held is not None:
            steps.append(held(length))
        deadline = Deadline(started + options.deadline_s)
        with self._running(length), torch.inference_mode():
            out = self.model.generate(
                **inputs,
                generation_config=GenerationConfig.from_dict(
                    {
                        "max_new_tokens": options.max_tokens,
                        "do_sample": False,
                        "stop_strings": list(options.stop) or None,
                        "eos_token_id": self._ends(),
                        "pad_token_id": self.tokenizer.pad_token_id,
                        "output_logits": options.top_logprobs is not None,
                        "return_dict_in_generate": True,
                    }
                ),
                logits_processor=steps,
                stopping_criteria=StoppingCriteriaList([deadline]),
                tokenizer=self.tokenizer,
            )
        if deadline.passed:
            raise ModelError(f"{self.name} gave no answer within {options.deadline_s:.3g} s")
        seconds = time.monotonic() - started
        read = inputs["attention_mask"].sum(dim=1).tolist()
        rows = zip(out.sequences[:, length:].tolist(), read, strict=True)
        return [
            self._reply(written, [one[row] for one in out.logits or ()], options, int(count), seconds)
            for row, (written, count) in enumerate(rows)
        ]

    def _reply(self, written: list[int], logits: list[torch.Tensor], options: Options, read: int, seconds: float) -> Reply:
        """One row of a batch as a reply: cut at the end of turn or at the stop string. Raises ModelError for an empty one."""
        ends = {*self._ends(), self.tokenizer.pad_token_id}  # rows that are done before others are filled up
        end = next((place for place, token in enumerate(written) if token in ends), None)
        kept = written if end is None else written[:end]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        cuts = [text.index(stop) for stop in options.stop if stop in text]
        finish = "length" if end is None and not cuts else "stop"
        text = text[: min(cuts)] if cuts else text
        if not text.strip():
            raise ModelError(f"{self.name} gave an empty answer (finish reason {finish!r})")
        said = self._saying(text, kept) if cuts and logits else kept
        told = tuple(
            self._logprob(token, scores, options.top_logprobs or 0) for token, scores in zip(said, logits, strict=False)
        )
        return Reply(text, finish, None, told, read, len(kept), seconds)  # type: ignore[arg-type]

    def _saying(self, text: str, written: list[int]) -> list[int]:
        """The tokens that a text with which these begin takes; the last may say more, where a stop string begins within it."""
        count = len(written)
        while count and self.tokenizer.decode(written[: count - 1], skip_special_tokens=True).startswith(text):
            count -= 1
        return written[:count]

    def _logprob(self, token: int, logits: torch.Tensor, most: int) -> TokenLogprob:
        logprobs = logits.float().log_softmax(-1)
        best = logprobs.topk(most)
        pairs = list(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        top = {self.tokenizer.decode([i]): value for i, value in reversed(pairs)}  # of equal texts the likeliest stays
        return TokenLogprob(self.tokenizer.decode([token]), float(logprobs[token]), top)

    def score(self, messages: Sequence[Message], continuations: Sequence[str]) -> list[float]:
        """Log-probability of each text as the beginning of the answer, summed over its tokens; the prompt is read once.

        Raises ConfigError for an empty text.
        """
        import torch

        check(messages, DEFAULTS, self.capabilities, self.name)
        tokens = [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in continuations]
        if not all(tokens):
            raise ConfigError("an empty continuation has no score")
        self._forget_pictures()
        inputs = self.inputs([messages])
        with self._running(inputs["input_ids"].shape[1]), torch.inference_mode():
            out = self.model(**inputs, use_cache=True, logits_to_keep=1)
            first, cache = out.logits[0, -1:], out.cache
            return [self._score_one(ids, first, cache) for ids in tokens]

    def _score_one(self, ids: list[int], first: torch.Tensor, cache: Any) -> float:
        """Score of one continuation after a prompt that the cache holds, which is cut back to the prompt afterwards."""
        import torch

        targets, logits = torch.tensor(ids, device=first.device), first
        if len(ids) > 1:
            out = self.model(input_ids=targets[None, :-1], cache=cache, use_cache=True)
            logits = torch.cat([first, out.logits[0]])
            cache.crop(1 - len(ids))
        return float(logits.float().log_softmax(-1).gather(1, targets[:, None]).sum())

    def hidden_states(self, messages: Sequence[Message], layer: int = -1, answer: str = "") -> NDArray[np.float32]:
        """(T, D) float32: what a layer holds of the T tokens of a conversation; layer 0 is the embedding, -1 the last.

        answer: what the model said to it, the tokens of which are the last of the T.
        """
        import torch

        check(messages, DEFAULTS, self.capabilities, self.name)
        self._forget_pictures()
        inputs = self.inputs([messages])
        ids = self.tokenizer(answer, add_special_tokens=False)["input_ids"]
        with self._running(inputs["input_ids"].shape[1] + len(ids)), torch.inference_mode():
            out = self.model(**inputs, output_hidden_states=True, use_cache=bool(ids))
            parts = [out.hidden_states]
            if ids:
                said = torch.tensor([ids], device=inputs["input_ids"].device)
                out = self.model(input_ids=said, cache=out.cache, output_hidden_states=True)
                parts.append(out.hidden_states)
        if not -len(parts[0]) <= layer < len(parts[0]):
            raise ConfigError(f"{self.name} has layers 0 to {len(parts[0]) - 1}, not {layer}")
        return np.concatenate([part[layer][0].float().cpu().numpy() for part in parts])

    def _forget_pictures(self) -> None:
        """Qwen's models keep how the last pictures shifted positions, also for a prompt without any."""
        inner = getattr(self.model, "model", None)
        if inner is not None and hasattr(inner, "rope_deltas"):
            inner.rope_deltas = None

    @contextmanager
    def _running(self, tokens: int) -> Iterator[None]:
        """Around the model at work on a prompt of so many tokens. Raises ModelError for what torch raises."""
        try:
            yield
        except (RuntimeError, IndexError, ValueError) as problem:
            said = " ".join(str(problem).split())[:QUOTED]
            at = f"{self._weights} on {self.model.device}, at a prompt of {tokens} tokens"
            if "memory" in str(problem):
                fix = "make the prompt or its pictures smaller, take a smaller model, or set ENACTIVE_DEVICE=cpu"
                raise ModelError(f"{at}, ran out of memory ({said}): {fix}") from problem
            fix = "use a shorter prompt, and a tokenizer or processor that belongs to the weights"
            raise ModelError(f"{at}, failed ({type(problem).__name__}: {said}): {fix}") from problem

    def _ends(self) -> list[int]:
        """Tokens that end a turn: the tokenizer's, and those that the model's own settings name."""
        ends = self.model.generation_config.eos_token_id
        more = ends if isinstance(ends, list) else [] if ends is None else [ends]
        return list(dict.fromkeys([int(self.tokenizer.eos_token_id), *more]))

    def inputs(self, conversations: Sequence[Sequence[Message]]) -> dict[str, Any]:
        """Tensors of a batch, padded on the left, on the model's device. Raises ModelError where they find no room there."""
        turns = [[self._turn(message) for message in messages] for messages in conversations]
        told = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, "return_tensors": "pt"}
        self.tokenizer.padding_side = "left"
        if self.capabilities.images:
            inputs = self.processor.apply_chat_template(turns, **told, processor_kwargs={"padding": True})
        else:
            inputs = self.processor.apply_chat_template(turns, **told, padding=True)
        with self._running(inputs["input_ids"].shape[1]):
            return {key: self._moved(part) for key, part in inputs.items()}

    def _moved(self, part: Any) -> Any:
        """A tensor where the model is, and in its numbers; what a processor gives besides tensors stays as it is."""
        import torch

        if not isinstance(part, torch.Tensor):
            return part
        return part.to(self.model.device, self.model.dtype if part.is_floating_point() else part.dtype)

    def _turn(self, message: Message) -> dict[str, Any]:
        if not self.capabilities.images:
            return {"role": message.role, "content": message.text}
        from PIL import Image

        pictures = [{"type": "image", "image": Image.fromarray(image)} for image in message.images]
        return {"role": message.role, "content": [*pictures, {"type": "text", "text": message.text}]}


def embedded_model(whole: bool = False) -> HFModel:
    """SmolLM2-135M-Instruct, fetched on first use; whole: as of `load_model`. Raises ConfigError where it cannot be had."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from enactive.device import placed
    from enactive.pretrained import SMOLLM2, load_path

    path = load_path(SMOLLM2)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(path.parent, gguf_file=path.name)
    config = LlamaConfig(**SMOLLM2_CONFIG)
    with _one_table_of_names():
        model: Any = LlamaForCausalLM.from_pretrained(path.parent, gguf_file=path.name, config=config, dtype="float32")
    del model.config.quantization_config  # the weights are whole again; left in, these two forbid training and saving
    model.hf_quantizer = None
    return HFModel(placed(model, whole), tokenizer, f"embedded:{SMOLLM2.name}@{SMOLLM2.sha256[:12]}")


@contextmanager
def _one_table_of_names() -> Iterator[None]:
    """transformers asks gguf for one and the same table once for every module of a model, which takes most of the loading."""
    import gguf

    made = gguf.get_tensor_name_map
    gguf.get_tensor_name_map = cache(made)
    try:
        yield
    finally:
        gguf.get_tensor_name_map = made


def load_model(name: str, whole: bool = False) -> HFModel:
    """The chat model in a folder or of that name on the hub, on the accelerator where there is one.

    whole: all its weights are to be trained, in single precision therefore. Raises ConfigError where it cannot be loaded.
    """
    from enactive.device import placed

    with _cause_told(name):
        config, kind, processor = _described(name)
        model = kind.from_pretrained(name, dtype="float32" if whole else "auto")
        return HFModel(placed(model, whole), processor, f"hf:{name}@{_identity(name, config)}")


def require_model(name: str) -> None:
    """Raises ConfigError where `load_model` would for another cause than the weights, of which none are read."""
    with _cause_told(name):
        _, _, processor = _described(name)
        _require_template(processor, name)


def _described(name: str) -> tuple[Any, Any, Any]:
    """What a folder or the hub tells beside the weights: config, class of the model, and processor or tokenizer."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    config = AutoConfig.from_pretrained(name)
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        from .hf_processor import load_processor

        return config, AutoModelForImageTextToText, load_processor(name)
    return config, AutoModelForCausalLM, AutoTokenizer.from_pretrained(name)


def _require_template(processor: Any, name: str) -> None:
    if not (processor.chat_template or getattr(processor, "tokenizer", processor).chat_template):
        raise ConfigError(f"{name} has no chat template: use an instruction-tuned model")


@contextmanager
def _cause_told(name: str) -> Iterator[None]:
    """Around loading: a ConfigError with what transformers says where it fails."""
    try:
        yield
    except (OSError, ValueError, ImportError) as problem:
        said = " ".join(str(problem).split())[:300]
        raise ConfigError(f"the model {name!r} cannot be loaded ({said})") from problem


def _identity(name: str, config: Any) -> str:
    """What tells one version of the weights from another: the hub's commit, or sizes and times of the files of a folder."""
    import hashlib
    from pathlib import Path

    if commit := getattr(config, "_commit_hash", None):
        return str(commit)[:12]
    files = sorted(path for path in Path(name).iterdir() if path.is_file())
    told = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
