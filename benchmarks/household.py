"""What the apartment costs: stepping against bare rendering of the same views, making and compiling, and two processes.

    python benchmarks/household.py [--seeds 5] [--steps 300] [--cpu-time]

Every figure is a median over apartments. "bare" is `mjr_render` + `mjr_readPixels` (colour and depth) alone, over the views
of the same walk in the same run: of the whole apartment as it was compiled, and of what is left after culling.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.compile import compile_apartment
from enactive.envs.household.engine import mujoco
from enactive.envs.household.env import Household
from enactive.envs.household.render import Renderer
from enactive.envs.household.state import WorldState

MOVES = (1, 1, 1, 1, 2, 3)
clock = time.process_time if "--cpu-time" in sys.argv else time.perf_counter


def walk(env: Household, steps: int, seed: int) -> tuple[float, list[WorldState]]:
    """Median seconds per step of a random walk, and the states that it went through."""
    env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    actions = [int(rng.choice(MOVES)) for _ in range(steps)]
    states, seconds = [], []
    for action in actions:
        start = clock()
        env.step(action)
        seconds.append(clock() - start)
        states.append(env.save_state())
    return float(np.median(seconds)), states


def bare(renderer: Renderer, states: Sequence[WorldState]) -> float:
    """Median seconds per view of rendering and reading alone."""
    rgb = np.empty((renderer.height, renderer.width, 3), dtype=np.uint8)
    depth = np.empty((renderer.height, renderer.width), dtype=np.float32)
    rect, seconds = mujoco.MjrRect(0, 0, renderer.width, renderer.height), []
    for state in states:
        renderer.prepare(state)
        start = clock()
        mujoco.mjr_render(rect, renderer.scene, renderer.context)
        mujoco.mjr_readPixels(rgb, depth, rect, renderer.context)
        seconds.append(clock() - start)
    return float(np.median(seconds))


def measure(seed: int, steps: int) -> dict[str, float]:
    """All figures of one apartment."""
    start = clock()
    apartment = make_apartment(seed)
    made = clock()
    compiled = compile_apartment(apartment)
    ready = clock()
    env = Household(seed=seed, sliding=True, max_steps=10**9)
    walk(env, 20, 0)
    rounds = []
    with Renderer(compiled, culling=False) as whole:
        for _ in range(3):  # in turns, so that what else the machine does falls on all three
            step_s, states = walk(env, steps, 1)
            rounds.append((step_s, bare(whole, states), bare(env.renderer, states)))
    env.close()
    step_s, whole_s, culled_s = np.min(rounds, axis=0)
    return {
        "make, ms": 1e3 * (made - start),
        "shell + compile, ms": 1e3 * (ready - made),
        "objects": len(apartment.objects),
        "geoms": compiled.model.ngeom,
        "step, ms": 1e3 * step_s,
        "steps/s": 1.0 / step_s,
        "bare render of the whole, ms": 1e3 * whole_s,
        "bare render of the culled, ms": 1e3 * culled_s,
        "step / bare of the whole": step_s / whole_s,
        "step / bare of the culled": step_s / culled_s,
    }


def _worker(seed: int, steps: int, barrier: object, results: object) -> None:
    env = Household(seed=seed, sliding=True, max_steps=10**9)
    walk(env, 20, 0)
    barrier.wait(timeout=120.0)  # type: ignore[attr-defined]
    start = time.perf_counter()
    walk(env, steps, 1)
    results.put(steps / (time.perf_counter() - start))  # type: ignore[attr-defined]
    env.close()


def throughput(processes: int, seed: int, steps: int) -> float:
    """Steps per second of several processes together, each rendering in its own thread."""
    os.environ["LP_NUM_THREADS"] = "0"
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=_worker, args=(seed, steps, barrier, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    total = sum(results.get(timeout=300.0) for _ in workers)
    for worker in workers:
        worker.join(timeout=60.0)
    return total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="apartments to measure")
    parser.add_argument("--steps", type=int, default=300, help="steps of each walk")
    parser.add_argument("--cpu-time", action="store_true", help="count processor seconds: for a machine that is busy")
    options = parser.parse_args()
    measure(10_000, 20)  # imports, shaders and pictures of patterns are paid once a process
    rows = [measure(seed, options.steps) for seed in range(options.seeds)]
    table = Table(title=f"Household, 320x240 RGB-D, median of {options.seeds} apartments")
    for heading in ("figure", "median", "min", "max"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name in rows[0]:
        values = [row[name] for row in rows]
        table.add_row(name, *(f"{value:.2f}" for value in (np.median(values), min(values), max(values))))
    one, two = throughput(1, 0, options.steps), throughput(2, 0, options.steps)
    table.add_row("two processes / one", f"{two / one:.2f}", f"{one:.0f}/s", f"{two:.0f}/s")
    console = Console()
    console.print(table)
    console.print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, MuJoCo {mujoco.__version__}")


if __name__ == "__main__":
    main()
