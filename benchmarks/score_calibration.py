"""How far a score of the segmenter can be believed: by score at even odds, how many segments are what they are called.

python benchmarks/score_calibration.py [--apartments 21] [--first-seed 50100]

In each view four names of things of the apartment are looked for, at the raised odds of an agent's goal. A segment is named
right where most of its pixels are of that category. The seeds are of training apartments that it was not trained on.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from segmenter import frame_of

from enactive.envs import Observation
from enactive.perception import vocabulary
from enactive.perception.segmenter.batches import sense
from enactive.perception.segmenter.data import make_views
from enactive.perception.segmenter.detector import Segmenter
from enactive.perception.segmenter.views import Views
from enactive.statistics import rate

EDGES = (0.2, 0.4, 0.6, 0.8)  # between the rows of the table
NAMES = 4  # looked for in each view


def segments(views: Views, segmenter: Segmenter) -> Iterator[tuple[float, bool]]:
    """(Score at even odds, whether it is named right) of every segment that is called what was looked for."""
    names, rng = vocabulary.names(), np.random.default_rng(0)
    for view in map(sense, views):
        present = np.unique(view.classes[5:])  # after the five codes of the shell: the things of the apartment
        words = [names[i] for i in rng.choice(present[present >= 0], NAMES, replace=False)]
        segmenter.reset(words)
        for detection in segmenter.detect(Observation(cameras={"head": frame_of(view)})):
            if detection.name in words:
                yield detection.even_score, bool(np.mean(view.labels[detection.mask] == names.index(detection.name)) > 0.5)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How far a score of the segmenter can be believed.")
    parser.add_argument("--apartments", type=int, default=21)
    parser.add_argument("--first-seed", type=int, default=50_100)
    parser.add_argument("--datasets", type=Path, default=Path("datasets/segmenter"))
    chosen = parser.parse_args()
    folder = chosen.datasets / f"seeds-{chosen.first_seed}"
    make_views(folder, range(chosen.first_seed, chosen.first_seed + chosen.apartments), workers=1)
    torch.set_num_threads(1)
    views = Views(folder, chosen.apartments)
    found = list(segments(views, Segmenter()))
    row_of = np.digitize([score for score, _ in found], EDGES)
    print(f"{len(views)} views of {chosen.apartments} apartments, {len(found)} segments")
    for row, low in enumerate((0.0, *EDGES)):
        inside = [pair for pair, of in zip(found, row_of, strict=True) if of == row]
        if inside:
            mean, shares = np.mean([score for score, _ in inside]), rate([right for _, right in inside])
            print(f"score from {low:.1f}: mean {mean:.2f}, named right {shares} of {len(inside)}")


if __name__ == "__main__":
    main()
