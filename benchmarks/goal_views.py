"""What a view tells of a goal picture: is the thing before the camera the pictured one?

python benchmarks/goal_views.py [--split train] [--pictures 60]

Views of the pictured thing, of others of its category and of its neighbours, from 0.75 to 2.5 m, as a walk leaves the body.
Keypoints: what share of the looks at each kind of thing has so many of them, by whether the picture's middle lies on the thing.
Colours: things of one category alone, from 1.5 m and nearer, where keypoints tell nothing, by the log odds of `appearance`;
and those that fit these views best. Looks at one thing are not independent: the intervals are somewhat too narrow.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from enactive.envs.household.camera import CAMERA_HEIGHT_M, camera_pose
from enactive.envs.household.episode import NavigationEpisode, View
from enactive.envs.household.render import Renderer
from enactive.envs.household.state import initial_state
from enactive.envs.household.suites import PICTURE_SIZE, load_suite, pose_of
from enactive.envs.household.world import World, load_world
from enactive.planners.unigoal.appearance import OFFSET, SLOPE, colours
from enactive.planners.unigoal.keypoints import SiftMatcher, locate
from enactive.planners.unigoal.picture import BACKGROUND
from enactive.planners.unigoal.spotting import SLACK_PX
from enactive.planners.unigoal.verification import MANY_INLIERS, SOME_INLIERS
from enactive.statistics import rate

DISTANCES_M = (0.75, 1.0, 1.5, 2.5)
PITCHES_RAD = np.deg2rad([-30.0, 0.0, 30.0])
LEAST_PIXELS = 20
NEAR_M = 1.5
LOG_ODDS = (-2.0, -1.0, 0.0, 1.0)  # between the rows of the table


class Look(NamedTuple):
    """One view of one thing: the keypoints that it shares with the picture, whether the picture's middle lies on the thing, how
    alike the colours are, the distance, and whether the thing is of the category and the very thing of the picture."""

    inliers: int
    on: bool
    alike: float
    distance_m: float
    same: bool
    true: bool


def looks(episode: NavigationEpisode, matcher: SiftMatcher) -> Iterator[Look]:
    """Looks at the pictured thing and others, in one apartment."""
    assert isinstance(episode.goal, View)
    world = load_world(episode.apartment_seed, episode.rooms)
    state, rng = initial_state(world.apartment), np.random.default_rng(0)
    grid = world.geodesics(state).grid
    free = grid.centres(np.argwhere(grid.free))
    with Renderer(world.compiled, *PICTURE_SIZE) as renderer:
        goal = renderer.rgbd(state, pose_of(episode.goal))[0]
        shown, categories = colours(goal), [placed.asset.category for placed in world.apartment.objects]
        for thing in compared(world, state.pose[:, :3], episode.targets):
            for distance_m in DISTANCES_M:
                pose = camera_before(free, state.pose[thing, :3], distance_m, rng)
                mask = renderer.segmentation(state, pose) == thing
                if mask.sum() < LEAST_PIXELS:
                    continue
                view = renderer.rgbd(state, pose)[0]
                inliers, middle = locate(matcher, view, goal)
                v, u = np.nonzero(mask)
                on = middle is not None and float(np.hypot(u - middle[0], v - middle[1]).min()) <= SLACK_PX
                same = categories[thing] == categories[episode.targets[0]]
                yield Look(inliers, on, float(colours(view) @ shown), distance_m, same, thing in episode.targets)


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


def by_keypoints(taken: Sequence[Look]) -> None:
    """Print the share of the looks at each kind of thing that is in each row."""

    def row_of(look: Look) -> str:
        if look.inliers < SOME_INLIERS:
            return f"fewer than {SOME_INLIERS} keypoints"
        count = f"{SOME_INLIERS} to {MANY_INLIERS - 1}" if look.inliers < MANY_INLIERS else f"{MANY_INLIERS} and more"
        return f"{count} keypoints, the middle {'on the thing' if look.on else 'elsewhere'}"

    kinds = {
        "the pictured thing": [look for look in taken if look.true],
        "others of its category": [look for look in taken if look.same and not look.true],
        "its neighbours": [look for look in taken if not look.same],
    }
    for row in sorted({row_of(look) for look in taken}):
        shares = (f"{rate([row_of(look) == row for look in looks])} of {kind}" for kind, looks in kinds.items())
        print(f"{row:46} {', '.join(shares)}")
    print("looks: " + ", ".join(f"{len(looks)} at {kind}" for kind, looks in kinds.items()))


def by_colours(alike: np.ndarray, true: np.ndarray) -> dict[str, list[bool]]:
    """Rows of the second table, by the log odds."""
    row_of = np.digitize(SLOPE * alike + OFFSET, LOG_ODDS)
    names = [f"colours, log odds below {LOG_ODDS[0]:g}", *(f"colours, log odds from {edge:+g}" for edge in LOG_ODDS)]
    return {names[k]: true[row_of == k].tolist() for k in np.unique(row_of)}


def fitted(alike: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """(Slope, offset) of the logistic regression in which both kinds weigh the same."""
    weight = np.where(true, 0.5 / true.mean(), 0.5 / (1.0 - true.mean()))

    def loss(b: np.ndarray) -> float:
        return float((weight * np.logaddexp(0.0, np.where(true, -1.0, 1.0) * (b[0] * alike + b[1]))).mean())

    slope, offset = minimize(loss, np.zeros(2)).x
    return float(slope), float(offset)


def ranked(alike: np.ndarray, true: np.ndarray) -> float:
    """How often a view of the pictured thing is more alike than one of another, of all pairs (the area under the curve)."""
    rank = np.argsort(np.argsort(alike))
    return float((rank[true].mean() - 0.5 * (true.sum() - 1)) / (~true).sum())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Is the thing before the camera the one of the goal picture?")
    parser.add_argument("--split", default="train")
    parser.add_argument("--pictures", type=int, default=60)
    chosen = parser.parse_args()
    episodes, matcher = load_suite("household/imagenav", chosen.split)[: chosen.pictures], SiftMatcher()
    taken = [look for episode in episodes for look in looks(episode, matcher)]
    by_keypoints(taken)
    near = [look for look in taken if look.same and look.distance_m <= NEAR_M and look.inliers < SOME_INLIERS]
    alike, true = np.array([look.alike for look in near]), np.array([look.true for look in near])
    for row, shown in by_colours(alike, true).items():
        print(f"{row:46} the pictured thing in {rate(shown)} of {len(shown)}")
    slope, offset = fitted(alike, true)
    print(f"colours: {ranked(alike, true):.3f} of the pairs in order, of {true.sum()} and {(~true).sum()} views", end=" ")
    print(f"that fit slope {slope:.2f} and offset {offset:.2f} best")


if __name__ == "__main__":
    main()
