"""What keypoints tell of a goal picture: is the thing before the camera the pictured one?

python benchmarks/goal_keypoints.py [--split train] [--pictures 60]

Views of the pictured thing, of others of its category and of its neighbours, from 0.75 to 2.5 m, as a walk leaves the body: by
how many keypoints they share with the picture, and by whether its middle lies on the thing, how many show the pictured one.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from enactive.agents.statistics import rate
from enactive.envs.household.camera import CAMERA_HEIGHT_M, camera_pose
from enactive.envs.household.episode import NavigationEpisode, View
from enactive.envs.household.render import Renderer
from enactive.envs.household.state import initial_state
from enactive.envs.household.suites import PICTURE_SIZE, load_suite, pose_of
from enactive.envs.household.world import World, load_world
from enactive.planners.unigoal.keypoints import SiftMatcher, locate
from enactive.planners.unigoal.picture import BACKGROUND
from enactive.planners.unigoal.spotting import SLACK_PX
from enactive.planners.unigoal.verification import MANY_INLIERS, SOME_INLIERS

DISTANCES_M = (0.75, 1.0, 1.5, 2.5)
PITCHES_RAD = np.deg2rad([-30.0, 0.0, 30.0])
LEAST_PIXELS = 20


def looks(episode: NavigationEpisode, matcher: SiftMatcher) -> Iterator[tuple[int, bool, bool]]:
    """(Shared keypoints, whether the middle of the picture lies on the thing, whether the thing is the pictured one)."""
    assert isinstance(episode.goal, View)
    world = load_world(episode.apartment_seed, episode.rooms)
    state, rng = initial_state(world.apartment), np.random.default_rng(0)
    grid = world.geodesics(state).grid
    free = grid.centres(np.argwhere(grid.free))
    with Renderer(world.compiled, *PICTURE_SIZE) as renderer:
        goal = renderer.rgbd(state, pose_of(episode.goal))[0]
        for thing in compared(world, state.pose[:, :3], episode.targets):
            for distance_m in DISTANCES_M:
                pose = camera_before(free, state.pose[thing, :3], distance_m, rng)
                mask = renderer.segmentation(state, pose) == thing
                if mask.sum() < LEAST_PIXELS:
                    continue
                inliers, middle = locate(matcher, renderer.rgbd(state, pose)[0], goal)
                v, u = np.nonzero(mask)
                on = middle is not None and float(np.hypot(u - middle[0], v - middle[1]).min()) <= SLACK_PX
                yield inliers, on, thing in episode.targets


def compared(world: World, places_m: np.ndarray, targets: Sequence[int]) -> list[int]:
    """The pictured thing, up to three others of its category, and its four nearest neighbours."""
    categories = [placed.asset.category for placed in world.apartment.objects]
    gap_m = np.linalg.norm(places_m - places_m[targets[0]], axis=1)
    others = [int(i) for i in np.argsort(gap_m) if i not in targets and categories[i] not in BACKGROUND]
    same = [i for i in others if categories[i] == categories[targets[0]]][:3]
    return [targets[0], *same, *[i for i in others if i not in same][:4]]


def camera_before(free: np.ndarray, place_m: np.ndarray, distance_m: float, rng: np.random.Generator) -> np.ndarray:
    """T_world_camera of a body that stands about so far from a place and is turned towards it."""
    error = np.abs(np.hypot(*(free - place_m[:2]).T) - distance_m)
    x, y = free[rng.choice(np.flatnonzero(error <= error.min() + 0.2))]
    yaw = np.arctan2(place_m[1] - y, place_m[0] - x) + rng.normal(0.0, 0.12)
    slope = np.arctan2(place_m[2] + 0.1 - CAMERA_HEIGHT_M, np.hypot(place_m[0] - x, place_m[1] - y))
    return camera_pose(np.array([x, y, yaw]), float(min(PITCHES_RAD, key=lambda pitch: abs(pitch - slope))))


def bucket(inliers: int, on: bool) -> str:
    """Which row of the table a view belongs to."""
    if inliers < SOME_INLIERS:
        return f"fewer than {SOME_INLIERS} keypoints"
    count = f"{SOME_INLIERS} to {MANY_INLIERS - 1}" if inliers < MANY_INLIERS else f"{MANY_INLIERS} and more"
    return f"{count} keypoints, the middle {'on the thing' if on else 'elsewhere'}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Is the thing before the camera the one of the goal picture?")
    parser.add_argument("--split", default="train")
    parser.add_argument("--pictures", type=int, default=60)
    chosen = parser.parse_args()
    rows: dict[str, list[bool]] = {}
    for episode in load_suite("household/imagenav", chosen.split)[: chosen.pictures]:
        for inliers, on, true in looks(episode, SiftMatcher()):
            rows.setdefault(bucket(inliers, on), []).append(true)
    for row, true in sorted(rows.items()):
        print(f"{row:48} the pictured thing in {rate(true)} of {len(true)}")


if __name__ == "__main__":
    main()
