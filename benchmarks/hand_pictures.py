"""How fast labelled pictures of the hand are made, and what poses the two ways of making them give.

    python benchmarks/hand_pictures.py [--pictures 400] [--poses 1000] [--workers 2]

Bar: 100 labelled pictures a second at 224x224 with `--workers 2`, or 0.8 of what bare MuJoCo rendering of the same scenes gives
in the same run. A labelled picture is a new pose, a new look, the picture and 21 keypoints; bare rendering is `mjr_render` and
`mjr_readPixels` of a scene that stands already. Rates are per second of wall time over all workers, and per second of one
processor, which does not depend on who else uses the machine.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")  # one thread per worker: threads of several would fight

import argparse
import platform
import time
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.joints import HIGH_RAD, LOW_RAD
from enactive.envs.shadow_hand.poses import Method, PoseMaker
from enactive.envs.shadow_hand.views import HandViews
from enactive.statistics import mean, rate


def make(pictures: int, first: int) -> tuple[float, float, float, float]:
    """Seconds (wall, processor) of labelled pictures, then of bare rendering."""
    with HandViews("train") as views:
        views[first]
        wall, used = time.perf_counter(), time.process_time()
        shots = [views[first + index] for index in range(pictures)]
        labelled = time.perf_counter() - wall, time.process_time() - used
        renderer, rgb = views.renderer, np.empty((224, 224, 3), dtype=np.uint8)
        wall, used, waited, rested = time.perf_counter(), time.process_time(), 0.0, 0.0
        for shot in shots:
            began, before = time.perf_counter(), time.process_time()
            renderer.prepare(shot.joints_rad, shot.look)
            waited, rested = waited + time.perf_counter() - began, rested + time.process_time() - before
            rect = mujoco.MjrRect(0, 0, 224, 224)
            mujoco.mjr_render(rect, renderer.scene, renderer.context)
            mujoco.mjr_readPixels(rgb, None, rect, renderer.context)
        bare = time.perf_counter() - wall - waited, time.process_time() - used - rested
    return *labelled, *bare


def coverage(maker: PoseMaker, poses: NDArray[np.float64]) -> str:
    """Contact, overlap and spread of poses (N, 24)."""
    touching = [maker.touching(pose) > 0 for pose in poses]
    depths = []
    for pose in poses:
        maker.data.qpos[:] = pose
        mujoco.mj_forward(maker.model, maker.data)
        depths.append(1e3 * max(0.0, -min(maker.data.contact.dist, default=0.0)))
    spread = poses.var(axis=0) / ((HIGH_RAD - LOW_RAD) ** 2 / 12)
    deep = np.quantile(depths, [0.5, 0.95])
    return (
        f"touching {rate(touching)}, overlap {deep[0]:.2f} mm median {deep[1]:.2f} mm at 95 %, "
        f"variance {spread.mean():.2f} of uniform (least {spread.min():.2f}, most {spread.max():.2f})"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--poses", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    print(f"machine   {platform.processor() or platform.machine()}, load {os.getloadavg()[0]:.1f}, MuJoCo {mujoco.__version__}")
    share = chosen.pictures // chosen.workers
    with get_context("spawn").Pool(chosen.workers) as pool:
        times = np.array(pool.starmap(make, [(share, worker * share) for worker in range(chosen.workers)]))
    names = ("labelled pictures", "bare rendering")
    for name, wall, used in zip(names, times[:, ::2].T, times[:, 1::2].T, strict=True):
        rates = (share / wall).sum(), share / used.mean()
        print(f"{name:18} {rates[0]:6.0f} a second on {chosen.workers} workers, {rates[1]:4.0f} a processor second")
    wall, used = (times[:, column + 2].mean() / times[:, column].mean() for column in (0, 1))
    print(f"labelled / bare    {wall:6.2f} by the clock, {used:.2f} by processor time")
    maker = PoseMaker()
    methods: tuple[Method, ...] = ("settle", "untangle")
    for method in methods:
        rng, used = np.random.default_rng(0), time.process_time()
        poses = np.stack([maker.pose(rng, method) for _ in range(chosen.poses)])
        cost = 1e3 * (time.process_time() - used) / chosen.poses
        print(f"{method:9} {cost:5.2f} ms a pose: {coverage(maker, poses)}")
    rng = np.random.default_rng(0)
    moved = []
    for _ in range(chosen.poses):
        target = rng.uniform(LOW_RAD, HIGH_RAD)
        free = maker.untangle(target)
        if free is not None:
            moved.append(np.abs(free - maker.settle(target)).max())
    print(f"untangled and settled from the same draw differ by {mean(moved)} rad at the joint that differs most")


if __name__ == "__main__":
    main()
