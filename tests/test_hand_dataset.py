"""The data set of hand poses: what is written is read back, resumed without a trace, and damaged files are named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="data sets are written with pyarrow: pip install enactive[data]")
import pyarrow.parquet as pq

from enactive.agents.cli import main
from enactive.envs.shadow_hand import dataset
from enactive.envs.shadow_hand.dataset import HandDataset, check_dataset, write_dataset
from enactive.envs.shadow_hand.picture_file import png, true_joints_rad
from enactive.envs.shadow_hand.views import MAKING, HandViews
from enactive.errors import ConfigError

COUNTS = {"train": 7, "val": 3, "test": 4}


def make(folder: Path, workers: int = 1) -> int:
    return write_dataset(folder, COUNTS, pixels=48, shard=3, workers=workers)  # type: ignore[arg-type]


def assert_same_files(one: Path, other: Path) -> None:
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    assert len(files) == 6 + 5  # shards, and what tells of them
    assert sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file()) == sorted(files)
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    assert make(path) == 14
    return path


def test_what_is_written_is_read_back(folder: Path) -> None:
    assert check_dataset(folder) == COUNTS
    data = HandDataset(folder, "val")
    with HandViews("val", width=48, height=48) as views:
        for index, item in enumerate(data):
            np.testing.assert_array_equal(item.rgb, views[index].rgb)
            np.testing.assert_allclose(item.joints_rad, views[index].joints_rad, atol=1e-6)
            assert item.index == 7 + index


def test_the_layout_is_that_of_lerobot(folder: Path) -> None:
    info = json.loads((folder / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert info["splits"] == {"train": "0:7", "val": "7:10", "test": "10:14"}
    columns = set()
    for episode in pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist():
        path = info["data_path"].format(chunk_index=episode["data/chunk_index"], file_index=episode["data/file_index"])
        table = pq.read_table(folder / path)
        columns |= set(table.column_names)
        assert episode["dataset_from_index"] in table["index"].to_pylist()
    assert columns == set(info["features"])
    tasks = pq.read_table(folder / "meta/tasks.parquet")
    assert tasks.to_pylist() == [{"task_index": 0, "task": dataset.TASK}]
    assert tasks.schema.pandas_metadata["index_columns"] == ["task"]  # LeRobot: pd.read_parquet(...).iloc[task_index].name


def test_the_statistics_of_pictures_are_by_channel_as_lerobot_keeps_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.array([item.rgb for split in COUNTS for item in HandDataset(folder, split)])  # type: ignore[arg-type]
    told = json.loads((folder / "meta/stats.json").read_text())[dataset.IMAGE]
    assert told["count"] == [14]
    for name in ("min", "max", "mean", "std"):
        wanted = getattr(np, name)(pictures / 255.0, axis=(0, 1, 2))
        np.testing.assert_allclose(told[name], wanted[:, None, None], atol=1e-12)
    monkeypatch.setattr(dataset, "SAMPLED", 2)
    few = dataset._picture_stats(sorted((folder / "data").rglob("*.parquet")), 14)
    np.testing.assert_allclose(few["mean"], pictures[[0, 13]].mean(axis=(0, 1, 2))[:, None, None] / 255.0)


def test_the_command_writes_and_checks_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["dataset", str(tmp_path / "hands"), "--train", "2", "--val", "1", "--test", "1", "--pixels", "48"]
    for rendered in (4, 0):
        assert main(asked) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'hands'}: train 2, val 1, test 1; {rendered} rendered now\n"
    assert main([*asked, "--seed", "1"]) == 2
    assert "holds a data set of other arguments" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["dataset", str(tmp_path / "file" / "hands"), *asked[2:]]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--train", "0", "--val", "0", "--test", "0"],
            "a data set needs a picture: give a number above 0 for one of",
        ),
        (["--train", "-1"], "train must be at least 0, not -1"),
        (["--seed", "-1"], "seed must be at least 0, not -1"),
        (["--pixels", "0"], "pixels must be at least 1, not 0"),
        (["--workers", "0"], "workers must be at least 1, not 0"),
    ],
)
def test_numbers_of_which_nothing_can_be_made_are_refused_before_anything_is_written(
    words: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", str(tmp_path / "hands"), *words]) == 2
    assert capsys.readouterr().err.startswith(f"enactive: {complaint}")
    assert not (tmp_path / "hands").exists()


def test_an_interrupted_run_is_taken_up_and_ends_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = dataset._write_shard, []

    def fail_at_the_third(shard: dataset.Shard, **arguments: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(shard)
        write(shard, **arguments)

    monkeypatch.setattr(dataset, "_write_shard", fail_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path)
    monkeypatch.undo()
    assert make(tmp_path) == 14 - 6
    assert make(tmp_path) == 0
    assert_same_files(folder, tmp_path)


def test_several_processes_write_the_same(folder: Path, tmp_path: Path) -> None:
    assert make(tmp_path, workers=2) == 14
    assert_same_files(folder, tmp_path)


def test_other_arguments_do_not_mix_with_a_data_set(folder: Path) -> None:
    with pytest.raises(ConfigError, match="other arguments"):
        write_dataset(folder, {"train": 7}, seed=1)


@pytest.mark.parametrize("before", [None, MAKING - 1])
def test_pictures_of_another_making_do_not_mix(before: int | None, folder: Path, tmp_path: Path) -> None:
    """Nor do those of a data set that does not say how it was made."""
    held = json.loads((folder / "meta/making.json").read_text())
    assert held.pop("making") == MAKING
    (tmp_path / "meta").mkdir()
    note = tmp_path / "meta/making.json"
    note.write_text(json.dumps(held if before is None else held | {"making": before}))
    kept = note.read_text()
    with pytest.raises(ConfigError, match=f"pictures of version {before or 0} of the making.*{MAKING}: take another folder"):
        make(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["meta/making.json"]
    assert note.read_text() == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"counts": {', "is damaged"), ("[]", "does not tell"), ("{}", "does not tell"), ('{"shard": 0}', "does not tell")],
)
def test_a_damaged_note_of_how_pictures_were_made_is_a_sentence(text: str, said: str, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "set")
    (tmp_path / "set" / "meta" / "making.json").write_text(text)
    with pytest.raises(ConfigError, match=f"making.json {said}"):
        make(tmp_path / "set")
    with pytest.raises(ConfigError, match=f"making.json {said}"):
        HandDataset(tmp_path / "set", "train")


def test_faults_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no data set"):
        HandDataset(tmp_path, "train")
    make(tmp_path)
    shards = sorted((tmp_path / "data").rglob("*.parquet"))
    leak = pq.read_table(shards[0]).slice(0, 3)
    own = pq.read_table(shards[3])
    for name in ("index", "episode_index"):
        leak = leak.set_column(leak.column_names.index(name), name, own[name])
    pq.write_table(leak, shards[3])
    with pytest.raises(ConfigError, match="is in train, too"):
        check_dataset(tmp_path)


def test_a_shard_that_does_not_hold_what_it_should_is_made_again(folder: Path, tmp_path: Path) -> None:
    make(tmp_path)
    shards = sorted((tmp_path / "data").rglob("*.parquet"))
    cut, short = shards[1], shards[3]
    cut.write_bytes(cut.read_bytes()[:200])
    pq.write_table(pq.read_table(short).slice(0, 2), short)
    with pytest.raises(ConfigError, match=f"{cut} is missing or damaged: delete that file, and write the data set again"):
        check_dataset(tmp_path)
    assert make(tmp_path) == 3 + 3
    assert check_dataset(tmp_path) == COUNTS
    assert_same_files(folder, tmp_path)


def test_a_damaged_picture_names_the_file_that_is_to_be_deleted(tmp_path: Path) -> None:
    make(tmp_path)
    shard = sorted((tmp_path / "data").rglob("*.parquet"))[3]
    content = bytearray(shard.read_bytes())
    start = content.index(b"\x89PNG") + 200  # within the pixels of its first picture
    content[start : start + 20] = bytes(20)
    shard.write_bytes(content)
    for use in (make, check_dataset):
        with pytest.raises(ConfigError, match=f"picture 0 of {shard} is damaged .*: delete that file, and write"):
            use(tmp_path)
    shard.unlink()
    assert make(tmp_path) == 3
    assert check_dataset(tmp_path) == COUNTS


def test_a_picture_file_knows_its_angles_and_others_do_not(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    angles = np.linspace(0.0, 0.2, 24)
    (tmp_path / "with.png").write_bytes(png(rgb, angles))
    (tmp_path / "without.png").write_bytes(png(rgb))
    np.testing.assert_allclose(true_joints_rad(tmp_path / "with.png"), angles, atol=1e-6)  # type: ignore[arg-type]
    assert true_joints_rad(tmp_path / "without.png") is None
