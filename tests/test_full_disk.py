"""A disk that takes no more, as the command line meets it: the system refuses to let any file grow beyond some bytes.

And a Rerun that fails, which costs a run its file alone.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from enactive.agents import Agent
from enactive.agents.report import RunFolder
from enactive.controllers.moves import NamedMoves
from enactive.envs import CameraInfo, Embodiment, Goal, ObjectGoal, Observation
from enactive.perception import Belief
from enactive.planners import Intent, Move, Stop

LIMITED = (
    "import resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))\n"
    "from enactive.agents.cli import main\n"
    "sys.exit(main(sys.argv[2:]))\n"
)
EVAL = ["eval", "--suite", "household/tasks", "--split", "val_unseen", "--planner", "RandomCommands", "--episodes", "6"]


def enactive(most_bytes: int, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(most_bytes), *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_an_evaluation_keeps_what_is_finished_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    command, rows = [*EVAL, "--out", str(tmp_path)], tmp_path / "episodes.jsonl"

    full = enactive(400, *command)
    assert (full.returncode, full.stderr.count("\n")) == (2, 1)
    assert "settings.json" in full.stderr or str(tmp_path) in full.stderr

    full = enactive(2000, *command)
    assert (full.returncode, full.stderr.count("\n")) == (2, 1)
    assert f"enactive: {rows} cannot be written" in full.stderr
    assert "make room and repeat the command; what is finished is kept, and it goes on from there" in full.stderr
    kept = rows.read_bytes()
    assert 0 < kept.count(b"\n") < 6
    assert kept.endswith(b"\n")

    full = enactive(10_000, *command)  # room for the rows, and none for the picture of the table
    assert (full.returncode, full.stderr.count("\n")) == (2, 1)
    assert "make room and repeat the command" in full.stderr
    finished = rows.read_bytes()
    assert finished.startswith(kept)
    assert finished.count(b"\n") == 6

    assert enactive(10_000_000, *command).returncode == 0
    assert rows.read_bytes() == finished
    assert (tmp_path / "table.png").stat().st_size > 10_000


def test_a_run_ends_with_warnings_where_nothing_fits_on_the_disk(tmp_path: Path) -> None:
    parts = ["--perceiver", "OraclePerceiver", "--planner", "RandomWalk", "--env.rooms", "3", "--max_steps", "8"]
    run = enactive(20_000, "run", "find a toilet", *parts, "--out", str(tmp_path))
    assert (run.returncode, run.stderr) == (0, "")
    assert "not found after 8 steps (truncated)" in run.stdout
    for name in ("video.mp4", "episode.json", "report.html"):
        assert f"warning: {name} cannot be written (File too large) and is left out: make room" in run.stdout
    assert "no report was written" in run.stdout
    assert list(tmp_path.iterdir()) == []  # nothing half is left, nor an empty folder


class Snow(gym.Env[dict[str, Any], Any]):
    """A body whose camera sees noise, which no video makes small."""

    embodiment = Embodiment("snow", "discrete", ("stay",), cameras=(CameraInfo("eye", 64, 48, 1.0),))
    action_space = gym.spaces.Discrete(1)
    observation_space = gym.spaces.Dict({"cameras": gym.spaces.Dict()})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=0)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        return self._observe(), 0.0, False, False, {}

    def _observe(self) -> dict[str, Any]:
        rgb = self.np_random.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        return {"cameras": {"eye": {"rgb": rgb, "K": np.eye(3), "T_world_camera": np.eye(4), "stamp_s": 0.0}}}


class Bare:
    needs, provides = frozenset({"rgb"}), frozenset({"nothing"})

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None: ...

    def update(self, observation: Observation) -> Belief:
        return Belief(0, observation)


class Stay:
    goals, needs, emits = (ObjectGoal,), frozenset({"nothing"}), (Move, Stop)
    trace: Mapping[str, Any] = {}

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        self.asked = 0

    def plan(self, belief: Belief) -> Intent:
        self.asked += 1
        return Move("stay") if self.asked <= 120 else Stop("stayed", found=False)


@contextmanager
def no_file_beyond(most_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_fits_beside_a_video_that_does_not_is_written(tmp_path: Path) -> None:
    with no_file_beyond(500_000):
        episode = Agent(Bare(), Stay(), NamedMoves()).run(Snow(), ObjectGoal("mug"), recorders=[RunFolder(tmp_path, {})])
    assert (episode.outcome, len(episode.steps)) == ("stopped", 121)
    assert episode.warnings == ["video.mp4 cannot be written (File too large) and is left out: make room before the next run"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["episode.json", "report.html"]
    record = json.loads((tmp_path / "episode.json").read_text())
    assert (len(record["steps"]), record["result"]["warnings"]) == (121, episode.warnings)
    page = (tmp_path / "report.html").read_text()
    assert "video.mp4 cannot be written" in page
    assert "data:video/mp4" not in page
    assert "data:image" in page  # the key frames are kept all the same
    open_files = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert open_files
    assert not [path for path in open_files if "video.mp4" in path]  # its room is given back


ANYTHING = """
class Any:
    def __init__(self, *args, **more): ...
    __call__ = __getattr__ = lambda self, *args, **more: self
"""
RERUNS = {  # what a broken one raises, by what is wrong with it
    "another version": ("from rerun import gone", "ImportError: cannot import name 'gone'"),
    "imports, and is not what it was": (
        "class RecordingStream:\n    def __init__(self, name): self.save\n",
        "AttributeError: 'RecordingStream' object has no attribute 'save'",
    ),
    "its disk is full": (
        f"import errno\n{ANYTHING}ViewCoordinates = Any()\n"
        "class RecordingStream(Any):\n    def set_time(self, *a, **k): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    def save(self, path): open(path, 'w').write('half')\n",
        "episode.rrd cannot be written (No space left on device) and is left out: make room before the next run",
    ),
    "it fails as it goes": (
        f"{ANYTHING}ViewCoordinates = Any()\nclass RecordingStream(Any):\n    def set_time(self): pass\n",
        "TypeError: RecordingStream.set_time() got an unexpected keyword argument 'sequence'",
    ),
}


@pytest.mark.parametrize("wrong", RERUNS)
def test_a_rerun_that_fails_is_left_out_and_the_rest_is_written(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = RERUNS[wrong]
    (tmp_path / "rerun").mkdir()
    (tmp_path / "rerun" / "__init__.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "rerun"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "enactive.agents.report.rerun_log", raising=False)
    try:
        folder = tmp_path / "run"
        episode = Agent(Bare(), Stay(), NamedMoves(), max_steps=5).run(
            Snow(), ObjectGoal("mug"), recorders=[RunFolder(folder, {})]
        )
    finally:  # who comes next shall import the true one
        for name in [name for name in sys.modules if name == "rerun" or name.endswith(".rerun_log")]:
            del sys.modules[name]
    assert (episode.outcome, len(episode.steps)) == ("truncated", 5)
    (warning,) = episode.warnings
    assert warning.startswith("episode.rrd ")
    assert said in warning
    assert sorted(path.name for path in folder.iterdir()) == ["episode.json", "report.html", "video.mp4"]
    assert json.loads((folder / "episode.json").read_text())["result"]["warnings"] == [warning]
