"""Suites of navigation episodes: versioned files in the package, with the pictures of image goals rendered when needed.

`household/objectnav` asks for a category, `household/textnav` for one instance told from its distractors in words,
`household/imagenav` for the instance that a picture shows. `val_seen` has the very apartments of `train` (seeds below 100 000),
with starts and goals of its own: that is what "seen" means. The apartments of `val_unseen` (seeds from 200 000 on) occur in no
other split; the seeds between are for measuring perception.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..goal import Goal, ImageGoal, ObjectGoal, TextGoal
from .camera import camera_pose
from .episode import NavigationEpisode, View
from .state import apartment_digest, initial_state
from .world import World, load_world

SUITES = ("household/objectnav", "household/imagenav", "household/textnav")
SPLITS = ("train", "val_seen", "val_unseen")
FIRST_SEED = {"train": 0, "val_seen": 0, "val_unseen": 200_000}
FOLDER = Path(__file__).parent / "suites"
VERSION = 1
PICTURE_SIZE = (320, 240)


def load_suite(name: str, split: str) -> tuple[NavigationEpisode, ...]:
    """The episodes of a split; image goals are views until `ready` renders them.

    The first of each apartment come first, so that the first N episodes spread over as many apartments as can be.

    Raises ConfigError for an unknown name or split, or a file of another version.
    """
    if name not in SUITES or split not in SPLITS:
        known = f"{', '.join(SUITES)} with {', '.join(SPLITS)}"
        raise ConfigError(f"there is no suite {name!r} with a split {split!r}; known: {known}")
    path = suite_path(name, split)
    if not path.exists():
        raise ConfigError(f"{path.name} is not in the package: make it with `enactive suite make`")
    data = json.loads(gzip.decompress(path.read_bytes()))
    if data["version"] != VERSION:
        raise ConfigError(f"{path.name} has version {data['version']}, not {VERSION}: make it again with `enactive suite make`")
    rows = sorted(data["episodes"], key=lambda row: int(row["id"].rpartition("-")[2]))
    return tuple(_episode(row, data["digests"]) for row in rows)


def suite_path(name: str, split: str) -> Path:
    """Where the file of a split lies."""
    return FOLDER / f"{name.removeprefix('household/')}-{split}.json.gz"


def save_suite(name: str, split: str, episodes: list[dict[str, Any]], digests: Mapping[str, str]) -> Path:
    """Write the rows of a split, the same bytes for the same rows."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"version": VERSION, "digests": digests, "episodes": episodes}, separators=(",", ":"))
    path = suite_path(name, split)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def ready(episode: NavigationEpisode) -> NavigationEpisode:
    """The episode ready to run: its apartment checked against the file's digest, and an image goal rendered.

    Raises ConfigError where the apartment is not the one that the episode was made for.
    """
    world = load_world(episode.apartment_seed, episode.rooms)
    if episode.digest and episode.digest != apartment_digest(world.apartment):
        raise ConfigError(
            f"episode {episode.id} was made for another version of the apartment of seed {episode.apartment_seed}: "
            "make the suite again with `enactive suite make`"
        )
    if not isinstance(episode.goal, View):
        return episode
    return replace(episode, goal=ImageGoal(picture(world, episode.goal)))


def picture(world: World, view: View) -> NDArray[np.uint8]:
    """(240, 320, 3) uint8, what a camera sees from a view, in the apartment as it is at the start."""
    from .render import Renderer

    with Renderer(world.compiled, *PICTURE_SIZE) as renderer:
        return renderer.rgbd(initial_state(world.apartment), pose_of(view))[0]


def pose_of(view: View) -> NDArray[np.float64]:
    """T_world_camera, (4, 4), of a view."""
    x, y, height, yaw, pitch = astuple(view)
    return camera_pose(np.array([x, y, yaw]), pitch, height)


def _episode(row: Mapping[str, Any], digests: Mapping[str, str]) -> NavigationEpisode:
    return NavigationEpisode(
        id=row["id"],
        apartment_seed=row["seed"],
        rooms=None,
        start=tuple(row["start"]),
        goal=_goal(row),
        targets=tuple(row["targets"]),
        distance_m=row["distance_m"],
        digest=digests[str(row["seed"])],
    )


def _goal(row: Mapping[str, Any]) -> Goal | View:
    if "category" in row:
        return ObjectGoal(row["category"])
    if "text" in row:
        return TextGoal(row["text"])
    return View(*row["view"])
