"""The first code that a reader copies runs as it is printed."""

import json
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
LINES = 10  # of Python are enough for a run that leaves its folder
STEPS = 12  # of the hundreds that the example takes


def test_the_example_in_python_runs_and_leaves_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= LINES
    shortened, places = re.subn(r"(= Agent\(.*)\)$", rf"\1, max_steps={STEPS})", example, flags=re.MULTILINE)
    assert places == 1
    monkeypatch.chdir(tmp_path)
    exec(compile(shortened, str(README), "exec"), {})
    record = json.loads((tmp_path / "runs" / "mug" / "episode.json").read_text())
    assert len(record["steps"]) == STEPS
    assert record["result"]["metrics"]["start_distance_m"] > 1.0  # the red mug is there, and elsewhere
    assert capsys.readouterr().out.splitlines()[-1] == str(record["result"]["metrics"])
    assert {"report.html", "video.mp4"} <= {path.name for path in (tmp_path / "runs" / "mug").iterdir()}
