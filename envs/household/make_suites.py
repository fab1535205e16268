"""Making the suites: apartments are loaded once, and give episodes of every kind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .camera import CAMERA_HEIGHT_M
from .episode import View
from .facts import Fact, facts_of, satisfying
from .model import Placed
from .render import Renderer
from .state import WorldState, apartment_digest, initial_state
from .suites import FIRST_SEED, PICTURE_SIZE, SPLITS, SUITES, load_suite, pose_of, save_suite
from .wording import describe
from .world import World, load_world

NEAREST_M, FARTHEST_M = 2.0, 30.0
STARTS = 30
OFF_CAMERA_M = 0.15  # goal pictures are taken at least this far above or below the agent's own camera
PICTURE_SHARE = (0.02, 0.5)  # of a goal picture that the instance covers
Row = dict[str, Any]


def make_split(split: str, episodes: int = 500, per_apartment: int = 10, workers: int = 2) -> None:
    """Make the files of one split of all suites. val_seen takes the apartments of train, with starts and goals of its own."""
    count = -(-episodes // per_apartment)
    first = FIRST_SEED[split]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        seeds = range(first, first + count)
        made = list(pool.map(_apartment_rows, [split] * count, seeds, [per_apartment] * count))
    digests = {str(seed): stamp for seed, stamp, _ in made}
    for name in SUITES:
        rows = [row for _, _, by_suite in made for row in by_suite[name]][:episodes]
        save_suite(name, split, rows, digests)


def train_sentences() -> frozenset[str]:
    """The descriptions of the train split; no other split may use one."""
    return frozenset(str(episode.goal) for episode in load_suite("household/textnav", "train"))


def _apartment_rows(split: str, seed: int, count: int) -> tuple[int, str, dict[str, list[Row]]]:
    """(seed, digest, rows by suite) of one apartment."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, SPLITS.index(split)])))
    world = load_world(seed, None)
    state = initial_state(world.apartment)
    maker = _Maker(world, state, rng, frozenset() if split == "train" else train_sentences())
    by_suite = {
        "household/objectnav": maker.categories(count),
        "household/imagenav": maker.pictures(count),
        "household/textnav": maker.descriptions(count),
    }
    for name, rows in by_suite.items():
        for place, row in enumerate(rows):
            row |= {"id": f"{name.removeprefix('household/')}-{split}-{seed}-{place}", "seed": seed}
    return seed, apartment_digest(world.apartment), by_suite


class _Maker:
    """Draws episodes of one apartment."""

    def __init__(self, world: World, state: WorldState, rng: np.random.Generator, taken: frozenset[str]) -> None:
        self.world, self.state, self.rng, self.taken = world, state, rng, taken
        self.geodesics = world.geodesics(state)
        seen = [thing for thing in world.apartment.objects if world.view_points(state, thing.id).any()]
        self.visible = [thing for thing in seen if thing.asset.category != "door"]

    def categories(self, count: int) -> list[Row]:
        """Goals by category, each category at most once in an apartment."""
        names = sorted({thing.asset.category for thing in self.visible})
        self.rng.shuffle(names)
        rows: list[Row] = []
        for name in names:
            targets = [thing.id for thing in self.visible if thing.asset.category == name]
            if len(rows) < count and (start := self._start(targets)) is not None:
                rows.append({"category": name, "targets": targets, **start})
        return rows

    def descriptions(self, count: int) -> list[Row]:
        """Goals in words that are true of one instance only, instances with look-alikes first."""
        rows: list[Row] = []
        for thing in self._by_look_alikes():
            facts = self._telling(thing)
            if facts is None or (start := self._start([thing.id])) is None:
                continue
            for _ in range(20):
                text = describe(thing.asset.category, facts, self.rng)
                if text not in self.taken:
                    rows.append({"text": text, "targets": [thing.id], **start})
                    break
            if len(rows) == count:
                break
        return rows

    def pictures(self, count: int) -> list[Row]:
        """Goals as views of one instance."""
        rows: list[Row] = []
        with Renderer(self.world.compiled, *PICTURE_SIZE) as renderer:
            for thing in self._by_look_alikes():
                view = self._view(renderer, thing)
                if view is None or (start := self._start([thing.id])) is None:
                    continue
                rows.append({"view": view, "targets": [thing.id], **start})
                if len(rows) == count:
                    break
        return rows

    def _by_look_alikes(self) -> list[Placed]:
        """Visible things in random order, one of each category first, those with others of their category before the rest."""
        order = [self.visible[i] for i in self.rng.permutation(len(self.visible))]
        categories = [thing.asset.category for thing in self.visible]
        rank: dict[int, tuple[bool, int]] = {}
        met: dict[str, int] = {}
        for thing in order:
            name = thing.asset.category
            rank[thing.id] = (categories.count(name) < 2, met.get(name, 0))
            met[name] = met.get(name, 0) + 1
        return sorted(order, key=lambda thing: (rank[thing.id][1], rank[thing.id][0]))

    def _telling(self, thing: Placed) -> tuple[Fact, ...] | None:
        """A smallest set of facts that is true of this thing alone, half the time with one more; None where none tells it."""
        facts = facts_of(self.world.apartment, thing)
        category = thing.asset.category
        for size in range(1, 4):
            telling = [
                chosen
                for chosen in combinations(facts, size)
                if len({fact.kind for fact in chosen}) == size
                and satisfying(self.world.apartment, category, chosen) == (thing.id,)
            ]
            if telling:
                told = telling[int(self.rng.integers(len(telling)))]
                more = [fact for fact in facts if fact.kind not in {known.kind for known in told}]
                return (*told, more[int(self.rng.integers(len(more)))]) if more and self.rng.random() < 0.5 else told
        return None

    def _start(self, targets: Iterable[int]) -> Row | None:
        """A start with a way to the targets of fitting length; the farthest of a few draws more often than the nearest."""
        goal = np.zeros(self.geodesics.grid.free.shape, dtype=bool)
        for target in targets:
            goal |= self.world.view_points(self.state, target)
        for _ in range(STARTS):
            place = self.world.random_start(self.state, self.rng)
            if place is None:
                return None
            distance = self.geodesics.distance_m(np.array(place[:2]), goal)
            if NEAREST_M <= distance <= FARTHEST_M:
                return {"start": [round(v, 4) for v in place], "distance_m": round(float(distance), 4)}
        return None

    def _view(self, renderer: Renderer, thing: Placed) -> list[float] | None:
        """A camera on a view point, off the agent's own height, whose picture shows enough of the thing."""
        cells = np.argwhere(self.world.view_points(self.state, thing.id))
        middle = _middle(thing)
        for _ in range(8):
            x, y = self.geodesics.grid.centres(cells[[int(self.rng.integers(len(cells)))]])[0]
            height = float(self.rng.choice([self.rng.uniform(0.5, CAMERA_HEIGHT_M - OFF_CAMERA_M),
                                            self.rng.uniform(CAMERA_HEIGHT_M + OFF_CAMERA_M, 1.6)]))  # fmt: skip
            yaw = float(np.arctan2(middle[1] - y, middle[0] - x) + self.rng.normal(0.0, 0.1))
            flat = float(np.hypot(middle[0] - x, middle[1] - y))
            pitch = float(np.clip(np.arctan2(middle[2] - height, flat) + self.rng.normal(0.0, 0.08), -1.2, 1.0))
            view = [round(float(v), 4) for v in (x, y, height, yaw, pitch)]
            share = (renderer.segmentation(self.state, pose_of(View(*view))) == thing.id).mean()
            if PICTURE_SHARE[0] <= share <= PICTURE_SHARE[1]:
                return view
        return None


def _middle(thing: Placed) -> NDArray[np.float64]:
    """(3,) middle of an object's bounds in the world."""
    centre: Sequence[float] = thing.asset.bounds.centre
    c, s = np.cos(thing.yaw_rad), np.sin(thing.yaw_rad)
    return np.asarray(thing.xyz) + np.array([c * centre[0] - s * centre[1], s * centre[0] + c * centre[1], centre[2]])
