"""The segmenter: its data, batches and training, on real views."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hashed_text import HashedText

from enactive.envs import CameraFrame, Observation
from enactive.errors import ConfigError
from enactive.perception import vocabulary
from enactive.perception.convnets.muon import orthogonal
from enactive.perception.convnets.shipped import history_of
from enactive.perception.segmenter import batches, data, train, weights
from enactive.perception.segmenter.batches import Drawer, augment, cut_out, make_batch, sense, shrink, view_features
from enactive.perception.segmenter.detector import Segmenter
from enactive.perception.segmenter.phrases import PhraseBank
from enactive.perception.segmenter.quality import measure
from enactive.perception.segmenter.views import View, Views
from enactive.pretrained import sha256_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views")
    data.make_views(path / "train", [3], workers=1, frames=6)
    data.make_views(path / "unseen", [data.FIRST_UNSEEN_SEED], workers=1, frames=2)
    return path


def test_views_hold_the_truth(folder: Path) -> None:
    views = Views(folder / "train")
    assert len(views) == 6
    names = vocabulary.names()
    seen = {names[i] for view in views for i in np.unique(view.labels) if i >= 0}
    assert {"wall", "floor"} < seen
    assert len(seen & set(vocabulary.kinds())) >= 3
    for view in views:
        # pixels that are floor by their code lie at height 0 by their depth
        floor = (view.labels == names.index("floor")) & (view.depth_m > 0)
        height = view_features([view])[0, 16] + 1.0
        assert np.abs(height.numpy()[floor[::2, ::2]]).max(initial=0) < 0.05


def test_making_views_resumes_and_sweeps(folder: Path) -> None:
    kept = folder / "train" / "seed-000003" / "rgb.npy"
    stamp = kept.stat().st_mtime_ns
    (folder / "train" / "making-000009").mkdir()
    data.make_views(folder / "train", [3], workers=1)
    assert kept.stat().st_mtime_ns == stamp
    assert not list((folder / "train").glob("making-*"))


def test_photographs_are_taken_from_many_heights(tmp_path: Path) -> None:
    data.make_views(tmp_path, [5], workers=1, frames=12, photos=1.0)
    heights = np.array(json.loads((tmp_path / "seed-000005" / "meta.json").read_text())["T_world_camera"])[:, 2, 3]
    assert 0.45 <= heights.min() < 0.8 < 1.0 < heights.max() <= 1.65


def test_views_are_aimed_at_what_is_asked_for(folder: Path, tmp_path: Path) -> None:
    """Of what an apartment shows least: nearly all views show it, and one alike without asking few."""
    objects = json.loads((folder / "train" / "seed-000003" / "meta.json").read_text())["objects"]
    counts = Counter(category for category, *_ in objects if category in vocabulary.small())
    category = min(counts, key=lambda name: (counts[name], name))
    data.make_views(tmp_path, [3], workers=1, frames=12, only=frozenset({category, "of no apartment"}))
    shown = {
        where: np.mean([(view.labels == vocabulary.names().index(category)).any() for view in Views(where)])
        for where in (tmp_path, folder / "train")
    }
    assert shown[tmp_path] >= 0.8
    assert shown[folder / "train"] < 0.5


def test_rare_is_what_few_views_show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "RARE", 0.5)
    views = Views(folder / "train")
    shown = Counter(int(label) for view in views for label in np.flatnonzero(np.bincount(cells(view)) >= 4))
    few = {vocabulary.names()[label] for label, count in shown.items() if count < 3}
    assert few
    assert Drawer(views).rare() == few


def cells(view: View) -> np.ndarray:
    """Labels of every second pixel that has one."""
    labels = view.labels[::2, ::2]
    return labels[labels >= 0]


def test_unseen_seeds_do_not_mix_with_training(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keep them apart"):
        data.make_views(tmp_path, [1, data.FIRST_UNSEEN_SEED])
    with pytest.raises(ConfigError, match="there are no frames"):
        Views(tmp_path)


def test_perfect_answers_score_one(folder: Path) -> None:
    views = Views(folder / "train")
    assert measure(lambda view: view.labels.astype(np.int64), views, range(6)).mean_iou == 1.0
    wall = vocabulary.names().index("wall")
    assert measure(lambda view: np.full(view.labels.shape, wall), views, range(6)).mean_iou < 0.3


def test_mirrored_and_shrunk_views_keep_their_geometry(folder: Path) -> None:
    view = Views(folder / "train")[0]
    for seed in range(4):
        changed = augment(view, np.random.default_rng(seed))
        assert changed.rgb.shape == view.rgb.shape
    from enactive.perception.segmenter.batches import _mirror

    plain, mirrored = view_features([view])[0], view_features([_mirror(view)])[0]
    # the upper left pixel of a cell is its upper right one in the mirror: half a cell's shift is all that may differ
    for channel in (16, 17, 18):
        difference = (mirrored[channel].flip(-1) - plain[channel]).abs()
        assert difference.median() < 0.02
    small = view_features([shrink(view)])[0]
    assert (small[16] - plain[16, ::2, ::2]).abs().max() < 1e-4


def test_batches_draw_rare_things_more(folder: Path) -> None:
    views = Views(folder / "train")
    batch = make_batch(Drawer(views), 6, np.random.default_rng(0))
    background = [vocabulary.names().index(name) for name in vocabulary.BACKGROUND]
    drawn = np.isin(batch.labels.numpy(), background).mean()
    there = np.mean([np.isin(view.labels, background).mean() for view in views])
    assert drawn < 0.8 * there
    assert (batch.instances >= 0).sum() == (batch.labels.numpy() >= 0).sum() - np.isin(
        batch.labels.numpy(), [vocabulary.names().index(name) for name in ("wall", "floor", "ceiling", "window")]
    ).sum()


def test_views_are_drawn_by_the_root_of_how_many_show_a_category(folder: Path) -> None:
    views = Views(folder / "train")
    shown = np.array([np.bincount(view.labels[::2, ::2][view.labels[::2, ::2] >= 0], minlength=999) >= 4 for view in views])
    chance = shown.sum(axis=0) ** 0.25 / (shown.sum(axis=0) ** 0.25).sum()
    drawer, rng = Drawer(views), np.random.default_rng(0)
    drawn = [drawer.draw(rng) for _ in range(3000)]
    share = np.bincount([category for _, category in drawn], minlength=999) / 3000
    assert np.abs(share - chance).max() < 0.02
    for parts, (view, category) in zip((2, 4) * 100, drawn[:200], strict=True):
        window = cut_out(view, category, rng, parts)
        assert window.code.shape == (view.code.shape[0] // parts, view.code.shape[1] // parts)
        assert (window.labels == category).any()


def test_cut_batches_have_the_size_that_is_asked_for(folder: Path) -> None:
    drawer = Drawer(Views(folder / "train"))
    height, width = drawer.views[0].code.shape
    for parts in (1, 2, 4):
        batch = make_batch(drawer, 3, np.random.default_rng(0), parts)
        assert batch.features.shape == (3, 20, height // 2 // parts, width // 2 // parts)
        assert batch.pixels.max() < 3 * (height // 2 // parts) * (width // 2 // parts)


def test_orthogonal_brings_singular_values_to_one() -> None:
    for shape in ((20, 60), (60, 20), (32, 32)):
        update = orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(1)))
        values = torch.linalg.svdvals(update)
        assert update.shape == shape
        assert 0.4 < values.min() <= values.max() < 1.3


@pytest.fixture(scope="module")
def bank() -> PhraseBank:
    return PhraseBank(HashedText())


def trainer(folder: Path, bank: PhraseBank) -> train.Trainer:
    torch.manual_seed(0)
    return train.Trainer(Views(folder / "train"), Views(folder / "unseen"), 1.0, 0, bank)


def test_training_learns_and_resumes_exactly(folder: Path, bank: PhraseBank, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    first = trainer(folder, bank)
    losses = [first.step(seconds=30.0)["names"] for _ in range(5)]
    assert losses[-1] < 0.8 * losses[0]
    first.history = [{"command": "a first leg", "sha256": "0"}]
    first.save(tmp_path / "checkpoint.safetensors")
    ahead = first.step(31.0)
    second = trainer(folder, bank)
    second.load(tmp_path / "checkpoint.safetensors")
    assert (second.progress.step, second.progress.seconds) == (5, 30.0)
    assert second.history == first.history
    assert second.step(31.0) == ahead
    for mine, theirs in zip(first.average.parameters(), second.average.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=0, rtol=0)


def test_train_command_writes_usable_weights(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "RememberedTexts", HashedText)
    out = tmp_path / "weights" / "segmenter.safetensors"
    (folder / "train" / "seed-000003").rename(folder / "train" / "seed-000000")
    quality = train.train_segmenter(0.002, folder, 1, 1, 1, out, workers=1)
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["command"] == (
        "enactive train segmenter --minutes 0.002 --apartments 1 --rare_apartments 1 --seed 0 --workers 1"
    )
    assert card["mean_iou"] == pytest.approx(quality.mean_iou, abs=1e-4)
    view = Views(folder / "unseen")[0]
    frame = CameraFrame(view.rgb, view.depth_m, view.K, view.T_world_camera, 0.0)
    Segmenter(out, HashedText()).detect(Observation(cameras={"head": frame}))
    assert card["history"] == []
    further = out.with_name("further.safetensors")
    train.train_segmenter(0.002, folder, 1, 1, 1, further, start=out, workers=1)
    carried = json.loads(further.with_suffix(".json").read_text())
    assert "--start segmenter.safetensors" in carried["command"]
    assert carried["history"] == [{key: card[key] for key in ("command", "sha256", "date")}]
    assert history_of(further) == [*carried["history"], {key: carried[key] for key in ("command", "sha256", "date")}]


def test_the_shipped_weights_tell_how_they_came_about() -> None:
    *legs, last = history_of(weights.WEIGHTS)
    assert last["sha256"] == sha256_of(weights.WEIGHTS)
    assert len(legs) >= 5
    assert all(leg["command"] for leg in legs)
    dates = [leg["date"] for leg in [*legs, last] if "date" in leg]
    assert dates == sorted(dates)


def test_shipped_weights_see_an_unseen_apartment(folder: Path) -> None:
    card = json.loads(weights.WEIGHTS.with_suffix(".json").read_text())
    assert weights.WEIGHTS.stat().st_size <= 20e6
    assert card["command"].startswith("enactive train segmenter")
    segmenter = Segmenter()
    right: dict[bool, list[float]] = {True: [], False: []}
    for view in map(sense, Views(folder / "unseen")):
        for blind in right:
            frame = CameraFrame(view.rgb, None if blind else view.depth_m, view.K, view.T_world_camera, 0.0)
            _, names, _ = segmenter.look(frame)
            right[blind].append(float((names == view.labels[::2, ::2]).mean()))
    assert np.mean(right[False]) > 0.7
    assert np.mean(right[True]) > 0.5  # a photograph, without depth
