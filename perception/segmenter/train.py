"""Training of the embedded segmenter, from rendering the pictures to the weights that ship.

`enactive train segmenter` calls `train_segmenter`. Training goes by the clock, so that a machine gives what it can in the
minutes it has; a later run with `resume` and more minutes continues where the last one stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ..text import MiniLM
from .batches import class_frequencies, make_batch
from .data import FIRST_UNSEEN_SEED, make_views
from .losses import loss
from .network import PixelEmbedder
from .phrases import PhraseBank
from .quality import Quality, measure
from .views import Views
from .weights import WEIGHTS, save_weights

BATCH = 8
PEAK_RATE = 2e-3
WARMUP = 0.03  # share of the minutes
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECK_EVERY_S = 180.0
CHECK_VIEWS = 150


@dataclass(slots=True)
class Progress:
    """Where training stands. seconds: spent so far, over all runs."""

    step: int = 0
    seconds: float = 0.0


def train_segmenter(
    minutes: float = 40.0,
    datasets: Path = Path("datasets/segmenter"),
    apartments: int = 400,
    test_apartments: int = 24,
    out: Path = WEIGHTS,
    resume: bool = False,
    seed: int = 0,
    threads: int = 2,
    workers: int = 2,
) -> Quality:
    """Make the pictures that are missing, train for `minutes` in all, and write the weights with their measured quality.

    Train-split apartments have seeds 0, 1, ...; unseen ones, for the measurement, seeds 100 000, 100 001, ... Checkpoints and
    the log lie under `datasets`; resume continues from the last checkpoint. Returns the quality on all unseen views.
    """
    make_views(datasets / "train", range(apartments), workers)
    make_views(datasets / "unseen", range(FIRST_UNSEEN_SEED, FIRST_UNSEEN_SEED + test_apartments), workers)
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    trainer = Trainer(Views(datasets / "train", apartments), Views(datasets / "unseen", test_apartments), minutes, seed)
    checkpoint = datasets / "checkpoint.safetensors"
    if resume and checkpoint.exists():
        trainer.load(checkpoint)
    for line in trainer.run(checkpoint):
        print(line, flush=True)
    quality = trainer.measure(len(trainer.unseen))
    command = f"enactive train segmenter --minutes {minutes:g} --apartments {apartments} --seed {seed}"
    save_weights(trainer.average, out, command, quality, len(trainer.unseen))
    return quality


class Trainer:
    """The optimisation and its state."""

    def __init__(self, views: Views, unseen: Views, minutes: float, seed: int) -> None:
        self.views, self.unseen, self.budget_s, self.seed = views, unseen, 60.0 * minutes, seed
        self.bank = PhraseBank(MiniLM())
        self.frequencies = class_frequencies(views)
        self.net = PixelEmbedder()
        self.average = PixelEmbedder()
        self.average.load_state_dict(self.net.state_dict())
        plain = [p for p in self.net.parameters() if p.ndim < 2]
        decayed = [p for p in self.net.parameters() if p.ndim >= 2]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.99))
        self.progress = Progress()

    def run(self, checkpoint: Path) -> Iterator[str]:
        """Train until the minutes are spent; yields lines for the log."""
        start, checked = time.monotonic(), 0.0
        before = self.progress.seconds
        terms: dict[str, float] = {}
        while self.progress.seconds < self.budget_s:
            for name, value in self.step().items():
                terms[name] = 0.98 * terms.get(name, value) + 0.02 * value
            self.progress.seconds = before + time.monotonic() - start
            if self.progress.step % 50 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                yield f"step {self.progress.step} minute {self.progress.seconds / 60:.1f} rate {self._rate():.1e} {told}"
            if self.progress.seconds - checked > CHECK_EVERY_S:
                checked = self.progress.seconds
                self.save(checkpoint)
                yield f"step {self.progress.step} mean IoU {self.measure(CHECK_VIEWS).mean_iou:.3f} on unseen apartments"
        self.save(checkpoint)

    def step(self) -> dict[str, float]:
        """One update. The random numbers follow from the seed and the number of the step."""
        rng = np.random.default_rng([self.seed, self.progress.step])
        views = [self.views[int(i)] for i in rng.integers(len(self.views), size=BATCH)]
        batch = make_batch(views, self.frequencies, rng)
        self.net.train()
        terms = loss(self.net, batch, self.bank, rng, bf16=True)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.step()
        self.progress.step += 1
        self._follow()
        return {name: float(term.detach()) for name, term in terms.items()}

    def measure(self, count: int) -> Quality:
        """Quality of the averaged network on evenly spaced unseen views."""
        indices = np.linspace(0, len(self.unseen) - 1, min(count, len(self.unseen))).astype(int).tolist()
        return measure(self.average, torch.stack([texts[0] for texts in self.bank.named]), self.unseen, indices)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        tensors = {f"net.{key}": value for key, value in self.net.state_dict().items()}
        tensors |= {f"average.{key}": value for key, value in self.average.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
        metadata = {"step": str(self.progress.step), "seconds": repr(self.progress.seconds)}
        fresh = path.with_suffix(".fresh")
        save_file({key: value.contiguous() for key, value in tensors.items()}, fresh, metadata)
        fresh.replace(path)

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (a safetensors file is no dict)
            metadata = file.metadata()
        self.progress = Progress(int(metadata["step"]), float(metadata["seconds"]))
        for module, prefix in ((self.net, "net."), (self.average, "average.")):
            module.load_state_dict({key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)})
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".")
                state.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})

    def _rate(self) -> float:
        done = min(self.progress.seconds / self.budget_s, 1.0)
        return PEAK_RATE * min(done / WARMUP + 0.01, 1.0) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged network towards the trained one."""
        keep = min(EMA, (1 + self.progress.step) / (10 + self.progress.step))
        for mean, value in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)
