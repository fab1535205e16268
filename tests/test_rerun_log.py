"""`episode.rrd`: written by a run, and read back with Rerun's own command.

Rerun (extra `rerun`) is a wheel of 170 MB that nothing else needs: the extra `dev` leaves it out, and these are skipped then.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from enactive.agents.cli import main

pytest.importorskip("rerun", reason="Rerun is not installed (170 MB): pip install 'enactive[rerun]'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    parts = ["--perceiver", "OraclePerceiver", "--env.rooms", "3", "--max_steps", "12"]
    assert main(["run", "find a toilet", *parts, "--out", str(out)]) == 0
    (made,) = out.iterdir()
    return made


def rerun(*arguments: str) -> str:
    command = [sys.executable, "-m", "rerun", "rrd", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_a_recording_is_whole(folder: Path) -> None:
    rerun("verify", str(folder / "episode.rrd"))


def test_a_recording_holds_every_step_of_the_run(folder: Path) -> None:
    record = json.loads((folder / "episode.json").read_text())
    assert record["result"]["warnings"] == []  # a recorder that failed would be named there
    told = rerun("print", "-vv", str(folder / "episode.rrd"))
    for entity in ("world/head", "world/head/rgb", "world/head/depth", "world/body", "world/scene_graph", "/S"):
        assert re.search(rf"{entity}\b", told), entity
