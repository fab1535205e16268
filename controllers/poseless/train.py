"""Training of the parallel form, from rendering the pictures to the weights that ship.

`enactive train poseless` calls `train_poseless`. Labels cost a few milliseconds: training renders as it goes, and is limited by
the clock alone. A later run with `resume` and more minutes continues.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.views import HandViews
from enactive.perception.convnets.muon import Muon
from enactive.perception.convnets.shipped import save_weights
from enactive.perception.convnets.training import Learner, Rate

from .batches import Memory, labelled
from .losses import losses
from .network import JointNetwork, angles_rad, normalised
from .quality import errors
from .weights import WEIGHTS

BATCH = 36
FRESH = 12  # of them are new and replace the oldest of the remembered ones, so that a picture is learned from three times
REMEMBERED = 3600
PIXELS = 160  # of a side of the pictures that are learned from: the more, the longer they take to draw
RATE = Rate(peak=2.0e-3, warmup=0.02, decay=0.4)
HEAD_SHARE = 0.5  # of the rate of the filters that the other weights get
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECK_EVERY_S = 300.0
CHECK_VIEWS = 256


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of training. ratio: mean squared error over that of predicting the mean, on `views` views of the val split;
    tip_mm: median error of a fingertip; pictures: rendered to learn from."""

    mse_rad2: float
    ratio: float
    tip_mm: float
    views: int
    pictures: int


def train_poseless(
    minutes: float = 60.0,
    out: Path = WEIGHTS,
    checkpoint: Path = Path("datasets/poseless/checkpoint.safetensors"),
    resume: bool = False,
    seed: int = 0,
    val_views: int = 1024,
    model: str | None = None,
) -> Trained | int:
    """Render and train for `minutes` in all, in one thread, and write the weights with their measured quality.

    Pictures for training are those of the split "train" of `seed` (`HandViews`), those for the measurement of the split "val".
    resume: continue from the checkpoint, and spend what `minutes` leave. model: fine-tune this vision-language model, the
    paper's form, in place of the parallel one; `out` is then a folder, and what is returned the number of pictures seen.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in this thread: others would fight for the same core
    torch.manual_seed(seed)
    if model is not None:
        from enactive.perception.vlm.hf import load_model

        from .finetune import finetune

        return finetune(load_model(model), minutes, out.with_suffix(""), seed)
    torch.set_num_threads(1)
    trainer = Trainer(minutes, seed, val_views)
    if resume and checkpoint.exists():
        trainer.load(checkpoint)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    for line in trainer.run(checkpoint):
        print(line, flush=True)
    trained = trainer.measure(val_views)
    command = f"enactive train poseless --minutes {minutes:g} --seed {seed}"
    numbers = {"mse_rad2": trained.mse_rad2, "ratio_to_mean": trained.ratio, "median_fingertip_mm": trained.tip_mm}
    card = {
        "command": command,
        "data": f"HandViews('train', seed={seed}) at {PIXELS} pixels, views 0 to {trained.pictures - 1}, "
        f"each learned from about {BATCH // FRESH} times",
        "quality": {key: round(value, 4) for key, value in numbers.items()} | {"val_views": trained.views},
        "joints": list(JOINTS),
    }
    save_weights(trainer.average, out, card)
    trainer.views.close()
    trainer.val.close()
    return trained


class Trainer:
    """The optimisation and its state."""

    def __init__(self, minutes: float, seed: int, val_views: int) -> None:
        self.budget_s, self.seed = 60.0 * minutes, seed
        self.views, self.val = HandViews("train", seed, width=PIXELS, height=PIXELS), HandViews("val", seed)
        self._val = labelled([self.val[index] for index in range(val_views)])
        self.net, self.average = JointNetwork(), JointNetwork()
        self.average.load_state_dict(self.net.state_dict())
        filters = [p for p in self.net.encoder.parameters() if p.ndim == 4]
        others = [p for p in self.net.parameters() if all(p is not q for q in filters)]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            Muon(filters, lr=RATE.peak, weight_decay=WEIGHT_DECAY),
            torch.optim.AdamW(others, lr=HEAD_SHARE * RATE.peak, betas=(0.9, 0.99), weight_decay=0.0),
        )
        self.learner = Learner(self.net, self.average, self.optimizers)
        self.step_count, self.seconds = 0, 0.0
        self.memory = Memory(self.views, 0, REMEMBERED, FRESH)

    def run(self, checkpoint: Path) -> Iterator[str]:
        """Train until the minutes are spent; yields lines for the log."""
        start, before = time.monotonic(), self.seconds
        checked = before
        terms: dict[str, float] = {}
        while self.seconds < self.budget_s:
            for name, value in self.step().items():
                terms[name] = 0.95 * terms.get(name, value) + 0.05 * value
            self.seconds = before + time.monotonic() - start
            if self.step_count % 100 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                yield f"step {self.step_count} minute {self.seconds / 60:.1f} rate {self._rate():.1e} {told}"
            if self.seconds - checked > CHECK_EVERY_S:
                checked = self.seconds
                self.save(checkpoint)
                now = self.measure(CHECK_VIEWS)
                yield f"step {self.step_count} val ratio {now.ratio:.3f} median fingertip {now.tip_mm:.1f} mm"
        self.save(checkpoint)

    def step(self) -> dict[str, float]:
        """One update on new pictures and on some that are remembered."""
        rng = np.random.default_rng([self.seed, self.step_count])
        batch = self.memory.draw(BATCH, rng)
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            shares, scores = self.net(normalised(batch.pictures))
        terms = losses(shares.float(), scores.float(), batch.angles_rad, batch.points)
        self.net.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimizer, share in zip(self.optimizers, (1.0, HEAD_SHARE), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = share * self._rate()
            optimizer.step()
        self.step_count += 1
        self.learner.follow(self.step_count, EMA)
        return {name: float(term.detach()) for name, term in terms.items()}

    @torch.inference_mode()
    def measure(self, count: int) -> Trained:
        """Quality of the averaged network on the first views of the val split."""
        pictures, angles = self._val.pictures[:count], self._val.angles_rad[:count]
        net = self.average.eval()
        parts = np.array_split(pictures, max(1, len(pictures) // 64))
        found = np.concatenate([angles_rad(net(normalised(part))[0]) for part in parts])
        off = errors(self.val.poses, found, angles)
        mse = float(off.mse_rad2.mean())
        mean = float(((angles - angles.mean(axis=0)) ** 2).mean())
        return Trained(mse, mse / mean, float(np.median(off.tips_mm)), len(angles), self.memory.next)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        pictures, seconds = str(self.memory.next), repr(self.seconds)
        self.learner.save(path, {"step": str(self.step_count), "pictures": pictures, "seconds": seconds})

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        metadata = self.learner.load(path)
        self.step_count, self.memory.next = int(metadata["step"]), int(metadata["pictures"])
        self.seconds = float(metadata["seconds"])

    def _rate(self) -> float:
        return RATE.at(self.seconds / self.budget_s)
