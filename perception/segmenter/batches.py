"""Batches for training: augmented pictures as features, and the pixels that are learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from .. import vocabulary
from .features import features
from .views import LOWEST_CODE, View, Views

DRAWN_PER_100 = 20  # of the pixels of a view that are learned from
BALANCE = 0.5  # pixels of a class are drawn in proportion to frequency ** (1 - BALANCE)
SENSOR_RANGE_M = (0.5, 5.0)
CUT_OUT = 0.7  # share of the views of half the size that are cut out of whole ones; the rest are whole ones, shrunk
BLIND = 0.2  # share of the views that have no depth, as a photograph has none
RARE = 0.02  # of the views
MIN_CELLS = 4  # of 2x2 pixels, of a category that is said to be in a view


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B pictures and the N pixels to learn from.

    features: (B, 20, H/2, W/2). pixels: (N,) index into the flattened (B, H/2, W/2). labels: (N,) category.
    instances: (N,) row of `attributes`, -1 = part of the shell; attributes: (category, colour, material) of each instance.
    """

    features: torch.Tensor
    pixels: torch.Tensor
    labels: torch.Tensor
    instances: torch.Tensor
    attributes: list[tuple[int, str, str]]


class Drawer:
    """Draws views so that what is rare in apartments is not rare in training.

    A category is drawn in proportion to the fourth root of the number of views that show it, then one of these views.
    frequencies: (C,) share of the pixels that each category has.
    """

    def __init__(self, views: Views) -> None:
        count = len(vocabulary.names())
        cells = np.zeros((len(views), count), dtype=np.int32)
        for index in range(len(views)):
            labels = views[index].labels[::2, ::2]
            cells[index] = np.bincount(labels[labels >= 0], minlength=count)
        pixels = cells.sum(axis=0, dtype=np.int64) + 1
        self.frequencies: NDArray[np.float64] = pixels / pixels.sum()
        self.views = views
        self._showing = [np.flatnonzero(column >= MIN_CELLS) for column in cells.T]
        self._chance = np.array([len(showing) for showing in self._showing]) ** 0.25
        self._chance /= self._chance.sum()

    def rare(self) -> frozenset[str]:
        """The categories that are in fewer than `RARE` of the views, and in some."""
        shown = zip(vocabulary.names(), map(len, self._showing), strict=True)
        return frozenset(name for name, count in shown if 0 < count < RARE * len(self.views))

    def draw(self, rng: np.random.Generator) -> tuple[View, int]:
        """A view, and the category that it was drawn for."""
        category = int(rng.choice(len(self._chance), p=self._chance))
        return self.views[int(rng.choice(self._showing[category]))], category


def make_batch(drawer: Drawer, count: int, rng: np.random.Generator, parts: int = 1) -> Batch:
    """Draw and augment views, and draw pixels from them.

    parts: by how much the width and height of the views are divided, and their cost by its square. 1: whole views. 2: most are
    cut out around what they were drawn for, the others are whole at half the resolution, which shows rooms. 4: all are cut
    out, so that as many small things are learned from as the minutes allow.
    """
    weight = drawer.frequencies**-BALANCE
    views: list[View] = []
    for _ in range(count):
        view, category = drawer.draw(rng)
        if parts == 2 and rng.random() >= CUT_OUT:
            view = shrink(view)
        elif parts > 1:
            view = cut_out(view, category, rng, parts)
        views.append(augment(view, rng))
    return _draw_pixels(views, weight, rng)


def _draw_pixels(views: list[View], weight: NDArray[np.float64], rng: np.random.Generator) -> Batch:
    pixels, labels, instances = [], [], []
    attributes: list[tuple[int, str, str]] = []
    for number, view in enumerate(views):
        code = view.code[::2, ::2].ravel()
        label = view.classes[code - LOWEST_CODE]
        chance = np.where(label >= 0, weight[label], 0.0)
        count = min(len(code) * DRAWN_PER_100 // 100, int((label >= 0).sum()))
        key = rng.standard_exponential(len(code)) / np.maximum(chance, 1e-12)  # the smallest keys are a weighted draw
        chosen = np.argpartition(key, count - 1)[:count]
        ids, rows = np.unique(code[chosen], return_inverse=True)
        things = ids >= 0
        row_of = np.where(things, np.cumsum(things) - 1 + len(attributes), -1)
        attributes += [(int(view.classes[i - LOWEST_CODE]), view.colours[i], view.materials[i]) for i in ids[things]]
        pixels.append(chosen + number * len(code))
        labels.append(label[chosen])
        instances.append(row_of[rows])
    return Batch(
        view_features(views),
        torch.from_numpy(np.concatenate(pixels)),
        torch.from_numpy(np.concatenate(labels).astype(np.int64)),
        torch.from_numpy(np.concatenate(instances).astype(np.int64)),
        attributes,
    )


def view_features(views: list[View]) -> torch.Tensor:
    """(B, 20, H/2, W/2) features of views, in the memory layout that convolutions like."""
    arrays = (np.stack([getattr(view, name) for view in views]) for name in ("rgb", "depth_m", "K", "T_world_camera"))
    return features(*(torch.from_numpy(array) for array in arrays)).contiguous(memory_format=torch.channels_last)


def sense(view: View, low_m: float = SENSOR_RANGE_M[0], high_m: float = SENSOR_RANGE_M[1]) -> View:
    """The view as a depth sensor of limited range sees it."""
    return replace(view, depth_m=np.where((view.depth_m >= low_m) & (view.depth_m <= high_m), view.depth_m, np.float32(0)))


def shrink(view: View) -> View:
    """The view at half the resolution, as a coarser camera in the same place sees it."""
    height, width = view.code.shape
    cells = view.rgb.reshape(height // 2, 2, width // 2, 2, 3)
    rgb = (cells.sum(axis=(1, 3), dtype=np.uint16) // 4).astype(np.uint8)
    K = view.K.copy()
    K[:2] /= 2.0
    return replace(view, rgb=rgb, depth_m=view.depth_m[::2, ::2], code=view.code[::2, ::2], K=K)


def cut_out(view: View, category: int, rng: np.random.Generator, parts: int = 2) -> View:
    """A window around a pixel of a category that is in view; `parts` of it make the width, and the height, of the picture."""
    labels = view.labels
    height, width = labels.shape
    chosen = np.flatnonzero(labels.ravel() == category)
    row, column = divmod(int(rng.choice(chosen)), width)
    high, wide = height // parts, width // parts
    top = int(np.clip(row - rng.integers(high - 1), 0, height - high)) // 2 * 2  # one less: half of them are moved up by one
    left = int(np.clip(column - rng.integers(wide - 1), 0, width - wide)) // 2 * 2
    window = (slice(top, top + high), slice(left, left + wide))
    K = view.K.copy()
    K[:2, 2] -= (left, top)
    return replace(view, rgb=view.rgb[window], depth_m=view.depth_m[window], code=view.code[window], K=K)


def augment(view: View, rng: np.random.Generator) -> View:
    """Mirror, change the light, and limit, disturb or drop the depth; colours keep their names."""
    if rng.random() < BLIND:
        view = replace(view, depth_m=np.zeros_like(view.depth_m))
    elif rng.random() < 0.6:
        view = sense(view)
    elif rng.random() < 0.7:
        view = sense(view, rng.uniform(0.1, 0.6), rng.uniform(3.0, 10.0))
    if rng.random() < 0.3:
        noise = rng.standard_normal(view.depth_m.shape, dtype=np.float32)
        view = replace(view, depth_m=view.depth_m * (1.0 + np.float32(rng.uniform(0.0, 0.015)) * noise))
    view = replace(view, rgb=_relight(view.rgb, rng))
    return _mirror(view) if rng.random() < 0.5 else view


def _relight(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Exposure, gamma and a slight tint, as one table per channel; some noise."""
    gamma, gain = np.exp(rng.normal(0.0, 0.15)), np.exp(rng.normal(0.0, 0.12))
    tint = np.exp(rng.normal(0.0, 0.03, 3))
    levels = (np.arange(256)[:, None] / 255.0) ** gamma * gain * tint
    table = (np.clip(levels, 0.0, 1.0) * 255.0).astype(np.uint8)
    lit = np.stack([table[:, channel][rgb[..., channel]] for channel in range(3)], axis=-1)
    if rng.random() < 0.3:
        noise = rng.integers(-6, 7, lit.shape, dtype=np.int16)
        lit = np.clip(lit + noise, 0, 255).astype(np.uint8)
    return lit


def _mirror(view: View) -> View:
    """Left and right exchanged, in the picture and in the world alike."""
    K, pose = view.K.copy(), view.T_world_camera.copy()
    K[0, 2] = view.rgb.shape[1] - 1 - K[0, 2]
    pose[:, 0] *= -1.0
    return replace(
        view,
        rgb=np.ascontiguousarray(view.rgb[:, ::-1]),
        depth_m=np.ascontiguousarray(view.depth_m[:, ::-1]),
        code=np.ascontiguousarray(view.code[:, ::-1]),
        K=K,
        T_world_camera=pose,
    )
