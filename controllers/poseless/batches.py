"""Batches for training: pictures that are rendered as it goes, each remembered for a while and learned from several times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.views import HandViews, View

from .pictures import Square, middle_square, seen, square_around

WHOLE = 0.25  # share of the pictures that are seen whole, as at the first look; of the others the square around the hand
SHIFT, SCALE = 0.1, (0.82, 1.28)  # by how much that square is displaced, since the first look finds the hand no better
FEW = 0.1  # of the memory: as long as it holds no more, as many new pictures come into it as are learned from


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """pictures: (N, S, S, 3) uint8 as the network sees them; angles_rad: (N, 24); points: (N, 21, 2) in shares of the side;
    depths_m: (N, 21) beyond the wrist's."""

    pictures: NDArray[np.uint8]
    angles_rad: NDArray[np.float64]
    points: NDArray[np.float64]
    depths_m: NDArray[np.float64]


def labelled(views: list[View], rng: np.random.Generator) -> Batch:
    """What is learned from views at one time: a square of each, its colours in any order, as if light and skin were others."""
    squares = [draw_square(view, rng) for view in views]
    points = [square.shares(view.keypoints_uv + 0.5) for view, square in zip(views, squares, strict=True)]
    pictures = [seen(view.rgb, square)[..., rng.permutation(3)] for view, square in zip(views, squares, strict=True)]
    depths = np.stack([view.depths_m for view in views])
    angles = np.stack([view.joints_rad for view in views])
    return Batch(np.stack(pictures), angles, np.stack(points), depths - depths[:, :1])


def draw_square(view: View, rng: np.random.Generator) -> Square:
    """What is seen of a view: all, or the surroundings of the hand."""
    if rng.random() < WHOLE:
        return middle_square(view.rgb)
    right, down = rng.uniform(-SHIFT, SHIFT, 2)
    return square_around(view.keypoints_uv + 0.5, (float(right), float(down)), float(rng.uniform(*SCALE)))


class Memory:
    """The last `size` pictures of the split "train" of `seed`, from number `first` on.

    rank, ranks: which of how many processes that share the numbers, each taking every `ranks`-th. uses: how often a picture
    is learned from before it is forgotten, on the average. `kept` holds the views. Close it to free the renderer.
    """

    def __init__(self, seed: int, first: int, size: int, uses: int, rank: int = 0, ranks: int = 1) -> None:
        self.views = HandViews("train", seed)
        self.size, self.uses, self.ranks = size, uses, ranks
        self._first, self._rank, self._met = first, rank, 0
        self.kept: list[View] = []

    @property
    def next(self) -> int:
        """Number of the first picture that no process has met."""
        return self._first + self._met * self.ranks

    def draw(self, count: int, rng: np.random.Generator) -> Batch:
        """So many pictures out of the memory, after new ones have come into it."""
        for _ in range(count if len(self.kept) < FEW * self.size else max(count // self.uses, 1)):
            self._meet(self.views[self.next + self._rank])
        return labelled([self.kept[index] for index in rng.integers(len(self.kept), size=count)], rng)

    def close(self) -> None:
        """Free the renderer."""
        self.views.close()

    def _meet(self, view: View) -> None:
        if len(self.kept) < self.size:
            self.kept.append(view)
        else:
            self.kept[self._met % self.size] = view
        self._met += 1
