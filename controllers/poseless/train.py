"""Training of the parallel form, from rendering the pictures to the weights that ship.

`enactive train poseless` calls `train_poseless`. Labels cost a few milliseconds, so that no picture is seen twice: training
renders as it goes, and is limited by the clock alone. A later run with `resume` and more minutes continues.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file

from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD
from enactive.envs.shadow_hand.views import HandViews, View
from enactive.perception.segmenter.muon import Muon

from .network import JointNetwork, angles_rad, normalised
from .pictures import seen
from .quality import errors, middle_mse_rad2
from .weights import WEIGHTS, save_weights

BATCH = 48
PIXELS = 160  # of a side of the pictures that are learned from: the more, the longer they take to draw
PEAK_RATE = 2.0e-3
WARMUP = 0.02  # share of the minutes
DECAY = 0.4  # share of the minutes, at the end; between the two the rate is constant, so that minutes can be added
WEIGHT_DECAY = 0.02
EMA = 0.998
CHECK_EVERY_S = 300.0
CHECK_VIEWS = 256
KEYPOINT_WEIGHT, KEYPOINT_SCALE = 0.5, 0.1  # of what pointing counts; a tenth of the picture is one unit of error


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
) -> Trained:
    """Render and train for `minutes` in all, in one thread, and write the weights with their measured quality.

    Pictures for training are those of the split "train" of `seed` (`HandViews`), those for the measurement of the split "val".
    resume: continue from the checkpoint, and spend what `minutes` leave.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in this thread: others would fight for the same core
    torch.set_num_threads(1)
    torch.manual_seed(seed)
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
        "data": f"HandViews('train', seed={seed}) at {PIXELS} pixels, views 0 to {trained.pictures - 1}, each seen once",
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
        self._val = pictures_and_labels([self.val[index] for index in range(val_views)])
        self.net, self.average = JointNetwork(), JointNetwork()
        self.average.load_state_dict(self.net.state_dict())
        filters = [p for p in self.net.encoder.parameters() if p.ndim == 4]
        others = [p for p in self.net.parameters() if all(p is not q for q in filters)]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            Muon(filters, lr=PEAK_RATE, weight_decay=WEIGHT_DECAY),
            torch.optim.AdamW(others, lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=0.0),
        )
        self.step_count, self.seconds = 0, 0.0

    def run(self, checkpoint: Path) -> Iterator[str]:
        """Train until the minutes are spent; yields lines for the log."""
        start, before = time.monotonic(), self.seconds
        checked = before
        terms: dict[str, float] = {}
        while self.seconds < self.budget_s:
            for name, value in self.step().items():
                terms[name] = 0.95 * terms.get(name, value) + 0.05 * value
            self.seconds = before + time.monotonic() - start
            if self.step_count % 50 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                yield f"step {self.step_count} minute {self.seconds / 60:.1f} rate {self._rate():.1e} {told}"
            if self.seconds - checked > CHECK_EVERY_S:
                checked = self.seconds
                self.save(checkpoint)
                now = self.measure(CHECK_VIEWS)
                yield f"step {self.step_count} val ratio {now.ratio:.3f} median fingertip {now.tip_mm:.1f} mm"
        self.save(checkpoint)

    def step(self) -> dict[str, float]:
        """One update on pictures that were not seen before."""
        first = self.step_count * BATCH
        pictures, angles, points = pictures_and_labels([self.views[first + index] for index in range(BATCH)])
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            shares, pointed = self.net(normalised(pictures))
        terms = losses(shares.float(), pointed.float(), angles, points)
        self.net.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._rate()
            optimizer.step()
        self.step_count += 1
        self._follow()
        return {name: float(term.detach()) for name, term in terms.items()}

    @torch.inference_mode()
    def measure(self, count: int) -> Trained:
        """Quality of the averaged network on the first views of the val split."""
        pictures, angles, _ = (part[:count] for part in self._val)
        net = self.average.eval()
        parts = np.array_split(pictures, max(1, len(pictures) // 64))
        found = np.concatenate([angles_rad(net(normalised(part))[0]) for part in parts])
        off = errors(self.val.poses, found, angles)
        mse = float(off.mse_rad2.mean())
        mean = float(((angles - angles.mean(axis=0)) ** 2).mean())
        return Trained(mse, mse / mean, float(np.median(off.tips_mm)), len(angles), self.step_count * BATCH)

    def save(self, path: Path) -> None:
        """Write everything that continuing needs."""
        tensors = {f"net.{key}": value for key, value in self.net.state_dict().items()}
        tensors |= {f"average.{key}": value for key, value in self.average.state_dict().items()}
        for number, optimizer in enumerate(self.optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{number}.{index}.{key}": value for key, value in state.items()}
        metadata = {"step": str(self.step_count), "seconds": repr(self.seconds)}
        fresh = path.with_suffix(".fresh")
        save_file({key: value.contiguous() for key, value in tensors.items()}, fresh, metadata)
        fresh.replace(path)

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (a safetensors file is no dict)
            metadata = file.metadata()
        self.step_count, self.seconds = int(metadata["step"]), float(metadata["seconds"])
        for module, prefix in ((self.net, "net."), (self.average, "average.")):
            module.load_state_dict({key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)})
        states: list[dict[int, dict[str, torch.Tensor]]] = [{} for _ in self.optimizers]
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, number, index, name = key.split(".")
                states[int(number)].setdefault(int(index), {})[name] = value
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    def _rate(self) -> float:
        done = min(self.seconds / self.budget_s, 1.0)
        left = min((1.0 - done) / DECAY, 1.0)
        return PEAK_RATE * min(done / WARMUP + 0.01, 1.0) * 0.5 * (1.0 - math.cos(math.pi * left)) + 1e-6

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged network towards the trained one."""
        keep = min(EMA, (1 + self.step_count) / (10 + self.step_count))
        for mean, value in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)


def pictures_and_labels(views: list[View]) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """What the network sees (N, 128, 128, 3) uint8, angles (N, 24) rad, keypoints (N, 21, 2) in shares of the side."""
    sides = np.array([view.rgb.shape[1::-1] for view in views], dtype=np.float64)
    points = (np.stack([view.keypoints_uv for view in views]) + 0.5) / sides[:, None]
    return np.stack([seen(view.rgb) for view in views]), np.stack([view.joints_rad for view in views]), points


def losses(
    shares: torch.Tensor, pointed: torch.Tensor, angles_rad: NDArray[np.float64], points: NDArray[np.float64]
) -> dict[str, torch.Tensor]:
    """Terms of the loss by name, each 1 for a network that says the middle of every range.

    angles: squared error in rad^2, as the paper measures, which the wide ranges rule. shares: the same in shares of the range,
    so that the narrow ones count as much. points: distance of the keypoints, the same far off as near.
    """
    ranges = torch.from_numpy(HIGH_RAD - LOW_RAD).float()
    true = torch.from_numpy((angles_rad - LOW_RAD) / (HIGH_RAD - LOW_RAD)).float()
    off = shares - true
    distance = F.smooth_l1_loss(pointed, torch.from_numpy(points).float(), beta=0.02)
    return {
        "angles": (off * ranges).square().mean() / middle_mse_rad2(),
        "shares": 12.0 * off.square().mean(),
        "points": KEYPOINT_WEIGHT * distance / KEYPOINT_SCALE,
    }
