"""Teaching a vision-language model to write poses: supervised fine-tuning on fresh renders, as the paper does on its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from enactive.device import products
from enactive.envs.shadow_hand.model import Side
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError
from enactive.files import whole_files
from enactive.perception.vlm import Message
from enactive.perception.vlm.hf_processor import save_processor

from . import xml_format
from .language import PUBLISHED_PIXELS, conversation, extend_vocabulary, prepared

if TYPE_CHECKING:
    from enactive.perception.vlm.hf import HFModel

PEAK_RATE = 1.0e-5
WARMUP_STEPS = 20
SAVE_EVERY_S = 1800.0


def finetune(
    model: HFModel,
    minutes: float,
    out: Path,
    seed: int = 0,
    batch: int = 1,
    rate: float = PEAK_RATE,
    side: Side = "left",
    pixels: int | None = PUBLISHED_PIXELS,
) -> int:
    """Train all weights for `minutes` and save model, tokenizer and processor into a folder; returns how many views were seen.

    It trains where the model is, which has its weights in single precision; on CUDA the matrix products are in bfloat16.
    Only the answer is learned from. The views are those of the split "train" of `seed`, of the hand of `side`.

    It is saved every half an hour, too, and where training is interrupted or fails. What was saved is a model as any other:
    training goes on from it, with a fresh optimiser, and on other views by another `seed`. Raises ConfigError for a model that
    sees no pictures.
    """
    if not model.capabilities.images:
        raise ConfigError(f"{model.name} sees no pictures: take an image-text-to-text model")
    out.mkdir(parents=True, exist_ok=True)
    extend_vocabulary(model.model, model.tokenizer, side)
    steps, saved_s = 0, time.monotonic()
    try:
        with HandViews("train", seed, side=side) as views:
            for loss in teach(model, views, 60.0 * minutes, batch, rate, pixels):
                steps += 1
                if steps % 10 == 0:
                    print(f"step {steps} loss {loss:.4f}", flush=True)
                if time.monotonic() - saved_s > SAVE_EVERY_S:
                    save(model, out)
                    saved_s = time.monotonic()
    finally:
        model.model.eval()
        if steps:  # else what is there stays
            save(model, out)
            print(f"step {steps} is saved in {out}", flush=True)
    return steps * batch


def save(model: HFModel, folder: Path) -> None:
    """Write model, tokenizer and processor, which take their places when all of them are on the disk."""
    with whole_files(folder) as fresh:
        model.model.save_pretrained(fresh)
        save_processor(model.processor, fresh)


def teach(model: HFModel, views: HandViews, seconds: float, batch: int, rate: float, pixels: int | None) -> Iterator[float]:
    """Update the model until the time is spent, once at least; yields the loss of each step."""
    started = time.monotonic()
    optimizer = torch.optim.AdamW(model.model.parameters(), lr=rate, weight_decay=0.0)
    model.model.train()
    index = 0
    while index == 0 or time.monotonic() - started < seconds:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (index // batch + 1) / WARMUP_STEPS)
        total = 0.0
        for _ in range(batch):
            view = views[index]
            picture = prepared(view.rgb, pixels, mirror=False)
            loss = answer_loss(model, conversation(picture, views.side), xml_format.written(view.joints_rad, views.side))
            torch.autograd.backward(loss / batch)
            total += float(loss.detach()) / batch
            index += 1
        torch.nn.utils.clip_grad_norm_(model.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield total


def answer_loss(model: HFModel, messages: list[Message], answer: str) -> torch.Tensor:
    """Mean negative log-likelihood of the tokens of an answer, its end included."""
    inputs: dict[str, Any] = model.inputs([messages])
    ids = model.tokenizer(answer, add_special_tokens=False)["input_ids"] + [int(model.tokenizer.eos_token_id)]
    told = torch.tensor([ids], device=inputs["input_ids"].device)
    length = inputs["input_ids"].shape[1]
    extended = {name: tensor for name, tensor in inputs.items() if tensor.shape[:2] != (1, length)}
    for name, tensor in inputs.items():
        if tensor.shape[:2] == (1, length):  # ids, mask, and what kind of token each is: 0 is text
            more = told if name == "input_ids" else torch.full_like(told, 1 if name == "attention_mask" else 0)
            extended[name] = torch.cat([tensor, more], dim=1)
    where = told.device.type
    with products(where, where == "cuda"):
        logits = model.model(**extended).logits[0, length - 1 : -1]
    return torch.nn.functional.cross_entropy(logits.float(), told[0])
