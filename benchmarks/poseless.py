"""How near PoseLess comes to its bars under every condition, beside keypoints with inverse kinematics and the language form.

    python benchmarks/poseless.py [--views 200] [--weights FILE] [--alone] [--out runs/poseless]

It is `enactive eval --suite hand/poses` (which tells degrees, joints and paired differences) in terms of the bars: mean squared
error at most 0.25 of predicting the mean, median error of a fingertip at most 12 mm, no malformed output, 30 pictures a second
with rendering in the loop. Predicting the mean knows the mean of 1024 poses of the split "train". An interrupted run goes on.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch

import enactive.envs  # noqa: F401  # registers ShadowHand
from enactive import __version__
from enactive.agents.component import Component
from enactive.agents.pose_evaluation import evaluate_poses
from enactive.agents.pose_table import by_condition
from enactive.agents.table import Row
from enactive.controllers.poseless.estimator import ParallelEstimator, PoseEstimator
from enactive.controllers.poseless.quality import middle_mse_rad2
from enactive.controllers.poseless.small_language import WRITER_WEIGHTS
from enactive.controllers.poseless.weights import WEIGHTS
from enactive.envs.shadow_hand.conditions import CONDITIONS
from enactive.envs.shadow_hand.look import Randomisation
from enactive.pretrained import sha256_of
from enactive.statistics import mean, median

RATIO_BAR, TIP_BAR_MM, RATE_BAR_HZ = 0.25, 12.0, 30.0
HOME = "enactive.controllers.poseless"
COMPARED = ("randomised", "occluded", "clean")  # what the others read, too, which take their time


def readers_of(weights: Path) -> tuple[dict[str, Component], dict[str, Component]]:
    """PoseLess and what does not look, then those that are compared with it."""
    told = {} if weights == WEIGHTS else {"weights": str(weights)}
    names = {"PoseLess": "estimator.ParallelEstimator", "MeanPose": "baselines.MeanPose", "MiddlePose": "baselines.MiddlePose"}
    first = {label: Component("controllers", f"{HOME}.{name}") for label, name in names.items()}
    first["PoseLess"] = Component("controllers", first["PoseLess"].name, told)
    others = {"Keypoints": Component("controllers", f"{HOME}.keypoint_ik.KeypointEstimator", told)}
    if weights == WEIGHTS:  # the language form that ships goes with these
        small = f"{HOME}.small_language.SmallLanguageEstimator"
        others["the small language form"] = Component("controllers", small)
        others["its likeliest answer"] = Component("controllers", small, {"draws": 1})
    return first, others


def tell(rows: Sequence[Row]) -> None:
    """A line for each condition and reader."""
    head = f"{'':43}{'MSE rad^2':20} {'/mean':>5}  {'degrees':17}  {'fingertip mm, median':20}"
    print(f"{head}  <={2 * TIP_BAR_MM:.0f}  malformed  ms, best")
    for condition, readers in by_condition(rows).items():
        always = np.mean([row["mse_rad2"] for row in readers["MeanPose"]])
        for label, group in readers.items():
            mse, degrees = (mean([row[key] for row in group]) for key in ("mse_rad2", "degrees"))
            tips = np.array([row["tips_mm"] for row in group])
            middle = format(median(tips), ".1f")
            near = np.mean(tips.mean(axis=1) <= 2 * TIP_BAR_MM)
            times = [row["read_ms"] for row in group]
            print(
                f"{condition:18} {label:24}{mse} {mse.mean / always:5.2f}  {degrees:.1f}  {middle:20}  {near:.2f}  "
                f"{sum(row['malformed'] for row in group):9}  {np.median(times):.1f}, {min(times):.1f}"
            )


def mirrored_rate_hz(estimator: PoseEstimator, steps: int = 150) -> float:
    """Turns a second of: step the hand, draw the picture, read the pose, send it; each turn draws one."""
    env = gym.make("enactive/ShadowHand-v0", randomisation=Randomisation(), rate_hz=100.0, camera_hz=100.0)
    obs, _ = env.reset(seed=0, options={"pose": "random"})
    began = time.perf_counter()
    for _ in range(steps):
        command = estimator.estimate([obs["cameras"]["front"]["rgb"]])[0]
        obs, *_ = env.step(command.astype(np.float32))
    taken = time.perf_counter() - began
    env.close()
    return steps / taken


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--views", type=int, default=200, help="under each condition")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--alone", action="store_true", help="without the pipeline and the small language form")
    parser.add_argument("--out", type=Path, default=Path("runs/poseless"), help="where readings are kept")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    machine = platform.processor() or platform.machine()
    print(f"machine   {machine}, load {os.getloadavg()[0]:.1f}, one thread; weights {chosen.weights.name}")
    print(f"middle of uniform poses, closed form: {middle_mse_rad2():.4f} rad^2; n = {chosen.views} views a row")
    settings = {"version": __version__, "weights": sha256_of(chosen.weights)}
    settings["language_weights"] = sha256_of(WRITER_WEIGHTS)
    first, others = readers_of(chosen.weights)
    tell(evaluate_poses(first, tuple(CONDITIONS), "test", chosen.views, chosen.out, settings=settings))
    if not chosen.alone:
        rivals = {"MeanPose": first["MeanPose"], **others}
        tell(evaluate_poses(rivals, COMPARED, "test", chosen.views, chosen.out, settings=settings))
    rate = mirrored_rate_hz(ParallelEstimator(chosen.weights))
    print(f"bars: {RATIO_BAR:g} of the mean, {TIP_BAR_MM:g} mm; {rate:.0f} turns a second with rendering (bar {RATE_BAR_HZ:g})")


if __name__ == "__main__":
    main()
