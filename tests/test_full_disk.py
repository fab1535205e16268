"""A disk that takes no more, as the command line meets it: the system refuses to let any file grow beyond some bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
