"""Components by name, with plug-ins installed for real (a distribution on the path with entry points)."""

from pathlib import Path

import pytest

from enactive.agents.cli import main
from enactive.agents.plugins import GROUPS, available, load, named
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
def test_the_list_warns_of_a_broken_plugin_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    cause = "the planner 'Bad' (stranger_bad:Bad) does not load: RuntimeError: no licence"
    assert [line for line in lines if "warning" in line] == [f"warning: {cause}; mend it, or choose another"]
    bad = next(place for place, line in enumerate(lines) if line.startswith("Bad "))
    assert lines[bad + 1].startswith("warning: ")
    assert "household/textnav" in "\n".join(lines[bad:])


@pytest.mark.usefixtures("stranger")
def test_asking_for_a_broken_plugin_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert load("planners", "Good").__name__ == "Good"
    for command in (["run", "find a mug", "--planner", "Bad"], ["eval", "--planner", "stranger_bad.Bad"]):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "(stranger_bad:Bad) does not load: RuntimeError: no licence; mend it" in error


@pytest.mark.parametrize(
    ("group", "written", "name"),
    [
        ("envs", "shadow_hand_sim", "ShadowHand"),
        ("envs", "desk-arm", "DeskArm"),
        ("envs", "DeskArm", "DeskArm"),
        ("controllers", "poseless", "PoseLess"),
        ("planners", "d2po", "D2PO"),
        ("planners", "UNIGOAL", "UniGoal"),
    ],
)
def test_a_name_is_known_in_any_spelling_of_its_letters(group: str, written: str, name: str) -> None:
    assert named(group, written) == name  # type: ignore[arg-type]
    assert load(group, written).__name__ == name  # type: ignore[arg-type]


def test_no_two_names_of_a_group_are_the_same_but_for_their_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for group in GROUPS:
        assert [named(group, name.lower()) for name in available(group)] == list(available(group))
    meta = tmp_path / "stranger-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[enactive.envs]\nDesk_Arm = enactive.envs.desk_arm:DeskArm\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="no env called 'deskarm'; did you mean DeskArm or Desk_Arm"):
        load("envs", "deskarm")


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean NearestFrontier"):
        load("planners", "NearestFronteer")
    with pytest.raises(ConfigError, match=r"does not load: ModuleNotFoundError: No module named"):
        load("planners", "nowhere_at_all.Planner")


def test_a_dotted_path_is_a_name_too() -> None:
    assert load("planners", "enactive.planners.grid_search.GridSearch").__name__ == "GridSearch"
