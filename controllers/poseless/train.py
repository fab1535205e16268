"""Training of the parallel form, from rendering the pictures to the weights that ship.

`enactive train poseless` calls `train_poseless`. Labels cost a few milliseconds: training renders as it goes, and is limited by
the clock alone. A later run with `resume` and more minutes continues, one with `start` begins a new leg on what is there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError
from enactive.perception.convnets.muon import Muon
from enactive.perception.convnets.shipped import history_of, save_weights
from enactive.perception.convnets.team import ALONE, Team, train_together
from enactive.perception.convnets.training import Learner, Rate, check_minutes
from enactive.precision import fast_products

from .batches import Memory
from .glances import look_twice
from .kinematics import Kinematics
from .losses import losses
from .network import JointNetwork, Reading, normalised
from .quality import Trained, judged
from .weights import WEIGHTS, load_weights

BATCH = 128  # over all workers
USES = 8  # how often a picture is learned from: rendering one costs more than learning from one
REMEMBERED = 4800  # pictures of each worker, 0.7 GB
RATE = Rate(peak=2.0e-3, warmup=0.02, decay=0.4)
HEAD_SHARE = 0.5  # of the rate of the filters that the other weights get
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECKPOINT = Path("datasets/poseless/checkpoint.safetensors")
VAL_VIEWS = 1024
CHECK_EVERY_S = 300.0
CHECK_VIEWS = 256
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run was asked for; see `train_poseless`."""

    minutes: float
    checkpoint: Path
    start: Path | None
    resume: bool
    seed: int
    val_views: int


def train_poseless(
    minutes: float = 60.0,
    out: Path = WEIGHTS,
    checkpoint: Path = CHECKPOINT,
    start: Path | None = None,
    resume: bool = False,
    seed: int = 0,
    val_views: int = VAL_VIEWS,
    model: str | None = None,
    workers: int = WORKERS,
) -> Trained | int:
    """Render and train for `minutes` in all, and write the weights with their measured quality.

    Pictures for training are those of the split "train" of `seed` (`HandViews`), those for the measurement of the split
    "val", whatever the seed. minutes: of rendering and training together. out: file of the weights. checkpoint: file of the
    state of training. start: weights to begin with, where nothing is resumed, instead of random ones; the card of the new
    weights carries their history on, and another `seed` gives other pictures. resume: continue from the checkpoint, and
    spend what `minutes` leave. seed: of the pictures. val_views: how many the quality is measured on. model: "small" trains
    the small language form on the weights of the parallel one; any other name fine-tunes that vision-language model, the
    paper's form, on the GPU where there is one; `out` is then a folder, and what is returned the number of pictures seen.
    workers: processes, each with one thread, that render and share the batches.

    Raises ConfigError for no minutes, and where a `model` is given with what only the parallel form's training takes.
    """
    check_minutes(minutes)
    own = {
        "checkpoint": checkpoint != CHECKPOINT,
        "start": start is not None,
        "resume": resume,
        "val_views": val_views != VAL_VIEWS,
        "workers": workers != WORKERS,
    }
    if model is not None and any(own.values()):
        given = ", ".join(f"--{name}" for name in own if own[name])
        raise ConfigError(f"training with --model {model} does without {given}: leave it out")
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in this thread: others would fight for the same core
    if model == "small":
        from .small_language import WRITER_WEIGHTS
        from .train_small_language import train_small_language

        return train_small_language(minutes, WRITER_WEIGHTS if out == WEIGHTS else out, seed)
    if model is not None:
        from enactive.perception.vlm.hf import load_model

        from .finetune import finetune

        folder = out.with_suffix("") if out.suffix == WEIGHTS.suffix else out
        return finetune(load_model(model, whole=True), minutes, folder, seed)
    trainer = train_together(_train, Plan(minutes, checkpoint, start, resume, seed, val_views), workers)
    trained = trainer.measure(val_views)
    command = f"enactive train poseless --minutes {minutes:g} --seed {seed}"
    command += f" --start {start.name}" if start else ""
    card = {
        "command": f"{command} --workers {workers}",
        "history": trainer.history,
        "data": f"HandViews('train', seed={seed}), views 0 to {trained.pictures - 1}, each learned from about {USES} times",
        "quality": trained.card(),
        "joints": list(JOINTS),
    }
    save_weights(trainer.average, out, card)
    return trained


def _train(plan: Plan, team: Team) -> Trainer:
    """In one of the processes that share the batches. The first one also logs and keeps checkpoints."""
    trainer = Trainer(plan.minutes, plan.seed, plan.val_views, team)
    if plan.resume and plan.checkpoint.exists():
        trainer.load(plan.checkpoint)
    elif plan.start is not None:
        trainer.begin_with(load_weights(plan.start), history_of(plan.start))
    plan.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    try:
        for line in trainer.run(plan.checkpoint):
            if team.rank == 0:
                print(line, flush=True)
    finally:
        trainer.close()
    return trainer


class Trainer:
    """The optimisation and its state, in one of the processes that share each batch."""

    def __init__(self, minutes: float, seed: int, val_views: int, team: Team = ALONE) -> None:
        self.budget_s, self.seed, self.team = 60.0 * minutes, seed, team
        with HandViews("val") as views:  # the same whatever the seed, so that legs can be compared
            self.val = [views[index] for index in range(val_views if team.rank == 0 else 0)]
        torch.manual_seed(seed)
        self.hand = PoseMaker()
        self.kinematics = Kinematics(self.hand.model)
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
        self.history: list[dict[str, Any]] = []
        self._learn_from(0)

    def begin_with(self, net: JointNetwork, history: list[dict[str, Any]]) -> None:
        """Take over the weights of a trained network, and how they came about."""
        self.history = history
        self.net.load_state_dict(net.state_dict())
        self.average.load_state_dict(net.state_dict())

    def run(self, checkpoint: Path) -> Iterator[str]:
        """Train until the minutes are spent; yields lines for the log."""
        start, before = time.monotonic(), self.seconds
        checked = before
        terms: dict[str, float] = {}
        while self.seconds < self.budget_s:
            for name, value in self.step(before + time.monotonic() - start).items():
                terms[name] = 0.95 * terms.get(name, value) + 0.05 * value
            if self.step_count % 100 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                yield f"step {self.step_count} minute {self.seconds / 60:.1f} rate {self._rate():.1e} {told}"
            if self.team.rank == 0 and self.seconds - checked > CHECK_EVERY_S:
                checked = self.seconds
                self.save(checkpoint)
                now = self.measure(CHECK_VIEWS)
                told = f"val ratio {now.ratio:.3f} median fingertip {now.tip_mm:.1f} mm"
                yield f"step {self.step_count} pictures {now.pictures} {told}"
        if self.team.rank == 0:
            self.save(checkpoint)

    def step(self, seconds: float) -> dict[str, float]:
        """One update, at a time since the start, on pictures out of the memory."""
        rng = np.random.default_rng([self.seed, self.step_count, self.team.rank])
        batch = self.memory.draw(max(BATCH // self.team.size, 1), rng)
        self.net.train()
        with fast_products():
            reading = self.net(normalised(batch.pictures))
        terms = losses(Reading(*(part.float() for part in reading)), batch, self.kinematics)
        self.net.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        self.seconds = self.team.average(self.net.parameters(), seconds)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimizer, share in zip(self.optimizers, (1.0, HEAD_SHARE), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = share * self._rate()
            optimizer.step()
        self.step_count += 1
        self.learner.follow(self.step_count, EMA)
        return {name: float(term.detach()) for name, term in terms.items()}

    def measure(self, count: int) -> Trained:
        """Quality of the averaged network on the first views of the val split."""
        views = self.val[:count]
        angles = np.stack([view.joints_rad for view in views])
        found = look_twice(self.average.eval(), [view.rgb for view in views]).angles_rad
        return judged(self.hand, found, angles, self.memory.next)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        where = {"step": str(self.step_count), "pictures": str(self.memory.next), "seconds": repr(self.seconds)}
        self.learner.save(path, {**where, "history": json.dumps(self.history)})

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        metadata = self.learner.load(path)
        if "history" not in metadata:
            raise ConfigError(f"{path} is of an earlier version and does not tell its history: delete it, or do not resume")
        self.history = json.loads(metadata["history"])
        self.step_count, self.seconds = int(metadata["step"]), float(metadata["seconds"])
        self.close()
        self._learn_from(int(metadata["pictures"]))

    def close(self) -> None:
        """Free the renderer."""
        self.memory.close()

    def _learn_from(self, first: int) -> None:
        """Draw pictures from this number of the split "train" on."""
        self.memory = Memory(self.seed, first, REMEMBERED, USES, self.team.rank, self.team.size)

    def _rate(self) -> float:
        return RATE.at(self.seconds / self.budget_s)
