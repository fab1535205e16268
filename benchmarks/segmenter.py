"""How well the shipped segmenter sees unseen apartments, and how long a frame takes.

    python benchmarks/segmenter.py [--apartments 12] [--first-seed 100000] [--threads N] [--weights FILE] [--per-category]

Views of unseen apartments (seeds from 100 000), 70 % aimed at some thing 0.6 to 4 m away and 30 % anywhere, made as for
training and kept under `datasets/`. Bars: mean IoU over categories >= 0.60; a frame of 320x240 <= 40 ms on 2 cores. Where the
folder holds views of training apartments, the first of those are judged too, to tell under-training from over-fitting.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
import platform
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.envs import CameraFrame, Observation
from enactive.perception import Detection, vocabulary
from enactive.perception.colours import Exposure, linear_to_lab, middle, name_colour, rgb_to_linear
from enactive.perception.segmenter.batches import sense
from enactive.perception.segmenter.data import FIRST_UNSEEN_SEED, make_views
from enactive.perception.segmenter.detector import MIN_CELLS, MIN_SCORE, Segmenter
from enactive.perception.segmenter.quality import Quality, measure
from enactive.perception.segmenter.views import View, Views
from enactive.perception.segmenter.weights import WEIGHTS

IOU_BAR, FRAME_BAR_MS = 0.60, 40.0
MIN_PIXELS = 60  # of a thing whose colour and material are asked for


def frame_of(view: View) -> CameraFrame:
    """The view as a camera sends it."""
    return CameraFrame(view.rgb, view.depth_m, view.K.astype(np.float64), view.T_world_camera.astype(np.float64), 0.0)


def quality(segmenter: Segmenter, views: Views, within_range: bool) -> Quality:
    """Of the detector's own answers, as it gives them to the scene graph before it cuts segments out."""

    def answer(view: View) -> NDArray[np.int64]:
        _, names, _ = segmenter.look(frame_of(view))
        return names.repeat(2, axis=0).repeat(2, axis=1)

    return measure(answer, views, range(len(views)), within_range)


def by_pixels(segmenter: Segmenter, views: Views) -> Quality:
    """The same where every pixel is named alone, without regions."""

    def answer(view: View) -> NDArray[np.int64]:
        hidden, names, _ = segmenter.look(frame_of(view))
        best = (segmenter.embed(hidden) @ torch.from_numpy(segmenter.text.encode(segmenter.words)).T).argmax(dim=1)
        return best.numpy().reshape(names.shape).repeat(2, axis=0).repeat(2, axis=1)

    return measure(answer, views, range(len(views)))


def pixels_right(segmenter: Segmenter, views: Views, blind: bool) -> float:
    """Share of the cells that get their true name. blind: the picture alone, without depth."""
    shares = []
    for view in map(sense, views):
        frame = frame_of(view)
        _, names, _ = segmenter.look(replace(frame, depth=None) if blind else frame)
        shares.append(float((names == view.labels[::2, ::2]).mean()))
    return float(np.mean(shares))


def looked_for(weights: Path, views: Views, odds: float) -> tuple[float, int, float, int]:
    """Looking for one small category in one view: share of those there that are found, how many; share of those absent that
    are reported all the same, how many.

    There: 25 cells and more; found: 40 % of them named so with the detector's least score. Absent: one in ten is asked for.
    """
    segmenter, rng = Segmenter(weights, goal_odds=odds), np.random.default_rng(0)
    small = sorted(vocabulary.names().index(name) for name in vocabulary.small())
    found: dict[bool, list[bool]] = {True: [], False: []}
    for view in list(map(sense, views))[::4]:
        labels = view.labels[::2, ::2]
        cells = np.bincount(labels[labels >= 0], minlength=len(vocabulary.names()))
        for category in small:
            there = cells[category] >= 25
            if not there and (cells[category] or rng.random() > 0.1):
                continue
            segmenter.reset([vocabulary.names()[category]])
            _, names, probability = segmenter.look(frame_of(view))
            named = (names == category) & (probability >= MIN_SCORE)
            enough = (named & (labels == category)).sum() >= 0.4 * cells[category] if there else named.sum() >= MIN_CELLS
            found[bool(there)].append(bool(enough))
    return float(np.mean(found[True])), len(found[True]), float(np.mean(found[False])), len(found[False])


def attribute_accuracy(segmenter: Segmenter, views: Views) -> dict[str, tuple[float, int]]:
    """Share of things, cut out by their true mask, whose colour or material is named right, and how many were asked."""
    right: dict[str, list[bool]] = {"colour by embedding": [], "colour by pixels": [], "material by embedding": []}
    for view in views:
        view = sense(view)
        exposure = Exposure()  # of this picture alone; an agent knows more
        exposure.update(view.rgb)
        hidden, _, _ = segmenter.look(frame_of(view))
        for thing in np.unique(view.code[view.code >= 0]).tolist():
            mask = view.code == thing
            if mask.sum() < MIN_PIXELS or not mask[::2, ::2].any():
                continue
            pooled = segmenter.embed(hidden[torch.from_numpy(mask[::2, ::2].ravel())].float().mean(0, keepdim=True))[0]
            name = vocabulary.names()[view.classes[thing + 5]]
            detection = Detection(name, 1.0, mask, pooled.numpy())
            colours = segmenter.attributes(detection, vocabulary.COLOURS)
            materials = segmenter.attributes(detection, vocabulary.materials())
            right["colour by embedding"].append(max(colours, key=lambda word: colours[word]) == view.colours[thing])
            lab = linear_to_lab(middle(rgb_to_linear(view.rgb[mask])) * exposure.scale)
            right["colour by pixels"].append(next(iter(name_colour(lab)), "") == view.colours[thing])
            right["material by embedding"].append(max(materials, key=lambda word: materials[word]) == view.materials[thing])
    return {kind: (float(np.mean(answers)), len(answers)) for kind, answers in right.items()}


def latency_ms(segmenter: Segmenter, views: Views, frames: int = 60) -> tuple[float, float]:
    """(median, best) of a whole `detect`, and so of features, network, words, segments and masks."""
    observations = [
        Observation(cameras={"head": frame_of(sense(views[i]))}) for i in np.linspace(0, len(views) - 1, frames).astype(int)
    ]
    segmenter.detect(observations[0])
    times = []
    for observation in observations:
        start = time.perf_counter()
        segmenter.detect(observation)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--apartments", type=int, default=12)
    parser.add_argument("--first-seed", type=int, default=FIRST_UNSEEN_SEED)
    half = max(1, (os.cpu_count() or 1) // 2)  # as `enactive run` sets it: regions are found beside the network
    parser.add_argument("--threads", type=int, default=half)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--datasets", type=Path, default=Path("datasets/segmenter"))
    parser.add_argument("--per-category", action="store_true")
    chosen = parser.parse_args()
    folder = chosen.datasets / ("unseen" if chosen.first_seed == FIRST_UNSEEN_SEED else f"unseen-{chosen.first_seed}")
    make_views(folder, range(chosen.first_seed, chosen.first_seed + chosen.apartments), workers=1)
    torch.set_num_threads(chosen.threads)
    views = Views(folder, chosen.apartments)
    segmenter = Segmenter(chosen.weights)
    median, best = latency_ms(segmenter, views)
    print(f"machine          {platform.processor() or platform.machine()}, {chosen.threads} threads, torch {torch.__version__}")
    print(f"a frame          {median:.1f} ms median, {best:.1f} ms best (bar {FRAME_BAR_MS})")
    seen = quality(segmenter, views, within_range=False)
    near = quality(segmenter, views, within_range=True)
    print(f"views            {len(views)} of {len(views.folders)} unseen apartments, {len(seen.iou)} categories judged")
    print(f"mean IoU         {seen.mean_iou:.3f} of all pixels, {near.mean_iou:.3f} of pixels with depth (bar {IOU_BAR})")
    groups = {
        "furniture": lambda n: n not in vocabulary.small() and n not in vocabulary.STRUCTURE,
        "small": vocabulary.small().__contains__,
    }
    for group, belongs in groups.items():
        ious = [iou for name, iou in seen.iou.items() if belongs(name)]
        print(f"  {group:14} {np.mean(ious):.3f} ({len(ious)} categories)")
    print(f"  by single pixels {by_pixels(segmenter, views).mean_iou:.3f}")
    if any((chosen.datasets / "train").glob("seed-*/meta.json")):
        own = quality(segmenter, Views(chosen.datasets / "train", chosen.apartments), within_range=False)
        print(f"  own apartments {own.mean_iou:.3f} ({len(own.iou)} categories)")
    for kind, blind in (("with depth", False), ("without depth", True)):
        print(f"cells right, {kind:14} {pixels_right(segmenter, views, blind):.3f}")
    for odds in (1.0, 4.0):
        there, asked, absent, others = looked_for(chosen.weights, views, odds)
        print(f"looked for at odds x {odds:g}: {there:.3f} found of {asked}, {absent:.4f} reported of {others} that are absent")
    for kind, (share, count) in attribute_accuracy(segmenter, views).items():
        print(f"{kind:22} {share:.3f} right of {count}")
    if chosen.per_category:
        for name, iou in sorted(seen.iou.items(), key=lambda item: -item[1]):
            print(f"  {iou:.3f} {seen.pixels[name]:8d} {name}")


if __name__ == "__main__":
    main()
