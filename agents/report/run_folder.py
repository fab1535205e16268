"""The recorder behind `enactive run`: a page, a video, the record, and a Rerun file where Rerun is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from enactive.agents.episode import Episode, Step
from enactive.agents.failures import FailureWatch
from enactive.agents.results import cure
from enactive.envs import Embodiment, Goal, ImageGoal
from enactive.perception import Belief
from enactive.planners import Interact, Stop

from .graphs import draw_graphs
from .hand import hand_section
from .page import Moment, write_page
from .record import episode_json, plain, planar
from .video import VideoWriter
from .views import camera_view, caption, matched_nodes, moment_view

if TYPE_CHECKING:
    from .rerun_log import RerunLog

MOMENTS = 12
HELD_FRAMES = 10  # of the video: a command of one step is shown for a second, and so is where the planner stops


class RunFolder:
    """Writes a run into `folder` while it goes. config: what is needed to repeat it, written into the record; nothing where the
    program that makes the run says it.

    A file that the disk does not take is left out with a warning in `Episode.warnings`, and so is Rerun's where that fails;
    the others are written.
    """

    def __init__(self, folder: Path | str, config: Mapping[str, Any] = MappingProxyType({})) -> None:
        self.folder, self.config = Path(folder), config

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Make the folder and open the video."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._goal, self._warnings = goal, list[str]()
        self._body = {"control_mode": embodiment.control_mode, "labels": list(embodiment.labels)}
        self._sees = bool(embodiment.cameras)
        self._video: VideoWriter | None = None
        if self._sees:
            with self._file("video.mp4", self._warnings):
                self._video = VideoWriter(self.folder / "video.mp4")
        self._path: list[tuple[float, float]] = []
        self._moments: list[Moment] = []
        self._stage: Any = None
        self._watch = FailureWatch()
        self._watch.start(env, goal, embodiment)
        self._log: RerunLog | None = None
        if find_spec("rerun") is not None:
            with self._rerun():
                from .rerun_log import RerunLog

                self._log = RerunLog(self.folder / "episode.rrd")

    def step(self, step: Step, belief: Belief) -> None:
        """Note the way, and whether the goal shows; film it and keep key frames, where the body has a camera."""
        x, y, yaw = (0.0, 0.0, 0.0) if step.T_world_base is None else planar(step.T_world_base)
        self._path.append((x, y))
        self._watch.step(step, belief)
        if self._sees:
            self._film(step, belief, yaw)
        if self._log is not None:
            with self._rerun():
                self._log.step(step, belief)

    def _film(self, step: Step, belief: Belief, yaw: float) -> None:
        """Add a frame; keep it as a key frame where the stage changes and at each command of the hand."""
        matched = matched_nodes(step, belief)
        asked = isinstance(step.intent, Interact)
        if self._video is not None:
            row = moment_view(belief, self._path, yaw, matched)
            frame = np.concatenate([row, caption(row.shape[1], _words(step))])
            try:
                for _ in range(HELD_FRAMES if asked or isinstance(step.intent, Stop) else 1):
                    self._video.add(frame)
            except OSError as error:
                with suppress(OSError):  # the same again; an open file would keep its room
                    self._video.close()
                self._video = None
                self._leave_out("video.mp4", error, self._warnings)
        if asked or step.trace.get("stage") != self._stage or step.action is None:
            self._stage = step.trace.get("stage")
            if len(self._moments) < MOMENTS:
                self._moments.append(Moment(step.index, _words(step), camera_view(belief, frozenset(matched))))

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Finish the video and write the record and the page."""
        with self._file("video.mp4", self._warnings):
            if self._video is not None:
                self._video.close()
        if self._log is not None:
            with self._rerun():
                self._log.close()
        self._watch.end(episode, belief)
        episode.warnings += self._warnings
        record = episode_json(episode, self.config)
        record["body"] = self._body
        record["result"]["failure"] = self._watch.kind
        if belief is not None and belief.scene_graph is not None:
            record["scene_graph"] = json.loads(belief.scene_graph.to_json())
        if episode.steps and belief is not None and self._sees:
            last = episode.steps[-1]
            picture = camera_view(belief, frozenset(matched_nodes(last, belief)))
            self._moments.append(Moment(last.index, f"the end: {episode.reason or episode.outcome}", picture))
        with self._file("episode.json", episode.warnings):
            (self.folder / "episode.json").write_text(json.dumps(plain(record)))
        drawing = None if belief is None or not episode.steps else draw_graphs(belief, self._path, episode)
        goal_image = self._goal.image if isinstance(self._goal, ImageGoal) else None
        pose = "" if belief is None else hand_section(episode.steps, belief, self.config.get("goal_image"))
        with self._file("report.html", episode.warnings):
            write_page(self.folder / "report.html", record, self.folder / "video.mp4", drawing, self._moments, goal_image, pose)

    @contextmanager
    def _file(self, name: str, warnings: list[str]) -> Iterator[None]:
        """Writing a file that is left out where the disk does not take it."""
        try:
            yield
        except OSError as error:
            self._leave_out(name, error, warnings)

    @contextmanager
    def _rerun(self) -> Iterator[None]:
        """Calling Rerun, whose file is left out for good once that fails."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # reason: any version may be installed; what it raises is told
            log, self._log = self._log, None
            if log is not None:
                with suppress(Exception):  # the same again; an open file would keep its room
                    log.close()
            if isinstance(error, OSError):
                self._leave_out("episode.rrd", error, self._warnings)
            else:
                (self.folder / "episode.rrd").unlink(missing_ok=True)
                self._warnings.append(f"episode.rrd is left out, since Rerun fails: {type(error).__name__}: {error}")

    def _leave_out(self, name: str, error: OSError, warnings: list[str]) -> None:
        """Remove what is half, which makes room for the rest, and say so."""
        (self.folder / name).unlink(missing_ok=True)
        warnings.append(
            f"{name} cannot be written ({error.strerror or error}) and is left out: {cure(error)} before the next run"
        )


def _words(step: Step) -> str:
    words = [f"step {step.index + 1}"]
    words += [f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}"
              for key in ("stage", "S") if (value := step.trace.get(key)) is not None]  # fmt: skip
    return "   ".join([*words, str(step.trace.get("reason", ""))])
