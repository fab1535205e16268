"""Models of transformers in process: tiny ones with random weights, for text and for pictures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jsonschema import Draft202012Validator
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from enactive.errors import ConfigError, ModelError
from enactive.perception.vlm import ChatModel, Message, Options, make_model
from enactive.perception.vlm.cache import CachedModel
from enactive.perception.vlm.decoding import Drawn
from enactive.perception.vlm.hf import HFModel
from enactive.perception.vlm.hf_processor import pictures_only

torch.set_num_threads(1)
PICTURE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
ASK = [Message("system", "be brief"), Message("user", "where are mugs?")]
SHORT = Options(max_tokens=8, temperature=1.0, seed=1)
SCHEMA = {
    "type": "object",
    "properties": {
        "room": {"enum": ["kitchen", "living room"]},
        "sure": {"type": "number", "minimum": 0, "maximum": 1},
        "near": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 3}, "maxItems": 2},
        "word": {"type": "string", "maxLength": 5},
        "also": {"anyOf": [{"type": "null"}, {"const": "ñandú"}]},
    },
    "required": ["room", "sure", "near", "word", "also"],
    "additionalProperties": False,
}


SPECIAL = ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<image>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'image' %}PICTURE{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}


def tokenizer(picture: str = "") -> PreTrainedTokenizerFast:
    """One token per byte. picture: what stands for a picture in the chat template."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=SPECIAL,
        chat_template=TEMPLATE.replace("PICTURE", picture),
    )


def text_model(seed: int = 0) -> HFModel:
    torch.manual_seed(seed)
    words = tokenizer()
    config = LlamaConfig(vocab_size=len(words), eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id, **SIZES)
    return HFModel(LlamaForCausalLM(config), words, f"tiny-llama-{seed}")


def qwen_model() -> HFModel:
    torch.manual_seed(0)
    words = tokenizer("<|vision_start|><|image_pad|><|vision_end|>")
    known = {
        name: words.convert_tokens_to_ids(f"<|{name}|>") for name in ("vision_start", "vision_end", "image_pad", "video_pad")
    }
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32, "patch_size": 14}
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(words),
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
            "bos_token_id": None,
            "eos_token_id": words.eos_token_id,
            "pad_token_id": words.pad_token_id,
            **SIZES,
        },
        vision_config={**vision, "window_size": 56, "fullatt_block_indexes": [1]},
        image_token_id=known["image_pad"],
        video_token_id=known["video_pad"],
        vision_start_token_id=known["vision_start"],
        vision_end_token_id=known["vision_end"],
    )
    pictures = Qwen2VLImageProcessorPil(
        patch_size=14, merge_size=2, size={"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16}
    )
    processor = pictures_only(Qwen2_5_VLProcessor)(pictures, words, None, chat_template=words.chat_template)
    return HFModel(Qwen2_5_VLForConditionalGeneration(config), processor, "tiny-qwen2.5-vl")


def llava_model() -> HFModel:
    torch.manual_seed(0)
    words = tokenizer("<image>")
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, image_size=28, patch_size=14
    )
    text = LlamaConfig(vocab_size=len(words), eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id, **SIZES)
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_id=words.convert_tokens_to_ids("<image>"))
    size = {"height": 28, "width": 28}
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size=size)
    processor = LlavaProcessor(
        pictures, words, 14, "default", chat_template=words.chat_template, image_token="<image>", num_additional_image_tokens=1
    )
    return HFModel(LlavaForConditionalGeneration(config), processor, "tiny-llava")


@pytest.fixture(scope="module")
def text() -> HFModel:
    return text_model()


@pytest.fixture(scope="module", params=[qwen_model, llava_model], ids=["qwen2.5-vl", "llava"])
def seeing(request: pytest.FixtureRequest) -> HFModel:
    make: Callable[[], HFModel] = request.param
    return make()


def told(model: HFModel, picture: bool) -> list[Message]:
    return [ASK[0], Message("user", "what is this?", (PICTURE,) if picture else ())]


def test_a_model_answers_and_counts(text: HFModel) -> None:
    reply = text.chat(ASK, SHORT)
    assert isinstance(text, ChatModel)
    assert (reply.finish, reply.completion_tokens) == ("length", 8)
    assert reply.prompt_tokens == sum(
        len(f"<{message.role}\n{message.text}>\n") for message in [*ASK, Message("assistant", "")]
    ) - len(">\n")


def test_a_seed_gives_the_same_draws_and_leaves_torch_alone(text: HFModel) -> None:
    before = torch.get_rng_state()
    first, again = text.chat(ASK, SHORT), text.chat(ASK, SHORT)
    other = text.chat(ASK, Options(max_tokens=8, temperature=1.0, seed=2))
    assert first.text == again.text != other.text
    assert torch.equal(before, torch.get_rng_state())


def test_draws_follow_the_softmax() -> None:
    scores = torch.tensor([[0.0, 1.0, 2.0]])
    draw = Drawn(2.0, 0)
    counts = torch.bincount(torch.cat([draw(scores, scores).argmax(-1) for _ in range(4000)]), minlength=3) / 4000
    assert torch.allclose(counts, (scores[0] / 2.0).softmax(-1), atol=0.03)


def test_log_probabilities_are_those_of_the_model(text: HFModel) -> None:
    reply = text.chat(ASK, Options(max_tokens=5, top_logprobs=3))
    for token in reply.logprobs:
        assert token.logprob == pytest.approx(max(token.top.values()))
    scored = text.score(ASK, ["a", "ab"])
    assert scored[1] < scored[0] < 0.0
    assert text.chat(ASK, Options(max_tokens=5)).logprobs == ()


def test_a_stop_string_ends_the_answer_and_is_not_part_of_it(text: HFModel) -> None:
    whole = text.chat(ASK, Options(max_tokens=40, temperature=1.0, seed=5))
    letter = next(letter for letter in whole.text[3:] if letter.isascii() and letter.isprintable())
    cut = text.chat(ASK, Options(max_tokens=40, temperature=1.0, seed=5, stop=(letter,)))
    assert (cut.text, cut.finish) == (whole.text[: whole.text.index(letter)], "stop")


def test_a_deadline_gives_no_half_an_answer(text: HFModel) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"no answer within 0\.05 s"):
        text.chat(ASK, Options(max_tokens=3000, temperature=1.0, seed=0, deadline_s=0.05))
    assert time.monotonic() - started < 5.0


def test_a_batch_answers_like_one_at_a_time(text: HFModel) -> None:
    conversations = [ASK, [Message("user", "hello")], [Message("user", "a much longer question than the others are")]]
    options = Options(max_tokens=6)
    alone = [text.chat(messages, options) for messages in conversations]
    together = text.chat_many(conversations, options)
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert [reply.prompt_tokens for reply in together] == [reply.prompt_tokens for reply in alone]
    assert text.chat_many([]) == []


def test_a_row_that_stops_early_is_not_counted_with_its_filling(text: HFModel) -> None:
    conversations = [ASK, [Message("user", "hello")]]
    first, second = (text.chat(messages, Options(max_tokens=8)).text for messages in conversations)
    letter = next(letter for letter in first[1:] if letter not in second and letter not in first[0])
    short, long = text.chat_many(conversations, Options(max_tokens=8, stop=(letter,)))
    assert (short.text, short.finish, long.finish, long.completion_tokens) == (
        first[: first.index(letter)],
        "stop",
        "length",
        8,
    )
    assert 0 < (short.completion_tokens or 0) < 8


def reference(model: HFModel, messages: list[Message], continuation: str) -> float:
    """The score of a continuation from one pass over the whole text."""
    inputs = model.inputs([messages])
    ids = torch.tensor([model.tokenizer(continuation, add_special_tokens=False)["input_ids"]])
    length = inputs["input_ids"].shape[1]
    inputs["input_ids"] = torch.cat([inputs["input_ids"], ids], dim=1)
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if "mm_token_type_ids" in inputs:
        inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(ids)], dim=1)
    with torch.inference_mode():
        logits = model.model(**inputs).logits[0, length - 1 : -1]
    return float(logits.log_softmax(-1).gather(1, ids.T).sum())


def test_scores_after_one_reading_equal_those_of_whole_texts(text: HFModel) -> None:
    candidates = ["kitchen", "k", "the living room", "kitchen"]
    scores = text.score(ASK, candidates)
    assert scores == pytest.approx([reference(text, ASK, one) for one in candidates], abs=1e-3)
    with pytest.raises(ConfigError, match="empty continuation"):
        text.score(ASK, ["yes", ""])


def test_so_they_do_with_pictures_and_after_them(seeing: HFModel) -> None:
    for picture in (True, False, True):
        messages = told(seeing, picture)
        expected = [reference(seeing, messages, one) for one in ("yes", "no, never")]
        seeing.chat(told(seeing, True), SHORT)
        assert seeing.score(messages, ["yes", "no, never"]) == pytest.approx(expected, abs=1e-3)


def test_an_answer_does_not_depend_on_what_was_asked_before(seeing: HFModel) -> None:
    before = seeing.chat(told(seeing, False), SHORT).text
    seeing.chat(told(seeing, True), SHORT)
    assert seeing.chat(told(seeing, False), SHORT).text == before


def test_pictures_are_seen(seeing: HFModel) -> None:
    other = [ASK[0], Message("user", "what is this?", (255 - PICTURE,))]
    assert seeing.chat(told(seeing, True), SHORT).text
    assert not np.allclose(seeing.hidden_states(told(seeing, True)), seeing.hidden_states(other))
    many = seeing.chat_many([told(seeing, True), [Message("user", "hello there", (PICTURE[:30], PICTURE))]], SHORT)
    assert [reply.completion_tokens for reply in many] == [8, 8]


def test_a_model_of_text_refuses_pictures(text: HFModel) -> None:
    with pytest.raises(ConfigError, match="does not see pictures"):
        text.chat(told(text, True))


def test_hidden_states_have_a_row_per_token(text: HFModel) -> None:
    states = text.hidden_states(ASK, 0)
    assert (states.shape, states.dtype) == ((text.chat(ASK, SHORT).prompt_tokens, 32), np.float32)
    with pytest.raises(ConfigError, match="has layers 0 to 2, not 3"):
        text.hidden_states(ASK, 3)


def test_the_hidden_states_of_an_answer_are_those_of_reading_it_behind_its_question(text: HFModel) -> None:
    prompt = text.inputs([ASK])["input_ids"]
    said = text.tokenizer("in the kitchen", add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        whole = text.model(input_ids=torch.cat([prompt, said], dim=1), output_hidden_states=True).hidden_states
    for layer in (0, 1, -1):
        states = text.hidden_states(ASK, layer, answer="in the kitchen")
        assert states.dtype == np.float32
        assert np.allclose(states, whole[layer][0].numpy(), atol=1e-5)
        assert np.allclose(states[: prompt.shape[1]], text.hidden_states(ASK, layer), atol=1e-5)


def test_the_hidden_states_of_an_answer_follow_pictures(seeing: HFModel) -> None:
    asked = told(seeing, True)
    states = seeing.hidden_states(asked, answer="in the kitchen")
    assert np.allclose(states[: -len("in the kitchen")], seeing.hidden_states(asked), atol=1e-5)
    with torch.inference_mode():
        inputs = seeing.inputs([asked])
        said = seeing.tokenizer("in the kitchen", add_special_tokens=False, return_tensors="pt")["input_ids"]
        inputs |= {
            name: torch.cat([inputs[name], fill], dim=1)
            for name, fill in (("input_ids", said), ("attention_mask", said * 0 + 1), ("mm_token_type_ids", said * 0))
            if name in inputs
        }
        whole = seeing.model(**inputs, output_hidden_states=True).hidden_states
    assert np.allclose(states, whole[-1][0].numpy(), atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_even_random_weights_answer_by_the_schema(text: HFModel, seed: int) -> None:
    reply = text.chat(ASK, Options(max_tokens=120, temperature=1.0, seed=seed), SCHEMA)
    assert reply.tries == 1
    Draft202012Validator(SCHEMA).validate(reply.structure)
    assert list(reply.structure) == ["room", "sure", "near", "word", "also"]


def test_pictures_and_structure_go_together(seeing: HFModel) -> None:
    reply = seeing.chat(told(seeing, True), Options(max_tokens=40, temperature=1.0, seed=0), {"enum": ["a mug", "a cup"]})
    assert reply.structure in ("a mug", "a cup")


def test_a_structure_that_does_not_fit_is_an_error(text: HFModel) -> None:
    with pytest.raises(ModelError, match="cut off after 5 tokens"):
        text.chat(ASK, Options(max_tokens=5, temperature=1.0, seed=0), SCHEMA)
    with pytest.raises(ModelError, match="no valid answer in 3 tries"):
        text.chat(ASK, Options(max_tokens=5, temperature=1.0, seed=0), {"type": "string", "pattern": "^x+$"})


def test_a_pydantic_model_holds_the_decoder(text: HFModel) -> None:
    from pydantic import BaseModel

    class Part(BaseModel):
        name: str
        count: int

    class Whole(BaseModel):
        part: Part
        good: bool

    reply = text.chat(ASK, Options(max_tokens=400, temperature=1.0, seed=0), Whole)
    assert isinstance(reply.structure, Whole)


def test_a_model_is_loaded_from_a_folder(text: HFModel, tmp_path: Path) -> None:
    text.model.save_pretrained(tmp_path)
    text.processor.save_pretrained(tmp_path)
    model = make_model(f"hf:{tmp_path}")
    assert model.chat(ASK, SHORT).text == text.chat(ASK, SHORT).text
    first = model.name
    (tmp_path / "model.safetensors").touch()
    assert make_model(f"hf:{tmp_path}").name != first


def test_answers_in_other_numbers_or_of_another_device_are_not_taken_for_its_own(tmp_path: Path) -> None:
    model = text_model()
    plain = CachedModel(model, tmp_path).chat(ASK, SHORT).text
    model.model.to(torch.bfloat16)
    rounded = CachedModel(model, tmp_path)
    assert not rounded.chat(ASK, SHORT).cached
    assert rounded.chat(ASK, SHORT).cached
    model = text_model()
    again = CachedModel(model, tmp_path).chat(ASK, SHORT)
    assert (again.text, again.cached) == (plain, True)
    here = model.name
    model.model.to("meta")
    assert model.name != here


def test_a_model_that_sees_is_loaded_from_a_folder(seeing: HFModel, tmp_path: Path) -> None:
    seeing.model.save_pretrained(tmp_path)
    seeing.processor.image_processor.save_pretrained(tmp_path)
    seeing.tokenizer.save_pretrained(tmp_path)
    own = {"processor_class": "LlavaProcessor" if "llava" in seeing.name else "Qwen2_5_VLProcessor"}
    if "llava" in seeing.name:
        own |= {"patch_size": 14, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}  # type: ignore[dict-item]
    (tmp_path / "processor_config.json").write_text(json.dumps(own))
    model = make_model(f"hf:{tmp_path}")
    assert model.capabilities.images
    assert model.chat(told(seeing, True), SHORT).text == seeing.chat(told(seeing, True), SHORT).text


def test_what_cannot_be_loaded_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        make_model(f"hf:{tmp_path / 'nothing'}")
    bare = tokenizer()
    bare.chat_template = None
    with pytest.raises(ConfigError, match="no chat template"):
        HFModel(text_model().model, bare, "bare")


def test_importing_the_interface_loads_no_model_library() -> None:
    code = "import sys, enactive.perception.vlm; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "openai", "pydantic", "jsonschema"} & set(modules)
