"""Training of the small language form: the encoder of the parallel form stays as it is, projection and decoder learn to write.

`enactive train poseless --model small` calls `train_small_language`. What the encoder tells of a picture never changes, so each
picture is read once and learned from as often as there is time.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import HandViews, View
from enactive.perception.convnets.shipped import save_weights
from enactive.perception.convnets.training import Rate, check_minutes
from enactive.precision import fast_products
from enactive.pretrained import sha256_of

from . import xml_format
from .glances import AT_ONCE
from .network import Described, JointNetwork, fused
from .quality import Trained, judged
from .small_language import SIDE, WRITER_WEIGHTS, PoseWriter, described, tokenizer, written_poses
from .weights import WEIGHTS, load_weights

BATCH = 32
RATE = Rate(peak=1.5e-3, warmup=0.02, decay=0.5)
READING = 0.25  # share of the minutes that go to rendering and reading pictures
OTHER_SEED = 1_000_003  # pictures are others than those that the encoder learned from


def train_small_language(minutes: float, out: Path = WRITER_WEIGHTS, seed: int = 0, val_views: int = 256) -> Trained:
    """Read pictures and train for `minutes` in all, in one thread, and write the weights with their measured quality."""
    check_minutes(minutes)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    began, net = time.monotonic(), fused(load_weights())
    found, angles = read_pictures(net, seed, 60.0 * READING * minutes)
    print(f"read {len(angles)} pictures in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    writer = PoseWriter()
    teach(writer, found, in_tokens(angles), began, 60.0 * minutes, seed)
    hand = PoseMaker()
    with HandViews("val") as views:
        shown = [views[index] for index in range(val_views)]
    true = np.stack([view.joints_rad for view in shown])
    trained = judged(hand, written_poses(net, writer.eval(), [view.rgb for view in shown]), true, len(angles))
    card = {
        "command": f"enactive train poseless --model small --minutes {minutes:g} --seed {seed}",
        "data": f"HandViews('train', seed={OTHER_SEED + seed}), views 0 to {len(angles) - 1}",
        "quality": trained.card(),
        "goes_with": sha256_of(WEIGHTS),
    }
    save_weights(writer, out, card)
    return trained


def read_pictures(net: JointNetwork, seed: int, seconds: float) -> tuple[Described, NDArray[np.float64]]:
    """What the encoder tells of as many new pictures as there is time for, and their angles (N, 24)."""
    os.environ.setdefault("LP_NUM_THREADS", "0")
    began = time.monotonic()
    parts: list[Described] = []
    angles: list[NDArray[np.float64]] = []
    with HandViews("train", OTHER_SEED + seed) as views:
        while not parts or time.monotonic() - began < seconds:
            shown: list[View] = [views[len(angles) + index] for index in range(AT_ONCE)]
            parts.append(Described(*(part.half() for part in described(net, [view.rgb for view in shown]))))
            angles += [view.joints_rad for view in shown]
    return Described(*(torch.cat(each) for each in zip(*parts, strict=True))), np.stack(angles)


def in_tokens(angles_rad: NDArray[np.float64]) -> torch.Tensor:
    """(N, T) answers with their ends, padded by -100."""
    words = tokenizer()
    texts = [xml_format.written(row, SIDE) + words.eos_token for row in angles_rad]
    ids = [torch.tensor(row) for row in words(texts, add_special_tokens=False)["input_ids"]]
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-100)


def teach(writer: PoseWriter, found: Described, answers: torch.Tensor, began_s: float, seconds: float, seed: int) -> None:
    """Update the writer until the time is spent; the rate rises and falls over what is left of it."""
    rng, start = np.random.default_rng(seed), time.monotonic() - began_s
    optimizer = torch.optim.AdamW(writer.parameters(), lr=RATE.peak, betas=(0.9, 0.98), weight_decay=0.01)
    writer.train()
    step, smooth = 0, float("nan")
    while step == 0 or time.monotonic() - began_s < seconds:
        done = (time.monotonic() - began_s - start) / max(seconds - start, 1e-9)
        for group in optimizer.param_groups:
            group["lr"] = RATE.at(done)
        chosen = torch.from_numpy(rng.integers(len(answers), size=BATCH))
        batch = Described(*(part[chosen].float() for part in found))
        loss = update(writer, optimizer, batch, answers[chosen])
        smooth = loss if step == 0 else 0.98 * smooth + 0.02 * loss
        step += 1
        if step % 100 == 0:
            print(f"step {step} minute {(time.monotonic() - began_s) / 60:.1f} loss {smooth:.4f}", flush=True)


def update(writer: PoseWriter, optimizer: torch.optim.Optimizer, found: Described, answers: torch.Tensor) -> float:
    """One step on a batch; returns the loss before it."""
    with fast_products():
        loss = writer.loss(found, answers)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(writer.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())
