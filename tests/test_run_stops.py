"""`enactive run` on a body that moves in the real world: the stops of the control loop, before the next command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enactive.agents.cli import main
from enactive.envs import Action, Embodiment, Goal, ObjectGoal, Observation
from enactive.envs.desk_arm import DeskArm
from enactive.perception import Belief
from enactive.planners import Intent, MoveJoints

PARTS = {"env": "Arm", "planner": "Onward", "controller": "Obey"}


class Arm(DeskArm):
    """A desk arm that may say that it is real, and writes a byte into a file for each command that it takes."""

    def __init__(self, log: str, real: bool = True) -> None:
        super().__init__()
        self.log = Path(log)
        self.embodiment = replace(self.embodiment, simulated=not real)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        with self.log.open("ab") as file:
            file.write(b".")
        time.sleep(0.01)
        return super().step(action)


class Onward:
    goals, needs, emits, trace = (ObjectGoal,), frozenset(), (MoveJoints,), {}

    def reset(self, goal: Goal, embodiment: Embodiment) -> None: ...

    def plan(self, belief: Belief) -> Intent:
        return MoveJoints(belief.observation.joint_positions_rad[np.newaxis] + 0.001)


class Obey:
    serves, control_modes = (MoveJoints,), frozenset({"joint_pos"})

    def reset(self, embodiment: Embodiment) -> None: ...

    def act(self, intent: Any, observation: Observation, belief: Belief) -> Action:
        return Action("joint_pos", intent.positions_rad)


def command(folder: Path, *more: str) -> list[str]:
    parts = [word for role, name in PARTS.items() for word in (f"--{role}", f"test_run_stops.{name}")]
    named = ["--perceiver", "Proprioception", "--env.log", str(folder / "log"), "--out", str(folder / "runs")]
    return ["run", "find the end", *parts, *named, "--max_steps", "2000", *more]


def sent(folder: Path) -> int:
    return (folder / "log").stat().st_size if (folder / "log").exists() else 0


def episode_of(folder: Path) -> dict[str, Any]:
    return json.loads(next((folder / "runs").glob("*/episode.json")).read_text())


def test_ctrl_c_latches_before_the_next_command_and_the_record_tells(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    words = [sys.executable, "-m", "enactive.agents", *command(tmp_path)]
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and sent(tmp_path) < 20 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "SafetyAbort: the emergency stop is latched (signal SIGINT)" in err
    episode = episode_of(tmp_path)
    assert episode["result"]["error_kind"] == "SafetyAbort"
    assert len(episode["steps"]) == sent(tmp_path) < 1000


def test_a_stop_file_lets_no_command_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stop").touch()
    assert main(command(tmp_path, "--stop_file", str(tmp_path / "stop"))) == 1
    assert f"latched (file {tmp_path / 'stop'})" in capsys.readouterr().err
    assert sent(tmp_path) == 0
    assert not list((tmp_path / "runs").iterdir())


def test_a_simulation_needs_no_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert main(command(tmp_path, "--stop_file", str(tmp_path / "stop"), "--env.real", "false")) == 2
    assert "this one is simulated" in capsys.readouterr().err
    assert sent(tmp_path) == 0
    assert main(command(tmp_path, "--env.real", "false", "--max_steps", "9")) == 0
    assert sent(tmp_path) == 9
    assert signal.getsignal(signal.SIGTERM) is before
