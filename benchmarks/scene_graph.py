"""What an update of the scene graph costs at 100 and at 1,000 known objects.

    python benchmarks/scene_graph.py

Frames of a walk through a `Household` apartment are replayed at places 60 m apart until enough objects are known; then both
graphs are shown the first walk again in turns, so that what else the machine does falls on both alike. Times are CPU times of
the process. Bar: the median at 1,000 is at most 1.5 times that at 100.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import platform
import time
from dataclasses import replace

import numpy as np

from enactive.envs import CameraFrame, Observation
from enactive.envs.embodiment import DISCRETE_ACTIONS
from enactive.envs.household.env import Household
from enactive.perception import Detection
from enactive.perception.scene_graph_builder import SceneGraphBuilder

STEPS, APART_M, BAR = 80, 60.0, 1.5
Frames = list[tuple[CameraFrame, list[Detection]]]


def walk(seed: int = 0) -> Frames:
    """Frames of a random walk with the true masks and an embedding per category."""
    env = Household(seed=seed, rooms=5)
    rng = np.random.default_rng(seed)
    obs, info = env.reset(seed=seed)
    vectors: dict[str, np.ndarray] = {}
    frames: Frames = []
    for _ in range(STEPS):
        segmentation, found = env.oracle.segmentation(), []
        for i in np.unique(segmentation[segmentation >= 0]).tolist():
            name = env.oracle.objects[i].category
            if name not in vectors:
                vectors[name] = rng.standard_normal(384).astype(np.float32)
                vectors[name] /= np.linalg.norm(vectors[name])
            found.append(Detection(name, 0.9, segmentation == i, vectors[name]))
        frames.append((Observation.from_gym(obs, info).cameras["head"], found))
        action = "turn_left" if info["collided"] or rng.random() < 0.3 else "move_forward"
        obs, _, _, _, info = env.step(DISCRETE_ACTIONS.index(action))
    env.close()
    return frames


def moved(frame: CameraFrame, k: int) -> CameraFrame:
    """The same picture, taken at the k-th place of a grid."""
    pose = frame.T_world_camera.copy()
    pose[:2, 3] += APART_M * np.array(divmod(k, 8))
    return replace(frame, T_world_camera=pose)


def filled(frames: Frames, size: int) -> SceneGraphBuilder:
    """A graph that knows at least `size` objects, at as many places as it takes."""
    builder, k = SceneGraphBuilder(), 0
    while len(builder.graph) < size:
        for frame, found in frames:
            builder.update(found, moved(frame, k))
            if k and len(builder.graph) >= size:
                break
        k += 1
    return builder


def main() -> None:
    frames = walk()
    builders = {size: filled(frames, size) for size in (100, 1000)}
    seconds: dict[int, list[float]] = {size: [] for size in builders}
    for turn in range(4):
        for frame, found in frames:
            for size in sorted(builders, reverse=turn % 2 == 1):
                start = time.process_time()
                builders[size].update(found, frame)
                seconds[size].append(time.process_time() - start)
    in_view = np.mean([len(found) for _, found in frames])
    print(f"{platform.machine()}, {os.cpu_count()} cores; {in_view:.1f} objects in view")
    medians = {}
    for size, builder in builders.items():
        medians[size] = 1e3 * float(np.median(seconds[size]))
        p95 = 1e3 * float(np.percentile(seconds[size], 95))
        start = time.process_time()
        builder.graph.version += 1
        builder.graph.arrays()
        arrays_ms = 1e3 * (time.process_time() - start)
        print(
            f"{len(builder.graph):5d} nodes {len(builder.graph.relations):6d} relations: update median {medians[size]:.2f} ms, "
            f"p95 {p95:.2f} ms (n = {len(seconds[size])}); arrays() {arrays_ms:.2f} ms"
        )
    ratio = medians[1000] / medians[100]
    print(f"ratio of medians {ratio:.2f} (bar {BAR}): {'met' if ratio <= BAR else 'missed'}")


if __name__ == "__main__":
    main()
