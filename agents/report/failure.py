"""One small picture of an episode that failed, for a person who wants to know why."""

from __future__ import annotations

import io
import math
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
from PIL import Image as Pillow

from enactive.agents.episode import Episode, Step
from enactive.envs import Embodiment, Goal, ImageGoal
from enactive.perception import Belief

from .record import planar
from .views import UNKNOWN, Image, caption, matched_nodes, moment_view

MOST_BYTES = 60_000
QUALITIES = (80, 60, 40, 20, 5)  # the first that is small enough; at 5 pure noise is
GOAL_SIZE = (320, 240)
LEGEND = "map: blue = the way walked, red = where it last looked from, green = where the goal is"


class FailurePicture:
    """Recorder that draws an episode of navigation that failed: `jpeg`, b"" where it did not fail or nothing was seen.

    What the camera last saw, beside it the agent's own map with the way walked, where the agent last looked from, what it
    took for the goal and, told by the oracle, where the goal is; a picture goal is shown, too. While the episode runs
    nothing is kept: its record and the last belief have it all.
    """

    jpeg: bytes = b""

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Take the places of the goal from the oracle, where there is one, while the environment is sure to answer."""
        oracle: Any = env.get_wrapper_attr("oracle") if env.has_wrapper_attr("oracle") else None
        places = () if oracle is None else (oracle.pose(target)[:2, 3] for target in oracle.targets)
        self._goals_m = [(float(x), float(y)) for x, y in places]
        self._goal = goal
        self.jpeg = b""

    def step(self, step: Step, belief: Belief) -> None:
        """Nothing: the end has all that is needed."""

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Draw, where it failed."""
        if episode.metrics.get("success") or belief is None or not belief.observation.cameras:
            return
        poses = [*(step.T_world_base for step in episode.steps), belief.observation.T_world_base]
        way = [planar(pose) for pose in poses if pose is not None]
        matched = matched_nodes(episode.steps[-1], belief) if episode.steps else {}
        row = moment_view(belief, [(x, y) for x, y, _ in way], way[-1][2] if way else 0.0, matched, self._goals_m)
        if isinstance(self._goal, ImageGoal):
            row = np.concatenate([row, _goal_panel(self._goal.image, row.shape[0])], axis=1)
        words = [f"{self._goal}: {_ending(episode)}", *([LEGEND] if belief.map is not None else [])]
        self.jpeg = _jpeg(np.concatenate([row, *(caption(row.shape[1], line) for line in words)]))


def _ending(episode: Episode) -> str:
    far = ""
    if "distance_to_goal_m" in episode.metrics:
        far = f", {distance_words(float(episode.metrics['distance_to_goal_m']))}"
    return f"{len(episode.steps)} steps{far}: {episode.error or episode.reason or episode.outcome}"


def distance_words(metres: float) -> str:
    """How far the goal is, inf = no way leads there."""
    return f"{metres:.1f} m from the goal" if math.isfinite(metres) else "no way to the goal"


def _goal_panel(picture: Image, height: int) -> Image:
    """A picture goal above its name, (height, GOAL_SIZE[0], 3)."""
    shown: Image = cv2.resize(picture, GOAL_SIZE, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    below = np.full((height - GOAL_SIZE[1] - 28, GOAL_SIZE[0], 3), UNKNOWN, dtype=np.uint8)
    return np.concatenate([shown, caption(GOAL_SIZE[0], "the goal picture", 28), below])


def _jpeg(picture: Image) -> bytes:
    """The file, of the best quality that fits MOST_BYTES, else of the lowest."""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        Pillow.fromarray(picture).save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()
