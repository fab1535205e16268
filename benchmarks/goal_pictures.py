"""How often the subject of a goal picture is told right: which segment it is, and what it is called.

python benchmarks/goal_pictures.py [--split train] [--pictures 120]

"Segment": with the true segments, as a perfect detector would give them. "Named": by the embedded segmenter, from the picture
alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse

import numpy as np
import torch

from enactive.envs import Observation
from enactive.envs.household.episode import View
from enactive.envs.household.render import Renderer
from enactive.envs.household.state import initial_state
from enactive.envs.household.suites import PICTURE_SIZE, load_suite, pose_of
from enactive.envs.household.world import load_world
from enactive.errors import PlannerError
from enactive.perception import Detection
from enactive.planners.unigoal.commonsense import canonical
from enactive.planners.unigoal.picture import BACKGROUND, describe
from enactive.statistics import rate

LEAST_PIXELS = 16


class TrueSegments:
    """The objects of a picture as a perfect detector gives them, without doors; each is called by its id."""

    def __init__(self, codes: np.ndarray, categories: list[str]) -> None:
        ids = [int(i) for i in np.unique(codes[codes >= 0]) if (codes == i).sum() >= LEAST_PIXELS]
        ids = [i for i in ids if categories[i] not in BACKGROUND]
        self.found = tuple(Detection(str(i), 1.0, codes == i, np.zeros(1, np.float32)) for i in ids)

    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        """All of them."""
        return self.found


def subject(image: np.ndarray, detector: TrueSegments | None = None) -> str | None:
    """What a picture is taken to be of, None where nothing is recognised in its middle."""
    try:
        graph = describe(image, detector)  # type: ignore[arg-type]
    except PlannerError:
        return None
    return graph.nodes[graph.target].name


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description="How often the subject of a goal picture is told right.")
    parser.add_argument("--split", default="train")
    parser.add_argument("--pictures", type=int, default=120)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    segment, named, unread = [], [], 0
    for episode in load_suite("household/imagenav", chosen.split)[: chosen.pictures]:
        assert isinstance(episode.goal, View)
        world = load_world(episode.apartment_seed, episode.rooms)
        state, pose = initial_state(world.apartment), pose_of(episode.goal)
        with Renderer(world.compiled, *PICTURE_SIZE) as renderer:
            codes, image = renderer.segmentation(state, pose), renderer.rgbd(state, pose)[0]
        target = episode.targets[0]
        categories = [placed.asset.category for placed in world.apartment.objects]
        segment.append(subject(image, TrueSegments(codes, categories)) == str(target))
        name = subject(image)
        unread += name is None
        named.append(name == canonical(categories[target]))
    print(f"{chosen.split}, {len(segment)} pictures")
    print(f"segment  {rate(segment)}")
    print(f"named    {rate(named)}, nothing recognised in {unread}")


if __name__ == "__main__":
    main()
