"""Components by name, with plug-ins installed for real (a distribution on the path with entry points)."""

from pathlib import Path

import pytest

from enactive.agents.plugins import GROUPS, available, load, load_all
from enactive.errors import ConfigError


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's distribution with one planner that works and one that raises on import."""
    (tmp_path / "stranger_good.py").write_text("class Good:\n    pass\n")
    (tmp_path / "stranger_bad.py").write_text("raise RuntimeError('no licence')\n")
    meta = tmp_path / "stranger-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[enactive.planners]\nGood = stranger_good:Good\nBad = stranger_bad:Bad\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("group", GROUPS)
def test_everything_that_the_package_names_loads(group: str) -> None:
    for name, point in available(group).items():  # type: ignore[arg-type]
        if point.value.startswith("enactive."):
            assert load(group, name).__name__ == name  # type: ignore[arg-type]


@pytest.mark.usefixtures("stranger")
def test_a_broken_plugin_is_a_warning_and_the_others_load() -> None:
    with pytest.warns(RuntimeWarning, match=r"plug-in 'Bad' \(stranger_bad:Bad\) is broken: no licence"):
        planners = load_all("planners")
    assert planners["Good"].__name__ == "Good"
    assert "Bad" not in planners


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean NearestFrontier"):
        load("planners", "NearestFronteer")
    with pytest.raises(ConfigError, match=r"does not load: No module named"):
        load("planners", "nowhere_at_all.Planner")


def test_a_dotted_path_is_a_name_too() -> None:
    assert load("planners", "enactive.planners.grid_search.GridSearch").__name__ == "GridSearch"
