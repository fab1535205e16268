"""How well PoseLess reads poses of the hand, beside predicting the mean or the middle, and keypoints with inverse kinematics.

    python benchmarks/poseless.py [--views 300] [--weights FILE] [--alone] [--joints]

Views are of the split "test", which no training sees. Bars: mean squared error at most 0.25 of predicting the mean, median
error of a fingertip at most 12 mm, no malformed output, 30 pictures a second with rendering in the loop. Predicting the mean
knows the mean of 1024 poses of the split "train".
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
import platform
import statistics
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch

import enactive.envs  # noqa: F401  # registers ShadowHand
from enactive.agents.statistics import compare, mean, rate
from enactive.controllers.poseless.baselines import MeanPose
from enactive.controllers.poseless.estimator import ParallelEstimator, PoseEstimator
from enactive.controllers.poseless.keypoint_ik import KeypointEstimator
from enactive.controllers.poseless.quality import Errors, errors, middle_mse_rad2
from enactive.controllers.poseless.small_language import SmallLanguageEstimator
from enactive.controllers.poseless.weights import WEIGHTS
from enactive.envs.shadow_hand.joints import FINGERS, JOINTS, MIDDLE_RAD
from enactive.envs.shadow_hand.look import Randomisation
from enactive.envs.shadow_hand.model import Morphology, Side
from enactive.envs.shadow_hand.poses import Method, PoseMaker
from enactive.envs.shadow_hand.render import HandRenderer
from enactive.envs.shadow_hand.views import HandViews, View

EVERYTHING, NOTHING = Randomisation(), Randomisation.none()
RATIO_BAR, TIP_BAR_MM, RATE_BAR_HZ = 0.25, 12.0, 30.0


@dataclass(frozen=True, slots=True)
class Condition:
    """What views are judged. compared: with the pipeline and the language form, too, which take their time."""

    name: str
    parts: Randomisation = EVERYTHING
    method: Method | None = None
    side: Side = "right"
    pixels: tuple[int, int] = (224, 224)
    compared: bool = False
    morphology: Morphology = "shadow"


def conditions() -> list[Condition]:
    """The rows of the table."""
    parts = [field.name for field in fields(Randomisation) if field.name != "occluders"]
    return [
        Condition("randomised", compared=True),
        Condition("randomised, poses by physics", method="settle"),
        Condition("randomised, occluded", replace(EVERYTHING, occluders=True), compared=True),
        Condition("randomised, left hand", side="left"),
        Condition("randomised, 640x480", pixels=(640, 480)),
        Condition("randomised, Adroit hand", morphology="adroit"),
        Condition("clean", NOTHING, compared=True),
        *(Condition(f"clean but {part}", replace(NOTHING, **{part: True})) for part in parts),
    ]


def views_of(condition: Condition, count: int) -> list[View]:
    width, height = condition.pixels
    hand = condition.side, width, height, condition.morphology
    with HandViews("test", 0, condition.parts, condition.method, *hand) as views:
        return [views[index] for index in range(count)]


def as_shadow_hand(shown: list[View]) -> list[View]:
    """The Shadow Hand in the poses of another one, looked at in the same way."""
    height, width = shown[0].rgb.shape[:2]
    with HandRenderer("right", width, height) as renderer:
        return [replace(view, rgb=renderer.picture(view.joints_rad, view.look)) for view in shown]


def judge(estimator: PoseEstimator, shown: list[View], maker: PoseMaker) -> Errors:
    return errors(maker, estimator.estimate([view.rgb for view in shown]), np.stack([view.joints_rad for view in shown]))


def tip(off: Errors) -> str:
    """Median fingertip error with its 95 % bootstrap interval over views."""
    rng = np.random.default_rng(0)
    draws = rng.integers(len(off.tips_mm), size=(2000, len(off.tips_mm)))
    low, high = np.quantile([np.median(off.tips_mm[draw]) for draw in draws], [0.025, 0.975])
    return f"{np.median(off.tips_mm):5.1f} [{low:.1f}, {high:.1f}]"


def row(name: str, off: Errors, reference: float) -> None:
    mse, degrees = mean(off.mse_rad2), mean(np.rad2deg(off.joints_rad).mean(axis=1))
    found = rate((off.tips_mm.mean(axis=1) <= 2 * TIP_BAR_MM) & ~off.malformed)
    print(
        f"{name:32} {mse.mean:.4f} [{mse.low:.4f}, {mse.high:.4f}]  {mse.mean / reference:5.2f}  "
        f"{degrees.mean:5.1f} [{degrees.low:.1f}, {degrees.high:.1f}]  {tip(off):20}  {found.mean:.2f}  {off.malformed.sum()}",
        flush=True,
    )


def latency_ms(estimator: PoseEstimator, shown: list[View]) -> tuple[float, float]:
    """(median, best) of one picture."""
    times = []
    for view in shown[:60]:
        began = time.perf_counter()
        estimator.estimate([view.rgb])
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times[5:]), min(times)


def mirrored_rate_hz(estimator: PoseEstimator, steps: int = 150) -> float:
    """Turns a second of: step the hand, draw the picture, read the pose, send it."""
    env = gym.make("enactive/ShadowHand-v0", randomisation=EVERYTHING)
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
    parser.add_argument("--views", type=int, default=300)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="without the pipeline and the small language form")
    parser.add_argument("--joints", action="store_true", help="errors of every joint and finger, too")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    maker, typical = PoseMaker(), MeanPose().mean_rad
    parallel = ParallelEstimator(chosen.weights)
    rivals: dict[str, PoseEstimator] = {}
    if not chosen.alone:
        rivals["keypoints and inverse kinematics"] = KeypointEstimator(chosen.weights)
        if chosen.weights == WEIGHTS:  # the language form that ships goes with these
            rivals["the small language form"] = SmallLanguageEstimator()
            rivals["its likeliest answer"] = SmallLanguageEstimator(draws=1)
    machine = platform.processor() or platform.machine()
    print(f"machine   {machine}, load {os.getloadavg()[0]:.1f}, {chosen.threads} threads; weights {chosen.weights.name}")
    print(f"middle of uniform poses, closed form: {middle_mse_rad2():.4f} rad^2; n = {chosen.views} views a row")
    print(f"{'':32} {'MSE rad^2':24}  {'/mean':5}  {'degrees':18} {'fingertip mm':20}  <=24  malformed")
    everything: list[View] = []
    for condition in conditions():
        shown = views_of(condition, chosen.views)
        true = np.stack([view.joints_rad for view in shown])
        always = errors(maker, np.tile(typical, (len(true), 1)), true)
        reference = float(always.mse_rad2.mean())
        reader = ParallelEstimator(chosen.weights, pictured="left") if condition.side == "left" else parallel
        off = judge(reader, shown, maker)
        row(condition.name, off, reference)
        if not everything:
            everything = shown
            row("  predict the mean", always, reference)
            row("  predict the middle", errors(maker, np.tile(MIDDLE_RAD, (len(true), 1)), true), reference)
            if chosen.joints:
                degrees = np.rad2deg(off.joints_rad)
                print(
                    "  " + "  ".join(f"{joint} {value:.1f}" for joint, value in zip(JOINTS, degrees.mean(axis=0), strict=True))
                )
                tips = np.median(off.tips_mm, axis=0)
                print("  tips, mm: " + "  ".join(f"{finger} {value:.1f}" for finger, value in zip(FINGERS, tips, strict=True)))
        if condition.morphology == "adroit":
            other = judge(parallel, as_shadow_hand(shown), maker)
            row("  the Shadow Hand in its poses", other, reference)
            print(f"    Adroit less Shadow, rad^2: {compare(off.mse_rad2, other.mse_rad2)}")
            print(f"    fingertips, mm: {compare(off.tips_mm.mean(axis=1), other.tips_mm.mean(axis=1))}")
        for name, rival in rivals.items() if condition.compared else ():
            other = judge(rival, shown, maker)
            row(f"  {name}", other, reference)
            print(f"    PoseLess less it, rad^2: {compare(off.mse_rad2, other.mse_rad2)}")
            print(f"    fingertips, mm: {compare(off.tips_mm.mean(axis=1), other.tips_mm.mean(axis=1))}", flush=True)
    for name, each in {"PoseLess": parallel, **rivals}.items():
        median, best = latency_ms(each, everything)
        print(f"a picture, {name:32} {median:.1f} ms median, {best:.1f} ms best")
    print(f"mirroring          {mirrored_rate_hz(parallel):.0f} turns a second with rendering (bar {RATE_BAR_HZ:g})")


if __name__ == "__main__":
    main()
