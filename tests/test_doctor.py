"""`enactive doctor` says what is there and what is missing, with the line to type."""

import importlib.util
import re
import tomllib
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest

from enactive import pretrained
from enactive.agents.cli import main
from enactive.agents.commands import doctor
from enactive.perception.segmenter.detector import Segmenter

ROOT = Path(__file__).parents[1]


def report(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit status, and of each check "ok" or "FAIL" and what it says."""
    status = main(["doctor"])
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    return status, {name: (verdict, said) for verdict, name, said in lines}


def only(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name]})


def test_a_machine_that_runs_the_tests_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = report(capsys)
    assert status == 0
    assert set(said) == set(doctor.CHECKS)
    assert {verdict for verdict, _ in said.values()} == {"ok"}
    assert said["rendering"][1] == "an apartment at 320x240"


def test_every_extra_is_looked_for() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(doctor.EXTRAS) == set(extras) - {"dev"}


@pytest.mark.parametrize(("module", "extra"), [(module, extra) for extra in doctor.EXTRAS for module in doctor.EXTRAS[extra]])
def test_an_extra_that_is_missing_is_named_with_the_fix(
    module: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def spec(name: str) -> ModuleSpec | None:
        return None if name == module else ModuleSpec(name, None)

    only(monkeypatch, "packages")
    monkeypatch.setattr(importlib.util, "find_spec", spec)
    status, said = report(capsys)
    assert status == 0  # nothing that the defaults need
    assert said["packages"] == ("ok", f"not installed: {extra} (pip install 'enactive[NAME]')")


def test_a_renderer_that_draws_nothing_fails_with_the_packages_that_the_makefile_installs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "rendering")
    dark = {"cameras": {"head": {"rgb": np.zeros((240, 320, 3), np.uint8)}}}
    monkeypatch.setattr(gymnasium, "make", lambda *_, **__: SimpleNamespace(reset=lambda: (dark, {}), close=lambda: None))
    status, said = report(capsys)
    assert status == 1
    (packages,) = re.findall(r"^GL_PACKAGES := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert said["rendering"] == (
        "FAIL",
        f"the renderer draws nothing: install it with: apt-get install -y {packages}; "
        "or, where OSMesa is there, set MUJOCO_GL=osmesa",
    )


def test_what_is_not_in_the_cache_yet_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "files")
    monkeypatch.setenv("ENACTIVE_CACHE", str(tmp_path))
    names = ", ".join(file.name for file in pretrained.FILES)
    assert report(capsys) == (0, {"files": ("ok", f"fetched on first use: {names}")})


def test_a_corrupt_file_fails_with_the_line_that_fetches_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "files")
    monkeypatch.setenv("ENACTIVE_CACHE", str(tmp_path))
    pretrained.cached_path(pretrained.MINILM_TOKENIZER).write_text("half of it")
    status, said = report(capsys)
    assert status == 1
    assert said["files"] == ("FAIL", "corrupt: minilm-tokenizer; type: enactive models get")


def test_weights_that_are_missing_fail_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "weights")
    gone = tmp_path / "perception" / "weights" / "segmenter.safetensors"
    made = Segmenter.__init__
    monkeypatch.setattr(Segmenter, "__init__", lambda self: made(self, gone))
    status, said = report(capsys)
    assert status == 1
    verdict, words = said["weights"]
    assert verdict == "FAIL"
    assert f"{gone} are missing" in words
    assert "`enactive train segmenter`" in words


def test_a_full_disk_fails_with_the_fix(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, "disk")
    monkeypatch.setattr(doctor, "NEEDED_BYTES", 10**18)
    status, said = report(capsys)
    assert (status, said["disk"][0]) == (1, "FAIL")
    assert "make room for recordings" in said["disk"][1]
