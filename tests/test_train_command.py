"""`enactive train`: every argument is explained, by the docstrings."""

from __future__ import annotations

from pathlib import Path

import pytest

from enactive.agents.commands._docstrings import explained
from enactive.agents.commands.train import MODELS, main
from enactive.controllers.poseless.weights import WEIGHTS
from enactive.errors import ConfigError


@pytest.mark.parametrize("model", MODELS)
def test_every_argument_of_training_is_explained(
    model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    with pytest.raises(SystemExit) as ended:
        main([model, "--help"])
    assert ended.value.code == 0
    _, *options = capsys.readouterr().out.split("\n  --")
    told = {words[0]: words[2] for words in (option.split(maxsplit=2) for option in options)}
    assert len(told) > 1
    assert [name for name, text in told.items() if text.startswith("(")] == []
    assert [name for name, text in told.items() if "(required" in text] == []  # each has a default


def test_the_rates_and_the_adapters_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["d2po", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "train adapters instead of all weights; where not given, for every base but a small one (type" in text
    assert "--sft.rate RATE the highest learning rate (type: float | null, default: null)" in text


def test_a_docstring_is_read_to_the_next_name() -> None:
    def task(one: int, two: int, three: int, four: int) -> None:
        """Do it.

        one: the first; it has one: more. two, three: the
        others. Raises ConfigError where not.
        """

    assert explained(task) == {"one": "the first; it has one: more", "two": "the others", "three": "the others"}


def test_a_model_that_is_unknown_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match="there is no model 'd3po' to train; known: segmenter"):
        main(["d3po"])


@pytest.mark.parametrize("model", ["small", "some/model"])
@pytest.mark.parametrize(
    "words",
    [["--resume", "true"], ["--checkpoint", "mine.safetensors"], ["--val_views", "10"], ["--workers", "3"], ["--start", "w"]],
)
def test_what_training_with_a_model_does_without_is_refused(model: str, words: list[str]) -> None:
    with pytest.raises(ConfigError, match=f"with --model {model} does without {words[0]}: leave it out"):
        main(["poseless", "--model", model, *words])


@pytest.mark.parametrize("minutes", ["0", "-5"])
@pytest.mark.parametrize(
    "model", [["segmenter"], ["poseless"], ["poseless", "--model", "small"], ["poseless", "--model", "a/b"]]
)
def test_training_for_no_time_is_refused_before_weights_are_written(
    model: list[str], minutes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where data sets and checkpoints are made
    with pytest.raises(ConfigError, match=f"training takes minutes, not {minutes}: give --minutes above 0"):
        main([*model, "--minutes", minutes, "--out", str(tmp_path / "weights.safetensors")])
    assert list(tmp_path.iterdir()) == []


def test_a_fine_tuned_model_goes_into_the_folder_that_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def finetune(model: str, minutes: float, out: Path, seed: int) -> int:
        folders.append(out)
        return 0

    monkeypatch.setattr("enactive.perception.vlm.hf.load_model", lambda name, whole: name)
    monkeypatch.setattr("enactive.controllers.poseless.finetune.finetune", finetune)
    for out in (["--out", str(tmp_path / "a.v1")], ["--out", str(tmp_path / "b.safetensors")], []):
        assert main(["poseless", "--model", "some/model", *out]) == 0
    assert folders == [tmp_path / "a.v1", tmp_path / "b", WEIGHTS.with_suffix("")]
