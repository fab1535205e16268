"""The first code that a reader copies runs as it is printed."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
STEPS = 12  # of the hundreds that the example takes


def test_the_example_in_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    shortened, places = re.subn(r"(= Agent\(.*)\)$", rf"\1, max_steps={STEPS})", example, flags=re.MULTILINE)
    assert places == 1
    names: dict[str, object] = {}
    exec(compile(shortened, str(README), "exec"), names)
    episode = names["episode"]
    assert len(episode.steps) == STEPS
    assert episode.metrics["start_distance_m"] > 1.0  # the red mug is there, and elsewhere
    assert capsys.readouterr().out.splitlines()[-1] == f"{episode.outcome} {episode.metrics}"
