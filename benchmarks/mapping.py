"""Cost of the map: one depth frame at 320x240, and frontiers with planning on a 24 m map.

Run: python benchmarks/mapping.py
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np

from enactive.envs import CameraFrame
from enactive.perception.frontiers import frontiers
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap


def house(size_m: float, seed: int = 0) -> OccupancyMap:
    """A map of 4 m rooms with doorways and furniture, one corner of it unknown. The grid is 24 m wide in any case."""
    rng = np.random.default_rng(seed)
    grid = OccupancyMap()
    half = size_m / 2.0
    low, high = grid.cell_of([-half, -half]), grid.cell_of([half, half]) - 1
    part = slice(low[0], high[0]), slice(low[1], high[1])
    grid.explored[part] = True
    obstacle = grid.obstacle[part]
    span = obstacle.shape[0]
    for line in range(0, span, 80):
        obstacle[line : line + 3] = obstacle[:, line : line + 3] = True
    for line in range(0, span, 80):
        for middle in range(40, span, 80):
            obstacle[line : line + 3, middle - 9 : middle + 9] = obstacle[middle - 9 : middle + 9, line : line + 3] = False
    for x, y in rng.integers(0, span, (span // 8, 2)):
        obstacle[x : x + 8, y : y + 14] = True
    grid.explored[part][-60:, -60:] = False
    grid._note(low, high)
    grid._stand(np.array([0.9, 0.9]))
    return grid


def frame(size: tuple[int, int] = (320, 240)) -> tuple[CameraFrame, np.ndarray]:
    """A frame that looks at a wall 4 m away over a bare floor, with a table in between."""
    width, height = size
    f = width / 2.0 / np.tan(np.deg2rad(39.5))
    K = np.array([[f, 0.0, (width - 1) / 2.0], [0.0, f, (height - 1) / 2.0], [0.0, 0.0, 1.0]])
    T = np.eye(4)
    T[:3, :3] = [[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]
    T[2, 3] = 0.88
    v = (np.arange(height) - K[1, 2]) / f
    depth = np.minimum(4.0, np.where(v > 0, 0.88 / np.maximum(v, 1e-9), np.inf))[:, None].repeat(width, 1)
    depth[height // 2 + 30 :, : width // 3] = np.minimum(depth[height // 2 + 30 :, : width // 3], 2.0)
    return CameraFrame(np.zeros((height, width, 3), np.uint8), depth.astype(np.float32), K, T, 0.0), np.eye(4)


def measure(work: Callable[[], object], times: int = 30) -> str:
    """Median and least time of some runs: on a busy machine the least is the nearer to the truth."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return f"{1e3 * float(np.median(spent)):.2f} ms (least {1e3 * min(spent):.2f} ms)"


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, medians of 30")
    seen, base = frame()
    grid = OccupancyMap()
    print(f"map update, 320x240: {measure(lambda: grid.update(seen, base))}")
    for size_m in (12.0, 24.0):
        known = house(size_m)

        def plan(known: OccupancyMap = known) -> None:
            known.version += 1  # nothing may be remembered from the last run
            found = frontiers(known)
            distance_field(known, known.position_m).at([frontier.target_m for frontier in found])

        print(f"frontiers and geodesic distance to all of them, {size_m:.0f} m known of a 24 m map: {measure(plan)}")
        print(f"    frontiers alone: {measure(lambda known=known: frontiers(known))}")


if __name__ == "__main__":
    main()
