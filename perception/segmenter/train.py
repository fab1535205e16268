"""Training of the embedded segmenter, from rendering the pictures to the weights that ship.

`enactive train segmenter` calls `train_segmenter`. Training goes by the clock, so that a machine gives what it can in the
minutes it has; a later run with `resume` and more minutes continues where the last one stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from enactive.errors import ConfigError

from ..convnets.muon import Muon
from ..convnets.shipped import history_of
from ..convnets.team import ALONE, Team, train_together
from ..convnets.training import Learner, Rate, check_minutes
from .batches import Drawer, make_batch
from .data import FIRST_UNSEEN_SEED, make_views
from .losses import loss
from .network import PixelEmbedder, spread_words
from .phrases import PhraseBank, RememberedTexts
from .quality import Quality, labels_of, measure
from .views import Views
from .weights import WEIGHTS, load_weights, save_weights

BATCH = 8  # whole views per update, over all workers; of views cut to 1/2 or 1/4 of the width and height 4 or 16 times as many
CUT = 0.75  # share of the minutes, at the start, in which views are cut
CLOSE = 0.5  # share of the updates on cut views in which they are cut to 1/4
PHOTOS = 0.25  # share of the aimed views for training that are taken from any height
RATE = Rate(peak=2.5e-3, warmup=0.02, decay=0.35)
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECK_EVERY_S = 240.0
CHECK_VIEWS = 96


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run was asked for; see `train_segmenter`. apartments: those for rare things among them."""

    minutes: float
    datasets: Path
    apartments: int
    test_apartments: int
    start: Path | None
    resume: bool
    seed: int


@dataclass(slots=True)
class Progress:
    """Where training stands. seconds: spent so far, over all runs."""

    step: int = 0
    seconds: float = 0.0


def train_segmenter(
    minutes: float = 60.0,
    datasets: Path = Path("datasets/segmenter"),
    apartments: int = 400,
    rare_apartments: int = 300,
    test_apartments: int = 24,
    out: Path = WEIGHTS,
    start: Path | None = None,
    resume: bool = False,
    seed: int = 0,
    workers: int = 2,
) -> Quality:
    """Make the pictures that are missing, train for `minutes` in all, and write the weights with their measured quality.

    minutes: of training. datasets: folder of the pictures. apartments: of the train split. rare_apartments: further ones, for
    categories that those hardly show, 0 = none. test_apartments: of the measurement. out: file of the weights. seed: of the
    draws. resume: continue from the last checkpoint, and spend what `minutes` leave. start: weights to begin with, where
    nothing is resumed, instead of random ones; the card of the new weights carries their history on. workers: processes, each
    with one thread, that render and then share the batches.

    Train-split apartments have seeds 0, 1, ...; in the `rare_apartments` after the first ones views are aimed at categories
    that those hardly show. Unseen ones, for the measurement, have seeds 100 000, 100 001, ... Checkpoints lie under `datasets`.
    Returns the quality on all unseen views. Raises ConfigError where there are no minutes.
    """
    check_minutes(minutes)
    make_views(datasets / "train", range(apartments), workers, photos=PHOTOS)
    if rare_apartments:
        rare = Drawer(Views(datasets / "train", apartments)).rare()
        make_views(datasets / "train", range(apartments, apartments + rare_apartments), workers, photos=PHOTOS, only=rare)
    make_views(datasets / "unseen", range(FIRST_UNSEEN_SEED, FIRST_UNSEEN_SEED + test_apartments), workers)
    plan = Plan(minutes, datasets, apartments + rare_apartments, test_apartments, start, resume, seed)
    trainer = train_together(_train, plan, workers)
    quality = trainer.measure(len(trainer.unseen))
    command = f"enactive train segmenter --minutes {minutes:g} --apartments {apartments} "
    command += f"--rare_apartments {rare_apartments} --seed {seed}"
    command += f" --start {start.name}" if start else ""
    command += f" --workers {workers}"
    save_weights(trainer.average, out, command, quality, len(trainer.unseen), trainer.history)
    return quality


def _train(plan: Plan, team: Team) -> Trainer:
    """In one of the processes that share the batches. The first one also logs and keeps checkpoints."""
    torch.manual_seed(plan.seed)
    train = Views(plan.datasets / "train", plan.apartments)
    unseen = Views(plan.datasets / "unseen", plan.test_apartments)
    bank = PhraseBank(RememberedTexts(plan.datasets))
    trainer = Trainer(train, unseen, plan.minutes, plan.seed, bank, team)
    checkpoint = plan.datasets / "checkpoint.safetensors"
    if plan.resume and checkpoint.exists():
        trainer.load(checkpoint)
    elif plan.start is not None:
        trainer.begin_with(load_weights(plan.start), history_of(plan.start))
    for line in trainer.run(checkpoint):
        if team.rank == 0:
            print(line, flush=True)
    return trainer


class Trainer:
    """The optimisation and its state, in one of the processes that share each batch."""

    def __init__(self, views: Views, unseen: Views, minutes: float, seed: int, bank: PhraseBank, team: Team = ALONE) -> None:
        self.drawer, self.unseen, self.budget_s, self.seed = Drawer(views), unseen, 60.0 * minutes, seed
        self.bank, self.team = bank, team
        self.net = PixelEmbedder()
        spread_words(self.net, bank.to_spread())
        self.average = PixelEmbedder()
        self.average.load_state_dict(self.net.state_dict())
        filters = [p for part in (self.net.down, self.net.up) for p in part.parameters() if p.ndim == 4]
        others = [p for p in self.net.parameters() if p.requires_grad and all(p is not q for q in filters)]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            Muon(filters, lr=RATE.peak, weight_decay=WEIGHT_DECAY),
            torch.optim.AdamW(others, lr=RATE.peak, betas=(0.9, 0.99), weight_decay=0.0),
        )
        self.learner = Learner(self.net, self.average, self.optimizers)
        self.progress = Progress()
        self.history: list[dict[str, Any]] = []

    def begin_with(self, net: PixelEmbedder, history: list[dict[str, Any]]) -> None:
        """Take over the weights of a trained network, and how they came about."""
        self.history = history
        self.net.load_state_dict(net.state_dict())
        self.average.load_state_dict(net.state_dict())

    def run(self, checkpoint: Path) -> Iterator[str]:
        """Train until the minutes are spent; yields lines for the log."""
        start, before = time.monotonic(), self.progress.seconds
        checked = before
        terms: dict[str, float] = {}
        while self.progress.seconds < self.budget_s:
            for name, value in self.step(before + time.monotonic() - start).items():
                terms[name] = 0.98 * terms.get(name, value) + 0.02 * value
            if self.progress.step % 50 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                yield f"step {self.progress.step} minute {self.progress.seconds / 60:.1f} rate {self._rate():.1e} {told}"
            if self.team.rank == 0 and self.progress.seconds - checked > CHECK_EVERY_S:
                checked = self.progress.seconds
                self.save(checkpoint)
                yield f"step {self.progress.step} mean IoU {self.measure(CHECK_VIEWS).mean_iou:.3f} on unseen apartments"
        if self.team.rank == 0:
            self.save(checkpoint)

    def step(self, seconds: float) -> dict[str, float]:
        """One update, at a time since the start. The random numbers follow from the seed, the step and the worker."""
        rng = np.random.default_rng([self.seed, self.progress.step, self.team.rank])
        parts = self._parts()
        batch = make_batch(self.drawer, max(BATCH * parts**2 // self.team.size, 1), rng, parts)
        self.net.train()
        terms = loss(self.net, batch, self.bank, rng)
        self.net.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        self.progress.seconds = self.team.average(self.net.parameters(), seconds)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._rate()
            optimizer.step()
        self.progress.step += 1
        self.learner.follow(self.progress.step, EMA)
        return {name: float(term.detach()) for name, term in terms.items()}

    def _parts(self) -> int:
        """By how much the width and height of the views of this update are divided; the same for all workers."""
        if self.progress.seconds >= CUT * self.budget_s:
            return 1
        return 4 if np.random.default_rng([self.seed, self.progress.step]).random() < CLOSE else 2

    def measure(self, count: int) -> Quality:
        """Quality of the averaged network on evenly spaced unseen views."""
        indices = np.linspace(0, len(self.unseen) - 1, min(count, len(self.unseen))).astype(int).tolist()
        net = self.average.eval()
        with torch.inference_mode():
            words = net.embed_text(torch.stack([texts[0] for texts in self.bank.named]))
        return measure(lambda view: labels_of(net, words, view), self.unseen, indices)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        where = {"step": str(self.progress.step), "seconds": repr(self.progress.seconds)}
        self.learner.save(path, {**where, "history": json.dumps(self.history)})

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        metadata = self.learner.load(path)
        self.progress = Progress(int(metadata["step"]), float(metadata["seconds"]))
        if "history" not in metadata:
            raise ConfigError(f"{path} is of an earlier version and does not tell its history: delete it, or do not resume")
        self.history = json.loads(metadata["history"])

    def _rate(self) -> float:
        return RATE.at(self.progress.seconds / self.budget_s)
