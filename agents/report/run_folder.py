"""The recorder behind `enactive run`: a page, a video, the record, and a Rerun file where Rerun is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from enactive.agents.episode import Episode, Step
from enactive.agents.failures import FailureWatch
from enactive.envs import Embodiment, Goal, ImageGoal
from enactive.perception import Belief
from enactive.planners import Interact

from .graphs import draw_graphs
from .hand import hand_section
from .page import Moment, write_page
from .record import episode_json, plain, planar
from .video import VideoWriter
from .views import camera_view, caption, matched_nodes, moment_view

MOMENTS = 12
COMMAND_FRAMES = 10  # of the video: a command of one step is shown for a second


class RunFolder:
    """Writes a run into `folder` while it goes. config: what is needed to repeat it, written into the record."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self.folder, self.config = folder, config

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Make the folder and open the video."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._goal = goal
        self._video = VideoWriter(self.folder / "video.mp4") if embodiment.cameras else None
        self._path: list[tuple[float, float]] = []
        self._moments: list[Moment] = []
        self._stage: Any = None
        self._watch = FailureWatch()
        self._watch.start(env, goal, embodiment)
        self._log = None
        if find_spec("rerun") is not None:
            from .rerun_log import RerunLog

            self._log = RerunLog(self.folder / "episode.rrd")

    def step(self, step: Step, belief: Belief) -> None:
        """Note the way, and whether the goal shows; film it and keep key frames, where the body has a camera."""
        x, y, yaw = (0.0, 0.0, 0.0) if step.T_world_base is None else planar(step.T_world_base)
        self._path.append((x, y))
        self._watch.step(step, belief)
        if self._video is not None:
            self._film(self._video, step, belief, yaw)
        if self._log is not None:
            self._log.step(step, belief)

    def _film(self, video: VideoWriter, step: Step, belief: Belief, yaw: float) -> None:
        """Add a frame; keep it as a key frame where the stage changes and at each command of the hand."""
        matched = matched_nodes(step, belief)
        row = moment_view(belief, self._path, yaw, matched)
        frame = np.concatenate([row, caption(row.shape[1], _words(step))])
        asked = isinstance(step.intent, Interact)
        for _ in range(COMMAND_FRAMES if asked else 1):
            video.add(frame)
        if asked or step.trace.get("stage") != self._stage or step.action is None:
            self._stage = step.trace.get("stage")
            if len(self._moments) < MOMENTS:
                self._moments.append(Moment(step.index, _words(step), camera_view(belief, frozenset(matched))))

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Finish the video and write the record and the page."""
        if self._video is not None:
            self._video.close()
        if self._log is not None:
            self._log.close()
        self._watch.end(episode, belief)
        record = episode_json(episode, self.config)
        record["result"]["failure"] = self._watch.kind
        if belief is not None and belief.scene_graph is not None:
            record["scene_graph"] = json.loads(belief.scene_graph.to_json())
        if episode.steps and belief is not None and self._video is not None:
            self._moments.append(
                Moment(episode.steps[-1].index, f"the end: {episode.reason or episode.outcome}", camera_view(belief))
            )
        (self.folder / "episode.json").write_text(json.dumps(plain(record)))
        drawing = None if belief is None or not episode.steps else draw_graphs(belief, self._path, episode)
        goal_image = self._goal.image if isinstance(self._goal, ImageGoal) else None
        pose = "" if belief is None else hand_section(episode.steps, belief, self.config.get("goal_image"))
        write_page(self.folder / "report.html", record, self.folder / "video.mp4", drawing, self._moments, goal_image, pose)


def _words(step: Step) -> str:
    words = [f"step {step.index + 1}"]
    words += [f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}"
              for key in ("stage", "S") if (value := step.trace.get(key)) is not None]  # fmt: skip
    return "   ".join([*words, str(step.trace.get("reason", ""))])
