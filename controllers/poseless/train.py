"""Training of the parallel form, from rendering the pictures to the weights that ship.

`enactive train poseless` calls `train_poseless`. Labels cost a few milliseconds: training renders as it goes, and is limited by
the clock alone. A later run with `resume` and more minutes continues.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from enactive.envs.shadow_hand.joints import JOINTS
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError
from enactive.perception.convnets.muon import Muon
from enactive.perception.convnets.shipped import save_weights
from enactive.perception.convnets.training import Learner, Rate
from enactive.precision import fast_products

from .batches import Memory, Source
from .glances import look_twice
from .kinematics import Kinematics
from .losses import losses
from .network import JointNetwork, Reading, normalised
from .quality import Trained, judged
from .weights import WEIGHTS

BATCH = 48
FRESH = 24  # of them are new and replace the oldest of the remembered ones, so that a picture is learned from twice
REMEMBERED = 4800
RATE = Rate(peak=2.0e-3, warmup=0.02, decay=0.4)
HEAD_SHARE = 0.5  # of the rate of the filters that the other weights get
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECKPOINT = Path("datasets/poseless/checkpoint.safetensors")
VAL_VIEWS = 1024
CHECK_EVERY_S = 300.0
CHECK_VIEWS = 256


def train_poseless(
    minutes: float = 60.0,
    out: Path = WEIGHTS,
    checkpoint: Path = CHECKPOINT,
    resume: bool = False,
    seed: int = 0,
    val_views: int = VAL_VIEWS,
    model: str | None = None,
    workers: int = 1,
) -> Trained | int:
    """Render and train for `minutes` in all, and write the weights with their measured quality.

    Pictures for training are those of the split "train" of `seed` (`HandViews`), those for the measurement of the split "val".
    minutes: of rendering and training together. out: file of the weights. checkpoint: file of the state of training. resume:
    continue from the checkpoint, and spend what `minutes` leave. seed: of the pictures. val_views: how many the quality is
    measured on. model: "small" trains the small language form on the weights of the parallel one; any other name fine-tunes
    that vision-language model, the paper's form, on the GPU where there is one; `out` is then a folder, and what is returned
    the number of pictures seen. workers: processes that render, for one thread that trains; 0 does both in turns.

    Raises ConfigError where a `model` is given with what only the parallel form's training takes.
    """
    own = {
        "checkpoint": checkpoint != CHECKPOINT,
        "resume": resume,
        "val_views": val_views != VAL_VIEWS,
        "workers": workers != 1,
    }
    if model is not None and any(own.values()):
        given = ", ".join(f"--{name}" for name in own if own[name])
        raise ConfigError(f"training with --model {model} does without {given}: leave it out")
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in this thread: others would fight for the same core
    torch.manual_seed(seed)
    if model == "small":
        from .small_language import WRITER_WEIGHTS
        from .train_small_language import train_small_language

        return train_small_language(minutes, WRITER_WEIGHTS if out == WEIGHTS else out, seed)
    if model is not None:
        from enactive.perception.vlm.hf import load_model

        from .finetune import finetune

        folder = out.with_suffix("") if out.suffix == WEIGHTS.suffix else out
        return finetune(load_model(model, whole=True), minutes, folder, seed)
    torch.set_num_threads(1)
    trainer = Trainer(minutes, seed, val_views, workers)
    if resume and checkpoint.exists():
        trainer.load(checkpoint)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    try:
        for line in trainer.run(checkpoint):
            print(line, flush=True)
    finally:
        trainer.close()
    trained = trainer.measure(val_views)
    command = f"enactive train poseless --minutes {minutes:g} --seed {seed}"
    card = {
        "command": command,
        "data": f"HandViews('train', seed={seed}), views 0 to {trained.pictures - 1}, "
        f"each learned from about {BATCH // FRESH} times",
        "quality": trained.card(),
        "joints": list(JOINTS),
    }
    save_weights(trainer.average, out, card)
    return trained


class Trainer:
    """The optimisation and its state."""

    def __init__(self, minutes: float, seed: int, val_views: int, workers: int = 0) -> None:
        self.budget_s, self.seed, self.workers = 60.0 * minutes, seed, workers
        with HandViews("val", seed) as views:
            self.val = [views[index] for index in range(val_views)]
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
        self._learn_from(0)

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
        with fast_products():
            reading = self.net(normalised(batch.pictures))
        terms = losses(Reading(*(part.float() for part in reading)), batch, self.kinematics)
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

    def measure(self, count: int) -> Trained:
        """Quality of the averaged network on the first views of the val split."""
        views = self.val[:count]
        angles = np.stack([view.joints_rad for view in views])
        found = look_twice(self.average.eval(), [view.rgb for view in views]).angles_rad
        return judged(self.hand, found, angles, self.memory.source.next)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        pictures, seconds = str(self.memory.source.next), repr(self.seconds)
        self.learner.save(path, {"step": str(self.step_count), "pictures": pictures, "seconds": seconds})

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        metadata = self.learner.load(path)
        self.step_count, self.seconds = int(metadata["step"]), float(metadata["seconds"])
        self.close()
        self._learn_from(int(metadata["pictures"]))

    def close(self) -> None:
        """End the processes that render."""
        self.memory.source.close()

    def _learn_from(self, first: int) -> None:
        """Draw pictures from this number of the split "train" on."""
        self.memory = Memory(Source(self.seed, first, FRESH, self.workers), REMEMBERED)

    def _rate(self) -> float:
        return RATE.at(self.seconds / self.budget_s)
