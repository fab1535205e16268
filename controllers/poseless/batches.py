"""Batches for training: new renders, made by other processes ahead of time, and remembered ones again."""

from __future__ import annotations

import atexit
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.views import HandViews, View

from .pictures import Square, middle_square, seen, square_around

WHOLE = 0.25  # share of the pictures that are seen whole, as at the first look; of the others the square around the hand
SHIFT, SCALE = 0.1, (0.82, 1.28)  # by how much that square is displaced, since the first look finds the hand no better
AHEAD = 3  # rounds of new pictures that each process is asked for before they are needed


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """pictures: (N, S, S, 3) uint8 as the network sees them; angles_rad: (N, 24); points: (N, 21, 2) in shares of the side;
    depths_m: (N, 21) beyond the wrist's."""

    pictures: NDArray[np.uint8]
    angles_rad: NDArray[np.float64]
    points: NDArray[np.float64]
    depths_m: NDArray[np.float64]

    def arrays(self) -> list[NDArray]:
        """In the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]


def labelled(views: list[View], squares: list[Square]) -> Batch:
    """Squares of views as a batch."""
    points = [square.shares(view.keypoints_uv + 0.5) for view, square in zip(views, squares, strict=True)]
    depths = np.stack([view.depths_m for view in views])
    return Batch(
        np.stack([seen(view.rgb, square) for view, square in zip(views, squares, strict=True)]),
        np.stack([view.joints_rad for view in views]),
        np.stack(points),
        depths - depths[:, :1],
    )


def draw_square(view: View, rng: np.random.Generator) -> Square:
    """What is seen of a view: all, or the surroundings of the hand."""
    if rng.random() < WHOLE:
        return middle_square(view.rgb)
    right, down = rng.uniform(-SHIFT, SHIFT, 2)
    return square_around(view.keypoints_uv + 0.5, (float(right), float(down)), float(rng.uniform(*SCALE)))


class Source:
    """New pictures one after another: view by view of the split "train" of `seed`, from number `first` on.

    workers: processes that render ahead; 0 renders when asked. What comes is the same.
    """

    def __init__(self, seed: int, first: int, count: int, workers: int) -> None:
        self.seed, self.next, self.count = seed, first, count
        self._asked: deque[Future[Batch]] = deque()
        self._pool: ProcessPoolExecutor | None = None
        if workers:
            self._pool = ProcessPoolExecutor(workers, get_context("spawn"))
            for ahead in range(AHEAD * workers):
                self._ask(self._pool, first + ahead * count)

    def draw(self) -> Batch:
        """The next `count` pictures."""
        first, self.next = self.next, self.next + self.count
        if self._pool is None:
            return rendered(self.seed, first, self.count)
        self._ask(self._pool, first + len(self._asked) * self.count)
        return self._asked.popleft().result()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _ask(self, pool: ProcessPoolExecutor, first: int) -> None:
        self._asked.append(pool.submit(rendered, self.seed, first, self.count))


def rendered(seed: int, first: int, count: int) -> Batch:
    """`count` views of the split "train" from number `first` on, cut as they are learned from."""
    views = [_views(seed)[index] for index in range(first, first + count)]
    squares = [draw_square(view, np.random.default_rng([seed, first + place])) for place, view in enumerate(views)]
    return labelled(views, squares)


@cache
def _views(seed: int) -> HandViews:
    """Those of this process: a renderer takes longer to make than a picture."""
    views = HandViews("train", seed)
    atexit.register(views.close)
    return views


class Memory:
    """Remembers the last pictures of a source, to learn from each more than once. size: how many, a multiple of its count."""

    def __init__(self, source: Source, size: int) -> None:
        self.source, self.size = source, size
        self._kept: Batch | None = None
        self._met = 0

    def draw(self, count: int, rng: np.random.Generator) -> Batch:
        """A batch of new pictures and old ones; the colours of the old change places, as if light and skin had."""
        fresh = self.source.draw()
        if self._kept is None:
            self._kept = Batch(*(np.zeros((self.size, *array.shape[1:]), array.dtype) for array in fresh.arrays()))
        start = self._met % self.size
        for kept, array in zip(self._kept.arrays(), fresh.arrays(), strict=True):
            kept[start : start + len(array)] = array
        self._met += self.source.count
        again = rng.integers(min(self._met, self.size), size=count - self.source.count)
        old = Batch(*(kept[again] for kept in self._kept.arrays()))
        old = replace(old, pictures=old.pictures[..., rng.permutation(3)])
        return Batch(*(np.concatenate(pair) for pair in zip(fresh.arrays(), old.arrays(), strict=True)))
